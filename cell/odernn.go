package cell

import (
	"fmt"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// ODERNN is a gated recurrent unit whose state flows between observations: over dt, from the row before to this one,
//
//	dh/dt = W_2 tanh(W_1 h + b_1) + b_2
//
// by an explicit method, in equal sub-steps or by dopri5 in steps that its tolerances allow, and then takes the input of the row:
//
//	a = W_ih x + b_ih,   b = W_hh h + b_hh           three blocks r, z, n each
//	r = sigmoid(a_r + b_r),   z = sigmoid(a_z + b_z),   n = tanh(a_n + r b_n)
//	h' = (1 - z) n + z h
//
// The state h [units] is the output. The step is an update: at dt = 0 nothing flows, but the gates act. A row longer than
// MaxStep, half the number of sub-steps, flows in several parts, and the gates act after the last. Cost: stages · unfolds ·
// 4 units hidden FLOPs beside those of the GRU.
//
// Source: Rubanova, Chen and Duvenaud, Latent ordinary differential equations for irregularly-sampled time series, NeurIPS
// 2019, algorithm 1; the GRU is that of Cho et al. Initial values: weights of the flow normal with deviation 0.1, its biases 0,
// the GRU as in torch.
type ODERNN struct {
	// Units is the width of the state, 1 to 65536.
	Units int `json:"units"`
	// Hidden is the width of the hidden layer of the flow, 1 to 65536; 32 if zero.
	Hidden int `json:"hidden" default:"32"`
	// Method is the solver: euler, midpoint, heun, rk4 or dopri5; euler if empty.
	Method Method `json:"method" default:"euler"`
	// Unfolds is the number of solver sub-steps of methods with fixed steps, 1 to 1000; 4 if zero.
	Unfolds int `json:"unfolds" default:"4"`
	// RTol is the relative tolerance of dopri5, 1e-6 to 0.1; 1e-3 if zero.
	RTol float64 `json:"rtol" default:"1e-3"`
	// ATol is the absolute one, 1e-8 to 1, in units of the state; 1e-5 if zero.
	ATol float64 `json:"atol" default:"1e-5"`
}

var odeRNN = Entry{
	Name: "ODERNN", Summary: "GRU whose state flows by a neural ODE between observations", Source: "Rubanova et al., NeurIPS 2019",
	Cell: ODERNN{}, Clocks: []string{"h"},
	Variants: []Variant{
		{"4 units", ODERNN{Units: 4, Hidden: 6}, nil},
		{"rk4, 2 sub-steps", ODERNN{Units: 5, Hidden: 3, Method: RK4, Unfolds: 2}, nil},
		{"dopri5", ODERNN{Units: 4, Hidden: 5, Method: Dopri5}, nil},
	},
	Presets: []Preset{{"odernn-32", "ODE-RNN, 32 units, flow with 32 hidden units", ODERNN{Units: 32}, nil}},
}

// Check implements Cell.
func (c ODERNN) Check() error {
	if c.Hidden < 0 || c.Hidden > maxUnits {
		return fmt.Errorf("ODERNN: hidden is %d; allowed: 1 to %d (0 means 32)", c.Hidden, maxUnits)
	}
	if err := checkUnits("ODERNN", c.Units); err != nil {
		return err
	}
	return c.solver().check("ODERNN", 4)
}

// MaxStep implements Limited.
func (c ODERNN) MaxStep() float64 {
	if c.Adaptive() {
		return 0
	}
	return float64(Resolve(c).(ODERNN).Unfolds) / 2
}

// Adaptive implements Adapting.
func (c ODERNN) Adaptive() bool { return c.Method.adaptive() }

func (c ODERNN) solver() solver { return solver{c.Method, c.Unfolds, c.RTol, c.ATol} }

// Build implements Cell.
func (c ODERNN) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	c = Resolve(c).(ODERNN)
	n := c.Units
	field := perceptron(b, "flow", n, c.Hidden, Normal{SD: 0.1}, Values{0})
	h := c.solver().flow(b, b.State("h", Vector(n)), field)
	h = b.Arrive(gated(b, x, h, n), h)
	b.Next("h", h)
	return h
}
