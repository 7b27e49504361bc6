package step_test

import (
	"math"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/engine"
	. "github.com/elegans-nn/elegans/step"
)

// updated is a state that takes the input after it has flowed, beside one that is written as any other.
func updated(turns, turn int) *Program {
	b := New()
	b.Divide(turns)
	x := b.Input("x", 2)
	b.InParts(turn, func() {
		h := b.State("flow", Vector(2))
		h = Add(h, Mul(b.DT(), x))
		b.Next("flow", b.Arrive(Tanh(b.Hold("held", h)), h))
	})
	y := b.State("row", Vector(2))
	y = Add(y, Mul(b.DT(), x))
	b.Next("row", y)
	b.Output("y", y)
	return b.Build()
}

// TestWholeRowsCostNothing: without parts there is no leaf, no select and no state beside those of the cell.
func TestWholeRowsCostNothing(t *testing.T) {
	p := updated(0, 1)
	if p.Part >= 0 || len(p.States) != 2 {
		t.Errorf("part %d, states %v", p.Part, p.States)
	}
	for _, n := range p.Nodes {
		if n.Op == OpSelect || n.Op == OpPart {
			t.Errorf("there is a %v:\n%s", n.Op, p)
		}
	}
}

// TestPartsByHand: a row in three parts, in a program with one turn and in the second of three.
func TestPartsByHand(t *testing.T) {
	for _, c := range []struct{ turns, turn int }{{1, 1}, {3, 2}} {
		p := updated(c.turns, c.turn)
		if text := p.String(); !strings.Contains(text, "part   part[3]") {
			t.Errorf("the listing does not declare the leaf:\n%s", text)
		}
		type part struct{ dt, before, after, turn float64 }
		parts := []part{{0.5, 0, 1, 2}, {0.5, 0.5, 0.5, 2}, {0.5, 1, 0, 2}}
		if c.turns > 1 { // the others have their turns
			parts = append(append([]part{{1.5, 0, 0, 1}}, parts...), part{0.75, 0, 0.75, 3}, part{0.75, 0.75, 0, 3})
		}
		o := engine.NewOracle(p, 1, nil)
		x, state := []float64{0.7, -0.4}, [][]float64{{0.2, 0.3}, {0, 0}, {5, 6}} // flow, held, row
		for s, v := range state {
			copy(o.Value(p.States[s].Node), v)
		}
		copy(o.Value(p.Inputs[0].Node), x)
		for k, q := range parts {
			o.Value(p.Time)[0] = q.dt
			copy(o.Value(p.Part), []float64{q.before, q.after, q.turn})
			o.Step()
			for i, x := range x {
				if q.turn == 2 {
					state[0][i] += q.dt * x
					if q.before == 0 {
						state[1][i] = state[0][i]
					}
					if q.after == 0 {
						state[0][i] = math.Tanh(state[1][i])
					}
				}
				if k == len(parts)-1 {
					state[2][i] += 1.5 * x
				}
			}
			for s, want := range state {
				got := o.Value(p.States[s].Next)
				for i := range want {
					if math.Abs(got[i]-want[i]) > 1e-12 {
						t.Errorf("%+v, part %d: state %s[%d] is %v, want %v", c, k, p.States[s].Name, i, got[i], want[i])
					}
				}
				copy(o.Value(p.States[s].Node), want)
			}
		}
	}
}
