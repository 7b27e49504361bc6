package journal

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// Summary is what a journal holds, as Check finds it.
type Summary struct {
	// First and Last are the numbers of the oldest and the newest record; Last is First - 1 where there is none. First is 1
	// until the journal is compacted.
	First, Last uint64
	// Segments is the number of files and Bytes their size.
	Segments int
	Bytes    int64
	// Snapshots are the numbers of all snapshots, ascending.
	Snapshots []uint64
	// Jumps are all roll-backs, ascending.
	Jumps []Jump
	// Tear is the torn tail, which the next Open cuts off; the zero value if there is none.
	Tear Tear

	latest int64 // the latest time of a record
	end    tail
}

// Jump is a roll-back: after record At the state is that after record To, 0 being the state before the first record.
type Jump struct{ At, To uint64 }

// Tear is what a crash has left of writes that were not finished or not durable.
type Tear struct {
	// Segment is the name of the file and Offset the byte from which on it is torn.
	Segment string
	Offset  int64
	// Bytes is how many there are.
	Bytes int64
	// Reason says why no record is there.
	Reason string
}

// tail is where a journal goes on.
type tail struct {
	first  uint64 // of the last segment; 0 if there is none that has a header
	h      header
	off    int64
	sealed bool // by the last frame
}

// Check reads a whole journal without changing it. The error is a *DamageError where it is damaged; a torn tail is no
// error. While somebody writes, it may take a record for torn that is just being written, and while somebody compacts, it may
// fail for a file that is gone; call it again then.
func Check(dir string) (*Summary, error) {
	var before DamageError
	for {
		s, err := survey(directory(dir))
		var damage *DamageError
		if !errors.As(err, &damage) || *damage == before {
			return s, err
		}
		before = *damage // what a writer was doing just then looks like damage too, but does not stay where it is
	}
}

func survey(d storage) (*Summary, error) {
	firsts, err := segments(d)
	if err != nil {
		return nil, err
	}
	s := &Summary{First: 1, latest: math.MinInt64}
	if len(firsts) > 0 {
		s.First = firsts[0]
	}
	s.Last = s.First - 1
	for i, first := range firsts {
		if err := s.segment(d, first, i == len(firsts)-1); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// segment reads one of the files. Only the last can be torn, since each is made durable before the next is begun.
func (s *Summary) segment(d storage, first uint64, last bool) error {
	f, err := d.open(segmentName(first), false)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	defer f.Close()
	if first != s.Last+1 {
		return &DamageError{Segment: segmentName(s.end.first), Offset: s.end.off, Record: s.Last + 1,
			Reason: fmt.Sprintf("it is missing, and segment %s goes on with record %d", segmentName(first), first)}
	}
	size, err := f.size()
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	s.Segments++
	s.Bytes += size
	scan, err := newScanner(f, first)
	switch {
	case errors.Is(err, errShort) && last:
		s.Tear = Tear{Segment: segmentName(first), Bytes: size, Reason: err.Error()}
		return nil
	case errors.Is(err, errShort):
		return &DamageError{Segment: segmentName(first), Reason: err.Error()}
	case err != nil:
		return err
	}
	if s.end.first > 0 && !bytes.Equal(s.end.h.id[:], scan.h.id[:]) {
		return &DamageError{Segment: scan.name, Offset: 32, Reason: "it belongs to another journal"}
	}
	s.latest = max(s.latest, scan.h.latest)
	err = s.frames(scan)
	s.end.first, s.end.h, s.end.off = first, scan.h, scan.off
	if reason, flawed := err.(flaw); flawed {
		return s.tear(scan, reason, last)
	}
	return err
}

// frames takes all records of a segment into account.
func (s *Summary) frames(scan *scanner) error {
	s.end.sealed = false
	for {
		h, payload, err := scan.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s.end.sealed = h.kind == seal
		if h.kind != seal {
			s.add(h, payload)
		}
	}
}

func (s *Summary) add(h head, payload []byte) {
	s.Last++
	s.latest = max(s.latest, h.time)
	switch h.kind {
	case Snapshot:
		s.Snapshots = append(s.Snapshots, s.Last)
	case Rollback:
		s.Jumps = append(s.Jumps, Jump{s.Last, target(payload)})
	}
}

// tear decides whether what cannot be read is a torn tail.
func (s *Summary) tear(scan *scanner, reason flaw, last bool) error {
	if !last {
		return scan.damage(reason)
	}
	proven, size, err := scan.proven()
	if err != nil {
		return err
	}
	if proven {
		return scan.damage(reason)
	}
	s.Tear = Tear{Segment: scan.name, Offset: scan.off, Bytes: size - scan.off, Reason: string(reason)}
	return nil
}

// Span is a run of records, both ends included.
type Span struct{ From, To uint64 }

// History are the records that lead to the state after record at, in their order: they begin with a snapshot or with
// record 1, and leave out what was rolled back and the roll-backs themselves. at = 0 is the state before the first record.
// The error is a *RemovedError where compaction has removed what is needed.
func (s *Summary) History(at uint64) ([]Span, error) {
	if at > s.Last {
		return nil, fmt.Errorf("journal: there is no record %d; the last one is %d", at, s.Last)
	}
	var spans []Span
	for hi := at; ; {
		snapshot, jump := s.before(hi)
		if s.First > 1 && (hi < s.First || snapshot == 0 && jump.At == 0) {
			return nil, &RemovedError{Record: hi, First: s.First}
		}
		from := max(snapshot, jump.At+1)
		if from <= hi {
			spans = append(spans, Span{from, hi})
		}
		if snapshot > jump.At || jump.At == 0 {
			slices.Reverse(spans)
			return spans, nil
		}
		hi = jump.To
	}
}

// before are the last snapshot and the last roll-back up to a record; zero where there is none.
func (s *Summary) before(at uint64) (snapshot uint64, jump Jump) {
	if i, found := slices.BinarySearch(s.Snapshots, at); found {
		snapshot = at
	} else if i > 0 {
		snapshot = s.Snapshots[i-1]
	}
	i, found := slices.BinarySearchFunc(s.Jumps, at, func(j Jump, at uint64) int { return cmp.Compare(j.At, at) })
	if found {
		i++
	}
	if i > 0 {
		jump = s.Jumps[i-1]
	}
	return snapshot, jump
}

// base is the last snapshot up to a record with which the journal could begin: no later roll-back returns to before it. It
// is First where there is none.
func (s *Summary) base(to uint64) uint64 {
	jumps := len(s.Jumps)
	lowest := uint64(math.MaxUint64) // where roll-backs after the snapshot return to
	for _, snapshot := range slices.Backward(s.Snapshots) {
		for ; jumps > 0 && s.Jumps[jumps-1].At > snapshot; jumps-- {
			lowest = min(lowest, s.Jumps[jumps-1].To)
		}
		if snapshot <= to && snapshot <= lowest {
			return snapshot
		}
	}
	return s.First
}

func (s *Summary) clone() *Summary {
	c := *s
	c.Snapshots, c.Jumps = slices.Clone(s.Snapshots), slices.Clone(s.Jumps)
	return &c
}

// forget takes out what is before a record.
func (s *Summary) forget(first uint64) {
	s.First = first
	s.Snapshots = slices.DeleteFunc(s.Snapshots, func(n uint64) bool { return n < first })
	s.Jumps = slices.DeleteFunc(s.Jumps, func(j Jump) bool { return j.At < first })
}

// RemovedError is a record that compaction has removed, or whose state cannot be rebuilt since records before it were.
type RemovedError struct {
	// Record is its number, First that of the oldest record which is left.
	Record, First uint64
}

// Error implements error.
func (e *RemovedError) Error() string {
	return fmt.Sprintf("journal: record %d cannot be reached, as compaction has removed what is before record %d; choose a later one, from a snapshot on", e.Record, e.First)
}
