package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"
)

// Record is one of a journal.
type Record struct {
	// Number counts from 1 and never repeats.
	Number uint64
	// Kind is Entry, Snapshot or Rollback.
	Kind Kind
	// Type is the user's own.
	Type uint16
	// Time is when it was appended, or what its writer said, in UTC with nanoseconds.
	Time time.Time
	// To is where a Rollback returns to.
	To uint64
	// Payload is the user's own. Who keeps it beyond the call that it came with must copy it.
	Payload []byte
}

// Reader reads the records of a journal in order, also while another goroutine or process writes it, and never changes it.
// It belongs to one goroutine.
//
// A reader may see a record before it is durable, and so one that is taken back since it cannot be made durable. One that is
// open while the writer's machine or process dies should be opened again.
type Reader struct {
	d     storage
	f     file
	s     *scanner
	from  uint64 // the next record to be returned
	since int64  // or the first from this time on
	timed bool
}

// OpenReader reads from the oldest record on. The directory must exist.
func OpenReader(dir string) (*Reader, error) { return newReader(directory(dir)) }

func newReader(d storage) (*Reader, error) {
	if _, err := d.list(); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return &Reader{d: d}, nil
}

// Seek goes to a record, so that the next call of Next returns it; 0 is the oldest one. It may be one that is still to be
// written: Next then returns io.EOF until it is there.
func (r *Reader) Seek(number uint64) {
	r.Close()
	r.from, r.timed = number, false
}

// SeekTime goes to the first record in the journal's order whose time is at or after a time. Times need not ascend;
// the zero time is now. It reads the headers of segments only.
func (r *Reader) SeekTime(at time.Time) error {
	since, err := nanoseconds(at)
	if err != nil {
		return err
	}
	firsts, err := segments(r.d)
	if err != nil {
		return err
	}
	r.Seek(0)
	for _, first := range slices.Backward(firsts) {
		err := r.open(first)
		if errors.Is(err, fs.ErrNotExist) { // compacted a moment ago
			break
		}
		if err != nil && !errors.Is(err, errShort) {
			return err
		}
		if r.from = first; r.s != nil && r.s.h.latest < since { // so none of the records before qualifies
			break
		}
	}
	r.since, r.timed = since, true
	return nil
}

// Next returns the next record. Its payload is there until the next call. The error is io.EOF at the end, and a later call
// returns what has been appended since; a *DamageError where the journal is damaged; a *RemovedError where compaction has
// removed the record.
func (r *Reader) Next() (Record, error) {
	for {
		number, h, payload, err := r.next()
		if err != nil {
			return Record{}, err
		}
		if h.kind == seal || number < r.from || r.timed && h.time < r.since {
			continue
		}
		r.from, r.timed = number+1, false
		rec := Record{Number: number, Kind: h.kind, Type: h.typ, Time: time.Unix(0, h.time).UTC(), Payload: payload}
		if h.kind == Rollback {
			rec.To, rec.Payload = target(payload), payload[targetBytes:]
		}
		return rec, nil
	}
}

// next is the next frame of the journal.
func (r *Reader) next() (number uint64, h head, payload []byte, err error) {
	for {
		if r.s == nil {
			if err := r.find(); err != nil {
				return 0, h, nil, err
			}
		}
		number = r.s.number()
		h, payload, err = r.s.next()
		if err == nil || !ended(err) {
			return number, h, payload, err
		}
		following, whole, e := r.following(err)
		if e != nil {
			return 0, h, nil, e
		}
		if !whole {
			return 0, h, nil, io.EOF
		}
		// All that is before must be there by now, though it may not have been a moment ago.
		h, payload, err = r.s.next()
		if err == nil || !ended(err) {
			return number, h, payload, err
		}
		if err := r.turn(following, err); err != nil {
			return 0, h, nil, err
		}
	}
}

// ended is the end of a segment, be it clean or not.
func ended(err error) bool {
	_, flawed := err.(flaw)
	return flawed || errors.Is(err, io.EOF)
}

// find opens the segment of the record to be returned.
func (r *Reader) find() error {
	firsts, err := segments(r.d)
	if err != nil {
		return err
	}
	if len(firsts) == 0 {
		return io.EOF
	}
	i, found := slices.BinarySearch(firsts, max(r.from, 1))
	switch {
	case found:
	case i == 0 && r.from > 1:
		return &RemovedError{Record: r.from, First: firsts[0]}
	case i > 0:
		i--
	}
	err = r.open(firsts[i])
	switch {
	case errors.Is(err, fs.ErrNotExist): // compacted a moment ago
		return r.find()
	case errors.Is(err, errShort) && i == len(firsts)-1:
		return io.EOF
	case errors.Is(err, errShort):
		return &DamageError{Segment: segmentName(firsts[i]), Reason: err.Error()}
	}
	return err
}

func (r *Reader) open(first uint64) error {
	r.Close()
	f, err := r.d.open(segmentName(first), false)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	s, err := newScanner(f, first)
	if err != nil {
		f.Close()
		return err
	}
	r.f, r.s = f, s
	return nil
}

// following is the segment after the one at whose end the reader is, 0 if there is none, and whole says that this segment
// must be whole up to here.
func (r *Reader) following(cause error) (first uint64, whole bool, err error) {
	firsts, err := segments(r.d)
	if err != nil {
		return 0, false, err
	}
	i, found := slices.BinarySearch(firsts, r.s.h.first)
	if found {
		i++
	}
	if i < len(firsts) {
		return firsts[i], true, nil
	}
	if errors.Is(cause, io.EOF) {
		return 0, false, nil
	}
	whole, _, err = r.s.proven()
	return 0, whole, err
}

// turn goes on with the segment that follows.
func (r *Reader) turn(following uint64, cause error) error {
	number := r.s.number()
	_, flawed := cause.(flaw)
	switch {
	case flawed:
		return r.s.damage(cause)
	case following == 0: // what was flawed has been cut off
		return io.EOF
	case following != number:
		firsts, err := segments(r.d) // again: a list may miss a file that was made while it was read
		if err != nil {
			return err
		}
		if _, found := slices.BinarySearch(firsts, number); !found && len(firsts) > 0 && firsts[0] > number {
			return &RemovedError{Record: number, First: firsts[0]}
		} else if !found {
			return r.s.damage(fmt.Errorf("it is missing, and segment %s goes on with record %d", segmentName(following), following))
		}
		following = number
	}
	id := r.s.h.id
	r.from = max(r.from, following)
	err := r.open(following)
	switch {
	case errors.Is(err, errShort), errors.Is(err, fs.ErrNotExist):
		return nil // find looks again
	case err != nil:
		return err
	}
	if r.s.h.id != id {
		return &DamageError{Segment: segmentName(following), Offset: 32, Reason: "it belongs to another journal"}
	}
	return nil
}

// Close closes the segment that is open, if any. Seek and Next may be called again afterwards.
func (r *Reader) Close() error {
	if r.f == nil {
		return nil
	}
	err := r.f.Close()
	r.f, r.s = nil, nil
	return err
}

// Replay calls next with each record of History(at) of a journal, in order: a snapshot first, or record 1, and no
// roll-backs. Payloads are there until next returns. An error of next ends it.
func Replay(dir string, at uint64, next func(Record) error) error {
	s, err := Check(dir)
	if err != nil {
		return err
	}
	spans, err := s.History(at)
	if err != nil {
		return err
	}
	return replay(directory(dir), spans, next)
}

// Replay is that of the package, without reading the journal twice.
func (j *Journal) Replay(at uint64, next func(Record) error) error {
	spans, err := j.History(at)
	if err != nil {
		return err
	}
	return replay(j.d, spans, next)
}

func replay(d storage, spans []Span, next func(Record) error) error {
	r, err := newReader(d)
	if err != nil {
		return err
	}
	defer r.Close()
	for _, span := range spans {
		r.Seek(span.From)
		for n := span.From; n <= span.To; n++ {
			record, err := r.Next()
			if err == nil && record.Number != n {
				err = &RemovedError{Record: n, First: record.Number}
			}
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			if err != nil {
				return err
			}
			if err := next(record); err != nil {
				return err
			}
		}
	}
	return nil
}
