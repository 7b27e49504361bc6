package dataset

// SourceRow is where one row of the source lies among the series that Dataset.Apply gives.
type SourceRow struct {
	// Series is the index of the series, -1 where the row belongs to none.
	Series int
	// At is the position in the series, -1 for a duplicate that Roles.Duplicates takes out.
	At int
	// Time is that of the row, as in series.Series.
	Time float64
}

// SourceRows lists every row of the source in its order, file after file, so that what is computed along series can be
// written in the order of the input. Rows of a long table are those of its wide form.
func (d *Dataset) SourceRows() []SourceRow {
	begin, n := make([]int, len(d.parts)), 0
	for i, p := range d.parts {
		begin[i] = n
		n += p.table.Rows
	}
	rows := make([]SourceRow, n)
	for i := range rows {
		rows[i] = SourceRow{Series: -1, At: -1, Time: nan}
	}
	for i := range d.tracks {
		t := &d.tracks[i]
		for at, row := range t.rows {
			rows[begin[t.part]+int(row)] = SourceRow{Series: i, At: at, Time: t.time[at]}
		}
		for k, row := range t.dropped {
			rows[begin[t.part]+int(row)] = SourceRow{Series: i, At: -1, Time: t.droppedAt[k]}
		}
	}
	return rows
}
