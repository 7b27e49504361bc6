package table

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// UEA and UCR time series (.ts): a header of @-lines, then one series a line, its dimensions separated by colons, the
// label last. It becomes a long table: series (from 0), step (from 0) or, where the file says @timestamps true, time;
// then dim0, dim1, … and label, repeated for each step: Text for @classlabel, Number for @targetlabel. Series may differ
// in length; ? is missing. With time stamps, dimensions need not share them: the rows are the union of all.

// tsKeys are the header lines that the format knows, lower case.
var tsKeys = map[string]bool{"@problemname": true, "@timestamps": true, "@missing": true, "@univariate": true,
	"@dimensions": true, "@dimension": true, "@equallength": true, "@serieslength": true, "@classlabel": true,
	"@targetlabel": true, "@data": true}

// maxSeriesLine bounds the line of one series in bytes.
const maxSeriesLine = 1 << 30

func sniffTS(head []byte) bool {
	for line := range bytes.Lines(head) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' || line[0] == '%' {
			continue
		}
		word, _, _ := strings.Cut(string(line[:min(len(line), 200)]), " ")
		return tsKeys[strings.ToLower(word)]
	}
	return false
}

// tsReader reads one file.
type tsReader struct {
	lines                        lineReader
	c                            *collector
	stamps                       bool
	dims                         int // 0 until known
	target                       string
	labels                       map[string]bool // nil: any
	series                       int
	cols                         []*builder // dimensions
	seriesCol, stepCol, labelCol *builder
}

func readTS(s *source, c *collector) error {
	in, err := s.open()
	if err != nil {
		return err
	}
	defer in.Close()
	r := &tsReader{lines: newLineReader(in, s.name, maxSeriesLine), c: c}
	data := false
	for {
		line, err := r.lines.readLine()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0 || line[0] == '#' || line[0] == '%':
		case data:
			err = r.addSeries(line)
		case line[0] == '@':
			data, err = r.header(string(line))
		default:
			err = r.fail("a series before the line @data; write the header first, or name another file if this is no .ts file")
		}
		if err != nil {
			return err
		}
	}
	if !data {
		return c.fail(0, "no line @data, where the header ends; "+fixCopy+", or name another file if this is no .ts file")
	}
	return nil
}

func (r *tsReader) fail(msg string) error { return r.c.fail(r.lines.line, msg) }

// header reads one @-line; data says that it was the last.
func (r *tsReader) header(line string) (data bool, err error) {
	words := strings.Fields(line)
	value := ""
	if len(words) > 1 {
		value = strings.ToLower(words[1])
	}
	switch strings.ToLower(words[0]) {
	case "@timestamps":
		r.stamps = value == "true"
	case "@univariate":
		if value == "true" {
			r.dims = 1
		}
	case "@dimensions", "@dimension":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > npyMostColumns {
			return false, r.fail(fmt.Sprintf("%s %s; allowed: a number from 1 to %d; correct the line", words[0], quote(value), npyMostColumns))
		}
		r.dims = n
	case "@classlabel":
		if value == "true" {
			r.target = "class"
			r.labels = wordSet(words[2:])
		}
	case "@targetlabel":
		if value == "true" {
			r.target = "number"
		}
	case "@data":
		return true, nil
	}
	return false, nil
}

func wordSet(words []string) map[string]bool {
	if len(words) == 0 {
		return nil
	}
	set := map[string]bool{}
	for _, w := range words {
		set[w] = true
	}
	return set
}

// declare makes the columns once the number of dimensions is known.
func (r *tsReader) declare() error {
	r.seriesCol = r.c.column("series")
	step := "step"
	if r.stamps {
		step = "time"
	}
	r.stepCol = r.c.column(step)
	for i := range r.dims {
		r.cols = append(r.cols, r.c.column("dim"+strconv.Itoa(i)))
	}
	r.c.table.Groups, r.c.table.Time = []string{"series"}, step
	if r.target != "" {
		r.c.table.Label = "label"
		r.labelCol = r.c.column("label")
	}
	if r.labelCol != nil && r.labelCol.mode == infer {
		r.labelCol.mode = asNumber
		if r.target == "class" {
			r.labelCol.mode = asText
		}
	}
	return r.c.check()
}

// addSeries adds the rows of one line.
func (r *tsReader) addSeries(line []byte) error {
	parts := splitOutside(line, ':')
	label := []byte(nil)
	if r.target != "" {
		label = bytes.TrimSpace(parts[len(parts)-1])
		parts = parts[:len(parts)-1]
	}
	if len(r.cols) == 0 {
		if r.dims == 0 {
			r.dims = len(parts)
		}
		if len(parts) > 0 && len(parts) <= npyMostColumns {
			if err := r.declare(); err != nil {
				return err
			}
		}
	}
	switch {
	case len(parts) != r.dims || r.dims == 0:
		return r.fail(fmt.Sprintf("%d dimensions found, %d expected; write them with colons between, the label last, or %s",
			len(parts), max(r.dims, 1), fixCopy))
	case r.labels != nil && !r.labels[string(label)] && !absent[string(label)]:
		return &DataError{Source: r.c.source, Line: r.lines.line, Column: "label", Value: string(validText(label)),
			Msg: "is not listed in @classlabel; correct it, or list it there"}
	}
	dims := make([]tsDimension, r.dims)
	for i, part := range parts {
		dim, err := r.dimension(part)
		if err != nil {
			return err
		}
		dims[i] = dim
	}
	return r.addRows(dims, label)
}

// tsDimension is one dimension of one series; times is nil where the file has no time stamps.
type tsDimension struct {
	times, values [][]byte
}

func (r *tsReader) dimension(part []byte) (d tsDimension, err error) {
	part = bytes.TrimSpace(part)
	if len(part) == 0 {
		return d, nil
	}
	if !r.stamps {
		d.values = bytes.Split(part, []byte(","))
		return d, nil
	}
	for _, pair := range splitOutside(part, ',') {
		pair = bytes.TrimSpace(pair)
		comma := bytes.LastIndexByte(pair, ',')
		if len(pair) < 3 || pair[0] != '(' || pair[len(pair)-1] != ')' || comma < 0 {
			return d, &DataError{Source: r.c.source, Line: r.lines.line, Value: string(validText(pair)),
				Msg: "is no pair (time,value), as @timestamps true asks for; correct it, or write @timestamps false"}
		}
		d.times = append(d.times, bytes.TrimSpace(pair[1:comma]))
		d.values = append(d.values, pair[comma+1:len(pair)-1])
	}
	return d, nil
}

// splitOutside splits at a separator that stands outside parentheses.
func splitOutside(text []byte, separator byte) (parts [][]byte) {
	from, depth := 0, 0
	for i, b := range text {
		switch {
		case b == '(':
			depth++
		case b == ')':
			depth--
		case b == separator && depth <= 0:
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	return append(parts, text[from:])
}

// addRows lays the dimensions of a series side by side.
func (r *tsReader) addRows(dims []tsDimension, label []byte) error {
	times, aligned := dims[0].times, true
	for i, d := range dims[1:] {
		aligned = aligned && slices.EqualFunc(d.times, times, bytes.Equal)
		if !r.stamps && len(d.values) != len(dims[0].values) {
			return r.fail(fmt.Sprintf("dimension %d has %d values, dimension 0 has %d; without time stamps they must agree: fill up with ?",
				i+1, len(d.values), len(dims[0].values)))
		}
	}
	var at map[string]int
	steps := len(dims[0].values)
	if !aligned {
		times, at = unionTimes(dims)
		steps = len(times)
	}
	if steps == 0 {
		return r.fail("the series has no values; write some, or remove the line")
	}
	first := r.c.rows
	for i := range steps {
		row := r.c.row(r.lines.line)
		if r.seriesCol != nil {
			r.seriesCol.addNumber(row, float64(r.series))
		}
		if r.labelCol != nil {
			r.labelCol.addCell(row, label)
		}
		switch {
		case r.stepCol == nil:
		case r.stamps:
			r.stepCol.addCell(row, times[i])
		default:
			r.stepCol.addNumber(row, float64(i))
		}
	}
	r.series++
	for i, d := range dims {
		if err := r.addValues(i, d, first, at); err != nil {
			return err
		}
	}
	return nil
}

// addValues adds one dimension; at maps time stamps to steps, nil where values are in step already.
func (r *tsReader) addValues(i int, d tsDimension, first int, at map[string]int) error {
	b := r.cols[i]
	if b == nil {
		return nil
	}
	values := d.values
	if at != nil {
		values = make([][]byte, len(at))
		for k, v := range d.values {
			step := at[string(d.times[k])]
			if values[step] != nil {
				return &DataError{Source: r.c.source, Line: r.lines.line, Column: b.name, Value: string(validText(d.times[k])),
					Msg: "this time stamp appears twice in the dimension; correct or remove one"}
			}
			values[step] = v
		}
	}
	for k, v := range values {
		v = bytes.TrimSpace(v)
		if b.missing(first+k, v) {
			continue
		}
		x, ok := parseNumber(v)
		if !ok {
			return &DataError{Source: r.c.source, Line: r.lines.line, Column: b.name, Value: string(validText(v)),
				Msg: "is no number; correct it, or write ? for a missing value"}
		}
		b.addNumber(first+k, x)
	}
	return nil
}

// unionTimes sorts all time stamps of a series: as numbers where all are, else as text, which is right for ISO 8601.
func unionTimes(dims []tsDimension) (times [][]byte, at map[string]int) {
	at = map[string]int{}
	numbers := map[string]float64{}
	for _, d := range dims {
		for _, t := range d.times {
			if _, known := at[string(t)]; known {
				continue
			}
			at[string(t)] = 0
			times = append(times, t)
			if x, ok := parseNumber(t); ok {
				numbers[string(t)] = x
			}
		}
	}
	slices.SortStableFunc(times, func(a, b []byte) int {
		if len(numbers) < len(times) {
			return bytes.Compare(a, b)
		}
		return cmp.Compare(numbers[string(a)], numbers[string(b)])
	})
	for i, t := range times {
		at[string(t)] = i
	}
	return times, at
}
