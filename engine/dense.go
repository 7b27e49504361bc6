package engine

import (
	"slices"

	"github.com/elegans-nn/elegans/engine/internal/kernel"
	"github.com/elegans-nn/elegans/step"
)

// dense compiles a linear map of dense matrices only, as one product of all its terms.
func (c *compiler) dense(s stage, i int) (f func(t int), ok bool) {
	n := &c.p.Nodes[i]
	if slices.ContainsFunc(n.Edges, func(e *step.Edges) bool { return e != nil }) {
		return nil, false
	}
	if c.single(s) && n.Op == step.OpLinear {
		return c.upright(s, []int{i}), true
	}
	y, in := c.operands(s, i)
	p := kernel.Product{X: make([][]float32, len(in)/2)}
	for k := 0; k < len(in); k += 2 {
		p.Terms = append(p.Terms, c.matrix(n, k))
	}
	values, result, outer, lanes := c.e.views(in), c.e.view(y), n.Shape.Outer, c.width(s)
	run, begin := p.Run, func([]float32, int) {}
	if _, onto := c.onto[i]; onto {
		run, begin = p.Add, c.beginning(s, i)
	}
	return func(t int) {
		dst := result.get(t)
		begin(dst, t)
		rows := len(dst) / outer
		for o := range outer {
			for k := range p.Terms {
				cols := p.Terms[k].Cols * lanes
				p.Terms[k].W, p.X[k] = values[2*k].get(t), values[2*k+1].get(t)[o*cols:][:cols]
			}
			run(dst[o*rows:][:rows], lanes)
		}
	}, true
}

// matrix is the dense matrix of operand k of a linear map, transposed where the map is.
func (c *compiler) matrix(n *step.Node, k int) kernel.Matrix {
	rows, cols := n.Shape.Inner, c.p.Nodes[n.In[k+1]].Shape.Inner
	m := kernel.Matrix{Rows: rows, Cols: cols, Row: cols, Col: 1}
	if n.Op == step.OpLinearT {
		m.Row, m.Col = 1, rows
	}
	return m
}
