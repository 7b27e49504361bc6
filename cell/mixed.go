package cell

import (
	"encoding/json"
	"fmt"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// Mixed is mixed memory: an LSTM in front of a cell, sharing its hidden state. With the cell's state h and a memory c,
//
//	[p | i | f | o] = input_map x + bias + recurrent_map h
//	c' = c · sigmoid(f + 1) + tanh(p) · sigmoid(i),   h~ = tanh(c') · sigmoid(o)
//	(y, h') = cell(x, h~, dt)
//
// so that gradients survive long gaps that the cell itself would forget. dt does not reach the memory, which is an
// update; where the cell takes a row in several parts it acts before the first. The inner cell must have exactly one state,
// which it reads before it writes it. Cost beside that of the cell, for a state of n values: 8 (inputs + n) n + 13 n FLOPs,
// 5 n functions.
//
// Source: Lechner and Hasani, Learning long-term dependencies in irregularly-sampled time series, 2020.
type Mixed struct {
	// Cell is the inner cell, one with a single state; it has no default.
	Cell Cell
}

var mixed = Entry{
	Name: "Mixed", Summary: "LSTM memory in front of a liquid cell", Source: "Lechner and Hasani 2020",
	Cell: Mixed{},
	Variants: []Variant{
		{"LTC", Mixed{LTC{Unfolds: 2}}, testNCP},
		{"wired CfC", Mixed{WiredCfC{}}, testNCP},
		{"CfC", Mixed{CfC{Units: 4, Backbone: []int{5}}}, nil},
		{"CTRNN", Mixed{CTRNN{Units: 4}}, nil},
		{"CTRNN, dopri5", Mixed{CTRNN{Units: 3, Method: Dopri5}}, nil},
		{"ODERNN", Mixed{ODERNN{Units: 3, Hidden: 4}}, nil},
		{"CTGRU", Mixed{CTGRU{Units: 3}}, nil},
	},
	Presets: []Preset{
		{"ltc-mm-ncp19", "LTC on a neural circuit policy of 19 neurons with mixed memory", Mixed{LTC{}}, auto(19, 1)},
		{"cfc-mm", "closed-form cell, 32 units, backbone 64, with mixed memory", Mixed{CfC{Units: 32, Backbone: []int{64}}}, nil},
	},
}

// Inner implements Wrapper.
func (c Mixed) Inner() Cell { return c.Cell }

// Check implements Cell.
func (c Mixed) Check() error {
	if c.Cell == nil {
		return fmt.Errorf("Mixed: no inner cell; name one, such as LTC")
	}
	_, twice := c.Cell.(Mixed)
	if err := c.Cell.Check(); err != nil && !twice {
		return err
	}
	if !twice && Wired(c.Cell) { // each has one state, whatever the wiring
		return nil
	}
	switch {
	case twice || len(alone(c.Cell, nil).States) > 1:
		return fmt.Errorf("Mixed: %T as inner cell has more than one state; allowed: cells with one", c.Cell)
	case !recurrent(alone(c.Cell, nil)):
		return fmt.Errorf("Mixed: %T as inner cell remembers rows as they are and has no hidden state that a memory could share; allowed: recurrent cells", c.Cell)
	}
	return nil
}

// recurrent tells whether the state of a program is computed with parameters, and is no window of its inputs.
func recurrent(p *Program) bool {
	learned := make([]bool, len(p.Nodes))
	for i, n := range p.Nodes {
		learned[i] = n.Op == OpParam
		for _, j := range n.In {
			learned[i] = learned[i] || learned[j]
		}
	}
	return learned[p.States[0].Next]
}

// Build implements Cell.
func (c Mixed) Build(b *Builder, x Vec, w *wiring.Wiring) (y Vec) {
	b.Intercept(func(h Vec) Vec { return remember(b, x, h) }, func() { y = c.Cell.Build(b, x, w) })
	return y
}

// remember writes the memory and gives the state that the cell sees.
func remember(b *Builder, x, h Vec) Vec {
	n, shape := h.Len(), h.Shape()
	h = flat(h)
	memory := b.State("c", Vector(n))
	gates := Add(
		b.Linear("input_map", 4*n, Xavier(x.Len(), 4*n), Between(-0.1, 0.1), Term{Name: "w", X: x}),
		b.Linear("recurrent_map", 4*n, Orthonormal{}, nil, Term{Name: "w", X: h}))
	block := func(k int) Vec { return Slice(gates, k*n, (k+1)*n) }
	p, i, f, o := Tanh(block(0)), Sigmoid(block(1)), Sigmoid(Plus(block(2), 1)), Sigmoid(block(3))
	next := Add(Mul(memory, f), Mul(p, i))
	b.Next("c", b.Begin(next, memory))
	return Reshape(b.Begin(Mul(Tanh(next), o), h), shape)
}

// Tensors implements Referenced.
func (c Mixed) Tensors(inputs int, w *wiring.Wiring) []Tensor {
	inner := c.Cell.(Referenced)
	n := stateWidth(c.Cell, w)
	return append(inner.Tensors(inputs, w),
		Whole("input_map.w", "lstm.input_map.weight", 4*n, inputs),
		Whole("input_map.bias", "lstm.input_map.bias", 4*n),
		Whole("recurrent_map.w", "lstm.recurrent_map.weight", 4*n, n))
}

// stateWidth is the width of a one-state cell's state.
func stateWidth(c Cell, w *wiring.Wiring) int { return alone(c, w).StateWidth() }

// alone is the program of a cell alone, of one input where it has no wiring.
func alone(c Cell, w *wiring.Wiring) *Program {
	inputs := 1
	if w != nil {
		inputs = w.Inputs()
	}
	b := New()
	b.Output("y", c.Build(b, b.Input("x", inputs), w))
	return b.Build()
}

// MarshalJSON writes the inner cell with its name.
func (c Mixed) MarshalJSON() ([]byte, error) {
	inner, err := Encode(c.Cell)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]json.RawMessage{"cell": inner})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Mixed) UnmarshalJSON(data []byte) error {
	var m struct {
		Cell json.RawMessage `json:"cell"`
	}
	if err := strict(data, &m); err != nil {
		return err
	}
	inner, err := Decode(m.Cell)
	c.Cell = inner
	return err
}
