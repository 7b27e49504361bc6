package online

import (
	"math"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/series"
)

// adapter is what a series has of its own: a scale and a bias of each output of the program,
//
//	y' = a y + b,   ∂loss/∂a = dy' y,   ∂loss/∂b = dy',   dy = a dy'
//
// which follow the loss by plain steps of LearnerOptions.AdapterRate, clipped to a norm of 1. All series share the network
// below; an adapter makes up for what differs from one to another, such as the offset of a sensor or the level of a person.
// A zero adapter changes nothing.
type adapter struct{ scale, bias []float32 }

func newAdapter(outputs int) adapter {
	a := adapter{make([]float32, outputs), make([]float32, outputs)}
	for i := range a.scale {
		a.scale[i] = 1
	}
	return a
}

func (a adapter) clone() adapter { return adapter{cloned(a.scale), cloned(a.bias)} }

// apply is a new list.
func (a adapter) apply(y []float32) []float32 {
	out := cloned(y)
	for i := range a.scale {
		out[i] = float32(a.scale[i]*y[i]) + a.bias[i]
	}
	return out
}

// learn takes a step for slope dy at the adapted output and turns dy into the slope at the program's own output y. A step that
// is not finite is not taken.
func (a adapter) learn(rate float64, y, dy []float32) {
	if len(a.scale) == 0 {
		return
	}
	norm := 0.0
	for i, d := range dy {
		norm += float64(d) * float64(d) * (1 + float64(y[i])*float64(y[i]))
	}
	if norm = math.Sqrt(norm); norm > 1 {
		rate /= norm
	}
	for i, d := range dy {
		scale := a.scale[i]
		if s, b := scale-float32(rate)*d*y[i], a.bias[i]-float32(rate)*d; engine.Finite([]float32{s, b}) {
			a.scale[i], a.bias[i] = s, b
		}
		dy[i] = scale * d
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
