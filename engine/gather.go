package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/engine/internal/kernel"
	"github.com/elegans-nn/elegans/step"
)

// A sum over the edges of each row (synapses, masked products) whose results one chain alone reads, row by row, is a head
// of that chain: its kernel takes the sums from registers, and they never stand in memory. Without a kernel the head runs
// first, as it would alone.

// smallProduct is up to how many weights a dense product may be a head too: it costs a load a product more than the
// kernel of large ones, which has to be called and to write and read its result.
const smallProduct = 256

// mostSums is how many sums a product with siblings may feed, so that two vectors of each stay in registers.
const mostSums = 4

// canHead reports whether a node is a sum over edges that a kernel can compute beside a chain.
func (pl *plan) canHead(i int) bool {
	n := &pl.p.Nodes[i]
	_, onto := pl.onto[i]
	switch {
	case onto || n.Shape.Outer > 1:
	case n.Op == step.OpSynapses:
		return true
	case n.Op == step.OpLinear || n.Op == step.OpLinearT:
		for k := 0; k < len(n.In); k += 2 {
			if n.Edges[k/2] == nil && pl.p.Nodes[n.In[k]].Shape.Len() > smallProduct {
				return false
			}
		}
		return true
	}
	return false
}

// fuse makes heads of what can be and drops their items.
func (a *agenda) fuse(items []item) []item {
	if a.stage.uniform() {
		return items
	}
	at := map[int]int{}
	for k, it := range items {
		if it.chain == nil && it.port == nil && a.pl.canHead(it.node) {
			at[it.node] = k
		}
	}
	dropped := map[int]bool{}
	for _, it := range items {
		if it.chain == nil {
			continue
		}
		for _, in := range it.chain.in {
			i := a.pl.producer(in.node)
			if k, ok := at[i]; ok && a.headOf(i, it.chain) {
				it.chain.heads = append(it.chain.heads, i)
				dropped[k] = true
				delete(at, i)
			}
		}
		for k := range it.chain.in {
			if slices.Contains(it.chain.heads, a.pl.producer(it.chain.in[k].node)) {
				it.chain.in[k].kind = 'h'
			}
		}
	}
	kept := items[:0:0]
	for k, it := range items {
		if !dropped[k] {
			kept = append(kept, it)
		}
	}
	return kept
}

// headOf reports whether a chain alone reads all results of a node, as they are.
func (a *agenda) headOf(i int, c *chain) bool {
	pl := a.pl
	uses := map[int]int{}
	for _, j := range c.nodes {
		for _, r := range pl.p.Nodes[j].In {
			uses[r]++
		}
	}
	for _, r := range pl.results(i) {
		if pl.p.Nodes[r].Shape.Outer > 1 || pl.p.Nodes[r].Shape.Len() != c.rows || pl.kept(r) || uses[r] == 0 || uses[r] != a.uses[r] {
			return false
		}
	}
	return true
}

// results are a node and the Result nodes of its further results, as far as something needs them.
func (pl *plan) results(i int) []int {
	nodes := []int{i}
	for j := i + 1; j < len(pl.p.Nodes); j++ {
		if n := &pl.p.Nodes[j]; n.Op == step.OpResult && n.In[0] == i && pl.live[j] {
			nodes = append(nodes, j)
		}
	}
	return nodes
}

// head is one pass over edges: what it reads, the values of an edge, and the inputs of the chain that it adds to.
type head struct {
	name    string
	x       int
	list    []step.Edge
	edges   *step.Edges // nil: dense
	weights []int
	into    []int
}

// passes lists the passes over edges that a chain's heads take. Products of one operand on the same edges are one pass.
func (c *chain) passes(pl *plan) (list []head) {
	input := func(node int) int { return slices.IndexFunc(c.in, func(in chainIn) bool { return in.node == node }) }
	for _, i := range c.heads {
		n := &pl.p.Nodes[i]
		if n.Op == step.OpSynapses {
			h := head{name: "synapses", x: n.In[0], list: n.Edges[0].List, weights: n.In[1:5]}
			for _, r := range pl.results(i) {
				h.into = append(h.into, input(r))
			}
			list = append(list, h)
			continue
		}
		for k := 0; k < len(n.In); k += 2 {
			h := head{name: "product", x: n.In[k+1], edges: n.Edges[k/2], weights: n.In[k : k+1], into: []int{input(i)}}
			s := slices.IndexFunc(list, h.sibling)
			if s >= 0 && n.Op == step.OpLinear {
				list[s].weights = append(slices.Clip(list[s].weights), n.In[k])
				list[s].into = append(slices.Clip(list[s].into), input(i))
				continue
			}
			h.list = pl.ends(n, k)
			list = append(list, h)
		}
	}
	return list
}

// sibling reports whether another pass reads the same operand over the same edges.
func (h *head) sibling(o head) bool {
	same := h.edges == o.edges || h.edges != nil && o.edges != nil && slices.Equal(h.edges.List, o.edges.List)
	return same && o.name == h.name && o.x == h.x && len(o.into) < mostSums && !slices.Contains(o.into, h.into[0])
}

// ends lists the edges of term k of a linear map in the direction in which it runs, by the numbers of their weights.
func (pl *plan) ends(n *step.Node, k int) (list []step.Edge) {
	in, out := pl.p.Nodes[n.In[k+1]].Shape.Inner, n.Shape.Inner
	if n.Op == step.OpLinearT {
		in, out = out, in
	}
	n.Edges[k/2].Each(in, out, func(_, from, to int) {
		if n.Op == step.OpLinearT {
			from, to = to, from
		}
		list = append(list, step.Edge{From: from, To: to})
	})
	return list
}

// headText says which inputs are sums of which kind.
func (c *chain) headText(pl *plan) string {
	var parts []string
	for _, h := range c.passes(pl) {
		text := h.name
		for _, k := range h.into {
			text += fmt.Sprint(" ", k)
		}
		parts = append(parts, text)
	}
	return " < " + strings.Join(parts, "; ")
}

// arranged are the edges of a pass over them, arranged for its kernel.
func (c *compiler) arranged(s stage, h head, rows int) *kernel.Slots {
	halves := kernel.ForProducts
	if h.name == "synapses" {
		halves = kernel.ForSynapses
	}
	slots := kernel.NewSlots(h.list, rows, c.width(s), halves)
	var values []place
	for _, w := range h.weights {
		values = append(values, c.find(s, w))
	}
	value, packed := func(k int) []float32 { return c.e.get(values[k], 0) }, make([][]float32, len(values))
	c.onParams(func() {
		if h.name == "synapses" {
			slots.PackSynapses(kernel.Synapse{W: value(0), S: value(1), M: value(2), E: value(3)})
			return
		}
		for k := range packed {
			packed[k] = value(k)
		}
		slots.Pack(packed...)
	})
	return slots
}
