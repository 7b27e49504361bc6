package step_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/engine"
	. "github.com/elegans-nn/elegans/step"
)

// panics gives the text of the panic that f ends in, "" where it does not.
func panics(f func()) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text, _ = r.(string)
		}
	}()
	f()
	return ""
}

// TestMisuse: a program that cannot be is refused when it is written, with a text that names the operation.
func TestMisuse(t *testing.T) {
	for want, f := range map[string]func(b *Builder, x Vec){
		"broadcast: shape 2 does not spread to 3": func(b *Builder, x Vec) { Add(x, b.Const(1, 2)) },
		"broadcast: shape 3 does not spread to 4": func(b *Builder, x Vec) { Add(x, b.State("s", Vector(4))) },
		"mixes the values of two programs":        func(_ *Builder, x Vec) { Add(x, New().Input("y", 3)) },
		"linear: operands of 1 and 2 rows": func(b *Builder, x Vec) {
			b.Linear("m", 4, Values{1}, nil, Term{"x", x, nil}, Term{"y", b.Param("p", Shape{2, 3}, Values{1}), nil})
		},
		"linear: 1 weights on 1 edges from 5 to 4, operand 3, result 4": func(b *Builder, x Vec) {
			b.Linear("m", 4, Values{1}, nil, Term{"x", x, &Edges{In: 5, Out: 4, List: make([]Edge, 1)}})
		},
		"linear map m has neither synapses nor bias": func(b *Builder, x Vec) {
			b.Linear("m", 4, Values{1}, nil, Term{"x", x, &Edges{In: 3, Out: 4}})
		},
		"synapses: potentials of shape 3 for edges from 2": func(b *Builder, x Vec) {
			w := b.Param("w", Vector(1), Values{1})
			Synapses(x, w, w, w, w, &Edges{In: 2, Out: 2, List: make([]Edge, 1)})
		},
		"synapses: parameters of shape 2 for 1 edges": func(b *Builder, x Vec) {
			w := b.Param("w", Vector(2), Values{1})
			Synapses(x, w, w, w, w, &Edges{In: 3, Out: 2, List: make([]Edge, 1)})
		},
		"concat: joins vectors, not shape 2×2":  func(b *Builder, x Vec) { Concat(x, b.Param("p", Shape{2, 2}, Values{1})) },
		"slice: [2, 5) of 3":                    func(_ *Builder, x Vec) { Slice(x, 2, 5) },
		"slice: [2, 1) of 3":                    func(_ *Builder, x Vec) { Slice(x, 2, 1) },
		"gather: position 3 of 3":               func(_ *Builder, x Vec) { Gather(x, 0, 3) },
		"two parameters named w":                func(b *Builder, _ Vec) { b.Param("w", Vector(1), nil); b.Param("w", Vector(1), nil) },
		"state h has no next value":             func(b *Builder, _ Vec) { b.State("h", Vector(1)); b.Build() },
		"state h has shape 2, its next value 3": func(b *Builder, x Vec) { b.State("h", Vector(2)); b.Next("h", x) },
		"no state q":                            func(b *Builder, x Vec) { b.Next("q", x) },
		"Repeat needs at least one iteration":   func(b *Builder, x Vec) { b.Repeat(0, []Vec{x}, func(c []Vec) []Vec { return c }) },
		"Intercept needs a cell with exactly one state": func(b *Builder, _ Vec) {
			b.Intercept(func(h Vec) Vec { return h }, func() { b.State("one", Vector(1)); b.State("two", Vector(1)) })
		},
		"Values do not fit their parameter": func(b *Builder, x Vec) {
			b.Output("y", Mul(x, b.Param("w", Vector(3), Values{1, 2})))
			b.Build().Initial(1)
		},
	} {
		b := New()
		x := b.Input("x", 3)
		if got := panics(func() { f(b, x) }); !strings.Contains(got, want) {
			t.Errorf("panic %q, want one that contains %q", got, want)
		}
	}
}

// value runs a program without inputs for one lane and gives its only output.
func value(p *Program) []float64 {
	o := engine.NewOracle(p, 1, nil)
	o.Step()
	return o.Value(p.Outputs[0].Node)
}

// of applies f to constants; each list is one operand.
func of(f func(x []Vec) Vec, operands ...[]float64) []float64 {
	b := New()
	x := make([]Vec, len(operands))
	for k, v := range operands {
		x[k] = b.Const(v...)
	}
	b.Output("y", f(x))
	return value(b.Build())
}

var nan, inf = math.NaN(), math.Inf(1)

// TestSelectHidesNaN: the branch that is not taken leaves no trace, in the value and in the derivative.
func TestSelectHidesNaN(t *testing.T) {
	got := of(func(x []Vec) Vec { return Select(x[0], x[1], x[2]) }, []float64{1, 0, -2}, []float64{5, nan, 7}, []float64{nan, 6, inf})
	for i, want := range []float64{5, 6, 7} {
		if got[i] != want {
			t.Errorf("component %d is %v, want %v", i, got[i], want)
		}
	}
	b := New()
	x := b.Input("x", 1)
	w := b.Param("w", Vector(1), Values{2})
	b.Output("y", Select(Observed(x), Mul(x, w), w))
	p := b.Build().Reverse(WRT{Inputs: true})
	o := engine.NewOracle(p, 1, []float64{2})
	o.Value(p.Inputs[0].Node)[0] = nan
	o.Step()
	o.Value(p.Adjoint.DOutput[0])[0] = 3
	o.Back()
	if y := o.Value(p.Outputs[0].Node)[0]; y != 2 {
		t.Errorf("a missing input gives %v, want the parameter 2", y)
	}
	if d := o.Value(p.Adjoint.DInput[0])[0]; d != 0 {
		t.Errorf("a missing input has derivative %v, want 0", d)
	}
}

func TestRelaxSpecialValues(t *testing.T) {
	relax := OpRelax.Row().F
	for _, v := range []float64{0.37, -2.5, 0, math.Copysign(0, -1), 1e290, 5e-324} {
		for _, G := range []float64{0, 0.3, 1e12} {
			got := relax([]float64{v, 0, 0.45, G, -0.7})
			if got != v || v != 0 && math.Signbit(got) != math.Signbit(v) {
				t.Errorf("h = 0 moves %v to %v (G %v)", v, got, G)
			}
		}
	}
	// The true step is a convex combination of v and I/G, up to rounding, for every h.
	for _, h := range []float64{1e-9, 0.01, 0.7, 3, 1e3, 1e6, 1e12, 1e18} {
		for _, v := range []float64{-3.1, 0.2, 5.7} {
			const G, I = 1.9, -0.8
			got, lo, hi := relax([]float64{v, h, 0.45, G, I}), min(v, I/G), max(v, I/G)
			if slack := 1e-14 * (1 + math.Abs(v)); !(got >= lo-slack && got <= hi+slack) {
				t.Errorf("h = %v: %v leaves the hull [%v, %v]", h, got, lo, hi)
			}
		}
	}
	if got := relax([]float64{5.7, 1e18, 0.45, 1.9, -0.8}); math.Abs(got+0.8/1.9) > 1e-14 {
		t.Errorf("after an endless step v is %v, want I/G = %v", got, -0.8/1.9)
	}
	if got := relax([]float64{0.31, 0.7, 0.55, 0, -0.42}); math.Abs(got-(0.31-0.7*0.42/0.55)) > 4e-16 {
		t.Errorf("without conductance v is %v", got)
	}
}

// TestSoftplusCut: log(1 + exp(x)) up to and including 20, x above, with the jump of 2.06e-9.
func TestSoftplusCut(t *testing.T) {
	f := OpSoftplus.Row().F
	above := math.Nextafter(20, 21)
	if got := f([]float64{20}); math.Abs(got-20.0000000020611535) > 4e-15 {
		t.Errorf("softplus(20) = %.17g", got)
	}
	if got := f([]float64{above}); got != above {
		t.Errorf("softplus(%v) = %v", above, got)
	}
	if got := f([]float64{-800}); got != 0 {
		t.Errorf("softplus(-800) = %v", got)
	}
	b := New()
	x := b.Input("x", 2)
	b.Output("y", Softplus(x))
	p := b.Build().Reverse(WRT{Inputs: true})
	o := engine.NewOracle(p, 1, nil)
	copy(o.Value(p.Inputs[0].Node), []float64{20, above})
	o.Step()
	copy(o.Value(p.Adjoint.DOutput[0]), []float64{1, 1})
	o.Back()
	d := o.Value(p.Adjoint.DInput[0])
	if math.Abs(d[0]-0.9999999979388464) > 1e-15 || d[1] != 1 {
		t.Errorf("derivatives at and above the cut are %.17g and %.17g", d[0], d[1])
	}
}

// TestKinks: derivatives where there is none by the calculus are those of the reference: 0 for relu and abs at 0.
func TestKinks(t *testing.T) {
	b := New()
	x := b.Input("x", 1)
	y := b.Input("y", 1)
	for name, v := range map[string]Vec{"relu": Relu(x), "abs": Abs(x), "min": Min(x, y), "max": Max(x, y)} {
		b.Output(name, v)
	}
	p := b.Build().Reverse(WRT{Inputs: true})
	for name, want := range map[string][2]float64{"relu": {0, 0}, "abs": {0, 0}, "min": {1, 0}, "max": {1, 0}} {
		o := engine.NewOracle(p, 1, nil)
		o.Step() // both inputs are 0
		o.Value(p.Adjoint.DOutput[p.Output(name)])[0] = 1
		o.Back()
		for k, w := range want {
			if d := o.Value(p.Adjoint.DInput[k])[0]; d != w {
				t.Errorf("%s at 0: derivative of operand %d is %v, want %v", name, k, d, w)
			}
		}
	}
}

func TestNaNPassesThrough(t *testing.T) {
	for i := range Ops {
		op := Op(i)
		if !op.Elementwise() || op == OpSelect || op == OpObserved || op == OpStep {
			continue
		}
		for k := range op.Row().Arity {
			x := []float64{0.3, 0.4, 0.5, 0.6, 0.7}[:op.Row().Arity]
			x[k] = nan
			if got := op.Row().F(x); got == got {
				t.Errorf("%v hides a NaN in operand %d: %v", op, k, got)
			}
		}
	}
	sum := of(func(x []Vec) Vec { return Softmax(x[0]) }, []float64{1, 800, -3})
	if sum[1] != 1 || sum[0] != 0 {
		t.Errorf("softmax overflows: %v", sum)
	}
}

func TestComposedFunctions(t *testing.T) {
	for name, c := range map[string]struct {
		f    func(Vec) Vec
		want float64 // at 0.83, by Python
	}{
		"silu": {Silu, 0.5779745917537823}, "gelu": {Gelu, 0.6612864047827033}, "lecun tanh": {LecunTanh, 0.8624128221509436},
		"gelu tanh": {GeluTanh, 0.6611927846631549}, "relu": {Relu, 0.83}, "neg": {Neg, -0.83}, "1 - x": {OneMinus, 0.17},
	} {
		if got := of(func(x []Vec) Vec { return c.f(x[0]) }, []float64{0.83})[0]; math.Abs(got-c.want) > 2e-16 {
			t.Errorf("%s(0.83) = %.17g, want %.17g", name, got, c.want)
		}
	}
	if Vec.OK(Vec{}) || !New().Const(1).OK() {
		t.Error("OK does not tell an absent value from a present one")
	}
}

// TestShapedKnownAnswers: the operations that mix components, computed by hand.
func TestShapedKnownAnswers(t *testing.T) {
	b := New()
	x := b.Param("x", Shape{2, 3}, Values{1, 2, 3, -4, 5, 0.5})
	masked := b.Linear("m", 4, Values{10, 20, 30, 40, 50}, nil, Term{"x", x, sparse})
	dense := b.Linear("d", 2, Values{1, 0, 2, 3, -1, 0.5}, Values{100, 200}, Term{"x", x, nil})
	v := b.Param("v", Vector(3), Values{0.3, -0.2, 0.9})
	p := func(name string, values ...float64) Vec { return b.Param(name, Vector(5), Values(values)) }
	G, I := Synapses(v, p("w", 1, 2, 3, 4, 5), p("s", 2, 3, 4, 5, 6), p("mu", 0.1, 0.2, 0.3, 0.4, 0.5), p("E", 1, -1, 0.5, -2, 3), sparse)
	want := map[string][]float64{
		// edges 2→0 0→1 1→1 0→3 2→3
		"masked":  {30, 20 + 60, 0, 40 + 150, 5, -80 + 150, 0, -160 + 25},
		"dense":   {100 + 1 + 6, 200 + 3 - 2 + 1.5, 100 - 4 + 1, 200 - 12 - 5 + 0.25},
		"inner":   {6, 1.5},
		"outer":   {-3, 7, 3.5},
		"slice":   {3, -4},
		"gather":  {0.5, 1, 0.5},
		"concat":  {0.3, -0.2, 0.9, 0.9},
		"spread":  {0.3, -0.2, 0.9, 0.3, -0.2, 0.9},
		"softmax": {0.291660028718689, 0.17690074963055205, 0.5314392216507591},
	}
	a := func(w, s, mu, x float64) float64 { return w / (1 + math.Exp(-s*(x-mu))) }
	a0, a1, a2, a3, a4 := a(1, 2, 0.1, 0.9), a(2, 3, 0.2, 0.3), a(3, 4, 0.3, -0.2), a(4, 5, 0.4, 0.3), a(5, 6, 0.5, 0.9)
	want["G"] = []float64{a0, a1 + a2, 0, a3 + a4}
	want["I"] = []float64{a0, -a1 + 0.5*a2, 0, -2*a3 + 3*a4}
	for name, y := range map[string]Vec{"masked": masked, "dense": dense, "G": G, "I": I, "inner": Sum(x, Inner), "outer": Sum(x, Outer),
		"slice": Slice(x, 2, 4), "gather": Gather(x, 5, 0, 5), "concat": Concat(v, Slice(v, 2, 3)), "spread": Broadcast(v, Shape{2, 3}),
		"softmax": Softmax(v)} {
		b.Output(name, y)
	}
	prog := b.Build()
	o := engine.NewOracle(prog, 1, prog.Initial(1))
	o.Step()
	for name, w := range want {
		got := o.Value(prog.Outputs[prog.Output(name)].Node)
		if len(got) != len(w) {
			t.Errorf("%s has %d components, want %d", name, len(got), len(w))
			continue
		}
		for i := range w {
			if math.Abs(got[i]-w[i]) > 4e-15*(1+math.Abs(w[i])) {
				t.Errorf("%s[%d] = %.17g, want %.17g", name, i, got[i], w[i])
			}
		}
	}
}

// TestScope: names are prefixed for parameters, states and probes, and not for inputs and outputs.
func TestScope(t *testing.T) {
	b := New()
	b.Scope("a", func() {
		b.Scope("b", func() {
			h := b.State("h", Vector(2))
			y := Mul(h, b.Param("w", Vector(2), Values{1}))
			b.Next("h", y)
			b.Probe("p", y)
			b.Output("y", y)
		})
	})
	p := b.Build()
	got := strings.Join([]string{p.States[0].Name, p.Params[0].Name, p.Probes[0].Name, p.Outputs[0].Name}, " ")
	if got != "a.b.h a.b.w a.b.p y" {
		t.Errorf("names are %s", got)
	}
	if p.Probe("a.b.p") != 0 || p.Probe("p") != -1 || p.Output("y") != 0 || p.Output("z") != -1 || p.Input("x") != -1 {
		t.Error("names are not found")
	}
}

// TestFLOPs counts a program by hand. What depends on parameters only, probes and what nothing needs is free.
func TestFLOPs(t *testing.T) {
	b := New()
	x, h := b.Input("x", 3), b.State("h", Vector(4))
	once := Softplus(b.Param("w", Vector(4), Values{1}))                                 // free: once
	m := b.Linear("m", 4, Values{1}, Values{1}, Term{"x", x, sparse}, Term{"h", h, nil}) // 2·5 + 2·16, + 4 for the bias
	w := b.Param("s", Vector(5), Values{1})
	G, _ := Synapses(x, w, w, w, w, sparse) // 21·5
	y := Add(Mul(Tanh(m), once), G)         // 15·4 + 4 + 4
	b.Probe("p", Exp(y))                    // free: only a probe
	Sin(y)                                  // free: nobody needs it
	b.Next("h", y)
	b.Output("z", Div(Sum(y, Inner), b.DT())) // 4 + 4
	p := b.Build()
	if got, want := p.FLOPs(), float64(10+32+4+105+60+4+4+4+4); got != want {
		t.Errorf("%v FLOPs, want %v\n%v", got, want, p)
	}
	if p.ParamCount() != 4+5+16+4+5 || p.StateWidth() != 4 {
		t.Errorf("%d parameters, %d state values", p.ParamCount(), p.StateWidth())
	}
	r := p.Reverse(WRT{})
	total := 0.0
	for i := r.Adjoint.Start; i < r.Adjoint.Tail; i++ {
		if f := r.NodeFLOPs(i); f >= 0 {
			total += f
		} else {
			t.Errorf("node %d %v costs %v", i, r.Nodes[i].Op, f)
		}
	}
	if total < p.FLOPs()/2 || total > 10*p.FLOPs() {
		t.Errorf("the reverse costs %v, the step %v", total, p.FLOPs())
	}
}

// TestColumn: a column and a row meet as their outer product, and back a vector comes of it without a sum or a copy.
func TestColumn(t *testing.T) {
	b := New()
	x := b.Param("x", Vector(3), Values{2, 3, 5})
	outer := Mul(Column(x), b.Const(7, 11))
	if s := outer.Shape(); s != (Shape{Outer: 3, Inner: 2}) {
		t.Fatalf("the product has shape %v", s)
	}
	if one := Column(Slice(x, 0, 1)); one.Shape() != Vector(1) {
		t.Errorf("a column of one has shape %v", one.Shape())
	}
	b.Output("y", Slice(Sum(outer, Inner), 0, 3))
	p := b.Build()
	o := engine.NewOracle(p, 1, p.Initial(1))
	o.Step()
	if got := o.Value(p.Outputs[0].Node); !slices.Equal(got, []float64{36, 54, 90}) {
		t.Errorf("the rows' sums are %v", got)
	}
	for _, n := range p.Reverse(WRT{}).Nodes {
		if n.Op == OpPad {
			t.Error("the reverse pads what has another shape only")
		}
	}
}
