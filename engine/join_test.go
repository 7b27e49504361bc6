package engine_test

import (
	"testing"

	"github.com/elegans-nn/elegans/step"
)

// What a Concat joins stands in its place where it may, and is right wherever it stands: parts that two of them share, one
// that stands twice in the same, states, slices and inputs.
func TestJoinedParts(t *testing.T) {
	b := step.New()
	x, h := b.Input("x", 3), b.State("h", step.Vector(4))
	u := b.Linear("u", 4, step.Between(-1, 1), nil, step.Term{Name: "x", X: x}, step.Term{Name: "h", X: h})
	r, z := step.Sigmoid(u), step.Tanh(u)
	one := step.Concat(r, z, r)
	two := step.Concat(z, step.Slice(u, 1, 3), x, h)
	y := b.Linear("y", 4, step.Between(-1, 1), nil, step.Term{Name: "one", X: one}, step.Term{Name: "two", X: two})
	b.Next("h", step.Tanh(step.Add(y, step.Mul(r, z))))
	b.Output("y", step.Mul(y, z))
	b.Output("one", one)
	p := b.Build()
	for seed, lanes := range []int{1, 3, 8, 16} {
		if err := agree(p.Reverse(everything), 19, lanes, uint64(seed)); err != nil {
			t.Errorf("%d lanes: %v", lanes, err)
		}
	}
}
