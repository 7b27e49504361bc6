package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

// streamRow is a row of a stream.
type streamRow struct {
	series string
	row    int // of its source, from 0
	time   float64
	stamp  string // the time as JSON; empty where rows are counted
	x      []float32
	// labels are those of the row, one a value of the target, and due is the time at which they can be known; NaN or none where
	// they are not known, or come later.
	labels []float64
	due    float64
	// values are the target's own at the time of the row, which are the labels of earlier rows; none where labels say all.
	values []float64
	// id is set for a line that is a label alone.
	id uint64
}

// valueNames are the columns of the labels, one a value of the target.
func valueNames(t series.Target) (names []string) {
	for k := range t.Labels() {
		names = append(names, t.Of(k).Name)
	}
	return names
}

// fileRows are the rows of data in the order of their times, with labels of each list.
func fileRows(d *dataset.Dataset, schema series.Schema, lists [][]series.Series, delay dataset.Horizon) (rows []streamRow) {
	list := lists[0]
	stamps, ok := d.TimeColumn()
	for i := range list {
		s := &list[i]
		from := 0
		for k := range s.Len() {
			r := streamRow{series: s.Name, row: s.Row[k], time: s.Time[k], x: s.At(k)}
			if ok {
				r.stamp = stampText(&stamps, s.Row[k])
			}
			for _, of := range lists {
				label := math.NaN()
				if one := &of[i]; len(one.Y) > 0 {
					label = one.Label(k)[0]
				}
				r.labels = append(r.labels, label)
			}
			from = labelledBy(schema, s, k, from)
			r.due = dueTime(s, k, from, delay)
			rows = append(rows, r)
		}
	}
	slices.SortStableFunc(rows, func(a, b streamRow) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.row, b.row))
	})
	return rows
}

// labelledBy is the row from which the label of row k is; at or after the one found for k - 1.
func labelledBy(schema series.Schema, s *series.Series, k, from int) int {
	t := schema.Target
	switch {
	case t.Horizon == 0:
		return k
	case t.HorizonRows:
		return k + int(t.Horizon)
	}
	from = max(from, k)
	return from + sort.Search(s.Len()-from, func(i int) bool { return s.Time[from+i] >= s.Time[k]+t.Horizon-1e-6*schema.Clock.Unit })
}

// dueTime is when a label is there: when its row is, and after the delay.
func dueTime(s *series.Series, k, from int, delay dataset.Horizon) float64 {
	due := s.Time[min(from, s.Len()-1)]
	if i := k + delay.Rows; delay.Rows > 0 {
		if i >= s.Len() {
			return math.Inf(1)
		}
		due = math.Max(due, s.Time[i])
	}
	return math.Max(due, s.Time[k]+delay.Seconds)
}

// stampText is a time as JSON spells it: a number as the source has it, else a string.
func stampText(c *table.Column, row int) string {
	text := c.Spelled(row)
	if c.Kind == table.Number && json.Valid([]byte(text)) {
		return text
	}
	quoted, _ := json.Marshal(text) // a string can always be written
	return string(quoted)
}

// lineRows reads rows from JSON lines as they come.
type lineRows struct {
	in      *bufio.Reader
	schema  series.Schema
	roles   dataset.Roles
	name    string
	columns []series.Input // of the source, without cycles of the calendar
	line    int
	counted map[string]int // rows by series
}

// maxLine bounds a line of JSON.
const maxLine = 1 << 20

func newLineRows(in io.Reader, schema series.Schema, roles dataset.Roles) *lineRows {
	r := &lineRows{in: bufio.NewReaderSize(in, maxLine), schema: schema, roles: roles, name: inputName, counted: map[string]int{}}
	r.columns = schema.Inputs[:len(schema.Inputs)-2*len(schema.Clock.Calendar)]
	return r
}

// bad is an error of the line that was read last.
func (r *lineRows) bad(column, value, format string, args ...any) error {
	return badLine(r.line, column, value, format, args...)
}

// badLine is an error of a line of standard input, whatever was read since.
func badLine(line int, column, value, format string, args ...any) error {
	return &table.DataError{Source: inputName, Line: line, Column: column, Value: value, Msg: fmt.Sprintf(format, args...)}
}

// inputName is what errors call standard input.
const inputName = "standard input"

// next reads a row; io.EOF at the end. Empty lines are passed over.
func (r *lineRows) next() (streamRow, error) {
	for {
		text, err := r.in.ReadSlice('\n')
		r.line++
		if errors.Is(err, bufio.ErrBufferFull) {
			return streamRow{}, r.bad("", "", "the line is longer than %d bytes; write each row as one JSON object in a line of its own", maxLine)
		}
		if text = bytes.TrimSpace(text); len(text) > 0 {
			return r.parse(text)
		}
		if err != nil {
			return streamRow{}, err
		}
	}
}

// parse reads a row from an object.
func (r *lineRows) parse(text []byte) (streamRow, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil || object == nil || d.More() {
		return streamRow{}, r.bad("", "", "is no JSON object; write each row as one object {…} in a line of its own")
	}
	if id, ok := object["id"]; ok && !r.knows("id") {
		return r.answer(id, object["label"])
	}
	t := &table.Table{Source: r.name, Rows: 1}
	for _, in := range r.columns {
		v, ok := object[in.Name]
		if !ok && !in.Missing {
			return streamRow{}, r.bad(in.Name, "", "the model reads this column and the row does not have it; add it")
		}
		c, err := r.column(in.Name, v, in.Kind == series.Category)
		if err != nil {
			return streamRow{}, err
		}
		t.Columns = append(t.Columns, c)
	}
	for _, name := range append(valueNames(r.schema.Target), r.schema.SeriesColumn, r.schema.Clock.Column) {
		v, ok := object[name]
		if name == "" || !ok || v == nil || slices.Contains(t.Names(), name) {
			continue
		}
		_, number := v.(json.Number)
		c, err := r.column(name, v, !number || name == r.schema.SeriesColumn)
		if err != nil {
			return streamRow{}, err
		}
		t.Columns = append(t.Columns, c)
	}
	return r.row(t)
}

// knows says that a name is that of a column that the model reads.
func (r *lineRows) knows(name string) bool {
	return slices.ContainsFunc(r.columns, func(in series.Input) bool { return in.Name == name }) ||
		slices.Contains(append(valueNames(r.schema.Target), r.schema.SeriesColumn, r.schema.Clock.Column), name)
}

// answer is a line that is a label alone.
func (r *lineRows) answer(id, label any) (streamRow, error) {
	n, err := strconv.ParseUint(fmt.Sprint(id), 10, 64)
	if err != nil || n == 0 {
		return streamRow{}, r.bad("id", fmt.Sprint(id), "is no number of a prediction; write such as {\"id\": 17, \"label\": 3.2}")
	}
	out := streamRow{id: n, row: r.line - 1}
	text, isText := label.(string)
	if t := r.schema.Target; t.Task == series.Classify {
		if b, ok := label.(bool); ok {
			text, isText = strconv.FormatBool(b), true
		} else if v, ok := label.(json.Number); ok {
			text, isText = v.String(), true
		}
		k := slices.Index(t.Classes, text)
		if !isText || k < 0 {
			return out, r.bad("label", fmt.Sprint(label), "is no class of the model; allowed: %s", strings.Join(t.Classes, ", "))
		}
		out.labels = []float64{float64(k)}
		return out, nil
	}
	names := valueNames(r.schema.Target)
	given, isObject := label.(map[string]any)
	if !isObject && len(names) > 1 {
		return out, r.bad("label", fmt.Sprint(label), "is one value, and the model predicts %d; write an object with the label of each (%s)", len(names), strings.Join(names, ", "))
	}
	if !isObject {
		given = map[string]any{names[0]: label}
	}
	for name := range given {
		if !slices.Contains(names, name) {
			return out, r.bad("label", name, "is no value of the model; allowed: %s", strings.Join(names, ", "))
		}
	}
	for _, name := range names {
		value := math.NaN()
		if v := given[name]; v != nil || len(names) == 1 {
			if value, err = strconv.ParseFloat(fmt.Sprint(v), 64); err != nil {
				return out, r.bad("label", fmt.Sprint(v), "is no number")
			}
		}
		out.labels = append(out.labels, value)
	}
	return out, nil
}

// column is a column of one cell.
func (r *lineRows) column(name string, v any, text bool) (table.Column, error) {
	c := table.Column{Name: name, Num: []float64{math.NaN()}}
	if text {
		c = table.Column{Name: name, Kind: table.Text, Codes: []int32{-1}}
	}
	var cell string
	switch v := v.(type) {
	case nil:
		return c, nil
	case json.Number:
		cell = v.String()
	case string:
		cell = strings.TrimSpace(v)
	case bool:
		cell = strconv.FormatBool(v)
	default:
		return c, r.bad(name, "", "is a list or an object; write a number, a text, true, false or null")
	}
	switch {
	case cell == "":
	case text:
		c.Codes[0], c.Levels = 0, []string{cell}
	default:
		x, err := strconv.ParseFloat(cell, 64)
		if err != nil {
			return c, r.bad(name, cell, "is no number, and the model was trained on numbers here; write a number, or null where it was not observed")
		}
		c.Num[0] = x
		c.Spelling = &table.Column{Name: name, Kind: table.Text, Codes: []int32{0}, Levels: []string{cell}}
	}
	return c, nil
}

// row reads the one row of a table as any other data for the model.
func (r *lineRows) row(t *table.Table) (streamRow, error) {
	schema := r.schema
	list, _, err := dataset.ApplyTable(schema, t, r.roles)
	if err != nil {
		var bad *table.DataError
		if errors.As(err, &bad) {
			own := *bad
			own.Source, own.Line = r.name, r.line
			return streamRow{}, &own
		}
		return streamRow{}, err
	}
	s := &list[0]
	out := streamRow{series: s.Name, row: r.line - 1, time: s.Time[0], x: slices.Clone(s.At(0))}
	if schema.Clock.Kind == series.Index {
		out.time = float64(r.counted[s.Name])
	} else if c, ok := t.Column(schema.Clock.Column); ok {
		out.stamp = stampText(c, 0)
	}
	r.counted[s.Name]++
	for _, name := range valueNames(schema.Target) {
		out.values = append(out.values, r.value(t, name))
	}
	return out, nil
}

// value is the target's own value in a row; NaN where it is missing, or a class that the model does not know.
func (r *lineRows) value(t *table.Table, name string) float64 {
	c, ok := t.Column(name)
	if !ok || c.Missing(0) {
		return math.NaN()
	}
	if r.schema.Target.Task == series.Classify {
		if k := slices.Index(r.schema.Target.Classes, c.Spelled(0)); k >= 0 {
			return float64(k)
		}
		return math.NaN()
	}
	if c.Kind == table.Number {
		return c.Num[0]
	}
	v, err := strconv.ParseFloat(c.Cell(0), 64)
	if err != nil {
		return math.NaN()
	}
	return v
}
