package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// DamageError says where a journal is damaged. Damage is what a crash cannot explain: records that were durable are gone or
// changed. Nothing is repaired; the records before it can be read.
type DamageError struct {
	// Segment is the name of the file in the journal's directory.
	Segment string
	// Offset is where in the file the first record begins that cannot be read, in bytes.
	Offset int64
	// Record is the number that it has or should have; 0 if it is the segment's header that is damaged.
	Record uint64
	// Reason says what is wrong with it.
	Reason string
}

// Error implements error.
func (e *DamageError) Error() string {
	what := "header"
	if e.Record > 0 {
		what = fmt.Sprintf("record %d", e.Record)
	}
	return fmt.Sprintf("journal: segment %s is damaged at byte %d (%s): %s; restore the file from a copy", e.Segment, e.Offset, what, e.Reason)
}

// flaw is why there is no record at a place, be it a torn tail or damage.
type flaw string

func (f flaw) Error() string { return string(f) }

// scanner reads the frames of one segment in order, also while they are written.
type scanner struct {
	f     file
	name  string
	h     header
	off   int64  // of the next frame
	index uint32 // and its number less that of the first record
	buf   []byte // of the file from at on
	at    int64
}

// errShort is a segment that is too short to have a header.
var errShort = errors.New("the segment ends within its header")

// newScanner reads the header; the error is a *DamageError where it is wrong and errShort where it is not all there.
func newScanner(f file, first uint64) (*scanner, error) {
	s := &scanner{f: f, name: segmentName(first)}
	b, err := s.bytes(headerBytes)
	if err != nil {
		return nil, err
	}
	if len(b) < headerBytes {
		return nil, errShort
	}
	s.h, err = decodeHeader(b, first)
	if reason, flawed := err.(flaw); flawed {
		return nil, &DamageError{Segment: s.name, Reason: string(reason)}
	}
	if err != nil {
		return nil, err
	}
	s.off = headerBytes
	return s, nil
}

// window is how much is read at once, in bytes, where a record is not longer.
const window = 1 << 16

// bytes are the next n of the file, or fewer at its end. They are there until the next call.
func (s *scanner) bytes(n int64) ([]byte, error) {
	if begin := s.off - s.at; begin >= 0 && begin+n <= int64(len(s.buf)) {
		return s.buf[begin : begin+n], nil
	}
	size, err := s.f.size()
	if err != nil {
		return nil, err
	}
	m := max(0, min(max(n, window), size-s.off)) // never more than there is, whatever a length says
	if int64(cap(s.buf)) < m {
		s.buf = make([]byte, m)
	}
	read, err := s.f.ReadAt(s.buf[:m], s.off)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("journal: reading segment %s at byte %d: %w", s.name, s.off, err)
	}
	s.buf, s.at = s.buf[:read], s.off
	return s.buf[:min(n, int64(read))], nil
}

// next is the next frame; its payload is there until the next call. At the end of the file the error is io.EOF, and where
// there is no whole frame it is a flaw; both may have changed at the next call, so that nothing is kept in memory of them.
func (s *scanner) next() (h head, payload []byte, err error) {
	for range 2 { // the buffer may be older than the frame
		if h, payload, err = s.try(); err == nil {
			return h, payload, nil
		}
		s.buf = s.buf[:0]
		if _, flawed := err.(flaw); !flawed {
			break
		}
	}
	return h, nil, err
}

func (s *scanner) try() (h head, payload []byte, err error) {
	b, err := s.bytes(headBytes)
	switch {
	case err != nil:
		return h, nil, err
	case len(b) == 0:
		return h, nil, io.EOF
	case len(b) < headBytes:
		return h, nil, flaw("the file ends within the head of a record")
	}
	h, ok := decodeHead(b, s.h.sum)
	if !ok {
		return h, nil, flaw("the checksum of its head is wrong")
	}
	if err := s.check(h); err != nil {
		return h, nil, err
	}
	if b, err = s.bytes(headBytes + int64(h.length)); err != nil {
		return h, nil, err
	}
	payload = b[headBytes:]
	switch {
	case len(payload) < int(h.length):
		return h, nil, flaw("the file ends within its payload")
	case crc32.Update(s.h.sum, castagnoli, payload) != h.sum:
		return h, nil, flaw("the checksum of its payload is wrong")
	case h.kind == Rollback && target(payload) >= s.number():
		return h, nil, flaw(fmt.Sprintf("it returns to record %d, which was not there before it", target(payload)))
	}
	s.off += int64(len(b))
	if h.kind != seal {
		s.index++
	}
	return h, payload, nil
}

// check finds heads whose checksum is right and which no writer of this version has written there.
func (s *scanner) check(h head) error {
	switch {
	case h.index != s.index:
		return flaw(fmt.Sprintf("record %d stands in its place", s.h.first+uint64(h.index)))
	case h.length > MaxPayload+targetBytes, h.kind == seal && h.length != 0, h.kind == Rollback && h.length < targetBytes:
		return flaw(fmt.Sprintf("a payload of %d bytes is not possible in a record of kind %s", h.length, h.kind))
	case h.kind == Snapshot && h.index != 0:
		return flaw("a snapshot does not begin its segment")
	}
	return nil
}

// number is that of the next record.
func (s *scanner) number() uint64 { return s.h.first + uint64(s.index) }

// target is where a roll-back returns to.
func target(payload []byte) uint64 { return binary.LittleEndian.Uint64(payload) }

// damage is a flaw at the next frame that no crash explains.
func (s *scanner) damage(reason error) error {
	return &DamageError{Segment: s.name, Offset: s.off, Record: s.number(), Reason: reason.Error()}
}

// proven says whether what should stand at the next frame was durable once: a later head says so, since it was written when
// all but the pending bytes before it were. Without one, what is there may be what a crash has left of writes that nobody
// was promised. size is that of the file.
func (s *scanner) proven() (proven bool, size int64, err error) {
	if size, err = s.f.size(); err != nil {
		return false, 0, err
	}
	buf := make([]byte, min(1<<20, max(headBytes, size-s.off)))
	for at := s.off + 1; at+headBytes <= size; at += int64(len(buf)) - headBytes + 1 {
		n, err := s.f.ReadAt(buf, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return false, size, err
		}
		for i := 0; i+headBytes <= n; i++ {
			h, ok := decodeHead(buf[i:], s.h.sum)
			if ok && h.index >= s.index && at+int64(i)-int64(h.pending) > s.off {
				return true, size, nil
			}
		}
	}
	return false, size, nil
}
