// Package online learns from a stream while it serves it: every row gives a prediction, every label that comes gives the
// exact gradient of its loss through the whole history, at once and without going back in time.
//
// RTRL is the mechanism, for one stream and its own copy of the parameters. Predicting never learns; learning is a call of
// its own:
//
//	l, err := online.New(m, online.Options{Loss: loss, Update: update}) // of package train
//	prediction, err := l.Step(x, dt)                                    // advances the state; changes no parameter
//	loss, err := l.Learn(label)                                         // one step of the optimiser
//
// A label that comes later needs nothing of the stream but what was true at its row: keep Y and, for each of its components,
// Gradient of a unit slope there. When the label is known, their sum weighted by the slopes of the loss goes to Apply.
package online

import (
	"errors"
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/model"
)

// Options of New.
type Options struct {
	// Loss compares the program's output y of a row with its label and writes the slope dy = ∂loss/∂y; train.NewLoss makes
	// those of a target. Learn needs it.
	Loss func(y []float32, label float64, dy []float32) float64
	// Update takes one step of an optimiser and keeps every parameter within its bounds; train.NewUpdate makes SGD, Adam and
	// others. It may change grad. Learn and Apply need it; one that remembers anything serves one RTRL.
	Update func(theta, grad []float32)
	// Memory bounds the bytes of the derivatives that are carried along; 1 GiB if zero.
	Memory int
}

// RTRL is one stream of a model that learns by exact real-time recurrent learning (Williams and Zipser, Neural
// Computation 1, 1989): it carries the derivative of the state by every parameter, S' = ∂h'/∂θ + S ∂h'/∂h. With fixed
// parameters its gradients are those of backpropagation through the whole history; while it learns, each row's part of S
// was taken at the parameters of that row.
//
// A step costs the time and memory of parameters × columns, see engine.RealTime, whatever the length of the stream. RTRL
// belongs to one goroutine and allocates nothing after New.
type RTRL struct {
	m          *model.Model
	o          Options
	r          *engine.RealTime
	theta      []float32
	grad, dy   []float32
	x, dt      []float32
	part       []float32
	y, predict []float32
}

// New starts a stream from the zero state and the model's parameters. The error says why a model cannot be learned in
// real time (a *model.OfflineError where it needs rows that are still to come), or that the derivatives need more than
// Options.Memory.
func New(m *model.Model, o Options) (*RTRL, error) {
	if err := m.Causal(); err != nil {
		return nil, fmt.Errorf("online: %w", err)
	}
	if m.Adaptive() {
		return nil, errors.New("online: the solver of the cell tries steps and takes them back, which derivatives that are carried along cannot; give the cell a method with fixed steps")
	}
	p := m.Program()
	y := p.Output("y")
	r, err := engine.NewRealTime(p, engine.RealTimeOptions{Outputs: []int{y}, Memory: o.Memory})
	if err != nil {
		return nil, err
	}
	l := &RTRL{m: m, o: o, r: r, theta: m.Params(), grad: make([]float32, m.Parameters()), dy: make([]float32, r.Width())}
	l.x, l.dt, l.part = r.Input(0), r.DT(), r.Part()
	l.y, l.predict = r.Output(y), r.Output(p.Output("prediction"))
	r.SetParams(l.theta)
	return l, nil
}

// Step advances by one row as model.Stream.Step does, with the same prediction to the bit at the same parameters, and
// carries the derivatives on. It changes no parameter. On an *model.InputError everything is as before. It panics where x
// has the wrong length.
func (l *RTRL) Step(x []float32, dt float32) ([]float32, error) {
	n, err := l.m.Parts(x, dt)
	if err != nil {
		return nil, err
	}
	for k := range n {
		copy(l.x, x)
		p := l.m.Part(dt, n, k)
		if l.dt != nil {
			l.dt[0] = p.DT
		}
		p.Write(l.part, 0)
		l.r.Step()
	}
	return l.predict, nil
}

// Y is the program's output of the last Step before decoding, which the loss sees: logits, or scaled values.
func (l *RTRL) Y() []float32 { return l.y }

// Gradient is that of a loss of the last Step with slope dy at Y, by every parameter in flat order. The next call
// overwrites it. It panics where dy has not one number a component of Y.
func (l *RTRL) Gradient(dy []float32) []float32 {
	l.r.Gradient(l.grad, dy)
	return l.grad
}

// Learn takes one step of the optimiser for the label of the last Step and returns the loss before it. The error is that of
// Apply. It panics without Options.Loss or Options.Update.
func (l *RTRL) Learn(label float64) (loss float64, err error) {
	clear(l.dy)
	loss = l.o.Loss(l.y, label, l.dy)
	return loss, l.Apply(l.Gradient(l.dy))
}

// ErrNotFinite is what Apply says to a gradient with a number that is not finite.
var ErrNotFinite = errors.New("online: the gradient is not finite, so nothing was learned; if it stays so, the derivatives have overflowed: Reset and use a smaller learning rate")

// Apply takes one step of the optimiser with any gradient, such as one that was kept until its label came. The update may
// change grad. It does nothing but report ErrNotFinite where a number of grad is not finite. It panics without
// Options.Update.
func (l *RTRL) Apply(grad []float32) error {
	largest := uint32(0) // of the bits without signs, which are in order; beyond the finite ones are Inf and NaN
	for _, g := range grad {
		largest = max(largest, math.Float32bits(g)&^(1<<31))
	}
	if largest >= math.Float32bits(float32(math.Inf(1))) {
		return ErrNotFinite
	}
	l.o.Update(l.theta, grad)
	l.r.SetParams(l.theta)
	return nil
}

// SetParams takes other parameters, such as those that another stream has learned. State and derivatives stay. It panics
// if their number is wrong.
func (l *RTRL) SetParams(theta []float32) {
	l.r.SetParams(theta)
	copy(l.theta, theta)
}

// Model is the model with the parameters learned so far.
func (l *RTRL) Model() *model.Model { return l.m.With(l.theta) }

// Reset returns to the zero state, as at the beginning of a series, and keeps what was learned.
func (l *RTRL) Reset() { l.r.Forget() }

// Bytes is the memory that the stream takes, all of it from New on.
func (l *RTRL) Bytes() int { return l.r.Bytes() + 4*(2*len(l.theta)+len(l.dy)) }

// FLOPs is the number of floating point operations by which a Step learns, on top of those of the model's program.
func (l *RTRL) FLOPs() float64 { return l.r.FLOPs() }
