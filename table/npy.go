package table

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// NumPy arrays: one dimension is one column, two are rows and columns, three are series, steps and features: a long
// table with the columns series and step, both from 0, before the features. Columns of a lone array are c0, c1, ….
// Floats (2, 4, 8 bytes), integers, booleans (as text), byte and Unicode strings, dates and spans of time (numbers of
// seconds) in both byte orders, C and Fortran order. The header is parsed here and not by npyio, which trusts the
// lengths that a header claims and cannot stream; the tests hold the two against each other.

const npyMagic = "\x93NUMPY"

func sniffNPY(head []byte) bool { return bytes.HasPrefix(head, []byte(npyMagic)) }

// npyHeader says how an array lies in its file.
type npyHeader struct {
	kind    byte // f, i, u, b, S, U, M or m
	size    int  // bytes of an element
	unit    string
	big     bool
	fortran bool
	shape   []int
}

var (
	npyDescr   = regexp.MustCompile(`'descr':\s*'([<>=|]?)([a-zA-Z])([0-9]*)(?:\[([0-9]*)([a-zA-Z]*)\])?'`)
	npyFortran = regexp.MustCompile(`'fortran_order':\s*(True|False)`)
	npyShape   = regexp.MustCompile(`'shape':\s*\(([0-9, L]*)\)`)
)

// npyWidths are the element sizes that can be read; strings have any.
var npyWidths = map[byte]string{'f': "248", 'i': "1248", 'u': "1248", 'b': "1", 'M': "8", 'm': "8"}

const (
	npyMostHeader  = 1 << 20
	npyMostColumns = 100000
	npyMostString  = 1 << 20
)

var errHeaderEnds = errors.New("damaged: the header of the array ends early; " + fixCopy)

// readNPYHeader reads up to the first element. The error is a plain message.
func readNPYHeader(r io.Reader) (h npyHeader, err error) {
	var start [8]byte
	if _, err := io.ReadFull(r, start[:]); err != nil || string(start[:6]) != npyMagic {
		return h, errors.New("is no NumPy array; write it with numpy.save")
	}
	length := make([]byte, 2)
	if start[6] > 1 {
		length = make([]byte, 4)
	}
	if start[6] < 1 || start[6] > 3 {
		return h, fmt.Errorf("NumPy format version %d is not known; allowed: 1, 2 or 3; write it with numpy.save", start[6])
	}
	if _, err := io.ReadFull(r, length); err != nil {
		return h, errHeaderEnds
	}
	n := int64(binary.LittleEndian.Uint32(append(length, 0, 0)))
	text, err := io.ReadAll(io.LimitReader(r, min(n, npyMostHeader)))
	if err != nil || int64(len(text)) != n {
		return h, errHeaderEnds
	}
	return parseNPYHeader(text)
}

func parseNPYHeader(text []byte) (h npyHeader, err error) {
	descr, order, shape := npyDescr.FindSubmatch(text), npyFortran.FindSubmatch(text), npyShape.FindSubmatch(text)
	switch {
	case bytes.Contains(text, []byte("'descr': [")):
		return h, errors.New("holds records (a structured array); save plain arrays, or CSV")
	case descr == nil || order == nil || shape == nil:
		return h, errors.New("damaged: the header is no description of an array; " + fixCopy)
	}
	h.big, h.kind, h.fortran, h.unit = string(descr[1]) == ">", descr[2][0], string(order[1]) == "True", string(descr[5])
	h.size, err = strconv.Atoi(string(descr[3]))
	if isTime := h.kind == 'M' || h.kind == 'm'; isTime {
		months := h.kind == 'M' && (h.unit == "Y" || h.unit == "M")
		if count := string(descr[4]); npyTicks[h.unit] == 0 && !months || count != "" && count != "1" {
			return h, fmt.Errorf("times in units of %s cannot be read; allowed: ns, us, ms, s, m, h, D, W; convert them", quote(count+h.unit))
		}
	}
	widths, known := npyWidths[h.kind]
	switch {
	case err == nil && known && len(descr[3]) == 1 && strings.Contains(widths, string(descr[3])):
	case err == nil && (h.kind == 'S' || h.kind == 'U') && h.size > 0 && h.size <= npyMostString:
		if h.kind == 'U' {
			h.size *= 4
		}
	default:
		return h, fmt.Errorf("elements of type %s cannot be read; allowed: floats, integers, booleans, strings, dates; convert them",
			quote(string(descr[2])+string(descr[3])))
	}
	if err := h.parseShape(string(shape[1])); err != nil {
		return h, err
	}
	return h, nil
}

// npyMostElements bounds what a header may claim, so that no product of axes overflows.
const npyMostElements = 1 << 40

func (h *npyHeader) parseShape(text string) error {
	elements := 1.0
	for axis := range strings.SplitSeq(text, ",") {
		axis = strings.TrimSuffix(strings.TrimSpace(axis), "L") // Python 2 wrote long integers
		if axis == "" {
			continue
		}
		n, err := strconv.Atoi(axis)
		elements *= max(float64(n), 1)
		if err != nil || elements > min(npyMostElements, math.MaxInt/16) {
			return fmt.Errorf("a shape of (%s) is too large; allowed: 2^40 elements; save parts of it", strings.TrimSpace(text))
		}
		h.shape = append(h.shape, n)
	}
	return nil
}

// npyGrid is how the elements of an array fall into a table.
type npyGrid struct {
	rows, width int // elements, as rows and columns
	repeat      int // how many rows of the table each of its rows fills
	steps       int // length of the second of two row axes, else 1
}

// byteOrder is that of the elements.
func (h npyHeader) byteOrder() binary.ByteOrder {
	if h.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// adder returns how an element is added to its column, and the kind of column it makes.
func (h npyHeader) adder() (add func(b *builder, row int, e []byte), kind Kind) {
	order := h.byteOrder()
	switch h.kind {
	case 'S':
		return func(b *builder, row int, e []byte) { b.addCell(row, bytes.TrimRight(e, "\x00")) }, Text
	case 'U':
		return func(b *builder, row int, e []byte) { b.addCell(row, decodeUTF32(e, order)) }, Text
	case 'b':
		return func(b *builder, row int, e []byte) { b.addCell(row, strconv.AppendBool(nil, e[0] != 0)) }, Text
	case 'M':
		return func(b *builder, row int, e []byte) {
			b.addCell(row, h.formatDate(int64(order.Uint64(e))))
		}, Text
	case 'm':
		return func(b *builder, row int, e []byte) {
			if ticks := int64(order.Uint64(e)); ticks != math.MinInt64 {
				b.addNumber(row, npySeconds(ticks, npyTicks[h.unit]))
			}
		}, Number
	}
	decode := npyNumbers[string(h.kind)+strconv.Itoa(h.size)]
	return func(b *builder, row int, e []byte) { b.addNumber(row, decode(order, e)) }, Number
}

// npyNumbers decode an element as float64.
var npyNumbers = map[string]func(o binary.ByteOrder, e []byte) float64{
	"f2": func(o binary.ByteOrder, e []byte) float64 { return float16(o.Uint16(e)) },
	"f4": func(o binary.ByteOrder, e []byte) float64 { return float64(math.Float32frombits(o.Uint32(e))) },
	"f8": func(o binary.ByteOrder, e []byte) float64 { return math.Float64frombits(o.Uint64(e)) },
	"i1": func(o binary.ByteOrder, e []byte) float64 { return float64(int8(e[0])) },
	"i2": func(o binary.ByteOrder, e []byte) float64 { return float64(int16(o.Uint16(e))) },
	"i4": func(o binary.ByteOrder, e []byte) float64 { return float64(int32(o.Uint32(e))) },
	"i8": func(o binary.ByteOrder, e []byte) float64 { return float64(int64(o.Uint64(e))) },
	"u1": func(o binary.ByteOrder, e []byte) float64 { return float64(e[0]) },
	"u2": func(o binary.ByteOrder, e []byte) float64 { return float64(o.Uint16(e)) },
	"u4": func(o binary.ByteOrder, e []byte) float64 { return float64(o.Uint32(e)) },
	"u8": func(o binary.ByteOrder, e []byte) float64 { return float64(o.Uint64(e)) },
}

// npyTicks are the units of dates and spans of a fixed length.
var npyTicks = map[string]time.Duration{"ns": 1, "us": time.Microsecond, "ms": time.Millisecond, "s": time.Second,
	"m": time.Minute, "h": time.Hour, "D": 24 * time.Hour, "W": 7 * 24 * time.Hour}

func npySeconds(ticks int64, tick time.Duration) float64 {
	if tick >= time.Second {
		return float64(ticks) * tick.Seconds()
	}
	return float64(ticks) / float64(time.Second/tick)
}

// formatDate writes a date in RFC 3339 form without a zone, for NumPy has none; not-a-time is missing.
func (h npyHeader) formatDate(ticks int64) []byte {
	const layout = "2006-01-02T15:04:05.999999999"
	tick := npyTicks[h.unit]
	switch {
	case ticks == math.MinInt64:
		return nil
	case h.unit == "Y" && ticks > -1e6 && ticks < 1e6:
		return time.Date(1970+int(ticks), 1, 1, 0, 0, 0, 0, time.UTC).AppendFormat(nil, time.DateOnly)
	case h.unit == "M" && ticks > -1e7 && ticks < 1e7:
		return time.Date(1970, 1+time.Month(ticks), 1, 0, 0, 0, 0, time.UTC).AppendFormat(nil, time.DateOnly)
	case tick == 0:
		return strconv.AppendInt(nil, ticks, 10)
	case tick >= 24*time.Hour:
		return time.Unix(ticks*int64(tick/time.Second), 0).UTC().AppendFormat(nil, time.DateOnly)
	case tick >= time.Second:
		return time.Unix(ticks*int64(tick/time.Second), 0).UTC().AppendFormat(nil, layout)
	}
	return []byte(formatTime(ticks, int64(time.Second/tick), layout))
}

func decodeUTF32(e []byte, order binary.ByteOrder) []byte {
	var text []byte
	for ; len(e) >= 4; e = e[4:] {
		text = append(text, string(rune(order.Uint32(e)))...)
	}
	return bytes.TrimRight(text, "\x00")
}

// fill adds all elements of the array to its columns; the header has been read from in.
func (h npyHeader) fill(in *bufio.Reader, grid npyGrid, cols []*builder) error {
	add, _ := h.adder()
	put := func(row, col int, e []byte) {
		if cols[col] == nil {
			return
		}
		for i := range grid.repeat {
			add(cols[col], row*grid.repeat+i, e)
		}
	}
	if h.fortran && len(h.shape) > 1 {
		return h.fillPlanes(in, grid, put)
	}
	e := make([]byte, h.size)
	for row := range grid.rows {
		for col := range grid.width {
			if _, err := io.ReadFull(in, e); err != nil {
				return early(err, row, grid.rows)
			}
			put(row, col, e)
		}
	}
	return nil
}

// fillPlanes reads Fortran order, in which the first axis runs fastest: one column after the other, and inside a column
// the series before the steps. The plane grows with what is read, not with what the header claims.
func (h npyHeader) fillPlanes(in *bufio.Reader, grid npyGrid, put func(row, col int, e []byte)) error {
	var plane bytes.Buffer
	series := grid.rows / grid.steps
	for col := range grid.width {
		plane.Reset()
		if n, err := io.CopyN(&plane, in, int64(grid.rows)*int64(h.size)); err != nil {
			return early(err, int(n)/h.size, grid.rows)
		}
		for row := range grid.rows {
			at := ((row%grid.steps)*series + row/grid.steps) * h.size
			put(row, col, plane.Bytes()[at:at+h.size])
		}
	}
	return nil
}

func early(err error, row, rows int) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("damaged: the array ends in row %d of %d; %s", row+1, rows, fixCopy)
	}
	return err
}
