package cell

import (
	"fmt"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// ODELSTM is an LSTM whose output state flows between observations, while its memory never sees the time. In form "output",
// the paper's, the flow starts from the output of the LSTM:
//
//	[i | f | g | o] = W_ih x + b_ih + W_hh h + b_hh
//	c' = sigmoid(f) c + sigmoid(i) tanh(g),   h0 = sigmoid(o) tanh(c')
//	dh/dt = W_2 tanh(W_1 h + b_1) + b_2   from h0 over dt gives h'
//
// In form "state", that of the authors' first code, the output u of an LSTM with a fixed +3 on the forget gate drives a
// CTRNN with tau = 1, whose state h goes on from where it was:
//
//	c' = sigmoid(f + 3) c + sigmoid(i) tanh(g),   u = sigmoid(o) tanh(c')
//	dh/dt = scale tanh(W u + U h + bias) - h   over dt gives h'
//
// States h and c, [units] each; the output is h. The step is an update: at dt = 0 the LSTM acts. A row longer than MaxStep,
// half the number of sub-steps, or with dopri5 the steps that its tolerances allow, flows in several parts, and the LSTM acts
// before the first; form "state" then carries u along as a third state. Cost beside that of LSTM: a stage and unfold
// 4 units² + 6 units FLOPs and units functions; in form "state" 2 units² + 7 units, and 2 units² once for W u.
//
// Source: Lechner and Hasani, Learning long-term dependencies in irregularly-sampled time series, arXiv 2006.04418; initial
// values as there: form "output" uniform within ±1/sqrt(units), form "state" Glorot and orthogonal with biases 0.
type ODELSTM struct {
	// Units is the width of the states, 1 to 65536.
	Units int `json:"units"`
	// Form is output or state; output if empty.
	Form ODELSTMForm `json:"form" default:"output"`
	// Method is the solver: euler, midpoint, heun, rk4 or dopri5; if empty the authors': rk4, and euler in form "state".
	Method Method `json:"method" default:"rk4"`
	// Unfolds is the number of solver sub-steps of methods with fixed steps, 1 to 1000; if zero the authors': 3, and 4 in form "state".
	Unfolds int `json:"unfolds" default:"3"`
	// RTol is the relative tolerance of dopri5, 1e-6 to 0.1; 1e-3 if zero.
	RTol float64 `json:"rtol" default:"1e-3"`
	// ATol is the absolute one, 1e-8 to 1, in units of the state; 1e-5 if zero.
	ATol float64 `json:"atol" default:"1e-5"`
}

// ODELSTMForm says what flows in an ODELSTM.
type ODELSTMForm string

// Forms of ODELSTM.
const (
	FlowOfOutput ODELSTMForm = "output"
	FlowOfState  ODELSTMForm = "state"
)

var odeLSTM = Entry{
	Name: "ODELSTM", Summary: "LSTM whose output state flows between observations", Source: "Lechner and Hasani 2020",
	Cell: ODELSTM{}, Clocks: []string{"h"}, Foreign: []string{"ode_lstm_node", "ode_lstm"}, Reference: odeLSTMReference,
	Variants: []Variant{
		{"4 units", ODELSTM{Units: 4}, nil},
		{"flow of the output, heun, 2 sub-steps", ODELSTM{Units: 3, Method: Heun, Unfolds: 2}, nil},
		{"flow of a state", ODELSTM{Units: 5, Form: FlowOfState}, nil},
		{"dopri5", ODELSTM{Units: 3, Method: Dopri5}, nil},
		{"flow of a state, dopri5", ODELSTM{Units: 4, Form: FlowOfState, Method: Dopri5, RTol: 1e-2}, nil},
	},
	Presets: []Preset{{"odelstm-32", "ODE-LSTM, 32 units", ODELSTM{Units: 32}, nil}},
}

// Check implements Cell.
func (c ODELSTM) Check() error {
	if err := checkUnits("ODELSTM", c.Units); err != nil {
		return err
	}
	if c.Form != "" && c.Form != FlowOfOutput && c.Form != FlowOfState {
		return fmt.Errorf("ODELSTM: form %q; allowed: %s, %s", c.Form, FlowOfOutput, FlowOfState)
	}
	return c.solver().check("ODELSTM", Resolve(ODELSTM{Form: c.Form}).(ODELSTM).Unfolds)
}

func (c ODELSTM) solver() solver { return solver{c.Method, c.Unfolds, c.RTol, c.ATol} }

// resolve sets what form "state" has in the authors' first code.
func (c ODELSTM) resolve() Cell {
	if c.Form == FlowOfState && c.Method == "" {
		c.Method = Euler
	}
	if c.Form == FlowOfState && c.Unfolds == 0 {
		c.Unfolds = 4
	}
	return c
}

// MaxStep implements Limited.
func (c ODELSTM) MaxStep() float64 {
	if c.Adaptive() {
		return 0
	}
	return float64(Resolve(c).(ODELSTM).Unfolds) / 2
}

// Adaptive implements Adapting.
func (c ODELSTM) Adaptive() bool { return c.Method.adaptive() }

// Build implements Cell.
func (c ODELSTM) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	c = Resolve(c).(ODELSTM)
	h, memory := b.State("h", Vector(c.Units)), b.State("c", Vector(c.Units))
	if c.Form == FlowOfState {
		h, memory = c.ofState(b, x, h, memory)
	} else {
		h, memory = c.ofOutput(b, x, h, memory)
	}
	b.Next("h", h)
	b.Next("c", memory)
	return h
}

func (c ODELSTM) ofOutput(b *Builder, x, h, memory Vec) (Vec, Vec) {
	n := c.Units
	gates := Add(gate(b, "ih", 4*n, x, n), gate(b, "hh", 4*n, h, n))
	block := func(k int) Vec { return Slice(gates, k*n, (k+1)*n) }
	i, f, g, o := Sigmoid(block(0)), Sigmoid(block(1)), Tanh(block(2)), Sigmoid(block(3))
	memory, out := c.remember(b, memory, i, f, g, o)
	field := perceptron(b, "node", n, n, FanIn(n), FanIn(n))
	return c.solver().flow(b, b.Begin(out, h), field), memory
}

func (c ODELSTM) ofState(b *Builder, x, h, memory Vec) (Vec, Vec) {
	n := c.Units
	gates := kerasGates(b, x, h, n)
	block := func(k int) Vec { return Slice(gates, k*n, (k+1)*n) }
	g, i, f, o := Tanh(block(0)), Sigmoid(block(1)), Sigmoid(Plus(block(2), 3)), Sigmoid(block(3))
	memory, out := c.remember(b, memory, i, f, g, o)
	return c.ode().flow(b, "ode_", b.Hold("u", out), h), memory
}

// remember is the memory after the input of a row, and the output of the LSTM there.
func (ODELSTM) remember(b *Builder, memory, i, f, g, o Vec) (Vec, Vec) {
	next := Add(Mul(f, memory), Mul(i, g))
	return b.Begin(next, memory), Mul(o, Tanh(next))
}

func (c ODELSTM) ode() driven {
	return driven{cell: "ODELSTM", units: c.Units, tau: 1, solver: c.solver()}
}

// perceptron declares W_2 tanh(W_1 h + b_1) + b_2 with a hidden layer and gives it as a function of h [n].
func perceptron(b *Builder, name string, n, hidden int, weight, bias Init) func(h Vec) Vec {
	W1, b1 := b.Param(name+".w1", Shape{Outer: hidden, Inner: n}, weight), b.Param(name+".b1", Vector(hidden), bias)
	W2, b2 := b.Param(name+".w2", Shape{Outer: n, Inner: hidden}, weight), b.Param(name+".b2", Vector(n), bias)
	return func(h Vec) Vec { return Add(MatVec(W2, Tanh(Add(MatVec(W1, h), b1))), b2) }
}

// kerasGates are four gates of n units with one bias: W x Glorot, U h orthogonal.
func kerasGates(b *Builder, x, h Vec, n int) Vec {
	return Add(b.Linear("input_kernel", 4*n, Xavier(x.Len(), 4*n), Values{0}, Term{Name: "w", X: x}),
		b.Linear("recurrent_kernel", 4*n, Orthonormal{}, nil, Term{Name: "w", X: h}))
}

func kerasGatesTensors(inputs, units int) []Tensor {
	return []Tensor{
		Turned("input_kernel.w", "input_kernel", inputs, 4*units, 0, inputs), Whole("input_kernel.bias", "bias", 4*units),
		Turned("recurrent_kernel.w", "recurrent_kernel", units, 4*units, 0, units),
	}
}

// Tensors implements Referenced.
func (c ODELSTM) Tensors(inputs int, _ *wiring.Wiring) []Tensor {
	c = Resolve(c).(ODELSTM)
	n := c.Units
	if c.Form == FlowOfState {
		return append(kerasGatesTensors(inputs, n), c.ode().tensors("ode_", n)...)
	}
	return append(twoBiases(4*n, inputs, n),
		Whole("node.w1", "node_w1", n, n), Whole("node.b1", "node_b1", n),
		Whole("node.w2", "node_w2", n, n), Whole("node.b2", "node_b2", n))
}

// twoBiases are the tensors of maps ih of x and hh of h, in torch's layout.
func twoBiases(width, inputs, units int) []Tensor {
	return []Tensor{
		Whole("ih.w", "weight_ih", width, inputs), Whole("ih.bias", "bias_ih", width),
		Whole("hh.w", "weight_hh", width, units), Whole("hh.bias", "bias_hh", width),
	}
}

func odeLSTMReference(meta Meta) (Cell, error) {
	if meta["cell"] == "ode_lstm" {
		var k struct {
			Forget  float64 `json:"forget_bias" want:"3"`
			Order   string  `json:"gate_order" want:"candidate,input,forget,output"`
			Method  Method  `json:"ode_method"`
			Tau     float64 `json:"ode_tau" want:"1"`
			Unfolds int     `json:"ode_unfolds"`
		}
		units, err := meta.Read(&k)
		return ODELSTM{Units: units, Form: FlowOfState, Method: k.Method, Unfolds: k.Unfolds}, solved(err, k.Method, k.Unfolds)
	}
	var k struct {
		Order   string `json:"gate_order" want:"input,forget,candidate,output"`
		Method  Method `json:"method"`
		Unfolds int    `json:"unfolds"`
	}
	units, err := meta.Read(&k)
	return ODELSTM{Units: units, Method: k.Method, Unfolds: k.Unfolds}, solved(err, k.Method, k.Unfolds)
}

// solved reports a solver that options would take for the default.
func solved(err error, m Method, unfolds int) error {
	switch {
	case err != nil:
		return err
	case m == "":
		return fmt.Errorf("constants: the method is empty")
	case unfolds < 1:
		return errUnfolds(unfolds)
	}
	return nil
}
