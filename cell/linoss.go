package cell

import (
	"fmt"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// LinOSS is a layer of forced harmonic oscillators, d²y/dt² = B x - A y with the velocity z, one a unit and each complex:
//
//	A = relu(A_raw),   d = sigmoid(steps) dt
//	im:    z' = (z + d (B x - A y)) / (1 + d² A),   y' = y + d z'
//	imex:  z' =  z + d (B x - A y),                 y' = y + d z'
//	output = f(Re(C y') + D x)
//
// B [units][inputs] and C [inputs][units] are complex, D [inputs] is real; the output is as wide as the input. States
// z_re, z_im, y_re and y_im [units] are zero at first, and a flow: dt = 0 keeps them, and the output still has D x. The
// recurrence is element-wise: of about 8·units·inputs + 22·units FLOPs a step only 14·units are sequential in time.
//
// Elapsed time multiplies the learned step of each unit, sigmoid(steps) in (0, 1); at dt = 1 that is the authors' layer.
// With im |z|² + A |y|² never grows without input, whatever the steps. imex keeps the volume of phase space and is stable
// for equal steps where d² A < 4, which A <= 4 ensures for dt <= 1: there the optimiser keeps A at 4 or below. Up to dt = 1.5
// an oscillator that is too stiff for a step takes min(A, 3.99/d²) in it, and longer gaps are split. Steps that differ excite
// imex (at d² A = 0.9 by 0.5 % a step with one in four split in halves, by 0.0003 % where a minute is a second off): irregular
// time asks for im. With either the optimiser keeps A at 1e-4 or above: at 0 relu has no slope, and an oscillator that came
// there would never leave.
//
// First values: A_raw and steps uniform on [0, 1), both parts of B within 1/sqrt(inputs), of C within 1/sqrt(units), D
// standard normal. Source: Rusch and Rus, Oscillatory state-space models, arXiv 2410.03943, and their code.
type LinOSS struct {
	// Units is the number of oscillators, 1 to 65536.
	Units int `json:"units"`
	// Scheme is im or imex; im if empty.
	Scheme Scheme `json:"scheme" default:"im"`
	// Activation f of the output: gelu, lecun_tanh, relu, silu or tanh; none if empty.
	Activation Activation `json:"activation"`
}

// Scheme says which values of a step an oscillator's new velocity and position are computed from.
type Scheme string

// The schemes of LinOSS, and those of DLinOSS.
const (
	IM    Scheme = "im"    // implicit
	IMEX  Scheme = "imex"  // explicit in the force, then implicit in the velocity
	IMEX1 Scheme = "imex1" // and implicit in the damping
	IMEX2 Scheme = "imex2" // and explicit in the damping
	EX    Scheme = "ex"    // explicit
)

var linoss = Entry{
	Name: "LinOSS", Summary: "linear oscillatory state space", Source: "Rusch and Rus, arXiv 2410.03943",
	Cell: LinOSS{}, Flow: true, Foreign: []string{"linoss_im", "linoss_imex"}, Reference: linossReference,
	Variants: []Variant{
		{"im", LinOSS{Units: 5}, nil},
		{"imex", LinOSS{Units: 4, Scheme: IMEX}, nil},
		{"im, gelu", LinOSS{Units: 3, Activation: "gelu"}, nil},
	},
	Presets: []Preset{
		{"linoss-64", "LinOSS-IM, 64 oscillators, gelu", LinOSS{Units: 64, Activation: "gelu"}, nil},
		{"linoss-imex-64", "LinOSS-IMEX, for even time steps, 64 oscillators, gelu", LinOSS{Units: 64, Scheme: IMEX, Activation: "gelu"}, nil},
	},
}

// minStiffness and maxStiffness bound A, the latter for imex: at dt = 1 d² A < 4, as d < 1. longestOscillation is the longest
// step of explicit schemes. At dt = 1 the layers are their authors'; rows of a regular series are about that far apart, by what
// their clock does, and to split a row that is a little longer would change the step of most by half. So they go on to 1.5, with
// stable values.
const (
	minStiffness       = 1e-4 // of A
	maxStiffness       = 4
	longestOscillation = 1.5
)

// Check implements Cell.
func (c LinOSS) Check() error {
	if err := checkUnits("LinOSS", c.Units); err != nil {
		return err
	}
	if err := c.Scheme.check("LinOSS", "", IM, IMEX); err != nil {
		return err
	}
	return c.Activation.after("LinOSS")
}

// check reports a scheme that is not among those allowed.
func (s Scheme) check(cell string, allowed ...Scheme) error {
	for _, k := range allowed {
		if s == k {
			return nil
		}
	}
	return fmt.Errorf("%s: scheme %q; allowed: %s", cell, s, listed(allowed))
}

// listed names what there is to choose from; the empty choice, which means one of the others, is not named.
func listed[T ~string](all []T) (text string) {
	for _, k := range all {
		if k != "" && text != "" {
			text += ", "
		}
		text += string(k)
	}
	return text
}

// MaxStep implements Limited: imex is explicit.
func (c LinOSS) MaxStep() float64 {
	if c.Scheme == IMEX {
		return longestOscillation
	}
	return 0
}

// Build implements Cell.
func (c LinOSS) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	c = Resolve(c).(LinOSS)
	p := portal{c.Units, c.Activation}
	bounds := []Option{AtLeast(minStiffness)}
	if c.Scheme == IMEX {
		bounds = append(bounds, AtMost(maxStiffness))
	}
	A := Relu(b.Param("A", Vector(c.Units), Between(0, 1), bounds...))
	d := Mul(Sigmoid(b.Param("steps", Vector(c.Units), Between(0, 1))), b.DT())
	if c.Scheme == IMEX {
		A = Min(A, Div(b.Const(maxExplicitA), Max(Mul(d, d), b.Const(minSquare))))
	}
	o := newOscillator(b, c.Units, p.in(b, x, FanIn(x.Len()), FanIn(x.Len())), A, d)
	z := o.forced()
	if c.Scheme == IM {
		z = z.scaled(inverse(b, Plus(Mul(d, d, A), 1)))
	}
	return p.out(b, o.move(b, z, z), x, FanIn(c.Units), FanIn(c.Units))
}

// oscillator are the units of a layer at the beginning of a step of length d: velocity z, position y, and the force u - A y.
type oscillator struct {
	z, y, u complexVec
	A, d    Vec
}

func newOscillator(b *Builder, units int, u complexVec, A, d Vec) oscillator {
	return oscillator{z: complexState(b, "z", units), y: complexState(b, "y", units), u: u, A: A, d: d}
}

// forced is the velocity after the force has acted explicitly, z + d (u - A y).
func (o oscillator) forced() complexVec {
	return o.z.plus(o.u.minus(o.y.scaled(o.A)).scaled(o.d))
}

// move sets the states: the new velocity, and the position y + d v. It gives the new position.
func (o oscillator) move(b *Builder, z, v complexVec) complexVec {
	y := o.y.plus(v.scaled(o.d))
	complexNext(b, "z", z)
	complexNext(b, "y", y)
	return y
}

// Tensors implements Referenced.
func (c LinOSS) Tensors(inputs int, _ *wiring.Wiring) []Tensor {
	return portal{units: c.Units}.tensors(inputs, "A", "steps")
}

func linossReference(meta Meta) (Cell, error) {
	scheme, units, err := schemeReference(meta, "linoss_", false)
	return LinOSS{Units: units, Scheme: scheme}, err
}

// schemeReference reads the scheme and the units of oscillators with or without damping, whose name ends with the scheme.
func schemeReference(meta Meta, prefix string, damped bool) (Scheme, int, error) {
	units, err := meta.Units()
	if err != nil {
		return "", 0, err
	}
	var given struct {
		Damped bool   `json:"damped"`
		Scheme Scheme `json:"scheme"`
	}
	if err := meta.Constants(&given); err != nil {
		return "", 0, err
	}
	switch {
	case given.Damped != damped:
		return "", 0, fmt.Errorf("constants: damped is %v; it must be %v for this cell", given.Damped, damped)
	case prefix+string(given.Scheme) != meta["cell"]:
		return "", 0, fmt.Errorf("constants: scheme is %q, which is not that of the cell", given.Scheme)
	}
	return given.Scheme, units, nil
}
