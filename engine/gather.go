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

// headNames are the operations that can be heads.
var headNames = map[step.Op]string{step.OpSynapses: "synapses"}

// fuse makes heads of what can be and drops their items.
func (a *agenda) fuse(items []item) []item {
	at := map[int]int{}
	for k, it := range items {
		if it.chain == nil && it.port == nil && headNames[a.pl.p.Nodes[it.node].Op] != "" {
			at[it.node] = k
		}
	}
	dropped := map[int]bool{}
	for _, it := range items {
		if it.chain == nil || a.stage.uniform() {
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

// headText says which inputs are sums of which kind.
func (c *chain) headText(pl *plan) string {
	var parts []string
	for _, i := range c.heads {
		text := headNames[pl.p.Nodes[i].Op]
		for _, r := range pl.results(i) {
			text += fmt.Sprintf(" %d", slices.IndexFunc(c.in, func(in chainIn) bool { return in.node == r }))
		}
		parts = append(parts, text)
	}
	return " < " + strings.Join(parts, "; ")
}

// slots arranges the edges of synapses, whose operands after the first are w, s, m, E.
func (c *compiler) slots(n *step.Node, rows int, in []place) *kernel.Slots {
	e, slots := c.e, kernel.NewSlots(n.Edges[0].List, rows, c.lanes)
	c.onParams(func() {
		slots.PackSynapses(kernel.Synapse{W: e.get(in[1], 0), S: e.get(in[2], 0), M: e.get(in[3], 0), E: e.get(in[4], 0)})
	})
	return slots
}
