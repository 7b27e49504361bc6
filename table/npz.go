package table

import (
	"archive/zip"
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// NPZ: several arrays that fill one table side by side. An array of one column is a column of its own name; the columns
// of others are NAME.0, NAME.1, …. Beside a three-dimensional array [series][step][feature], an array [series][step]
// is one more column, and an array [series] or [series][k] says something of a whole series and is repeated for each of
// its steps. Arrays that are not selected need not fit.

// npyArray is one array of a file.
type npyArray struct {
	name string // "" for a lone array
	npyHeader
	open func() (io.ReadCloser, error)
	grid npyGrid
	cols []*builder
}

func readNPY(s *source, c *collector) error {
	a := &npyArray{open: s.open}
	if err := a.readHeader(c); err != nil {
		return err
	}
	return fillArrays([]*npyArray{a}, c)
}

func readNPZ(s *source, c *collector) error {
	at, size, err := s.random()
	if err != nil {
		return err
	}
	z, err := openZip(at, size, s.name)
	if err != nil {
		return err
	}
	var arrays []*npyArray
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			continue
		}
		a := &npyArray{name: name, open: func() (io.ReadCloser, error) {
			r, err := f.Open()
			if err != nil {
				return nil, damage(s.name, err)
			}
			return &checked{Reader: r, inner: r, source: s.name}, nil
		}}
		if err := a.readHeader(c); err != nil {
			if c.wanted == nil || c.wanted[name] {
				return err
			}
			c.column(name) // known, but unreadable: nobody asked for it
			continue
		}
		arrays = append(arrays, a)
	}
	if len(arrays) == 0 {
		return c.fail(0, "the archive holds no array; write it with numpy.savez")
	}
	return fillArrays(chosenArrays(arrays, c), c)
}

// chosenArrays are those of which a column is selected; the columns of the others are made known only. The numbers of
// series and steps, which belong to no array, come with the first three-dimensional one.
func chosenArrays(arrays []*npyArray, c *collector) (chosen []*npyArray) {
	if c.wanted == nil {
		return arrays
	}
	cubes := c.wanted["series"] || c.wanted["step"]
	for _, a := range arrays {
		if a.wanted(c.wanted) || cubes && len(a.shape) == 3 {
			chosen = append(chosen, a)
			cubes = cubes && len(a.shape) != 3
			continue
		}
		if g, ok := fit(a.shape, a.shape); ok && g.width == 1 {
			c.column(a.name)
		} else {
			c.column(a.name + ".0")
		}
	}
	if len(chosen) == 0 {
		return arrays[:1] // the names that were asked for are unknown: what follows says so
	}
	return chosen
}

// wanted says whether one of the selected names may be a column of the array.
func (a *npyArray) wanted(names map[string]bool) bool {
	if names[a.name] {
		return true
	}
	for name := range names {
		number, ok := strings.CutPrefix(name, a.name+".")
		if _, err := strconv.ParseUint(number, 10, 32); ok && err == nil {
			return true
		}
	}
	return false
}

func (a *npyArray) readHeader(c *collector) error {
	in, err := a.open()
	if err != nil {
		return err
	}
	defer in.Close()
	if a.npyHeader, err = readNPYHeader(in); err != nil {
		return a.fail(c, err)
	}
	return nil
}

// fail names the array where the file holds several.
func (a *npyArray) fail(c *collector, err error) error {
	var data *DataError
	if errors.As(err, &data) {
		return err
	}
	if a.name != "" {
		err = fmt.Errorf("array %s: %w", quote(a.name), err)
	}
	return c.fail(0, err.Error())
}

// fillArrays lays the arrays side by side and reads them.
func fillArrays(arrays []*npyArray, c *collector) error {
	main, series, steps := arrays[0], 0, 0
	for _, a := range arrays {
		if len(a.shape) == 3 && steps == 0 {
			main, series, steps = a, a.shape[0], a.shape[1]
			c.column("series")
			c.column("step")
		}
	}
	for _, a := range arrays {
		if err := a.lay(c, main); err != nil {
			return err
		}
	}
	if err := c.check(); err != nil {
		return err
	}
	// The main array comes first: what it proves to hold bounds what the others may claim to repeat.
	if err := main.load(c); err != nil {
		return err
	}
	for _, a := range arrays {
		if a == main {
			continue
		}
		if err := a.load(c); err != nil {
			return err
		}
	}
	c.rows = main.grid.rows
	if steps > 0 {
		c.table.Groups, c.table.Time = []string{"series"}, "step"
		countSeries(c, series, steps)
	}
	return nil
}

// countSeries fills the columns that number series and steps.
func countSeries(c *collector, series, steps int) {
	s, t := c.column("series"), c.column("step")
	for row := range series * steps {
		if s != nil {
			s.addNumber(row, float64(row/steps))
		}
		if t != nil {
			t.addNumber(row, float64(row%steps))
		}
	}
}

// lay decides how the array falls into the table that main spans, and declares its columns.
func (a *npyArray) lay(c *collector, main *npyArray) error {
	g, ok := fit(a.shape, main.shape)
	if !ok && a == main {
		return a.fail(c, fmt.Errorf("has %d dimensions; allowed: 1 to 3; reshape it", len(a.shape)))
	}
	if !ok {
		return c.fail(0, fmt.Sprintf("the arrays %s %v and %s %v do not line up; save arrays of as many rows, or choose some of them (elegans data convert FILE OUT.npz --columns NAMES)",
			quote(main.name), main.shape, quote(a.name), a.shape))
	}
	if g.width > npyMostColumns || g.width == 0 {
		return a.fail(c, fmt.Errorf("makes %d columns; allowed: 1 to %d; reshape it", g.width, npyMostColumns))
	}
	a.grid = g
	a.cols = make([]*builder, g.width)
	_, kind := a.adder()
	for i := range a.cols {
		name := "c" + strconv.Itoa(i)
		switch {
		case a.name != "" && g.width == 1:
			name = a.name
		case a.name != "":
			name = a.name + "." + strconv.Itoa(i)
		}
		b := c.declare(name)
		if b != nil && kind == Text && b.mode == infer {
			b.mode = asText
		}
		a.cols[i] = b
	}
	return nil
}

// fit lays an array of one shape beside the main one.
func fit(shape, main []int) (g npyGrid, ok bool) {
	if len(shape) == 0 || len(shape) > 3 || len(main) == 0 || shape[0] != main[0] {
		return g, false
	}
	g = npyGrid{rows: shape[0], width: 1, repeat: 1, steps: 1}
	if len(main) < 3 {
		if len(shape) == 2 {
			g.width = shape[1]
		}
		return g, len(shape) < 3
	}
	steps := main[1]
	switch {
	case len(shape) == 3 && shape[1] == steps:
		g.rows, g.steps, g.width = shape[0]*steps, steps, shape[2]
	case len(shape) == 2 && shape[1] == steps:
		g.rows, g.steps = shape[0]*steps, steps
	case len(shape) == 2:
		g.repeat, g.width = steps, shape[1]
	case len(shape) == 1:
		g.repeat = steps
	default:
		return g, false
	}
	g.steps = max(g.steps, 1)
	return g, true
}

func (a *npyArray) load(c *collector) error {
	in, err := a.open()
	if err != nil {
		return err
	}
	defer in.Close()
	buffered := bufio.NewReaderSize(in, 1<<16)
	if _, err := readNPYHeader(buffered); err != nil {
		return a.fail(c, err)
	}
	if err := a.fill(buffered, a.grid, a.cols); err != nil {
		return a.fail(c, err)
	}
	return nil
}

// writeNPZ writes one array a column: <f8 with NaN for missing, or <U with "" for missing.
func writeNPZ(w io.Writer, t *Table) error {
	z := zip.NewWriter(w)
	for i := range t.Columns {
		c := &t.Columns[i]
		member, err := z.CreateHeader(&zip.FileHeader{Name: c.Name + ".npy", Method: zip.Deflate})
		if err != nil {
			return err
		}
		out := bufio.NewWriterSize(member, 1<<16)
		if err := writeNPYColumn(out, c, t.Rows); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return z.Close()
}

func writeNPYColumn(w *bufio.Writer, c *Column, rows int) error {
	width := 1
	for _, level := range c.Levels {
		width = max(width, utf8.RuneCountInString(level))
	}
	descr := "<f8"
	if c.Kind == Text {
		descr = "<U" + strconv.Itoa(width)
	}
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%d,), }", descr, rows)
	const start = 10 // magic, version and length
	header += strings.Repeat(" ", 63-(start+len(header))%64) + "\n"
	w.WriteString(npyMagic + "\x01\x00")
	w.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(header))))
	w.WriteString(header)
	var cell []byte
	for row := range rows {
		cell = cell[:0]
		if c.Kind == Number {
			v := c.Num[row]
			if v != v {
				v = math.NaN() // one pattern of bits for all
			}
			cell = binary.LittleEndian.AppendUint64(cell, math.Float64bits(v))
		} else {
			for _, r := range c.Cell(row) {
				cell = binary.LittleEndian.AppendUint32(cell, uint32(r))
			}
			cell = append(cell, make([]byte, 4*width-len(cell))...)
		}
		if _, err := w.Write(cell); err != nil {
			return err
		}
	}
	return nil
}
