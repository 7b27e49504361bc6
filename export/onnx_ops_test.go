package export

import (
	"testing"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/step"
)

// OperationGraph is a step of an operation as ONNX, with an input x and a state h, and its outputs in two lanes: of X and H,
// and of H and X.
type OperationGraph struct {
	Name  string
	Model []byte
	X, H  []float32
	Want  []float64
}

// OperationGraphs are those of operations, of the difference of e^x and 1 near 0, and of weights that depend on the input.
func OperationGraphs(t *testing.T) (list []OperationGraph) {
	t.Helper()
	programs := operations()
	programs["expm1 near 0"] = func(_ *step.Builder, x, h step.Vec) step.Vec {
		return step.Div(step.Expm1(step.Scale(1e-4, step.Add(x, h))), step.Scale(1e-4, h))
	}
	programs["expm1 far"] = func(_ *step.Builder, x, h step.Vec) step.Vec {
		return step.Mul(step.Expm1(step.Scale(-20, x)), step.Expm1(step.Scale(3, h)))
	}
	programs["weights of the input"] = func(_ *step.Builder, x, h step.Vec) step.Vec {
		return step.MatVec(step.Reshape(step.Concat(x, step.Tanh(x), h, x, h, step.Tanh(h)), step.Shape{Outer: 6, Inner: 6}), h)
	}
	edges := &step.Edges{In: 6, Out: 6, List: []step.Edge{{From: 1, To: 0}, {From: 4, To: 0}, {From: 0, To: 2}, {From: 5, To: 4}, {From: 2, To: 5}, {From: 3, To: 5}}}
	programs["edges of the input"] = func(_ *step.Builder, x, h step.Vec) step.Vec {
		G, I := step.Synapses(h, step.Mul(x, x), x, step.Tanh(x), step.Sub(x, h), edges)
		return step.Add(step.Masked(x, h, edges), step.Sub(I, G))
	}
	programs["a constant state"] = func(b *step.Builder, _, _ step.Vec) step.Vec {
		return step.Concat(b.Const(1, 2, 3, 4), step.Softmax(b.Const(0.5, 0.25)))
	}
	programs["a matrix of constants"] = func(b *step.Builder, x, _ step.Vec) step.Vec {
		m := step.Reshape(b.Const(1, 2, 3, 4, 5, 6), step.Shape{Outer: 3, Inner: 2})
		return step.Reshape(step.Mul(m, step.Reshape(x, step.Shape{Outer: 3, Inner: 2}), step.Sum(m, step.Inner)), step.Vector(6))
	}
	for name, f := range programs {
		b := step.New()
		x, h := b.Input("x", 6), b.State("h", step.Vector(6))
		next := f(b, x, h)
		b.Next("h", next)
		b.Output("y", step.Add(next, h))
		list = append(list, operationGraph(name, b.Build()))
	}
	return list
}

func operationGraph(name string, p *step.Program) OperationGraph {
	w := newONNXWriter(p, nil)
	g := &onnxGraph{name: "step"}
	g.in = []onnxPort{{"x", onnxFloat, []any{"batch", 6}, ""}, {"dt", onnxFloat, []any{"batch"}, ""}, {"h0", onnxFloat, []any{"batch", 6}, ""}}
	g.out = []onnxPort{{"y", onnxFloat, []any{"batch", 6}, ""}, {"h0_next", onnxFloat, []any{"batch", 6}, ""}}
	g.nodes = w.scope(func() {
		next, y := w.program("x", "dt", "", []string{"h0"})
		w.rename(y, "y")
		w.rename(next[0], "h0_next")
	})
	g.initializers = w.initializers
	r := OperationGraph{Name: name, Model: onnxModel(g, "", "elegans", ""), X: []float32{0.3, 0.5, -0.7, 0.9, 1.1, 1.3}, H: []float32{0.6, -0.4, 0.2, 0.85, -0.3, 0.1}}
	for _, lane := range [][2][]float32{{r.X, r.H}, {r.H, r.X}} {
		o := engine.NewOracle(p, 1, nil)
		for k, node := range []int{p.Inputs[0].Node, p.States[0].Node} {
			for i, v := range lane[k] {
				o.Value(node)[i] = float64(v)
			}
		}
		o.Step()
		r.Want = append(r.Want, o.Value(p.Outputs[0].Node)...)
	}
	return r
}
