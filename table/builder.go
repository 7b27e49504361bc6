package table

import (
	"bytes"
	"math"
)

// mode says what is known of a column's kind before its cells are read.
type mode uint8

const (
	infer mode = iota
	asNumber
	asText
)

// builder collects the cells of one column, row by row in ascending order; rows that are skipped are missing. It keeps
// numbers as float64 and words as interned codes, each list made when the first such cell comes, so that a column of one
// kind costs 8 or 4 bytes a row. The spelling of numbers is not kept: when a column with numbers turns out to be Text,
// the file is read again for it (see collector.finish).
type builder struct {
	name    string
	mode    mode
	markers map[string]bool  // the caller's extra markers of missing cells
	unseen  map[float64]bool // those of them that are numbers
	expect  int              // rows that there will be, about: lists are made that long
	num     []float64
	codes   []int32
	terms   interner
	numbers int // cells that are numbers
	words   int // cells that are neither numbers nor vague
	lost    bool
	bad     cellList
	nan     cellList
	spell   bool // cells are kept as spelled in spelled, with words for its codes
	spelled []int32
	written interner
}

// cellList keeps the first few cells and counts all.
type cellList struct {
	kept  []BadCell
	count int
}

func (l *cellList) add(row int, text string) {
	if l.count < KeptCells {
		l.kept = append(l.kept, BadCell{Row: row, Text: text})
	}
	l.count++
}

// fill appends v at position row, after as many blanks as were skipped. A list begins with room for the rows to come: one that
// grows piece by piece leaves several times its size behind.
func fill[T any](list []T, row int, v, blank T, expect int) []T {
	if list == nil {
		list = make([]T, 0, max(expect, row+1))
	}
	for len(list) < row {
		list = append(list, blank)
	}
	return append(list, v)
}

// addCell adds a cell as spelled in a text format.
func (b *builder) addCell(row int, cell []byte) {
	if b.spell {
		b.keepSpelling(row, bytes.TrimSpace(cell))
	}
	if b.plainNumber(row, cell) {
		return
	}
	trimmed := bytes.TrimSpace(cell)
	if b.missing(row, trimmed) {
		return
	}
	if b.mode == asText {
		b.addWord(row, cell)
		return
	}
	if v, ok := parseNumber(trimmed); ok {
		b.addNumber(row, v)
		b.lost = true
		return
	}
	b.addWord(row, cell)
}

// keepSpelling keeps a cell; an empty one has no spelling.
func (b *builder) keepSpelling(row int, cell []byte) {
	if len(cell) > 0 {
		b.spelled = fill(b.spelled, row, b.written.code(validText(cell)), -1, b.expect)
	}
}

// plainNumber adds what most cells are, a number that begins with a digit or a sign; no marker does, but those of the caller.
func (b *builder) plainNumber(row int, cell []byte) bool {
	if b.mode == asText || len(b.markers) > 0 || len(cell) == 0 || cell[0] > '9' || cell[0] < '+' {
		return false
	}
	v, ok := parseNumber(cell)
	if ok {
		b.addNumber(row, v)
		b.lost = true
	}
	return ok
}

// missing recognises the markers; the cell is trimmed.
func (b *builder) missing(row int, cell []byte) bool {
	if b.markers[string(cell)] {
		return true
	}
	if len(cell) > 4 || !absent[string(cell)] {
		return false
	}
	if spellsNaN(string(cell)) {
		b.nan.add(row, string(cell))
	}
	return true
}

// addNumber adds a number of a typed format; NaN is missing.
func (b *builder) addNumber(row int, v float64) {
	switch {
	case v != v, len(b.unseen) > 0 && b.unseen[v]:
	case b.mode == asText:
		b.codes = fill(b.codes, row, b.terms.code([]byte(formatNumber(v))), -1, b.expect)
	default:
		b.numbers++
		b.num = fill(b.num, row, v, math.NaN(), b.expect)
	}
}

// addWord adds a cell that is neither missing nor, unless the column is Text, a number.
func (b *builder) addWord(row int, cell []byte) {
	vague := len(cell) <= 4 && vague[string(cell)]
	if !vague {
		b.words++
	}
	cell = validText(cell)
	if b.mode != asNumber {
		b.codes = fill(b.codes, row, b.terms.code(cell), -1, b.expect)
		return
	}
	if !vague {
		b.bad.add(row, string(cell))
	}
}

// kind is the column's kind once all rows are read. A column with no observed cell is a Number column.
func (b *builder) kind() Kind {
	switch {
	case b.mode == asText:
		return Text
	case b.mode == asNumber, b.codes == nil, b.numbers > 0 && b.numbers >= b.words:
		return Number
	}
	return Text
}

// column is the finished column of the given number of rows.
func (b *builder) column(rows int) Column {
	c := Column{Name: b.name, Kind: b.kind()}
	if c.Kind == Text {
		for len(b.codes) < rows {
			b.codes = append(b.codes, -1)
		}
		c.Codes, c.Levels = b.codes, b.terms.levels
		c.NaN, c.NaNCount = b.nan.kept, b.nan.count
		return c
	}
	for len(b.num) < rows {
		b.num = append(b.num, math.NaN())
	}
	for row, code := range b.codes {
		if code >= 0 && !vague[b.terms.levels[code]] {
			b.bad.add(row, b.terms.levels[code])
		}
	}
	c.Num = b.num
	if b.spelled != nil {
		for len(b.spelled) < rows {
			b.spelled = append(b.spelled, -1)
		}
		c.Spelling = &Column{Name: b.name, Kind: Text, Codes: b.spelled, Levels: b.written.levels}
	}
	c.Bad, c.BadCount = b.bad.kept, b.bad.count
	c.NaN, c.NaNCount = b.nan.kept, b.nan.count
	return c
}
