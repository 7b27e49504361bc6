package journal

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"
)

// Sizes of the format, in bytes; doc.go has the layout.
const (
	headerBytes = 48 // of a segment
	headBytes   = 32 // of a record, before its payload
	sumBytes    = 4  // of a checksum
	targetBytes = 8  // of a roll-back's target, before its payload
)

// MaxPayload is the largest payload of a record: 1 GiB.
const MaxPayload = 1 << 30

const (
	magic     = "elegansJ"
	version   = 1
	extension = ".journal"
	unnamed   = "next.tmp" // a segment until it is whole
)

// castagnoli is the polynomial of CRC32C: it finds every burst of up to 32 bits, and any three flipped bits of a frame of
// up to 2³¹ bits (Castagnoli and others, IEEE Transactions on Communications 41, 1993).
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Kind says what the journal itself knows of a record.
type Kind uint8

const (
	// Entry is a record of the user's.
	Entry Kind = iota + 1
	// Snapshot is a record from which replay can begin: its payload holds the whole state after it.
	Snapshot
	// Rollback returns to the state after an earlier record.
	Rollback
	// seal is written by Close after all is durable. It has no number and no payload, and readers do not see it. It is there
	// so that the last record has something after it: damage to that record is then told from a torn tail.
	seal
)

// String is the name of a kind in lower case.
func (k Kind) String() string {
	if k < Entry || k > seal {
		return "kind " + strconv.Itoa(int(k))
	}
	return [...]string{"entry", "snapshot", "rollback", "seal"}[k-Entry]
}

// header begins a segment.
type header struct {
	first  uint64 // number of its first record
	latest int64  // the latest time of all records before, in ns since 1970; the smallest number if there are none
	id     [12]byte
	sum    uint32 // of all that; also where the checksums of its records begin
}

func (h *header) encode() []byte {
	b := make([]byte, headerBytes)
	copy(b, magic)
	binary.LittleEndian.PutUint32(b[8:], version)
	binary.LittleEndian.PutUint64(b[16:], h.first)
	binary.LittleEndian.PutUint64(b[24:], uint64(h.latest))
	copy(b[32:], h.id[:])
	h.sum = crc32.Checksum(b[:headerBytes-sumBytes], castagnoli)
	binary.LittleEndian.PutUint32(b[headerBytes-sumBytes:], h.sum)
	return b
}

// decodeHeader also compares the number with the one in the segment's name.
func decodeHeader(b []byte, first uint64) (h header, err error) {
	h.sum = binary.LittleEndian.Uint32(b[headerBytes-sumBytes:])
	h.first = binary.LittleEndian.Uint64(b[16:])
	h.latest = int64(binary.LittleEndian.Uint64(b[24:]))
	copy(h.id[:], b[32:])
	v := binary.LittleEndian.Uint32(b[8:])
	switch {
	case string(b[:len(magic)]) != magic:
		return h, flaw("it does not begin as a segment of a journal does")
	case crc32.Checksum(b[:headerBytes-sumBytes], castagnoli) != h.sum:
		return h, flaw("the checksum of the segment's header is wrong")
	case v != version:
		return h, fmt.Errorf("journal: segment %s has version %d of the format, this program reads version %d; use a newer program", segmentName(first), v, version)
	case h.first != first:
		return h, flaw(fmt.Sprintf("it begins with record %d, which is not the number in its name", h.first))
	}
	return h, nil
}

// head is what stands before a payload.
type head struct {
	length  uint32
	sum     uint32 // of the payload
	pending uint32 // how many bytes directly before this head were not known to be durable when it was written
	index   uint32 // its number less that of the segment's first record
	typ     uint16
	kind    Kind
	time    int64
}

// encode writes the head to the first headBytes of b.
func (h *head) encode(b []byte, seed uint32) {
	binary.LittleEndian.PutUint32(b[4:], h.length)
	binary.LittleEndian.PutUint32(b[8:], h.sum)
	binary.LittleEndian.PutUint32(b[12:], h.pending)
	binary.LittleEndian.PutUint32(b[16:], h.index)
	binary.LittleEndian.PutUint16(b[20:], h.typ)
	b[22], b[23] = byte(h.kind), 0
	binary.LittleEndian.PutUint64(b[24:], uint64(h.time))
	binary.LittleEndian.PutUint32(b, crc32.Update(seed, castagnoli, b[sumBytes:headBytes]))
}

// decodeHead reads the first headBytes of b. What cannot be a head is told by its kind first, since the search for one
// tries every byte.
func decodeHead(b []byte, seed uint32) (h head, ok bool) {
	h.kind = Kind(b[22])
	if h.kind < Entry || h.kind > seal || b[23] != 0 || crc32.Update(seed, castagnoli, b[sumBytes:headBytes]) != binary.LittleEndian.Uint32(b) {
		return h, false
	}
	h.length = binary.LittleEndian.Uint32(b[4:])
	h.sum = binary.LittleEndian.Uint32(b[8:])
	h.pending = binary.LittleEndian.Uint32(b[12:])
	h.index = binary.LittleEndian.Uint32(b[16:])
	h.typ = binary.LittleEndian.Uint16(b[20:])
	h.time = int64(binary.LittleEndian.Uint64(b[24:]))
	return h, true
}

// segmentName is 20 digits, so that names sort as numbers do.
func segmentName(first uint64) string { return fmt.Sprintf("%020d%s", first, extension) }

// segmentNumber is the number in a name; others than those of segments have none.
func segmentNumber(name string) (first uint64, ok bool) {
	digits, ok := strings.CutSuffix(name, extension)
	first, err := strconv.ParseUint(digits, 10, 64)
	return first, ok && err == nil && first > 0 && name == segmentName(first)
}

// The times that fit into nanoseconds since 1970.
var (
	earliest = time.Unix(0, -1<<63).UTC()
	farthest = time.Unix(0, 1<<63-1).UTC()
)

// nanoseconds is a time as it is stored; the zero time is now.
func nanoseconds(at time.Time) (int64, error) {
	if at.IsZero() {
		return time.Now().UnixNano(), nil
	}
	if at.Before(earliest) || at.After(farthest) {
		return 0, fmt.Errorf("journal: the time of a record is %s; allowed: %d to %d", at.Format(time.RFC3339), earliest.Year()+1, farthest.Year()-1)
	}
	return at.UnixNano(), nil
}
