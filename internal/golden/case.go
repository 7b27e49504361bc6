package golden

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// runCase compares one case: outputs, final states and, where the file has them, gradients.
func runCase(f *File, w *worst) error {
	m, err := modelOf(f)
	if err != nil {
		return err
	}
	tensors, err := m.Tensors()
	if err != nil {
		return err
	}
	program := m.Program()
	theta := make([]float64, program.ParamCount())
	if err := load(f, program, tensors, theta); err != nil {
		return err
	}
	if err := drawn(f, w); err != nil {
		return err
	}
	if err := f.masks(m.Wirings()); err != nil {
		return err
	}
	r, err := newRun(f, program.Reverse(step.WRT{Inputs: true, Time: true}), theta)
	if err != nil {
		return err
	}
	r.forward(w)
	if f.Has("ry") {
		r.backward(w)
		r.gradients(w, tensors)
	}
	return nil
}

// modelOf builds the model that the metadata describes.
func modelOf(f *File) (*model.Model, error) {
	c, err := cell.FromReference(cell.Meta(f.Meta))
	if err != nil {
		return nil, err
	}
	layer := model.Layer{Cell: c}
	if cell.Wired(c) {
		w, err := wiringOf(f)
		if err != nil {
			return nil, err
		}
		layer.Wiring = w
	}
	for _, name := range []string{"x", "y"} {
		if err := f.sequence(name); err != nil {
			return nil, err
		}
	}
	inputs, outputs := f.Tensor("x").Shape[2], f.Tensor("y").Shape[2]
	if err := f.holds(layer, inputs); err != nil {
		return nil, err
	}
	return model.Reference(layer, inputs, outputs, f.Has("fc.weight"))
}

func wiringOf(f *File) (*wiring.Wiring, error) {
	outputs, err := strconv.Atoi(f.Meta["wiring_output_dim"])
	if err != nil {
		return nil, fmt.Errorf("wiring_output_dim is %q; a whole number is needed", f.Meta["wiring_output_dim"])
	}
	var layers [][]int
	if err := json.Unmarshal([]byte(f.Meta["layers"]), &layers); err != nil {
		return nil, fmt.Errorf("layers: %w", err)
	}
	return wiring.FromMatrixLayers(matrix(f.Tensor("adjacency")), matrix(f.Tensor("sensory_adjacency")), outputs, layers)
}

// matrix is an adjacency; what is not -1, 0 or 1 becomes 2, which no wiring accepts.
func matrix(t Tensor) [][]int8 {
	if len(t.Shape) != 2 || len(t.Data) == 0 {
		return nil
	}
	rows := make([][]int8, t.Shape[0])
	for i := range rows {
		for _, v := range t.Data[i*t.Shape[1]:][:t.Shape[1]] {
			cell := int8(2)
			if v == -1 || v == 0 || v == 1 {
				cell = int8(v)
			}
			rows[i] = append(rows[i], cell)
		}
	}
	return rows
}

// load reads the parameters in double precision.
func load(f *File, p *step.Program, tensors []cell.Tensor, theta []float64) error {
	from := map[string]cell.Tensor{}
	for _, t := range tensors {
		from[t.Param] = t
	}
	for _, q := range p.Params {
		t := from[q.Name]
		if len(t.Index) != q.Shape.Len() {
			return fmt.Errorf("parameter %s of the cell stands in no tensor of the library", q.Name)
		}
		data := f.Tensor(t.Name).Data
		for k, i := range t.Index {
			if i >= len(data) {
				return fmt.Errorf("tensor %s has %d values; %d are needed", t.Name, len(data), i+1)
			}
			theta[q.Offset+k] = data[i]
		}
	}
	return nil
}

// run is one case on the oracle.
type run struct {
	f       *File
	p       *step.Program
	o       *engine.Oracle
	tape    engine.Tape
	B, T    int
	gx, gdt []float64
}

func newRun(f *File, p *step.Program, theta []float64) (*run, error) {
	if err := f.sequence("x"); err != nil {
		return nil, err
	}
	x := f.Tensor("x")
	r := &run{f: f, p: p, B: x.Shape[0], T: x.Shape[1]}
	if err := r.check(); err != nil {
		return nil, err
	}
	r.o = engine.NewOracle(p, r.B, theta)
	r.tape.Oracle = r.o
	return r, nil
}

// stateTensor is h, or c for the memory of an LSTM or mixed memory.
func stateTensor(state string) string {
	if state == "c" || strings.HasSuffix(state, ".c") {
		return "c"
	}
	return "h"
}

// scatter writes rows [B][width] from column at to a value [component][lane]; gather is its inverse.
func (r *run) scatter(node int, data []float64, width, at int) {
	v := r.o.Value(node)
	for k := range len(v) / r.B {
		for b := range r.B {
			v[k*r.B+b] = data[b*width+at+k]
		}
	}
}

func (r *run) gather(node int, data []float64, width, at int) {
	v := r.o.Value(node)
	for k := range len(v) / r.B {
		for b := range r.B {
			data[b*width+at+k] = v[k*r.B+b]
		}
	}
}

// states visits the states with the tensor each is stored in and its column there.
func (r *run) states(visit func(s step.State, tensor string, width, at int)) {
	width, at := map[string]int{}, map[string]int{}
	for _, s := range r.p.States {
		width[stateTensor(s.Name)] += r.p.Nodes[s.Node].Shape.Len()
	}
	for _, s := range r.p.States {
		t := stateTensor(s.Name)
		visit(s, t, width[t], at[t])
		at[t] += r.p.Nodes[s.Node].Shape.Len()
	}
}

func (r *run) initial() {
	r.states(func(s step.State, tensor string, width, at int) {
		r.scatter(s.Node, r.f.Tensor(tensor+"0").Data, width, at)
	})
}

func (r *run) feed(t int) {
	x := r.f.Tensor("x")
	r.scatter(r.p.Inputs[0].Node, x.Data, r.T*x.Shape[2], t*x.Shape[2])
	if r.p.Time >= 0 {
		r.scatter(r.p.Time, r.f.Tensor("dt").Data, r.T, t)
	}
}

func (r *run) output() (node, width int) {
	o := r.p.Outputs[r.p.Output("y")]
	return o.Node, r.p.Nodes[o.Node].Shape.Len()
}

func (r *run) forward(w *worst) {
	node, width := r.output()
	y := make([]float64, r.B*r.T*width)
	r.initial()
	r.tape.Forward(r.T, r.feed, func(t int) { r.gather(node, y, r.T*width, t*width) })
	w.see("y", y, r.f.Tensor("y").Data)
	r.states(func(s step.State, tensor string, width, at int) {
		want := r.f.Tensor(tensor + "T").Data
		got := append([]float64(nil), want...)
		r.gather(s.Node, got, width, at)
		w.see(tensor+"T", got, want)
	})
}

func (r *run) backward(w *worst) {
	_, width := r.output()
	a := r.p.Adjoint
	k := r.p.Output("y")
	x := r.f.Tensor("x")
	r.gx, r.gdt = make([]float64, len(x.Data)), make([]float64, r.B*r.T)
	i := 0
	r.states(func(_ step.State, tensor string, width, at int) {
		r.scatter(a.DNext[i], r.f.Tensor("r"+tensor).Data, width, at)
		i++
	})
	r.tape.Backward(r.feed,
		func(t int) { r.scatter(a.DOutput[k], r.f.Tensor("ry").Data, r.T*width, t*width) },
		func(t int) {
			r.gather(a.DInput[0], r.gx, r.T*x.Shape[2], t*x.Shape[2])
			if a.DTime >= 0 {
				r.gather(a.DTime, r.gdt, r.T, t)
			}
		})
}

func (r *run) gradients(w *worst, tensors []cell.Tensor) {
	w.see("grad.x", r.gx, r.f.Tensor("grad.x").Data)
	if r.f.Has("grad.dt") {
		w.see("grad.dt", r.gdt, r.f.Tensor("grad.dt").Data)
	}
	i := 0
	r.states(func(_ step.State, tensor string, width, at int) {
		want := r.f.Tensor("grad." + tensor + "0").Data
		got := append([]float64(nil), want...)
		r.gather(r.p.Adjoint.DState[i], got, width, at)
		w.see("grad."+tensor+"0", got, want)
		i++
	})
	got := map[string][]float64{} // absent synapses stay at zero, as they must be in the file
	for _, t := range tensors {
		q := r.param(t.Param)
		if got[t.Name] == nil {
			got[t.Name] = make([]float64, len(r.f.Tensor("grad."+t.Name).Data))
		}
		g := r.o.Grad(q)
		for k, at := range t.Index {
			if g == nil || at >= len(got[t.Name]) {
				continue
			}
			for b := range r.B {
				got[t.Name][at] += g[k*r.B+b]
			}
		}
	}
	for _, name := range r.f.Names() {
		param, ok := strings.CutPrefix(name, "grad.")
		if !ok || param == "x" || param == "dt" || param == "h0" || param == "c0" {
			continue
		}
		w.see(name, got[param], r.f.Tensor(name).Data)
	}
}

func (r *run) param(name string) int {
	for i, q := range r.p.Params {
		if q.Name == name {
			return i
		}
	}
	return -1
}

// runImport imports a state dict and compares its outputs with the expected ones, in double precision and, for the
// record, with the figures that the library computed in single precision.
func runImport(f *File, path string, w, w32 *worst) error {
	name := filepath.Base(f.Meta["weights"])
	weights, err := Open(filepath.Join(filepath.Dir(path), name))
	if errors.Is(err, fs.ErrNotExist) {
		return &FileError{Path: path, Problem: "its weights, " + name + ", are not there; put them beside it", Err: fs.ErrNotExist}
	}
	if err != nil {
		return err
	}
	said := model.NCPS{Constraints: "explicit", Mode: f.Meta["mode"], Activation: f.Meta["backbone_activation"]}
	if f.Meta["implicit_param_constraints"] == "true" {
		said.Constraints = "implicit"
	}
	said.Unfolds, _ = strconv.Atoi(f.Meta["unfolds"]) // absent for cells that need none
	said.Outputs, _ = strconv.Atoi(f.Meta["out"])
	said.Epsilon, _ = strconv.ParseFloat(f.Meta["epsilon"], 64)
	dict := model.StateDict{}
	for name, t := range weights.tensors {
		dict[name] = model.Array{Shape: t.Shape, Data: t.Data}
	}
	m, err := model.ImportNCPS(dict, said)
	if err != nil {
		return err
	}
	theta := make([]float64, m.Parameters())
	for i, v := range m.Params() {
		theta[i] = float64(v)
	}
	r, err := newRun(f, m.Program(), theta)
	if err != nil {
		return err
	}
	r.forward(w)
	if f.Has("y_f32") {
		single := *f
		single.tensors = map[string]Tensor{}
		for name, t := range f.tensors {
			single.tensors[name] = t
		}
		for _, name := range []string{"y", "hT", "cT"} {
			if f.Has(name + "_f32") {
				single.tensors[name] = f.Tensor(name + "_f32")
			}
		}
		if r, err = newRun(&single, m.Program(), theta); err != nil {
			return fmt.Errorf("tensors in single precision: %w", err)
		}
		r.forward(w32)
	}
	return drawn(f, w)
}

// runWirings draws every wiring of a file from its seed and compares it bit for bit.
func runWirings(f *File, w *worst) error {
	drawn := 0
	for _, name := range f.Names() {
		key, ok := strings.CutSuffix(name, ".adjacency")
		if !ok {
			continue
		}
		var d drawing
		if err := json.Unmarshal([]byte(f.Meta[key]), &d); err != nil {
			return fmt.Errorf("metadata of wiring %s: %w", key, err)
		}
		if err := d.compare(w, key, f.Tensor(name), f.Tensor(key+".sensory_adjacency")); err != nil {
			return fmt.Errorf("wiring %s: %w", key, err)
		}
		drawn++
	}
	if drawn == 0 {
		return errForeign
	}
	return nil
}

// drawing is how the library was asked for a wiring.
type drawing struct {
	Wiring string `json:"wiring"`
	Args   args   `json:"args"`
	In     int    `json:"in"`
	Units  int    `json:"units"`
}

// drawn checks that the case's own wiring follows from its seed.
func drawn(f *File, w *worst) error {
	if f.Meta["wiring_args"] == "" {
		return nil
	}
	d := drawing{Wiring: f.Meta["wiring"]}
	if err := json.Unmarshal([]byte(f.Meta["wiring_args"]), &d.Args); err != nil {
		return fmt.Errorf("wiring_args: %w", err)
	}
	s := f.Tensor("sensory_adjacency")
	if len(s.Shape) != 2 {
		return nil
	}
	d.In, d.Units = s.Shape[0], s.Shape[1]
	return d.compare(w, "wiring", f.Tensor("adjacency"), s)
}

func (d drawing) compare(w *worst, name string, inner, sensory Tensor) error {
	spec, err := d.Args.spec(d)
	if err != nil {
		return err
	}
	built, err := spec.Build(d.In)
	if err != nil {
		return err
	}
	differs := 0.0
	for i, pair := range [][2][][]int8{{built.Matrix(), matrix(inner)}, {built.SensoryMatrix(), matrix(sensory)}} {
		if fmt.Sprint(pair[0]) != fmt.Sprint(pair[1]) {
			differs = 1
			name += []string{".adjacency", ".sensory_adjacency"}[i]
		}
	}
	if differs > w.max || math.IsNaN(w.max) {
		w.max, w.where = differs, name+" differs from the drawing"
	}
	return nil
}
