package golden

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"
	"strconv"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
)

// runImport imports a state dict and compares its outputs with the expected ones, in double precision and, for the
// record, with the figures that the library computed in single precision.
func runImport(f *File, path string, w, w32 *worst) error {
	c, err := f.config()
	if err != nil {
		return err
	}
	if err := f.sequences(c, false); err != nil {
		return err
	}
	name := filepath.Base(f.Meta["weights"])
	weights, err := Open(filepath.Join(filepath.Dir(path), name))
	if errors.Is(err, fs.ErrNotExist) {
		return &FileError{Path: path, Problem: "its weights, " + name + ", are not there; put them beside it", Err: fs.ErrNotExist}
	}
	if err != nil {
		return err
	}
	m, err := f.imported(weights)
	if err != nil {
		return err
	}
	if got := m.Architecture().Layers[0].Cell; !reflect.DeepEqual(got, cell.Resolve(c.cell)) {
		return fmt.Errorf("the weights are those of %+v, the metadata say %+v", got, c.cell)
	}
	if err := f.timed(m); err != nil {
		return err
	}
	p := m.Program()
	if inputs, outputs := p.Nodes[p.Inputs[0].Node].Shape.Len(), m.Schema().Target.Width(); inputs != c.in || outputs != c.out {
		return fmt.Errorf("the weights are those of %d inputs and %d outputs, the metadata say %d and %d", inputs, outputs, c.in, c.out)
	}
	if cell.Wired(c.cell) {
		built, err := f.wiring(c, w)
		if err != nil {
			return err
		}
		if err := weights.masks(built, f.Meta["state_order"] == "layers"); err != nil {
			return err
		}
	}
	theta := make([]float64, m.Parameters())
	for i, v := range m.Params() {
		theta[i] = float64(v)
	}
	newRun(f, library, c.slots(p), p, theta).forward(w)
	single, err := f.single(c)
	if err != nil {
		return err
	}
	newRun(single, library, c.slots(p), p, theta).forward(w32)
	return nil
}

// imported reads the weights as a user does who says what they do not say themselves.
func (f *File) imported(weights *File) (*model.Model, error) {
	said := model.NCPS{Constraints: "explicit", Mode: f.Meta["mode"], Activation: f.Meta["backbone_activation"]}
	if f.Meta["implicit_param_constraints"] == "true" {
		said.Constraints = "implicit"
	}
	// Absent for cells that need none, and checked by config for those that do.
	said.Unfolds, _ = strconv.Atoi(f.Meta["unfolds"])
	said.Outputs, _ = strconv.Atoi(f.Meta["out"])
	said.Epsilon, _ = strconv.ParseFloat(f.Meta["epsilon"], 64)
	dict := model.StateDict{}
	for name, t := range weights.tensors {
		dict[name] = model.Array{Shape: t.Shape, Data: t.Data}
	}
	return model.ImportNCPS(dict, said)
}

// single is the file with its outputs and final states in single precision.
func (f *File) single(c config) (*File, error) {
	s := &File{Meta: f.Meta, tensors: maps.Clone(f.tensors)}
	names := []string{"y"}
	for _, letter := range c.states() {
		names = append(names, letter+"T")
	}
	for _, name := range names {
		if err := f.shaped(name+"_f32", f.Tensor(name).Shape...); err != nil {
			return nil, err
		}
		s.tensors[name] = f.Tensor(name + "_f32")
	}
	return s, nil
}
