package cell

import (
	"fmt"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// MLP is a multilayer perceptron on a window of rows, zero before the start:
//
//	z_0 = [x_{t-Window+1} | … | x_t],   z_l = activation(W_l z_{l-1} + b_l),   y = z_Layers
//
// An update that forgets: nothing older than Window rows has an effect, and dt has none (feed it as an input). The output
// has Units components. Weights start with Glorot's bound. Cost: 2 Window inputs Units + 2 (Layers-1) Units² FLOPs, and for
// each layer Units FLOPs and Units of its activation. Source: Rumelhart, Hinton and Williams 1986.
type MLP struct {
	// Units is the width of every layer, 1 to 65536.
	Units int `json:"units"`
	// Layers is their number, 1 to 100; 2 if zero.
	Layers int `json:"layers" default:"2"`
	// Window is the number of rows that the first layer sees, the present one included, 1 to 4096; 8 if zero.
	Window int `json:"window" default:"8"`
	// Activation of every layer: gelu, lecun_tanh, relu, silu or tanh; relu if empty.
	Activation Activation `json:"activation" default:"relu"`
}

var mlp = Entry{
	Name: "MLP", Summary: "multilayer perceptron on the last rows", Source: "Rumelhart, Hinton and Williams 1986", Cell: MLP{},
	Variants: []Variant{
		{"2 layers, 3 rows", MLP{Units: 5, Window: 3}, nil},
		{"1 layer of tanh, 1 row", MLP{Units: 4, Layers: 1, Window: 1, Activation: "tanh"}, nil},
	},
	Presets: []Preset{{"mlp-32", "two layers of 32 units on the last 8 rows", MLP{Units: 32}, nil}},
}

// Check implements Cell.
func (c MLP) Check() error {
	if err := checkUnits("MLP", c.Units); err != nil {
		return err
	}
	c = Resolve(c).(MLP)
	if err := checkLayers("MLP", c.Layers, 100); err != nil {
		return err
	}
	if activations[c.Activation] == nil {
		return fmt.Errorf("MLP: activation %q; allowed: %s", c.Activation, names(activations))
	}
	return checkWindow("MLP", c.Window, 1)
}

func checkLayers(cell string, layers, most int) error {
	if layers < 1 || layers > most {
		return fmt.Errorf("%s: layers is %d; allowed: 1 to %d", cell, layers, most)
	}
	return nil
}

// Build implements Cell.
func (c MLP) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	c = Resolve(c).(MLP)
	z := flat(b.Ring("x", c.Window, x))
	for l := range c.Layers {
		in := z.Len()
		z = activations[c.Activation](b.Linear(fmt.Sprintf("layer%d", l), c.Units, Xavier(in, c.Units), FanIn(in), Term{Name: "z", X: z}))
	}
	return z
}
