package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math"
)

// Hash identifies the content that the roles select: names, times, inputs and labels of all series, in order. The same
// data give the same hash from CSV and from Parquet, on every machine; a path or a date of a file has no influence.
func (d *Dataset) Hash() string {
	h := sha256.New()
	text := func(s string) {
		number(h, uint64(len(s)))
		io.WriteString(h, s)
	}
	for _, in := range d.inputs {
		text(in.name)
		text(string(in.kind))
	}
	text(d.Roles.Target)
	for _, name := range d.names {
		text(name)
	}
	for _, t := range d.tracks {
		text(t.name)
		number(h, uint64(len(t.rows)))
		p := d.parts[t.part]
		for i, row := range t.rows {
			number(h, bits(t.time[i]))
			number(h, bits(p.label.at(int(row))))
			for k := range p.inputs {
				switch v := &p.inputs[k]; {
				case v.num != nil:
					number(h, bits(v.num[row]))
				case v.codes[row] < 0:
					number(h, bits(nan))
				default:
					text(v.levels[v.codes[row]])
				}
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

func number(w io.Writer, v uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], v)
	w.Write(b[:])
}

// bits are those of the value, the same for every NaN and for both zeros.
func bits(v float64) uint64 {
	switch {
	case v != v:
		return math.Float64bits(math.NaN())
	case v == 0:
		return 0
	}
	return math.Float64bits(v)
}
