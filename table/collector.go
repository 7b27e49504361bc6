package table

import (
	"slices"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/internal/nearest"
)

// collector is what a format's reader writes to: named columns, of which only the selected ones are stored.
type collector struct {
	source  string
	opts    Options
	format  string
	wanted  map[string]bool // nil: all
	modes   map[string]mode
	markers map[string]bool
	unseen  map[float64]bool
	known   []string // every name of the source, in order
	index   map[string]int
	cols    []*builder // nil where not selected
	drop    map[string]bool
	expect  int // rows that there will be, about; 0 where nobody knows
	rows    int
	table   Table // the hints and lines of the table to be
}

func newCollector(source string, o Options) *collector {
	c := &collector{source: source, opts: o, modes: map[string]mode{}, markers: map[string]bool{}, unseen: map[float64]bool{},
		index: map[string]int{}, drop: map[string]bool{}}
	if o.Columns != nil {
		c.wanted = map[string]bool{}
		for _, name := range o.Columns {
			c.wanted[name] = true
		}
	}
	for _, name := range o.Number {
		c.modes[name] = asNumber
	}
	for _, name := range o.Text {
		c.modes[name] = asText
	}
	for _, marker := range o.Missing {
		marker = strings.TrimSpace(marker)
		c.markers[marker] = true
		if v, ok := parseNumber([]byte(marker)); ok {
			c.unseen[v] = true
		}
	}
	return c
}

// column declares a column of the source, in the source's order, and returns its builder: nil when it is not selected.
func (c *collector) column(name string) *builder {
	if i, ok := c.index[name]; ok {
		return c.cols[i]
	}
	var b *builder
	if c.wanted == nil || c.wanted[name] {
		b = &builder{name: name, mode: c.modes[name], markers: c.markers, unseen: c.unseen, expect: c.expect, spell: slices.Contains(c.opts.Spell, name) || slices.Contains(c.opts.Spell, All)}
	}
	c.index[name] = len(c.known)
	c.known = append(c.known, name)
	c.cols = append(c.cols, b)
	return b
}

// declare is column for a name that stands in the source and may stand there twice.
func (c *collector) declare(name string) *builder {
	as := c.unique(name)
	if as != name {
		c.table.Renamed = append(c.table.Renamed, Renamed{Name: name, As: as, First: c.index[name] + 1, Second: len(c.known) + 1})
	}
	return c.column(as)
}

// unique appends .1, .2, … to a name that an earlier column has.
func (c *collector) unique(name string) string {
	unique := name
	for n := 1; ; n++ {
		if _, taken := c.index[unique]; !taken {
			return unique
		}
		unique = name + "." + strconv.Itoa(n)
	}
}

// row begins the next row and returns its number; line is that of the source, or 0.
func (c *collector) row(line int) int {
	c.table.lines.add(c.rows, line)
	c.rows++
	return c.rows - 1
}

// fail is a DataError of this source.
func (c *collector) fail(line int, msg string) error {
	return &DataError{Source: c.source, Line: line, Msg: msg}
}

// check reports a name in the options that the source does not have.
func (c *collector) check() error {
	for _, list := range [][]string{c.opts.Columns, c.opts.Text, c.opts.Number} {
		for _, name := range list {
			if _, ok := c.index[name]; !ok && !slices.Contains(c.opts.Optional, name) {
				return &UnknownColumnError{Source: c.source, Name: name, Suggest: nearest.Name(name, c.known), Known: c.known}
			}
		}
	}
	return nil
}

// respell lists the columns that turned out to be Text after the spelling of some of their cells was lost.
func (c *collector) respell() (names []string) {
	for _, b := range c.cols {
		if b != nil && b.lost && b.kind() == Text {
			names = append(names, b.name)
		}
	}
	return names
}

// finish makes the table. The columns come in the order of the selection, else in that of the source.
func (c *collector) finish() (*Table, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.rows == 0 {
		return nil, c.fail(0, "no rows; "+fixRows)
	}
	t := c.table
	t.Source, t.Format, t.Rows = c.source, c.format, c.rows
	names := c.known
	if c.opts.Columns != nil {
		names = c.opts.Columns
	}
	for i, name := range names {
		at, ok := c.index[name]
		if !ok {
			continue // optional
		}
		b := c.cols[at]
		if b == nil || slices.Index(names, name) < i || c.wanted == nil && c.drop[name] && b.carriesNothing(c.rows) {
			continue
		}
		t.Columns = append(t.Columns, b.column(c.rows))
	}
	if len(t.Columns) == 0 && c.wanted == nil {
		return nil, c.fail(0, "no column with a name or data; name the columns in the first row")
	}
	for i, name := range c.known {
		if c.cols[i] == nil {
			t.Unread = append(t.Unread, name)
		}
	}
	t.keepHints()
	return &t, nil
}

// keepHints drops hints to columns that were not selected.
func (t *Table) keepHints() {
	t.Groups = slices.DeleteFunc(t.Groups, func(name string) bool { return !t.has(name) })
	if !t.has(t.Time) {
		t.Time = ""
	}
	if !t.has(t.Label) {
		t.Label = ""
	}
	if len(t.Groups) == 0 {
		t.Groups = nil
	}
	t.Renamed = slices.DeleteFunc(t.Renamed, func(r Renamed) bool { return !t.has(r.Name) && !t.has(r.As) })
	if len(t.Renamed) == 0 {
		t.Renamed = nil
	}
}

func (t *Table) has(name string) bool {
	_, ok := t.Column(name)
	return ok
}

// carriesNothing says that a column without a name is empty or merely counts the rows: what spreadsheets and data
// frames write beside the data. Row counts are no measurement, and a model must not learn from them.
func (b *builder) carriesNothing(rows int) bool {
	if b.numbers == 0 && b.words == 0 {
		return true
	}
	if b.kind() == Text || b.words > 0 || len(b.num) != rows {
		return false
	}
	for i := 1; i < rows; i++ {
		if b.num[i] != b.num[i-1]+1 {
			return false
		}
	}
	return b.num[0] == float64(int64(b.num[0]))
}
