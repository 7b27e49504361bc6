package online

import (
	"math"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// adapter is what every series has of its own: the personal part ω of a kind of model.PersonalKinds, learned from the labels of
// the series alone,
//
//	ω ← ω - AdapterRate min(1, 1/‖g‖) g,   g = ∂loss/∂ω
//
// while the shared weights follow the gradient that goes through it. It is nil where series have nothing of their own.
type adapter struct {
	*model.Personal
	rate  float64
	all   []float32 // both in flat order
	slope []float32 // g
	aside []float32 // a slope that nothing follows
}

func newAdapter(m *model.Model, kind string, rate float64) (*adapter, error) {
	if kind == "" {
		kind = model.PersonalKinds()[0].Name
	}
	p, err := m.Personal(kind)
	if err != nil {
		return nil, err
	}
	return &adapter{p, rate, nil, make([]float32, len(p.Start)), make([]float32, len(p.Start))}, nil
}

// start is what a new series has.
func (a *adapter) start() []float32 {
	if a == nil {
		return nil
	}
	return cloned(a.Start)
}

// join is the parameters of a stream, valid until the next call.
func (a *adapter) join(shared, own []float32) []float32 {
	if a == nil {
		return shared
	}
	a.all = a.Join(a.all[:0], shared, own)
	return a.all
}

// split keeps the slope of what is personal, and gives that of the shared weights in the memory of all.
func (a *adapter) split(all []float32) (shared []float32) {
	if a == nil {
		return all
	}
	return a.divide(all, a.slope)
}

// shared is split of a slope that what is personal does not follow.
func (a *adapter) shared(all []float32) []float32 {
	if a == nil {
		return all
	}
	return a.divide(all, a.aside)
}

func (a *adapter) divide(all, own []float32) (shared []float32) {
	shared = all[:len(all)-len(own)]
	a.Split(all, shared, own)
	return shared
}

// learn takes a step by the slope that split has kept. One that is not finite is not taken.
func (a *adapter) learn(own []float32) {
	if a == nil {
		return
	}
	norm := 0.0
	for _, g := range a.slope {
		norm += float64(g) * float64(g)
	}
	rate := float32(a.rate / math.Max(1, math.Sqrt(norm)))
	for i, g := range a.slope {
		a.slope[i] = own[i] - float32(rate*g)
	}
	if engine.Finite(a.slope) {
		copy(own, a.slope)
	}
}

// decode turns the program's output into what a user reads, as the program itself does for its output "prediction".
func decode(t series.Target, y []float32) []float32 {
	out := cloned(y)
	switch {
	case t.Task == series.Classify && len(t.Classes) == 2:
		p := 1 / (1 + math.Exp(-float64(y[0])))
		return []float32{float32(1 - p), float32(p)}
	case t.Task == series.Classify:
		top, sum := math.Inf(-1), 0.0
		for _, v := range y {
			top = math.Max(top, float64(v))
		}
		for i, v := range y {
			e := math.Exp(float64(v) - top)
			out[i] = float32(e)
			sum += e
		}
		for i := range out {
			out[i] = float32(float64(out[i]) / sum)
		}
	case t.Gaussian:
		out[0] = float32(float64(y[0])*t.SD + t.Mean)
		out[1] = float32(t.SD * math.Exp(float64(y[1])))
	default:
		for i, v := range y {
			of := t.Of(i)
			out[i] = float32(float64(v)*of.SD + of.Mean)
		}
	}
	return out
}
