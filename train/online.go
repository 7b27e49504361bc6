package train

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// AppendBinary appends what the optimiser remembers: the number of its steps and the values of its slots, little endian. An
// optimiser that is made with the same options goes on from it to the same bits. The error is nil.
func (u *Optimiser) AppendBinary(b []byte) ([]byte, error) {
	b = binary.LittleEndian.AppendUint64(b, uint64(u.a.Steps))
	for _, slot := range u.a.Slots {
		for _, v := range slot {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	}
	return b, nil
}

// UnmarshalBinary goes on from what AppendBinary gave, which Keep is called for. The error says that it is of an optimiser of
// another kind or size; the optimiser is then as it was.
func (u *Optimiser) UnmarshalBinary(data []byte) error {
	want := 8
	for _, slot := range u.a.Slots {
		want += 4 * len(slot)
	}
	if len(data) != want {
		return fmt.Errorf("the memory of the optimiser has %d bytes, that of %s has %d: it is of another optimiser or model", len(data), u.o.Optimiser, want)
	}
	steps := binary.LittleEndian.Uint64(data)
	if steps > math.MaxInt32 {
		return errors.New("the memory of the optimiser is damaged")
	}
	u.a.Steps, data = int(steps), data[8:]
	for _, slot := range u.a.Slots {
		for i := range slot {
			slot[i] = math.Float32frombits(binary.LittleEndian.Uint32(data))
			data = data[4:]
		}
	}
	u.Keep()
	return nil
}

// Reset forgets all steps.
func (u *Optimiser) Reset() {
	u.a.Steps = 0
	for _, slot := range u.a.Slots {
		clear(slot)
	}
	u.Keep()
}
