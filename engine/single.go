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
		slots := kernel.NewSlots(edges.List, n.Shape.Inner, 1, kernel.ForProducts)
		c.onParams(func() { slots.Pack(e.get(w, 0)) })
		return func(y, _, x []float32) { slots.MulAdd(y, x) }
	}
	rows, cols := n.Shape.Inner, c.p.Nodes[n.In[k+1]].Shape.Inner
	m := kernel.NewColumns(rows, cols)
	c.onParams(func() { m.Pack(e.get(w, 0)) })
	return func(y, _, x []float32) { m.MulAdd(y, x) }
}
