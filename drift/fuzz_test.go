package drift

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"
)

// finite tells whether everything in an event is a number and in its range.
func finite(e Event) bool {
	for _, x := range []float64{e.Time, e.X, e.Value, e.Threshold, e.Before, e.After, e.P} {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return e.Level == Stable || e.Value > e.Threshold && e.Recent >= 1 && e.Recent < e.Since && e.Since <= e.Count
}

// FuzzUpdate gives any values, eight bytes each, to any method, from a snapshot on after each third. What is refused is not a
// number in range and leaves no trace; events are finite; a snapshot can be restored and goes on alike.
func FuzzUpdate(f *testing.F) {
	for _, x := range []float64{0, 1, math.NaN(), math.Inf(1), MaxInput, -MaxInput, 5e-324, 0.3} {
		f.Add(binary.LittleEndian.AppendUint64(nil, math.Float64bits(x)), uint8(3), uint16(200))
	}
	f.Add([]byte("any text of some length may be values just as well"), uint8(0), uint16(99))
	f.Fuzz(func(t *testing.T, data []byte, kind uint8, repeat uint16) {
		m := methods[int(kind)%len(methods)]
		d, twin := begin(t, m), begin(t, m)
		if len(data) < 8 {
			return
		}
		for i := range int(repeat % 1000) {
			at := i * 8 % (len(data) - 7)
			x := math.Float64frombits(binary.LittleEndian.Uint64(data[at:]))
			if d.entry.Binary && i%5 > 0 {
				x = float64(data[at] & 1)
			}
			fits := math.Abs(x) <= MaxInput && (!d.entry.Binary || x == 0 || x == 1)
			e, err := d.Update(x, float64(i))
			if (err == nil) != fits || !finite(e) {
				t.Fatalf("%s: value %g gives %+v, %v", Format(m), x, e, err)
			}
			if fits {
				if again, err := twin.Update(x, float64(i)); err != nil || again != e {
					t.Fatalf("%s: restored, value %g gives %+v instead of %+v, %v", Format(m), x, again, e, err)
				}
			}
			if i%3 == 0 {
				twin = new(Detector)
				if err := twin.UnmarshalBinary(snapshot(t, d)); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// FuzzUnmarshalBinary changes snapshots and puts the checksum right. Whatever is taken can be used, and be written and read again.
func FuzzUnmarshalBinary(f *testing.F) {
	for kind, m := range methods {
		for _, n := range []int{0, 50, 333} {
			d := begin(f, m)
			for i, x := range stream(d.entry.Binary, n) {
				d.Update(x, float64(i))
			}
			f.Add(snapshot(f, d), uint16(kind), byte(0))
			f.Add(snapshot(f, d), uint16(120+8*kind), byte(0xff))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, at uint16, flip byte) {
		if len(data) < 4 {
			return
		}
		body := append([]byte(nil), data[:len(data)-4]...)
		if len(body) > 0 {
			body[int(at)%len(body)] ^= flip
		}
		d := new(Detector)
		if err := d.UnmarshalBinary(seal(body)); err != nil {
			if strings.Contains(err.Error(), "\n") || d.state != nil {
				t.Fatalf("%q, and the detector has changed: %v", err, d.state != nil)
			}
			return
		}
		if d.Bytes() > 1<<22 {
			return // right, and slow
		}
		again := snapshot(t, d)
		same := string(again) == string(seal(body)) || !strings.HasPrefix(string(body[len(magic)+2:]), Format(d.method)) // options in other words
		if err := new(Detector).UnmarshalBinary(again); err != nil || !same {
			t.Fatalf("what was taken is written otherwise: %v", err)
		}
		for i := range 300 {
			if _, err := d.Update(float64(i/150), 0); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzParse looks for texts that panic, give more than one line, or are not read back from their own Format.
func FuzzParse(f *testing.F) {
	for _, m := range methods {
		f.Add(Format(m))
	}
	for _, text := range []string{"", "ADWIN delta", "KSWIN alpha 1e-300 stat_size 10000 window_size 20000", "DDM warm_start 9999999999999999999", "\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Parse(text)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("%q", err)
			}
			return
		}
		if again, err := Parse(Format(m)); err != nil || again != m {
			t.Fatalf("%q is read as %q, and that as %v, %v", text, Format(m), again, err)
		}
	})
}
