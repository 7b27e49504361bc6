package train

import (
	"fmt"
	"math"
	"strings"

	"github.com/elegans-nn/elegans/step"
)

// optimiser updates parameters from gradients. Its slots are all it remembers, so that a checkpoint can hold them.
type optimiser struct {
	rule   *optimiserRow
	o      Options
	params []step.Param
	rate   []float32 // multiplier of each scalar, from the parameter groups
	Slots  [][]float32
	Steps  int
}

// optimiserRow is a row of the table of optimisers. update takes one step with learning rate lr.
type optimiserRow struct {
	name   string
	slots  int
	update func(a *optimiser, lr float64, theta, grad []float32)
}

var optimisers = []optimiserRow{
	{"adam", 2, adam},
	{"adamw", 2, adam}, // its decay is decoupled, see step
	{"sgd", 1, sgd},
	{"rmsprop", 1, rmsprop},
	{"obgd", 0, obgd},
}

// Optimisers lists the names of the optimisers; the first is the default.
func Optimisers() (names []string) {
	for _, r := range optimisers {
		names = append(names, r.name)
	}
	return names
}

func newOptimiser(p *step.Program, o Options) (*optimiser, error) {
	for i := range optimisers {
		r := &optimisers[i]
		if r.name != o.Optimiser {
			continue
		}
		a := &optimiser{rule: r, o: o, params: p.Params, rate: rates(p, o.Groups)}
		for range r.slots {
			a.Slots = append(a.Slots, make([]float32, p.ParamCount()))
		}
		return a, nil
	}
	return nil, fmt.Errorf("optimiser %q; allowed: %s", o.Optimiser, strings.Join(Optimisers(), ", "))
}

// rates expands the groups: a parameter's multiplier is that of the longest group name that its own name contains.
func rates(p *step.Program, groups map[string]float64) []float32 {
	rate := make([]float32, p.ParamCount())
	for _, q := range p.Params {
		k, longest := 1.0, -1
		for name, factor := range groups {
			if strings.Contains(q.Name, name) && len(name) > longest {
				k, longest = factor, len(name)
			}
		}
		for i := range q.Shape.Len() {
			rate[q.Offset+i] = float32(k)
		}
	}
	return rate
}

// step updates theta and keeps every parameter within its bounds.
func (a *optimiser) step(lr float64, theta, grad []float32) {
	a.Steps++
	if decay := float32(a.o.WeightDecay); decay != 0 {
		for i, v := range theta {
			if a.rule.name == "adamw" {
				theta[i] -= float32(lr) * a.rate[i] * decay * v
			} else {
				grad[i] += decay * v
			}
		}
	}
	a.rule.update(a, lr, theta, grad)
	for _, q := range a.params {
		if !q.Bounded() {
			continue
		}
		lo, hi := float32(q.Min), float32(q.Max)
		for i, v := range theta[q.Offset:][:q.Shape.Len()] {
			theta[q.Offset+i] = min(max(v, lo), hi)
		}
	}
}

// adam is Kingma and Ba 2015 with beta1 0.9, beta2 0.999, epsilon 1e-8.
func adam(a *optimiser, lr float64, theta, grad []float32) {
	const b1, b2, epsilon = 0.9, 0.999, 1e-8
	n := float64(a.Steps)
	c1, c2 := float32(lr/(1-math.Pow(b1, n))), float32(1/(1-math.Pow(b2, n)))
	count := len(grad) // all lengths are said once, so that the loop checks none
	m, v, rate := a.Slots[0][:count], a.Slots[1][:count], a.rate[:count]
	theta = theta[:count]
	for i, g := range grad {
		m[i] = b1*m[i] + (1-b1)*g
		v[i] = b2*v[i] + (1-b2)*g*g
		theta[i] -= rate[i] * c1 * m[i] / (float32(math.Sqrt(float64(v[i]*c2))) + epsilon)
	}
}

// sgd is stochastic gradient descent with momentum: m = momentum·m + g, theta -= lr·m.
func sgd(a *optimiser, lr float64, theta, grad []float32) {
	count, momentum, k := len(grad), float32(max(0, a.o.Momentum)), float32(lr)
	m, rate := a.Slots[0][:count], a.rate[:count]
	theta = theta[:count]
	for i, g := range grad {
		m[i] = momentum*m[i] + g
		theta[i] -= rate[i] * k * m[i]
	}
}

// rmsprop is Tieleman and Hinton 2012 with decay 0.99, epsilon 1e-8.
func rmsprop(a *optimiser, lr float64, theta, grad []float32) {
	const decay, epsilon = 0.99, 1e-8
	v := a.Slots[0]
	for i, g := range grad {
		v[i] = decay*v[i] + (1-decay)*g*g
		theta[i] -= a.rate[i] * float32(lr) * g / (float32(math.Sqrt(float64(v[i]))) + epsilon)
	}
}

// obgd is overshooting-bounded gradient descent (Elsayed, Vasan and Mahmood, Streaming deep reinforcement learning finally
// works, arXiv 2410.14606, 2024), a gradient step whose rate is lowered where it would overshoot:
//
//	M = lr kappa max(|δ|, 1) ‖z‖₁,   theta -= lr min(1, 1/M) δ z
//
// Theirs has the error δ and the trace z of the gradients of a prediction. Here there is no trace and the gradient of the loss is
// all that is known, g = δ z, so max(|δ|, 1) ‖z‖₁ is taken as ‖g‖₁: the same from an error of 1 on, and a looser bound below it,
// where steps are small anyway. No parameter moves further than 1/kappa in a step, nor all of them together (in the sum of
// absolute values) where no group multiplies the rate. It remembers nothing; momentum is not looked at.
func obgd(a *optimiser, lr float64, theta, grad []float32) {
	norm := 0.0
	for _, g := range grad {
		norm += math.Abs(float64(g))
	}
	k := float32(lr / max(1, lr*a.o.Kappa*norm))
	for i, g := range grad {
		theta[i] -= a.rate[i] * k * g
	}
}

// clip scales the gradient to a norm of at most limit and returns the norm before.
func clip(grad []float32, limit float64) float64 {
	sum := 0.0
	for _, g := range grad {
		sum += float64(g) * float64(g)
	}
	norm := math.Sqrt(sum)
	if limit > 0 && norm > limit {
		k := float32(limit / norm)
		for i := range grad {
			grad[i] *= k
		}
	}
	return norm
}

// schedules give the multiplier of the learning rate at a share done of the planned steps, 0 to 1.
var schedules = map[string]func(done float64) float64{
	"constant": func(float64) float64 { return 1 },
	"cosine":   func(done float64) float64 { return 0.05 + 0.95*(1+math.Cos(math.Pi*done))/2 },
	"step":     func(done float64) float64 { return math.Pow(0.1, math.Floor(3*done)) },
}

// Schedules lists the names of the learning-rate schedules: cosine (to 5 %; the default), constant, and step (a tenth
// after each third).
func Schedules() []string { return []string{"cosine", "constant", "step"} }

// learningRate is the rate of a step out of the planned number, with a linear warm-up.
func (o Options) learningRate(step, steps int) float64 {
	done := float64(step) / float64(max(1, steps))
	k := schedules[o.Schedule](min(1, done))
	if warm := o.WarmUp * float64(steps); float64(step) < warm {
		k *= float64(step+1) / warm
	}
	return o.LearningRate * k
}
