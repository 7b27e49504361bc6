package online

import (
	"encoding/binary"
	"errors"
	"math"
)

// errShort is what a decoder says to bytes that are not what an encoder wrote.
var errShort = errors.New("online: the bytes end early, or are not of this kind")

// encoder writes values one after the other, little endian; a decoder reads them in the same order.
type encoder struct{ b []byte }

func (e *encoder) u(v uint64) { e.b = binary.AppendUvarint(e.b, v) }
func (e *encoder) f64(v float64) {
	e.b = binary.LittleEndian.AppendUint64(e.b, math.Float64bits(v))
}
func (e *encoder) bytes(v []byte) {
	e.u(uint64(len(v)))
	e.b = append(e.b, v...)
}
func (e *encoder) str(v string) {
	e.u(uint64(len(v)))
	e.b = append(e.b, v...)
}
func (e *encoder) flag(v bool) {
	if v {
		e.u(1)
	} else {
		e.u(0)
	}
}

// f32s writes numbers without their count, which the reader knows.
func (e *encoder) f32s(v []float32) {
	for _, x := range v {
		e.b = binary.LittleEndian.AppendUint32(e.b, math.Float32bits(x))
	}
}

func (e *encoder) f64s(v []float64) {
	for _, x := range v {
		e.f64(x)
	}
}

// decoder reads what an encoder wrote. After the first fault all is zero and err says so.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) take(n uint64) []byte {
	if d.err != nil || n > uint64(len(d.b)) {
		d.err = errShort
		return nil
	}
	v := d.b[:n:n]
	d.b = d.b[n:]
	return v
}

func (d *decoder) u() uint64 {
	v, n := binary.Uvarint(d.b)
	if d.err != nil || n <= 0 {
		d.err = errShort
		return 0
	}
	d.b = d.b[n:]
	return v
}

// count reads the number of things that take at least one byte each.
func (d *decoder) count() int {
	n := d.u()
	if n > uint64(len(d.b)) {
		d.err = errShort
		return 0
	}
	return int(n)
}

func (d *decoder) f64() float64 {
	if v := d.take(8); v != nil {
		return math.Float64frombits(binary.LittleEndian.Uint64(v))
	}
	return 0
}

func (d *decoder) bytes() []byte { return d.take(d.u()) }
func (d *decoder) str() string   { return string(d.bytes()) }
func (d *decoder) flag() bool    { return d.u() == 1 }

func (d *decoder) f32s(n int) []float32 {
	raw := d.take(4 * uint64(n))
	if raw == nil {
		return make([]float32, min(n, 1<<20)) // of a damaged file, nobody looks at it
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return v
}

func (d *decoder) f64s(n int) []float64 {
	v := make([]float64, 0, min(n, len(d.b)/8))
	for range n {
		v = append(v, d.f64())
		if d.err != nil {
			break
		}
	}
	return v
}

// appendDelta appends what turns the weights before into those after, bit for bit: of each the exclusive or of both, as a
// varint. A weight that has moved by a thousandth of itself takes two bytes, one that has not moved takes one.
func appendDelta(b []byte, before, after []float32) []byte {
	for i, v := range after {
		b = binary.AppendUvarint(b, uint64(math.Float32bits(v)^math.Float32bits(before[i])))
	}
	return b
}

// applyDelta turns the weights before into those after.
func applyDelta(theta []float32, d *decoder) {
	for i, v := range theta {
		theta[i] = math.Float32frombits(math.Float32bits(v) ^ uint32(d.u()))
	}
}
