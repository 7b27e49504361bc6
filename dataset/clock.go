package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

var nan = math.NaN()

// stamps are the moments of the rows of one table, in file order.
type stamps struct {
	first []float64 // seconds, or the row's number where rows are counted
	// second is the later moment of a reading that the clock shows twice; nil where there is none in the table.
	second  []float64
	skipped map[int]bool // rows whose reading the clock never showed
}

// clockNames are the names by which a column of numbers is taken for the time without being asked.
var clockNames = []string{"time", "timestamp", "date", "datetime", "ts", "epoch"}

// anotherClock is the way out where a column that is read as the time is none.
const anotherClock = "or name another column with --time (--time " + NoTime + " counts rows)"

// readClock finds the time column and its format and reads it.
func (d *Dataset) readClock() (err error) {
	if d.zone, err = loadZone(d.Roles.Zone); err != nil {
		return err
	}
	if d.Roles.Time == "" {
		d.Roles.Time = d.findClock()
	}
	if d.Roles.Time == NoTime {
		return d.countRows()
	}
	columns := make([]*table.Column, len(d.parts))
	for i, p := range d.parts {
		columns[i], _ = p.table.Column(d.Roles.Time)
		if columns[i].Kind != columns[0].Kind {
			return p.whole(d.Roles.Time, "holds %ss here and %ss in %s; one column has one form of time in all files",
				columns[i].Kind, columns[0].Kind, d.parts[0].source())
		}
		if err := d.checkStamps(p, columns[i]); err != nil {
			return err
		}
	}
	if columns[0].Kind == table.Number {
		return d.readNumbers(columns)
	}
	f, err := d.chooseFormat(columns)
	if err != nil {
		return err
	}
	d.kind, d.format = series.Calendar, f.name
	if f.elapsed {
		d.kind = series.Elapsed
		if err := d.needDates(); err != nil {
			return err
		}
	}
	for i, p := range d.parts {
		p.stamps = readStamps(f, columns[i], d.zone)
	}
	return nil
}

// countRows is the clock of data without time stamps.
func (d *Dataset) countRows() error {
	d.kind = series.Index
	for _, p := range d.parts {
		p.stamps.first = make([]float64, p.table.Rows)
		for row := range p.stamps.first {
			p.stamps.first[row] = float64(row)
		}
	}
	switch {
	case d.Roles.Horizon.Seconds > 0:
		return &UsageError{Flag: "--horizon", Text: fmt.Sprintf("%s needs a time column, and none was found; name it with --time, or count rows, such as 3rows", d.Roles.Horizon)}
	case len(d.Roles.Calendar) > 0:
		return &UsageError{Flag: "--calendar", Text: "needs a column of dates, and none was found; name it with --time"}
	}
	return nil
}

// findClock names the first column of the first table that is all time stamps, or bears a name of time.
func (d *Dataset) findClock() string {
	p := d.parts[0]
	for i := range p.table.Columns {
		c := &p.table.Columns[i]
		if d.taken(c.Name) || c.Kind != table.Text || len(c.Levels) == 0 {
			continue
		}
		if fits, _, _ := chooseStamp(c.Levels); len(fits) > 0 {
			d.note("time is read from column %q (--time NAME chooses another, --time %s counts rows)", c.Name, NoTime)
			return c.Name
		}
	}
	for i := range p.table.Columns {
		c := &p.table.Columns[i]
		if d.taken(c.Name) || c.Kind != table.Number || !slices.Contains(clockNames, strings.ToLower(c.Name)) {
			continue
		}
		d.note("time is read from column %q (--time NAME chooses another, --time %s counts rows)", c.Name, NoTime)
		return c.Name
	}
	if name := d.damagedClock(); name != "" {
		return name
	}
	d.note("no column of time stamps: rows are counted (--time NAME names one)")
	return NoTime
}

// damagedClock names a column of texts that is meant to be the time and cannot be read as it is: half of its texts are
// time stamps, or it bears a name of time and is no category. Counting rows instead would hide that; what reads the
// column says what is wrong.
func (d *Dataset) damagedClock() string {
	p := d.parts[0]
	for i := range p.table.Columns {
		c := &p.table.Columns[i]
		if d.taken(c.Name) || c.Kind != table.Text || len(c.Levels) == 0 {
			continue
		}
		_, best, _ := chooseStamp(c.Levels)
		stamps := 0
		for _, text := range c.Levels {
			if _, ok := best.read(text); ok {
				stamps++
			}
		}
		named := slices.Contains(clockNames, strings.ToLower(c.Name)) && (len(c.Levels) > MaxLevels || 2*len(c.Levels) > p.table.Rows)
		if 2*stamps >= len(c.Levels) || named {
			return c.Name
		}
	}
	return ""
}

// taken says that the user gave the column another role than time.
func (d *Dataset) taken(name string) bool {
	r := &d.Roles
	return name == r.Target || name == r.Series || slices.Contains(r.Inputs, name) || slices.Contains(r.Drop, name) ||
		slices.Contains(r.Category, name) || slices.Contains(r.Numeric, name)
}

// checkStamps refuses cells without a time, and numbers that are none.
func (d *Dataset) checkStamps(p *part, c *table.Column) error {
	if len(c.Bad) > 0 {
		return p.cell(c.Bad[0].Row, c.Name, c.Bad[0].Text, "is no number, as the other times of the column are; correct it or remove the row")
	}
	for row := range p.table.Rows {
		if c.Missing(row) {
			return p.cell(row, c.Name, "", "has no time; %s", d.advice("correct the row or remove it", anotherClock))
		}
		if c.Kind == table.Number && math.IsInf(c.Num[row], 0) {
			return p.cell(row, c.Name, c.Cell(row), "is no time; correct the row or remove it")
		}
	}
	return nil
}

// readNumbers reads epochs and elapsed seconds.
func (d *Dataset) readNumbers(columns []*table.Column) error {
	var all []float64
	for _, c := range columns {
		all = append(all, c.Num...)
	}
	if allDays(all) {
		d.kind, d.format = series.Calendar, dayNumbers
		for i, p := range d.parts {
			p.stamps = readDays(columns[i].Num, d.zone)
		}
		return nil
	}
	var perSecond float64
	d.kind, perSecond, d.format = numberScale(all)
	for i, p := range d.parts {
		p.stamps.first = make([]float64, p.table.Rows)
		for row, v := range columns[i].Num {
			p.stamps.first[row] = v / perSecond
		}
	}
	return d.needDates()
}

// needDates refuses the cycles of a calendar on a clock that has none.
func (d *Dataset) needDates() error {
	if d.kind == series.Calendar || len(d.Roles.Calendar) == 0 || d.fixed { // a model's clock is compared as a whole
		return nil
	}
	return &UsageError{Flag: "--calendar", Text: fmt.Sprintf("needs dates, but column %q holds elapsed time; name a column of dates with --time", d.Roles.Time)}
}

// chooseFormat finds the one format of the time column.
func (d *Dataset) chooseFormat(columns []*table.Column) (stampFormat, error) {
	var texts []string
	for _, c := range columns {
		texts = append(texts, c.Levels...)
	}
	if d.Roles.TimeFormat != "" {
		f, _ := stampNamed(d.Roles.TimeFormat)
		for _, text := range texts {
			if _, ok := f.read(text); !ok {
				return f, d.badStamp(columns, text, "is not of the form "+f.name)
			}
		}
		return f, nil
	}
	fits, best, bad := chooseStamp(texts)
	switch len(fits) {
	case 0:
		why := "is of none of the forms " + strings.Join(TimeFormats(), "; ")
		if _, ok := best.read(texts[0]); ok {
			why = "is not of the form " + best.name + ", as others of the column are"
		}
		return best, d.badStamp(columns, bad, why)
	case 1:
		return fits[0], nil
	}
	var forward []stampFormat
	for _, f := range fits {
		back := 0
		for i, p := range d.parts {
			back += d.backwards(p, readStamps(f, columns[i], d.zone).first)
		}
		if back == 0 {
			forward = append(forward, f)
		}
	}
	if len(forward) == 1 {
		d.note("column %q is read as %s: only so time never goes back (--time-format says otherwise)", d.Roles.Time, forward[0].name)
		return forward[0], nil
	}
	return best, d.parts[0].cell(0, d.Roles.Time, columns[0].Cell(0),
		"fits %s and %s, and the data do not tell which; say --time-format %q or %q, or write YYYY-MM-DD",
		fits[0].name, fits[1].name, fits[0].name, fits[1].name)
}

// badStamp is the error about the first row that holds the text.
func (d *Dataset) badStamp(columns []*table.Column, text, why string) error {
	for i, p := range d.parts {
		level := slices.Index(columns[i].Levels, text)
		for row, code := range columns[i].Codes {
			if int(code) == level && level >= 0 {
				return p.cell(row, d.Roles.Time, text, "%s; %s", why, d.advice("correct it", anotherClock))
			}
		}
	}
	return d.parts[0].whole(d.Roles.Time, "%q %s", text, why)
}

// backwards counts the rows whose time lies before that of the row before in the same series.
func (d *Dataset) backwards(p *part, times []float64) (n int) {
	last := map[string]float64{}
	for row, t := range times {
		key := p.key(d.Roles.Series, row)
		if before, ok := last[key]; ok && t < before {
			n++
		}
		last[key] = t
	}
	return n
}

// key is the name of the series of a row; empty where the table is one series.
func (p *part) key(column string, row int) string {
	if column == "" {
		return ""
	}
	c, _ := p.table.Column(column)
	return c.Cell(row)
}

// readStamps reads every text once, however many rows bear it. The texts have the format.
func readStamps(f stampFormat, c *table.Column, zone *time.Location) stamps {
	first, second := make([]float64, len(c.Levels)), make([]float64, len(c.Levels))
	skipped := make([]bool, len(c.Levels))
	twice := false
	for i, text := range c.Levels {
		at, _ := f.read(text)
		first[i], second[i], skipped[i] = at.instants(f, zone)
		twice = twice || first[i] != second[i]
	}
	s := stamps{first: make([]float64, len(c.Codes)), skipped: map[int]bool{}}
	if twice {
		s.second = make([]float64, len(c.Codes))
	}
	for row, code := range c.Codes {
		s.first[row] = first[code]
		if twice {
			s.second[row] = second[code]
		}
		if skipped[code] {
			s.skipped[row] = true
		}
	}
	return s
}
