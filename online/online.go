// Package online learns from a stream while it serves it: every row gives a prediction, every label that comes gives the
// exact gradient of its loss through the whole history, at once and without going back in time.
//
// RTRL is the mechanism, by the exact rule or one of the cheaper Rules, for one stream and its own copy of the parameters. Predicting never learns; learning is a call of
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

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/step"
)

// Options of New.
type Options struct {
	// Rule is the name of one of Rules; rtrl, which is exact, if empty.
	Rule string
	// Window is how many rows the rule tbptt goes back; 16 if zero.
	Window int
	// Loss compares the program's output y of a row with its labels, one a value of the target, and writes the slope
	// dy = ∂loss/∂y; train.NewRowLoss makes those of a target. Learn needs it. It must keep neither list.
	Loss func(y []float32, labels []float64, dy []float32) float64
	// Update takes one step of an optimiser and keeps every parameter within its bounds, or changes nothing and says why;
	// train.NewUpdate makes SGD, Adam and others. It may change grad. Learn and Apply need it; one that remembers anything
	// serves one RTRL.
	Update func(theta, grad []float32) error
	// Keep and Undo, where Update remembers anything, take back updates that turn out to be wrong later, as those of
	// train.Optimiser: Undo makes it forget what it has learned since the last Keep.
	Keep, Undo func()
	// Memory bounds the bytes of what is carried along; 1 GiB if zero.
	Memory int
}

// filled are the options with their defaults.
func (o Options) filled() Options {
	if o.Window == 0 {
		o.Window = 16
	}
	return o
}

// RTRL is one stream of a model that learns by real-time recurrent learning, exact unless Options.Rule says otherwise (Williams
// and Zipser, Neural Computation 1, 1989): it carries the derivative of the state by every parameter, S' = ∂h'/∂θ + S ∂h'/∂h,
// or a part of it. With fixed parameters its exact gradients are those of backpropagation through the whole history; while it
// learns, each row's part of S was taken at the parameters of that row.
//
// A step costs the time and memory of parameters × columns, see engine.RealTime, whatever the length of the stream. What would
// make a parameter or the state infinite or not a number is not learned, see Refused. RTRL belongs to one goroutine and
// allocates nothing after New.
type RTRL struct {
	m          *model.Model
	o          Options
	r          carrier
	theta      []float32
	grad, dy   []float32
	labels     []float64
	x, dt      []float32
	part       []float32
	y, predict []float32
	checked
}

// New starts a stream from the zero state and the model's parameters. The error says why a model cannot be learned in
// real time (a *model.OfflineError where it needs rows that are still to come, a *HistoryError where a state is a window), or
// that what is carried along needs more than Options.Memory (an *engine.MemoryError).
func New(m *model.Model, o Options) (*RTRL, error) {
	rule, p, err := prepare(m, &o)
	if err != nil {
		return nil, err
	}
	y := p.Output("y")
	r, err := rule.make(p, y, o)
	if err != nil {
		return nil, err
	}
	l := &RTRL{m: m, o: o, r: r, theta: m.Params(), grad: make([]float32, m.Parameters()), dy: make([]float32, r.Width()), labels: make([]float64, m.Schema().Target.Labels())}
	l.checked = checked{before: m.Params(), good: m.Params()}
	l.x, l.dt, l.part = r.Input(0), r.DT(), r.Part()
	l.y, l.predict = r.Output(y), r.Output(p.Output("prediction"))
	r.SetParams(l.theta)
	return l, nil
}

// prepare checks what every rule demands.
func prepare(m *model.Model, o *Options) (*Rule, *step.Program, error) {
	*o = o.filled()
	rule, err := ruleOf(o.Rule)
	switch {
	case err != nil:
		return nil, nil, err
	case o.Window < 1:
		return nil, nil, fmt.Errorf("online: window is %d rows; it must be at least 1", o.Window)
	}
	if err := m.Causal(); err != nil {
		return nil, nil, fmt.Errorf("online: %w", err)
	}
	if m.Adaptive() {
		return nil, nil, errors.New("online: the solver of the cell tries steps and takes them back, which derivatives that are carried along cannot; give the cell a method with fixed steps")
	}
	return rule, m.Program(), nil
}

// Bytes is the memory that New would take for a model, known before any of it is there. The error is that of New.
func Bytes(m *model.Model, o Options) (int, error) {
	rule, p, err := prepare(m, &o)
	if err != nil {
		return 0, err
	}
	n, err := rule.bytes(p, p.Output("y"), o)
	return n + besides(m.Parameters(), p.Nodes[p.Outputs[p.Output("y")].Node].Shape.Len()), err
}

// besides are the bytes of what an RTRL holds next to its rule.
func besides(parameters, outputs int) int { return 4 * (4*parameters + outputs) }

// Step advances by one row as model.Stream.Step does, with the same prediction to the bit at the same parameters, and
// carries the derivatives on. It changes no parameter, unless the last ones that were learned make the state infinite or not a
// number: these are taken back, which Refused counts, and the row is predicted with those before. On an *model.InputError
// everything is as before. The error is ErrState where the state would not be finite although nothing was learned. It panics
// where x has the wrong length.
func (l *RTRL) Step(x []float32, dt float32) ([]float32, error) {
	n, err := l.m.Parts(x, dt)
	if err != nil {
		return nil, err
	}
	for k := range n {
		if l.advance(x, dt, n, k) {
			l.learned = false
			continue
		}
		if !l.learned {
			return nil, ErrState
		}
		l.takeBack()
		if !l.advance(x, dt, n, k) {
			return nil, ErrState
		}
	}
	return l.predict, nil
}

// advance takes part k of n of a row.
func (l *RTRL) advance(x []float32, dt float32, n, k int) bool {
	copy(l.x, x)
	p := l.m.Part(dt, n, k)
	if l.dt != nil {
		l.dt[0] = p.DT
	}
	p.Write(l.part, 0)
	return l.r.Step()
}

// Y is the program's output of the last Step before decoding, which the loss sees: logits, or scaled values.
func (l *RTRL) Y() []float32 { return l.y }

// Gradient is that of a loss of the last Step with slope dy at Y, by every parameter in flat order. The next call
// overwrites it. It panics where dy has not one number a component of Y.
func (l *RTRL) Gradient(dy []float32) []float32 {
	l.r.Gradient(l.grad, dy)
	return l.grad
}

// Learn takes one step of the optimiser for the labels of the last Step, one a value of the target, and returns the loss before
// it. The error is that of Apply. It panics without Options.Loss or Options.Update, or where the number of labels is wrong.
func (l *RTRL) Learn(labels ...float64) (loss float64, err error) {
	if len(labels) != len(l.labels) {
		panic("online: a row has one label for each value of the target")
	}
	copy(l.labels, labels) // a list of the caller's that went on would have to be allocated
	clear(l.dy)
	loss = l.o.Loss(l.y, l.labels, l.dy)
	return loss, l.Apply(l.Gradient(l.dy))
}

// Apply takes one step of the optimiser with any gradient, such as one that was kept until its label came. The update may
// change grad. Where a number of grad, or of the parameters that would follow, is not finite, it does nothing but report a
// *Refusal, which is an ErrNotFinite; see Refused. It panics without Options.Update.
func (l *RTRL) Apply(grad []float32) error {
	if !engine.Finite(grad) {
		return l.refuse("gradient")
	}
	if !l.learned {
		copy(l.good, l.theta)
		if l.o.Keep != nil {
			l.o.Keep()
		}
	}
	copy(l.before, l.theta)
	if err := l.o.Update(l.theta, grad); err != nil || !engine.Finite(l.theta) {
		copy(l.theta, l.before)
		return l.refuse("parameters")
	}
	l.learned = true
	l.r.SetParams(l.theta)
	return nil
}

// SetParams takes other parameters, such as those that another stream has learned. State and derivatives stay. It panics
// if their number is wrong.
func (l *RTRL) SetParams(theta []float32) {
	l.r.SetParams(theta)
	copy(l.theta, theta)
	l.learned = false
}

// Model is the model with the parameters learned so far.
func (l *RTRL) Model() *model.Model { return l.m.With(l.theta) }

// Reset returns to the zero state, as at the beginning of a series, and keeps what was learned.
func (l *RTRL) Reset() { l.r.Forget() }

// Bytes is the memory that the stream takes, all of it from New on.
func (l *RTRL) Bytes() int { return l.r.Bytes() + besides(len(l.theta), len(l.dy)) }

// FLOPs is the number of floating point operations by which a Step learns, on top of those of the model's program; of the rule
// tbptt those of a Gradient.
func (l *RTRL) FLOPs() float64 { return l.r.FLOPs() }
