package golden

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// runCase compares one case: outputs, final states, the loss and all gradients. Before that it demands everything that a
// case consists of, and nothing else, so that no part of it goes unjudged.
func runCase(f *File, w *worst) error {
	c, err := f.config()
	if err != nil {
		return err
	}
	if err := f.sequences(c, true); err != nil {
		return err
	}
	m, err := f.model(c, w)
	if err != nil {
		return err
	}
	tensors, err := m.Tensors()
	if err != nil {
		return err
	}
	if err := f.parameters(tensors); err != nil {
		return err
	}
	if err := f.nothingElse(c, m, tensors); err != nil {
		return err
	}
	p := m.Program().Reverse(step.WRT{Inputs: true, Time: true, States: true})
	r := newRun(f, library, c.slots(p), p, library.load(f, p, tensors))
	r.forward(w)
	r.backward()
	r.gradients(w, tensors)
	return nil
}

// sequences checks what runs over time, and the states at its ends; for a case also the cotangents and their gradients.
func (f *File) sequences(c config, backward bool) error {
	want := map[string][]int{"x": {c.B, c.T, c.in}, "dt": {c.B, c.T}, "y": {c.B, c.T, c.out}}
	for _, s := range c.states() {
		want[s+"0"], want[s+"T"] = []int{c.B, c.units}, []int{c.B, c.units}
	}
	if backward {
		want["ry"], want["loss"], want["grad.x"] = want["y"], []int{}, want["x"]
		if f.Meta["dt_used"] == "true" {
			want["grad.dt"] = want["dt"]
		}
		for _, s := range c.states() {
			want["r"+s], want["grad."+s+"0"] = want[s+"T"], want[s+"0"]
		}
	}
	for _, name := range sortedKeys(want) {
		if err := f.shaped(name, want[name]...); err != nil {
			return err
		}
	}
	if ones := f.all("dt", 1); ones != (f.Meta["dt_kind"] == "ones") {
		return fmt.Errorf("metadata: dt_kind is %s, but dt says otherwise", f.Meta["dt_kind"])
	}
	if zeros := f.all("h0", 0); zeros != (f.Meta["h0_kind"] == "zeros") {
		return fmt.Errorf("metadata: h0_kind is %s, but h0 says otherwise", f.Meta["h0_kind"])
	}
	return nil
}

// states are the letters of the states: h, and c for a memory.
func (c config) states() []string {
	if c.memory {
		return []string{"h", "c"}
	}
	return []string{"h"}
}

// model builds the model that the metadata describes.
func (f *File) model(c config, w *worst) (*model.Model, error) {
	layer := model.Layer{Cell: c.cell}
	if cell.Wired(c.cell) {
		built, err := f.wiring(c, w)
		if err != nil {
			return nil, err
		}
		layer.Wiring = built
	}
	if err := f.holds(layer, c.in); err != nil {
		return nil, err
	}
	m, err := model.Reference(layer, c.in, c.out, c.project)
	if err != nil {
		return nil, err
	}
	return m, f.timed(m)
}

// timed checks that the metadata say rightly whether the model looks at the time.
func (f *File) timed(m *model.Model) error {
	if used := m.Program().Time >= 0; strconv.FormatBool(used) != f.Meta["dt_used"] {
		return fmt.Errorf("metadata: dt_used is %s; for this cell it is %v", f.Meta["dt_used"], used)
	}
	return nil
}

// holds checks, before any memory is taken, that the file has enough values for the sizes that its metadata claim.
func (f *File) holds(l model.Layer, inputs int) error {
	values := 0
	for _, t := range f.tensors {
		values += len(t.Data)
	}
	// With no layers the units of a backbone mean nothing.
	if n, _ := strconv.Atoi(f.Meta["backbone_units"]); n > values && f.Meta["backbone_layers"] != "0" {
		return fmt.Errorf("backbone_units is %d, but the file holds %d numbers only", n, values)
	}
	w, _ := l.Wiring.(*wiring.Wiring)
	b := step.New()
	b.Output("y", l.Cell.Build(b, b.Input("x", inputs), w))
	p := b.Build()
	if n := p.ParamCount(); n > values {
		return fmt.Errorf("the cell of the metadata has %d parameters, but the file holds %d numbers only", n, values)
	}
	return nil
}

// parameters checks that every tensor of the cell is there, and is listed as trained with its gradient.
func (f *File) parameters(tensors []cell.Tensor) error {
	var listed []string
	if err := json.Unmarshal([]byte(f.Meta["trainable"]), &listed); err != nil {
		return fmt.Errorf("metadata: trainable: %w", err)
	}
	shape := shapes(tensors)
	for _, name := range listed {
		if _, ok := shape[name]; !ok {
			return fmt.Errorf("metadata: trainable lists %s, which is no parameter of the cell, or lists it twice", name)
		}
		delete(shape, name)
	}
	for _, name := range sortedKeys(shape) {
		return fmt.Errorf("metadata: trainable does not list %s", name)
	}
	shape = shapes(tensors)
	for _, name := range sortedKeys(shape) {
		if err := f.shaped(name, shape[name]...); err != nil {
			return err
		}
		if err := f.shaped("grad."+name, shape[name]...); err != nil {
			return err
		}
	}
	return nil
}

// shapes are those of the tensors by name; several parameters may stand in one tensor.
func shapes(tensors []cell.Tensor) map[string][]int {
	list := map[string][]int{}
	for _, t := range tensors {
		list[t.Name] = t.Shape
	}
	return list
}

// nothingElse checks the tensors that are not computed with, masks and values before clipping, and that there are no more.
func (f *File) nothingElse(c config, m *model.Model, tensors []cell.Tensor) error {
	known := []string{"x", "dt", "y", "ry", "loss"}
	gradients := []string{"x", "dt"}
	for _, s := range c.states() {
		known = append(known, s+"0", s+"T", "r"+s)
		gradients = append(gradients, s+"0")
	}
	for _, name := range sortedKeys(shapes(tensors)) {
		known, gradients = append(known, name), append(gradients, name)
		if !f.Has("raw." + name) {
			continue
		}
		if err := f.clipped(name); err != nil {
			return err
		}
		known = append(known, "raw."+name)
	}
	for _, name := range gradients {
		known = append(known, "grad."+name)
	}
	for _, w := range m.Wirings() {
		layered := f.Meta["state_order"] == "layers"
		if err := f.masks(w, layered); err != nil {
			return err
		}
		known = append(known, "adjacency", "sensory_adjacency")
		known = append(known, sortedKeys(maskTensors(w, layered))...)
	}
	for _, name := range f.Names() {
		if !slices.Contains(known, name) {
			return fmt.Errorf("tensor %s is no part of a case of this cell", name)
		}
	}
	if !f.Has("grad.dt") || f.Meta["dt_used"] == "true" {
		return nil
	}
	return fmt.Errorf("tensor grad.dt is there, but dt_used is false")
}

// clipped checks that a parameter is its raw value, clipped at 0.
func (f *File) clipped(name string) error {
	if f.Meta["implicit_param_constraints"] != "false" {
		return fmt.Errorf("tensor raw.%s is there, but nothing was clipped: implicit_param_constraints is not false", name)
	}
	if err := f.shaped("raw."+name, f.Tensor(name).Shape...); err != nil {
		return err
	}
	for i, v := range f.Tensor("raw." + name).Data {
		if used := f.Tensor(name).Data[i]; used != max(v, 0) {
			return fmt.Errorf("%s[%d] is %g, but raw.%s there is %g", name, i, used, name, v)
		}
	}
	return nil
}

// library are the names of tensors in the vectors of a library.
var library = names{cotangent: "ry", first: "%s0", last: "%sT", final: "r%s", initial: "grad.%s0"}

// slots lays out the states: those that are memories one after the other in tensor c, all others in h.
func (c config) slots(p *step.Program) (list []slot) {
	at := map[string]int{}
	for i, s := range p.States {
		letter := "h"
		if isMemory(s.Name) {
			letter = "c"
		}
		list = append(list, slot{state: i, name: letter, width: c.units, at: at[letter]})
		at[letter] += p.Nodes[s.Node].Shape.Len()
	}
	return list
}

// isMemory tells the states that stand in tensor c, the memory of an LSTM or of mixed memory, from those in h.
func isMemory(state string) bool { return state == "c" || strings.HasSuffix(state, ".c") }
