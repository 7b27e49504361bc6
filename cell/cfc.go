package cell

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// CfC is the closed-form continuous-time cell. With z the backbone's output (the concatenation of x and h without one):
//
//	f1 = tanh(ff1 z),   f2 = tanh(ff2 z),   g = sigmoid((time_a z) dt + time_b z)
//	h' = f1 (1 - g) + f2 g                                 Mode default
//	h' = f1 + f2 g                                         Mode no_gate
//	h' = A - A exp(-dt (|w_tau| + |f|)) f,  f = ff1 z      Mode pure
//
// The step is an update: its gates act at dt = 0 too, and any dt >= 0 is finite. The output is the state h [units]. Cost: with m
// for the width of z, inputs + units without a backbone, 8 m units + 10 units FLOPs and 3 units functions, in Mode pure
// 2 m units + 8 units and units; before that 2 FLOPs a weight of the backbone.
//
// Source: Hasani et al., Closed-form continuous-time neural networks, Nature Machine Intelligence 2022, eq. 3 and 11;
// constants and initial values are those of ncps 1.0.1.
type CfC struct {
	// Units is the width of the state, 1 to 65536.
	Units int `json:"units"`
	// Mode is default, no_gate or pure; default if empty.
	Mode Mode `json:"mode" default:"default"`
	// Backbone lists the widths of the layers between [x, h] and the heads, each 1 to 65536; none if empty.
	Backbone []int `json:"backbone" follows:"units"`
	// Activation of the backbone: gelu, lecun_tanh, relu, silu or tanh; lecun_tanh if empty.
	Activation Activation `json:"activation" default:"lecun_tanh"`
}

// Mode is one of the three closed forms.
type Mode string

// The closed forms.
const (
	Default Mode = "default"
	NoGate  Mode = "no_gate"
	Pure    Mode = "pure"
)

func (m Mode) check() error {
	if m != "" && m != Default && m != NoGate && m != Pure {
		return fmt.Errorf("mode %q; allowed: %s, %s, %s", m, Default, NoGate, Pure)
	}
	return nil
}

// Activation is an element-wise function of a backbone.
type Activation string

var activations = map[Activation]func(Vec) Vec{
	"lecun_tanh": LecunTanh, "tanh": Tanh, "relu": Relu, "silu": Silu, "gelu": Gelu,
}

var cfc = Entry{
	Name: "CfC", Summary: "closed-form continuous-time cell", Source: "Hasani et al., Nature Machine Intelligence 2022",
	Cell: CfC{}, Foreign: []string{"cfc"}, Reference: cfcReference,
	Variants: []Variant{
		{"backbone", CfC{Units: 5, Backbone: []int{7}}, nil},
		{"no backbone, no gate", CfC{Units: 4, Mode: NoGate}, nil},
		{"pure, two gelu layers", CfC{Units: 6, Mode: Pure, Backbone: []int{8, 5}, Activation: "gelu"}, nil},
		{"silu", CfC{Units: 3, Backbone: []int{6}, Activation: "silu"}, nil},
		{"relu", CfC{Units: 3, Backbone: []int{6}, Activation: "relu"}, nil},
	},
	Presets: []Preset{
		{"cfc-small", "closed-form cell, 24 units, backbone 32", CfC{Units: 24, Backbone: []int{32}}, nil},
		{"cfc-dense", "closed-form cell, 64 units, backbone 128", CfC{Units: 64, Backbone: []int{128}}, nil},
		{"cfc-pure", "closed-form cell in its pure form, 32 units, backbone 64", CfC{Units: 32, Mode: Pure, Backbone: []int{64}}, nil},
	},
}

// Check implements Cell.
func (c CfC) Check() error {
	if err := checkUnits("CfC", c.Units); err != nil {
		return err
	}
	if err := c.Mode.check(); err != nil {
		return fmt.Errorf("CfC: %w", err)
	}
	for _, m := range c.Backbone {
		if m < 1 || m > maxUnits {
			return fmt.Errorf("CfC: a backbone layer has %d units; allowed: 1 to %d", m, maxUnits)
		}
	}
	if c.Activation != "" && activations[c.Activation] == nil {
		return fmt.Errorf("CfC: activation %q; allowed: %s", c.Activation, names(activations))
	}
	return nil
}

// maxUnits bounds what a model file or a flag may ask for.
const maxUnits = 1 << 16

func checkUnits(cell string, units int) error {
	if units < 1 || units > maxUnits {
		return fmt.Errorf("%s: units is %d; allowed: 1 to %d", cell, units, maxUnits)
	}
	return nil
}

func names(m map[Activation]func(Vec) Vec) string {
	var list []string
	for _, a := range slices.Sorted(maps.Keys(m)) {
		list = append(list, string(a))
	}
	return strings.Join(list, ", ")
}

// Build implements Cell.
func (c CfC) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	c = Resolve(c).(CfC)
	h := b.State("h", Vector(c.Units))
	terms := []Term{{Name: "x", X: x}, {Name: "h", X: h}}
	in := x.Len() + c.Units
	for l, m := range c.Backbone {
		z := activations[c.Activation](b.Linear(fmt.Sprintf("backbone%d", l), m, Xavier(in, m), FanIn(in), terms...))
		terms, in = []Term{{Name: "z", X: z}}, m
	}
	next := c.Mode.heads(b, c.Units, func(name string) Vec {
		return b.Linear(name, c.Units, Xavier(in, c.Units), FanIn(in), terms...)
	})
	b.Next("h", next)
	return next
}

// heads writes the closed form over linear maps of the cell's choosing.
func (m Mode) heads(b *Builder, units int, linear func(name string) Vec) Vec {
	dt := b.DT()
	if m == Pure {
		f := linear("ff1")
		tau := b.Param("w_tau", Vector(units), Xavier(1, units))
		A := b.Param("A", Vector(units), Xavier(1, units))
		decay := Exp(Neg(Mul(Add(Abs(tau), Abs(f)), dt)))
		return Sub(A, Mul(A, decay, f))
	}
	f1, f2 := Tanh(linear("ff1")), Tanh(linear("ff2"))
	g := Sigmoid(Add(Mul(linear("time_a"), dt), linear("time_b")))
	b.Probe("g", g)
	if m == NoGate {
		return Add(f1, Mul(f2, g))
	}
	return Add(Mul(f1, OneMinus(g)), Mul(f2, g))
}

// maps of the mode: the names of its linear maps.
func (m Mode) maps() []string {
	if m == Pure {
		return []string{"ff1"}
	}
	return []string{"ff1", "ff2", "time_a", "time_b"}
}

// Tensors implements Referenced.
func (c CfC) Tensors(inputs int, _ *wiring.Wiring) (list []Tensor) {
	linear := func(name, library string, rows int, terms []string, widths ...int) {
		width, from := 0, 0
		for _, n := range widths {
			width += n
		}
		for k, n := range widths {
			list = append(list, Tensor{name + "." + terms[k], library + ".weight", []int{rows, width}, columns(rows, width, from, from+n)})
			from += n
		}
		list = append(list, Whole(name+".bias", library+".bias", rows))
	}
	terms, widths := []string{"x", "h"}, []int{inputs, c.Units}
	for l, m := range c.Backbone {
		linear(fmt.Sprintf("backbone%d", l), fmt.Sprintf("rnn_cell.backbone.%d", 2*l), m, terms, widths...)
		terms, widths = []string{"z"}, []int{m}
	}
	for _, name := range c.Mode.maps() {
		linear(name, "rnn_cell."+name, c.Units, terms, widths...)
	}
	if c.Mode == Pure {
		list = append(list, Whole("w_tau", "rnn_cell.w_tau", 1, c.Units), Whole("A", "rnn_cell.A", 1, c.Units))
	}
	return list
}

func cfcReference(meta Meta) (Cell, error) {
	units, err := strconv.Atoi(meta["units"])
	if err != nil {
		return nil, fmt.Errorf("units is %q; a whole number is needed", meta["units"])
	}
	layers, err := strconv.Atoi(meta["backbone_layers"])
	if err != nil || layers < 0 || layers > 100 {
		return nil, fmt.Errorf("backbone_layers is %q; a whole number from 0 to 100 is needed", meta["backbone_layers"])
	}
	c := CfC{Units: units, Mode: Mode(meta["mode"])}
	if layers > 0 {
		width, err := strconv.Atoi(meta["backbone_units"])
		if err != nil {
			return nil, fmt.Errorf("backbone_units is %q; a whole number is needed", meta["backbone_units"])
		}
		c.Activation = Activation(meta["backbone_activation"])
		c.Backbone = slices.Repeat([]int{width}, layers)
	}
	return c, nil
}
