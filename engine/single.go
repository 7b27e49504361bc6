package engine

import (
	"slices"

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
func (c *compiler) singleTerm(s stage, i, k int, w place) func(y, w, x []float32) {
	n, e := &c.p.Nodes[i], c.e
	if edges := n.Edges[k/2]; edges != nil {
		slots := kernel.NewSlots(edges.List, n.Shape.Inner, 1, kernel.ForProducts)
		c.onParams(func() { slots.Pack(e.get(w, 0)) })
		return func(y, _, x []float32) { slots.MulAdd(y, x) }
	}
	p := c.columns(s, []int{i}, k)
	return func(y, _, x []float32) {
		p.X[0] = x
		p.Add(y)
	}
}

// columns are the dense matrices of some operands of linear maps, those of one map below those of the other.
func (c *compiler) columns(s stage, nodes []int, operands ...int) *kernel.Columns {
	rows, cols := 0, []int(nil)
	for _, i := range nodes {
		rows += c.p.Nodes[i].Shape.Inner
	}
	for _, k := range operands {
		cols = append(cols, c.matrix(&c.p.Nodes[nodes[0]], k).Cols)
	}
	e, p, from := c.e, kernel.NewColumns(rows, cols...), 0
	for _, i := range nodes {
		n, at := &c.p.Nodes[i], from
		for term, k := range operands {
			w := c.find(s, n.In[k])
			c.onParams(func() { p.Pack(term, at, e.get(w, 0)) })
		}
		from += n.Shape.Inner
	}
	return p
}

// upright compiles dense linear maps with the same operands, whose results stand one after the other, as one product.
func (c *compiler) upright(s stage, nodes []int) func(t int) {
	e, n := c.e, &c.p.Nodes[nodes[0]]
	y, in := c.operands(s, nodes[0])
	outer, moves, operands := n.Shape.Outer, n.Shape.Outer > 1, []int(nil)
	for k := 0; k < len(in); k += 2 {
		operands = append(operands, k)
		moves = moves || e.moves(&in[k+1])
	}
	rows := 0
	for _, i := range nodes {
		rows += c.p.Nodes[i].Shape.Inner
	}
	y.n = rows * outer
	p, result, values := c.columns(s, nodes, operands...), e.view(y), e.views(in)
	return func(t int) {
		dst := result.get(t)
		for o := range outer {
			for k := 0; !p.Fixed && k < len(p.X); k++ {
				x := values[2*k+1].get(t)
				cols := len(x) / outer
				p.X[k] = x[o*cols:][:cols]
			}
			p.Run(dst[o*rows:][:rows])
			p.Fixed = !moves
		}
	}
}

// siblings finds linear maps at the head of a schedule that upright can take together, and places their results so.
func (c *compiler) siblings(s stage, items []item) (nodes []int) {
	if !c.single(s) {
		return nil
	}
	rows := 0
	for _, it := range items {
		if !c.sibling(s, it, nodes) {
			break
		}
		nodes = append(nodes, it.node)
		rows += c.rows(it.node)
	}
	if len(nodes) < 2 {
		return nil
	}
	all, from := c.slots(rows, 0), 0
	for _, i := range nodes {
		c.layout.stage[s][i] = all.part(from, c.rows(i), 1)
		from += c.rows(i)
	}
	return nodes
}

// sibling reports whether an item is a dense linear map whose result nobody reads elsewhere, with the operands of nodes.
func (c *compiler) sibling(s stage, it item, nodes []int) bool {
	if it.chain != nil || it.port != nil {
		return false
	}
	n := &c.p.Nodes[it.node]
	if _, local := c.layout.stage[s][it.node]; !local || n.Op != step.OpLinear || n.Shape.Outer > 1 {
		return false
	}
	if slices.ContainsFunc(n.Edges, func(e *step.Edges) bool { return e != nil }) {
		return false
	}
	if len(nodes) == 0 {
		return true
	}
	first := &c.p.Nodes[nodes[0]]
	if len(first.In) != len(n.In) {
		return false
	}
	for k := 1; k < len(n.In); k += 2 {
		if n.In[k] != first.In[k] {
			return false
		}
	}
	return true
}
