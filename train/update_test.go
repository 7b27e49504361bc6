package train

import (
	"math"
	"testing"

	"github.com/elegans-nn/elegans/step"
)

// An update is the optimiser's rule with the gradient clipped and parameters kept in bounds: momentum by hand.
func TestUpdate(t *testing.T) {
	b := step.New()
	x := b.Input("x", 1)
	w := b.Param("w", step.Vector(2), step.Between(-1, 1), step.AtLeast(0.5))
	b.Output("y", step.Mul(step.Slice(w, 0, 1), x))
	p := b.Build()
	update, err := NewUpdate(p, Options{Optimiser: "sgd", LearningRate: 0.1, Momentum: 0.5, Clip: 2.5})
	if err != nil {
		t.Fatal(err)
	}
	theta := []float32{3, 0.6}
	update(theta, []float32{3, 4}) // norm 5, so half of it: 1.5, 2
	update(theta, []float32{1, -1})
	// Momentum 1.5, 2, then 1.75, 0; the bound holds the second at 0.5 after the first step.
	for i, want := range []float64{3 - 0.15 - 0.175, 0.5} {
		if math.Abs(float64(theta[i])-want) > 1e-6 {
			t.Errorf("parameter %d is %v, want %v", i, theta[i], want)
		}
	}
	if _, err := NewUpdate(p, Options{LearningRate: -1}); err == nil {
		t.Error("a negative learning rate is taken")
	}
	if _, err := NewUpdate(p, Options{Optimiser: "nosuch"}); err == nil {
		t.Error("an unknown optimiser is taken")
	}
}
