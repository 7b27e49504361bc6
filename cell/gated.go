package cell

import (
	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// LSTM is the long short-term memory, a baseline without a notion of time (feed it dt as an input):
//
//	[i | f | g | o] = W_ih x + b_ih + W_hh h + b_hh
//	c' = sigmoid(f) c + sigmoid(i) tanh(g),   h' = sigmoid(o) tanh(c')
//
// An update: dt has no effect. Two biases and initial values as in torch. Cost: 8 (inputs + units) units + 16 units FLOPs,
// 5 units functions. Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
type LSTM struct {
	// Units is the width of the states h and c, 1 to 65536.
	Units int `json:"units"`
}

// GRU is the gated recurrent unit, a baseline without a notion of time:
//
//	a = W_ih x + b_ih,   b = W_hh h + b_hh           three blocks r, z, n each
//	r = sigmoid(a_r + b_r),   z = sigmoid(a_z + b_z),   n = tanh(a_n + r b_n)
//	h' = (1 - z) n + z h
//
// An update: dt has no effect. Initial values as in torch. Cost: 6 (inputs + units) units + 14 units FLOPs, 3 units
// functions. Source: Cho et al. 2014, reset after the product.
type GRU struct {
	// Units is the width of the state, 1 to 65536.
	Units int `json:"units"`
}

var lstm = Entry{
	Name: "LSTM", Summary: "long short-term memory", Source: "Hochreiter and Schmidhuber 1997", Cell: LSTM{},
	Foreign: []string{"lstm"}, Reference: gatedReference(func(units int) Cell { return LSTM{units} }),
	Variants: []Variant{{"5 units", LSTM{5}, nil}},
	Presets:  []Preset{{"lstm-32", "LSTM, 32 units", LSTM{32}, nil}, {"lstm-64", "LSTM, 64 units", LSTM{64}, nil}},
}

var gru = Entry{
	Name: "GRU", Summary: "gated recurrent unit", Source: "Cho et al. 2014", Cell: GRU{},
	Foreign: []string{"gru"}, Reference: gatedReference(func(units int) Cell { return GRU{units} }),
	Variants: []Variant{{"5 units", GRU{5}, nil}},
	Presets:  []Preset{{"gru-32", "GRU, 32 units", GRU{32}, nil}, {"gru-64", "GRU, 64 units", GRU{64}, nil}},
}

// Check implements Cell.
func (c LSTM) Check() error { return checkUnits("LSTM", c.Units) }

// Check implements Cell.
func (c GRU) Check() error { return checkUnits("GRU", c.Units) }

// Build implements Cell.
func (c LSTM) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	n := c.Units
	h, cell := b.State("h", Vector(n)), b.State("c", Vector(n))
	gates := Add(gate(b, "ih", 4*n, x, n), gate(b, "hh", 4*n, h, n))
	block := func(k int) Vec { return Slice(gates, k*n, (k+1)*n) }
	i, f, g, o := Sigmoid(block(0)), Sigmoid(block(1)), Tanh(block(2)), Sigmoid(block(3))
	cell = Add(Mul(f, cell), Mul(i, g))
	h = Mul(o, Tanh(cell))
	b.Next("h", h)
	b.Next("c", cell)
	return h
}

// Build implements Cell.
func (c GRU) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	h := gated(b, x, b.State("h", Vector(c.Units)), c.Units)
	b.Next("h", h)
	return h
}

// gated is the update of a GRU of n units from any h.
func gated(b *Builder, x, h Vec, n int) Vec {
	ih, hh := gate(b, "ih", 3*n, x, n), gate(b, "hh", 3*n, h, n)
	block := func(v Vec, k int) Vec { return Slice(v, k*n, (k+1)*n) }
	r := Sigmoid(Add(block(ih, 0), block(hh, 0)))
	z := Sigmoid(Add(block(ih, 1), block(hh, 1)))
	new := Tanh(Add(block(ih, 2), Mul(r, block(hh, 2))))
	return Add(Mul(OneMinus(z), new), Mul(z, h))
}

// gate is a linear map with torch's initial values for a layer of n units.
func gate(b *Builder, name string, width int, x Vec, n int) Vec {
	return b.Linear(name, width, FanIn(n), FanIn(n), Term{Name: "w", X: x})
}

// Tensors implements Referenced.
func (c LSTM) Tensors(inputs int, _ *wiring.Wiring) []Tensor {
	return gateTensors(4*c.Units, inputs, c.Units)
}

// Tensors implements Referenced.
func (c GRU) Tensors(inputs int, _ *wiring.Wiring) []Tensor {
	return gateTensors(3*c.Units, inputs, c.Units)
}

func gateTensors(width, inputs, units int) []Tensor {
	return []Tensor{
		Whole("ih.w", "weight_ih_l0", width, inputs), Whole("ih.bias", "bias_ih_l0", width),
		Whole("hh.w", "weight_hh_l0", width, units), Whole("hh.bias", "bias_hh_l0", width),
	}
}

func gatedReference(of func(units int) Cell) func(Meta) (Cell, error) {
	return func(meta Meta) (Cell, error) {
		units, err := meta.Units()
		return of(units), err
	}
}
