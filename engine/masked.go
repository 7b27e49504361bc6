package engine

import (
	"slices"

	"github.com/elegans-nn/elegans/engine/internal/kernel"
	"github.com/elegans-nn/elegans/step"
)

// maskedTerm is a masked product of a linear map: where weight and operand stand, and the edges in its direction.
type maskedTerm struct {
	w, x place
	list []step.Edge
}

// masked compiles a masked linear map of several operands as sums over all their edges, where the operands stand at the same
// distances at all times, as the cotangents of a masked cell do: a result is written once then, not once an operand.
func (c *compiler) masked(s stage, i int) (f func(t int), ok bool) {
	n, lanes := &c.p.Nodes[i], c.width(s)
	if len(n.In) < 4 || n.Shape.Outer > 1 || c.single(s) || slices.Contains(n.Edges, nil) {
		return nil, false
	}
	y, in := c.operands(s, i)
	var terms []maskedTerm
	w, x := in[0], in[1] // those that stand first
	for k := 0; k < len(in); k += 2 {
		terms = append(terms, maskedTerm{in[k], in[k+1], c.plan.ends(n, k)})
		if in[k].off < w.off {
			w = in[k]
		}
		if in[k+1].off < x.off {
			x = in[k+1]
		}
	}
	var entries []kernel.Entry
	for _, m := range terms {
		if m.x.stride != x.stride || m.x.kind() != x.kind() || (m.x.off-x.off)%lanes != 0 {
			return nil, false
		}
		for k, e := range m.list {
			entries = append(entries, kernel.Entry{Row: e.To, X: (m.x.off-x.off)/lanes + e.From, W: m.w.off - w.off + k})
		}
	}
	slices.SortStableFunc(entries, func(a, b kernel.Entry) int { return a.Row - b.Row })
	sums, e := kernel.NewSums(n.Shape.Inner, entries), c.e
	result, from, begin := e.view(y), e.view(x), c.beginning(s, i)
	_, onto := c.onto[i]
	return func(t int) {
		dst, operand := result.get(t), from.get(t)
		if onto {
			begin(dst, t)
		}
		sums.Run(dst, e.mem[w.off:], operand[:cap(operand)], lanes, !onto)
	}, true
}
