package train

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/step"
)

// Optimiser is that of NewUpdate as something that can be kept: its memory goes into a snapshot and comes back from it, so
// that who is interrupted goes on to the same bits. It belongs to one goroutine.
type Optimiser struct {
	o Options
	a *optimiser
}

// NewOptimiser makes an optimiser that has taken no step. The error is the first option outside its range.
func NewOptimiser(p *step.Program, o Options) (*Optimiser, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	o = o.Filled()
	a, err := newOptimiser(p, o)
	if err != nil {
		return nil, err
	}
	return &Optimiser{o, a}, nil
}

// Update takes one step as the function of NewUpdate does. It may change grad.
func (m *Optimiser) Update(theta, grad []float32) {
	if m.o.Clip > 0 {
		clip(grad, m.o.Clip)
	}
	m.a.step(m.o.LearningRate, theta, grad)
}

// AppendBinary appends what the optimiser remembers: the number of its steps and the values of its slots, little endian.
// The error is nil.
func (m *Optimiser) AppendBinary(b []byte) ([]byte, error) {
	b = binary.LittleEndian.AppendUint64(b, uint64(m.a.Steps))
	for _, slot := range m.a.Slots {
		for _, v := range slot {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	}
	return b, nil
}

// UnmarshalBinary goes on from what AppendBinary gave. The error says that it is of an optimiser of another kind or size;
// the optimiser is then as it was.
func (m *Optimiser) UnmarshalBinary(data []byte) error {
	want := 8
	for _, slot := range m.a.Slots {
		want += 4 * len(slot)
	}
	if len(data) != want {
		return fmt.Errorf("the memory of the optimiser has %d bytes, that of %s has %d: it is of another optimiser or model", len(data), m.o.Optimiser, want)
	}
	steps := binary.LittleEndian.Uint64(data)
	if steps > math.MaxInt32 {
		return errors.New("the memory of the optimiser is damaged")
	}
	m.a.Steps, data = int(steps), data[8:]
	for _, slot := range m.a.Slots {
		for i := range slot {
			slot[i] = math.Float32frombits(binary.LittleEndian.Uint32(data))
			data = data[4:]
		}
	}
	return nil
}

// Reset forgets all steps.
func (m *Optimiser) Reset() {
	m.a.Steps = 0
	for _, slot := range m.a.Slots {
		clear(slot)
	}
}
