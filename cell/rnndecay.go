package cell

import (
	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// RNNDecay is a gated recurrent unit whose state decays exponentially between observations, by one factor for all units:
//
//	d  = h exp(-min(max(w dt + b, 0), 1000))
//	h' = GRU(x, d)
//
// The state h [units] is the output. The step is an update: at dt = 0 the gates act. Any dt is finite. Cost: units FLOPs and
// one function beside those of GRU.
//
// Source: Rubanova, Chen and Duvenaud, NeurIPS 2019 (the baseline "RNN-decay"), GRUCellExpDecay in their code. Initial values:
// the GRU as in torch, w normal with deviation 0.1, b 0; where w starts below 0 nothing decays at first, as in that code.
type RNNDecay struct {
	// Units is the width of the state, 1 to 65536.
	Units int `json:"units"`
}

// RNNLinearDecay is a recurrent network with one hidden layer whose output falls linearly with time:
//
//	h' = W_2 tanh(W_1 [x, h] + b_1) + b_2 - dt tau
//
// The state h [units] is the output. The step is an update: at dt = 0 the network acts. It subtracts where RNNDecay scales, so
// that h falls by tau for every unit of time however long a gap is; what is far out saturates the network of the next row.
// Cost: 2 inputs units + 4 units² + 5 units FLOPs, units functions.
//
// Source: VanillaRNN in the code of Lechner and Hasani, arXiv 2006.04418, called "RNN decay" in its tables of results. Initial
// values: kernels Glorot, biases 0, tau 0.1.
type RNNLinearDecay struct {
	// Units is the width of the state and of the hidden layer, 1 to 65536.
	Units int `json:"units"`
}

var rnnDecay = Entry{
	Name: "RNNDecay", Summary: "GRU whose state decays exponentially between observations", Source: "Rubanova et al., NeurIPS 2019",
	Cell: RNNDecay{}, Foreign: []string{"rnn_decay"}, Reference: rnnDecayReference,
	Variants: []Variant{{"5 units", RNNDecay{5}, nil}},
	Presets:  []Preset{{"rnndecay-32", "GRU with exponential decay, 32 units", RNNDecay{32}, nil}},
}

var rnnLinearDecay = Entry{
	Name: "RNNLinearDecay", Summary: "recurrent network whose state falls linearly with time", Source: "Lechner and Hasani 2020",
	Cell: RNNLinearDecay{}, Clocks: []string{"h"}, Foreign: []string{"rnn_linear_decay"}, Reference: rnnLinearDecayReference,
	Variants: []Variant{{"5 units", RNNLinearDecay{5}, nil}},
	Presets:  []Preset{{"rnnlinear-32", "recurrent network with linear decay, 32 units", RNNLinearDecay{32}, nil}},
}

// Check implements Cell.
func (c RNNDecay) Check() error { return checkUnits("RNNDecay", c.Units) }

// Check implements Cell.
func (c RNNLinearDecay) Check() error { return checkUnits("RNNLinearDecay", c.Units) }

// Build implements Cell.
func (c RNNDecay) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	n := c.Units
	w, bias := b.Param("decay.w", Vector(1), Normal{SD: 0.1}), b.Param("decay.bias", Vector(1), Values{0})
	rate := Min(Relu(Add(Mul(w, b.DT()), bias)), b.Const(1000))
	h := gated(b, x, Mul(b.State("h", Vector(n)), Exp(Neg(rate))), n)
	b.Next("h", h)
	return h
}

// Build implements Cell.
func (c RNNLinearDecay) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	n := c.Units
	hidden := Tanh(joint(b, "hidden", n, x, n, 0)(b.State("h", Vector(n))))
	h := b.Linear("out", n, Xavier(n, n), Values{0}, Term{Name: "w", X: hidden})
	h = Sub(h, Mul(b.DT(), b.Param("tau", Vector(n), Values{0.1})))
	b.Next("h", h)
	return h
}

// Tensors implements Referenced.
func (c RNNDecay) Tensors(inputs int, _ *wiring.Wiring) []Tensor {
	return append(twoBiases(3*c.Units, inputs, c.Units), Whole("decay.w", "decay_w", 1), Whole("decay.bias", "decay_b", 1))
}

// Tensors implements Referenced.
func (c RNNLinearDecay) Tensors(inputs int, _ *wiring.Wiring) []Tensor {
	n := c.Units
	return append(jointTensors("hidden", "w1", "b1", inputs, n, n),
		Turned("out.w", "w2", n, n, 0, n), Whole("out.bias", "b2", n), Whole("tau", "tau", n))
}

func rnnDecayReference(meta Meta) (Cell, error) {
	var k struct {
		Order string  `json:"gate_order" want:"reset,update,new"`
		Most  float64 `json:"max_exponent" want:"1000"`
	}
	units, err := meta.Read(&k)
	return RNNDecay{units}, err
}

func rnnLinearDecayReference(meta Meta) (Cell, error) {
	units, err := meta.Read(&struct{}{})
	return RNNLinearDecay{units}, err
}
