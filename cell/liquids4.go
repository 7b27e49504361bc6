package cell

import (
	"fmt"
	"math"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// LiquidS4 is a liquid state space with diagonal A: each of F input channels drives N complex states of its own, which stand
// for conjugate pairs, and the input acts on the state as well as beside it. With u = x_f,
//
//	A = -exp(A_log_re) + i A_im,   d = exp(log_dt) dt
//	P = (1 + d A/2) / (1 - d A/2),   Q = d B / (1 - d A/2)        Discretisation bilinear
//	P = exp(d A),                    Q = B (P - 1) / A            Discretisation zoh
//	sum2(X) = 2 Re Σ_n X_n,   read(X) = 2 Re Σ_n C_n X_n
//
//	pb:        X'  = P X + Q u,   y = read(X') + D u + read(Q) u v,   v' = sum2(Q) u
//	rec:       X'  = P X + Q u (1 + sum2(X)),                      y = read(X') + D u
//	rec_diag:  X'  = P X + Q u (1 + X),                            y = read(X') + D u
//	p2:        X2' = P X2 + Q u sum2(X1),   X1' = P X1 + Q u,      y = read(X1' + X2') + D u
//
// rec is the liquid recurrence X' = (P + Q u) X + Q u of the paper, with Q u read as a matrix of rank one, as its kernels do;
// rec_diag reads it element by element; p2 is rec up to products of two inputs; pb is the paper's own approximation for p = 2,
// in its causal form: of the products it keeps those of neighbouring inputs, without P. The output is f(y), as wide as the input.
//
// States are x_re and x_im [F][N], with p2 x1_re, x1_im, x2_re and x2_im, with pb v [F] besides. They are a flow: dt = 0 keeps
// them to the bit and the output still has D u; but for pb, whose v is an update: at dt = 0 it becomes 0, and X stays. Any dt is
// stable with pb and p2, for |P| < 1: the optimiser keeps Re A at -1e-4 or below, which also keeps the quotient of zoh from
// 0/0 at a pole without imaginary part. With rec and rec_diag the inputs act on the poles: a series of large ones lets the state
// grow, and inputs must be scaled or clipped.
//
// In pb, rec_diag and the two halves of p2 the recurrence is element-wise; rec adds one sum a channel. Cost: about 30·F·N FLOPs
// a step, and 20·F·N for P and Q, no functions with bilinear.
//
// First values: log_dt uniform on [log 0.001, log 0.1), Re A = -1/2, Im A = π n, B = 1, C complex standard normal, D standard
// normal. Source: Hasani and others, Liquid structural state-space models, ICLR 2023 (arXiv 2209.12951), and their code in its
// mode diag; elapsed time, which multiplies the learned step, is our extension.
type LiquidS4 struct {
	// Units is the number N of complex states of each input channel, 1 to 65536.
	Units int `json:"units"`
	// Form is pb, rec, rec_diag or p2; pb if empty.
	Form LiquidForm `json:"form" default:"pb"`
	// Discretisation is bilinear or zoh; bilinear if empty.
	Discretisation Discretisation `json:"discretisation" default:"bilinear"`
	// InversePoles starts Im A at 2N/π (2N/(2n+1) - 1), n from 0, the authors' diag-inv, in place of their diag-lin, π n.
	InversePoles bool `json:"inverse_poles"`
	// Activation f of the output: gelu, lecun_tanh, relu, silu or tanh; none if empty.
	Activation Activation `json:"activation"`
}

// LiquidForm says in which products of inputs the state is liquid.
type LiquidForm string

// The forms of LiquidS4.
const (
	PB      LiquidForm = "pb"
	Rec     LiquidForm = "rec"
	RecDiag LiquidForm = "rec_diag"
	P2      LiquidForm = "p2"
)

var liquidForms = []LiquidForm{PB, Rec, RecDiag, P2}

var liquidS4 = Entry{
	Name: "LiquidS4", Summary: "liquid diagonal state space, one for each input channel", Source: "Hasani and others, ICLR 2023",
	Cell: LiquidS4{}, Flow: true,
	Foreign: []string{"liquid_s4_rec", "liquid_s4_rec_diag", "liquid_s4_p2", "liquid_s4_pb"}, Reference: liquidS4Reference,
	Variants: []Variant{
		{"pb", LiquidS4{Units: 3}, nil},
		{"pb, zoh, inverse poles, gelu", LiquidS4{Units: 2, Discretisation: ZOH, InversePoles: true, Activation: "gelu"}, nil},
		{"rec", LiquidS4{Units: 2, Form: Rec}, nil},
		{"rec_diag, zoh", LiquidS4{Units: 3, Form: RecDiag, Discretisation: ZOH}, nil},
		{"p2", LiquidS4{Units: 2, Form: P2}, nil},
	},
	Presets: []Preset{
		{"liquids4-32", "liquid state space, 32 states a channel, products of neighbouring inputs, gelu", LiquidS4{Units: 32, Activation: "gelu"}, nil},
		{"liquids4-p2-32", "liquid state space, 32 states a channel, all products of two inputs, gelu", LiquidS4{Units: 32, Form: P2, Activation: "gelu"}, nil},
	},
}

// Check implements Cell.
func (c LiquidS4) Check() error {
	if err := checkUnits("LiquidS4", c.Units); err != nil {
		return err
	}
	switch c.Form {
	case "", PB, Rec, RecDiag, P2:
	default:
		return fmt.Errorf("LiquidS4: form %q; allowed: %s", c.Form, listed(liquidForms))
	}
	if d := c.Discretisation; d != "" && d != ZOH && d != Bilinear {
		return fmt.Errorf("LiquidS4: discretisation %q; allowed: %s", d, listed([]Discretisation{Bilinear, ZOH}))
	}
	return c.Activation.after("LiquidS4")
}

// Flow implements Flowing: pb remembers the last input whatever the time.
func (c LiquidS4) Flow() bool { return Resolve(c).(LiquidS4).Form != PB }

// Grows implements Growing: with rec and rec_diag u stands in the factor of X.
func (c LiquidS4) Grows() bool { return c.Form == Rec || c.Form == RecDiag }

// Build implements Cell.
func (c LiquidS4) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	c = Resolve(c).(LiquidS4)
	F, s := x.Len(), Shape{Outer: x.Len(), Inner: c.Units}
	param := func(name string, re, im Init) complexVec {
		return complexVec{b.Param(name+"_re", s, re), b.Param(name+"_im", s, im)}
	}
	log, im := b.Param("A_log_re", s, Values{math.Log(0.5)}, AtLeast(math.Log(-maxPole))), b.Param("A_im", s, c.poles(F))
	A, B, C := complexVec{Neg(Exp(log)), im}, param("B", Values{1}, Values{0}), param("C", Normal{SD: math.Sqrt(0.5)}, Normal{SD: math.Sqrt(0.5)})
	d := Mul(Exp(b.Param("log_dt", Vector(F), Between(math.Log(1e-3), math.Log(1e-1)))), b.DT())
	P, Q := c.Discretisation.step(b, A, Column(d))
	l := liquid{b: b, s: s, P: P, Q: Q.times(B), C: C, u: Column(x)}
	y := Slice(l.forms()[c.Form](), 0, F)
	return c.Activation.of(Add(y, Mul(b.Param("D", Vector(F), Normal{SD: 1}), x)))
}

// poles are the first imaginary parts of A, the same in each channel.
func (c LiquidS4) poles(channels int) (v Values) {
	N := float64(c.Units)
	for range channels {
		for n := range c.Units {
			im := math.Pi * float64(n)
			if c.InversePoles {
				im = 2 * N / math.Pi * (2*N/float64(2*n+1) - 1)
			}
			v = append(v, im)
		}
	}
	return v
}

// liquid is a step in the making: u is a column [F][1], all else [F][N].
type liquid struct {
	b       *Builder
	s       Shape
	P, Q, C complexVec
	u       Vec
}

// forms are the forms, each of which sets the states and gives read of what the output sees, [F][1].
func (l liquid) forms() map[LiquidForm]func() Vec {
	return map[LiquidForm]func() Vec{PB: l.neighbours, Rec: l.recurrence, RecDiag: l.elementwise, P2: l.pairs}
}

func (l liquid) state(name string) complexVec {
	return complexVec{l.b.State(name+"_re", l.s), l.b.State(name+"_im", l.s)}
}

// move is P X + Q drive, which it makes the next X. The drive is a real column.
func (l liquid) move(name string, X complexVec, drive Vec) complexVec {
	X = l.P.times(X).plus(l.Q.scaled(drive))
	complexNext(l.b, name, X)
	return X
}

// sum2 is 2 Re Σ_n X_n and read is 2 Re Σ_n C_n X_n, both of each channel.
func sum2(X complexVec) Vec { return Scale(2, Sum(X.re, Inner)) }

func (l liquid) read(X complexVec) Vec {
	return Scale(2, Sum(Sub(Mul(l.C.re, X.re), Mul(l.C.im, X.im)), Inner))
}

func (l liquid) recurrence() Vec {
	X := l.state("x")
	return l.read(l.move("x", X, Mul(l.u, Plus(sum2(X), 1))))
}

func (l liquid) elementwise() Vec {
	X := l.state("x")
	X = l.P.times(X).plus(l.Q.scaled(l.u).times(complexVec{Plus(X.re, 1), X.im}))
	complexNext(l.b, "x", X)
	return l.read(X)
}

func (l liquid) pairs() Vec {
	X1, X2 := l.state("x1"), l.state("x2")
	X2 = l.move("x2", X2, Mul(l.u, sum2(X1)))
	return l.read(l.move("x1", X1, l.u).plus(X2))
}

func (l liquid) neighbours() Vec {
	X, v := l.move("x", l.state("x"), l.u), l.b.State("v", Vector(l.s.Outer))
	l.b.Next("v", Slice(Mul(sum2(l.Q), l.u), 0, l.s.Outer))
	return Add(l.read(X), Mul(l.read(l.Q), l.u, Column(v)))
}

// Tensors implements Referenced.
func (c LiquidS4) Tensors(inputs int, _ *wiring.Wiring) []Tensor {
	list := []Tensor{Whole("log_dt", "log_dt", inputs), Whole("D", "D", inputs)}
	for _, name := range []string{"A_log_re", "A_im", "B_re", "B_im", "C_re", "C_im"} {
		list = append(list, Whole(name, name, inputs, c.Units))
	}
	return list
}

func liquidS4Reference(meta Meta) (Cell, error) {
	var given struct {
		Disc Discretisation `json:"disc"`
		Form LiquidForm     `json:"form"`
	}
	units, err := meta.Read(&given)
	switch {
	case err != nil:
	case given.Disc == "": // which options would take for the default
		err = fmt.Errorf("constants: disc is empty")
	case "liquid_s4_"+string(given.Form) != meta["cell"]:
		err = fmt.Errorf("constants: form is %q, which is not that of the cell", given.Form)
	}
	return LiquidS4{Units: units, Form: given.Form, Discretisation: given.Disc}, err
}
