package cell

import (
	"fmt"
	"math"
	"strconv"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// LTC is the liquid time-constant cell: leaky neurons joined by conductance synapses,
//
//	cm dv/dt = gleak (vleak - v) + Σ_j a_ij (erev_ij - v_i)
//	a_ij     = w_ij · sigmoid(sigma_ij · (v_j - mu_ij))
//
// with a second set of synapses from the inputs u. The fused semi-implicit solver takes K sub-steps of h = dt / K, with
// the conductances frozen during each:
//
//	G  = gleak + Σ a + epsilon,   I = gleak·vleak + Σ a·erev
//	v' = v + h (I - G v) / (cm + h G)
//
// The state v [units] is a flow: dt = 0 keeps it to the bit, any dt >= 0 is stable, and each sub-step moves v towards a
// convex combination of vleak and the reversal potentials. cm, gleak and w are positive: through softplus, or by
// projection after every optimiser step where Explicit is set. Cost: 21 FLOPs an inner synapse and sub-step.
//
// The output are the motor neurons (the first Outputs units of the wiring). Probe "tau" is each neuron's effective time
// constant cm / G in the last sub-step, in the model's time unit; "G" and "I" are its conductance and current there.
//
// Source: Hasani et al., Liquid Time-constant Networks, AAAI 2021, eq. 3 and algorithm 1; synapses and wirings after
// Lechner et al., Neural circuit policies, Nature Machine Intelligence 2020. Initial values are those of ncps 1.0.1.
type LTC struct {
	// Unfolds is the number of solver sub-steps K, 1 to 1000; 6 if zero.
	Unfolds int `json:"unfolds" default:"6"`
	// Epsilon is added to the conductance, above 0 to 1; 1e-8 if zero.
	Epsilon float64 `json:"epsilon" default:"1e-8"`
	// Spread, 1 to 1e6, is about the ratio of the longest memory cm / G to the shortest at first: above 1 the capacitances cm start
	// log-uniform on 1 to Spread. If zero it is 1: they start as in ncps, near 1 and, Explicit, near 1/2. Many synapses make G large:
	// of 32 neurons, fully connected, none remembers for more than 0.13 time units then, and with Spread 100 one for 17 to 25
	// (TestSpreadLengthensMemories).
	Spread float64 `json:"spread" default:"1"`
	// Explicit keeps cm, gleak and w positive by projection instead of softplus.
	Explicit bool `json:"explicit"`
	// InputMap is applied to the inputs first: affine, linear or none; affine if empty.
	InputMap Mapping `json:"input_map" default:"affine"`
	// OutputMap is applied to the motor neurons, as InputMap; none if empty.
	OutputMap Mapping `json:"output_map" default:"none"`
}

// Mapping is an element-wise map with trained coefficients.
type Mapping string

// Mappings: x·w + b, x·w, x.
const (
	Affine  Mapping = "affine"
	LinearM Mapping = "linear"
	NoMap   Mapping = "none"
)

// minCapacitance bounds cm from below, so that dt = 0 and huge conductances stay finite.
const minCapacitance = 1e-6

var ltc = Entry{
	Name: "LTC", Summary: "liquid time-constant neurons with conductance synapses, semi-implicit solver",
	Source: "Hasani et al., AAAI 2021", Cell: LTC{}, Wired: true, Flow: true, Foreign: []string{"ltc"}, Reference: ltcReference,
	Variants: []Variant{
		{"ncp", LTC{}, wiring.NCP{Inter: 5, Command: 3, Motor: 2, SensoryFanout: 3, InterFanout: 2, Recurrent: 4, MotorFanin: 2}},
		{"full, explicit, 3 sub-steps", LTC{Unfolds: 3, Explicit: true, OutputMap: Affine}, wiring.Full(5)},
		{"random, 1 sub-step, no input map", LTC{Unfolds: 1, Spread: 30, InputMap: NoMap}, wiring.Random{Units: 6, Outputs: 3, Sparsity: 0.4}},
	},
	Presets: []Preset{
		{"ltc-ncp19", "LTC on a neural circuit policy of 19 neurons", LTC{}, auto(19, 1)},
		{"ltc-ncp32", "LTC on a neural circuit policy of 32 neurons, 4 of them motor", LTC{}, auto(32, 4)},
		{"ltc-fc32", "LTC, 32 neurons, fully connected", LTC{}, full(32)},
		{"ltc-spread-fc32", "LTC, 32 neurons, fully connected, whose memories start up to 100 times as long, for long series", LTC{Spread: 100}, full(32)},
	},
}

// auto is an AutoNCP with at least the given number of motor neurons.
func auto(units, motor int) func(int) wiring.Spec {
	return func(outputs int) wiring.Spec { return wiring.Auto(units, max(motor, min(outputs, units/3))) }
}

func full(units int) func(int) wiring.Spec {
	return func(int) wiring.Spec { return wiring.Full(units) }
}

// Check implements Cell.
func (c LTC) Check() error {
	if c.Unfolds < 0 || c.Unfolds > 1000 {
		return fmt.Errorf("LTC: unfolds is %d; allowed: 1 to 1000 (0 means 6)", c.Unfolds)
	}
	if !(c.Epsilon >= 0 && c.Epsilon <= 1) {
		return fmt.Errorf("LTC: epsilon is %g; allowed: 0 to 1 (0 means 1e-8)", c.Epsilon)
	}
	if !(c.Spread == 0 || c.Spread >= 1 && c.Spread <= 1e6) {
		return fmt.Errorf("LTC: spread is %g; allowed: 1 to 1e6 (0 means 1)", c.Spread)
	}
	for _, m := range []Mapping{c.InputMap, c.OutputMap} {
		if m != "" && m != Affine && m != LinearM && m != NoMap {
			return fmt.Errorf("LTC: mapping %q; allowed: %s, %s, %s", m, Affine, LinearM, NoMap)
		}
	}
	return nil
}

// Build implements Cell.
func (c LTC) Build(b *Builder, x Vec, w *wiring.Wiring) Vec {
	c = Resolve(c).(LTC)
	n, K, epsilon := w.Units(), c.Unfolds, c.Epsilon
	v := b.State("v", Vector(n))
	gleak := c.positive(b, "gleak", Vector(n), Between(0.001, 1), 0)
	vleak := b.Param("vleak", Vector(n), Between(-0.2, 0.2))
	cm := c.positive(b, "cm", Vector(n), c.capacitances(), minCapacitance)
	sensory := c.synapses(b, "sensory", w.Inputs(), n, w.Sensory())
	inner := c.synapses(b, "inner", n, n, w.Inner())

	u := mapped(b, "input", x, c.InputMap)
	G0, I0 := sensory(u, Plus(gleak, epsilon), Mul(gleak, vleak))
	h := Scale(1/float64(K), b.DT())
	var G, I Vec
	v = b.Repeat(K, []Vec{v}, func(carried []Vec) []Vec {
		v := carried[0]
		G, I = inner(v, G0, I0)
		return []Vec{Relax(v, h, cm, G, I)}
	})[0]

	b.Probe("G", Broadcast(G, Vector(n)))
	b.Probe("I", Broadcast(I, Vector(n)))
	b.Probe("tau", Div(cm, G))
	b.Next("v", v)
	return mapped(b, "output", Slice(v, 0, w.Outputs()), c.OutputMap)
}

// capacitances are the initial values of cm, or of what softplus makes cm of.
func (c LTC) capacitances() Init {
	switch {
	case c.Spread == 1:
		return Between(0.4, 0.6)
	case c.Explicit:
		return logUniform(1, c.Spread)
	}
	return inverseSoftplus(1, c.Spread)
}

// positive declares a parameter whose value in the equation stays at or above lo.
func (c LTC) positive(b *Builder, name string, s Shape, init Init, lo float64, options ...Option) Vec {
	if c.Explicit {
		return b.Param(name, s, init, append(options, AtLeast(lo))...)
	}
	if lo > 0 {
		options = append(options, AtLeast(math.Log(math.Expm1(lo)))) // softplus of it is lo
	}
	return Softplus(b.Param(name, s, init, options...))
}

// synapses declares a set of synapses and gives the function that adds their conductance and current to G and I.
func (c LTC) synapses(b *Builder, name string, in, out int, list []wiring.Synapse) func(v, G, I Vec) (Vec, Vec) {
	if len(list) == 0 {
		return func(_, G, I Vec) (Vec, Vec) { return G, I }
	}
	e, s := edges(in, out, list), Vector(len(list))
	polarity := make(Values, len(list))
	for k, syn := range list {
		polarity[k] = float64(syn.Polarity)
	}
	w := c.positive(b, name+".w", s, Between(0.001, 1), 0, Along(e))
	sigma := b.Param(name+".sigma", s, Between(3, 8), Along(e))
	mu := b.Param(name+".mu", s, Between(0.3, 0.8), Along(e))
	erev := b.Param(name+".erev", s, polarity, Along(e))
	return func(v, G, I Vec) (Vec, Vec) {
		Gs, Is := Synapses(v, w, sigma, mu, erev, e)
		return Add(G, Gs), Add(I, Is)
	}
}

// mapped applies a mapping with parameters name.w and name.b.
func mapped(b *Builder, name string, x Vec, m Mapping) Vec {
	if m == NoMap {
		return x
	}
	x = Mul(x, b.Param(name+".w", x.Shape(), Values{1}))
	if m == Affine {
		x = Add(x, b.Param(name+".b", x.Shape(), Values{0}))
	}
	return x
}

// Tensors implements Referenced.
func (c LTC) Tensors(inputs int, w *wiring.Wiring) (list []Tensor) {
	c = Resolve(c).(LTC)
	n := w.Units()
	for _, name := range []string{"gleak", "vleak", "cm"} {
		list = append(list, Whole(name, "rnn_cell."+name, n))
	}
	along := func(group, prefix string, sources int, synapses []wiring.Synapse) {
		index := make([]int, len(synapses))
		for k, s := range synapses {
			index[k] = s.From*n + s.To
		}
		for _, name := range []string{"w", "sigma", "mu", "erev"} {
			param := group + "." + name
			if len(synapses) == 0 {
				param = ""
			}
			list = append(list, Tensor{param, "rnn_cell." + prefix + name, []int{sources, n}, index})
		}
	}
	along("sensory", "sensory_", inputs, w.Sensory())
	along("inner", "", n, w.Inner())
	mapping := func(group string, width int, m Mapping) {
		if m != NoMap {
			list = append(list, Whole(group+".w", "rnn_cell."+group+"_w", width))
		}
		if m == Affine {
			list = append(list, Whole(group+".b", "rnn_cell."+group+"_b", width))
		}
	}
	mapping("input", inputs, c.InputMap)
	mapping("output", w.Outputs(), c.OutputMap)
	return list
}

func ltcReference(meta Meta) (Cell, error) {
	unfolds, err := strconv.Atoi(meta["unfolds"])
	if err != nil || unfolds == 0 {
		return nil, fmt.Errorf("unfolds is %q; a whole number from 1 up is needed", meta["unfolds"])
	}
	epsilon, err := strconv.ParseFloat(meta["epsilon"], 64)
	if err != nil || epsilon == 0 { // which options would take for the default
		return nil, fmt.Errorf("epsilon is %q; a number greater than 0 is needed", meta["epsilon"])
	}
	c := LTC{Unfolds: unfolds, Epsilon: epsilon, Explicit: meta["implicit_param_constraints"] == "false",
		InputMap: Mapping(meta["input_mapping"]), OutputMap: Mapping(meta["output_mapping"])}
	return c, nil
}
