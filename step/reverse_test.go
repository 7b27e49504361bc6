package step_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/elegans-nn/elegans/internal/conform/trial"
	. "github.com/elegans-nn/elegans/step"
)

// agrees fails the test where the reverse of a program is not its derivative.
func agrees(t *testing.T, p *Program, steps, lanes int) *trial.Trial {
	t.Helper()
	tr := trial.New(p, steps, lanes, 7)
	worst, n, err := tr.Differences()
	if err != nil {
		t.Errorf("%v\n%v", err, p)
	}
	if n == 0 {
		t.Error("nothing was compared")
	}
	t.Logf("%d derivatives, worst %.1e", n, worst)
	return tr
}

// TestSharedParameters: a parameter used directly, through softplus, through softplus of softplus, spread, in a matrix and
// in several places gathers every contribution.
func TestSharedParameters(t *testing.T) {
	b := New()
	x, h := b.Input("x", 3), b.State("h", Vector(3))
	w := b.Param("w", Vector(3), Between(-1, 1))
	k := b.Param("k", Vector(1), Between(-1, 1))
	soft := Softplus(w)
	inner := Softplus(Add(soft, k))       // uniform, of two parameters
	y := Add(Mul(w, h), Mul(soft, x))     // directly and through one function
	y = Add(y, Mul(inner, Tanh(h)), k)    // through two, and spread
	y = Mul(y, Plus(Mul(soft, inner), 1)) // a uniform product meets a value per lane
	next := Tanh(Add(b.Linear("m", 3, Between(-1, 1), nil, Term{"h", y, nil}, Term{"x", x, nil}), Exp(Neg(soft))))
	b.Next("h", next)
	b.Output("y", y)
	b.Output("only parameters", Mul(w, soft))
	agrees(t, b.Build(), 4, 3)
}

// TestTailRunsOnce: what reverses parameters only stands after all times, whatever their number.
func TestTailRunsOnce(t *testing.T) {
	b := New()
	w := b.Param("w", Vector(2), Between(-1, 1))
	h := b.State("h", Vector(2))
	b.Next("h", Mul(h, Sigmoid(Softplus(w))))
	p := b.Build().Reverse(WRT{})
	a := p.Adjoint
	uniform := p.Uniform()
	for i := a.Start; i < len(p.Nodes); i++ {
		n := &p.Nodes[i]
		if i >= a.Tail && !uniform[i] {
			t.Errorf("node %d %v of the tail changes over time", i, n.Op)
		}
		if i < a.Tail && uniform[i] && !n.Op.Leaf() {
			t.Errorf("node %d %v depends on parameters only and runs every step", i, n.Op)
		}
		for _, j := range n.In {
			if j >= i {
				t.Errorf("node %d reads the later node %d", i, j)
			}
		}
	}
	if a.Tail == len(p.Nodes) {
		t.Error("softplus and sigmoid of a parameter leave no tail")
	}
	accumulated := 0
	for _, n := range p.Nodes {
		if n.Op == OpAccum {
			accumulated++
		}
	}
	if accumulated != 1 {
		t.Errorf("%d sums over time where one parameter enters in one place", accumulated)
	}
}

func TestRepeat(t *testing.T) {
	b := New()
	h := b.State("h", Vector(2))
	w := b.Param("w", Vector(2), Between(-1, 1))
	calls := 0
	out := b.Repeat(3, []Vec{h, b.DT()}, func(c []Vec) []Vec {
		calls++
		return []Vec{Tanh(Add(Mul(w, c[0]), c[1])), Scale(0.5, c[1])}
	})
	b.Next("h", out[0])
	b.Output("y", Add(out[0], out[1]))
	p := b.Build()
	if calls != 3 || len(p.Repeats) != 1 || len(p.Repeats[0].Start) != 4 || len(p.Repeats[0].Carried) != 4 {
		t.Fatalf("%d calls, regions %+v", calls, p.Repeats)
	}
	agrees(t, p, 3, 2)
	// By hand: h ← tanh(w h + d), d ← d/2, three times.
	tr := trial.New(p, 1, 1, 3)
	v, d := tr.H0[0][1], tr.DT[0]
	for range 3 {
		v, d = math.Tanh(tr.Theta[1]*v+d), d/2
	}
	if got := tr.Forward().H[0][1]; math.Abs(got-v) > 1e-15 {
		t.Errorf("three iterations give %v, want %v", got, v)
	}
}

// TestIntercept: the inner cell sees f(h) and decides the next h.
func TestIntercept(t *testing.T) {
	b := New()
	x := b.Input("x", 2)
	b.Intercept(func(h Vec) Vec {
		c := b.State("c", Vector(2)) // states of f itself are its own
		b.Next("c", Tanh(Add(c, h)))
		return Mul(c, h)
	}, func() {
		h := b.State("h", Vector(2))
		b.Next("h", Add(h, x))
		b.Output("y", h)
	})
	after := b.State("after", Vector(2)) // no longer intercepted
	b.Next("after", Scale(0.5, after))
	p := b.Build()
	tr := trial.New(p, 1, 1, 5)
	h, c := tr.H0[0][0], tr.H0[1][0]
	r := tr.Forward()
	for name, pair := range map[string][2]float64{
		"y": {r.Y[0][0], c * h}, "h": {r.H[0][0], c*h + tr.X[0][0]}, "c": {r.H[1][0], math.Tanh(c + h)},
		"after": {r.H[2][0], 0.5 * tr.H0[2][0]},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-15 {
			t.Errorf("%s is %v, want %v", name, pair[0], pair[1])
		}
	}
	agrees(t, p, 3, 2)
}

// TestSameExpressionOnce: equal pure operations are one node, also after a reverse; parameters and states never are.
func TestSameExpressionOnce(t *testing.T) {
	b := New()
	x := b.Input("x", 2)
	w, u := b.Param("w", Vector(2), Values{1}), b.Param("u", Vector(2), Values{1})
	one := Add(Tanh(Mul(x, w)), b.Const(2, 3))
	two := Add(Tanh(Mul(x, w)), b.Const(2, 3))
	other := Add(Tanh(Mul(x, u)), b.Const(2, 3.5))
	if one != two {
		t.Error("one expression written twice gives two nodes")
	}
	if one == other {
		t.Error("two different expressions give one node")
	}
	b.Output("y", Concat(one, two, other))
	p := b.Build()
	count := func(p *Program, op Op) (n int) {
		for _, node := range p.Nodes {
			if node.Op == op {
				n++
			}
		}
		return n
	}
	if n := count(p, OpTanh); n != 2 {
		t.Errorf("%d tanh, want 2", n)
	}
	if n := count(p.Reverse(WRT{Inputs: true}), OpTanh); n != 2 {
		t.Errorf("%d tanh after the reverse, want 2: it uses those of the step", n)
	}
	agrees(t, p, 1, 2)
}

// TestSynapseEdgesTellNodesApart: two adjacencies of one size are two operations.
func TestSynapseEdgesTellNodesApart(t *testing.T) {
	b := New()
	v := b.State("v", Vector(2))
	w := b.Param("w", Vector(1), Between(0.5, 1))
	one := &Edges{In: 2, Out: 2, List: []Edge{{0, 1}}}
	two := &Edges{In: 2, Out: 2, List: []Edge{{1, 0}}}
	Ga, _ := Synapses(v, w, w, w, w, one)
	Gb, _ := Synapses(v, w, w, w, w, two)
	if Ga == Gb {
		t.Fatal("two adjacencies give one node")
	}
	b.Next("v", Add(Ga, Scale(2, Gb)))
	agrees(t, b.Build(), 2, 2)
}

// TestRagged: a lane that has ended keeps its states, whatever its padding holds, and adds exactly nothing to any gradient.
func TestRagged(t *testing.T) {
	b := New()
	x, h := b.Input("x", 3), b.State("h", Vector(2))
	c := b.State("c", Vector(1))
	next := Tanh(b.Linear("m", 2, Between(-1, 1), Between(-1, 1), Term{"x", x, nil}, Term{"h", h, nil}))
	b.Next("h", Mul(next, b.DT()))
	b.Next("c", Add(c, Sum(h, Inner)))
	b.Output("y", next)
	plain := b.Build()
	ragged := plain.Ragged()
	if plain.Input("active") >= 0 || plain.States[0].Next == ragged.States[0].Next {
		t.Fatal("Ragged changed the program that it was made from")
	}

	const steps, lanes, end = 5, 2, 2 // lane 1 ends after 2 steps
	tr := trial.New(ragged, steps, lanes, 11)
	active := tr.X[ragged.Input("active")]
	for i := range active {
		active[i] = 1
	}
	for time := end; time < steps; time++ {
		active[time*lanes+1] = 0
		tr.DY[0][(time*2+0)*lanes+1], tr.DY[0][(time*2+1)*lanes+1] = 0, 0
	}
	g := tr.Gradient()
	short := tr.Pick(1).Span(0, end, nil)
	short.Program, short.X = plain, short.X[:1]
	want := short.Gradient()
	for s := range want.H {
		for k := range want.H[s] {
			if g.H[s][k*lanes+1] != want.H[s][k] {
				t.Errorf("state %d[%d] of the ended lane is %v, want %v", s, k, g.H[s][k*lanes+1], want.H[s][k])
			}
		}
	}
	for q := range want.Lane {
		for k, v := range want.Lane[q] {
			if g.Lane[q][k*lanes+1] != v {
				t.Errorf("gradient of parameter %d[%d] is %v with padding, %v without", q, k, g.Lane[q][k*lanes+1], v)
			}
		}
	}
	for time := end; time < steps; time++ {
		for k := range 3 {
			if d := g.X[0][(time*3+k)*lanes+1]; d != 0 {
				t.Errorf("padding at step %d has the derivative %v", time, d)
			}
		}
		if g.DT[time*lanes+1] != 0 {
			t.Errorf("dt of padding at step %d has the derivative %v", time, g.DT[time*lanes+1])
		}
	}
}

// TestReverseLeavesOut: what has no effect has no gradient, and what nobody asked for is not computed.
func TestReverseLeavesOut(t *testing.T) {
	b := New()
	x, unused := b.Input("x", 2), b.Input("unused", 2)
	h := b.State("h", Vector(2))
	dead := b.State("dead", Vector(2))
	w := b.Param("w", Vector(2), Values{0.5})
	idle := b.Param("idle", Vector(2), Values{0.5})
	b.Probe("p", Mul(idle, unused))
	b.Next("h", Mul(h, w, x))
	b.Next("dead", Add(unused, b.DT()))
	p := b.Build()
	_ = dead
	full, bare := p.Reverse(WRT{Inputs: true, Time: true}), p.Reverse(WRT{})
	a := full.Adjoint
	if a.Grad[0] < 0 || a.Grad[1] != -1 {
		t.Errorf("gradients %v: w has one and idle has none", a.Grad)
	}
	if a.DInput[0] < 0 || a.DInput[1] < 0 || a.DTime < 0 {
		t.Errorf("cotangents of inputs %v and time %d: all have an effect", a.DInput, a.DTime)
	}
	if a := bare.Adjoint; a.DInput[0] != -1 || a.DInput[1] != -1 || a.DTime != -1 {
		t.Errorf("cotangents of inputs %v and time %d though none were asked for", a.DInput, a.DTime)
	}
	if len(bare.Nodes) >= len(full.Nodes) {
		t.Errorf("%d nodes without the cotangents of inputs, %d with them", len(bare.Nodes), len(full.Nodes))
	}
	g := trial.New(p, 2, 2, 3).Gradient()
	for k, v := range g.H0[1] {
		if v != 0 {
			t.Errorf("the state that nothing reads has cotangent %v at %d", v, k)
		}
	}
	if full.Steps() != len(p.Nodes) || p.Steps() != len(p.Nodes) {
		t.Errorf("the step has %d nodes, with its reverse %d", p.Steps(), full.Steps())
	}
}

// TestUniform marks what one value serves for all lanes and times.
func TestUniform(t *testing.T) {
	b := New()
	x, w := b.Input("x", 2), b.Param("w", Vector(2), Values{1})
	h := b.State("h", Vector(2))
	once := Softplus(Mul(w, b.Const(2)))
	each := Mul(once, x)
	timed := Mul(once, b.DT())
	carried := Add(once, h)
	for name, v := range map[string]Vec{"once": once, "each": each, "timed": timed, "carried": carried} {
		b.Probe(name, v)
	}
	b.Next("h", h)
	p := b.Build()
	u := p.Uniform()
	for name, want := range map[string]bool{"once": true, "each": false, "timed": false, "carried": false} {
		if got := u[p.Probes[p.Probe(name)].Node]; got != want {
			t.Errorf("%s: uniform is %v", name, got)
		}
	}
}

// TestSlicesJoin: the cotangent of a node of several slices stands side by side, with what else there is in the gaps between
// them; where they overlap it is a sum.
func TestSlicesJoin(t *testing.T) {
	for name, want := range map[string]struct {
		parts         [][2]int
		whole         bool // something reads the whole node too
		concats, pads int
	}{
		"whole":         {[][2]int{{2, 5}, {0, 2}, {5, 6}}, false, 1, 0},
		"read too":      {[][2]int{{0, 2}, {2, 6}}, true, 1, 0},
		"gap":           {[][2]int{{0, 2}, {3, 6}}, false, 1, 0},
		"gap, read too": {[][2]int{{4, 5}, {1, 3}}, true, 1, 0},
		"gaps":          {[][2]int{{4, 5}, {1, 2}, {2, 3}}, false, 1, 0},
		"overlap":       {[][2]int{{0, 4}, {3, 6}}, false, 0, 2},
		"twice":         {[][2]int{{0, 3}, {0, 2}, {3, 6}}, false, 0, 3},
		"not from zero": {[][2]int{{1, 6}}, false, 0, 1},
	} {
		b := New()
		x := b.Input("x", 3)
		z := b.Linear("m", 6, Between(-1, 1), nil, Term{"x", x, nil})
		for k, r := range want.parts {
			b.Output(fmt.Sprint("y", k), Tanh(Slice(z, r[0], r[1])))
		}
		if want.whole {
			b.Output("z", Sigmoid(z))
		}
		p := b.Build()
		agrees(t, p, 3, 2)
		concats, pads := 0, 0
		for _, n := range p.Reverse(WRT{}).Nodes {
			switch n.Op {
			case OpConcat:
				concats++
			case OpPad:
				pads++
			}
		}
		if concats != want.concats || pads != want.pads {
			t.Errorf("%s: %d joins and %d pads, want %d and %d", name, concats, pads, want.concats, want.pads)
		}
	}
}
