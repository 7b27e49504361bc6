package engine

import (
	"github.com/elegans-nn/elegans/engine/internal/kernel"
	"github.com/elegans-nn/elegans/step"
)

// keepOperands keeps the cotangents that gradients of matrices read for the chunk, and has what else is gathered of a
// value that stands for the chunk taken from there: its sum over lanes and times is one load a vector. Gathered in lanes at
// every time it is two loads and a store, of accumulators that take the room of the chain's values in the first-level cache.
func (pl *plan) keepOperands() {
	stands := make([]bool, len(pl.p.Nodes))
	for j := range pl.p.Nodes {
		for k, i := range pl.p.Nodes[j].In {
			if pl.live[j] && pl.takesChunk(j, k) {
				stands[pl.root[i]] = true
			}
		}
	}
	for i, ok := range stands {
		if ok && !pl.p.Nodes[i].Op.Leaf() {
			pl.keep[i] = max(pl.keep[i], ring)
		}
	}
	for i, n := range pl.p.Nodes {
		if n.Op == step.OpAccum && pl.live[i] && stands[pl.root[n.In[1]]] {
			pl.summed[i] = true
			if pl.of[i] == rcore {
				pl.of[i] = rafter
			}
		}
	}
}

// takesChunk reports whether operand k of a node is a cotangent in lanes that must stand in memory for a chunk of times:
// that of a gradient, and what an operation of a later stage reads that is not element-wise.
func (pl *plan) takesChunk(j, k int) bool {
	n := &pl.p.Nodes[j]
	i := pl.root[n.In[k]]
	switch of := pl.of[j]; {
	case of != rbefore && of != rafter, pl.of[i] < rbefore, pl.uniform[i], pl.p.Nodes[i].Op == step.OpBroadcast:
		return false
	case n.Op == step.OpOuter && k == 0:
		return true
	default:
		return pl.of[i] < of && !n.Op.Elementwise() && n.Op != step.OpAccum && n.Op != step.OpSlice && n.Op != step.OpResult
	}
}

// rowSum sums a value over lanes and the times of a chunk.
type rowSum struct {
	e     *Engine
	x     place
	to    []place
	sum   []float32
	lanes int
}

// accum compiles a sum of chunks. Those of one value are one.
func (c *compiler) accum(s stage, i int) func(t int) {
	n := &c.p.Nodes[i]
	x, to := c.inLane(s, n.In[1]), c.total[n.In[0]]
	key := valueKey{s, n.In[1]}
	r := c.rowSums[key]
	if r == nil {
		r = &rowSum{e: c.e, x: x, sum: make([]float32, to.n), lanes: c.width(s)}
		c.rowSums[key] = r
		c.e.spans[s] = append(c.e.spans[s], r.span)
	}
	r.to = append(r.to, to)
	return nil
}

// span takes times [from, to), which belong to one chunk.
func (r *rowSum) span(from, to int) {
	clear(r.sum)
	kernel.AddLanes(r.sum, r.e.span(r.x, from, to-from), r.lanes, to-from, r.x.stride)
	for _, p := range r.to {
		dst := r.e.get(p, 0)
		for k, v := range r.sum {
			dst[k] += v
		}
	}
}
