package export

import (
	"fmt"
	"slices"

	"github.com/elegans-nn/elegans/step"
)

// onnxWriter writes nodes of a program, one after the other; solver sub-steps are not loops here, since a runtime plans a graph
// as a whole.
type onnxWriter struct {
	p       *step.Program
	live    []bool
	uniform []bool
	current map[int]int // of synapses: the node of their second result, if anything reads it
	table   func(node int) []float32

	nodes        []message // of the graph that is being written
	batch        string    // the shape [batch] in it
	name         map[int]string
	count        int
	initializers []message // of the outermost graph
	named        map[string]string
	constants    int // bytes of all initializers
}

func newONNXWriter(p *step.Program, theta []float32) *onnxWriter {
	g := &onnxWriter{p: p, live: live(p), uniform: p.Uniform(), table: tables(p, theta), current: map[int]int{}, name: map[int]string{}, named: map[string]string{}}
	for i, n := range p.Nodes {
		if n.Op == step.OpResult && g.live[i] && n.Index[0] == 1 {
			g.current[n.In[0]] = i
		}
	}
	return g
}

// scope gives the nodes that write adds, for a graph of their own.
func (g *onnxWriter) scope(write func()) (nodes []message) {
	outer, batch := g.nodes, g.batch
	g.nodes, g.batch = nil, ""
	write()
	nodes, g.nodes, g.batch = g.nodes, outer, batch
	return nodes
}

// program writes a step from x [batch][inputs], dt [batch], part [batch][3] and states [batch][width], and gives the names of
// the states after it and of the outputs.
func (g *onnxWriter) program(x, dt, part string, states []string) (next []string, y string) {
	g.batch = g.op("Shape", []string{dt})
	for i, n := range g.p.Nodes {
		if !g.live[i] || g.uniform[i] {
			continue
		}
		shape := g.ints(0, n.Shape.Outer, n.Shape.Inner)
		switch n.Op {
		case step.OpInput:
			g.name[i] = g.two("Reshape", x, shape)
		case step.OpTime:
			g.name[i] = g.two("Reshape", dt, shape)
		case step.OpPart:
			g.name[i] = g.two("Reshape", part, shape)
		case step.OpState:
			g.name[i] = g.two("Reshape", states[n.Index[0]], shape)
		case step.OpResult: // written with the operation
			if n.Index[0] == 0 {
				g.name[i] = g.name[n.In[0]]
			}
		default:
			g.operation(i)
		}
	}
	out := func(i int) string { return g.two("Reshape", g.full(i), g.ints(0, g.p.Nodes[i].Shape.Len())) }
	for _, s := range g.p.States {
		next = append(next, out(s.Next))
	}
	return next, out(g.p.Outputs[0].Node)
}

// operation writes what is no leaf.
func (g *onnxWriter) operation(i int) {
	n := &g.p.Nodes[i]
	rule, ok := onnxRules[n.Op]
	switch {
	case !ok:
		panic(refused("the operation %v has no rule for ONNX", n.Op))
	case rule.code != nil:
		rule.code(g, i)
		return
	}
	in := make([]string, len(n.In))
	for k, j := range n.In {
		in[k] = g.operand(j, true)
	}
	g.name[i] = rule.each(g, in)
}

// op writes a node of one result and gives its name.
func (g *onnxWriter) op(kind string, in []string, attributes ...attribute) string {
	g.count++
	name := fmt.Sprintf("v%d", g.count)
	g.nodes = append(g.nodes, onnxNode(kind, in, []string{name}, attributes...))
	return name
}

func (g *onnxWriter) two(kind, a, b string) string { return g.op(kind, []string{a, b}) }

func (g *onnxWriter) cast(x string, kind int) string {
	return g.op("Cast", []string{x}, attributeInt("to", kind))
}

func (g *onnxWriter) where(condition, a, b string) string {
	return g.op("Where", []string{condition, a, b})
}

// sum adds over an axis, which stays with length 1.
func (g *onnxWriter) sum(x string, axis int) string {
	return g.op("ReduceSum", []string{x, g.ints(axis)}, attributeInt("keepdims", 1))
}

// rename gives a value the name of a port.
func (g *onnxWriter) rename(x, name string) {
	g.nodes = append(g.nodes, onnxNode("Identity", []string{x}, []string{name}))
}

// initializer names a tensor, once for each content.
func (g *onnxWriter) initializer(t message, bytes int) string {
	if name, ok := g.named[string(t)]; ok {
		return name
	}
	name := fmt.Sprintf("k%d", len(g.named))
	g.named[string(t)] = name
	t = slices.Clone(t)
	t.text(8, name)
	g.initializers = append(g.initializers, t)
	g.constants += bytes
	return name
}

// constant is a tensor of numbers.
func (g *onnxWriter) constant(dims []int, values []float32) string {
	for _, v := range values {
		if v-v != 0 {
			panic(refused("a weight, or what follows from weights, is %g", v))
		}
	}
	return g.initializer(floatTensor(dims, values), 4*len(values))
}

// scalar is a number [1][1] beside other values, single one [1] beside [batch].
func (g *onnxWriter) scalar(v float32) string { return g.constant([]int{1, 1}, []float32{v}) }
func (g *onnxWriter) single(v float32) string { return g.constant([]int{1}, []float32{v}) }

// ints is a tensor of whole numbers, for shapes, positions and axes.
func (g *onnxWriter) ints(values ...int) string {
	return g.initializer(intTensor([]int{len(values)}, values), 8*len(values))
}

// operand is the name of a value; of one that depends on parameters only a table [outer][inner], or, where it is spread anyway
// and all of it is equal, a single number.
func (g *onnxWriter) operand(i int, spread bool) string {
	if !g.uniform[i] {
		return g.name[i]
	}
	values, s := g.table(i), g.p.Nodes[i].Shape
	if spread && !slices.ContainsFunc(values, func(v float32) bool { return v != values[0] }) {
		return g.scalar(values[0])
	}
	return g.constant([]int{s.Outer, s.Inner}, values)
}

// full is a value for every lane of the batch.
func (g *onnxWriter) full(i int) string {
	if !g.uniform[i] {
		return g.name[i]
	}
	s := g.p.Nodes[i].Shape
	return g.spread(g.operand(i, false), s.Outer, s.Inner)
}

// spread gives a table a batch.
func (g *onnxWriter) spread(x string, outer, inner int) string {
	shape := g.op("Concat", []string{g.batch, g.ints(outer, inner)}, attributeInt("axis", 0))
	return g.two("Expand", x, shape)
}

// flat is a value as a plain vector.
func (g *onnxWriter) flat(i int) string {
	s := g.p.Nodes[i].Shape
	return g.shaped(g.full(i), s, step.Vector(s.Len()))
}

// shaped is a value in another shape of as many components.
func (g *onnxWriter) shaped(x string, from, to step.Shape) string {
	if from == to {
		return x
	}
	return g.two("Reshape", x, g.ints(0, to.Outer, to.Inner))
}
