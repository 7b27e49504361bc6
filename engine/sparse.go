package engine

import (
	"slices"

	"github.com/elegans-nn/elegans/engine/internal/kernel"
	"github.com/elegans-nn/elegans/step"
)

// sparseGradient sums the products of up to kernel.MostSiblings cotangents with one operand over the same edges: the maps
// of a masked cell share both, and the operand is read once for all.
type sparseGradient struct {
	e     *Engine
	stage stage
	list  []step.Edge
	edges *kernel.Edges
	x     place
	dy    []place
	to    []sink
	w, d  [][]float32 // at the span at hand
	lanes int
}

// sparse takes the gradient of a masked map whose operands outlive their time; it reports whether it does.
func (c *compiler) sparse(s stage, i int) bool {
	n := &c.p.Nodes[i]
	if n.Edges[0] == nil || n.Shape.Outer > 1 || c.p.Nodes[n.In[0]].Shape.Outer > 1 || !c.outlives(s, n) {
		return false
	}
	x, dy, to := c.inLane(s, n.In[1]), c.inLane(s, n.In[0]), c.sink(s, i, n.Shape.Len())
	if len(to.places) != 1 || to.clear {
		return false
	}
	k := slices.IndexFunc(c.gradients, func(g *sparseGradient) bool {
		return g.stage == s && g.x == x && len(g.dy) < kernel.MostSiblings && g.dy[0].stride == dy.stride && slices.Equal(g.list, n.Edges[0].List)
	})
	if k < 0 {
		list := n.Edges[0].List
		g := &sparseGradient{e: c.e, stage: s, list: list, edges: kernel.NewEdges(list), x: x, lanes: c.width(s)}
		k, c.gradients = len(c.gradients), append(c.gradients, g)
		c.e.spans[s] = append(c.e.spans[s], g.span)
	}
	g := c.gradients[k]
	g.dy, g.to = append(g.dy, dy), append(g.to, to)
	g.w, g.d = append(g.w, nil), append(g.d, nil)
	return true
}

// outlives reports whether both operands of a product of the reverse stand in memory for a chunk of times.
func (c *compiler) outlives(s stage, n *step.Node) bool {
	return (s == rbefore || s == rafter) && !c.passing(s, n.In[0]) && !c.passing(s, n.In[1])
}

// span are n slots from time t on, which follow each other within a chunk.
func (e *Engine) span(p place, t, n int) []float32 { return e.mem[p.at(t):][:(n-1)*p.stride+p.n] }

// span takes times [from, to), which belong to one chunk.
func (g *sparseGradient) span(from, to int) {
	n := to - from
	for k, p := range g.dy {
		g.d[k], g.w[k] = g.e.span(p, from, n), g.e.get(g.to[k].places[0], from)
	}
	g.edges.OuterAdd(g.w, g.d, g.e.span(g.x, from, n), g.lanes, kernel.Times{Count: n, DY: g.dy[0].stride, X: g.x.stride})
}
