package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// filled is a journal of some segments; closed says whether it was closed.
func filled(t *testing.T, closed bool) (*disk, []Record) {
	t.Helper()
	d := newDisk()
	j, err := open(d, small(EveryRecord))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 14 {
		payload := bytes.Repeat([]byte{byte(i + 1)}, 7*i)
		switch i {
		case 5:
			_, err = j.Snapshot(uint16(i), time.Unix(int64(i), 0), payload)
		case 8:
			_, err = j.Rollback(uint16(i), time.Unix(int64(i), 0), 6, payload)
		default:
			_, err = j.Append(uint16(i), time.Unix(int64(i), 0), payload)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if closed {
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	list, err := read(d)
	if err != nil || len(list) != 14 || len(d.names) != 3 {
		t.Fatalf("%d records, %d files, %v", len(list), len(d.names), err)
	}
	return d, list
}

// with is the disk with one file changed.
func (d *disk) with(name string, data []byte) *disk {
	next := newDisk()
	for n, b := range d.names {
		next.names[n] = &blob{data: slices.Clone(b.data), stable: b.data}
	}
	next.names[name] = &blob{data: slices.Clone(data), stable: data}
	return next
}

func (d *disk) sorted() (names []string) {
	names, _ = d.list()
	slices.Sort(names)
	return names
}

// prefix says whether a is the beginning of b.
func prefix(a, b []Record) bool {
	return len(a) <= len(b) && slices.EqualFunc(a, b[:len(a)], same)
}

// A journal cut off at any byte: in the last segment exactly the records go that are not whole, and it goes on from there;
// in an earlier one it is damage.
func TestCutOffAtAnyByte(t *testing.T) {
	d, list := filled(t, false)
	names := d.sorted()
	for k, name := range names {
		data := d.names[name].data
		first, _ := segmentNumber(name)
		for size := range len(data) {
			c := d.with(name, data[:size])
			j, err := open(c, small(EveryRecord))
			if k < len(names)-1 {
				var damage *DamageError
				if !errors.As(err, &damage) || damage.Segment != name || damage.Offset > int64(size) {
					t.Fatalf("segment %d of %d bytes: %v", first, size, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("segment %d of %d bytes: %v", first, size, err)
			}
			whole, off := int(first)-1, headerBytes
			for off < size && off+headBytes+len(d.body(list[whole])) <= size {
				off += headBytes + len(d.body(list[whole]))
				whole++
			}
			if size < headerBytes {
				off = 0
			}
			if tear := j.Recovered(); int(j.Last()) != whole || tear.Bytes != int64(size-off) || tear.Bytes > 0 && (tear.Segment != name || tear.Offset != int64(off)) {
				t.Fatalf("%d bytes: %d records, want %d; %+v", size, j.Last(), whole, tear)
			}
			put(t, j, "next")
			got, err := read(c)
			if err != nil || !prefix(got[:len(got)-1], list) || string(got[whole].Payload) != "next" || len(got) != whole+1 {
				t.Fatalf("%d bytes: %d records, %v", size, len(got), err)
			}
		}
	}
}

// body is what stands in the file behind a head.
func (d *disk) body(r Record) []byte {
	if r.Kind == Rollback {
		return append(make([]byte, targetBytes), r.Payload...)
	}
	return r.Payload
}

// Every flipped bit is found: no reader returns a wrong record, and only in the last frame can it be taken for a torn tail,
// which in a journal that was closed holds no record. A damaged journal is left as it is.
func TestFlippedBits(t *testing.T) {
	for _, closed := range []bool{true, false} {
		d, list := filled(t, closed)
		names := d.sorted()
		last := names[len(names)-1]
		tail := len(d.names[last].data) - headBytes
		if !closed {
			tail -= len(list[13].Payload)
		}
		for _, name := range names {
			for at, was := range d.names[name].data {
				for bit := range 8 {
					c := d.with(name, d.names[name].data)
					c.names[name].data[at] = was ^ 1<<bit
					got, err := read(c)
					if !prefix(got, list) {
						t.Fatalf("%s: bit %d of byte %d gives other records", name, bit, at)
					}
					changed := slices.Clone(c.names[name].data)
					j, opened := open(c, small(EveryRecord))
					if name == last && at >= tail {
						if opened != nil || err != nil || j.Recovered().Offset != int64(tail) || j.Last() != uint64(len(got)) || closed != (len(got) == 14) {
							t.Fatalf("%s: bit %d of byte %d: %v, %v, %d records", name, bit, at, err, opened, len(got))
						}
						continue
					}
					for _, err := range []error{err, opened} {
						var damage *DamageError
						if !errors.As(err, &damage) || damage.Segment != name || damage.Offset > int64(at) || !strings.Contains(err.Error(), name) {
							t.Fatalf("%s: bit %d of byte %d: %v", name, bit, at, err)
						}
					}
					if !bytes.Equal(changed, c.names[name].data) || len(c.names) != len(names) {
						t.Fatalf("%s: opening changes a damaged journal", name)
					}
				}
			}
		}
	}
}

// Files that are missing, of another journal, or under a wrong name are damage.
func TestSegmentsThatDoNotBelong(t *testing.T) {
	d, _ := filled(t, true)
	other, _ := filled(t, true)
	names := d.sorted()
	for k, name := range names {
		c := d.with(name, other.names[name].data)
		wrong := d.with(name, d.names[names[(k+1)%len(names)]].data)
		missing := d.with(name, nil)
		delete(missing.names, name)
		for i, c := range []*disk{c, wrong, missing} {
			_, err := open(c, small(EveryRecord))
			_, reading := read(c)
			if i == 2 && (k == 0 || k == len(names)-1) {
				continue // what is gone from an end cannot be seen
			}
			var damage *DamageError
			if !errors.As(err, &damage) || !errors.As(reading, &damage) {
				t.Errorf("segment %d, case %d: %v, %v", k, i, err, reading)
			}
		}
	}
}

// A journal of a later format is no damage.
func TestLaterVersion(t *testing.T) {
	d, _ := filled(t, true)
	name := d.sorted()[0]
	data := slices.Clone(d.names[name].data)
	data[8]++
	binary.LittleEndian.PutUint32(data[44:], reference(0, data[:44]))
	for _, read := range []func(storage) error{
		func(d storage) error { _, err := open(d, small(EveryRecord)); return err },
		func(d storage) error { _, err := read(d); return err },
	} {
		err := read(d.with(name, data))
		var damage *DamageError
		if err == nil || errors.As(err, &damage) || !strings.Contains(err.Error(), "version 2") {
			t.Errorf("version 2: %v", err)
		}
	}
}

// After a loss of power a hole may be followed by whole records. None of them was durable, so it is no damage.
func TestHoleInWhatWasNotDurable(t *testing.T) {
	for _, p := range []Policy{EveryRecord, Never} {
		d := newDisk()
		j, err := open(d, small(p))
		if err != nil {
			t.Fatal(err)
		}
		name := j.name
		for range 4 {
			put(t, j, "four records")
		}
		data := slices.Clone(d.names[name].data)
		hole := headerBytes + headBytes + 12 // of the second record
		clear(data[hole : hole+headBytes+12])
		j, err = open(d.with(name, data), small(p))
		if p == EveryRecord {
			var damage *DamageError
			if !errors.As(err, &damage) || damage.Record != 2 || damage.Offset != int64(hole) {
				t.Errorf("every record was durable: %v", err)
			}
			continue
		}
		if err != nil || j.Last() != 1 || j.Recovered().Offset != int64(hole) {
			t.Errorf("nothing was durable: %v", err)
		}
	}
}

// Whatever is in a file, reading it ends, returns records in order, and agrees with opening; what is opened is sound.
func FuzzReader(f *testing.F) {
	d := newDisk()
	j, err := open(d, Options{SegmentBytes: 4096})
	if err != nil {
		f.Fatal(err)
	}
	name, header := j.name, bytes.Clone(d.names[j.name].data)
	for _, p := range []string{"", "one", "another"} {
		if _, err := j.Append(3, time.Unix(5, 0), []byte(p)); err != nil {
			f.Fatal(err)
		}
	}
	j.Rollback(1, time.Unix(6, 0), 2, nil)
	j.Close()
	f.Add(d.names[name].data[headerBytes:], false)
	f.Add(d.names[name].data[headerBytes:], true)
	f.Add([]byte{}, false)
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 { // heads with any fields, which the target signs
		b := make([]byte, headBytes*3)
		for i := range b {
			b[i] = byte(r.Uint32() >> r.IntN(32))
		}
		b[22] = byte(1 + r.IntN(4))
		b[23] = 0
		f.Add(b, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, sign bool) {
		data = append(bytes.Clone(header), data...)
		if sign && len(data) >= headerBytes+headBytes { // a checksum that is right lets the other fields be tried
			h, _ := decodeHeader(header, 1)
			b := data[headerBytes:]
			head := head{kind: Kind(b[22]), length: le(b[4:]), sum: le(b[8:]), pending: le(b[12:]), index: le(b[16:]), typ: uint16(le(b[20:]))}
			head.encode(b, h.sum)
		}
		d := newDisk().with(name, data)
		list, err := read(d)
		for i, rec := range list {
			if rec.Number != uint64(i+1) {
				t.Fatalf("record %d is number %d", i, rec.Number)
			}
		}
		j, opened := open(d, Options{SegmentBytes: 4096})
		if (err == nil) != (opened == nil) {
			t.Fatalf("read: %v, opened: %v", err, opened)
		}
		if opened != nil {
			return
		}
		if j.Last() != uint64(len(list)) {
			t.Fatalf("%d records are read, %d opened", len(list), j.Last())
		}
		s, err := survey(d)
		if err != nil || s.Tear.Segment != "" {
			t.Fatalf("after opening: %v, %+v", err, s)
		}
	})
}

func le(b []byte) uint32 { return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24 }
