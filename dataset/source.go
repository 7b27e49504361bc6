package dataset

import (
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

// SourceRow is where one row of the source lies among the series that Dataset.Apply gives.
type SourceRow struct {
	// Series is the index of the series, -1 where the row belongs to none.
	Series int
	// At is the position in the series, -1 for a duplicate that Roles.Duplicates takes out.
	At int
	// Time is that of the row, as in series.Series.
	Time float64
}

// TimeColumn is the column of times as the source holds it, in the order of SourceRows, so that what is written beside it can
// be joined with the source: texts as they are, with the moments that they mean for formats that have a type for times, and
// numbers with their spelling. ok is false where rows are counted.
func (d *Dataset) TimeColumn() (c table.Column, ok bool) {
	if d.kind == series.Index {
		return c, false
	}
	columns, rows := make([]*table.Column, len(d.parts)), make([][]int, len(d.parts))
	for i, p := range d.parts {
		columns[i], _ = p.table.Column(d.Roles.Time)
		for row := range p.table.Rows {
			rows[i] = append(rows[i], row)
		}
	}
	if columns[0].Kind == table.Number { // all are: readClock refuses a mixture
		return stackNumbers(d.Roles.Time, columns, rows), true
	}
	c = stackText(d.Roles.Time, columns, rows)
	if d.kind == series.Calendar {
		for _, r := range d.SourceRows() {
			c.Instants = append(c.Instants, r.Time)
		}
	}
	return c, true
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
