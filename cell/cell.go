// Package cell holds recurrent cells, one file each, written as step programs in the symbols of their papers. A cell is
// a small struct of options whose zero values work, with one method that writes the equation. What can be done with it
// (training, streaming, tests, timing, drawing, export) is derived from the program; a new cell is one file and one line
// in the registry.
package cell

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/internal/nearest"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// Cell writes one step of a recurrent layer. Its options are exported fields, each with a name in JSON that is always
// written; one whose zero value means another value has that in its tag "default", see Resolve.
type Cell interface {
	// Build declares the layer's states and parameters, writes their next values, and returns the layer's output. The
	// elapsed time is b.DT(). The wiring is nil for cells without one. Options have passed Check.
	Build(b *step.Builder, x step.Vec, w *wiring.Wiring) step.Vec
	// Check reports the first option that is out of range, with its value and the allowed range.
	Check() error
}

// Referenced is a cell that other libraries have too: it knows where its parameters stand in their state dicts.
type Referenced interface {
	Cell
	// Tensors lists, for every parameter, the tensor of the library and the positions in it.
	Tensors(inputs int, w *wiring.Wiring) []Tensor
}

// Wrapper is a cell around another one.
type Wrapper interface {
	Cell
	Inner() Cell
}

// bare is the cell inside all wrappers, which decides what a cell is and needs.
func bare(c Cell) Cell {
	for {
		w, ok := c.(Wrapper)
		if !ok {
			return c
		}
		c = w.Inner()
	}
}

// Wired tells whether a cell needs a wiring.
func Wired(c Cell) bool {
	e, err := EntryOf(bare(c))
	return err == nil && e.Wired
}

// Limited is a cell that cannot take any dt in one step.
type Limited interface {
	Cell
	// MaxStep is the longest stable dt in model units; 0 means any, as with some options. A row with a longer one is taken in
	// parts, with the input held; see step.Builder.Divide for what the cell does once a row.
	MaxStep() float64
}

// MaxStep is the longest stable dt of a cell in model units; 0 means any.
func MaxStep(c Cell) float64 {
	if l, ok := bare(c).(Limited); ok {
		return l.MaxStep()
	}
	return 0
}

// InParts tells whether a cell takes a row in parts where the elapsed time asks for it.
func InParts(c Cell) bool { return MaxStep(c) > 0 || Adaptive(c) }

// ErrorProbe is the name of the probe, of width 1, that the program of an adaptive cell has; see Adapting.
const ErrorProbe = "error"

// Adapting is a cell whose solver may choose its own steps. Its program then takes one step of length dt, with the probe
// ErrorProbe: the error of that step over what is allowed. An executor keeps the step where that is at most 1; else it tries a
// shorter one from the same state, with the input held, until the elapsed time of the row is over.
type Adapting interface {
	Cell
	// Adaptive tells whether it does so with its present options.
	Adaptive() bool
}

// Adaptive tells whether the solver of a cell chooses its own steps. There is no MaxStep for such a cell.
func Adaptive(c Cell) bool {
	a, ok := bare(c).(Adapting)
	return ok && a.Adaptive()
}

// Flowing is a cell whose state is a flow of time with some of its options only.
type Flowing interface {
	Cell
	// Flow is what Entry.Flow says of other cells.
	Flow() bool
}

// Flow tells whether the state of a cell is a flow of time. A Flowing cell says it, for any other the entry.
func Flow(c Cell) bool {
	if f, ok := c.(Flowing); ok {
		return f.Flow()
	}
	e, _ := EntryOf(c)
	return e.Flow
}

// Growing is a cell whose inputs move its poles, so that large ones may let the state grow from step to step whatever dt is: inputs
// must be scaled or clipped. That of any other cell stays of the order of its inputs.
type Growing interface {
	Cell
	// Grows tells whether it does so with its present options.
	Grows() bool
}

// Grows tells whether inputs may let the state of a cell grow without end.
func Grows(c Cell) bool {
	g, ok := bare(c).(Growing)
	return ok && g.Grows()
}

// TakesMissing tells whether a cell takes missing values itself, as NaN among its inputs. Any other must be given numbers.
func TakesMissing(c Cell) bool {
	e, _ := EntryOf(bare(c))
	return e.Missing
}

// Neurons lists the wiring's unit behind each component of a cell's first state.
func Neurons(c Cell, w *wiring.Wiring) (ids []int) {
	if e, err := EntryOf(bare(c)); err != nil || !e.Layered {
		return positions(0, w.Units())
	}
	for _, layer := range w.Layers() {
		ids = append(ids, layer...)
	}
	return ids
}

// FromReference reads the configuration of a golden vector or a state dict from its metadata. Its options have passed
// Check. The error is an *UnknownError where no cell has the name that key cell gives.
func FromReference(meta Meta) (Cell, error) {
	var names []string
	for _, e := range registry {
		if e.Reference == nil {
			continue
		}
		names = append(names, e.Foreign...)
		if !slices.Contains(e.Foreign, meta["cell"]) {
			continue
		}
		c, err := e.Reference(meta)
		if err == nil && meta["mixed_memory"] == "true" {
			c = Mixed{c}
		}
		if err == nil {
			err = c.Check()
		}
		if err != nil {
			return nil, fmt.Errorf("metadata of %s: %w", meta["cell"], err)
		}
		return c, nil
	}
	return nil, &UnknownError{Kind: "cell of another library", Name: meta["cell"], Known: names}
}

// Tensor ties a parameter to a tensor of another library: value k of Param is element Index[k] (row-major) of Name. Param
// is empty for a tensor of which the cell uses nothing, such as the weights of synapses that are all absent.
type Tensor struct {
	Param, Name string
	// Shape is the tensor's, outermost first.
	Shape []int
	Index []int
}

// Whole is a tensor of which every value is used, in order.
func Whole(param, name string, shape ...int) Tensor {
	t := Tensor{Param: param, Name: name, Shape: shape}
	t.Index = positions(0, t.Len())
	return t
}

// Turned is rows [from, to) of a tensor [rows][out] of which the parameter [out][to-from] is the transpose: papers and Keras
// write x W where this package writes W x.
func Turned(param, name string, rows, out, from, to int) Tensor {
	t := Tensor{Param: param, Name: name, Shape: []int{rows, out}}
	for o := range out {
		for i := from; i < to; i++ {
			t.Index = append(t.Index, i*out+o)
		}
	}
	return t
}

// Len is the number of values of the tensor, used or not.
func (t Tensor) Len() int {
	n := 1
	for _, k := range t.Shape {
		n *= k
	}
	return n
}

// Variant is a configuration that the conformance suite walks; Wiring is nil for cells without one.
type Variant struct {
	Name   string
	Cell   Cell
	Wiring wiring.Spec
}

// Entry describes a cell to everything that is derived from it.
type Entry struct {
	Name    string // in model files and messages: LTC, CfC, …
	Summary string // one line
	Source  string // paper, section, equation
	Cell    Cell   // with default options
	// Wired says that the cell needs a wiring; for a Wrapper its inner cell decides.
	Wired bool
	// Flow says that the state is a flow of time: dt = 0 leaves it as it is, to the bit. Where it is false the step is an
	// update whose gates act at dt = 0 too. A cell where that depends on options implements Flowing instead.
	Flow bool
	// Missing says that the cell takes missing values itself: a NaN among its inputs means "not observed". For a Wrapper its
	// inner cell decides.
	Missing bool
	// Clocks names the states that may grow with elapsed time: those that count it, and flows without a leak.
	Clocks []string
	// Layered says that the first state is in the order of the wiring's layers; where it is false, in that of neuron ids.
	Layered  bool
	Variants []Variant
	Presets  []Preset
	// Foreign is what key cell of the metadata of a golden vector or an imported state dict says for this cell, one name or
	// one for each of its forms, and Reference reads its configuration from there; both are nil where no other library has
	// the cell.
	Foreign   []string
	Reference func(meta Meta) (Cell, error)
}

// Registry lists every cell.
func Registry() []Entry { return slices.Clone(registry) }

// registry: one line a cell.
var registry = []Entry{
	ltc, cfc, wiredCfC, ncpsCfC, lstm, gru, mixed,
	ctrnn, neuralODE, ctgru, gruODE, odeLSTM, odeRNN, rnnDecay, rnnLinearDecay,
	phasedLSTM, grud, gruDecay,
	lrc, lrcSSM, liquidS4, riccati,
	linoss, dlinoss, lru, s5, s6,
	transformer, tcn, mlp, linear,
}

// UnknownError names what was not found among what is known.
type UnknownError struct {
	Kind, Name string
	Known      []string
}

// Error is one line that names what is known.
func (e *UnknownError) Error() string {
	hint := ""
	if near := nearest.Name(e.Name, e.Known); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return fmt.Sprintf("unknown %s %q%s (known: %s)", e.Kind, e.Name, hint, strings.Join(e.Known, ", "))
}

// EntryOf finds the registry's entry of a cell.
func EntryOf(c Cell) (Entry, error) {
	var names []string
	for _, e := range registry {
		if reflect.TypeOf(e.Cell) == reflect.TypeOf(c) {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return Entry{}, &UnknownError{Kind: "cell", Name: fmt.Sprintf("%T", c), Known: names}
}

// encoded is a cell in a model file.
type encoded struct {
	Cell    string          `json:"cell"`
	Options json.RawMessage `json:"options"`
}

// Encode writes a cell and its resolved options as JSON, so that what was written does not change with the defaults.
func Encode(c Cell) (json.RawMessage, error) {
	c = Resolve(c)
	e, err := EntryOf(c)
	if err != nil {
		return nil, err
	}
	options, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return json.Marshal(encoded{Cell: e.Name, Options: options})
}

// Decode reads a cell that Encode wrote. Options that are not there have their defaults, which is why those can never
// change: files that were written before all options were name none. Unknown cells, unknown options and options out of
// range are errors.
func Decode(data json.RawMessage) (Cell, error) {
	var enc encoded
	if err := strict(data, &enc); err != nil {
		return nil, fmt.Errorf("cell: %w", err)
	}
	var names []string
	for _, e := range registry {
		names = append(names, e.Name)
		if e.Name != enc.Cell {
			continue
		}
		c := reflect.New(reflect.TypeOf(e.Cell))
		if len(enc.Options) > 0 {
			if err := strict(enc.Options, c.Interface()); err != nil {
				return nil, fmt.Errorf("options of cell %s: %w", e.Name, err)
			}
		}
		made := Resolve(c.Elem().Interface().(Cell))
		return made, made.Check()
	}
	return nil, &UnknownError{Kind: "cell", Name: enc.Cell, Known: names}
}

func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows after the end")
	}
	return nil
}

// edges converts synapses to an adjacency; nil synapses give an adjacency without edges.
func edges(in, out int, synapses []wiring.Synapse) *step.Edges {
	e := &step.Edges{In: in, Out: out}
	for _, s := range synapses {
		e.List = append(e.List, step.Edge{From: s.From, To: s.To})
	}
	return e
}

// positions lists lo, lo+1, …, hi-1.
func positions(lo, hi int) []int {
	p := make([]int, 0, hi-lo)
	for i := lo; i < hi; i++ {
		p = append(p, i)
	}
	return p
}

// columns lists, row by row, the positions of columns [from, to) in a matrix of the given width.
func columns(rows, width, from, to int) (p []int) {
	for r := range rows {
		p = append(p, positions(r*width+from, r*width+to)...)
	}
	return p
}
