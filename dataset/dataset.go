// Package dataset turns tables into irregular, labelled, split and scaled time series: the step between a file and a
// model, with no model inside.
//
// Open reads a file, or a built-in data set, under the roles that the user gives its columns (Roles) and infers the
// rest. The Dataset it returns holds values in raw units, audited by Audit. Split divides it into a training, a
// validation and a test part and fits everything that is fitted (means, category levels, classes, the unit of time) on
// the training part alone; the result is a series.Schema, which is stored in the model file, and the parts as
// series.Series. Apply reads new data for a trained model, by the schema alone.
//
// # Time
//
// A time column is text in one of TimeFormats, or a number: an epoch in seconds, milliseconds, microseconds or
// nanoseconds, told by its size (1e8, 1e11, 1e14, 1e17 and up), a day written YYYYMMDD where every number of the column is
// one, else elapsed seconds. A column has one format. Where a
// column can be read as both MM/DD and DD/MM, the reading in which time never goes back wins; if both or neither do, it
// is an error. Times are kept as float64 seconds, which today resolves a quarter of a microsecond.
//
// With a Zone, an hour that the clock shows twice is read so that time does not go back within the series; an hour that
// the clock skips is read with the offset before the change, and the Dataset notes how many there were.
//
// # Labels
//
// The label of a row is its own target with horizon 0. With a horizon it is the target of the first row of the same
// series and the same part at or after t + horizon, if that lies within the tolerance. Rows without a label are not
// scored. No label crosses the border of a part, so nothing in the training part depends on the others.
//
// # Splits and what they may see
//
// Everything fitted sees training rows only. Three things are read from the whole file, because they say what a column
// is and not what it holds: whether a column is a number or a category, whether it ever lacks a value, and whether the
// target is classified or measured.
package dataset

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

// Dataset is a source of series in raw units, with every role decided. It is immutable and may be shared.
type Dataset struct {
	// Name is the built-in name, or the file name of the first table without its directory.
	Name string
	// Roles as given, completed by what was inferred: Time, Series, Inputs, Category, Numeric and Task are never open.
	Roles Roles
	// Notes are what was decided or noticed on the way that a user should read, one line each.
	Notes []string
	// Warnings are what a user must see before believing a result, one line each; Audit and Apply list them too.
	Warnings []string
	// Builtin is set for a built-in data set.
	Builtin *Builtin

	parts  []*part
	inputs []input
	names  []string // of all classes in the opened data, in the order of schemas
	kind   series.TimeKind
	format string // of the time stamps
	zone   *time.Location
	tracks []track
	fixed  bool // the roles are those of a model's schema, not the user's
}

// part is one table of the source.
type part struct {
	name    string // shown to users: the last element of the path
	table   *table.Table
	lines   func(row int) int // overrides table.Line for a table made from another
	inputs  []values          // as Dataset.inputs
	label   labels
	stamps  stamps
	columns []string // names of the source's columns, for messages
	renamed []table.Renamed
}

func (p *part) source() string { return p.table.Source }

func (p *part) line(row int) int {
	if p.lines != nil {
		return p.lines(row)
	}
	return p.table.Line(row)
}

// input is a column that the model sees.
type input struct {
	name    string
	kind    series.Kind
	missing bool // lacks a value somewhere in the opened data
}

// values is an input column of one table, read for its kind: numbers, or codes into levels with -1 for a missing one.
type values struct {
	num    []float64
	codes  []int32
	levels []string
}

func (v *values) missing(row int) bool {
	if v.num != nil {
		return v.num[row] != v.num[row]
	}
	return v.codes[row] < 0
}

// labels is the target column of one table: values for a regression, else indices into Dataset.names with -1 for none.
// Both are nil where the table has no target.
type labels struct {
	num   []float64
	class []int32
}

func (l *labels) present() bool { return l.num != nil || l.class != nil }

// at is the value or class index of a row; NaN where there is none.
func (l *labels) at(row int) float64 {
	switch {
	case l.num != nil:
		return l.num[row]
	case l.class != nil && l.class[row] >= 0:
		return float64(l.class[row])
	}
	return nan
}

// track is one series: rows of one table in time order, duplicates dealt with.
type track struct {
	name       string
	part       int
	rows       []int32
	time       []float64 // as rows
	duplicates int       // rows with the time of the row before, dropped ones included
	backwards  int       // rows that Sort moved
	skipped    int       // stamps in an hour that the clock skips
	dropped    []int32   // duplicates that Roles.Duplicates takes out
	droppedAt  []float64 // their times
}

// Open reads a built-in data set, a file (see table.Open for what can be read), or standard input as "-". Roles that are
// given override those of a built-in data set. A built-in name wins over a file of the same name; write ./NAME for the file.
//
// Errors: *NotFoundError; *UsageError and *table.UnknownColumnError for roles that cannot be; *table.DataError for
// content.
func Open(name string, r Roles) (*Dataset, error) {
	if b, err := Lookup(name); err == nil {
		return b.Open(r)
	}
	return OpenFiles(r, name)
}

// OpenFiles reads several files of the same columns as one data set. The series of different files are different, and
// SplitOptions can name whole files.
func OpenFiles(r Roles, paths ...string) (*Dataset, error) { return openFiles(r, nil, paths) }

// OpenToWrite is Open for whoever writes the rows again (SplitTables): numbers keep the spelling of the source.
func OpenToWrite(name string, r Roles) (*Dataset, error) {
	if b, err := Lookup(name); err == nil {
		return b.Open(r)
	}
	return openFiles(r, []string{table.All}, []string{name})
}

func openFiles(r Roles, spell, paths []string) (*Dataset, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	tables := make([]*table.Table, len(paths))
	for i, name := range paths {
		o := r.selection()
		o.Spell = spell
		t, err := table.Open(name, o)
		if err != nil {
			return nil, openError(name, err)
		}
		tables[i] = t
	}
	return FromTables(r, tables...)
}

// selection lets the reader skip what no role needs; all columns are read where roles are to be inferred.
func (r Roles) selection() (o table.Options) {
	o.Text, o.Number = r.Category, r.Numeric
	if r.Series != "" {
		o.Text = append(slices.Clone(o.Text), r.Series)
	}
	if len(r.Inputs) == 0 || r.Time == "" || r.Target == "" || r.Layout == Long {
		return o
	}
	for _, name := range append([]string{r.Series, r.Time, r.Target}, r.Inputs...) {
		if name != "" && name != NoTime && !slices.Contains(o.Columns, name) {
			o.Columns = append(o.Columns, name)
		}
	}
	return o
}

// FromTable makes a data set of a table in memory. The table must not be changed afterwards.
func FromTable(t *table.Table, r Roles) (*Dataset, error) { return FromTables(r, t) }

// FromTables makes a data set of several tables of the same columns. It panics without a table.
func FromTables(r Roles, tables ...*table.Table) (*Dataset, error) {
	if len(tables) == 0 {
		panic("dataset: no table")
	}
	// What a format itself says of its columns counts where the user says nothing.
	first := tables[0]
	said := r.Target == "" && first.Label != ""
	if first.Label != "" && (said || r.Target == first.Label) {
		r.Target, r.LastStep = first.Label, r.Horizon.IsZero()
	}
	if r.Series == "" && len(first.Groups) > 0 {
		r.Series = first.Groups[0]
	}
	if r.Time == "" && first.Time != "" {
		r.Time = first.Time
	}
	d, err := fromTables(&Dataset{Roles: r}, tables)
	if err == nil && said {
		d.note("the target is %q, as the file says", r.Target)
	}
	return d, err
}

// fromTables reads tables into d, whose roles nothing but the columns' content may complete.
func fromTables(d *Dataset, tables []*table.Table) (*Dataset, error) {
	if err := d.Roles.check(); err != nil {
		return nil, err
	}
	for _, t := range tables {
		p := &part{name: d.partName(t.Source), table: t, columns: append(t.Names(), t.Unread...), renamed: t.Renamed}
		for _, twin := range t.Renamed {
			if d.fixed && !d.taken(twin.Name) && !d.taken(twin.As) {
				continue // the model does not read them
			}
			d.Warnings = append(d.Warnings, p.name+": "+twin.String())
		}
		if t.Rows == 0 {
			return nil, p.whole("", "holds no row")
		}
		if d.Roles.Layout == Long {
			if err := p.pivot(d); err != nil {
				return nil, err
			}
		}
		d.parts = append(d.parts, p)
	}
	d.Name = d.parts[0].name
	defer func() {
		for _, p := range d.parts {
			p.stamps = stamps{} // the tracks hold them now
		}
	}()
	for _, decide := range []func() error{
		d.decideColumns, d.readClock, d.decideInputs, d.readInputs, d.readLabels, d.buildTracks, d.doubt,
	} {
		if err := decide(); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// partName is the last element of the path, so that nothing depends on the directory; all of it where two tables would
// share a name, with a number where they share that too.
func (d *Dataset) partName(source string) string {
	name := filepath.Base(source)
	for _, full := range []string{source, fmt.Sprintf("%s#%d", source, len(d.parts)+1)} {
		if slices.Contains(d.Files(), name) {
			name = full
		}
	}
	return name
}

// Files names the tables of the data set, as SplitOptions names them.
func (d *Dataset) Files() []string {
	names := make([]string, len(d.parts))
	for i, p := range d.parts {
		names[i] = p.name
	}
	return names
}

// Rows is the number of rows of all series.
func (d *Dataset) Rows() (n int) {
	for _, t := range d.tracks {
		n += len(t.rows)
	}
	return n
}

// Series is the number of series.
func (d *Dataset) Series() int { return len(d.tracks) }

// note keeps a remark once.
func (d *Dataset) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(d.Notes, text) {
		d.Notes = append(d.Notes, text)
	}
}
