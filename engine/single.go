package engine

import (
	"github.com/elegans-nn/elegans/engine/internal/kernel"
	"github.com/elegans-nn/elegans/step"
)

// With one lane vectors run along the components instead. Weights are laid out for that whenever the parameters change;
// every sum is taken as in several lanes, to the bit.

// single reports whether a stage works so.
func (c *compiler) single(s stage) bool {
	return kernel.Accelerated && c.lanes == 1 && !s.uniform()
}

// onParams runs f after the stage once.
func (c *compiler) onParams(f func()) {
	c.e.code[once] = append(c.e.code[once], func(int) { f() })
}

// singleTerm is a product of a linear map, dense or masked.
func (c *compiler) singleTerm(n *step.Node, k int, w place) func(y, w, x []float32) {
	e := c.e
	if edges := n.Edges[k/2]; edges != nil {
		slots := kernel.NewSlots(edges.List, n.Shape.Inner)
		c.onParams(func() { slots.Pack(e.get(w, 0)) })
		return func(y, _, x []float32) { slots.MulAdd(y, x) }
	}
	p := kernel.Product{Terms: []kernel.Matrix{c.upright(n, k, w)}, X: make([][]float32, 1)}
	return func(y, _, x []float32) {
		p.X[0] = x
		p.Add(y, 1)
	}
}

// upright is a dense matrix of a linear map by its columns, so that its rows are as lanes.
func (c *compiler) upright(n *step.Node, k int, w place) kernel.Matrix {
	m := c.matrix(n, k)
	e, turned := c.e, make([]float32, m.Rows*m.Cols)
	c.onParams(func() { kernel.Turn(turned, e.get(w, 0), m.Cols) })
	m.W, m.Row, m.Col = turned, 1, m.Rows
	return m
}

// singleSynapses are synapses of one lane; the operands after the first are w, s, m, E.
func (c *compiler) singleSynapses(n *step.Node, G, I place, in []place) func(t int) {
	e := c.e
	slots := kernel.NewSlots(n.Edges[0].List, G.n)
	c.onParams(func() { slots.Pack(e.get(in[2], 0), e.get(in[3], 0), e.get(in[1], 0), e.get(in[4], 0)) })
	conductance, current, v := e.view(G), e.view(I), e.view(in[0])
	return func(t int) { slots.Forward(conductance.get(t), current.get(t), v.get(t)) }
}
