package engine_test

import (
	"fmt"
	"testing"

	"github.com/elegans-nn/elegans/step"
)

// Values of one stage that follow each other in the same memory keep their own gradients: joined cotangents, and operands
// that are computed again, more of them than one chain takes.
func TestGradientsOfPassingValues(t *testing.T) {
	b := step.New()
	x, h := b.Input("x", 4), b.State("h", step.Vector(3))
	between := step.Between(-1, 1)
	linear := func(name string, v step.Vec) step.Vec {
		return b.Linear(name, 6, between, nil, step.Term{Name: "v", X: v})
	}
	half := func(v step.Vec, k int) step.Vec { return step.Slice(v, 3*k, 3*k+3) }
	u, v := linear("u", x), linear("v", x)
	p, q := linear("p", step.Concat(half(u, 1), half(v, 0))), linear("q", step.Concat(half(v, 1), half(u, 0)))
	next := step.Tanh(step.Add(step.Mul(half(u, 0), h), step.Mul(half(u, 1), half(v, 0)), half(v, 1)))
	next = step.Add(step.Mul(next, half(p, 0)), step.Mul(half(q, 0), step.Sigmoid(half(q, 1))), half(p, 1))
	for k := range 30 {
		again := step.Neg(step.Tanh(step.Plus(h, float64(k)/10)))
		next = step.Add(next, b.Linear(fmt.Sprint("again", k), 3, between, nil, step.Term{Name: "v", X: again}))
	}
	b.Next("h", step.Tanh(next))
	b.Output("y", next)
	reverse := b.Build().Reverse(step.WRT{})
	for seed, lanes := range []int{1, 5, 8, 24} {
		if err := agree(reverse, 19, lanes, uint64(seed)); err != nil {
			t.Errorf("%d lanes: %v", lanes, err)
		}
	}
}
