package drift

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// A snapshot is, in this order and little-endian: magic and version, the length of the text of the method and that text as
// Format writes it, count, n, level, the numbers of the state in the order of its code, and the CRC-32C of all before.
const magic = "elegans-drift-1\n"

// maxCount is more values than anybody has; indices beyond it would overflow.
const maxCount = 1 << 62

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// MarshalBinary is a snapshot: a detector that is made from it by UnmarshalBinary goes on as this one does, to the bit. The error
// is nil except for a zero Detector.
func (d *Detector) MarshalBinary() ([]byte, error) {
	if d.state == nil {
		return nil, errors.New("drift: a zero detector has no snapshot; make one by New")
	}
	c := &coder{data: []byte(magic)}
	method := Format(d.method)
	c.data = binary.LittleEndian.AppendUint16(c.data, uint16(len(method)))
	c.data = append(c.data, method...)
	d.code(c)
	return binary.LittleEndian.AppendUint32(c.data, crc32.Checksum(c.data, castagnoli)), nil
}

// UnmarshalBinary makes the detector the one whose snapshot it is. The error says in one line what is wrong with the data; the
// detector is then as it was before.
func (d *Detector) UnmarshalBinary(data []byte) error {
	head := len(magic) + 2
	if len(data) < head+4 || string(data[:len(magic)]) != magic {
		return fmt.Errorf("drift: %d bytes do not begin as a snapshot of a detector does; allowed: what MarshalBinary wrote", len(data))
	}
	body := data[:len(data)-4]
	if want, got := binary.LittleEndian.Uint32(data[len(body):]), crc32.Checksum(body, castagnoli); want != got {
		return fmt.Errorf("drift: the snapshot has checksum %08x instead of %08x: it is damaged or cut short; use an older one", got, want)
	}
	length := int(binary.LittleEndian.Uint16(body[len(magic):]))
	if length > len(body)-head {
		return errors.New("drift: the snapshot ends within its options")
	}
	m, err := Parse(string(body[head : head+length]))
	if err != nil {
		return fmt.Errorf("drift: the snapshot's options: %w", err)
	}
	c := &coder{data: body[head+length:], reads: true}
	made, err := New(m)
	if err != nil {
		return err
	}
	made.code(c)
	c.demand(len(c.data) == 0, "something follows after its end")
	if c.err != nil {
		return fmt.Errorf("drift: the snapshot of %s is not one that MarshalBinary wrote: %w", made.Name(), c.err)
	}
	*d = *made
	return nil
}

// code writes or reads all but the method.
func (d *Detector) code(c *coder) {
	level := int64(0)
	for i, l := range levels {
		if l == d.level {
			level = int64(i)
		}
	}
	c.ints(&d.count, &d.n, &level)
	c.demand(level >= 0 && level < int64(len(levels)), "no such level")
	c.demand(0 <= d.n && d.n <= d.count && d.count <= maxCount, "its counts contradict each other")
	if c.err != nil {
		return
	}
	d.level = levels[level]
	d.state.code(c, d.n)
}

// coder writes numbers, or reads them to the same variables: one list of them serves both ways, so what is written is what is
// read. After an error it reads nothing more.
type coder struct {
	data  []byte
	reads bool
	err   error
}

func (c *coder) word(v uint64) uint64 {
	if !c.reads {
		c.data = binary.LittleEndian.AppendUint64(c.data, v)
		return v
	}
	c.demand(len(c.data) >= 8, "it ends within its numbers")
	if c.err != nil {
		return v
	}
	v = binary.LittleEndian.Uint64(c.data)
	c.data = c.data[8:]
	return v
}

func (c *coder) ints(list ...*int64) {
	for _, v := range list {
		*v = int64(c.word(uint64(*v)))
	}
}

// floats are always finite.
func (c *coder) floats(list ...*float64) {
	for _, v := range list {
		*v = math.Float64frombits(c.word(math.Float64bits(*v)))
		c.demand(!math.IsNaN(*v) && !math.IsInf(*v, 0), "one of its numbers is not finite")
	}
}

// demand notes the first reason why what was read cannot be. Of what is written nothing is demanded.
func (c *coder) demand(ok bool, reason string) {
	if c.reads && !ok && c.err == nil {
		c.err = errors.New(reason)
	}
}
