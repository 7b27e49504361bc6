package trial_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/internal/conform/trial"
	. "github.com/elegans-nn/elegans/step"
)

// spring is h' = tanh(w h + x) dt, y = h'² over two components, with a second input that has no effect.
func spring() *Program {
	b := New()
	x, h := b.Input("x", 2), b.State("h", Vector(2))
	b.Input("unused", 1)
	w := b.Param("w", Vector(2), Between(-1, 1), AtLeast(-0.5))
	next := Mul(Tanh(Add(Mul(w, h), x)), b.DT())
	b.Next("h", next)
	b.Output("y", Mul(next, next))
	return b.Build()
}

func TestForwardByHand(t *testing.T) {
	const steps, lanes = 3, 2
	tr := springTrial(t, steps, lanes)
	r := tr.Forward()
	loss := 0.0
	for c := range 2 {
		for l := range lanes {
			h := tr.H0[0][c*lanes+l]
			for time := range steps {
				at := (time*2+c)*lanes + l
				h = math.Tanh(tr.Theta[c]*h+tr.X[0][at]) * tr.DT[time*lanes+l]
				if got := r.Y[0][at]; math.Abs(got-h*h) > 1e-15 {
					t.Errorf("y at time %d, component %d, lane %d is %v, want %v", time, c, l, got, h*h)
				}
				if got := r.Path[time][0][c*lanes+l]; math.Abs(got-h) > 1e-15 {
					t.Errorf("state after time %d is %v, want %v", time, got, h)
				}
				loss += h * h * tr.DY[0][at]
			}
			if got := r.H[0][c*lanes+l]; math.Abs(got-h) > 1e-15 {
				t.Errorf("final state is %v, want %v", got, h)
			}
			loss += h * tr.DH[0][c*lanes+l]
		}
	}
	if got := tr.Loss(); math.Abs(got-loss) > 1e-14 {
		t.Errorf("loss %v, want %v", got, loss)
	}
}

// springTrial is a trial of the spring.
func springTrial(t *testing.T, steps, lanes int) *trial.Trial {
	t.Helper()
	return trial.New(spring(), steps, lanes, 9)
}

// TestGeneric: no number is 0, 1 or there twice, parameters are away from their bounds, and a seed gives one trial.
func TestGeneric(t *testing.T) {
	tr := springTrial(t, 4, 3)
	seen := map[float64]bool{0: true, 1: true, -1: true}
	for _, list := range [][][]float64{tr.X, tr.H0, tr.DY, tr.DH, {tr.DT, tr.Theta}} {
		for _, v := range list {
			for _, x := range v {
				if seen[math.Abs(x)] {
					t.Errorf("%v is not generic", x)
				}
				seen[math.Abs(x)] = true
			}
		}
	}
	for _, d := range tr.DT {
		if d < 0.1 || d > 3 {
			t.Errorf("dt is %v", d)
		}
	}
	for seed := range uint64(20) {
		if w := trial.New(spring(), 1, 1, seed).Theta; slices.Min(w) < -0.45 {
			t.Errorf("parameters %v come near their bound -0.5", w)
		}
	}
	if !slices.Equal(tr.X[0], springTrial(t, 4, 3).X[0]) {
		t.Error("one seed gives two trials")
	}
}

func TestDifferences(t *testing.T) {
	tr := springTrial(t, 3, 2)
	worst, n, err := tr.Differences()
	if want := 2 + 3*2*2 + 3*2 + 3*2 + 2*2; err != nil || n != want || !(worst < 1e-10) {
		t.Errorf("%d derivatives (want %d), worst %v, %v", n, want, worst, err)
	}
	row := OpTanh.Row()
	right := *row
	defer func() { *row = right }()
	row.Reverse = func(v Adj) []Vec { return []Vec{v.DY[0]} }
	if _, _, err := springTrial(t, 3, 2).Differences(); err == nil || !strings.Contains(err.Error(), "d loss / d w[0] is ") {
		t.Errorf("a wrong reverse gives %v", err)
	}
}

// TestPickAndSpan: a part of a trial computes that part of its results.
func TestPickAndSpan(t *testing.T) {
	tr := springTrial(t, 4, 3)
	whole := tr.Forward()
	swapped := tr.Pick(2, 0).Forward()
	for row := range 4 * 2 {
		if swapped.Y[0][row*2] != whole.Y[0][row*3+2] || swapped.Y[0][row*2+1] != whole.Y[0][row*3] {
			t.Fatalf("lanes 2 and 0 give %v of %v", swapped.Y[0], whole.Y[0])
		}
	}
	first := tr.Span(0, 1, nil).Forward()
	rest := tr.Span(1, 4, first.H).Forward()
	if !slices.Equal(append(first.Y[0], rest.Y[0]...), whole.Y[0]) || !slices.Equal(rest.H[0], whole.H[0]) {
		t.Error("two spans do not give the whole")
	}
	c := tr.Copy()
	c.X[0][0], c.Theta[0], c.DT[0], c.H0[0][0] = 9, 9, 9, 9
	if tr.X[0][0] == 9 || tr.Theta[0] == 9 || tr.DT[0] == 9 || tr.H0[0][0] == 9 {
		t.Error("a copy shares memory with its trial")
	}
}

// TestGradientShape: what has no effect has no gradient, and the sum over lanes is the total.
func TestGradientShape(t *testing.T) {
	tr := springTrial(t, 3, 2)
	g := tr.Gradient()
	if g.X[1] != nil || g.X[0] == nil || g.DT == nil || len(g.Lane) != 1 {
		t.Errorf("gradients of inputs %v and %v, of dt %v", g.X[0], g.X[1], g.DT)
	}
	for c := range 2 {
		if sum := g.Lane[0][c*2] + g.Lane[0][c*2+1]; sum != g.Theta[c] {
			t.Errorf("lanes sum to %v, the gradient is %v", sum, g.Theta[c])
		}
	}
}

// TestHide: a part of the values of one input is missing, others are as they were, and what is missing has no slope where a
// program looks past it.
func TestHide(t *testing.T) {
	b := New()
	x, h := b.Input("x", 2), b.State("h", Vector(2))
	b.Next("h", Tanh(Add(h, Select(Observed(x), x, b.Param("guess", Vector(2), Between(-1, 1))))))
	b.Output("y", h)
	tr := trial.New(b.Build(), 6, 4, 9)
	whole := tr.Copy()
	tr.Hide(0, 5)
	missing := 0
	for i, v := range tr.X[0] {
		switch {
		case v != v:
			missing++
		case v != whole.X[0][i]:
			t.Errorf("value %d is %v, was %v", i, v, whole.X[0][i])
		}
	}
	if missing < 8 || missing > 24 {
		t.Errorf("%d of 48 values are missing, want about a third", missing)
	}
	if worst, n, err := tr.Differences(); err != nil || n < 48 {
		t.Errorf("%d derivatives, worst %.1e: %v", n, worst, err)
	}
}
