package step_test

import (
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/engine"
	. "github.com/elegans-nn/elegans/step"
)

// clocked has two states that no parameter reaches, a window of inputs and a time, and a chain of two that one does.
func clocked() *Program {
	b := New()
	x := b.Input("x", 2)
	window, age := b.Ring("window", 3, x), b.State("age", Vector(1))
	b.Next("age", Add(age, b.DT()))
	old, late := b.State("h", Vector(2)), b.State("late", Vector(2))
	h := Tanh(b.Linear("m", 2, Between(-1, 1), nil, Term{Name: "x", X: Reshape(window, Vector(6))}, Term{Name: "h", X: late}))
	b.Next("late", Mul(old, Sin(age)))
	b.Next("h", h)
	b.Output("y", Mul(h, Slice(window, 0, 2)))
	return b.Build()
}

// gradients are those of clocked after three steps of generic numbers, and the cotangents of its states before them.
func gradients(p *Program) (grad []float64, states [][]float64) {
	theta := p.Initial(3)
	o := engine.NewOracle(p, 1, theta)
	tape := engine.Tape{Oracle: o}
	feed := func(t int) {
		copy(o.Value(p.Inputs[0].Node), []float64{0.3 - 0.2*float64(t), 0.7 + 0.4*float64(t)})
		o.Value(p.Time)[0] = 0.5 + 0.3*float64(t)
	}
	for k, s := range p.States {
		for i := range o.Value(s.Node) {
			o.Value(s.Node)[i] = 0.1 + 0.2*float64(k) - 0.15*float64(i)
		}
	}
	tape.Forward(3, feed, nil)
	for k, node := range p.Adjoint.DNext {
		for i := range o.Value(node) {
			o.Value(node)[i] = 0.6 - 0.1*float64(k) + 0.3*float64(i)
		}
	}
	tape.Backward(feed, func(t int) { copy(o.Value(p.Adjoint.DOutput[0]), []float64{1.1, -0.4 + float64(t)}) }, nil)
	for k := range p.Params {
		grad = append(grad, o.Grad(k)...)
	}
	for _, node := range p.Adjoint.DState {
		states = append(states, slices.Clone(o.Value(node)))
	}
	return grad, states
}

// TestStatesOutOfReach: the way back of states that no parameter reaches is not computed, and is in no gradient.
func TestStatesOutOfReach(t *testing.T) {
	p := clocked()
	short, whole := p.Reverse(WRT{}), p.Reverse(WRT{States: true})
	if len(short.Nodes) >= len(whole.Nodes) {
		t.Errorf("%d nodes without the states out of reach, %d with them", len(short.Nodes), len(whole.Nodes))
	}
	grad, states := gradients(short)
	all, everything := gradients(whole)
	if !slices.Equal(grad, all) || len(grad) == 0 {
		t.Errorf("the gradient is %v, with all states %v", grad, all)
	}
	for k, s := range p.States {
		reached := s.Name == "h" || s.Name == "late"
		switch zero := !slices.ContainsFunc(states[k], func(v float64) bool { return v != 0 }); {
		case reached && !slices.Equal(states[k], everything[k]):
			t.Errorf("the cotangent of state %s is %v, with all states %v", s.Name, states[k], everything[k])
		case !reached && !zero:
			t.Errorf("the cotangent of state %s is %v, want zero", s.Name, states[k])
		}
		if !slices.ContainsFunc(everything[k], func(v float64) bool { return v != 0 }) {
			t.Errorf("the cotangent of state %s is zero where it is asked for", s.Name)
		}
	}
	// An input that is asked for is behind the window, the time behind the age.
	if _, asked := gradients(p.Reverse(WRT{Inputs: true})); !slices.Equal(asked[0], everything[0]) {
		t.Errorf("the cotangent of the window is %v, want %v", asked[0], everything[0])
	}
	if _, asked := gradients(p.Reverse(WRT{Time: true})); !slices.Equal(asked[1], everything[1]) {
		t.Errorf("the cotangent of the age is %v, want %v", asked[1], everything[1])
	}
}
