package train

import (
	"errors"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/step"
)

// ErrNotFinite is what Optimiser.Update says to a step that would make a parameter, or what the optimiser remembers, infinite or
// not a number.
var ErrNotFinite = errors.New("train: the step would make a parameter or the optimiser's memory not finite, so nothing was learned; lower the learning rate, or clip")

// Optimiser is one of the Optimisers for a training loop of one's own, one step after the other. It remembers its steps, so
// that each run needs one of its own.
type Optimiser struct {
	a            *optimiser
	o            Options
	before, kept memory
}

// memory is what a step changes.
type memory struct {
	theta []float32 // empty where nobody asks for it
	slots [][]float32
	steps int
}

// NewOptimiser makes the options' optimiser for the parameters of p, with the options' learning rate (without a schedule),
// clipping, weight decay and groups. Options of Fit's loop (epochs, batch, schedule, patience) are not looked at.
//
// The error is the first option outside its range.
func NewOptimiser(p *step.Program, o Options) (*Optimiser, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	o = o.Filled()
	a, err := newOptimiser(p, o)
	if err != nil {
		return nil, err
	}
	u := &Optimiser{a: a, o: o, before: a.memory(), kept: a.memory()}
	u.before.theta = make([]float32, p.ParamCount())
	return u, nil
}

// memory is room for what a step changes, but for the parameters.
func (a *optimiser) memory() (m memory) {
	for _, v := range a.Slots {
		m.slots = append(m.slots, make([]float32, len(v)))
	}
	return m
}

// save takes what the optimiser remembers.
func (m *memory) save(a *optimiser) {
	m.steps = a.Steps
	for k, v := range a.Slots {
		copy(m.slots[k], v)
	}
}

// restore gives it back.
func (m *memory) restore(a *optimiser) {
	a.Steps = m.steps
	for k, v := range m.slots {
		copy(a.Slots[k], v)
	}
}

// Update takes one step and keeps every parameter within its bounds. It may change grad. On ErrNotFinite parameters and
// memory are as before.
func (u *Optimiser) Update(theta, grad []float32) error {
	u.before.save(u.a)
	copy(u.before.theta, theta)
	if u.o.Clip > 0 {
		clip(grad, u.o.Clip)
	}
	u.a.step(u.o.LearningRate, theta, grad)
	fine := engine.Finite(theta)
	for _, v := range u.a.Slots { // what a bound on a parameter hides shows here
		fine = fine && engine.Finite(v)
	}
	if !fine {
		u.before.restore(u.a)
		copy(theta, u.before.theta)
		return ErrNotFinite
	}
	return nil
}

// Keep remembers what the optimiser remembers now, for Undo.
func (u *Optimiser) Keep() { u.kept.save(u.a) }

// Undo makes the optimiser forget the steps since Keep. The parameters are the caller's to take back.
func (u *Optimiser) Undo() { u.kept.restore(u.a) }

// NewUpdate is the Update of a NewOptimiser.
func NewUpdate(p *step.Program, o Options) (func(theta, grad []float32) error, error) {
	u, err := NewOptimiser(p, o)
	if err != nil {
		return nil, err
	}
	return u.Update, nil
}
