package train

import (
	"errors"
	"math"
	"slices"
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
	for _, g := range [][]float32{{3, 4}, {1, -1}} { // norm 5, so half of it: 1.5, 2
		if err := update(theta, g); err != nil {
			t.Fatal(err)
		}
	}
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

// A step that cannot be taken leaves everything as it was: the steps after it are those that would have been without it.
func TestUpdateRefusesWhatIsNotFinite(t *testing.T) {
	huge, inf := float32(math.MaxFloat32), float32(math.Inf(1))
	for _, name := range Optimisers() {
		for what, g := range map[string][]float32{"inf": {0.1, 0.2, -inf, 0}, "nan": {float32(math.NaN()), 0, 0, 0}, "too far": {huge, -huge, huge, -huge}} {
			o := Options{Optimiser: name, LearningRate: 1e6, Clip: -1, Kappa: 1e-300}
			a, err := NewOptimiser(program(), o)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := NewOptimiser(program(), o)
			x, y := []float32{1, 2, 3, 4}, []float32{1, 2, 3, 4}
			for k := range 4 {
				if k == 2 {
					if err := a.Update(x, slices.Clone(g)); !errors.Is(err, ErrNotFinite) {
						t.Errorf("%s, %s: %v", name, what, err)
					}
				}
				if a.Update(x, []float32{0.1, 0.2, -0.3, 0.4}) != nil || b.Update(y, []float32{0.1, 0.2, -0.3, 0.4}) != nil {
					t.Fatalf("%s: an ordinary step is refused", name)
				}
			}
			if !slices.Equal(x, y) {
				t.Errorf("%s, %s: %v after a refused step, %v without it", name, what, x, y)
			}
		}
	}
}

// Undo goes back to Keep, over several steps.
func TestUndo(t *testing.T) {
	for _, name := range Optimisers() {
		a, err := NewOptimiser(program(), Options{Optimiser: name})
		if err != nil {
			t.Fatal(err)
		}
		steps := func(n int, theta []float32) []float32 {
			for range n {
				if err := a.Update(theta, []float32{0.1, 0.2, -0.3, 0.4}); err != nil {
					t.Fatal(err)
				}
			}
			return theta
		}
		from := steps(2, []float32{1, 2, 3, 4})
		a.Keep()
		want := steps(3, slices.Clone(from))
		a.Undo()
		if got := steps(3, slices.Clone(from)); !slices.Equal(got, want) {
			t.Errorf("%s: %v after Undo, %v before", name, got, want)
		}
	}
}
