package online

import (
	"errors"
	"fmt"
	"slices"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// Readout is one stream of a model whose linear readout alone learns, by RLS that starts from the model's; the network below it
// stays as it is. A label costs the square of the readout's features, a step what a stream costs.
//
//	l, err := online.NewReadout(m, online.RLSOptions{Forget: 0.999})
//	prediction, err := l.Step(x, dt)
//	err = l.Learn(label)
//
// A label that comes later: keep a copy of Features, and LearnAt.
type Readout struct {
	m          *model.Model
	e          *engine.Engine
	fit        *RLS
	x, dt      []float32
	part       []float32
	hidden     []float32 // what the readout reads
	z          []float64 // with a 1 for the bias
	y          []float64
	label      []float64
	prediction []float32
	w, bias    step.Param
	before     []float32
}

// NewReadout starts a stream from the zero state. The error says why the readout cannot be learned so: the model is not causal
// (a *model.OfflineError), or its solver adaptive, or it has no linear readout of its own, or its target is no number or is not
// meant by the mean, as that of quantiles.
func NewReadout(m *model.Model, o RLSOptions) (*Readout, error) {
	if _, _, err := prepare(m, &Options{}); err != nil {
		return nil, err
	}
	if t := m.Schema().Target; t.Task != series.Regress || t.Gaussian || len(t.Quantiles) > 0 {
		return nil, fmt.Errorf("online: target %q is no number that least squares could fit; use a rule of gradients", t.Name)
	}
	p, at, w, bias, err := features(m.Program())
	if err != nil {
		return nil, err
	}
	l := &Readout{m: m, w: w, bias: bias, e: engine.Compile(p, engine.Options{}), before: make([]float32, p.StateWidth())}
	l.e.SetParams(m.Params())
	l.x, l.dt, l.part, l.hidden = l.e.Input(0, 0), l.e.DT(0), l.e.Part(0), l.e.Output(at, 0)
	outputs, n := w.Shape.Outer, w.Shape.Inner
	l.z, l.y, l.label, l.prediction = make([]float64, n+1), make([]float64, outputs), make([]float64, outputs), make([]float32, outputs)
	theta, rows := m.Params(), [][]float64{}
	for k := range outputs {
		row := []float64{}
		for _, v := range append(slices.Clone(theta[w.Offset+k*n:][:n]), theta[bias.Offset+k]) {
			row = append(row, float64(v))
		}
		rows = append(rows, row)
	}
	l.fit, err = NewRLS(n+1, outputs, rows, o)
	return l, err
}

// features is the program with one more output: what the readout reads.
func features(p *step.Program) (q *step.Program, at int, w, bias step.Param, err error) {
	r, ok := model.ReadoutOf(p)
	if !ok {
		return nil, 0, w, bias, errors.New("online: the model has no linear readout of its own to learn; use a rule of gradients")
	}
	c := *p
	c.Outputs = append(slices.Clone(p.Outputs), step.Port{Name: "features", Node: r.Features})
	return &c, len(p.Outputs), r.Weights, r.Bias, nil
}

// Step advances by one row and predicts with the readout learned so far, in raw units; the next Step overwrites that. It learns
// nothing. On an *model.InputError everything is as before; ErrState says that the state would not be finite.
func (l *Readout) Step(x []float32, dt float32) ([]float32, error) {
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
		if !engine.Advance(l.e, l.before) {
			return nil, ErrState
		}
	}
	for i, v := range l.hidden {
		l.z[i] = float64(v)
	}
	l.z[len(l.hidden)] = 1
	l.fit.Predict(l.z, l.y)
	for k, v := range l.y {
		t := l.m.Schema().Target.Of(k)
		l.prediction[k] = float32(v*t.SD + t.Mean)
	}
	return l.prediction, nil
}

// Features are what the readout read at the last Step, and 1 for its bias; the next Step overwrites them.
func (l *Readout) Features() []float64 { return l.z }

// Learn takes the labels of the last Step in raw units, one an output; where one of them is missing (NaN) nothing is learned. On
// an error nothing has changed.
func (l *Readout) Learn(labels ...float64) error { return l.LearnAt(l.z, labels...) }

// LearnAt is Learn for the row that had these Features.
func (l *Readout) LearnAt(z []float64, labels ...float64) error {
	if len(labels) != len(l.label) {
		panic("online: a readout takes one label for each output")
	}
	for k, v := range labels {
		if v != v {
			return nil
		}
		t := l.m.Schema().Target.Of(k)
		l.label[k] = (v - t.Mean) / t.SD
	}
	return l.fit.Learn(z, l.label)
}

// Model is the model with the readout learned so far, in single precision.
func (l *Readout) Model() *model.Model {
	theta := l.m.Params()
	n := l.w.Shape.Inner
	for k, row := range l.fit.Weights() {
		for i, v := range row[:n] {
			theta[l.w.Offset+k*n+i] = float32(v)
		}
		theta[l.bias.Offset+k] = float32(row[n])
	}
	return l.m.With(theta)
}

// Reset returns to the zero state, as at the beginning of a series, and keeps what was learned.
func (l *Readout) Reset() {
	for k := range l.m.Program().States {
		clear(l.e.State(k))
	}
}

// Bytes is the memory that the stream takes, all of it from NewReadout on.
func (l *Readout) Bytes() int { return l.e.Bytes() + l.fit.Bytes() + 8*len(l.z) + 4*len(l.before) }
