package journal

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Records of all lengths, below and beyond what is read at once, and beyond a segment.
func TestLongRecords(t *testing.T) {
	d, r := newDisk(), rand.New(rand.NewPCG(5, 6))
	j, err := open(d, Options{SegmentBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	var want []Record
	for i, size := range []int{10, window - headBytes, window - headBytes - headerBytes, 3, window, 1 << 20, 1<<20 - headBytes, 3 << 20, 0, window + 1, 5} {
		for _, n := range []int{size, r.IntN(3000)} {
			b := make([]byte, n)
			for k := range b {
				b[k] = byte(r.Uint32())
			}
			number, err := j.Append(uint16(i), time.Unix(int64(i), 0), b)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, Record{Number: number, Kind: Entry, Type: uint16(i), Time: time.Unix(int64(i), 0), Payload: b})
		}
	}
	got, err := read(d)
	if err != nil || len(got) != len(want) || !prefix(got, want) {
		t.Errorf("%d records of %d, %v", len(got), len(want), err)
	}
	s, err := survey(d)
	if err != nil || s.Last != uint64(len(want)) || s.Tear.Segment != "" {
		t.Errorf("%+v, %v", s, err)
	}
}

// The search for a head that proves damage goes on from one part of the file to the next without missing any between them.
func TestDamageFarBeforeItsProof(t *testing.T) {
	for size := 1<<20 - 2*headBytes - 3; size < 1<<20-headBytes+3; size++ { // the second head lies across the end of the first part
		d := newDisk()
		j, err := open(d, Options{SegmentBytes: 4 << 20})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{size, 1} {
			if _, err := j.Append(1, time.Unix(1, 0), make([]byte, n)); err != nil {
				t.Fatal(err)
			}
		}
		data := slices.Clone(d.names[j.name].data)
		data[headerBytes+4] ^= 1 // the length of the first
		var damage *DamageError
		if _, err := open(d.with(j.name, data), Options{SegmentBytes: 4 << 20}); !errors.As(err, &damage) || damage.Record != 1 || damage.Offset != headerBytes {
			t.Fatalf("a payload of %d bytes: %v", size, err)
		}
	}
}
