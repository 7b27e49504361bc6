package cell

import (
	"fmt"
	"strconv"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// CTRNN is the continuous-time recurrent network, solved by an explicit method, in equal sub-steps or by dopri5 in steps that
// its tolerances allow:
//
//	dh/dt = scale · tanh(W x + U h + bias) - tau h
//
// with the input held during dt. The state h [units] is a flow: dt = 0 keeps it. The output is h.
//
// The slope of the right hand side is at most tau + |scale| ‖U‖, at the initial values tau + 1: MaxStep is unfolds over that,
// so that no sub-step overshoots. Weights that grow in training lower the bound that holds; more sub-steps raise it again.
// With dopri5 there is no such bound, see Adapting.
// Cost a stage and unfold: 2 units² + 6 units FLOPs and units tanh; W x is computed once.
//
// Source: Funahashi and Nakamura, Neural Networks 1993, in the form and with the initial values of Lechner and Hasani,
// arXiv 2006.04418 (W Glorot, U orthogonal, bias 0, scale 1).
type CTRNN struct {
	// Units is the width of the state, 1 to 65536.
	Units int `json:"units"`
	// Method is the solver: euler, midpoint, heun, rk4 or dopri5; rk4 if empty.
	Method Method `json:"method" default:"rk4"`
	// Unfolds is the number of solver sub-steps of methods with fixed steps, 1 to 1000; 3 if zero.
	Unfolds int `json:"unfolds" default:"3"`
	// RTol is the relative tolerance of dopri5, 1e-6 to 0.1; 1e-3 if zero.
	RTol float64 `json:"rtol" default:"1e-3"`
	// ATol is the absolute one, 1e-8 to 1, in units of the state; 1e-5 if zero.
	ATol float64 `json:"atol" default:"1e-5"`
	// Tau is the leak, a rate in 1 / model time units, the same for all units, above 0 to 1000; 1 if zero. NeuralODE has none.
	Tau float64 `json:"tau" default:"1"`
}

// NeuralODE is a recurrent network whose state flows without a leak:
//
//	dh/dt = scale · tanh(W x + U h + bias)
//
// All else is as in CTRNN. Nothing forgets what a step got wrong, and a held input may move the state for ever, by |scale| a
// time unit at most: MaxStep keeps sub-steps at or below 1/4. Source: Chen et al., Neural ordinary differential equations,
// NeurIPS 2018, as the recurrent cell of Lechner and Hasani, arXiv 2006.04418.
type NeuralODE struct {
	// Units is the width of the state, 1 to 65536.
	Units int `json:"units"`
	// Method is the solver: euler, midpoint, heun, rk4 or dopri5; rk4 if empty.
	Method Method `json:"method" default:"rk4"`
	// Unfolds is the number of solver sub-steps of methods with fixed steps, 1 to 1000; 3 if zero.
	Unfolds int `json:"unfolds" default:"3"`
	// RTol is the relative tolerance of dopri5, 1e-6 to 0.1; 1e-3 if zero.
	RTol float64 `json:"rtol" default:"1e-3"`
	// ATol is the absolute one, 1e-8 to 1, in units of the state; 1e-5 if zero.
	ATol float64 `json:"atol" default:"1e-5"`
}

// maxTau bounds leaks: with 1,000 sub-steps a faster one could not follow a dt of 1.
const maxTau = 1000

var ctrnn = Entry{
	Name: "CTRNN", Summary: "continuous-time recurrent network, explicit solver", Source: "Funahashi and Nakamura 1993",
	Cell: CTRNN{}, Flow: true,
	Foreign: []string{"ctrnn_euler", "ctrnn_heun", "ctrnn_rk4"}, Reference: ctrnnReference,
	Variants: []Variant{
		{"5 units", CTRNN{Units: 5}, nil},
		{"euler, 4 sub-steps, slow leak", CTRNN{Units: 4, Method: Euler, Unfolds: 4, Tau: 0.3}, nil},
		{"midpoint, 1 sub-step, fast leak", CTRNN{Units: 6, Method: Midpoint, Unfolds: 1, Tau: 2.5}, nil},
		{"heun, 2 sub-steps", CTRNN{Units: 3, Method: Heun, Unfolds: 2}, nil},
		{"dopri5", CTRNN{Units: 4, Method: Dopri5, RTol: 1e-4, ATol: 1e-6, Tau: 1.5}, nil},
	},
	Presets: []Preset{
		{"ctrnn-32", "continuous-time RNN, 32 units", CTRNN{Units: 32}, nil},
		{"ctrnn-adaptive-32", "continuous-time RNN, 32 units, dopri5: as many steps a row as its error asks", CTRNN{Units: 32, Method: Dopri5}, nil},
	},
}

var neuralODE = Entry{
	Name: "NeuralODE", Summary: "recurrent network whose state flows without a leak", Source: "Chen et al., NeurIPS 2018",
	Cell: NeuralODE{}, Flow: true, Foreign: []string{"node_rk4"}, Reference: nodeReference,
	Variants: []Variant{
		{"5 units", NeuralODE{Units: 5}, nil},
		{"euler, 2 sub-steps", NeuralODE{Units: 4, Method: Euler, Unfolds: 2}, nil},
		{"dopri5", NeuralODE{Units: 3, Method: Dopri5}, nil},
	},
	Presets: []Preset{
		{"node-32", "neural ODE cell, 32 units", NeuralODE{Units: 32}, nil},
		{"node-adaptive-32", "neural ODE cell, 32 units, dopri5: as many steps a row as its error asks", NeuralODE{Units: 32, Method: Dopri5}, nil},
	},
}

// Check implements Cell.
func (c CTRNN) Check() error {
	if !(c.Tau >= 0 && c.Tau <= maxTau) {
		return fmt.Errorf("CTRNN: tau is %g; allowed: above 0 to %d (0 means 1)", c.Tau, maxTau)
	}
	return c.ode("CTRNN").check()
}

// Check implements Cell.
func (c NeuralODE) Check() error { return c.ode().check() }

// Build implements Cell.
func (c CTRNN) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	return Resolve(c).(CTRNN).ode("CTRNN").layer(b, x)
}

// Build implements Cell.
func (c NeuralODE) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	return Resolve(c).(NeuralODE).ode().layer(b, x)
}

// MaxStep implements Limited.
func (c CTRNN) MaxStep() float64 { return Resolve(c).(CTRNN).ode("CTRNN").maxStep() }

// MaxStep implements Limited.
func (c NeuralODE) MaxStep() float64 { return Resolve(c).(NeuralODE).ode().maxStep() }

// Adaptive implements Adapting.
func (c CTRNN) Adaptive() bool { return c.Method.adaptive() }

// Adaptive implements Adapting.
func (c NeuralODE) Adaptive() bool { return c.Method.adaptive() }

// Tensors implements Referenced.
func (c CTRNN) Tensors(inputs int, _ *wiring.Wiring) []Tensor {
	return c.ode("CTRNN").tensors("", inputs)
}

// Tensors implements Referenced.
func (c NeuralODE) Tensors(inputs int, _ *wiring.Wiring) []Tensor {
	return c.ode().tensors("", inputs)
}

func (c CTRNN) ode(name string) driven {
	return driven{cell: name, units: c.Units, tau: c.Tau, solver: solver{c.Method, c.Unfolds, c.RTol, c.ATol}}
}

func (c NeuralODE) ode() driven {
	return driven{cell: "NeuralODE", units: c.Units, solver: solver{c.Method, c.Unfolds, c.RTol, c.ATol}}
}

// driven is dh/dt = scale tanh(W x + U h + bias) - tau h with options resolved; tau = 0 is without a leak.
type driven struct {
	cell   string
	units  int
	tau    float64
	solver solver
}

func (o driven) check() error {
	if err := checkUnits(o.cell, o.units); err != nil {
		return err
	}
	return o.solver.check(o.cell, 3)
}

func (o driven) maxStep() float64 {
	switch n := float64(o.solver.unfolds); {
	case o.solver.method.adaptive():
		return 0
	case o.tau == 0:
		return n / 4
	default:
		return n / (o.tau + 1)
	}
}

func (o driven) layer(b *Builder, x Vec) Vec {
	h := o.flow(b, "", x, b.State("h", Vector(o.units)))
	b.Next("h", h)
	return h
}

// flow declares the parameters, with a prefix before their names, and takes h along for the elapsed time.
func (o driven) flow(b *Builder, prefix string, x, h Vec) Vec {
	n := o.units
	drive := b.Linear(prefix+"kernel", n, Xavier(x.Len(), n), Values{0}, Term{Name: "w", X: x})
	U := b.Param(prefix+"recurrent_kernel", Shape{Outer: n, Inner: n}, Orthonormal{})
	scale := b.Param(prefix+"scale", Vector(n), Values{1})
	return o.solver.flow(b, h, func(h Vec) Vec {
		f := Mul(scale, Tanh(Add(drive, MatVec(U, h))))
		if o.tau == 0 {
			return f
		}
		return Sub(f, times(o.tau, h))
	})
}

func (o driven) tensors(prefix string, inputs int) []Tensor {
	n := o.units
	return []Tensor{
		Turned(prefix+"kernel.w", prefix+"kernel", inputs, n, 0, inputs), Whole(prefix+"kernel.bias", prefix+"bias", n),
		Turned(prefix+"recurrent_kernel", prefix+"recurrent_kernel", n, n, 0, n), Whole(prefix+"scale", prefix+"scale", n),
	}
}

func ctrnnReference(meta Meta) (Cell, error) {
	var k struct {
		Method  Method  `json:"method"`
		Tau     float64 `json:"tau"`
		Unfolds int     `json:"unfolds"`
	}
	units, err := meta.Read(&k)
	switch {
	case err != nil:
		return nil, err
	case meta["cell"] != "ctrnn_"+string(k.Method):
		return nil, fmt.Errorf("method is %q in a cell %s", k.Method, meta["cell"])
	case !(k.Tau > 0):
		return nil, fmt.Errorf("tau is %s; a number greater than 0 is needed", strconv.FormatFloat(k.Tau, 'g', -1, 64))
	case k.Unfolds < 1: // which options would take for the default
		return nil, errUnfolds(k.Unfolds)
	}
	return CTRNN{Units: units, Method: k.Method, Unfolds: k.Unfolds, Tau: k.Tau}, nil
}

func nodeReference(meta Meta) (Cell, error) {
	var k struct {
		Method  Method  `json:"method" want:"rk4"`
		Tau     float64 `json:"tau" want:"0"`
		Unfolds int     `json:"unfolds"`
	}
	units, err := meta.Read(&k)
	switch {
	case err != nil:
		return nil, err
	case k.Unfolds < 1:
		return nil, errUnfolds(k.Unfolds)
	}
	return NeuralODE{Units: units, Method: k.Method, Unfolds: k.Unfolds}, nil
}

func errUnfolds(n int) error {
	return fmt.Errorf("unfolds is %d; a whole number from 1 up is needed", n)
}
