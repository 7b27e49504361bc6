package conform

import (
	"fmt"

	. "github.com/elegans-nn/elegans/cell"
	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// Leaky is a layer of leaky integrators, solved by explicit Euler:
//
//	tau dh/dt = -h + tanh(W x + U h + b),   tau = minTau + softplus(p)
//	h' = h + dt/tau (tanh(W x + U h + b) - h)
//
// The state h [units] is a flow: dt = 0 keeps it. Steps longer than minTau could overshoot, hence MaxStep. The output is
// h. Source: Funahashi and Nakamura, Neural Networks 1993.
type Leaky struct {
	// Units is the width of the state; at least 1.
	Units int `json:"units"`
}

// minTau bounds the time constants from below, in the model's time unit.
const minTau = 0.5

var leaky = Entry{
	Name: "Leaky", Summary: "leaky integrators", Source: "Funahashi and Nakamura 1993",
	Cell: Leaky{}, Flow: true, MaxStep: minTau,
	Variants: []Variant{{Name: "5 units", Cell: Leaky{Units: 5}}},
	Presets:  []Preset{{Name: "leaky32", Summary: "leaky integrators, 32 units", Cell: Leaky{Units: 32}}},
}

// Check implements Cell.
func (c Leaky) Check() error {
	if c.Units < 1 {
		return fmt.Errorf("Leaky: units is %d; allowed: at least 1", c.Units)
	}
	return nil
}

// Build implements Cell.
func (c Leaky) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	h := b.State("h", Vector(c.Units))
	n := x.Len() + c.Units
	drive := Tanh(b.Linear("drive", c.Units, Xavier(n, c.Units), FanIn(n), Term{Name: "x", X: x}, Term{Name: "h", X: h}))
	tau := Plus(Softplus(b.Param("tau", Vector(c.Units), Between(-1, 1))), minTau)
	b.Probe("tau", tau)
	next := Add(h, Mul(Div(b.DT(), tau), Sub(drive, h)))
	b.Next("h", next)
	return next
}
