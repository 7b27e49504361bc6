package cell

import (
	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// GRUODE is the gated recurrent unit as an ordinary differential equation, solved by an explicit method, in equal sub-steps or
// by dopri5 in steps that its tolerances allow:
//
//	r = sigmoid(W_r [x, h] + b_r),   z = sigmoid(W_z [x, h] + b_z),   g = tanh(W_g [x, r h] + b_g)
//	dh/dt = (1 - z) (g - h)
//
// with the input held during dt. The state h [units] is a flow: dt = 0 keeps it. It moves towards g, within (-1, 1), at a rate
// below 1, so that Euler sub-steps up to 1 stay between the two: MaxStep is unfolds, and dopri5 has none, see Adapting. The
// output is h. Cost a stage and unfold: 6 units² + 9 units FLOPs, 3 units functions; what x gives is computed once.
//
// Source: De Brouwer et al., GRU-ODE-Bayes, NeurIPS 2019, eq. 3, without its Bayesian update; solver and initial values
// (Glorot, reset bias 1, other biases 0) as in the code of Lechner and Hasani, arXiv 2006.04418.
type GRUODE struct {
	// Units is the width of the state, 1 to 65536.
	Units int `json:"units"`
	// Method is the solver: euler, midpoint, heun, rk4 or dopri5; euler if empty.
	Method Method `json:"method" default:"euler"`
	// Unfolds is the number of solver sub-steps of methods with fixed steps, 1 to 1000; 4 if zero.
	Unfolds int `json:"unfolds" default:"4"`
	// RTol is the relative tolerance of dopri5, 1e-6 to 0.1; 1e-3 if zero.
	RTol float64 `json:"rtol" default:"1e-3"`
	// ATol is the absolute one, 1e-8 to 1, in units of the state; 1e-5 if zero.
	ATol float64 `json:"atol" default:"1e-5"`
}

var gruODE = Entry{
	Name: "GRUODE", Summary: "GRU as an ordinary differential equation, explicit solver", Source: "De Brouwer et al., NeurIPS 2019",
	Cell: GRUODE{}, Flow: true, Foreign: []string{"gru_ode"}, Reference: gruODEReference,
	Variants: []Variant{
		{"5 units", GRUODE{Units: 5}, nil},
		{"midpoint, 2 sub-steps", GRUODE{Units: 3, Method: Midpoint, Unfolds: 2}, nil},
		{"dopri5", GRUODE{Units: 4, Method: Dopri5, RTol: 1e-2}, nil},
	},
	Presets: []Preset{
		{"gruode-32", "GRU-ODE, 32 units", GRUODE{Units: 32}, nil},
		{"gruode-adaptive-32", "GRU-ODE, 32 units, dopri5: as many steps a row as its error asks", GRUODE{Units: 32, Method: Dopri5}, nil},
	},
}

// Check implements Cell.
func (c GRUODE) Check() error {
	if err := checkUnits("GRUODE", c.Units); err != nil {
		return err
	}
	return c.solver().check("GRUODE", 4)
}

// MaxStep implements Limited.
func (c GRUODE) MaxStep() float64 {
	if c.Adaptive() {
		return 0
	}
	return float64(Resolve(c).(GRUODE).Unfolds)
}

// Adaptive implements Adapting.
func (c GRUODE) Adaptive() bool { return c.Method.adaptive() }

func (c GRUODE) solver() solver { return solver{c.Method, c.Unfolds, c.RTol, c.ATol} }

// Build implements Cell.
func (c GRUODE) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	c = Resolve(c).(GRUODE)
	n := c.Units
	reset, update, detect := joint(b, "reset", n, x, n, 1), joint(b, "update", n, x, n, 0), joint(b, "detect", n, x, n, 0)
	h := c.solver().flow(b, b.State("h", Vector(n)), func(h Vec) Vec {
		r, z := Sigmoid(reset(h)), Sigmoid(update(h))
		g := Tanh(detect(Mul(r, h)))
		return Mul(OneMinus(z), Sub(g, h))
	})
	b.Next("h", h)
	return h
}

// Tensors implements Referenced.
func (c GRUODE) Tensors(inputs int, _ *wiring.Wiring) []Tensor { return gatesTensors(inputs, c.Units) }

// gatesTensors are those of gates reset, update and detect, each a joint map.
func gatesTensors(inputs, units int) (list []Tensor) {
	for _, name := range []string{"reset", "update", "detect"} {
		list = append(list, jointTensors(name, name+"_kernel", name+"_bias", inputs, units, units)...)
	}
	return list
}

func gruODEReference(meta Meta) (Cell, error) {
	var k struct {
		Unfolds int `json:"unfolds"`
	}
	units, err := meta.Read(&k)
	if err == nil && k.Unfolds < 1 { // which options would take for the default
		err = errUnfolds(k.Unfolds)
	}
	return GRUODE{Units: units, Method: Euler, Unfolds: k.Unfolds}, err
}
