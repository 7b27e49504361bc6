package golden

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/wiring"
)

// drawing is how the library was asked for a wiring, and what it says of the one that it drew.
type drawing struct {
	Wiring   string  `json:"wiring"`
	Args     args    `json:"args"`
	In       int     `json:"in"`
	Units    int     `json:"units"`
	Out      int     `json:"out"`
	Layers   [][]int `json:"layers"`
	Synapses int     `json:"synapses"`
	Sensory  int     `json:"sensory_synapses"`
}

// runWirings draws every wiring of a file from its seed and compares it bit for bit.
func runWirings(f *File, w *worst) error {
	var keys []string
	for _, name := range f.Names() {
		key, inner := strings.CutSuffix(name, ".adjacency")
		if key, ok := strings.CutSuffix(name, ".sensory_adjacency"); ok && !f.Has(key+".adjacency") {
			return fmt.Errorf("wiring %s has no tensor %s.adjacency", key, key)
		} else if !ok && !inner {
			return errForeign
		}
		if inner {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return errForeign
	}
	if format := f.Meta["format"]; format != "1" {
		return fmt.Errorf("metadata: format %q; allowed: 1", format)
	}
	for _, key := range sortedKeys(f.Meta) {
		if strings.HasPrefix(f.Meta[key], "{") && !slices.Contains(keys, key) {
			return fmt.Errorf("wiring %s has no tensor %s.adjacency", key, key)
		}
	}
	for _, key := range keys {
		if err := f.runWiring(key, w); err != nil {
			return fmt.Errorf("wiring %s: %w", key, err)
		}
	}
	return nil
}

func (f *File) runWiring(key string, w *worst) error {
	var d drawing
	if err := json.Unmarshal([]byte(f.Meta[key]), &d); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	if err := f.shaped(key+".adjacency", d.Units, d.Units); err != nil {
		return err
	}
	if err := f.shaped(key+".sensory_adjacency", d.In, d.Units); err != nil {
		return err
	}
	given, err := wiring.FromMatrixLayers(matrix(f.Tensor(key+".adjacency")), matrix(f.Tensor(key+".sensory_adjacency")), d.Out, d.Layers)
	if err != nil {
		return err
	}
	if err := d.counts(given); err != nil {
		return err
	}
	return d.compare(w, key+".", given)
}

// counts compares a wiring with the numbers of synapses that its description gives.
func (d drawing) counts(given *wiring.Wiring) error {
	sensory, inner := given.Synapses()
	switch {
	case d.Synapses != inner:
		return fmt.Errorf("synapses is %d, but the adjacency has %d", d.Synapses, inner)
	case d.Sensory != sensory:
		return fmt.Errorf("sensory_synapses is %d, but the adjacency has %d", d.Sensory, sensory)
	}
	return nil
}

// compare draws the wiring and compares it with the given one: who is connected to whom, outputs, layers.
func (d drawing) compare(w *worst, prefix string, given *wiring.Wiring) error {
	spec, err := d.Args.spec(d)
	if err != nil {
		return err
	}
	drawn, err := spec.Build(d.In)
	if err != nil {
		return err
	}
	for _, c := range []struct {
		name        string
		drawn, file any
	}{
		{"adjacency", drawn.Matrix(), given.Matrix()}, {"sensory_adjacency", drawn.SensoryMatrix(), given.SensoryMatrix()},
		{"output count", drawn.Outputs(), given.Outputs()}, {"list of layers", drawn.Layers(), given.Layers()},
	} {
		if fmt.Sprint(c.drawn) != fmt.Sprint(c.file) {
			w.differs(prefix + c.name + " differs from the drawing")
		}
	}
	return nil
}

// matrix is an adjacency; what is not -1, 0 or 1 becomes 2, which no wiring accepts.
func matrix(t Tensor) [][]int8 {
	rows := make([][]int8, t.Shape[0])
	for i := range rows {
		for _, v := range t.Data[i*t.Shape[1]:][:t.Shape[1]] {
			entry := int8(2)
			if v == -1 || v == 0 || v == 1 {
				entry = int8(v)
			}
			rows[i] = append(rows[i], entry)
		}
	}
	return rows
}

// masks checks that the library's masks say what the adjacency says. They are not used: the wiring is.
func (f *File) masks(w *wiring.Wiring, layered bool) error {
	masks := maskTensors(w, layered)
	for _, name := range sortedKeys(masks) {
		want := masks[name]
		if err := f.shaped(name, len(want), len(want[0])); err != nil {
			return err
		}
		for k, v := range f.Tensor(name).Data {
			i, j := k/len(want[0]), k%len(want[0])
			if v != math.Abs(float64(want[i][j])) {
				return fmt.Errorf("%s[%d, %d] is %g where the adjacency has %d", name, i, j, v, want[i][j])
			}
		}
	}
	return nil
}

// maskTensors are the masks that the library keeps beside a wiring. Those of a wired CfC have a row for each neuron of a
// layer, and columns for the sources in the layer before and the layer's own states, all of them present.
func maskTensors(w *wiring.Wiring, layered bool) map[string][][]int8 {
	if !layered {
		return map[string][][]int8{"rnn_cell.sparsity_mask": w.Matrix(), "rnn_cell.sensory_sparsity_mask": w.SensoryMatrix()}
	}
	masks := map[string][][]int8{}
	adjacency, sources := w.SensoryMatrix(), make([]int, w.Inputs())
	for i := range sources {
		sources[i] = i
	}
	for l, ids := range w.Layers() {
		mask := make([][]int8, len(ids))
		for i, to := range ids {
			for _, from := range sources {
				mask[i] = append(mask[i], adjacency[from][to])
			}
			for range ids {
				mask[i] = append(mask[i], 1)
			}
		}
		masks[fmt.Sprintf("rnn_cell.layer_%d.sparsity_mask", l)] = mask
		adjacency, sources = w.Matrix(), ids
	}
	return masks
}
