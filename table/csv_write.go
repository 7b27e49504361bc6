package table

import (
	"bufio"
	"io"
	"strings"
)

func writeCSV(w io.Writer, t *Table) error { return writeDelimited(w, t, ',') }

func writeTSV(w io.Writer, t *Table) error { return writeDelimited(w, t, '\t') }

// writeDelimited writes RFC 4180 text with LF line ends. Missing cells are empty; in a table of one column they are
// written "", for a blank line is no row.
func writeDelimited(w io.Writer, t *Table, delim byte) error {
	out := bufio.NewWriterSize(w, 1<<16)
	put := func(i int, cell string) {
		if i > 0 {
			out.WriteByte(delim)
		}
		if needsQuotes(cell) || cell == "" && len(t.Columns) == 1 {
			cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		out.WriteString(cell)
	}
	for i := range t.Columns {
		put(i, t.Columns[i].Name)
	}
	out.WriteByte('\n')
	for row := range t.Rows {
		for i := range t.Columns {
			put(i, t.Columns[i].Spelled(row))
		}
		if err := out.WriteByte('\n'); err != nil {
			return err
		}
	}
	return out.Flush()
}

// needsQuotes also where a cell holds another delimiter than the one in use, so that nobody detects the wrong one.
func needsQuotes(cell string) bool {
	return strings.ContainsAny(cell, "\"\r\n,;|\t") || cell != strings.TrimSpace(cell)
}
