package cell

import (
	"fmt"
	"math"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// S5 is a linear state space with a diagonal of complex poles, discretised in each step:
//
//	L = Lambda_re + i Lambda_im,   d = exp(log_step) dt
//	zoh:       P = exp(L d),                       g = (P - 1) / L
//	bilinear:  P = (1 + d L/2) / (1 - d L/2),      g = d / (1 - d L/2)
//	X' = P X + g B x
//	output = f(2 Re(C X') + D x)
//
// Each unit stands for a pair of conjugate poles, hence the 2. B [units][inputs] and C [inputs][units] are complex, D
// [inputs] is real; the output is as wide as the input. States x_re and x_im [units] are zero at first, and a flow: dt = 0
// keeps them, and the output still has D x. Of about 8·units·inputs + 34·units FLOPs a step, functions apart, only the
// 9·units of P X and its sum are sequential in time.
//
// Elapsed time multiplies the learned step of each unit. Any dt is stable while Lambda_re < 0: the optimiser keeps it at
// -1e-4 or below.
//
// First values: L are the eigenvalues with positive imaginary part of the normal part of HiPPO-LegS of size 2·units, whose
// eigenvectors are the columns of V; B = V* R and C = (S + i T) V with R, S and T normal of deviation 1/sqrt(2·units), cut
// off at two deviations; log_step uniform on [log 0.001, log 0.1); D standard normal. legs.go derives L and V.
//
// Source: Smith, Warrington and Linderman, Simplified state space layers for sequence modeling, ICLR 2023, and their code.
type S5 struct {
	// Units is the number of complex units, each of which stands for two states of the system, 1 to 65536.
	Units int `json:"units"`
	// Discretisation is zoh or bilinear; zoh if empty.
	Discretisation Discretisation `json:"discretisation" default:"zoh"`
	// Activation f of the output: gelu, lecun_tanh, relu, silu or tanh; none if empty.
	Activation Activation `json:"activation"`
}

// Discretisation is how a linear system in continuous time becomes a step of length d.
type Discretisation string

// The discretisations.
const (
	ZOH      Discretisation = "zoh"      // exact for an input that is held
	Bilinear Discretisation = "bilinear" // the trapezoidal rule
)

var s5 = Entry{
	Name: "S5", Summary: "diagonal state space from HiPPO-LegS", Source: "Smith, Warrington and Linderman, ICLR 2023",
	Cell: S5{}, Flow: true, Foreign: []string{"s5_zoh", "s5_bilinear"}, Reference: s5Reference,
	Variants: []Variant{
		{"zoh", S5{Units: 5}, nil},
		{"bilinear", S5{Units: 4, Discretisation: Bilinear}, nil},
		{"zoh, gelu", S5{Units: 3, Activation: "gelu"}, nil},
	},
	Presets: []Preset{{"s5-64", "S5, 64 pairs of poles from HiPPO-LegS, gelu", S5{Units: 64, Activation: "gelu"}, nil}},
}

// maxPole bounds the real parts of the poles from above.
const maxPole = -1e-4

// Check implements Cell.
func (c S5) Check() error {
	if err := checkUnits("S5", c.Units); err != nil {
		return err
	}
	if d := c.Discretisation; d != "" && d != ZOH && d != Bilinear {
		return fmt.Errorf("S5: discretisation %q; allowed: %s", d, listed([]Discretisation{ZOH, Bilinear}))
	}
	return c.Activation.after("S5")
}

// Build implements Cell.
func (c S5) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	c = Resolve(c).(S5)
	n := c.Units
	p := portal{n, c.Activation}
	L := complexVec{b.Param("Lambda_re", Vector(n), Values{-0.5}, AtMost(maxPole)), b.Param("Lambda_im", Vector(n), legsPoles{})}
	d := Mul(Exp(b.Param("log_step", Vector(n), Between(math.Log(1e-3), math.Log(1e-1)))), b.DT())
	pole, gain := c.Discretisation.step(b, L, d)
	in := func(imaginary bool) Init { return b.Together("B", legsInput{imaginary}) }
	out := func(imaginary bool) Init { return b.Together("C", legsOutput{imaginary}) }
	state := complexState(b, "x", n)
	next := pole.times(state).plus(gain.times(p.in(b, x, in(false), in(true))))
	complexNext(b, "x", next)
	return p.out(b, next.parts(func(v Vec) Vec { return Scale(2, v) }), x, out(false), out(true))
}

// step is the pole and the gain of a step of length d.
func (m Discretisation) step(b *Builder, L complexVec, d Vec) (pole, gain complexVec) {
	if m == Bilinear {
		half := L.scaled(Scale(0.5, d))
		w := complexVec{OneMinus(half.re), Neg(half.im)}.inverse()
		return complexVec{Plus(half.re, 1), half.im}.times(w), w.scaled(d)
	}
	less := L.scaled(d).exponentialMinusOne()
	return complexVec{Plus(less.re, 1), less.im}, less.times(L.inverse())
}

// Tensors implements Referenced.
func (c S5) Tensors(inputs int, _ *wiring.Wiring) []Tensor {
	return portal{units: c.Units}.tensors(inputs, "Lambda_re", "Lambda_im", "log_step")
}

func s5Reference(meta Meta) (Cell, error) {
	units, err := meta.Units()
	if err != nil {
		return nil, err
	}
	var given struct {
		Disc Discretisation `json:"disc"`
	}
	if err := meta.Constants(&given); err != nil {
		return nil, err
	}
	if "s5_"+string(given.Disc) != meta["cell"] {
		return nil, fmt.Errorf("constants: disc is %q, which is not that of the cell", given.Disc)
	}
	return S5{Units: units, Discretisation: given.Disc}, nil
}
