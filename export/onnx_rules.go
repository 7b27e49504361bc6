package export

import (
	"maps"

	"github.com/elegans-nn/elegans/step"
)

// onnxRule prints one operation as nodes of ONNX. Every value is [batch][outer][inner]; what depends on parameters only is
// [outer][inner], or smaller where it is spread anyway.
type onnxRule struct {
	// each takes the names of the operands of an element-wise operation and gives that of the result.
	each func(g *onnxWriter, in []string) string
	code func(g *onnxWriter, node int)
}

// onnxRules are the rules of ONNX. A test demands one for every operation that a step can have.
var onnxRules map[step.Op]onnxRule

func init() { // not above: the code of a rule prints operands by other rules
	plain := func(kind string) onnxRule {
		return onnxRule{each: func(g *onnxWriter, in []string) string { return g.op(kind, in) }}
	}
	each := func(f func(g *onnxWriter, in []string) string) onnxRule { return onnxRule{each: f} }
	onnxRules = structuredInONNX()
	maps.Copy(onnxRules, map[step.Op]onnxRule{
		step.OpAdd: plain("Add"),
		step.OpSub: plain("Sub"),
		step.OpMul: plain("Mul"),
		step.OpDiv: plain("Div"),
		step.OpMin: plain("Min"),
		step.OpMax: plain("Max"),
		step.OpSelect: each(func(g *onnxWriter, in []string) string {
			return g.op("Where", []string{g.cast(in[0], onnxBool), in[1], in[2]})
		}),
		step.OpRelax: each(func(g *onnxWriter, in []string) string {
			v, h, c, G, I := in[0], in[1], in[2], in[3], in[4]
			quotient := g.two("Div", g.two("Sub", I, g.two("Mul", G, v)), g.two("Add", c, g.two("Mul", h, G)))
			return g.two("Add", v, g.two("Mul", h, quotient))
		}),
		step.OpObserved: each(func(g *onnxWriter, in []string) string {
			return g.cast(g.op("Not", []string{g.op("IsNaN", in)}), onnxFloat)
		}),
		step.OpAbs:  plain("Abs"),
		step.OpSign: plain("Sign"),
		step.OpStep: each(func(g *onnxWriter, in []string) string {
			return g.cast(g.two("Greater", in[0], g.scalar(0)), onnxFloat)
		}),
		step.OpFloor:    plain("Floor"),
		step.OpExp:      plain("Exp"),
		step.OpExpm1:    each(onnxExpm1),
		step.OpLog:      plain("Log"),
		step.OpSqrt:     plain("Sqrt"),
		step.OpRsqrt:    each(func(g *onnxWriter, in []string) string { return g.op("Reciprocal", []string{g.op("Sqrt", in)}) }),
		step.OpSin:      plain("Sin"),
		step.OpCos:      plain("Cos"),
		step.OpTanh:     plain("Tanh"),
		step.OpSigmoid:  plain("Sigmoid"),
		step.OpSoftplus: plain("Softplus"),
		step.OpErf:      plain("Erf"),
	})
}

// structuredInONNX are the rules of the operations that are not element-wise.
func structuredInONNX() map[step.Op]onnxRule {
	return map[step.Op]onnxRule{
		step.OpLinear:   {code: (*onnxWriter).linear},
		step.OpSynapses: {code: (*onnxWriter).synapses},
		step.OpSum: {code: func(g *onnxWriter, i int) {
			n := &g.p.Nodes[i]
			axis := 2
			if step.Axis(n.Index[0]) == step.Outer {
				axis = 1
			}
			g.name[i] = g.sum(g.full(n.In[0]), axis)
		}},
		step.OpBroadcast: {code: func(g *onnxWriter, i int) {
			n := &g.p.Nodes[i]
			g.name[i] = g.two("Expand", g.full(n.In[0]), g.ints(1, n.Shape.Outer, n.Shape.Inner))
		}},
		step.OpSlice: {code: (*onnxWriter).slice},
		step.OpSoftmax: {code: func(g *onnxWriter, i int) {
			g.name[i] = g.op("Softmax", []string{g.full(g.p.Nodes[i].In[0])}, attributeInt("axis", -1))
		}},
		step.OpConcat: {code: func(g *onnxWriter, i int) {
			var in []string
			for _, j := range g.p.Nodes[i].In {
				in = append(in, g.full(j))
			}
			g.name[i] = g.op("Concat", in, attributeInt("axis", 2))
		}},
		step.OpGather: {code: func(g *onnxWriter, i int) {
			n := &g.p.Nodes[i]
			y := g.op("Gather", []string{g.flat(n.In[0]), g.ints(n.Index...)}, attributeInt("axis", 2))
			g.name[i] = g.shaped(y, step.Vector(len(n.Index)), n.Shape)
		}},
	}
}

// onnxExpm1 is e^x - 1, which ONNX does not have: 2 t / (1 - t) with t = tanh(x/2) near 0, where the difference would lose its
// digits.
func onnxExpm1(g *onnxWriter, in []string) string {
	x := in[0]
	t := g.op("Tanh", []string{g.two("Mul", x, g.scalar(0.5))})
	near := g.two("Div", g.two("Add", t, t), g.two("Sub", g.scalar(1), t))
	far := g.two("Sub", g.op("Exp", in), g.scalar(1))
	return g.op("Where", []string{g.two("Less", g.op("Abs", in), g.scalar(0.5)), near, far})
}

// slice takes components that follow each other, or the whole in another shape.
func (g *onnxWriter) slice(i int) {
	n := &g.p.Nodes[i]
	from := g.p.Nodes[n.In[0]].Shape
	if n.Shape.Len() == from.Len() {
		g.name[i] = g.shaped(g.full(n.In[0]), from, n.Shape)
		return
	}
	at := n.Index[0]
	y := g.op("Slice", []string{g.flat(n.In[0]), g.ints(at), g.ints(at + n.Shape.Len()), g.ints(2)})
	g.name[i] = g.shaped(y, step.Vector(n.Shape.Len()), n.Shape)
}

// linear is a sum of products of matrices; a wiring's matrix has zeros where there is no edge.
func (g *onnxWriter) linear(i int) {
	n := &g.p.Nodes[i]
	sum := ""
	for k, e := range n.Edges {
		w, x := n.In[2*k], n.In[2*k+1]
		in, out := g.p.Nodes[x].Shape.Inner, n.Shape.Inner
		product := g.two("MatMul", g.operand(x, false), g.matrix(w, e, in, out))
		if sum != "" {
			product = g.two("Add", sum, product)
		}
		sum = product
	}
	g.name[i] = sum
}

// matrix is a weight as [in][out]: the transpose of a dense one, or what stands on edges.
func (g *onnxWriter) matrix(w int, e *step.Edges, in, out int) string {
	from := make([]int, in*out) // the component of w at each place, -1 where there is none
	for k := range from {
		from[k] = k%out*in + k/out
		if e != nil {
			from[k] = -1
		}
	}
	if e != nil {
		for k, edge := range e.List {
			if from[edge.From*out+edge.To] >= 0 {
				panic(refused("two synapses lead from one neuron to the same other"))
			}
			from[edge.From*out+edge.To] = k
		}
	}
	if g.uniform[w] {
		values := make([]float32, in*out)
		table := g.table(w)
		for k, j := range from {
			if j >= 0 {
				values[k] = table[j]
			}
		}
		return g.constant([]int{in, out}, values)
	}
	if e == nil {
		return g.op("Transpose", []string{g.operand(w, false)}, attributeInts("perm", 0, 2, 1))
	}
	for k, j := range from {
		if j < 0 {
			from[k] = len(e.List) // where a zero is appended
		}
	}
	padded := g.op("Concat", []string{g.flat(w), g.spread(g.constant([]int{1, 1}, []float32{0}), 1, 1)}, attributeInt("axis", 2))
	y := g.op("Gather", []string{padded, g.ints(from...)}, attributeInt("axis", 2))
	return g.two("Reshape", y, g.ints(0, in, out))
}

// synapses are computed from every source to every target, [batch][source][target], with zero weight where there is no edge.
func (g *onnxWriter) synapses(i int) {
	n := &g.p.Nodes[i]
	e := n.Edges[0]
	on := func(k int) string { return g.matrix(n.In[k], e, e.In, e.Out) }
	v := g.two("Reshape", g.full(n.In[0]), g.ints(0, e.In, 1))
	a := g.two("Mul", on(1), g.op("Sigmoid", []string{g.two("Mul", on(2), g.two("Sub", v, on(3)))}))
	g.name[i] = g.sum(a, 1)
	if r := g.current[i]; r > 0 {
		g.name[r] = g.sum(g.two("Mul", a, on(4)), 1)
	}
}
