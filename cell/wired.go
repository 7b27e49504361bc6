package cell

import (
	"fmt"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// WiredCfC is the closed-form cell on a wiring, truly masked: the drawn graph is the computed graph. The wiring's layers
// (inter, command, motor) are updated in turn; each neuron has the heads of CfC over what reaches it,
//
//	z_i = inputs, neurons of earlier layers (their new state), neurons of its own and later layers (their old state)
//	      that have a synapse to i, and its own old state
//
// and all maps, the time gates too, have one weight per synapse. An absent synapse has no path. Polarity fixes no sign.
// The state h is in the order of the layers; the output are the motor neurons. Cost: 8 FLOPs for each synapse and own state,
// 10 FLOPs and 3 functions a neuron; in Mode pure 2, 8 and 1.
//
// Source: the closed form of Hasani et al. 2022 on the wirings of Lechner et al. 2020, masked throughout. Weights are not
// those of the reference library's wired cell; see NcpsCfC.
type WiredCfC struct {
	// Mode is default, no_gate or pure; default if empty.
	Mode Mode `json:"mode" default:"default"`
}

// NcpsCfC is the wired cell as ncps 1.0.1 computes it: every layer sees all inputs through its unmasked time gates and
// all states of its own layer; the wiring masks ff1 and ff2 between neighbouring layers only, and command-to-command
// synapses are not used. Kept so that published weights and figures can be reproduced; the graph that is drawn is not
// the graph that is computed. The state h is in the order of the layers; the output is the last layer. Cost of a layer of n
// neurons that m values enter: 4 n m + 8 n² + 10 n FLOPs, 4 a synapse of its mask, and 3 n functions; in Mode pure 2 n² + 8 n,
// 2 a synapse, and n.
type NcpsCfC struct {
	// Mode is default, no_gate or pure; default if empty.
	Mode Mode `json:"mode" default:"default"`
}

var testNCP = wiring.NCP{Inter: 5, Command: 3, Motor: 2, SensoryFanout: 2, InterFanout: 2, Recurrent: 4, MotorFanin: 2}

var wiredCfC = Entry{
	Name: "WiredCfC", Summary: "closed-form cell masked throughout by its wiring", Wired: true, Layered: true,
	Source: "Hasani et al. 2022 on Lechner et al. 2020", Cell: WiredCfC{},
	Variants: []Variant{
		{"ncp", WiredCfC{}, testNCP},
		{"ncp, pure", WiredCfC{Mode: Pure}, testNCP},
		{"random, no gate", WiredCfC{Mode: NoGate}, wiring.Random{Units: 6, Outputs: 2, Sparsity: 0.5}},
	},
	Presets: []Preset{
		{"cfc-ncp19-masked", "closed-form cell on a neural circuit policy of 19 neurons, masked throughout", WiredCfC{}, auto(19, 1)},
		{"cfc-ncp32-masked", "the same with 32 neurons, 4 of them motor", WiredCfC{}, auto(32, 4)},
	},
}

var ncpsCfC = Entry{
	Name: "NcpsCfC", Summary: "closed-form cell on a wiring as the ncps library computes it", Wired: true, Layered: true,
	Source: "ncps 1.0.1, WiredCfCCell", Cell: NcpsCfC{}, Foreign: []string{"wired_cfc"}, Reference: wiredReference,
	Variants: []Variant{
		{"ncp", NcpsCfC{}, testNCP},
		{"full, pure", NcpsCfC{Mode: Pure}, wiring.Full(4)},
		{"ncp, no gate", NcpsCfC{Mode: NoGate}, testNCP},
	},
	Presets: []Preset{
		{"cfc-ncp19", "closed-form cell on a neural circuit policy of 19 neurons, as the ncps library computes it", NcpsCfC{}, auto(19, 1)},
	},
}

// Check implements Cell.
func (c WiredCfC) Check() error { return named("WiredCfC", c.Mode.check()) }

// Check implements Cell.
func (c NcpsCfC) Check() error { return named("NcpsCfC", c.Mode.check()) }

func named(cell string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", cell, err)
	}
	return nil
}

// Build implements Cell.
func (c WiredCfC) Build(b *Builder, x Vec, w *wiring.Wiring) Vec {
	layers := w.Layers()
	h := b.State("h", Vector(w.Units()))
	var old, new []Vec
	at := 0
	for _, ids := range layers {
		old = append(old, Slice(h, at, at+len(ids)))
		at += len(ids)
	}
	for l, ids := range layers {
		terms := []Term{{Name: "x", X: x, Edges: between(w.Sensory(), positions(0, w.Inputs()), ids, false)}}
		for k, from := range layers {
			source := old[k]
			if k < l {
				source = new[k]
			}
			terms = append(terms, Term{Name: fmt.Sprintf("h%d", k), X: source, Edges: between(w.Inner(), from, ids, k == l)})
		}
		b.Scope(fmt.Sprintf("layer%d", l), func() {
			new = append(new, c.layer(b, len(ids), terms))
		})
	}
	all := Concat(new...)
	b.Next("h", all)
	return Gather(all, motorPositions(w)...)
}

// layer writes one layer; its bounds take the mean number of synapses a neuron has for its fan.
func (c WiredCfC) layer(b *Builder, units int, terms []Term) Vec {
	synapses, sources := 0, 0
	for _, t := range terms {
		if n := len(t.Edges.List); n > 0 {
			synapses += n
			sources += t.X.Len()
		}
	}
	fanIn, fanOut := max(1, synapses/units), max(1, synapses/max(1, sources))
	return c.Mode.heads(b, units, func(name string) Vec {
		return b.Linear(name, units, Xavier(fanIn, fanOut), FanIn(fanIn), terms...)
	})
}

// between is the adjacency from some neurons (or inputs) to others, numbered as listed; self adds each neuron's own state.
func between(synapses []wiring.Synapse, from, to []int, self bool) *Edges {
	source, target := map[int]int{}, map[int]int{}
	for i, id := range from {
		source[id] = i
	}
	for i, id := range to {
		target[id] = i
	}
	e := &Edges{In: len(from), Out: len(to)}
	has := map[Edge]bool{}
	for _, s := range synapses {
		i, fromHere := source[s.From]
		j, toHere := target[s.To]
		if fromHere && toHere {
			has[Edge{From: i, To: j}] = true
		}
	}
	for j := range to {
		for i := range from {
			if has[Edge{From: i, To: j}] || self && i == j {
				e.List = append(e.List, Edge{From: i, To: j})
			}
		}
	}
	return e
}

// motorPositions are the places of the output neurons in the order of the layers.
func motorPositions(w *wiring.Wiring) []int {
	place, at := make([]int, w.Units()), 0
	for _, ids := range w.Layers() {
		for _, id := range ids {
			place[id] = at
			at++
		}
	}
	return place[:w.Outputs()]
}

// Build implements Cell.
func (c NcpsCfC) Build(b *Builder, x Vec, w *wiring.Wiring) Vec {
	h := b.State("h", Vector(w.Units()))
	var next []Vec
	in, sources, synapses, at := x, positions(0, w.Inputs()), w.Sensory(), 0
	for l, ids := range w.Layers() {
		n, mask := len(ids), between(synapses, sources, ids, false)
		own, fan := Slice(h, at, at+n), in.Len()+n
		b.Scope(fmt.Sprintf("layer%d", l), func() {
			in = c.Mode.heads(b, n, func(name string) Vec {
				e := mask
				if name == "time_a" || name == "time_b" {
					e = nil
				}
				return b.Linear(name, n, Xavier(fan, n), FanIn(fan), Term{Name: "x", X: in, Edges: e}, Term{Name: "h", X: own})
			})
		})
		next = append(next, in)
		sources, synapses, at = ids, w.Inner(), at+n
	}
	b.Next("h", Concat(next...))
	return in
}

// Tensors implements Referenced.
func (c NcpsCfC) Tensors(inputs int, w *wiring.Wiring) (list []Tensor) {
	in, sources, synapses := inputs, positions(0, inputs), w.Sensory()
	for l, ids := range w.Layers() {
		n, width := len(ids), in+len(ids)
		mask := between(synapses, sources, ids, false)
		for _, name := range c.Mode.maps() {
			param, tensor := fmt.Sprintf("layer%d.%s", l, name), fmt.Sprintf("rnn_cell.layer_%d.%s", l, name)
			index := columns(n, width, 0, in)
			if name == "ff1" || name == "ff2" {
				index = nil
				for _, e := range mask.List {
					index = append(index, e.To*width+e.From)
				}
			}
			if len(index) > 0 {
				list = append(list, Tensor{param + ".x", tensor + ".weight", []int{n, width}, index})
			}
			list = append(list,
				Tensor{param + ".h", tensor + ".weight", []int{n, width}, columns(n, width, in, width)},
				Whole(param+".bias", tensor+".bias", n))
		}
		if c.Mode == Pure {
			for _, name := range []string{"w_tau", "A"} {
				list = append(list, Whole(fmt.Sprintf("layer%d.%s", l, name), fmt.Sprintf("rnn_cell.layer_%d.%s", l, name), 1, n))
			}
		}
		in, sources, synapses = n, ids, w.Inner()
	}
	return list
}

func wiredReference(meta Meta) (Cell, error) {
	return NcpsCfC{Mode: Mode(meta["mode"])}, nil
}
