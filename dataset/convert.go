package dataset

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/internal/nearest"
	"github.com/elegans-nn/elegans/table"
)

// ReadTables reads the tables of a built-in data set as published, or the one of a file or standard input ("-"), with no
// roles: for conversion to another format with table.Write. Errors are those of Open.
func ReadTables(name string, o table.Options) ([]*table.Table, error) {
	if b, err := Lookup(name); err == nil {
		return b.Tables()
	}
	t, err := table.Open(name, o)
	if err != nil {
		return nil, openError(name, err)
	}
	return []*table.Table{t}, nil
}

// openError adds the built-in names to the error about a file that does not exist, where the name looks like one.
func openError(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(name, `/\.`) {
		return &NotFoundError{Name: name, Suggest: nearest.Name(name, builtinNames()), Known: builtinNames()}
	}
	return err
}

// SplitTables divides the rows of the source as Split does, all columns that were read kept as they are, so that each
// part can be written to a file with table.Write. Rows stay in the order of the source; a part without rows is nil.
// Context is ignored: every row lies in one part.
func (d *Dataset) SplitTables(o SplitOptions) (train, valid, test *table.Table, err error) {
	o.Context = 0
	segments, _, err := d.cut(o)
	if err != nil {
		return nil, nil, nil, err
	}
	var tables [3]*table.Table
	for i := range tables {
		rows := make([][]int, len(d.parts))
		d.each(segments[i], func(t *track, row int) { rows[t.part] = append(rows[t.part], row) })
		for k := range rows {
			slices.Sort(rows[k])
		}
		tables[i] = d.stack(rows)
	}
	return tables[0], tables[1], tables[2], nil
}

// stack is a table of the given rows of each table, with the columns that all of them have; nil for no row.
func (d *Dataset) stack(rows [][]int) *table.Table {
	out := &table.Table{Source: d.Name, Format: d.parts[0].table.Format}
	for _, list := range rows {
		out.Rows += len(list)
	}
	if out.Rows == 0 {
		return nil
	}
	for _, name := range d.parts[0].table.Names() {
		columns := make([]*table.Column, len(d.parts))
		text, everywhere := false, true
		for i, p := range d.parts {
			c, ok := p.table.Column(name)
			if !ok {
				everywhere = false
				break
			}
			columns[i] = c
			text = text || c.Kind == table.Text || len(c.Bad) > 0
		}
		switch {
		case everywhere && text:
			out.Columns = append(out.Columns, stackText(name, columns, rows))
		case everywhere:
			out.Columns = append(out.Columns, stackNumbers(name, columns, rows))
		}
	}
	return out
}

// stackNumbers keeps the numbers and, where all tables have it, their spelling.
func stackNumbers(name string, columns []*table.Column, rows [][]int) table.Column {
	c := table.Column{Name: name, Kind: table.Number}
	spelled := make([]*table.Column, 0, len(columns))
	for i, list := range rows {
		for _, row := range list {
			c.Num = append(c.Num, columns[i].Num[row])
		}
		if columns[i].Spelling != nil {
			spelled = append(spelled, columns[i].Spelling)
		}
	}
	if len(spelled) == len(columns) {
		s := stackText(name, spelled, rows)
		c.Spelling = &s
	}
	return c
}

// stackText keeps the texts of cells that are no numbers in a column of numbers, as far as the table kept them.
func stackText(name string, columns []*table.Column, rows [][]int) table.Column {
	out := table.Column{Name: name, Kind: table.Text}
	index := map[string]int32{}
	for i, list := range rows {
		bad := map[int]string{}
		for _, b := range columns[i].Bad {
			bad[b.Row] = b.Text
		}
		for _, row := range list {
			text, ok := bad[row]
			if !ok {
				text = columns[i].Spelled(row)
			}
			if text == "" {
				out.Codes = append(out.Codes, -1)
				continue
			}
			code, known := index[text]
			if !known {
				code = int32(len(out.Levels))
				index[text] = code
				out.Levels = append(out.Levels, text)
			}
			out.Codes = append(out.Codes, code)
		}
	}
	return out
}
