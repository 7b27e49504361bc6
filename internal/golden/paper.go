package golden

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// authors are the names of tensors in the vectors of a cell of a paper: one tensor for every state, by its own name.
var authors = names{cotangent: "cot.y", first: "h0.%s", last: "hT.%s", final: "cot.hT.%s", initial: "grad.h0.%s", parameter: "param."}

// outline is what the metadata of a vector of a cell of a paper say.
type outline struct {
	cell                         cell.Cell
	units, features, B, T, count int
	states                       map[string][]int // shapes by name
}

// isPaper tells the vectors of cells of papers from those of a library.
func (f *File) isPaper() bool {
	_, constants := f.Meta["constants"]
	_, states := f.Meta["states"]
	return constants || states
}

// runPaper compares a vector of a cell of a paper: outputs, final states and all gradients. Like runCase it demands all
// that such a vector consists of, and nothing else.
func runPaper(f *File, w *worst) error {
	c, err := f.outline()
	if err != nil {
		return err
	}
	if err := f.observe(c); err != nil {
		return err
	}
	if err := f.shaped("x", c.B, c.T, c.features); err != nil {
		return err
	}
	y := f.Tensor("y").Shape
	if len(y) != 3 || y[2] < 1 {
		return fmt.Errorf("tensor y has shape %v; [%d %d outputs] is needed", y, c.B, c.T)
	}
	layer := model.Layer{Cell: c.cell}
	if cell.Wired(c.cell) { // these have every neuron see all inputs and all neurons
		if layer.Wiring, err = wiring.Full(c.units).Build(c.features); err != nil {
			return err
		}
	}
	if err := f.holds(layer, c.features); err != nil {
		return err
	}
	m, err := model.Reference(layer, c.features, y[2], false)
	if err != nil {
		return err
	}
	tensors, err := m.Tensors()
	if err != nil {
		return err
	}
	if err := f.complete(c, m, tensors); err != nil {
		return err
	}
	p := m.Program().Reverse(step.WRT{Inputs: true, Time: true, States: true})
	slots, err := c.slots(p)
	if err != nil {
		return err
	}
	r := newRun(f, authors, slots, p, authors.load(f, p, tensors))
	r.forward(w)
	r.backward()
	r.gradients(w, tensors)
	return nil
}

// outline reads the metadata. What says where the vector comes from must be there too.
func (f *File) outline() (c outline, err error) {
	c.cell, err = cell.FromReference(cell.Meta(f.Meta))
	if unknown, ok := err.(*cell.UnknownError); ok {
		return c, &UnsupportedError{unknown}
	}
	for _, key := range []string{"constants", "states", "dt_meaning", "gradient"} {
		if f.Meta[key] == "" {
			return c, fmt.Errorf("metadata: key %s is missing", key)
		}
	}
	seed := 0
	for _, size := range []struct {
		key   string
		to    *int
		least int
	}{{"units", &c.units, 1}, {"features", &c.features, 1}, {"batch", &c.B, 1}, {"steps", &c.T, 1}, {"parameters", &c.count, 0}, {"seed", &seed, 0}} {
		text, ok := f.Meta[size.key]
		if !ok {
			return c, fmt.Errorf("metadata: key %s is missing", size.key)
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < size.least {
			return c, fmt.Errorf("metadata: %s is %q; a whole number from %d up is needed", size.key, text, size.least)
		}
		*size.to = n
	}
	if own, err := strconv.ParseFloat(f.Meta["central_difference_max_rel_err"], 64); err != nil || !(own >= 0 && own < 1) {
		return c, fmt.Errorf("metadata: central_difference_max_rel_err is %q; a number from 0 to 1 is needed", f.Meta["central_difference_max_rel_err"])
	}
	if err := json.Unmarshal([]byte(f.Meta["states"]), &c.states); err != nil || c.states == nil {
		return c, fmt.Errorf("metadata: states is %q; an object with the shape of each state is needed", f.Meta["states"])
	}
	return c, err
}

// observe puts NaN where the mask says that nothing was observed, for a cell that takes missing values itself: what stands
// there must not matter. Other cells have no mask.
func (f *File) observe(c outline) error {
	if !cell.TakesMissing(c.cell) {
		return nil // nothingMore refuses a mask
	}
	if err := f.shaped("mask", c.B, c.T, c.features); err != nil {
		return err
	}
	if err := f.shaped("x", c.B, c.T, c.features); err != nil {
		return err
	}
	x := f.Tensor("x")
	x.Data = slices.Clone(x.Data)
	for i, m := range f.Tensor("mask").Data {
		switch m {
		case 0:
			x.Data[i] = math.NaN()
		case 1:
		default:
			return fmt.Errorf("mask[%d] is %g; 0 or 1 is needed", i, m)
		}
	}
	f.tensors["x"] = x
	return nil
}

// complete checks that every tensor of the vector is there with its shape, that there are no others, that the parameters are
// as many as the metadata say, and that all those of the cell are among them.
func (f *File) complete(c outline, m *model.Model, tensors []cell.Tensor) error {
	y := f.Tensor("y").Shape
	want := map[string][]int{
		"x": {c.B, c.T, c.features}, "dt": {c.B, c.T}, "y": {c.B, c.T, y[2]}, "cot.y": {c.B, c.T, y[2]},
		"grad.x": {c.B, c.T, c.features}, "grad.dt": {c.B, c.T},
	}
	if cell.TakesMissing(c.cell) {
		want["mask"] = want["x"]
	}
	for state, shape := range c.states {
		shape = append([]int{c.B}, shape...)
		for _, pattern := range []string{authors.first, authors.last, authors.final, authors.initial} {
			want[authors.of(pattern, state)] = shape
		}
	}
	count, used := 0, map[string]int{}
	for _, t := range tensors {
		used[t.Param] += len(t.Index)
	}
	for name, shape := range shapes(tensors) {
		want[authors.parameter+name], want["grad."+authors.parameter+name] = shape, shape
		count += cell.Tensor{Shape: shape}.Len()
	}
	for _, name := range sortedKeys(want) {
		if err := f.shaped(name, want[name]...); err != nil {
			return err
		}
	}
	for _, name := range f.Names() {
		if want[name] == nil {
			return fmt.Errorf("tensor %s is no part of a vector of this cell", name)
		}
	}
	if c.count != count {
		return fmt.Errorf("metadata: parameters is %d; the tensors hold %d", c.count, count)
	}
	for _, q := range m.Program().Params {
		if used[q.Name] != q.Shape.Len() {
			return fmt.Errorf("parameter %s of the cell has %d values; the tensors give %d", q.Name, q.Shape.Len(), used[q.Name])
		}
	}
	return nil
}

// slots finds the state of every name: all of the program but what is held within a row, with the same shapes. A vector without states is that of a map
// of whole sequences: what its cell remembers of them starts from zero and is not in the vector.
func (c outline) slots(p *step.Program) (list []slot, err error) {
	shape := map[string]step.Shape{}
	for i, s := range p.States {
		if s.Held { // between the parts of a long row, and a vector has whole ones
			continue
		}
		name := strings.TrimPrefix(s.Name, "layer0.")
		shape[name] = p.Nodes[s.Node].Shape
		list = append(list, slot{state: i, name: name, width: shape[name].Len()})
	}
	if len(c.states) == 0 {
		return nil, nil
	}
	for _, name := range sortedKeys(shape) {
		if c.states[name] == nil {
			return nil, fmt.Errorf("metadata: states lack %s, which the cell has", name)
		}
	}
	for _, name := range sortedKeys(c.states) {
		s, ok := shape[name]
		if !ok {
			return nil, fmt.Errorf("metadata: state %s is none of the cell; it has %s", name, strings.Join(sortedKeys(shape), ", "))
		}
		if want := c.states[name]; !slices.Equal(want, []int{s.Outer, s.Inner}) && !(s.Outer == 1 && slices.Equal(want, []int{s.Inner})) {
			return nil, fmt.Errorf("metadata: state %s has shape %v; in the cell it has %v", name, want, s)
		}
	}
	return list, nil
}
