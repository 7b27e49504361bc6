package cell

import (
	"fmt"
	"math/rand/v2"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// LRC is the liquid resistance-capacitance cell: neurons whose conductances saturate and whose membrane is elastic,
//
//	dv/dt = e (b - a v)
//	f = gleak + Σ_j w_ij y_ij,   g = gleak + Σ_j h_ij y_ij,   y_ij = sigmoid(sigma_ij (v_j - mu_ij))
//	a = sigmoid(f)   or, with NoForgetGate, a trained rate tau
//	b = vleak tanh(g)
//	q = W [u, v] + bias
//	e = 1                                            Elastance constant: the saturated LTC, STC
//	e = sigmoid(q)                                   Elastance asymmetric
//	e = sigmoid(q + shift) - sigmoid(q - shift)      Elastance symmetric
//
// where both sums run over a second set of synapses from the inputs u too. A step takes K sub-steps of d = dt/K, with f, g and
// e frozen during each:
//
//	v' = v + d e (b - a v)                           Solver explicit
//	v' = (v + d e b) / (1 + d e a)                   Solver hybrid, in increment form
//	v' = v + (b/a - v) (1 - exp(-d e a))             Solver exponential: exact for what is frozen
//
// while Solver dopri5 freezes nothing and takes steps that its tolerances allow, see Dopri5.
//
// The state h [units], the potentials v, is a flow: dt = 0 keeps it to the bit. With the hybrid and the exponential solver any
// dt >= 0 is stable; the explicit one is for d·e·a < 2, see MaxStep; dopri5 takes many steps where dt·e·a is large. With the gate
// a and e are below 1 and |b| below |vleak|, so that potentials stay of the order of vleak. LRCU is the unit form: one explicit
// sub-step.
//
// gleak, w, shift and tau are kept at or above 0 by projection. All sums have one weight a synapse of the wiring, an absent
// synapse has no path, and polarity fixes no sign; the output are the motor neurons after an affine map. Probes: "a", "b" and
// "e" of the last sub-step (with dopri5 at its end) and "tau", the effective time constant 1/(e a) there, in the model's time unit
// and 1e6 at most, which stands for a neuron that holds its potential. Cost: two passes over the synapses a sub-step, one with
// NoForgetGate, and 2 FLOPs a synapse for e.
//
// Source: Farsang, Neubauer and Grosu, Liquid resistance liquid capacitance networks, 2024 (arXiv 2403.08791), with the initial
// values of the authors' code. The exponential solver is an exponential Euler step of the same equation; no publication has it.
type LRC struct {
	// Unfolds is the number of sub-steps K of solvers with fixed steps, 1 to 1000; 1 if zero.
	Unfolds int `json:"unfolds" default:"1"`
	// Elastance is constant, asymmetric or symmetric; symmetric if empty.
	Elastance Elastance `json:"elastance" default:"symmetric"`
	// Solver is explicit, hybrid, exponential or dopri5; explicit if empty.
	Solver LRCSolver `json:"solver" default:"explicit"`
	// RTol is the relative tolerance of dopri5, 1e-6 to 0.1; 1e-3 if zero.
	RTol float64 `json:"rtol" default:"1e-3"`
	// ATol is the absolute one, 1e-8 to 1, in units of the potentials; 1e-5 if zero.
	ATol float64 `json:"atol" default:"1e-5"`
	// NoForgetGate replaces the gate a by a trained rate tau, one a neuron, that starts at 1.
	NoForgetGate bool `json:"no_forget_gate"`
}

// Elastance is how fast a neuron's charge follows, from 0 to 1.
type Elastance string

// Elastances.
const (
	ConstantElastance   Elastance = "constant"
	AsymmetricElastance Elastance = "asymmetric"
	SymmetricElastance  Elastance = "symmetric"
)

// LRCSolver is one of the ways in which LRC steps in time.
type LRCSolver string

// Solvers of LRC.
const (
	ExplicitLRC    LRCSolver = "explicit"
	HybridLRC      LRCSolver = "hybrid"
	ExponentialLRC LRCSolver = "exponential"
	AdaptiveLRC    LRCSolver = "dopri5"
)

// A sub-step v + d e (b - a v) with e, a <= 1 is stable below d = 2 and does not overshoot up to d = 1. What is allowed lies
// between: at 1.5 an error is halved in every sub-step even where gate and elastance are open, and rows of a regular series,
// whose dt is 1 within rounding, are never split.
const (
	explicitStep = 1.5
	maxLRCRate   = 1.25 // so that d e tau stays below 1.9
	minLRCRate   = 1e-6 // so that b/a and the probe tau are finite
)

var lrc = Entry{
	Name: "LRC", Summary: "liquid resistance-capacitance neurons: saturated conductances, elastic membrane",
	Source: "Farsang, Neubauer, Grosu 2024, arXiv 2403.08791", Cell: LRC{}, Wired: true, Flow: true,
	Foreign: []string{"stc", "lrc_asym", "lrc_sym", "lrc_sym_hybrid", "lrc_tau", "lrc_exp"}, Reference: lrcReference,
	Variants: []Variant{
		{"full, STC with 6 sub-steps", LRC{Unfolds: 6, Elastance: ConstantElastance}, wiring.Full(5)},
		{"ncp, symmetric", LRC{}, testNCP},
		{"random, asymmetric, hybrid, 3 sub-steps", LRC{Unfolds: 3, Elastance: AsymmetricElastance, Solver: HybridLRC}, wiring.Random{Units: 6, Outputs: 3, Sparsity: 0.4}},
		{"ncp, exponential, 2 sub-steps", LRC{Unfolds: 2, Solver: ExponentialLRC}, testNCP},
		{"ncp, dopri5", LRC{Solver: AdaptiveLRC}, testNCP},
		{"full, no gate", LRC{NoForgetGate: true}, wiring.Full(4)},
		{"random, no gate, constant, hybrid", LRC{NoForgetGate: true, Elastance: ConstantElastance, Solver: HybridLRC}, wiring.Random{Units: 5, Outputs: 2, Sparsity: 0.5}},
		{"ncp, no gate, asymmetric, exponential", LRC{NoForgetGate: true, Elastance: AsymmetricElastance, Solver: ExponentialLRC}, testNCP},
	},
	Presets: []Preset{
		{"lrc-32", "LRC in closed form (exponential solver, any dt in one step), 32 neurons, fully connected, symmetric elastance", LRC{Solver: ExponentialLRC}, full(32)},
		{"lrc-ncp19", "the same on a neural circuit policy of 19 neurons", LRC{Solver: ExponentialLRC}, auto(19, 1)},
		{"lrc-asym-32", "LRC in closed form, 32 neurons, fully connected, asymmetric elastance", LRC{Solver: ExponentialLRC, Elastance: AsymmetricElastance}, full(32)},
		{"lrc-explicit-32", "LRC as in its paper, 32 neurons, fully connected, symmetric elastance, 6 explicit sub-steps", LRC{Unfolds: 6}, full(32)},
		{"lrcu-32", "LRC unit, 32 neurons, fully connected, symmetric elastance, one explicit step", LRC{}, full(32)},
		{"lrcu-asym-32", "LRC unit, 32 neurons, fully connected, asymmetric elastance, one explicit step", LRC{Elastance: AsymmetricElastance}, full(32)},
		{"stc-32", "saturated LTC, 32 neurons, fully connected, 6 explicit sub-steps", LRC{Unfolds: 6, Elastance: ConstantElastance}, full(32)},
		{"lrc-adaptive-32", "LRC, 32 neurons, fully connected, dopri5: as many steps a row as its error asks", LRC{Solver: AdaptiveLRC}, full(32)},
	},
}

// Check implements Cell.
func (c LRC) Check() error {
	switch c.Elastance {
	case "", ConstantElastance, AsymmetricElastance, SymmetricElastance:
	default:
		return fmt.Errorf("LRC: elastance %q; allowed: %s, %s, %s", c.Elastance, ConstantElastance, AsymmetricElastance, SymmetricElastance)
	}
	switch c.Solver {
	case "", ExplicitLRC, HybridLRC, ExponentialLRC, AdaptiveLRC:
	default:
		return fmt.Errorf("LRC: solver %q; allowed: %s, %s, %s, %s", c.Solver, ExplicitLRC, HybridLRC, ExponentialLRC, AdaptiveLRC)
	}
	return c.flow().check("LRC", 1)
}

// Adaptive implements Adapting.
func (c LRC) Adaptive() bool { return c.Solver == AdaptiveLRC }

// flow is the adaptive solver; the other ones are LRCSolver's.
func (c LRC) flow() solver {
	s := solver{unfolds: c.Unfolds, rtol: c.RTol, atol: c.ATol}
	if c.Adaptive() {
		s.method = Dopri5
	}
	return s
}

// MaxStep implements Limited: 1.5 for every explicit sub-step, any dt for the other solvers.
func (c LRC) MaxStep() float64 {
	c = Resolve(c).(LRC)
	if c.Solver != ExplicitLRC {
		return 0
	}
	return explicitStep * float64(c.Unfolds)
}

// Build implements Cell.
func (c LRC) Build(b *Builder, x Vec, w *wiring.Wiring) Vec {
	c = Resolve(c).(LRC)
	n, K := w.Units(), c.Unfolds
	h := b.State("h", Vector(n))
	gleak := b.Param("gleak", Vector(n), Between(0.001, 1), AtLeast(0))
	vleak := b.Param("vleak", Vector(n), Between(-0.2, 0.2))
	rate := c.rate(b, n)
	sensory := c.synapses(b, "sensory", w.Inputs(), n, w.Sensory())
	inner := c.synapses(b, "inner", n, n, w.Inner())
	u := mapped(b, "input", x, Affine)
	elastance := c.elastance(b, w, u)

	f0, g0 := sensory(u, gleak, gleak)
	d := Scale(1/float64(K), b.DT())
	var A, B, E Vec
	at := func(v Vec) {
		f, g := inner(v, f0, g0)
		A, B, E = rate(f), Mul(vleak, Tanh(g)), elastance(v)
	}
	var v Vec
	if c.Adaptive() {
		v = c.flow().flow(b, h, func(v Vec) Vec {
			at(v)
			return Mul(E, Sub(B, Mul(A, v)))
		})
	} else {
		v = b.Repeat(K, []Vec{h}, func(carried []Vec) []Vec {
			v := carried[0]
			at(v)
			return []Vec{c.Solver.step(v, Mul(d, E), A, B, b.Const(1))}
		})[0]
	}

	b.Probe("a", A)
	b.Probe("b", B)
	b.Probe("e", Broadcast(E, Vector(n)))
	b.Probe("tau", Div(b.Const(1), Max(Mul(E, A), b.Const(minLRCRate))))
	b.Next("h", v)
	return mapped(b, "output", Slice(v, 0, w.Outputs()), Affine)
}

// step is v after an elastic time s = d e. The hybrid form is the relaxation of a neuron of capacitance 1.
func (m LRCSolver) step(v, s, a, b, one Vec) Vec {
	switch m {
	case HybridLRC:
		return Relax(v, s, one, a, b)
	case ExponentialLRC:
		return Sub(v, Mul(Div(Sub(b, Mul(a, v)), a), Expm1(Neg(Mul(s, a)))))
	}
	return Add(v, Mul(s, Sub(b, Mul(a, v))))
}

// rate declares what a is made of and gives a of f.
func (c LRC) rate(b *Builder, n int) func(f Vec) Vec {
	if !c.NoForgetGate {
		return Sigmoid
	}
	bounds := []Option{AtLeast(0)}
	switch c.Solver {
	case ExplicitLRC:
		bounds = append(bounds, AtMost(maxLRCRate))
	case ExponentialLRC:
		bounds = []Option{AtLeast(minLRCRate)}
	}
	tau := b.Param("tau", Vector(n), Values{1}, bounds...)
	return func(Vec) Vec { return tau }
}

// synapses declares a set of synapses and gives the function that adds their sums to f and g. Without the forget gate nothing
// reads f, and there are no weights w.
func (c LRC) synapses(b *Builder, name string, in, out int, list []wiring.Synapse) func(v, f, g Vec) (Vec, Vec) {
	if len(list) == 0 {
		return func(_, f, g Vec) (Vec, Vec) { return f, g }
	}
	e, s := edges(in, out, list), Vector(len(list))
	sigma := b.Param(name+".sigma", s, Between(3, 8), Along(e))
	mu := b.Param(name+".mu", s, Between(0.3, 0.8), Along(e))
	h := b.Param(name+".h", s, orthonormalOn{e}, Along(e))
	// The conductance of a set of synapses is the sum that is wanted; it has no current.
	sum := func(v, weight Vec) Vec {
		G, _ := Synapses(v, weight, sigma, mu, Broadcast(b.Const(0), s), e)
		return G
	}
	if c.NoForgetGate {
		return func(v, f, g Vec) (Vec, Vec) { return f, Add(g, sum(v, h)) }
	}
	w := b.Param(name+".w", s, Between(0.001, 1), AtLeast(0), Along(e))
	return func(v, f, g Vec) (Vec, Vec) { return Add(f, sum(v, w)), Add(g, sum(v, h)) }
}

// elastance declares the map to e and gives e of the potentials, for inputs u that are held.
func (c LRC) elastance(b *Builder, w *wiring.Wiring, u Vec) func(v Vec) Vec {
	if c.Elastance == ConstantElastance {
		return func(Vec) Vec { return b.Const(1) }
	}
	n := w.Units()
	init := Xavier(w.Inputs()+n, n)
	inner := edges(n, n, w.Inner())
	q0 := b.Linear("elastance", n, init, Values{0}, Term{Name: "x", X: u, Edges: edges(w.Inputs(), n, w.Sensory())})
	q := func(Vec) Vec { return q0 }
	if len(inner.List) > 0 {
		W := b.Param("elastance.h", Vector(len(inner.List)), init, Along(inner))
		q = func(v Vec) Vec { return Add(q0, Masked(W, v, inner)) }
	}
	if c.Elastance == AsymmetricElastance {
		return func(v Vec) Vec { return Sigmoid(q(v)) }
	}
	shift := b.Param("shift", Vector(n), Values{1}, AtLeast(0))
	return func(v Vec) Vec { return Sub(Sigmoid(Add(q(v), shift)), Sigmoid(Sub(q(v), shift))) }
}

// orthonormalOn draws an orthonormal matrix, sources by targets, of which it takes the entries on edges.
type orthonormalOn struct{ edges *Edges }

// Fill implements Init.
func (o orthonormalOn) Fill(dst []float64, _ Shape, r *rand.Rand) {
	whole := make([]float64, o.edges.In*o.edges.Out)
	Orthonormal{}.Fill(whole, Shape{Outer: o.edges.In, Inner: o.edges.Out}, r)
	for k, e := range o.edges.List {
		dst[k] = whole[e.From*o.edges.Out+e.To]
	}
}

// String implements Init.
func (o orthonormalOn) String() string { return "orthonormal" }

// Tensors implements Referenced. The tensors have a row for each source and a column for each target.
func (c LRC) Tensors(inputs int, w *wiring.Wiring) (list []Tensor) {
	c = Resolve(c).(LRC)
	n := w.Units()
	whole := func(param, name string, width int) { list = append(list, Whole(param, name, width)) }
	along := func(param, name string, rows, first int, synapses []wiring.Synapse) {
		index := make([]int, len(synapses))
		for k, s := range synapses {
			index[k] = (first+s.From)*n + s.To
		}
		if len(index) == 0 {
			param = ""
		}
		list = append(list, Tensor{param, name, []int{rows, n}, index})
	}
	whole("input.w", "input_w", inputs)
	whole("input.b", "input_b", inputs)
	whole("output.w", "output_w", w.Outputs())
	whole("output.b", "output_b", w.Outputs())
	whole("gleak", "gleak", n)
	whole("vleak", "vleak", n)
	names := []string{"sigma", "mu", "h", "w"}
	if c.NoForgetGate {
		names = names[:3]
		whole("tau", "tau", n)
	}
	for _, name := range names {
		along("sensory."+name, "sensory_"+name, inputs, 0, w.Sensory())
		along("inner."+name, name, n, 0, w.Inner())
	}
	if c.Elastance != ConstantElastance {
		along("elastance.x", "elastance_kernel", inputs+n, 0, w.Sensory())
		along("elastance.h", "elastance_kernel", inputs+n, inputs, w.Inner())
		whole("elastance.bias", "elastance_bias", n)
	}
	if c.Elastance == SymmetricElastance {
		whole("shift", "distr_shift", n)
	}
	return list
}

func lrcReference(meta Meta) (Cell, error) {
	var said struct {
		Elastance Elastance `json:"elastance"`
		Forget    bool      `json:"forget_gate"`
		Solver    LRCSolver `json:"solver"`
		Unfolds   int       `json:"unfolds"`
	}
	if err := meta.Constants(&said); err != nil {
		return nil, err
	}
	if said.Elastance == "" || said.Solver == "" || said.Unfolds == 0 { // which options would take for the defaults
		return nil, fmt.Errorf("constants: elastance %q, solver %q, unfolds %d; none may be empty or 0", said.Elastance, said.Solver, said.Unfolds)
	}
	return LRC{Unfolds: said.Unfolds, Elastance: said.Elastance, Solver: said.Solver, NoForgetGate: !said.Forget}, nil
}
