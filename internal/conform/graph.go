package conform

import (
	"fmt"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// reach says which states and inputs a state depends on after one step: state[i][j] for h'_i on h_j, input[i][f] for
// h'_i on x_f, in the order of the cell's state.
type reach struct{ state, input [][]bool }

// graphs knows the exact reach of the cells that keep to their wiring. A wired cell that is not listed must not reach
// further than the wiring's paths of any length, its state being in the order of the units.
var graphs = map[string]func(c cell.Cell, w *wiring.Wiring) reach{
	"LTC": func(c cell.Cell, w *wiring.Wiring) reach { return substeps(w, c.(cell.LTC).Unfolds) },
	"LRC": func(c cell.Cell, w *wiring.Wiring) reach {
		if cell.Adaptive(c) {
			return substeps(w, 6) // the stages that the result is made of, each on the one before
		}
		return substeps(w, cell.Resolve(c).(cell.LRC).Unfolds)
	},
	"WiredCfC": func(_ cell.Cell, w *wiring.Wiring) reach { return layered(w) },
}

// exempt are wired cells that do not keep to the drawn graph, with the reason.
var exempt = map[string]string{
	"NcpsCfC": "it is kept as the ncps library computes it, with time gates that see all inputs",
	"Mixed":   "its memory joins all inputs and states in front of the cell",
}

// AbsentSynapses: the drawn graph is the computed graph. A state depends on another, or on an input, exactly where the
// wiring has a path: the derivative is 0 to the bit where it has none, and not 0 where it has one.
func AbsentSynapses(s Subject) error {
	if s.Wiring == nil || exempt[s.Entry.Name] != "" {
		return nil
	}
	exact, listed := graphs[s.Entry.Name]
	if !listed {
		exact = func(_ cell.Cell, w *wiring.Wiring) reach { return substeps(w, w.Units()) }
	}
	want := exact(s.Variant.Cell, s.Wiring)
	got := dependence(s)
	for i := range want.state {
		for j, path := range want.state[i] {
			if err := agree(path, got.state[i][j], listed, "state", i, j); err != nil {
				return err
			}
		}
		for f, path := range want.input[i] {
			if err := agree(path, got.input[i][f], listed, "input", i, f); err != nil {
				return err
			}
		}
	}
	return nil
}

func agree(path, depends, exact bool, source string, i, j int) error {
	switch {
	case depends && !path:
		return fmt.Errorf("state %d depends on %s %d, but the wiring has no path: an absent synapse has an effect", i, source, j)
	case path && !depends && exact:
		return fmt.Errorf("state %d does not depend on %s %d, though the wiring has a path: a synapse has no effect", i, source, j)
	}
	return nil
}

// dependence finds by the reverse which derivatives of one step are not 0: lane i has a unit cotangent at state i.
func dependence(s Subject) reach {
	n := s.Program.StateWidth()
	t := trial.New(s.Program, 1, 1, 3)
	lanes := make([]int, n)
	t = t.Pick(lanes...) // n copies of one lane
	for k := range t.DY {
		clear(t.DY[k])
	}
	at := 0
	for k := range t.DH {
		clear(t.DH[k])
		for c := range len(t.DH[k]) / n {
			t.DH[k][c*n+at] = 1
			at++
		}
	}
	g := t.Gradient()
	r := reach{matrix(n, n), matrix(n, inputs)}
	at = 0
	for k := range g.H0 {
		for i, d := range g.H0[k] {
			r.state[i%n][at+i/n] = d != 0
		}
		at += len(g.H0[k]) / n
	}
	for i, d := range g.X[0] {
		r.input[i%n][i/n] = d != 0
	}
	return r
}

func matrix(rows, columns int) [][]bool {
	m := make([][]bool, rows)
	for i := range m {
		m[i] = make([]bool, columns)
	}
	return m
}

// join adds what b depends on to a.
func join(a, b []bool) {
	for i := range b {
		a[i] = a[i] || b[i]
	}
}

// substeps is the reach of a solver that passes every synapse once in each of K sub-steps, and keeps its own state.
func substeps(w *wiring.Wiring, K int) reach {
	if K == 0 {
		K = 6 // the default of LTC
	}
	n := w.Units()
	r := reach{matrix(n, n), matrix(n, w.Inputs())}
	for i := range n {
		r.state[i][i] = true
	}
	for range K {
		next := reach{matrix(n, n), matrix(n, w.Inputs())}
		for i := range n {
			join(next.state[i], r.state[i])
			join(next.input[i], r.input[i])
		}
		for _, syn := range w.Inner() {
			join(next.state[syn.To], r.state[syn.From])
			join(next.input[syn.To], r.input[syn.From])
		}
		for _, syn := range w.Sensory() {
			next.input[syn.To][syn.From] = true
		}
		r = next
	}
	return r
}

// layered is the reach of a cell that updates the wiring's layers in turn: sources in earlier layers act with their new
// state, all others with their old one. The state is in the order of the layers.
func layered(w *wiring.Wiring) reach {
	n := w.Units()
	place, done := make([]int, n), make([]bool, n)
	at := 0
	for _, ids := range w.Layers() {
		for _, id := range ids {
			place[id] = at
			at++
		}
	}
	r := reach{matrix(n, n), matrix(n, w.Inputs())}
	for _, ids := range w.Layers() {
		for _, id := range ids {
			i := place[id]
			r.state[i][i] = true
			for _, syn := range w.Sensory() {
				if syn.To == id {
					r.input[i][syn.From] = true
				}
			}
			for _, syn := range w.Inner() {
				switch j := place[syn.From]; {
				case syn.To != id:
				case done[syn.From]:
					join(r.state[i], r.state[j])
					join(r.input[i], r.input[j])
				default:
					r.state[i][j] = true
				}
			}
		}
		for _, id := range ids {
			done[id] = true
		}
	}
	return r
}

// SynapseCounts: a weight exists for a synapse and for nothing else. Every masked parameter has one value an edge, edges
// are distinct and within their ends, the maps of a cell together have the wiring's synapses, and the model counts the same.
func SynapseCounts(s Subject) error {
	if s.Wiring == nil {
		return nil
	}
	sensory, inner := s.Wiring.Synapses()
	if s.Model != nil && s.Model.Synapses() != sensory+inner {
		return fmt.Errorf("the model counts %d synapses, its wiring has %d", s.Model.Synapses(), sensory+inner)
	}
	masked := 0
	for _, q := range s.Program.Params {
		if q.Edges == nil {
			continue
		}
		masked++
		if err := distinct(q); err != nil {
			return err
		}
	}
	if masked == 0 {
		return fmt.Errorf("no parameter of the cell is declared along a wiring's edges, though it has a wiring")
	}
	count, ok := weights[s.Entry.Name]
	if !ok {
		return nil
	}
	want := count(s.Variant.Cell, s.Wiring)
	if got := s.Program.ParamCount(); got != want {
		return fmt.Errorf("the cell has %d parameters; %d synapses from inputs, %d among neurons and what its neurons have make %d", got, sensory, inner, want)
	}
	return nil
}

func distinct(q step.Param) error {
	seen := map[step.Edge]bool{}
	for _, e := range q.Edges.List {
		if seen[e] || e.From < 0 || e.From >= q.Edges.In || e.To < 0 || e.To >= q.Edges.Out {
			return fmt.Errorf("parameter %s: edge %d -> %d is twice there or out of its ends", q.Name, e.From, e.To)
		}
		seen[e] = true
	}
	if q.Shape.Len() != len(q.Edges.List) {
		return fmt.Errorf("parameter %s has %d values for %d edges", q.Name, q.Shape.Len(), len(q.Edges.List))
	}
	return nil
}

// weights counts the parameters of the wired cells by hand.
var weights = map[string]func(c cell.Cell, w *wiring.Wiring) int{
	"LTC": func(c cell.Cell, w *wiring.Wiring) int {
		sensory, inner := w.Synapses()
		mapping := map[cell.Mapping]int{cell.Affine: 2, cell.LinearM: 1}
		in, out := mapping[cell.Affine], mapping[c.(cell.LTC).OutputMap]
		if m := c.(cell.LTC).InputMap; m != "" {
			in = mapping[m]
		}
		return 3*w.Units() + 4*(sensory+inner) + in*w.Inputs() + out*w.Outputs()
	},
	"LRC": func(c cell.Cell, w *wiring.Wiring) int {
		sensory, inner := w.Synapses()
		l := cell.Resolve(c).(cell.LRC)
		synapse, neuron := 4, 2 // sigma, mu, h and w; gleak and vleak
		if l.NoForgetGate {     // tau in place of the weights w
			synapse, neuron = 3, 3
		}
		switch l.Elastance {
		case cell.AsymmetricElastance: // its map and bias
			synapse, neuron = synapse+1, neuron+1
		case cell.SymmetricElastance: // and its shift
			synapse, neuron = synapse+1, neuron+2
		}
		return synapse*(sensory+inner) + neuron*w.Units() + 2*w.Inputs() + 2*w.Outputs()
	},
	"WiredCfC": func(c cell.Cell, w *wiring.Wiring) int {
		sensory, inner := w.Synapses()
		own := w.Units() // each neuron's own state, where no synapse leads to itself already
		for _, syn := range w.Inner() {
			if syn.From == syn.To {
				own--
			}
		}
		edges := sensory + inner + own
		if c.(cell.WiredCfC).Mode == cell.Pure {
			return edges + 3*w.Units() // one map, its bias, w_tau and A
		}
		return 4 * (edges + w.Units())
	},
}
