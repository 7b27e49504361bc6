package table

import (
	"io"
	"math"

	"github.com/parquet-go/parquet-go"
)

// writeParquet writes optional DOUBLE, STRING and TIMESTAMP columns, snappy-compressed, with nulls for missing cells.
func writeParquet(w io.Writer, t *Table) error {
	out := parquet.NewWriter(w, parquet.NewSchema("table", newFields(t)), parquet.Compression(&parquet.Snappy),
		parquet.CreatedBy("elegans", "0", ""))
	rows := make([]parquet.Row, 0, 256)
	for row := range t.Rows {
		values := make(parquet.Row, len(t.Columns))
		for i := range t.Columns {
			values[i] = parquetValue(&t.Columns[i], row).Level(0, 1, i)
			if t.Columns[i].Missing(row) {
				values[i] = parquet.NullValue().Level(0, 0, i)
			}
		}
		rows = append(rows, values)
		if len(rows) < cap(rows) && row+1 < t.Rows {
			continue
		}
		if _, err := out.WriteRows(rows); err != nil {
			return err
		}
		rows = rows[:0]
	}
	return out.Close()
}

func parquetValue(c *Column, row int) parquet.Value {
	switch {
	case c.Missing(row):
		return parquet.NullValue()
	case c.Instants != nil:
		return parquet.Int64Value(int64(math.Round(c.Instants[row] * 1e6)))
	case c.Kind == Text:
		return parquet.ByteArrayValue([]byte(c.Levels[c.Codes[row]]))
	}
	return parquet.DoubleValue(c.Num[row])
}

// fields is a root node that keeps the order of the columns, which parquet.Group sorts by name.
type fields struct {
	parquet.Group
	list []parquet.Field
}

func (f fields) Fields() []parquet.Field { return f.list }

func newFields(t *Table) fields {
	f := fields{Group: parquet.Group{}}
	for i := range t.Columns {
		node := parquet.Optional(parquet.Leaf(parquet.DoubleType))
		switch {
		case t.Columns[i].Instants != nil:
			node = parquet.Optional(parquet.Timestamp(parquet.Microsecond))
		case t.Columns[i].Kind == Text:
			node = parquet.Optional(parquet.Encoded(parquet.String(), &parquet.RLEDictionary))
		}
		name := t.Columns[i].Name
		f.Group[name] = node
		f.list = append(f.list, parquet.Group{name: node}.Fields()[0])
	}
	return f
}
