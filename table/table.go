// Package table reads data files of the usual formats (CSV and TSV, JSON lines, Parquet, NumPy NPY and NPZ, UEA/UCR
// .ts; each also inside gzip or zip) into typed columns, and writes them. It knows nothing of time, roles or series:
// what a column means is decided by package dataset.
//
// Cells of text formats are read by one rule. Spaces around an unquoted cell do not count. A cell is missing where it is
// empty or one of ?, NA, N/A, #N/A, <NA>, NaN, null (see Options.Missing for more); None, na, -, -- and . are missing in
// a column of numbers and ordinary text elsewhere. A number is what Go and C write in base ten (1, +5, .5, -1e-3) or Inf;
// there are no thousands separators, hexadecimal digits, underscores or decimal commas. A column of which at least half
// of the observed cells are numbers is a Number column and keeps its other cells in Column.Bad; any other is Text.
// Bytes that are not UTF-8 are read as Latin-1.
//
// Formats with types of their own keep them: a Parquet string column stays Text, booleans become the texts "true" and
// "false" in every format, dates and timestamps become text in RFC 3339 form with as many digits as needed.
//
// Reading streams: what is not selected is never stored, text is interned, and input that cannot be read twice (a pipe)
// is kept in memory up to 32 MiB and in a temporary file beyond.
package table

import (
	"fmt"
	"math"
	"sort"
	"strconv"
)

// Kind says what a column holds.
type Kind uint8

const (
	Number Kind = iota // float64 values
	Text               // one of a list of levels
)

// String is "number" or "text".
func (k Kind) String() string {
	if k == Text {
		return "text"
	}
	return "number"
}

// KeptCells is how many cells Column.Bad and Column.NaN keep at most; their counts are complete.
const KeptCells = 100

// BadCell is one cell that does not fit its column.
type BadCell struct {
	Row  int    // from 0
	Text string // as spelled in the source
}

// Column is one named column of a table.
type Column struct {
	Name string
	Kind Kind
	// Num holds one value a row for a Number column; NaN is missing. ±Inf occurs where the source says so.
	Num []float64
	// Codes holds one index into Levels a row for a Text column; -1 is missing.
	Codes []int32
	// Levels are the distinct values of a Text column in order of first appearance.
	Levels []string
	// Spelling is a Text column of the cells of a Number column as the source spells them, markers of missing cells among
	// them; nil unless asked for (Options.Spell). It is what text formats write.
	Spelling *Column
	// Instants are the moments that a Text column of times means, in seconds since 1970-01-01 UTC, NaN for none. Formats that
	// have a type for times write them instead of the texts; nil: the texts.
	Instants []float64
	// Bad lists the first KeptCells cells of a Number column whose text is no number; their Num is NaN. nil when none.
	Bad []BadCell
	// BadCount is the number of such cells.
	BadCount int
	// NaN lists the first KeptCells cells that spell not-a-number ("NaN", "nan") in a text format. They are missing like
	// any other; a caller that accepts an empty cell but no literal NaN (a label) finds them here. nil when none.
	NaN []BadCell
	// NaNCount is the number of such cells.
	NaNCount int
}

// Missing says whether the cell of the row was not observed, or is one of Bad.
func (c *Column) Missing(row int) bool {
	if c.Kind == Text {
		return c.Codes[row] < 0
	}
	return c.Num[row] != c.Num[row]
}

// Cell is the cell of a row as text: the level, the shortest decimal that reads back as the number, or "" for missing.
func (c *Column) Cell(row int) string {
	switch {
	case c.Missing(row):
		return ""
	case c.Kind == Text:
		return c.Levels[c.Codes[row]]
	}
	return formatNumber(c.Num[row])
}

// Spelled is the cell of a row as text formats write it: as the source spells it where that is known, else as Cell, with whole
// numbers in full.
func (c *Column) Spelled(row int) string {
	switch {
	case c.Spelling != nil:
		return c.Spelling.Cell(row)
	case c.Kind == Number && c.Num[row] == math.Trunc(c.Num[row]) && math.Abs(c.Num[row]) < 1<<53:
		return strconv.FormatFloat(c.Num[row], 'f', -1, 64)
	}
	return c.Cell(row)
}

// Table is a data file in memory: the selected columns, all of one length.
type Table struct {
	// Source is the path or name the table was read from, with the member of an archive: "rooms.zip/a.csv".
	Source string
	// Format is the name of the format that was read, one of Formats().
	Format string
	// Columns in the order of Options.Columns, or that of the source.
	Columns []Column
	// Rows is the length of every column, at least 1 for a table that was read.
	Rows int
	// Groups names the columns that tell series apart where the format itself says so: "series" for .ts files and
	// three-dimensional arrays; nil elsewhere.
	Groups []string
	// Time names the column of time stamps or step numbers where the format itself says so: "time" or "step" in the same
	// formats; "" elsewhere.
	Time string
	// Label names the label column where the format itself says so: "label" in .ts files; "" elsewhere.
	Label string
	// Unread names the columns of the source that were not selected, in its order.
	Unread []string
	// Renamed lists the columns whose name an earlier one has, as far as one of the two was read.
	Renamed []Renamed

	lines lineIndex
}

// Renamed is a column whose name an earlier column of the source has.
type Renamed struct {
	Name   string // in the source
	As     string // the name under which it is read
	First  int    // position of the earlier column in the source, from 1
	Second int    // its own position
}

// String says in words what was renamed.
func (r Renamed) String() string {
	return fmt.Sprintf("two columns are named %s: column %d is read as %s, column %d as %s", quote(r.Name), r.First, quote(r.Name), r.Second, quote(r.As))
}

// Column finds a column by its exact name. The result shares memory with the table.
func (t *Table) Column(name string) (*Column, bool) {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i], true
		}
	}
	return nil, false
}

// Names lists the names of the columns in order.
func (t *Table) Names() []string {
	names := make([]string, len(t.Columns))
	for i := range t.Columns {
		names[i] = t.Columns[i].Name
	}
	return names
}

// Line is the 1-based line of the source on which a row begins, or 0 where the format has no lines (Parquet, NumPy) or
// the row is outside the table.
func (t *Table) Line(row int) int {
	if row < 0 || row >= t.Rows {
		return 0
	}
	return t.lines.line(row)
}

// lineIndex maps rows to lines. Rows mostly follow line by line, or share one (a series of a .ts file), so only the
// breaks in such runs are kept.
type lineIndex struct {
	row []int // first row of each run, ascending
	at  []int // its line; negative where all rows of the run share it
}

// add is called for each row in order. Line 0 is unknown.
func (x *lineIndex) add(row, line int) {
	if x.line(row) == line {
		return
	}
	if row > 0 && x.line(row-1) == line {
		line = -line
	}
	x.row = append(x.row, row)
	x.at = append(x.at, line)
}

func (x *lineIndex) line(row int) int {
	last := len(x.row) - 1
	if last >= 0 && row < x.row[last] { // while rows are added the last run is the right one
		last = sort.SearchInts(x.row, row+1) - 1
	}
	switch {
	case last < 0:
		return 0
	case x.at[last] < 0:
		return -x.at[last]
	}
	return x.at[last] + row - x.row[last]
}
