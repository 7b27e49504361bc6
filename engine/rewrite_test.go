package engine

import (
	"slices"
	"strings"
	"testing"

	. "github.com/elegans-nn/elegans/step"
)

// SummedGates is a cell with two gates that are slices of a sum of two products, each with a bias.
func SummedGates(probe bool) *Program {
	b := New()
	x, h := b.Input("x", 3), b.State("h", Vector(40))
	draw := Between(-0.4, 0.3)
	in := b.Linear("in", 80, draw, draw, Term{Name: "x", X: x})
	gates := Add(in, b.Linear("back", 80, draw, draw, Term{Name: "h", X: h}))
	if probe {
		b.Probe("in", in)
		b.Probe("gates", gates)
	}
	z := Sigmoid(Slice(gates, 0, 40))
	next := Add(Mul(z, h), Mul(OneMinus(z), Tanh(Slice(gates, 40, 80))))
	b.Next("h", next)
	b.Output("y", b.Linear("out", 1, draw, draw, Term{Name: "h", X: next}))
	return b.Build()
}

// count counts the live nodes of an operation that a condition holds for.
func count(pl *plan, op Op, f func(i int, n *Node) bool) (k int) {
	for i := range pl.p.Nodes {
		if n := &pl.p.Nodes[i]; pl.live[i] && n.Op == op && f(i, n) {
			k++
		}
	}
	return k
}

func TestSumsOfProductsAreMerged(t *testing.T) {
	wide := func(_ int, n *Node) bool { return n.Shape.Len() == 80 }
	for _, p := range []*Program{SummedGates(false), SummedGates(false).Reverse(WRT{})} {
		pl := newPlan(p, nil)
		if k := count(pl, OpLinear, wide); k != 1 {
			t.Errorf("%d products of 80 rows, want one", k)
		}
		if k := count(pl, OpAdd, func(i int, n *Node) bool { return wide(i, n) && !pl.uniform[i] }); k != 0 {
			t.Errorf("%d sums of all gates, want each gate to take its part", k)
		}
	}
	if k := count(newPlan(SummedGates(true), []int{0, 1}), OpLinear, wide); k != 2 {
		t.Errorf("%d products of 80 rows where a probe reads one of them, want two", k)
	}
}

// Asking for a probe decides nothing, so that a step has the same bits with its probes and without.
func TestRewritesDoNotLookAtProbesAskedFor(t *testing.T) {
	p := SummedGates(true)
	if a, b := newPlan(p, nil), newPlan(p, []int{0, 1}); !slices.EqualFunc(a.p.Nodes, b.p.Nodes, func(x, y Node) bool {
		return x.Op == y.Op && slices.Equal(x.In, y.In)
	}) {
		t.Error("a probe that was asked for changes the program")
	}
}

// A program that others hold is not written to.
func TestRewritesLeaveTheProgram(t *testing.T) {
	p := SummedGates(false).Reverse(WRT{Inputs: true, Time: true})
	before := p.String()
	Compile(p, Options{Lanes: 8})
	if p.String() != before {
		t.Error("planning changed the program")
	}
}

func TestPortsFollowTheirNodes(t *testing.T) {
	for _, probe := range []bool{false, true} {
		p := SummedGates(probe).Reverse(WRT{Inputs: true})
		pl := newPlan(p, nil)
		if want := len(p.Adjoint.Grad); len(pl.p.Adjoint.Grad) != want || pl.p.Adjoint.Tail > len(pl.p.Nodes) {
			t.Errorf("%d gradients, want %d", len(pl.p.Adjoint.Grad), want)
		}
		for s, q := range pl.p.States {
			if n := pl.p.Nodes[q.Node]; n.Op != OpState || n.Index[0] != s {
				t.Errorf("state %d is node %d, which is %v", s, q.Node, n.Op)
			}
		}
		for k, i := range pl.p.Adjoint.DState {
			if pl.p.Nodes[i].Shape != pl.p.Nodes[pl.p.States[k].Node].Shape {
				t.Errorf("the cotangent of state %d has another shape", k)
			}
		}
	}
}

// A sum whose product nobody else reads is computed by the product, onto the other operand.
func TestProductsBeginWithWhatTheyAreAddedTo(t *testing.T) {
	p := SummedGates(false).Reverse(WRT{})
	e := Compile(p, Options{Lanes: 8, Steps: 9})
	if len(e.plan.onto) != 1 {
		t.Errorf("%d products begin with a value, want one:\n%s", len(e.plan.onto), e.Plan())
	}
	for i, x := range e.plan.onto {
		if n := e.p.Nodes[i]; n.Op != OpLinearT || n.Shape != e.p.Nodes[x].Shape || slices.Contains(n.In, x) {
			t.Errorf("%v of shape %v begins with a value of shape %v", n.Op, n.Shape, e.p.Nodes[x].Shape)
		}
	}
}

// Biases are summed where the gradients of matrices read their cotangents, a chunk at once.
func TestBiasesAreSummedByChunk(t *testing.T) {
	e := Compile(SummedGates(false).Reverse(WRT{}), Options{Lanes: 8, Steps: 9})
	if len(e.plan.summed) != 3 {
		t.Errorf("%d accumulators are sums of chunks, want those of 3 biases:\n%s", len(e.plan.summed), e.Plan())
	}
	for _, text := range e.Chains() {
		if strings.Contains(text, "accum") {
			t.Errorf("a chain gathers in lanes: %s", text)
		}
	}
}
