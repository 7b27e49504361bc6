package model

import (
	"fmt"
	"maps"
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

// Array is a row-major tensor of another library's state dict.
type Array struct {
	Shape []int
	Data  []float64
}

// StateDict is a set of named tensors.
type StateDict map[string]Array

// NCPS is what a state dict of the ncps library does not say of itself. Which of it is needed depends on the cell; what
// is missing is asked for by name.
type NCPS struct {
	// Unfolds is the number of solver sub-steps of an LTC (ode_unfolds; the library's default is 6).
	Unfolds int
	// Epsilon of an LTC (the library's default is 1e-8).
	Epsilon float64
	// Constraints of an LTC: implicit (the default of the library's LTC) or explicit (that of its LTCCell).
	Constraints string
	// Outputs of an LTC without an output mapping.
	Outputs int
	// Mode of a CfC: default or no_gate. A pure one shows by its tensors.
	Mode string
	// Activation of a CfC's backbone: lecun_tanh (the library's default), tanh, relu, silu, gelu.
	Activation string
	// Data is how the model meets the columns of data files.
	Data Columns
}

// UnsaidError lists, in words, what a state dict does not say and NCPS left open.
type UnsaidError struct{ Missing []string }

// Error is one line.
func (e *UnsaidError) Error() string {
	return "the file does not say " + strings.Join(e.Missing, "; nor ")
}

// ImportNCPS makes a model of a state dict that the ncps library saved: LTC, CfC or wired CfC, with mixed memory and
// projection where the file has them. The wiring is recovered from the masks; a wired CfC stores no polarity and no
// synapses between command neurons. The error is an *UnsaidError where only the configuration is incomplete.
func ImportNCPS(dict StateDict, said NCPS) (*Model, error) {
	if dict["rnn_cell.gleak"].Data == nil && dict["rnn_cell.ff1.weight"].Data == nil && dict["rnn_cell.layer_0.ff1.weight"].Data == nil {
		return nil, fmt.Errorf("not a state dict of ncps: none of rnn_cell.gleak, rnn_cell.ff1.weight, rnn_cell.layer_0.ff1.weight is there; the file holds %s", dict.names(5))
	}
	im := importer{dict: dict, renamed: maps.Clone(dict), said: said, meta: cell.Meta{}}
	im.recognise()
	im.clock()
	if len(im.missing) > 0 {
		return nil, &UnsaidError{im.missing}
	}
	if im.err != nil {
		return nil, im.err
	}
	c, err := cell.FromReference(im.meta)
	if err != nil {
		return nil, err
	}
	layer := Layer{Cell: c}
	if im.wiring != nil {
		layer.Wiring = im.wiring
	}
	schema, err := said.Data.schema(im.inputs, im.outputs)
	if err != nil {
		return nil, err
	}
	m, err := reference(layer, schema, im.project)
	if err != nil {
		return nil, err
	}
	return m.fill(im.renamed)
}

// Reference is a one-layer model with plain inputs, whose output is the cell's own, or a linear projection of it.
func Reference(layer Layer, inputs, outputs int, project bool) (*Model, error) {
	schema := series.Plain(inputs)
	schema.Target.Outputs = outputs
	for i := range schema.Inputs {
		schema.Inputs[i].Missing = cell.TakesMissing(layer.Cell)
	}
	return reference(layer, schema, project)
}

func reference(layer Layer, schema series.Schema, project bool) (*Model, error) {
	a := Architecture{Layers: []Layer{layer}, Readout: Direct}
	if project {
		a.Readout = Linear
	}
	return a.Model(schema)
}

// Tensors ties the parameters of a one-layer model to the tensors of the library that the cell comes from.
func (m *Model) Tensors() ([]cell.Tensor, error) {
	if len(m.arch.Members) > 0 {
		return nil, fmt.Errorf("model: an average is no model of another library; compare its members")
	}
	l := m.arch.Layers[0]
	c, ok := l.Cell.(cell.Referenced)
	if !ok || len(m.arch.Layers) != 1 {
		return nil, fmt.Errorf("model: only a single layer of a cell that other libraries have can be compared with them")
	}
	w, _ := l.Wiring.(*wiring.Wiring)
	list := c.Tensors(len(m.schema.Inputs), w)
	for i := range list {
		if list[i].Param != "" {
			list[i].Param = "layer0." + list[i].Param
		}
	}
	if m.arch.Readout == Linear {
		for _, q := range m.program.Params {
			switch q.Name {
			case "readout.w":
				list = append(list, cell.Whole(q.Name, "fc.weight", q.Shape.Outer, q.Shape.Inner))
			case "readout.bias":
				list = append(list, cell.Whole(q.Name, "fc.bias", q.Shape.Len()))
			}
		}
	}
	return list, nil
}

// fill reads every parameter from a state dict.
func (m *Model) fill(dict StateDict) (*Model, error) {
	list, err := m.Tensors()
	if err != nil {
		return nil, err
	}
	theta := m.Params()
	from := map[string]cell.Tensor{}
	for _, t := range list {
		from[t.Param] = t
	}
	for _, q := range m.program.Params {
		t := from[q.Name]
		data := dict[t.Name].Data
		if need := t.Len(); len(data) != need {
			return nil, fmt.Errorf("tensor %s has %d values where %d are needed; the file does not fit the cell it claims to be", t.Name, len(data), need)
		}
		for k, i := range t.Index {
			v := float32(data[i])
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return nil, fmt.Errorf("tensor %s holds %v at position %d; all weights must be finite in single precision", t.Name, data[i], i)
			}
			theta[q.Offset+k] = v
		}
	}
	return m.With(theta), nil
}

// importer recognises a state dict.
type importer struct {
	dict            StateDict
	renamed         StateDict // as the cell knows its tensors
	said            NCPS
	meta            cell.Meta
	wiring          *wiring.Wiring
	inputs, outputs int
	units           int // width of the state
	project         bool
	missing         []string
	err             error
}

func (im *importer) recognise() {
	_, mixed := im.dict["lstm.recurrent_map.weight"]
	im.meta["mixed_memory"] = strconv.FormatBool(mixed)
	switch {
	case im.dict["rnn_cell.gleak"].Data != nil:
		im.ltc()
	case im.dict["rnn_cell.ff1.weight"].Data != nil:
		im.cfc()
	default:
		im.wired()
	}
	if mixed && im.err == nil {
		im.sized("lstm.recurrent_map.weight", 4*im.units, im.units)
	}
	if _, ok := im.dict["fc.weight"]; ok {
		im.project, im.outputs = true, im.matrix("fc.weight").Shape[0]
	}
}

// ask notes what the user has to say.
func (im *importer) ask(known bool, what string) {
	if !known {
		im.missing = append(im.missing, what)
	}
}

// matrix finds a tensor of two dimensions.
func (im *importer) matrix(name string) Array {
	a := im.dict[name]
	n := len(a.Data)
	if len(a.Shape) != 2 || a.Shape[0] < 1 || a.Shape[1] < 1 || a.Shape[0] > n || n%a.Shape[0] != 0 || n/a.Shape[0] != a.Shape[1] {
		if im.err == nil {
			im.err = fmt.Errorf("tensor %s has shape %v and %d values; a matrix is needed", name, a.Shape, n)
		}
		return Array{Shape: []int{0, 0}}
	}
	return a
}

// sized is a matrix of a given shape. What the file holds bounds what is built from it.
func (im *importer) sized(name string, rows, columns int) Array {
	a := im.matrix(name)
	if im.err == nil && (a.Shape[0] != rows || a.Shape[1] != columns) {
		im.err = fmt.Errorf("tensor %s has shape %v; %v is needed", name, a.Shape, []int{rows, columns})
	}
	return a
}

func (im *importer) ltc() {
	s := im.said
	im.ask(s.Unfolds > 0, "how many solver sub-steps it was trained with (--unfolds; the library's default is 6)")
	im.ask(s.Epsilon > 0, "its epsilon (--epsilon; the library's default is 1e-8)")
	im.ask(s.Constraints == "implicit" || s.Constraints == "explicit", "how its weights were kept positive (--constraints implicit, the default of LTC, or explicit, that of LTCCell)")
	im.outputs = len(im.dict["rnn_cell.output_w"].Data)
	if im.outputs == 0 {
		im.outputs = s.Outputs
		im.ask(s.Outputs > 0, "how many outputs it has (--outputs)")
	}
	im.meta["cell"], im.meta["unfolds"] = "ltc", strconv.Itoa(s.Unfolds)
	im.meta["epsilon"] = strconv.FormatFloat(s.Epsilon, 'g', -1, 64)
	im.meta["implicit_param_constraints"] = strconv.FormatBool(s.Constraints == "implicit")
	for _, side := range []string{"input", "output"} {
		kind := cell.NoMap
		if im.dict["rnn_cell."+side+"_w"].Data != nil {
			kind = cell.LinearM
		}
		if im.dict["rnn_cell."+side+"_b"].Data != nil {
			kind = cell.Affine
		}
		im.meta[side+"_mapping"] = string(kind)
	}
	im.units = im.matrix("rnn_cell.sparsity_mask").Shape[0]
	im.inputs = im.matrix("rnn_cell.sensory_sparsity_mask").Shape[0]
	inner, sensory := im.synapses("", im.units), im.synapses("sensory_", im.inputs)
	if im.err == nil && len(im.missing) == 0 {
		im.wiring, im.err = wiring.FromMatrix(inner, sensory, im.outputs)
	}
}

// synapses reads an adjacency of an LTC and checks that all tensors along it have its shape.
func (im *importer) synapses(prefix string, sources int) [][]int8 {
	for _, name := range []string{"w", "sigma", "mu"} {
		im.sized("rnn_cell."+prefix+name, sources, im.units)
	}
	return polarity(im.sized("rnn_cell."+prefix+"sparsity_mask", sources, im.units), im.sized("rnn_cell."+prefix+"erev", sources, im.units))
}

// polarity is the adjacency of a mask, with the sign of the reversal potential; 0 there counts as excitatory.
func polarity(mask, erev Array) [][]int8 {
	rows := make([][]int8, mask.Shape[0])
	for i := range rows {
		rows[i] = make([]int8, mask.Shape[1])
		for j := range rows[i] {
			k := i*mask.Shape[1] + j
			switch {
			case mask.Data[k] == 0:
			case k < len(erev.Data) && erev.Data[k] < 0:
				rows[i][j] = -1
			default:
				rows[i][j] = 1
			}
		}
	}
	return rows
}

// mode asks for the mode of a CfC unless its tensors show it.
func (im *importer) mode(prefix string) {
	mode := im.said.Mode
	if im.dict[prefix+"w_tau"].Data != nil {
		mode = string(cell.Pure)
	}
	im.ask(mode != "", "its mode (--mode default or no_gate; the library's default is default)")
	im.meta["mode"] = mode
}

func (im *importer) cfc() {
	im.mode("rnn_cell.")
	ff1 := im.matrix("rnn_cell.ff1.weight")
	im.units = ff1.Shape[0]
	units, first, layers := im.units, ff1, 0
	for _, k := range im.backbone() {
		name := fmt.Sprintf("rnn_cell.backbone.%d.weight", k)
		w := im.matrix(name)
		if layers == 0 {
			first = w
			im.sized("rnn_cell.ff1.weight", units, w.Shape[0])
		} else {
			im.sized(name, first.Shape[0], first.Shape[0])
		}
		// Dropout shifts the library's indices; here the layers are counted.
		im.renamed[fmt.Sprintf("rnn_cell.backbone.%d.weight", 2*layers)] = w
		im.renamed[fmt.Sprintf("rnn_cell.backbone.%d.bias", 2*layers)] = im.dict[fmt.Sprintf("rnn_cell.backbone.%d.bias", k)]
		layers++
	}
	im.meta["cell"], im.meta["units"] = "cfc", strconv.Itoa(units)
	im.meta["backbone_layers"] = strconv.Itoa(layers)
	if layers > 0 {
		im.meta["backbone_units"] = strconv.Itoa(first.Shape[0])
		im.ask(im.said.Activation != "", "the activation of its backbone (--activation lecun_tanh, tanh, relu, silu or gelu; the library's default is lecun_tanh)")
		im.meta["backbone_activation"] = im.said.Activation
	}
	im.inputs, im.outputs = first.Shape[1]-units, units
	if im.err == nil && im.inputs < 1 {
		im.err = fmt.Errorf("the first layer has %d columns for %d units; no input is left", first.Shape[1], units)
	}
}

// backbone lists the indices of its linear layers, ascending.
func (im *importer) backbone() (list []int) {
	for name := range im.dict {
		rest, ok := strings.CutPrefix(name, "rnn_cell.backbone.")
		if !ok {
			continue
		}
		if k, err := strconv.Atoi(strings.TrimSuffix(rest, ".weight")); err == nil {
			list = append(list, k)
		}
	}
	sort.Ints(list)
	return list
}

// wired recovers the graph of a wired CfC from the masks of its layers. Ids are given as in the library: the last layer
// has the lowest.
func (im *importer) wired() {
	im.mode("rnn_cell.layer_0.")
	im.meta["cell"] = "wired_cfc"
	const most = 1 << 12 // what a wiring can hold
	var masks []Array
	for l := 0; im.dict[fmt.Sprintf("rnn_cell.layer_%d.ff1.weight", l)].Data != nil; l++ {
		prefix := fmt.Sprintf("rnn_cell.layer_%d.", l)
		mask := im.matrix(prefix + "sparsity_mask")
		for _, name := range []string{prefix + "ff1.weight", prefix + "ff2.weight"} {
			if _, ok := im.dict[name]; ok { // a pure cell has no ff2
				im.sized(name, mask.Shape[0], mask.Shape[1])
			}
		}
		masks = append(masks, mask)
		im.units += mask.Shape[0]
	}
	if im.err == nil && im.units > most {
		im.err = fmt.Errorf("the layers have %d neurons; at most %d can be read", im.units, most)
	}
	if im.err != nil {
		return
	}
	im.inputs, im.outputs = masks[0].Shape[1]-masks[0].Shape[0], masks[len(masks)-1].Shape[0]
	if im.inputs < 1 {
		im.err = fmt.Errorf("the mask of layer 0 has %d columns for %d neurons; no input is left", masks[0].Shape[1], masks[0].Shape[0])
		return
	}
	layers, inner, sensory := graph(masks, im.units, im.inputs)
	if im.wiring, im.err = wiring.FromMatrixLayers(inner, sensory, im.outputs, layers); im.err == nil {
		im.wiring = im.wiring.Unsigned() // the masks hold absolute values
	}
}

// graph numbers the neurons of the layers and reads who is connected to whom.
func graph(masks []Array, units, inputs int) (layers [][]int, inner, sensory [][]int8) {
	inner, sensory = make([][]int8, units), make([][]int8, inputs)
	for i := range inner {
		inner[i] = make([]int8, units)
	}
	for i := range sensory {
		sensory[i] = make([]int8, units)
	}
	top := units
	rows := sensory // of the sources of the layer at hand
	for _, m := range masks {
		n := m.Shape[0]
		top -= n
		ids := make([]int, n)
		for i := range n {
			ids[i] = top + i
			for j := range min(len(rows), m.Shape[1]) {
				if m.Data[i*m.Shape[1]+j] != 0 {
					rows[j][top+i] = 1
				}
			}
		}
		layers = append(layers, ids)
		rows = inner[top : top+n]
	}
	return layers, inner, sensory
}

func (d StateDict) names(most int) string {
	var names []string
	for name := range d {
		names = append(names, name)
	}
	sort.Strings(names)
	if len(names) > most {
		names = append(names[:most], "…")
	}
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}
