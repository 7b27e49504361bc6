package export

import (
	"slices"

	"github.com/elegans-nn/elegans/step"
)

// chain is a run of element-wise operations over the same rows, in one loop. Its heads are sums over the edges or columns of
// each row that the chain alone reads, as they are.
type chain struct {
	rows  int
	nodes []int
	heads []int
	out   []int // nodes whose values are stored; the others stay within a row
}

// agenda orders the entries of a block: what is not element-wise as early as possible, so that the rest falls into long
// chains.
type agenda struct {
	pl     *plan
	member map[int]bool // computed in this block, by producer; of a loop its results
	done   map[int]bool
	uses   map[int]int  // readers of a value anywhere: nodes, carried values, states and outputs
	whole  map[int]bool // values that something else than an element-wise operation reads
}

func newAgenda(pl *plan, list []entry) *agenda {
	a := &agenda{pl: pl, uses: map[int]int{}, whole: map[int]bool{}, done: map[int]bool{}, member: map[int]bool{}}
	a.count(list)
	for _, s := range pl.p.States {
		a.read(s.Next, true)
	}
	for _, o := range pl.p.Outputs {
		a.read(o.Node, true)
	}
	return a
}

func (a *agenda) read(i int, whole bool) {
	r := a.pl.root[i]
	a.uses[r]++
	a.whole[r] = a.whole[r] || whole
}

func (a *agenda) count(list []entry) {
	for _, e := range list {
		if e.loop == nil {
			n := &a.pl.p.Nodes[e.node]
			if n.Op == step.OpResult || a.pl.view(e.node) {
				continue
			}
			for _, j := range n.In {
				a.read(j, !n.Op.Elementwise())
			}
			continue
		}
		for _, p := range e.loop.phis {
			a.read(p.first, true)
			a.read(p.next, true)
		}
		a.count(e.loop.list)
	}
}

// view tells whether a node is no value of its own.
func (pl *plan) view(i int) bool { return pl.root[i] != i }

// run orders the entries of one block, and of the loops in it.
func (a *agenda) run(list []entry) (items []item) {
	var todo []entry
	member := map[int]bool{}
	for _, e := range list {
		switch {
		case e.loop != nil:
			for _, i := range a.makes(e) {
				member[i] = true
			}
		case a.pl.given(e.node) || a.pl.view(e.node) || a.pl.p.Nodes[e.node].Op == step.OpResult && !a.pl.phi[e.node]:
			continue
		default:
			member[e.node] = true
		}
		todo = append(todo, e)
	}
	outer := a.member
	a.member = member
	defer func() { a.member = outer }()
	for len(todo) > 0 {
		n := len(todo)
		todo = slices.DeleteFunc(todo, func(e entry) bool {
			if a.lane(e) || !a.ready(e, nil) {
				return false
			}
			items = a.add(items, e)
			return true
		})
		if len(todo) < n {
			continue
		}
		nodes := a.collect(todo)
		items = append(items, item{kind: chained, fuse: a.chain(nodes)})
		todo = slices.DeleteFunc(todo, func(e entry) bool { return e.loop == nil && a.done[e.node] })
	}
	return a.fuse(items)
}

// makes lists what an entry computes that others may read.
func (a *agenda) makes(e entry) []int {
	if e.loop == nil {
		return []int{e.node}
	}
	var list []int
	for _, p := range e.loop.phis {
		list = append(list, p.node)
	}
	for _, inner := range e.loop.list {
		list = append(list, a.makes(inner)...)
	}
	return list
}

// lane tells whether an entry belongs into chains.
func (a *agenda) lane(e entry) bool { return e.loop == nil && a.pl.p.Nodes[e.node].Op.Elementwise() }

// needs lists what an entry reads that is computed before it.
func (a *agenda) needs(e entry) (list []int) {
	if e.loop == nil {
		return a.pl.p.Nodes[e.node].In
	}
	for _, p := range e.loop.phis {
		list = append(list, p.first, p.next)
	}
	for _, inner := range e.loop.list {
		list = append(list, a.needs(inner)...)
	}
	made := a.makes(e)
	return slices.DeleteFunc(list, func(i int) bool { return slices.Contains(made, a.pl.producer(i)) })
}

func (a *agenda) ready(e entry, chained map[int]bool) bool {
	for _, j := range a.needs(e) {
		r := a.pl.root[j]
		if chained[r] && a.pl.len(j) == a.pl.len(r) {
			continue
		}
		if p := a.pl.producer(j); a.member[p] && !a.done[p] {
			return false
		}
	}
	return true
}

// add appends what is no chain. A value that only chains read in a wider shape needs no item: they read it where it is.
func (a *agenda) add(items []item, e entry) []item {
	for _, i := range a.makes(e) {
		a.done[i] = true
	}
	switch {
	case e.loop != nil:
		outer := a.done
		a.done = map[int]bool{}
		for i := range outer {
			a.done[i] = true
		}
		for _, i := range a.makes(e) {
			a.done[i] = false
		}
		for _, p := range e.loop.phis {
			a.done[p.node] = true
		}
		e.loop.body = a.run(e.loop.list)
		a.done = outer
		for _, p := range e.loop.phis {
			e.loop.body = append(e.loop.body, item{kind: copied, from: p.next, to: target{toNode, p.node}})
		}
		return append(items, item{kind: looped, loop: e.loop})
	case a.pl.p.Nodes[e.node].Op == step.OpBroadcast && !a.whole[e.node]:
		return items
	}
	return append(items, item{kind: single, node: e.node})
}

// collect takes the nodes of the next chain: the first that is ready, and what goes on with as many rows.
func (a *agenda) collect(todo []entry) (nodes []int) {
	in, rows := map[int]bool{}, 0
	for _, e := range todo {
		if !a.lane(e) || rows > 0 && a.pl.len(e.node) != rows || !a.ready(e, in) {
			continue
		}
		rows = a.pl.len(e.node)
		nodes, in[e.node] = append(nodes, e.node), true
	}
	if nodes == nil {
		panic("export: the program is cyclic")
	}
	for _, i := range nodes {
		a.done[i] = true
	}
	return nodes
}

// chain builds a chain and decides what of it is stored.
func (a *agenda) chain(nodes []int) *chain {
	c := &chain{rows: a.pl.len(nodes[0]), nodes: nodes}
	inner := map[int]int{}
	for _, i := range nodes {
		for _, j := range a.pl.p.Nodes[i].In {
			if slices.Contains(nodes, a.pl.root[j]) && a.pl.len(j) == c.rows {
				inner[a.pl.root[j]]++
			}
		}
	}
	for _, i := range nodes {
		if a.uses[i] > inner[i] {
			c.out = append(c.out, i)
		}
	}
	return c
}

// fuse makes sums over edges and columns the heads of the chains that alone read them.
func (a *agenda) fuse(items []item) []item {
	dropped := map[int]bool{}
	for at, it := range items {
		if it.kind != single || !a.pl.byRow(it.node) {
			continue
		}
		for k := at + 1; k < len(items); k++ {
			if c := items[k].fuse; c != nil && a.headOf(it.node, c) {
				c.heads = append(c.heads, it.node)
				dropped[at] = true
				break
			}
		}
	}
	kept := items[:0:0]
	for at, it := range items {
		if !dropped[at] {
			kept = append(kept, it)
		}
	}
	return kept
}

// byRow tells whether an operation is computed row by row of its result.
func (pl *plan) byRow(i int) bool {
	n := &pl.p.Nodes[i]
	return n.Op == step.OpSynapses || n.Op == step.OpLinear && n.Shape.Outer == 1
}

func (a *agenda) headOf(i int, c *chain) bool {
	for _, r := range a.pl.all(i) {
		if r < 0 || a.pl.len(r) != c.rows {
			return false
		}
		n := 0
		for _, j := range c.nodes {
			for _, q := range a.pl.p.Nodes[j].In {
				if q == r { // as it is, not by a view of it
					n++
				}
			}
		}
		if n == 0 || n != a.uses[r] {
			return false
		}
	}
	return true
}
