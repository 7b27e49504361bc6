package dataset

import (
	"fmt"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

// doubt warns of what is read as it was asked for and probably is not meant so: a clock that a model does not read, several
// series taken for one, rows that repeat a time.
func (d *Dataset) doubt() error {
	clock := d.Roles.Time
	if d.fixed && d.kind == series.Index {
		if clock = d.clockOf(d.parts[0]); clock != "" {
			d.warn("column %q holds times, and the model was made without a time column: it counts rows, dt is 1 from row to row", clock)
		}
	}
	repeated, moved, rows := 0, 0, 0
	for _, t := range d.tracks {
		repeated += t.duplicates
		moved += t.backwards
		rows += len(t.rows) + len(t.dropped)
	}
	if unread := clock != d.Roles.Time; d.Roles.Series == "" && clock != "" && (repeated+moved > 0 || unread) {
		if names := d.seriesCandidates(d.parts[0], clock); len(names) > 0 {
			how := "--series " + names[0] + " tells them apart"
			if d.fixed {
				how = "the model was made without a series column, so give it each series in a file of its own"
			}
			d.warn("column %s seems to name several series, which are read as one; %s", strings.ReplaceAll(quoteAll(names), ", ", " or "), how)
			return nil // what follows would be due to that
		}
	}
	if repeated > 0 && d.Roles.Duplicates == "" {
		d.warn("%d of %d rows repeat the time of the row before: they all stay, with dt = 0 (--duplicates first or last keeps one of each time)", repeated, rows)
	}
	return nil
}

// warn keeps a warning once.
func (d *Dataset) warn(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(d.Warnings, text) {
		d.Warnings = append(d.Warnings, text)
	}
}

// clockOf names a column of times that has no role; empty where there is none.
func (d *Dataset) clockOf(p *part) string {
	for i := range p.table.Columns {
		c := &p.table.Columns[i]
		switch {
		case d.taken(c.Name):
		case c.Kind == table.Text && len(c.Levels) > 1:
			if fits, _, _ := chooseStamp(c.Levels); len(fits) > 0 {
				return c.Name
			}
		case c.Kind == table.Number && slices.Contains(clockNames, strings.ToLower(c.Name)):
			return c.Name
		}
	}
	for _, name := range p.columns[len(p.table.Columns):] { // not read
		if slices.Contains(clockNames, strings.ToLower(name)) && !d.taken(name) {
			return name
		}
	}
	return ""
}

// moments are the times of a column in a unit of their own; nil where they are none.
func (d *Dataset) moments(c *table.Column) []float64 {
	if c.Kind == table.Number {
		return c.Num
	}
	if fits, _, _ := chooseStamp(c.Levels); len(fits) > 0 {
		return readStamps(fits[0], c, d.zone).first
	}
	return nil
}

// rowsOfText and rowsOfNumber are how many rows a value must have on average for its column to be taken for the names of
// series.
const rowsOfText, rowsOfNumber = 2, 4

// seriesCandidates names columns that may tell series apart: few texts or whole numbers, each on several rows, and time
// forward from row to row of each, which it is not from row to row of the table.
func (d *Dataset) seriesCandidates(p *part, clock string) (names []string) {
	column, ok := p.table.Column(clock)
	if !ok {
		return nil
	}
	times := d.moments(column)
	if times == nil || forward(times, func(int) float64 { return 0 }) {
		return nil
	}
	for i := range p.table.Columns {
		c := &p.table.Columns[i]
		if c.Name == d.Roles.Target || c.Name == clock || d.fixed && d.taken(c.Name) || !namesSeries(c, p.table.Rows) {
			continue
		}
		key := func(row int) float64 { return c.Num[row] }
		if c.Kind == table.Text {
			key = func(row int) float64 { return float64(c.Codes[row]) }
		}
		if forward(times, key) {
			names = append(names, c.Name)
		}
	}
	return names[:min(len(names), 3)]
}

// namesSeries says that a column holds two values or more, texts or whole numbers, on all rows, and each on several.
func namesSeries(c *table.Column, rows int) bool {
	if c.Kind == table.Text {
		return len(c.Levels) > 1 && len(c.Levels) <= rows/rowsOfText && !slices.Contains(c.Codes, -1)
	}
	seen, most := map[float64]bool{}, rows/rowsOfNumber
	for _, v := range c.Num {
		if v != float64(int64(v)) || len(seen) > most {
			return false
		}
		seen[v] = true
	}
	return len(seen) > 1 && len(seen) <= most
}

// forward says that time advances from row to row of every key, and never stands still.
func forward(times []float64, key func(row int) float64) bool {
	last := map[float64]float64{}
	for row, t := range times {
		k := key(row)
		if before, ok := last[k]; ok && t <= before {
			return false
		}
		last[k] = t
	}
	return true
}
