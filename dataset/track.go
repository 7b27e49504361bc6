package dataset

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/elegans-nn/elegans/series"
)

// buildTracks groups the rows of every table into series, in order of first appearance, puts them in time order and
// deals with duplicates.
func (d *Dataset) buildTracks() error {
	for i, p := range d.parts {
		groups, names, err := d.group(p)
		if err != nil {
			return err
		}
		for g, rows := range groups {
			t := track{name: d.trackName(p, names[g]), part: i, rows: rows}
			if err := d.order(&t); err != nil {
				return err
			}
			d.dropDuplicates(&t)
			d.tracks = append(d.tracks, t)
		}
	}
	skipped := 0
	for _, t := range d.tracks {
		skipped += t.skipped
	}
	if skipped > 0 {
		d.note("%d time stamps of column %q name an hour that the clock of %s skips; they are read with the offset before the change (is --zone right?)",
			skipped, d.Roles.Time, d.Roles.Zone)
	}
	return nil
}

// trackName tells series of different files apart.
func (d *Dataset) trackName(p *part, key string) string {
	switch {
	case len(d.parts) == 1:
		return key
	case key == "":
		return p.name
	}
	return p.name + "/" + key
}

// group lists the rows of each series of a table.
func (d *Dataset) group(p *part) (groups [][]int32, names []string, err error) {
	if d.Roles.Series == "" {
		rows := make([]int32, p.table.Rows)
		for i := range rows {
			rows[i] = int32(i)
		}
		return [][]int32{rows}, []string{""}, nil
	}
	c, _ := p.table.Column(d.Roles.Series)
	if len(c.Bad) > 0 {
		return nil, nil, p.cell(c.Bad[0].Row, c.Name, c.Bad[0].Text, "names a series by text where others are numbers; correct it, or open the column as text")
	}
	index := map[string]int{}
	for row := range p.table.Rows {
		if c.Missing(row) {
			return nil, nil, p.cell(row, c.Name, "", "has no series; fill the cell or remove the row")
		}
		key := c.Cell(row)
		g, ok := index[key]
		if !ok {
			g = len(groups)
			index[key] = g
			groups, names = append(groups, nil), append(names, key)
		}
		groups[g] = append(groups[g], int32(row))
	}
	return groups, names, nil
}

// order gives the rows of a track their times and puts them in order, or reports the first row that is out of it.
func (d *Dataset) order(t *track) error {
	p := d.parts[t.part]
	t.time = make([]float64, len(t.rows))
	for i, row := range t.rows {
		if d.kind == series.Index {
			t.time[i] = float64(i)
			continue
		}
		at := p.stamps.first[row]
		if s := p.stamps.second; s != nil && i > 0 && at <= t.time[i-1] {
			at = s[row] // the clock shows this reading a second time, and the first has passed
		}
		if p.stamps.skipped[int(row)] {
			t.skipped++
		}
		t.time[i] = at
		if i > 0 && at < t.time[i-1] {
			if !d.Roles.Sort {
				return d.backwardsError(t, i)
			}
			t.backwards++
		}
	}
	if t.backwards > 0 {
		t.sort()
	}
	return nil
}

// sort orders rows by time; rows of the same time stay in file order.
func (t *track) sort() {
	order := make([]int, len(t.rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case t.time[a] < t.time[b]:
			return -1
		case t.time[a] > t.time[b]:
			return 1
		}
		return 0
	})
	rows, times := make([]int32, len(order)), make([]float64, len(order))
	for i, from := range order {
		rows[i], times[i] = t.rows[from], t.time[from]
	}
	t.rows, t.time = rows, times
}

func (d *Dataset) backwardsError(t *track, i int) error {
	p := d.parts[t.part]
	c, _ := p.table.Column(d.Roles.Time)
	for _, row := range []int{int(t.rows[i-1]), int(t.rows[i])} {
		if p.stamps.skipped[row] {
			return p.cell(row, d.Roles.Time, c.Spelled(row), "names an hour that the clock of %s skips when summer time begins, and with it the times around go backwards; %s",
				d.Roles.Zone, d.advice("correct it", "or choose the --zone that the times were written in, such as UTC"))
		}
	}
	by := fmt.Sprintf("%g s", t.time[i-1]-t.time[i])
	if gap := time.Duration((t.time[i-1] - t.time[i]) * float64(time.Second)); gap > 0 {
		by = gap.String()
	}
	of, fix := "", "--sort puts the rows in order"
	if t.name != "" {
		of = fmt.Sprintf(" of series %q", t.name)
	}
	if d.Roles.Series == "" && !d.fixed {
		fix += ", --series COLUMN tells several series of one file apart"
		if names := d.seriesCandidates(p, d.Roles.Time); len(names) > 0 {
			fix += " (perhaps " + strings.Join(names, " or ") + ")"
		}
	}
	return p.cell(int(t.rows[i]), d.Roles.Time, c.Spelled(int(t.rows[i])), "time goes backwards: %s before the previous row%s, %q; %s",
		by, of, c.Spelled(int(t.rows[i-1])), fix)
}

// dropDuplicates counts the rows of equal time and keeps those that Roles.Duplicates wants.
func (d *Dataset) dropDuplicates(t *track) {
	if d.kind == series.Index {
		return
	}
	keep := 0
	for i := range t.rows {
		same := i > 0 && t.time[i] == t.time[i-1]
		if same {
			t.duplicates++
		}
		switch {
		case same && d.Roles.Duplicates == KeepFirst:
			t.drop(i)
			continue
		case same && d.Roles.Duplicates == KeepLast:
			keep--
			t.drop(keep)
		}
		t.rows[keep], t.time[keep] = t.rows[i], t.time[i]
		keep++
	}
	t.rows, t.time = t.rows[:keep], t.time[:keep]
}

// drop remembers a row that is taken out of the track.
func (t *track) drop(i int) {
	t.dropped, t.droppedAt = append(t.dropped, t.rows[i]), append(t.droppedAt, t.time[i])
}
