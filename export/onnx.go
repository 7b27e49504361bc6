package export

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// ONNX prints a model as a graph of one step, NAME.onnx, in plain operators of opset 17 (IR version 8), for any batch:
//
//	x        [batch][inputs]    raw units, NaN where it was not observed
//	dt       [batch]            the time since the row before, at least 0, in the model's time unit
//	h0, …    [batch][width]     the states before the step; zeros at the beginning of a series
//	y        [batch][outputs]   probabilities, or values in raw units
//	class    [batch]            int64: the class that they decide for, where the model classifies
//	h0_next, …                  the states after the step
//
// The property elegans holds the names of all these as JSON. A graph cannot refuse a row: infinite inputs and negative times give
// numbers without meaning. A row that is longer than the cells can step is taken in parts, in a loop.
//
// The error is a *NameError, or a *RefusedError with the reason.
func ONNX(m *model.Model, o Options) (*Printed, error) { return printONNX(m, o, (*onnxFile).step) }

// ONNXSequence prints a model as a graph of a whole series, NAME.onnx, for any batch and any number of rows: x is
// [batch][time][inputs], dt [batch][time], y [batch][time][outputs] and class [batch][time]; states are those before the first
// row and after the last. It is the step of ONNX within Scan.
func ONNXSequence(m *model.Model, o Options) (*Printed, error) {
	return printONNX(m, o, (*onnxFile).sequence)
}

// onnxFile is a model being printed as ONNX.
type onnxFile struct {
	m      *model.Model
	d      description
	limits []float64
	w      *onnxWriter
}

func printONNX(m *model.Model, o Options, graph func(*onnxFile) *onnxGraph) (printed *Printed, err error) {
	if err := CheckName(o.Name); err != nil {
		return nil, err
	}
	if err := exportable(m); err != nil {
		return nil, err
	}
	p := m.Program().Only("prediction")
	passes, _ := m.Training()
	f := &onnxFile{m: m, d: describe(m, o.Name, p.Nodes[p.Outputs[0].Node].Shape.Len()), limits: passes[0].Limits, w: newONNXWriter(p, m.Params())}
	defer caught(&err)
	g := graph(f)
	g.name, g.initializers = o.Name, f.w.initializers
	about, err := json.Marshal(f.d)
	if err != nil {
		return nil, err
	}
	doc := fmt.Sprintf("A model of %d parameters, printed by elegans.\n\n%s", m.Parameters(), f.d.comment())
	return &Printed{Files: []File{{o.Name + ".onnx", onnxModel(g, doc, "elegans", string(about))}}, Constants: f.w.constants,
		State: 4 * p.StateWidth(), Operations: m.Program().FLOPs()}, nil
}

// ports are inputs and outputs of a graph in which a row of x and dt has the given dimensions before it. Their names have a
// prefix: those of a graph within another must not hide the other's.
func (f *onnxFile) ports(prefix string, rows ...any) (in, out []onnxPort) {
	in = []onnxPort{{prefix + "x", onnxFloat, append(slices.Clone(rows), len(f.d.Inputs)), "inputs in raw units"},
		{prefix + "dt", onnxFloat, rows, "time since the row before, in units of " + f.d.Unit}}
	out = []onnxPort{{prefix + "y", onnxFloat, append(slices.Clone(rows), len(f.d.Outputs)), "outputs"}}
	if f.d.Classes {
		out = append(out, onnxPort{prefix + "class", onnxInt64, rows, "the class that the outputs decide for"})
	}
	for k, s := range f.d.States {
		in = append(in, onnxPort{held(prefix, k), onnxFloat, []any{"batch", s.Width}, "state " + s.Name})
		out = append(out, onnxPort{held(prefix, k) + "_next", onnxFloat, []any{"batch", s.Width}, "state " + s.Name + " afterwards"})
	}
	return in, out
}

// held is the name of state k.
func held(prefix string, k int) string { return fmt.Sprintf("%sh%d", prefix, k) }

func (f *onnxFile) held(prefix string) (names []string) {
	for k := range f.d.States {
		names = append(names, held(prefix, k))
	}
	return names
}

// step is the graph of a step.
func (f *onnxFile) step() *onnxGraph { return f.row("") }

// row is the graph of a step with a prefix before its names.
func (f *onnxFile) row(prefix string) *onnxGraph {
	g := &onnxGraph{name: "step"}
	g.in, g.out = f.ports(prefix, "batch")
	g.nodes = f.w.scope(func() {
		next, y := f.stepped(prefix)
		f.w.rename(y, prefix+"y")
		for k, s := range next {
			f.w.rename(s, held(prefix, k)+"_next")
		}
		f.class(prefix)
	})
	return g
}

// stepped writes a row: as a step, or in parts.
func (f *onnxFile) stepped(prefix string) (next []string, y string) {
	if len(f.limits) > 0 {
		return f.parts(prefix)
	}
	return f.w.program(prefix+"x", prefix+"dt", "", f.held(prefix))
}

// class decides, from y.
func (f *onnxFile) class(prefix string) {
	t, y := f.m.Schema().Target, prefix+"y"
	switch {
	case t.Task != series.Classify:
	case len(t.Classes) == 2:
		threshold := float32(0.5)
		if t.Threshold != 0 {
			threshold = float32(t.Threshold)
		}
		second := f.w.two("Reshape", f.w.op("Gather", []string{y, f.w.ints(1)}, attributeInt("axis", 1)), f.w.ints(-1))
		f.w.rename(f.w.cast(f.w.two("Greater", second, f.w.single(threshold)), onnxInt64), prefix+"class")
	default:
		f.w.rename(f.w.op("ArgMax", []string{y}, attributeInt("axis", 1), attributeInt("keepdims", 0)), prefix+"class")
	}
}

// sequence is the graph of a series: a Scan whose body is the step. Weights stand in the graph around it.
func (f *onnxFile) sequence() *onnxGraph {
	body := f.row("row_")
	outputs := len(body.out) - len(f.d.States)
	first := func(ports []onnxPort, n int) []onnxPort { // a Scan has states first
		return append(slices.Clone(ports[n:]), ports[:n]...)
	}
	body.in, body.out = first(body.in, 2), first(body.out, outputs)
	g := &onnxGraph{}
	g.in, g.out = f.ports("", "batch", "time")
	axes := make([]int, outputs)
	for k := range axes {
		axes[k] = 1
	}
	attributes := []attribute{attributeGraph("body", body.encode()), attributeInt("num_scan_inputs", 2), attributeInts("scan_input_axes", 1, 1),
		attributeInts("scan_output_axes", axes...)}
	g.nodes = []message{onnxNode("Scan", names(first(g.in, 2)), names(first(g.out, outputs)), attributes...)}
	return g
}

func names(ports []onnxPort) (list []string) {
	for _, p := range ports {
		list = append(list, p.name)
	}
	return list
}
