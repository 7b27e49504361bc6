package golden

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/wiring"
)

// demand is a key that the metadata of a case must have.
type demand struct {
	key     string
	allowed []string // any text that is not empty where nil
}

// Demands on the metadata of a case: those on every case, and those on the cases of a cell. A key that is not there is
// never read as a default: a file that says less than it should would be judged as another case than it is.
var (
	yesNo   = []string{"true", "false"}
	closed  = []string{"default", "pure", "no_gate"}
	mapping = []string{"affine", "linear", "none"}

	everyCase = []demand{
		{"format", []string{"1"}}, {"name", nil}, {"set", nil}, {"seed", nil}, {"library", nil}, {"torch", nil}, {"numpy", nil},
		{"units", nil}, {"in", nil}, {"out", nil}, {"B", nil}, {"T", nil}, {"mixed_memory", yesNo}, {"dt_used", yesNo},
		{"dt_kind", []string{"irregular", "ones"}}, {"h0_kind", []string{"normal", "zeros"}},
	}
	wired     = []demand{{"wiring", nil}, {"wiring_args", nil}, {"wiring_output_dim", nil}, {"layers", nil}, {"synapses", nil}, {"sensory_synapses", nil}}
	caseOfOne = map[string][]demand{
		"ltc": slices.Concat(wired, []demand{
			{"mode", []string{"fused"}}, {"state_order", []string{"neuron"}}, {"unfolds", nil}, {"epsilon", nil},
			{"implicit_param_constraints", yesNo}, {"input_mapping", mapping}, {"output_mapping", mapping},
		}),
		"cfc": {
			{"mode", closed}, {"state_order", []string{"neuron"}}, {"proj_size", nil},
			{"backbone_units", nil}, {"backbone_layers", nil}, {"backbone_activation", nil}, {"backbone_dropout", nil},
		},
		"wired_cfc": slices.Concat(wired, []demand{
			{"mode", closed}, {"state_order", []string{"layers"}}, {"proj_size", nil}, {"behaviour", []string{"reference-compatible"}},
		}),
	}
)

// UnsupportedError names a cell that no registered one is.
type UnsupportedError struct{ Err *cell.UnknownError }

// Error is one line that names the cells that are supported.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("cell %q is not supported; supported: %s", e.Err.Name, strings.Join(e.Err.Known, ", "))
}

// config is what the metadata of a case say.
type config struct {
	cell cell.Cell
	// B series of T rows with a number of inputs; the widths of the state and of the output.
	B, T, in, units, out int
	project, memory      bool
}

// config reads the metadata and checks that nothing is missing.
func (f *File) config() (c config, err error) {
	c.cell, err = cell.FromReference(cell.Meta(f.Meta))
	if unknown, ok := err.(*cell.UnknownError); ok {
		return c, &UnsupportedError{unknown}
	}
	for _, d := range slices.Concat(everyCase, caseOfOne[f.Meta["cell"]]) {
		text, ok := f.Meta[d.key]
		switch {
		case !ok || text == "":
			return c, fmt.Errorf("metadata: key %s is missing", d.key)
		case d.allowed != nil && !slices.Contains(d.allowed, text):
			return c, fmt.Errorf("metadata: %s %q; allowed: %s", d.key, text, strings.Join(d.allowed, ", "))
		}
	}
	if err != nil { // after the demands, which say it better where a key is missing
		return c, err
	}
	for _, size := range []struct {
		key string
		to  *int
	}{{"B", &c.B}, {"T", &c.T}, {"in", &c.in}, {"units", &c.units}, {"out", &c.out}} {
		if *size.to, err = strconv.Atoi(f.Meta[size.key]); err != nil || *size.to < 1 {
			return c, fmt.Errorf("metadata: %s is %q; a whole number from 1 up is needed", size.key, f.Meta[size.key])
		}
	}
	if size, ok := f.Meta["proj_size"]; ok && size != "none" {
		c.project = true
		if size != f.Meta["out"] {
			return c, fmt.Errorf("metadata: proj_size is %s, but out is %d", size, c.out)
		}
	}
	c.memory = f.Meta["mixed_memory"] == "true" || f.Meta["cell"] == "lstm"
	return c, nil
}

// wiring is the one of the metadata and the adjacencies, which must be the one that is drawn from the arguments.
func (f *File) wiring(c config, w *worst) (*wiring.Wiring, error) {
	if err := f.shaped("adjacency", c.units, c.units); err != nil {
		return nil, err
	}
	if err := f.shaped("sensory_adjacency", c.in, c.units); err != nil {
		return nil, err
	}
	d := drawing{Wiring: f.Meta["wiring"], In: c.in, Units: c.units}
	said := map[string]any{"wiring_args": &d.Args, "wiring_output_dim": &d.Out, "layers": &d.Layers, "synapses": &d.Synapses, "sensory_synapses": &d.Sensory}
	for _, key := range sortedKeys(said) {
		if err := json.Unmarshal([]byte(f.Meta[key]), said[key]); err != nil {
			return nil, fmt.Errorf("metadata: %s: %w", key, err)
		}
	}
	inner, sensory := matrix(f.Tensor("adjacency")), matrix(f.Tensor("sensory_adjacency"))
	built, err := wiring.FromMatrixLayers(inner, sensory, d.Out, d.Layers)
	if err != nil {
		return nil, err
	}
	if err := d.counts(built); err != nil {
		return nil, err
	}
	return built, d.compare(w, "", built)
}
