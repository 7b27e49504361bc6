package cell

import (
	"fmt"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// LrcSSM is the LRC cell with a diagonal state: each unit has a synapse from itself and from all inputs, none from another
// unit,
//
//	dh/dt = e (b - a h)
//	s = sigmoid(sensory_sigma (x - sensory_mu)),   y = sigmoid(sigma (h - mu))
//	a = sigmoid(gleak + sensory_w s + w y)
//	b = vleak tanh(gleak + sensory_h s + hh y)
//	q = k h + bias
//	e = sigmoid(q)                                   Elastance asymmetric
//	e = sigmoid(q + shift) - sigmoid(q - shift)      Elastance symmetric
//	h' = h + dt e (b - a h)
//
// with matrices sensory_w and sensory_h [units][inputs] and all else one value a unit or an input. What follows from the
// inputs is computed for many times at once; the recurrence itself is element-wise. With Complex, h, mu, sigma, w and hh are
// complex, sigmoid and tanh are continued analytically, and the output is [Re h, Im h]; else it is h [units].
//
// The state is a flow: dt = 0 keeps it to the bit. The step is explicit Euler, stable for dt·e·a < 2; a and e are below 1, so
// that it is stable within MaxStep for real states, whose size stays of the order of vleak. Complex gates have poles, which
// first values stay away from and nothing else does. Cost: 4·units·inputs + 20·units FLOPs and 4·units functions; complex
// states take 4·units·inputs + 126·units and 12·units.
//
// First values: all uniform within 1/sqrt(units); shift is kept at or above 0, in whose lower half it would start too: with a
// negative one e is negative, and the state grows without bound.
//
// Source: Farsang and others, Scaling up liquid-resistance liquid-capacitance networks for efficient sequence modeling, arXiv
// 2505.21717, eq. 7 to 14, and the authors' code, where the elastance sees the state only and dt is 1.
type LrcSSM struct {
	// Units is the number of units, 1 to 65536.
	Units int `json:"units"`
	// Elastance is asymmetric or symmetric; asymmetric if empty.
	Elastance Elastance `json:"elastance" default:"asymmetric"`
	// Complex gives every unit a complex state.
	Complex bool `json:"complex"`
}

var lrcSSM = Entry{
	Name: "LrcSSM", Summary: "liquid resistance-capacitance state space with a diagonal state", Source: "Farsang and others, arXiv 2505.21717",
	Cell: LrcSSM{}, Flow: true,
	Foreign: []string{"lrcssm", "lrcssm_sym", "lrcssm_complex"}, Reference: lrcSSMReference,
	Variants: []Variant{
		{"asymmetric", LrcSSM{Units: 5}, nil},
		{"symmetric", LrcSSM{Units: 4, Elastance: SymmetricElastance}, nil},
		{"complex", LrcSSM{Units: 3, Complex: true}, nil},
		{"complex, symmetric", LrcSSM{Units: 6, Elastance: SymmetricElastance, Complex: true}, nil},
	},
	Presets: []Preset{
		{"lrcssm-64", "diagonal LRC, 64 units", LrcSSM{Units: 64}, nil},
		{"lrcssm-complex-32", "diagonal LRC, 32 complex units", LrcSSM{Units: 32, Complex: true}, nil},
	},
}

// Check implements Cell.
func (c LrcSSM) Check() error {
	if err := checkUnits("LrcSSM", c.Units); err != nil {
		return err
	}
	if e := c.Elastance; e != "" && e != AsymmetricElastance && e != SymmetricElastance {
		return fmt.Errorf("LrcSSM: elastance %q; allowed: %s", e, listed([]Elastance{AsymmetricElastance, SymmetricElastance}))
	}
	return nil
}

// MaxStep implements Limited.
func (c LrcSSM) MaxStep() float64 { return explicitStep }

// Build implements Cell.
func (c LrcSSM) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	c = Resolve(c).(LrcSSM)
	n, init := c.Units, FanIn(c.Units)
	unit := func(name string) Vec { return b.Param(name, Vector(n), init) }
	s := sensory(b, x, init)
	gleak, vleak := unit("gleak"), unit("vleak")
	f0 := Add(b.Linear("sensory_w", n, init, nil, Term{Name: "s", X: s}), gleak)
	g0 := Add(b.Linear("sensory_h", n, init, nil, Term{Name: "s", X: s}), gleak)
	k, bias := unit("elastance_kernel"), unit("elastance_bias")
	shift := Vec{}
	if c.Elastance == SymmetricElastance {
		shift = b.Param("elastance_shift", Vector(n), Between(0, init.Hi), AtLeast(0))
	}
	if c.Complex {
		return c.complexStep(b, complexUnit{f0: f0, g0: g0, vleak: vleak, k: k, bias: bias, shift: shift})
	}
	h, mu, sigma := b.State("h", Vector(n)), unit("mu"), unit("sigma")
	y := Sigmoid(Mul(sigma, Sub(h, mu)))
	a := Sigmoid(Add(f0, Mul(unit("w"), y)))
	B := Mul(vleak, Tanh(Add(g0, Mul(unit("h"), y))))
	q := Add(Mul(k, h), bias)
	e := Sigmoid(q)
	if shift.OK() {
		e = Sub(Sigmoid(Add(q, shift)), Sigmoid(Sub(q, shift)))
	}
	b.Probe("a", a)
	b.Probe("e", e)
	h = Add(h, Mul(b.DT(), e, Sub(B, Mul(a, h))))
	b.Next("h", h)
	return h
}

// sensory is the encoding of inputs that LrcSSM and RiccatiSSM share: sigmoid(sensory_sigma (x - sensory_mu)).
func sensory(b *Builder, x Vec, init Init) Vec {
	mu, sigma := b.Param("sensory_mu", x.Shape(), init), b.Param("sensory_sigma", x.Shape(), init)
	return Sigmoid(Mul(sigma, Sub(x, mu)))
}

// complexUnit is what the complex form shares with the real one; shift is absent where the elastance is asymmetric.
type complexUnit struct{ f0, g0, vleak, k, bias, shift Vec }

// complexStep is the step with complex states.
func (c LrcSSM) complexStep(b *Builder, u complexUnit) Vec {
	param := func(name string) complexVec {
		part := func(suffix string) Vec { return b.Param(name+suffix, Vector(c.Units), FanIn(c.Units)) }
		return complexVec{part("_re"), part("_im")}
	}
	h, mu, sigma := complexState(b, "h", c.Units), param("mu"), param("sigma")
	y := sigma.times(h.minus(mu)).sigmoid()
	a := param("w").times(y).shifted(u.f0).sigmoid()
	B := param("h").times(y).shifted(u.g0).tanh().scaled(u.vleak)
	q := h.scaled(u.k).shifted(u.bias)
	e := q.sigmoid()
	if u.shift.OK() {
		e = q.shifted(u.shift).sigmoid().minus(q.shifted(Neg(u.shift)).sigmoid())
	}
	h = h.plus(e.times(B.minus(a.times(h))).scaled(b.DT()))
	complexNext(b, "h", h)
	return Concat(h.re, h.im)
}

// shifted is a + r with r real.
func (a complexVec) shifted(r Vec) complexVec { return complexVec{Add(a.re, r), a.im} }

// tanh is the hyperbolic tangent, with t = tanh(re), s = sin(im) and c = cos(im)
//
//	tanh(re + i im) = (t + i s c (1 - t²)) / (c² + t² s²)
//
// in which nothing overflows. It has poles at im = π/2 + k π on the imaginary axis.
func (a complexVec) tanh() complexVec {
	t, s, c := Tanh(a.re), Sin(a.im), Cos(a.im)
	t2 := Mul(t, t)
	norm := Add(Mul(c, c), Mul(t2, s, s))
	return complexVec{Div(t, norm), Div(Mul(s, c, OneMinus(t2)), norm)}
}

// sigmoid is 1 / (1 + exp(-a)), as (1 + tanh(a/2)) / 2.
func (a complexVec) sigmoid() complexVec {
	half := func(v Vec) Vec { return Scale(0.5, v) }
	y := a.parts(half).tanh().parts(half)
	return complexVec{Plus(y.re, 0.5), y.im}
}

// Tensors implements Referenced.
func (c LrcSSM) Tensors(inputs int, _ *wiring.Wiring) (list []Tensor) {
	c = Resolve(c).(LrcSSM)
	n := c.Units
	list = []Tensor{
		Whole("sensory_mu", "sensory_mu", inputs), Whole("sensory_sigma", "sensory_sigma", inputs),
		Whole("sensory_w.s", "sensory_w", n, inputs), Whole("sensory_h.s", "sensory_h", n, inputs),
	}
	for _, name := range []string{"gleak", "vleak", "elastance_kernel", "elastance_bias"} {
		list = append(list, Whole(name, name, n))
	}
	for _, name := range []string{"mu", "sigma", "w", "h"} {
		if c.Complex {
			list = append(list, Whole(name+"_re", name+"_re", n), Whole(name+"_im", name+"_im", n))
		} else {
			list = append(list, Whole(name, name, n))
		}
	}
	if c.Elastance == SymmetricElastance {
		return append(list, Whole("elastance_shift", "elastance_shift", n))
	}
	return append(list, Tensor{Name: "elastance_shift", Shape: []int{n}}) // the authors have it and do not use it
}

func lrcSSMReference(meta Meta) (Cell, error) {
	var given struct {
		Complex   bool `json:"complex"`
		Symmetric bool `json:"symmetric"`
	}
	units, err := meta.Read(&given)
	c := LrcSSM{Units: units, Elastance: AsymmetricElastance, Complex: given.Complex}
	if given.Symmetric {
		c.Elastance = SymmetricElastance
	}
	return c, err
}
