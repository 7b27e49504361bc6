package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// delimiters are tried in this order; a space comes last and means runs of spaces.
var delimiters = []struct {
	char byte
	name string
}{{',', "comma"}, {';', "semicolon"}, {'\t', "tab"}, {'|', "bar"}, {' ', "spaces"}}

// sampleRows is how many rows are looked at to find delimiter and header.
const sampleRows = 200

// detectLayout looks at the beginning of a file. delim 0 is to be found.
func detectLayout(t text, delim byte, mode HeaderMode) (layout, error) {
	lay := layout{delim: delim}
	if bytes.IndexByte(t.body, 0) >= 0 {
		return lay, &DataError{Source: t.source, Msg: "is binary (it holds zero bytes) and of no known format; " + fixPlain}
	}
	t.body = trimBOM(t.body)
	if first, rest, _ := bytes.Cut(t.body, []byte("\n")); len(bytes.TrimSpace(first)) == 5 && bytes.HasPrefix(first, []byte("sep=")) {
		t.body, lay.skip = rest, 1 // a spreadsheet's own line
		if delim == 0 {
			lay.delim = first[4]
		}
	}
	if lay.delim == 0 {
		lay.delim = t.findDelimiter()
	}
	rows, err := t.sample(lay.delim)
	if err != nil {
		return lay, err
	}
	if len(rows) == 0 {
		return lay, &DataError{Source: t.source, Msg: "no rows; " + fixRows}
	}
	if err := t.checkSplit(rows, delim); err != nil {
		return lay, err
	}
	lay.width = len(rows[0])
	if mode == HeaderPresent || mode == HeaderDetect && isHeader(rows) {
		lay.takeHeader(rows)
	}
	return lay, nil
}

// takeHeader takes the first row as names and fits it to the width of the others.
func (l *layout) takeHeader(rows [][]string) {
	l.skip++
	l.header = rows[0]
	width, _ := commonWidth(rows[1:])
	if width != len(l.header)+1 {
		return
	}
	for _, row := range rows[1:] {
		if len(row) == width && row[width-1] != "" {
			l.rowNames = true
			l.width = width
			return
		}
	}
	l.trailing = true
}

// text is the beginning of a text file.
type text struct {
	body   []byte
	source string
	whole  bool // it is the whole file
}

// sample splits the first rows; a last row that may be cut off is left out, and so is what follows a fault, which is
// found again when the file is read.
func (t text) sample(delim byte) (rows [][]string, err error) {
	scan := newCSVScanner(bytes.NewReader(t.body), t.source, delim)
	for len(rows) < sampleRows {
		if err = scan.next(); err != nil {
			break
		}
		row := make([]string, len(scan.fields))
		for i, f := range scan.fields {
			row[i] = string(validText(f))
		}
		rows = append(rows, row)
	}
	end := errors.Is(err, io.EOF)
	if end && !t.whole && len(rows) > 1 {
		rows = rows[:len(rows)-1]
	}
	if end || len(rows) > 1 {
		err = nil
	}
	return rows, err
}

// findDelimiter chooses the delimiter that cuts most rows into the same number of fields, at least 2, the header too; of
// equals, the one that makes more fields. 0 fields to cut: a comma.
func (t text) findDelimiter() byte {
	best, found := 0.0, byte(',')
	for _, d := range delimiters {
		rows, err := t.sample(d.char)
		if err != nil || len(rows) == 0 {
			continue
		}
		score := splitScore(rows)
		if d.char == ' ' && (best > 0 || !halfNumbers(rows)) {
			continue // words and time stamps hold spaces
		}
		if score > best {
			best, found = score, d.char
		}
	}
	return found
}

// splitScore is 0 where most rows have one field.
func splitScore(rows [][]string) float64 {
	data := rows
	if len(rows) > 1 {
		data = rows[1:]
	}
	width, share := commonWidth(data)
	if width < 2 || share < 0.5 {
		return 0
	}
	score := 2 * share
	if len(rows[0]) == width {
		score++
	}
	return score + float64(min(width, 1000))*1e-6
}

// commonWidth is the most frequent number of fields, the smallest of equals, and the share of rows that have it.
func commonWidth(rows [][]string) (width int, share float64) {
	counts := map[int]int{}
	for _, row := range rows {
		counts[len(row)]++
	}
	widths := make([]int, 0, len(counts))
	for w := range counts {
		widths = append(widths, w)
	}
	slices.Sort(widths)
	for _, w := range widths {
		if counts[w] > counts[width] {
			width = w
		}
	}
	return width, float64(counts[width]) / float64(max(len(rows), 1))
}

func halfNumbers(rows [][]string) bool {
	numbers, cells := 0, 0
	for _, row := range rows {
		for _, cell := range row {
			cells++
			if _, ok := parseNumber([]byte(cell)); ok {
				numbers++
			}
		}
	}
	return 2*numbers >= cells
}

// checkSplit refuses a delimiter that cuts nothing where the lines look as if there was something to cut.
func (t text) checkSplit(rows [][]string, chosen byte) error {
	if width, _ := commonWidth(rows); width != 1 {
		return nil
	}
	if chosen != 0 {
		other := t.findDelimiter()
		cut, err := t.sample(other)
		if err != nil || other == chosen || splitScore(cut) == 0 {
			return nil
		}
		width, _ := commonWidth(cut)
		return &DataError{Source: t.source, Line: 1, Value: rows[0][0],
			Msg: fmt.Sprintf("the delimiter %q cuts no row; choose %q, which makes %d columns", chosen, other, width)}
	}
	suspects := 0
	for _, row := range rows {
		_, number := parseNumber([]byte(row[0]))
		if !number && strings.ContainsAny(row[0], ",;\t|:^~!#&=\\\x00\x01\x1f") && !looksLikeTime(row[0]) {
			suspects++
		}
	}
	if 2*suspects <= len(rows) {
		return nil
	}
	var tried []string
	for _, d := range delimiters {
		tried = append(tried, d.name)
	}
	return &DataError{Source: t.source, Line: 1, Value: rows[0][0],
		Msg: "only one column found (tried " + strings.Join(tried, ", ") + "); name the delimiter (elegans data convert FILE OUT.csv --delimiter C makes commas of it), or name another file if this is no CSV"}
}

// isHeader says whether the first row names columns: none of its cells is a number or a time. Where a name appears twice
// or is a missing marker, only a word above a number or a time is proof.
func isHeader(rows [][]string) bool {
	seen, doubtful, words := map[string]bool{}, false, 0
	for _, cell := range rows[0] {
		if isDatum(cell) {
			return false
		}
		if cell != "" {
			words++
			doubtful = doubtful || seen[cell] || absent[cell]
			seen[cell] = true
		}
	}
	if !doubtful || len(rows) == 1 {
		return words > 0 && !doubtful
	}
	for i, cell := range rows[0][:min(len(rows[0]), len(rows[1]))] {
		if !absent[cell] && isDatum(rows[1][i]) {
			return true
		}
	}
	return false
}

func isDatum(cell string) bool {
	_, number := parseNumber([]byte(cell))
	return number || looksLikeTime(cell)
}

// looksLikeTime recognises dates and times by their letters: digits, and the marks between them.
func looksLikeTime(cell string) bool {
	if cell == "" || cell[0] < '0' || cell[0] > '9' {
		return false
	}
	return strings.Trim(cell, "0123456789-/:.,+ TZ") == "" && strings.ContainsAny(cell, "-/:")
}
