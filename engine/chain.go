package engine

import (
	"fmt"
	"maps"
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
	heads []int // nodes whose results the chain alone reads: inputs of kind h
}

type chainOp struct {
	op   step.Op
	args []int
}

// chainIn is a value that a chain reads, by kind: f full rows in lanes, u one number a row, l one row of lanes for all,
// k one number for all, h the result of a head.
type chainIn struct {
	node int
	kind byte
}

// key identifies what a chain and its heads compute.
func (c *chain) key(pl *plan) string {
	if c.heads == nil {
		return c.text()
	}
	return c.print('h') + c.headText(pl)
}

// text identifies what a chain computes without its heads; it follows from the program's text only. Constants are
// operands, not text.
func (c *chain) text() string { return c.print('f') }

// print writes the chain with some kind for the results of heads.
func (c *chain) print(head byte) string {
	var b strings.Builder
	for i, o := range c.ops {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(o.op.String())
		for _, r := range o.args {
			if r < 0 {
				kind := c.in[-1-r].kind
				if kind == 'h' {
					kind = head
				}
				fmt.Fprintf(&b, " %c%d", kind, -1-r)
			} else {
				fmt.Fprintf(&b, " t%d", r)
			}
		}
	}
	return fmt.Sprint(b.String(), " > ", c.out)
}

// fused reports whether the chain has a kernel of its own, with its heads or after them.
func (c *chain) fused(pl *plan) bool { return kernel.Has(c.key(pl), 1) || kernel.Has(c.text(), 1) }

// agenda orders the nodes of one stage.
type agenda struct {
	pl     *plan
	stage  stage
	member map[int]bool
	copies []*port
	whole  map[int]bool // spread nodes that something else than a chain reads
	done   map[int]bool // finished by earlier items
	uses   map[int]int
	left   []int // nodes of the stage that no item has yet
}

// run groups the stage: what is not element-wise as early as possible, so that the rest falls into long chains.
func (a *agenda) run() (items []item) {
	a.prepare()
	for len(a.left) > 0 {
		n := len(a.left)
		items = a.singles(items)
		if len(a.left) == n {
			nodes := a.collect()
			items = append(items, item{chain: a.chain(nodes)})
		}
	}
	items = a.fuse(items)
	for _, q := range a.copies {
		items = append(items, item{port: q, node: -1})
	}
	return items
}

func (a *agenda) prepare() {
	pl := a.pl
	a.whole, a.done, a.uses = map[int]bool{}, map[int]bool{}, map[int]int{}
	for i := range a.member {
		a.left = append(a.left, i)
	}
	slices.Sort(a.left)
	for _, i := range a.left {
		for _, j := range pl.reads(i) {
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
		return a.pl.direct(i) && !a.pl.summed[i]
	case step.OpBroadcast:
		return a.pl.spread(i) && !a.whole[i] && !a.stage.uniform() && !a.pl.kept(i)
	}
	return false
}

// ready reports whether all operands are there; chained are those of the chain that is being collected.
func (a *agenda) ready(i int, chained map[int]bool) bool {
	for _, j := range a.pl.reads(i) {
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
	rest := a.left[:0:0]
	for _, i := range a.left {
		switch {
		case a.lane(i) || !a.ready(i, nil):
			rest = append(rest, i)
			continue
		case !a.skip(i):
			items = append(items, item{node: i})
		}
		a.done[i] = true
	}
	a.left = rest
	return items
}

// collect takes the nodes of the next chain: those that the next structured operation waits for, so that values are made
// where they are used and not carried through memory; then what goes on with the chain's values and loads little else.
func (a *agenda) collect() (nodes []int) {
	c := collection{agenda: a, chained: map[int]bool{}, loaded: map[int]bool{}}
	wanted := c.wanted()
	for _, i := range a.left {
		if wanted == nil || wanted[i] {
			c.take(i)
		}
	}
	for _, i := range a.left {
		c.follow(i)
	}
	if len(c.nodes) == 0 {
		panic("engine: the program is cyclic")
	}
	slices.Sort(c.nodes)
	for _, i := range c.nodes {
		a.done[i] = true
	}
	a.left = slices.DeleteFunc(a.left, func(i int) bool { return a.done[i] })
	return c.nodes
}

// collection is a chain that is being collected.
type collection struct {
	*agenda
	rows            int
	nodes           []int
	chained, loaded map[int]bool
}

// take adds a node if it fits.
func (c *collection) take(i int) {
	n := c.pl.p.Nodes[i].Shape.Len()
	if !c.lane(i) || c.chained[i] || len(c.nodes) == maxChain || c.rows > 0 && c.rows != n || !c.ready(i, c.chained) {
		return
	}
	c.rows = n
	c.nodes, c.chained[i] = append(c.nodes, i), true
	for _, r := range c.loads(i) {
		c.loaded[r] = true
	}
}

// loads are the values in lanes that a node reads and the chain does not make.
func (c *collection) loads(i int) (roots []int) {
	for _, j := range c.pl.p.Nodes[i].In {
		if r := c.pl.root[j]; !c.chained[r] && !c.pl.uniform[r] && c.pl.p.Nodes[r].Op != step.OpAcc {
			roots = append(roots, r)
		}
	}
	return roots
}

// follow adds a node that reads a value of the chain, with all that it waits for, if together they load one further value
// at most: that is what carrying the chain's value to a later chain would cost.
func (c *collection) follow(i int) {
	if c.chained[i] || !c.lane(i) || !slices.ContainsFunc(c.pl.p.Nodes[i].In, func(j int) bool { return c.chained[c.pl.root[j]] }) {
		return
	}
	set := map[int]bool{i: true}
	if !c.ancestors(i, set) || len(c.nodes)+len(set) > maxChain {
		return
	}
	further := map[int]bool{}
	for k := range set {
		if c.pl.p.Nodes[k].Shape.Len() != c.rows {
			return
		}
		for _, r := range c.loads(k) {
			if !set[r] && !c.loaded[r] {
				further[r] = true
			}
		}
	}
	if len(further) > 1 {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(set)) {
		c.take(k)
	}
}

// wanted are the element-wise nodes that the first of the structured operations that wait for nothing else waits for; nil
// where none waits.
func (c *collection) wanted() map[int]bool {
	for _, i := range c.left {
		if c.lane(i) {
			continue
		}
		set := map[int]bool{}
		if c.ancestors(i, set) {
			return set
		}
	}
	return nil
}

// ancestors adds the unfinished element-wise nodes that a node depends on; it reports false where a structured operation
// is among them.
func (c *collection) ancestors(i int, set map[int]bool) bool {
	for _, j := range c.pl.reads(i) {
		p := c.pl.producer(j)
		switch {
		case !c.member[p] || c.done[p] || set[p] || c.chained[p]:
			continue
		case !c.lane(p):
			return false
		}
		set[p] = true
		if !c.ancestors(p, set) {
			return false
		}
	}
	return true
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
