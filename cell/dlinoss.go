package cell

import (
	"math"
	"math/rand/v2"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// DLinOSS is LinOSS with damping, d²y/dt² = B x - A y - G dy/dt with the velocity z, one complex oscillator a unit:
//
//	s = sigmoid(steps),   d = s dt,   F = B x - A y
//	imex1:  z' = (z + d F) / (1 + d G),           y' = y + d z'
//	imex2:  z' =  z + d (F - G z),                y' = y + d z'
//	im:     z' = (z + d F) / (1 + d G + d² A),    y' = y + d z'
//	ex:     z' =  z + d (F - G z),                y' = y + d z
//	output = f(Re(C y') + D x)
//
// with B, C and D as in LinOSS. A and G are the raw parameters, moved to where the scheme does not grow at dt = 1; with
// p = max(s², 1e-6),
//
//	imex1:  G = max(G, 0),                A clipped to (sqrt(1 + s G) -+ 1)² / p
//	imex2:  G = min(max(G, 0), 1/s),      A clipped to (sqrt(1 - s G) -+ 1)² / p
//	im:     G = max(G, -s A),             A = max(A, G²/4)
//	ex:     A = min(A, 3.99/p), G = min(max(G, s A), 3.995/s), then A = max(A, G²/4)
//
// The authors have no upper bounds 1/s, 3.99/p and 3.995/s. Beyond 1/s the root of imex2 is not real, beyond 4/p and 4/s ex
// grows; below them nothing changes. A clipped value has the derivative of its bound.
//
// States z_re, z_im, y_re and y_im [units] are zero at first, and a flow: dt = 0 keeps them, and the output still has D x.
// Of about 8·units·inputs + 31·units FLOPs a step only some 16·units are sequential in time.
//
// Elapsed time multiplies the learned step s; dt = 1 is the authors' layer. imex1, imex2 and ex are stable for equal steps
// of dt <= 1. Up to dt = 1.5 an oscillator that is too stiff for a step is taken as stiff as is stable in it, d² A at most
// 4 + 2 d G, 4 - 2 d G and d G, with d G at most 3.995 for ex; longer gaps are split. Where steps differ, each is a rotation in
// another metric: with one step in four split in halves, an undamped oscillator of θ = 1.5 grows by 2 % a step, one of θ = 3 by
// 20 %. So irregular time asks for im, with which |z|² + A |y|² never grows, whatever the steps. That needs G >= 0, and the
// region of im at dt = 1 has negative G too; so the optimiser keeps the raw G at 0 or above. It keeps the raw A there, too. A
// raw value outside of its bounds has no slope of its own and waits until the bounds, which follow the other two, come to it;
// those of A may do so from 0 up, never below. Exactly on a bound the raw value has the slope.
//
// First values: eigenvalues r e^(±iθ) at dt = 1 with r² uniform on [0.81, 1) and θ uniform on [0, π), on [0, arccos r) for
// im, because G >= 0 asks there for r <= cos θ; steps normal with deviation 0.5; B, C and D as in LinOSS. Probes A and G
// are the values after the move.
//
// Source: Boyer, Rusch and Rus, Learning to dissipate energy in oscillatory state-space models, arXiv 2505.12171; the
// authors' code for the regions, discretax for the ranges of first values.
type DLinOSS struct {
	// Units is the number of oscillators, 1 to 65536.
	Units int `json:"units"`
	// Scheme is imex1, imex2, im or ex; imex1, the paper's, if empty.
	Scheme Scheme `json:"scheme" default:"imex1"`
	// Activation f of the output: gelu, lecun_tanh, relu, silu or tanh; none if empty.
	Activation Activation `json:"activation"`
}

var dlinoss = Entry{
	Name: "DLinOSS", Summary: "damped linear oscillatory state space", Source: "Boyer, Rusch and Rus, arXiv 2505.12171",
	Cell: DLinOSS{}, Flow: true, Reference: dlinossReference,
	Foreign: []string{"dlinoss_imex1", "dlinoss_imex2", "dlinoss_im", "dlinoss_ex"},
	Variants: []Variant{
		{"imex1", DLinOSS{Units: 5}, nil},
		{"imex2", DLinOSS{Units: 4, Scheme: IMEX2}, nil},
		{"im", DLinOSS{Units: 6, Scheme: IM}, nil},
		{"ex", DLinOSS{Units: 5, Scheme: EX}, nil},
		{"imex1, gelu", DLinOSS{Units: 3, Activation: "gelu"}, nil},
	},
	Presets: []Preset{
		{"dlinoss-64", "D-LinOSS, implicit, 64 damped oscillators, gelu", DLinOSS{Units: 64, Scheme: IM, Activation: "gelu"}, nil},
		{"dlinoss-imex-64", "D-LinOSS of its paper, for even time steps, 64 damped oscillators, gelu", DLinOSS{Units: 64, Activation: "gelu"}, nil},
	},
}

// Check implements Cell.
func (c DLinOSS) Check() error {
	if err := checkUnits("DLinOSS", c.Units); err != nil {
		return err
	}
	if err := c.Scheme.check("DLinOSS", "", IMEX1, IMEX2, IM, EX); err != nil {
		return err
	}
	return c.Activation.after("DLinOSS")
}

// MaxStep implements Limited.
func (c DLinOSS) MaxStep() float64 {
	if c.Scheme == IM {
		return 0
	}
	return longestOscillation
}

// Build implements Cell.
func (c DLinOSS) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	c = Resolve(c).(DLinOSS)
	p := portal{c.Units, c.Activation}
	param := func(name string, value func(damped) float64, options ...Option) Vec {
		return b.Param(name, Vector(c.Units), b.Together("oscillators", c.Scheme.drawn(name, value)), options...)
	}
	A, G := param("A", damped.stiffness, AtLeast(0)), param("G", damped.damping, AtLeast(0))
	s := Sigmoid(param("steps", func(o damped) float64 { return o.step }))
	A, G = c.Scheme.region(b, A, G, s)
	b.Probe("A", A)
	b.Probe("G", G)
	d := Mul(s, b.DT())
	A, G = c.Scheme.within(b, A, G, d)
	o := newOscillator(b, c.Units, p.in(b, x, FanIn(x.Len()), FanIn(x.Len())), A, d)
	z := o.forced()
	switch loss := Mul(d, G); c.Scheme {
	case IMEX1:
		z = z.scaled(inverse(b, Plus(loss, 1)))
	case IM:
		z = z.scaled(inverse(b, Plus(Add(loss, Mul(d, d, A)), 1)))
	default:
		z = z.minus(o.z.scaled(loss))
	}
	v := z
	if c.Scheme == EX {
		v = o.z
	}
	return p.out(b, o.move(b, z, v), x, FanIn(c.Units), FanIn(c.Units))
}

const (
	// minSquare bounds s² from below in quotients, as the authors do; minRoot keeps the derivative of the root finite.
	minSquare = 1e-6
	minRoot   = 1e-12
	// maxExplicitA and maxExplicitG bound s² A and s G of ex a little below 4, where both eigenvalues are -1 and a state
	// grows with the number of steps.
	maxExplicitA = 3.99
	maxExplicitG = 3.995
)

// region moves A and G to where the scheme is stable at dt = 1; see DLinOSS.
func (m Scheme) region(b *Builder, A, G, s Vec) (Vec, Vec) {
	square := Max(Mul(s, s), b.Const(minSquare))
	switch m {
	case IM:
		G = Max(G, Neg(Mul(s, A)))
		return Max(A, Scale(0.25, Mul(G, G))), G
	case EX:
		A = Min(A, Div(b.Const(maxExplicitA), square))
		G = Min(Max(G, Mul(s, A)), Div(b.Const(maxExplicitG), Sqrt(square)))
		return Max(A, Scale(0.25, Mul(G, G))), G
	}
	G = Max(G, b.Const(0))
	var root Vec
	if m == IMEX1 {
		root = Sqrt(Plus(Mul(s, G), 1))
	} else {
		G = Min(G, inverse(b, Sqrt(square)))
		root = Sqrt(Max(OneMinus(Mul(s, G)), b.Const(minRoot)))
	}
	lo, hi := Plus(root, -1), Plus(root, 1)
	return Min(Max(A, Div(Mul(lo, lo), square)), Div(Mul(hi, hi), square)), G
}

// within softens the oscillators of an explicit scheme that are too stiff for a step of length d, which is none of those in the
// region where dt <= 1. With the trace T and the determinant P of a step, |T| <= 1 + P and P <= 1.
func (m Scheme) within(b *Builder, A, G, d Vec) (Vec, Vec) {
	if m == IM {
		return A, G
	}
	square := Max(Mul(d, d), b.Const(minSquare))
	switch m {
	case IMEX1:
		return Min(A, Div(Plus(Scale(2, Mul(d, G)), 4), square)), G
	case IMEX2:
		return Min(A, Div(Plus(Scale(-2, Mul(d, G)), 4), square)), G
	}
	root := Sqrt(square)
	G = Min(G, Div(b.Const(maxExplicitG), root))
	return Min(A, Div(G, root)), G
}

// damped is one oscillator that is drawn: its eigenvalues r e^(±iθ) at dt = 1 and its raw step.
type damped struct {
	scheme         Scheme
	r, theta, step float64
}

// Ranges of the first values.
const (
	minRadius, maxRadius = 0.9, 1
	stepDeviation        = 0.5
)

// drawn is an Init by a value of each oscillator.
func (m Scheme) drawn(name string, value func(damped) float64) Init {
	return Each{Text: name + " of drawn oscillators", Draw: func(r *rand.Rand) float64 { return value(m.draw(r)) }}
}

func (m Scheme) draw(r *rand.Rand) damped {
	o := damped{scheme: m, r: math.Sqrt(r.Float64()*(maxRadius*maxRadius-minRadius*minRadius) + minRadius*minRadius)}
	most := math.Pi
	if m == IM {
		most = math.Acos(o.r)
	}
	o.theta, o.step = most*r.Float64(), stepDeviation*r.NormFloat64()
	return o
}

// damping is the G that has the eigenvalues.
func (o damped) damping() float64 {
	s, r, c := Logistic(o.step), o.r, math.Cos(o.theta)
	switch o.scheme {
	case IMEX1:
		return (1 - r*r) / (s * r * r)
	case IMEX2:
		return (1 - r*r) / s
	case IM:
		return (2*c/r - 2) / s
	}
	return (2 - 2*r*c) / s
}

// stiffness is the A that has the eigenvalues.
func (o damped) stiffness() float64 {
	s, r, c := Logistic(o.step), o.r, math.Cos(o.theta)
	switch o.scheme {
	case IMEX1:
		return (r*r + 1 - 2*r*c) / (s * s * r * r)
	case IM:
		return (1/(r*r) + 1 - 2*c/r) / (s * s)
	}
	return (r*r + 1 - 2*r*c) / (s * s)
}

// Tensors implements Referenced.
func (c DLinOSS) Tensors(inputs int, _ *wiring.Wiring) []Tensor {
	return portal{units: c.Units}.tensors(inputs, "A", "G", "steps")
}

func dlinossReference(meta Meta) (Cell, error) {
	scheme, units, err := schemeReference(meta, "dlinoss_", true)
	return DLinOSS{Units: units, Scheme: scheme}, err
}
