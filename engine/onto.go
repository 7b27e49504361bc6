package engine

import (
	"slices"

	"github.com/elegans-nn/elegans/step"
)

// begin finds sums x + P of the reverse whose P, the result of a transposed product or of the reverse of synapses, nobody
// else reads: P begins with x in place of zero, mostly where x stands, and the sum is a view of it. That saves clearing P,
// and a chain loading and adding it.
func (pl *plan) begin() {
	readers := make([]int, len(pl.p.Nodes))
	for i := range pl.p.Nodes {
		if pl.live[i] && pl.p.Nodes[i].Op != step.OpResult {
			for _, j := range pl.p.Nodes[i].In {
				readers[j]++
			}
		}
	}
	for _, q := range pl.ports {
		readers[q.node]++
	}
	for i, k := range pl.keep { // what was asked for
		readers[i] += int(k)
	}
	for a, n := range pl.p.Nodes {
		if n.Op != step.OpAdd || !pl.live[a] {
			continue
		}
		for k, i := range n.In {
			if x := n.In[1-k]; readers[i] == 1 && pl.beginsWith(a, i, x) {
				pl.onto[i], pl.root[a] = x, i
				break
			}
		}
	}
	for a := range pl.root { // slices of such sums
		for r := pl.root[a]; pl.root[r] != r; r = pl.root[a] {
			pl.root[a], pl.shift[a] = pl.root[r], pl.shift[a]+pl.shift[r]
		}
	}
}

// beginsWith reports whether node i of the sum a = i + x may begin with x.
func (pl *plan) beginsWith(a, i, x int) bool {
	n, of := &pl.p.Nodes[i], pl.of[a]
	switch {
	case n.Op != step.OpLinearT && n.Op != step.OpSynapsesT, n.Shape.Outer > 1, n.Shape != pl.p.Nodes[x].Shape:
		return false
	case of.uniform() || pl.of[i] != of || pl.of[x] != of || pl.uniform[x]:
		return false
	}
	op := pl.p.Nodes[x].Op // of a value that an item of this stage makes as a whole
	return !pl.canHead(i) && pl.root[x] == x && !op.Leaf() && op != step.OpBroadcast
}

// reads are the operands of a node, and what it begins with.
func (pl *plan) reads(i int) []int {
	in := pl.p.Nodes[i].In
	if x, ok := pl.onto[i]; ok {
		return append(slices.Clip(in), x)
	}
	return in
}

// part reports whether a node is a view of less than the whole of another.
func (pl *plan) part(i int) bool {
	return pl.p.Nodes[i].Shape.Len() != pl.p.Nodes[pl.root[i]].Shape.Len()
}

// inherits reports whether node i takes the place of what it begins with, x, which dies there.
func (l *layout) inherits(s stage, i int, dying []int) (x int, ok bool) {
	x, ok = l.onto[i]
	if !ok || l.of[i] != s || !slices.Contains(dying, x) {
		return x, false
	}
	_, fixed := l.fixed[i]
	_, joined := l.joined[i]
	_, part := l.joined[x]
	_, here := l.stage[s][x]
	return x, here && !fixed && !joined && !part
}

// beginning compiles what stands in a result before its products are added to it.
func (c *compiler) beginning(s stage, i int) func(y []float32, t int) {
	x, ok := c.onto[i]
	if !ok {
		return func(y []float32, _ int) { clear(y) }
	}
	from := c.find(s, x)
	if from == c.find(s, i) {
		return func([]float32, int) {}
	}
	v := c.e.view(from)
	return func(y []float32, t int) { copy(y, v.get(t)) }
}
