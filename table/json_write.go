package table

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"math"
)

// writeJSON writes one object a line, keys in the order of the columns. Missing cells are null; infinite numbers, which
// JSON does not have, are the strings "Inf" and "-Inf", which read back as numbers.
func writeJSON(w io.Writer, t *Table) error {
	out := bufio.NewWriterSize(w, 1<<16)
	keys := make([]string, len(t.Columns))
	levels := make([][]string, len(t.Columns))
	for i := range t.Columns {
		keys[i] = jsonString(t.Columns[i].Name) + ":"
		for _, level := range t.Columns[i].Levels {
			levels[i] = append(levels[i], jsonString(level))
		}
	}
	for row := range t.Rows {
		separator := byte('{')
		for i := range t.Columns {
			out.WriteByte(separator)
			separator = ','
			out.WriteString(keys[i])
			out.WriteString(jsonCell(&t.Columns[i], levels[i], row))
		}
		if _, err := out.WriteString("}\n"); err != nil {
			return err
		}
	}
	return out.Flush()
}

func jsonCell(c *Column, levels []string, row int) string {
	switch {
	case c.Missing(row):
		return "null"
	case c.Kind == Text:
		return levels[c.Codes[row]]
	case math.IsInf(c.Num[row], 0):
		return `"` + formatNumber(c.Num[row]) + `"`
	}
	if text := c.Spelled(row); json.Valid([]byte(text)) {
		return text
	}
	return formatNumber(c.Num[row]) // of a spelling that JSON does not have, such as +5
}

func jsonString(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(s) // a string cannot fail
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
