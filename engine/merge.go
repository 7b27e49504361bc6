package engine

import (
	"slices"

	"github.com/elegans-nn/elegans/step"
)

// merge rewrites sums of two dense products, each with a bias or without, as one product of the terms of both and one
// bias. Alone, a product of inputs may run before the others, but nothing is gained by that: at every time it takes as long,
// mostly longer for its short sums, and its result is written and read again. Nodes keep their numbers; wanted are nodes
// whose values are asked for. What is merged follows from the step itself, so that a step computes the same bits with its
// reverse and without.
func merge(p *step.Program, wanted []int) *step.Program {
	q := *p
	q.Nodes = slices.Clone(p.Nodes)
	m := merger{nodes: q.Nodes, uniform: p.Uniform(), readers: make([]int, len(p.Nodes))}
	for _, n := range q.Nodes {
		for _, j := range n.In {
			m.readers[j]++
		}
	}
	for _, s := range p.States {
		m.readers[s.Next]++
	}
	for _, ports := range [][]step.Port{p.Outputs, p.Probes} {
		for _, o := range ports {
			m.readers[o.Node]++
		}
	}
	for _, i := range wanted {
		m.readers[i]++
	}
	for a := range q.Nodes[:p.Steps()] {
		m.sum(a)
	}
	return &q
}

type merger struct {
	nodes   []step.Node
	uniform []bool
	readers []int
}

// affine is a product of matrices plus a value that depends on parameters only; -1 where there is none.
type affine struct{ product, bias int }

// affine reads a node as such where nothing else reads it.
func (m *merger) affine(i int) (f affine, ok bool) {
	n := &m.nodes[i]
	switch {
	case m.readers[i] != 1:
		return f, false
	case m.product(i):
		return affine{i, -1}, true
	case n.Op != step.OpAdd:
		return f, false
	}
	for k, j := range n.In {
		bias := n.In[1-k]
		if m.readers[j] == 1 && m.product(j) && m.uniform[bias] && m.nodes[bias].Shape == n.Shape {
			return affine{j, bias}, true
		}
	}
	return f, false
}

// product reports whether a node is a product of dense matrices with one vector each.
func (m *merger) product(i int) bool {
	n := &m.nodes[i]
	dense := !slices.ContainsFunc(n.Edges, func(e *step.Edges) bool { return e != nil })
	return n.Op == step.OpLinear && dense && n.Shape.Outer == 1 && !m.uniform[i]
}

// large reports whether a product is none that a chain computes beside its own work, see smallProduct.
func (m *merger) large(i int) bool {
	for k := 0; k < len(m.nodes[i].In); k += 2 {
		if m.nodes[m.nodes[i].In[k]].Shape.Len() > smallProduct {
			return true
		}
	}
	return false
}

// sum merges the operands of node a where it can.
func (m *merger) sum(a int) {
	n := &m.nodes[a]
	if n.Op != step.OpAdd || n.In[0] == n.In[1] {
		return
	}
	x, ok := m.affine(n.In[0])
	y, too := m.affine(n.In[1])
	if !ok || !too || !m.large(x.product) && !m.large(y.product) {
		return
	}
	into, from := &m.nodes[max(x.product, y.product)], m.nodes[min(x.product, y.product)]
	into.In, into.Edges = append(slices.Clip(from.In), into.In...), append(slices.Clip(from.Edges), into.Edges...)
	product, bias := max(x.product, y.product), max(x.bias, y.bias)
	if x.bias >= 0 && y.bias >= 0 {
		bias = max(n.In[0], n.In[1]) // one of the two sums, which nothing reads any more
		m.nodes[bias].In, m.uniform[bias] = []int{x.bias, y.bias}, true
	}
	m.readers[min(x.product, y.product)] = 0
	if bias < 0 {
		*n = step.Node{Op: step.OpSlice, In: []int{product}, Shape: n.Shape, Index: []int{0}}
		return
	}
	n.In = []int{product, bias}
}
