package model

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"math"

	"github.com/elegans-nn/elegans/engine"
)

// Stream runs a model row by row and carries its state. It belongs to one goroutine; Step allocates nothing. Several
// streams of one model share nothing that changes.
type Stream struct {
	m          *Model
	e          *engine.Engine
	x, dt      []float32
	part       []float32
	states     [][]float32
	prediction []float32
	y          []float32
	trials     *trials   // of an adaptive model
	start      []float32 // the states before a row of it
}

// Stream starts a stream from the zero state. It panics where the model is not Causal.
func (m *Model) Stream() *Stream {
	m.mustBeCausal()
	p := m.program
	s := &Stream{m: m, e: engine.Compile(p, engine.Options{Steps: 1, Lanes: 1, Probes: m.errors})}
	s.e.SetParams(m.theta)
	s.x, s.dt, s.part = s.e.Input(0, 0), s.e.DT(0), s.e.Part(0)
	for i := range p.States {
		s.states = append(s.states, s.e.State(i))
	}
	s.y, s.prediction = s.e.Output(p.Output("y"), 0), s.e.Output(p.Output("prediction"), 0)
	s.Reset()
	if s.trials = m.trialsOf(s.e, s.states); s.trials != nil {
		s.start = make([]float32, s.width())
	}
	return s
}

func (m *Model) mustBeCausal() {
	if err := m.Causal(); err != nil {
		panic("model: " + err.Error())
	}
}

// Step advances by one row: x in raw units, one value per input of the schema (NaN: not observed, where the schema
// declares missing values), dt the time since the previous row in the schema's unit (the schema's FirstDT for the first
// row). It returns the prediction, which the next Step overwrites: class probabilities, or values in raw units.
//
// The error is an *InputError, or a *StepError of an Adaptive model, and the state is as before. It panics where x has the wrong length. A stream never learns.
func (s *Stream) Step(x []float32, dt float32) ([]float32, error) {
	if err := s.m.check(x, dt); err != nil {
		return nil, err
	}
	if s.trials != nil {
		return s.attempt(x, dt)
	}
	n := s.m.limits.Parts(dt)
	for k := range n {
		copy(s.x, x)
		p := s.m.limits.Part(dt, n, k)
		if s.dt != nil {
			s.dt[0] = p.DT
		}
		p.Write(s.part, 0)
		s.e.Forward(1)
	}
	return s.prediction, nil
}

// attempt is Step in as many steps as errors ask.
func (s *Stream) attempt(x []float32, dt float32) ([]float32, error) {
	at := s.start
	for _, state := range s.states {
		at = at[copy(at, state):]
	}
	copy(s.x, x)
	s.trials.begin(0, dt)
	for s.trials.run() {
	}
	if q := &s.trials.lanes[0]; q.failed {
		at = s.start
		for _, state := range s.states {
			at = at[copy(state, at):]
		}
		return nil, q.error("", -1)
	}
	return s.prediction, nil
}

// Y is the program's output of the last Step before decoding: logits, or scaled values.
func (s *Stream) Y() []float32 { return s.y }

// Reset returns to the zero state.
func (s *Stream) Reset() {
	for _, v := range s.states {
		clear(v)
	}
}

// Fork is a second stream that goes on from the same state and shares nothing with the first that changes.
func (s *Stream) Fork() *Stream {
	f := s.m.Stream()
	for i, v := range s.states {
		copy(f.states[i], v)
	}
	return f
}

// A snapshot is, little endian: the magic, a format number, a hash of the layout of the states, the values, and a CRC-32
// of all before.
const (
	snapshotMagic  = "elegans state"
	snapshotFormat = 1
)

// layout identifies the names and widths of the states, so that a snapshot fits any model of the same architecture,
// whatever its parameters.
func (m *Model) layout() uint64 {
	h := fnv.New64a()
	for _, st := range m.program.States {
		fmt.Fprintf(h, "%s %v\n", st.Name, m.program.Nodes[st.Node].Shape)
	}
	return h.Sum64()
}

// Snapshot is the state as bytes: versioned, checksummed, the same on every machine.
func (s *Stream) Snapshot() []byte {
	b := []byte(snapshotMagic)
	b = append(b, snapshotFormat)
	b = binary.LittleEndian.AppendUint64(b, s.m.layout())
	for _, state := range s.states {
		for _, v := range state {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	}
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// Errors of Restore.
var (
	ErrSnapshotDamaged = errors.New("model: not a snapshot of a stream, or a damaged one")
	ErrSnapshotForeign = errors.New("model: the snapshot is of a model with other states; restore it into a stream of the same architecture")
	ErrSnapshotNewer   = errors.New("model: the snapshot was written by a newer version; update elegans")
)

// Restore returns to the state of a snapshot. On an error the state is as before.
func (s *Stream) Restore(snapshot []byte) error {
	head := len(snapshotMagic) + 1 + 8
	if len(snapshot) < head+4 || string(snapshot[:len(snapshotMagic)]) != snapshotMagic {
		return ErrSnapshotDamaged
	}
	body, sum := snapshot[:len(snapshot)-4], binary.LittleEndian.Uint32(snapshot[len(snapshot)-4:])
	switch {
	case crc32.ChecksumIEEE(body) != sum:
		return ErrSnapshotDamaged
	case body[len(snapshotMagic)] > snapshotFormat:
		return ErrSnapshotNewer
	case body[len(snapshotMagic)] < 1:
		return ErrSnapshotDamaged
	case binary.LittleEndian.Uint64(body[len(snapshotMagic)+1:]) != s.m.layout() || len(body)-head != 4*s.width():
		return ErrSnapshotForeign
	}
	values := body[head:]
	for _, state := range s.states {
		for i := range state {
			state[i] = math.Float32frombits(binary.LittleEndian.Uint32(values))
			values = values[4:]
		}
	}
	return nil
}

func (s *Stream) width() (n int) {
	for _, state := range s.states {
		n += len(state)
	}
	return n
}
