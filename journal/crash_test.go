package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// world is a journal that is used at random, and what it has to hold.
type world struct {
	t        *testing.T
	r        *rand.Rand
	d        *disk
	j        *Journal
	policy   Policy
	acked    []Record // by number; record n is acked[n-1]
	maybe    []Record // appends in the place of the next record that failed and that a crash may leave
	promised int      // that many must be there after a loss of power
	crashes  int
	lost     int
}

// small are segments that a few records fill.
func small(p Policy) Options { return Options{Policy: p, Interval: time.Hour, SegmentBytes: 600} }

func newWorld(t *testing.T, p Policy, seed uint64) *world {
	w := &world{t: t, r: rand.New(rand.NewPCG(seed, 7)), d: newDisk(), policy: p}
	w.open()
	return w
}

func (w *world) open() {
	w.t.Helper()
	j, err := open(w.d, small(w.policy))
	if err != nil {
		w.t.Fatalf("after %d crashes: %v", w.crashes, err)
	}
	w.j, w.promised = j, len(w.acked)
}

// promise notes what survives a loss of power.
func (w *world) promise(all bool) {
	if all || w.policy == EveryRecord {
		w.promised = len(w.acked)
	}
	w.promised = max(w.promised, int(w.j.h.first)-1) // full segments are durable
}

// step does one thing and says whether it failed.
func (w *world) step() error {
	rec := Record{Number: uint64(len(w.acked) + 1), Kind: Entry, Type: uint16(w.r.Uint32()),
		Time: time.Unix(0, w.r.Int64()).UTC(), Payload: make([]byte, w.r.IntN(120))}
	if w.r.IntN(40) == 0 {
		rec.Payload = make([]byte, 900) // longer than a segment
	}
	for i := range rec.Payload {
		rec.Payload[i] = byte(w.r.Uint32())
	}
	var err error
	switch w.r.IntN(30) {
	case 0, 1:
		rec.Kind = Snapshot
		_, err = w.j.Snapshot(rec.Type, rec.Time, rec.Payload)
	case 2, 3:
		rec.Kind, rec.To = Rollback, w.j.First()+w.r.Uint64N(w.j.Last()-w.j.First()+1+1)
		rec.To = min(rec.To, w.j.Last())
		if _, removed := w.j.History(rec.To); removed != nil {
			return nil
		}
		_, err = w.j.Rollback(rec.Type, rec.Time, rec.To, rec.Payload)
	case 4:
		return w.all(w.j.Sync())
	case 5:
		_, err := w.j.Compact(w.r.Uint64N(w.j.Last() + 1))
		return err
	case 6:
		if err := w.j.Close(); err != nil {
			return err
		}
		w.promise(true)
		life, room := w.d.life, w.d.room
		w.d.killed() // opening must not fail here
		w.open()
		w.d.life, w.d.room = life, room
		return nil
	case 7:
		w.j.background()
		return w.all(w.j.usable())
	default:
		_, err = w.j.Append(rec.Type, rec.Time, rec.Payload)
	}
	if err != nil {
		w.maybe = append(w.maybe, rec)
		return err
	}
	w.acked, w.maybe = append(w.acked, rec), nil
	w.promise(rec.Kind == Snapshot)
	return nil
}

func (w *world) all(err error) error {
	if err == nil {
		w.promise(true)
	}
	return err
}

// read is all that a reader finds.
func read(d storage) (list []Record, err error) {
	r, err := newReader(d)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return list, err
		}
		rec.Payload = bytes.Clone(rec.Payload)
		list = append(list, rec)
	}
}

func same(a, b Record) bool {
	return a.Number == b.Number && a.Kind == b.Kind && a.Type == b.Type && a.Time.Equal(b.Time) && a.To == b.To && bytes.Equal(a.Payload, b.Payload)
}

// survive opens the journal after a crash and compares it with what was promised.
func (w *world) survive(d *disk, atLeast int) error {
	w.crashes++
	for range w.r.IntN(3) { // and it crashes again while it is opened
		d.life = w.r.IntN(60)
		if _, err := open(d, small(w.policy)); err != nil && !errors.Is(err, errKilled) {
			return fmt.Errorf("opened for a moment: %w", err)
		}
		if d = d.killed(); w.r.IntN(2) == 0 && atLeast == w.promised {
			d = d.cut(w.r)
		}
	}
	w.d = d
	before := w.acked
	j, err := open(d, small(w.policy))
	if err != nil {
		return err
	}
	list, err := read(d)
	if err != nil {
		return fmt.Errorf("after it was opened: %w", err)
	}
	if _, err := j.History(j.Last()); err != nil { // also after a compaction that was interrupted
		return err
	}
	last := int(j.Last())
	if last < atLeast {
		return fmt.Errorf("record %d is the last, %d were promised", last, atLeast)
	}
	if n := len(list); n > 0 && list[n-1].Number != uint64(last) {
		return fmt.Errorf("the reader ends with record %d of %d", list[n-1].Number, last)
	}
	for i, rec := range list {
		if i > 0 && rec.Number != list[i-1].Number+1 {
			return fmt.Errorf("record %d follows record %d", rec.Number, list[i-1].Number)
		}
		if n := int(rec.Number); n == len(before)+1 && n == last {
			if !slices.ContainsFunc(w.maybe, func(m Record) bool { return same(m, rec) }) {
				return fmt.Errorf("record %d was never appended", n)
			}
			before = append(before, rec)
		} else if n > len(before) || !same(rec, before[n-1]) {
			return fmt.Errorf("record %d is another one", n)
		}
	}
	if len(w.acked) > last {
		w.lost += len(w.acked) - last
		before = before[:last]
	}
	w.j, w.acked, w.maybe, w.promised = j, slices.Clone(before), nil, last
	return nil
}

// Whenever a process is killed, and whatever it was doing, every appended record is there, under every policy.
func TestKilledAtAnyByte(t *testing.T) {
	for p := EveryRecord; p <= Never; p++ {
		for seed := range uint64(60) {
			w := newWorld(t, p, seed)
			for range 5 {
				w.d.life = w.r.IntN(3000)
				for w.step() == nil || w.d.life > 0 {
				}
				if err := w.survive(w.d.killed(), len(w.acked)); err != nil {
					t.Fatalf("%v, seed %d, crash %d: %v", p, seed, w.crashes, err)
				}
			}
			if w.lost > 0 {
				t.Fatalf("%v: %d records are lost", p, w.lost)
			}
		}
	}
}

// Whenever the power goes, what the policy promises is there, and nothing is ever taken for damage.
func TestPowerLoss(t *testing.T) {
	for p := EveryRecord; p <= Never; p++ {
		lost := 0
		for seed := range uint64(100) {
			w := newWorld(t, p, seed)
			for range 5 {
				w.d.life = w.r.IntN(3000)
				for w.step() == nil || w.d.life > 0 {
				}
				if err := w.survive(w.d.cut(w.r), w.promised); err != nil {
					t.Fatalf("%v, seed %d, crash %d: %v", p, seed, w.crashes, err)
				}
			}
			lost += w.lost
		}
		if (lost > 0) != (p != EveryRecord) {
			t.Errorf("%v: %d records are lost", p, lost)
		}
	}
}

// The test above finds a journal that syncs less than its policy says.
func TestPowerLossIsNoticed(t *testing.T) {
	failed := 0
	for seed := range uint64(20) {
		w := newWorld(t, Never, seed)
		w.d.life = w.r.IntN(3000)
		for w.step() == nil || w.d.life > 0 {
		}
		if w.survive(w.d.cut(w.r), len(w.acked)) != nil {
			failed++
		}
	}
	if failed < 5 {
		t.Errorf("%d of 20 journals that were not synced have lost something", failed)
	}
}

// A disk that is full, again and again, and whose syncs fail: what was appended before is there, and the next append works
// when there is room again.
func TestFullDisk(t *testing.T) {
	for p := EveryRecord; p <= Never; p++ {
		full := 0
		for seed := range uint64(60) {
			w := newWorld(t, p, seed)
			for range 12 {
				w.d.room = w.r.IntN(900)
				for range 30 {
					last, before := w.j.Last(), w.d.used()
					if err := w.step(); err != nil {
						full++
						if w.j.Last() != last {
							t.Fatalf("%v, seed %d: the last record was %d and is %d after %v", p, seed, last, w.j.Last(), err)
						}
						if w.d.used() > before+headerBytes {
							t.Fatalf("%v, seed %d: %d bytes are used, %d were, after %v", p, seed, w.d.used(), before, err)
						}
					}
				}
				w.d.room = -1
				n, err := w.j.Append(9, time.Unix(1, 2), []byte("room"))
				if err != nil || n != uint64(len(w.acked)+1) {
					t.Fatalf("%v, seed %d: record %d, %v, though there is room", p, seed, n, err)
				}
				w.acked, w.maybe = append(w.acked, Record{Number: n, Kind: Entry, Type: 9, Time: time.Unix(1, 2), Payload: []byte("room")}), nil
				w.promise(false)
				d, promised := w.d.killed(), len(w.acked)
				if w.r.IntN(2) == 0 {
					d, promised = w.d.cut(w.r), w.promised
				}
				if err := w.survive(d, promised); err != nil {
					t.Fatalf("%v, seed %d, crash %d: %v", p, seed, w.crashes, err)
				}
			}
		}
		if full < 100 {
			t.Errorf("%v: the disk was full %d times; this test shows nothing", p, full)
		}
	}
}

// A sync that fails takes back the record that it was for; records that only waited for it end the journal.
func TestSickDisk(t *testing.T) {
	d := newDisk()
	j, err := open(d, small(EveryRecord))
	if err != nil {
		t.Fatal(err)
	}
	put(t, j, "one")
	d.sick = 1
	if _, err := j.Append(1, time.Time{}, []byte("two")); err == nil {
		t.Fatal("the record is appended though it could not be made durable")
	}
	if n, err := j.Append(1, time.Time{}, []byte("again")); n != 2 || err != nil {
		t.Fatalf("record %d, %v", n, err)
	}
	if list, err := read(d); err != nil || len(list) != 2 || string(list[1].Payload) != "again" {
		t.Errorf("%v, %v", list, err)
	}
	d = newDisk()
	if j, err = open(d, small(Never)); err != nil {
		t.Fatal(err)
	}
	put(t, j, "one")
	d.sick = 1
	failed := j.Sync()
	if failed == nil {
		t.Fatal("no error of a sync that failed")
	}
	if _, err := j.Append(1, time.Time{}, nil); !errors.Is(err, failed) {
		t.Errorf("a record is taken after a sync has failed: %v", err)
	}
	if err := j.Close(); !errors.Is(err, failed) {
		t.Errorf("closed with %v", err)
	}
	if j, err = open(d, small(Never)); err != nil || j.Last() != 1 {
		t.Errorf("opened again: %v", err)
	}
}

// A segment that has its name, though its making has failed, is where the next record goes, even if that would fit into
// the one before.
func TestSegmentThatIsHalfMade(t *testing.T) {
	d := newDisk()
	j, err := open(d, small(EveryRecord))
	if err != nil {
		t.Fatal(err)
	}
	put(t, j, "one")
	d.lame = 1
	if _, err := j.Append(1, time.Time{}, make([]byte, 700)); err == nil || d.lame > 0 {
		t.Fatalf("the directory could not be synced: %v", err)
	}
	put(t, j, "two")
	put(t, j, "three")
	list, err := read(d)
	if err != nil || len(list) != 3 || len(d.names) != 2 {
		t.Errorf("%v, %d files, %v", list, len(d.names), err)
	}
	if s, err := survey(d.cut(rand.New(rand.NewPCG(1, 1)))); err != nil || s.Last != 3 {
		t.Errorf("after a loss of power: %v, %v", s, err)
	}
}

func put(t *testing.T, j *Journal, payload string) uint64 {
	t.Helper()
	n, err := j.Append(1, time.Unix(int64(len(payload)), 0), []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
