package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/engine/internal/kernel"
	"github.com/elegans-nn/elegans/step"
)

// maxChain bounds the operations of a chain, so that a fused kernel keeps its values in registers or near.
const maxChain = 24

// chain is a run of element-wise operations over rows of one count. Operands >= 0 are operations of the chain, others
// (-1-k) its inputs.
type chain struct {
	rows  int
	ops   []chainOp
	in    []chainIn
	out   []int // operations whose values are stored
	nodes []int // the node of each operation
}

type chainOp struct {
	op   step.Op
	args []int
}

// chainIn is a value that a chain reads, by kind: f full rows in lanes, u one number a row, l one row of lanes for all,
// k one number for all.
type chainIn struct {
	node int
	kind byte
}

// text identifies what a chain computes; it follows from the program's text only. Constants are operands, not text.
func (c *chain) text() string {
	var b strings.Builder
	for i, o := range c.ops {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(o.op.String())
		for _, r := range o.args {
			if r < 0 {
				fmt.Fprintf(&b, " %c%d", c.in[-1-r].kind, -1-r)
			} else {
				fmt.Fprintf(&b, " t%d", r)
			}
		}
	}
	return fmt.Sprint(b.String(), " > ", c.out)
}

// fused reports whether the chain has a kernel of its own.
func (c *chain) fused() bool { return kernel.FindChain(c.text()) != nil }

// agenda orders the nodes of one stage.
type agenda struct {
	pl     *plan
	stage  stage
	member map[int]bool
	copies []*port
	whole  map[int]bool // spread nodes that something else than a chain reads
	done   map[int]bool // finished by earlier items
	uses   map[int]int
	todo   []int
}

// run groups the stage: what is not element-wise as early as possible, so that the rest falls into long chains.
func (a *agenda) run() (items []item) {
	a.prepare()
	for len(a.todo) > 0 {
		n := len(a.todo)
		items = a.singles(items)
		if len(a.todo) == n {
			nodes := a.collect()
			items = append(items, item{chain: a.chain(nodes)})
		}
	}
	for _, q := range a.copies {
		items = append(items, item{port: q, node: -1})
	}
	return items
}

func (a *agenda) prepare() {
	pl := a.pl
	a.whole, a.done, a.uses = map[int]bool{}, map[int]bool{}, map[int]int{}
	for i := range a.member {
		a.todo = append(a.todo, i)
	}
	slices.Sort(a.todo)
	for _, i := range a.todo {
		for _, j := range pl.p.Nodes[i].In {
			j = pl.root[j]
			a.uses[j]++
			if !a.lane(i) {
				a.whole[j] = true
			}
		}
	}
	for _, q := range a.copies {
		a.uses[pl.root[q.node]]++
		a.whole[pl.root[q.node]] = true
	}
}

// lane reports whether a node belongs into chains.
func (a *agenda) lane(i int) bool {
	op := a.pl.p.Nodes[i].Op
	return op.Elementwise() || op == step.OpAccum && !a.pl.direct(i)
}

// skip reports whether a member needs no item: chains read its operand, or its producer does its work.
func (a *agenda) skip(i int) bool {
	switch n := &a.pl.p.Nodes[i]; n.Op {
	case step.OpAccum:
		return a.pl.direct(i)
	case step.OpBroadcast:
		return a.pl.spread(i) && !a.whole[i] && !a.stage.uniform() && !a.pl.kept(i)
	}
	return false
}

// ready reports whether all operands are there; chained are those of the chain that is being collected.
func (a *agenda) ready(i int, chained map[int]bool) bool {
	for _, j := range a.pl.p.Nodes[i].In {
		r := a.pl.root[j]
		if chained[r] && a.lane(i) && a.pl.p.Nodes[j].Shape.Len() == a.pl.p.Nodes[r].Shape.Len() {
			continue
		}
		if p := a.pl.producer(j); a.member[p] && !a.done[p] {
			return false
		}
	}
	return true
}

func (a *agenda) singles(items []item) []item {
	rest := a.todo[:0:0]
	for _, i := range a.todo {
		switch {
		case a.lane(i) || !a.ready(i, nil):
			rest = append(rest, i)
			continue
		case !a.skip(i):
			items = append(items, item{node: i})
		}
		a.done[i] = true
	}
	a.todo = rest
	return items
}

// collect takes the nodes of the next chain.
func (a *agenda) collect() (nodes []int) {
	rows, chained := 0, map[int]bool{}
	rest := a.todo[:0:0]
	for _, i := range a.todo {
		n := a.pl.p.Nodes[i].Shape.Len()
		if a.lane(i) && len(nodes) < maxChain && (rows == 0 || rows == n) && a.ready(i, chained) {
			rows = n
			nodes, chained[i] = append(nodes, i), true
			continue
		}
		rest = append(rest, i)
	}
	if len(nodes) == 0 {
		panic("engine: the program is cyclic")
	}
	for _, i := range nodes {
		a.done[i] = true
	}
	a.todo = rest
	return nodes
}

// chain builds a chain of the given nodes.
func (a *agenda) chain(nodes []int) *chain {
	pl := a.pl
	c := &chain{nodes: nodes, rows: pl.p.Nodes[nodes[0]].Shape.Len()}
	at, inner := map[int]int{}, map[int]int{}
	for k, i := range nodes {
		n := &pl.p.Nodes[i]
		in := n.In
		if n.Op == step.OpAccum {
			in = in[1:]
		}
		o := chainOp{op: n.Op}
		for _, j := range in {
			if r, ok := at[pl.root[j]]; ok {
				inner[pl.root[j]]++
				o.args = append(o.args, r)
				continue
			}
			o.args = append(o.args, c.input(a.operand(j, c.rows)))
		}
		c.ops = append(c.ops, o)
		at[i] = k
	}
	for k, i := range nodes {
		kept := pl.of[i] == a.stage && pl.kept(i)
		if kept || a.uses[i] > inner[i] || pl.p.Nodes[i].Op == step.OpAccum {
			c.out = append(c.out, k)
		}
	}
	return c
}

// operand decides how a chain of some rows reads a value.
func (a *agenda) operand(j, rows int) chainIn {
	pl := a.pl
	for !a.stage.uniform() && pl.spread(pl.root[j]) {
		j = pl.p.Nodes[pl.root[j]].In[0]
	}
	one := pl.p.Nodes[j].Shape.Len() == 1
	in := chainIn{node: j, kind: 'f'}
	switch uniform := pl.uniform[j] && !a.stage.uniform(); {
	case pl.p.Nodes[j].Op == step.OpConst && one, one && rows > 1 && (uniform || a.stage.uniform()):
		in.kind = 'k'
	case uniform:
		in.kind = 'u'
	case one && rows > 1:
		in.kind = 'l'
	}
	return in
}

func (c *chain) input(in chainIn) int {
	k := slices.Index(c.in, in)
	if k < 0 {
		k = len(c.in)
		c.in = append(c.in, in)
	}
	return -1 - k
}
