package golden

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// Files come from users, so everything that is read is checked before: sizes, masks against the wiring, and that every
// gradient that should be there is.

// sequence checks that a tensor is [B, T, width] with something in it.
func (f *File) sequence(name string) error {
	t := f.Tensor(name)
	if len(t.Shape) != 3 || len(t.Data) == 0 {
		return fmt.Errorf("tensor %s must have shape [B, T, width], each at least 1; it has %v", name, t.Shape)
	}
	return nil
}

// sized checks the number of values of a tensor.
func (f *File) sized(name string, want int) error {
	if got := len(f.Tensor(name).Data); got != want {
		return fmt.Errorf("tensor %s has %d values; %d are needed", name, got, want)
	}
	return nil
}

// holds checks, before any memory is taken, that the file has enough values for the sizes that its metadata claim.
func (f *File) holds(l model.Layer, inputs int) error {
	values := 0
	for _, t := range f.tensors {
		values += len(t.Data)
	}
	for _, key := range []string{"units", "backbone_units"} {
		if key == "backbone_units" && f.Meta["backbone_layers"] == "0" {
			continue // means nothing there
		}
		if n, _ := strconv.Atoi(f.Meta[key]); n > values {
			return fmt.Errorf("%s is %d, but the file holds %d numbers only", key, n, values)
		}
	}
	var w *wiring.Wiring
	if l.Wiring != nil {
		var err error
		if w, err = l.Wiring.Build(inputs); err != nil {
			return err
		}
	}
	b := step.New()
	b.Output("y", l.Cell.Build(b, b.Input("x", inputs), w))
	if n := b.Build().ParamCount(); n > values {
		return fmt.Errorf("the cell of the metadata has %d parameters, but the file holds %d numbers only", n, values)
	}
	return nil
}

// check makes sure that the tensors have the sizes that will be read.
func (r *run) check() error {
	x := r.f.Tensor("x")
	if want := r.p.Nodes[r.p.Inputs[0].Node].Shape.Len(); x.Shape[2] != want {
		return fmt.Errorf("tensor x has %d columns; the model has %d inputs", x.Shape[2], want)
	}
	_, width := r.output()
	sizes := map[string]int{"dt": r.B * r.T, "y": r.B * r.T * width}
	backward := r.f.Has("ry") && r.p.Adjoint != nil
	if backward {
		sizes["ry"], sizes["grad.x"] = sizes["y"], len(x.Data)
	}
	r.states(func(_ step.State, tensor string, width, _ int) {
		n := r.B * width
		sizes[tensor+"0"], sizes[tensor+"T"] = n, n
		if backward {
			sizes["r"+tensor], sizes["grad."+tensor+"0"] = n, n
		}
	})
	for _, name := range sorted(sizes) {
		if err := r.f.sized(name, sizes[name]); err != nil {
			return err
		}
	}
	if !backward {
		return nil
	}
	return r.f.gradientsPresent()
}

func sorted(sizes map[string]int) (names []string) {
	for name := range sizes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// gradientsPresent checks that each parameter that the metadata call trained has its gradient.
func (f *File) gradientsPresent() error {
	if f.Meta["trainable"] == "" {
		return nil
	}
	var names []string
	if err := json.Unmarshal([]byte(f.Meta["trainable"]), &names); err != nil {
		return fmt.Errorf("metadata trainable: %w", err)
	}
	for _, name := range names {
		if err := f.sized("grad."+name, len(f.Tensor(name).Data)); err != nil {
			return err
		}
	}
	return nil
}

// masks checks that the library's masks and counts say what the adjacency says. They are not used: the wiring is.
func (f *File) masks(wirings []*wiring.Wiring) error {
	for _, w := range wirings {
		sensory, inner := w.Synapses()
		for key, n := range map[string]int{"sensory_synapses": sensory, "synapses": inner} {
			if text, ok := f.Meta[key]; ok && text != strconv.Itoa(n) {
				return fmt.Errorf("%s is %s, but the adjacency has %d", key, text, n)
			}
		}
		for name, want := range map[string][][]int8{
			"rnn_cell.sparsity_mask": w.Matrix(), "rnn_cell.sensory_sparsity_mask": w.SensoryMatrix(),
		} {
			if err := f.mask(name, want); err != nil {
				return err
			}
		}
		if err := f.layerMasks(w); err != nil {
			return err
		}
	}
	return nil
}

// mask compares a mask, where the file has it, with the absolute value of an adjacency.
func (f *File) mask(name string, want [][]int8) error {
	if !f.Has(name) {
		return nil
	}
	t := f.Tensor(name)
	if len(t.Shape) != 2 || t.Shape[0] != len(want) || t.Shape[1] != len(want[0]) {
		return fmt.Errorf("tensor %s has shape %v; [%d, %d] is needed", name, t.Shape, len(want), len(want[0]))
	}
	for k, v := range t.Data {
		i, j := k/t.Shape[1], k%t.Shape[1]
		if v != math.Abs(float64(want[i][j])) {
			return fmt.Errorf("%s[%d, %d] is %g where the adjacency has %d", name, i, j, v, want[i][j])
		}
	}
	return nil
}

// layerMasks checks the masks of a wired CfC: row = neuron, columns = sources in the layer before, then the layer's own
// states, all of them present.
func (f *File) layerMasks(w *wiring.Wiring) error {
	adjacency, sources := w.SensoryMatrix(), span(w.Inputs())
	for l, ids := range w.Layers() {
		want := make([][]int8, len(ids))
		for i, to := range ids {
			for _, from := range sources {
				want[i] = append(want[i], adjacency[from][to])
			}
			for range ids {
				want[i] = append(want[i], 1)
			}
		}
		if err := f.mask(fmt.Sprintf("rnn_cell.layer_%d.sparsity_mask", l), want); err != nil {
			return err
		}
		adjacency, sources = w.Matrix(), ids
	}
	return nil
}

func span(n int) (ids []int) {
	for i := range n {
		ids = append(ids, i)
	}
	return ids
}
