package step_test

import (
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	. "github.com/elegans-nn/elegans/step"
)

// ring is a program of nothing but a ring of rows of two components, with the window as its output.
func ring(rows int) *Program {
	b := New()
	b.Output("window", b.Ring("last", rows, b.Input("x", 2)))
	return b.Build()
}

// TestRingByHand: rows 1, 2, 3 … come in, each with ten times itself, and are seen in their order, zero before the start.
func TestRingByHand(t *testing.T) {
	for rows := 1; rows <= 4; rows++ {
		p := ring(rows)
		if got, want := p.Nodes[p.Outputs[0].Node].Shape, (Shape{Outer: rows, Inner: 2}); got != want {
			t.Errorf("a ring of %d rows has the shape %v, want %v", rows, got, want)
		}
		o := engine.NewOracle(p, 1, nil)
		for time := 1; time <= 6; time++ {
			copy(o.Value(p.Inputs[0].Node), []float64{float64(time), 10 * float64(time)})
			o.Step()
			var want []float64
			for row := time - rows + 1; row <= time; row++ {
				want = append(want, float64(max(row, 0)), 10*float64(max(row, 0)))
			}
			if got := o.Value(p.Outputs[0].Node); !slices.Equal(got, want) {
				t.Errorf("%d rows at time %d: %v, want %v", rows, time, got, want)
			}
			copy(o.Value(p.States[0].Node), o.Value(p.States[0].Next))
		}
	}
}

// TestRingReverse: the derivative of what reads a ring in part and as a whole, longer than the sequence and shorter.
func TestRingReverse(t *testing.T) {
	for _, rows := range []int{1, 2, 3, 7} {
		b := New()
		x := Tanh(b.Linear("in", 2, Between(-1, 1), nil, Term{Name: "x", X: b.Input("x", 3)}))
		window := b.Ring("last", rows, x)
		b.Output("whole", Sum(Mul(window, window), Outer))
		b.Output("first", Mul(Slice(window, 0, 2), b.DT()))
		worst, n, err := trial.New(b.Build(), 5, 2, 3).Differences()
		if err != nil || n < 6+5*3*2+5*2 {
			t.Errorf("%d rows: %d derivatives, worst %.1e: %v", rows, n, worst, err)
		}
	}
}

func TestRingRefuses(t *testing.T) {
	for name, build := range map[string]func(b *Builder){
		"no rows":        func(b *Builder) { b.Ring("r", 0, b.Input("x", 2)) },
		"another length": func(b *Builder) { Reshape(b.Input("x", 6), Shape{Outer: 2, Inner: 2}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is taken", name)
				}
			}()
			build(New())
		}()
	}
}
