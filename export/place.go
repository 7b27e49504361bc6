package export

import (
	"slices"

	"github.com/elegans-nn/elegans/step"
)

// place is where a value stands.
type place struct {
	kind placeKind
	k    int // of a state: its number; of scratch memory: the first number
	pool int // of scratch memory: which
}

type placeKind int

const (
	nowhere placeKind = iota // within a row of its chain
	scratch
	state
	output
	input
	elapsed
	part
	table
)

// span is how long a value lives, in places of the order.
type span struct{ from, to int }

// placer decides where values stand. A value that becomes a state or the output stands there from the beginning, where
// nothing needs the old state any more; the others share scratch memory.
type placer struct {
	pl      *plan
	life    map[int]*span // of roots
	reads   map[int][]use // of roots
	loops   []span        // those around what is visited
	order   []int
	at      map[int]place
	scratch int // the length of the first pool, which is the only one where all numbers are alike
	wide    int // that of the second
	pool    func(root int) int
}

// use is one reader of a value. Rows says that it reads every component no later than it writes the one of that place.
type use struct {
	at   int
	rows bool
}

func newPlacer(pl *plan) *placer { return newPlacerIn(pl, func(int) int { return 0 }) }

// newPlacerIn has two pools of scratch memory; pool tells in which of them a root stands.
func newPlacerIn(pl *plan, pool func(root int) int) *placer {
	a := &placer{pl: pl, pool: pool, life: map[int]*span{}, reads: map[int][]use{}, at: map[int]place{}}
	a.visit(pl.body)
	a.direct()
	a.share()
	return a
}

// find is where the root of a value stands.
func (a *placer) find(root int) place {
	if p, ok := a.at[root]; ok {
		return p
	}
	if a.pl.uniform[root] && !a.pl.phi[root] {
		return place{kind: table, k: root}
	}
	switch n := &a.pl.p.Nodes[root]; n.Op {
	case step.OpInput:
		return place{kind: input}
	case step.OpTime:
		return place{kind: elapsed}
	case step.OpPart:
		return place{kind: part}
	case step.OpState:
		return place{kind: state, k: n.Index[0]}
	}
	return place{}
}

func (a *placer) define(i, at int) {
	if i < 0 {
		return
	}
	if _, ok := a.life[i]; !ok {
		a.life[i] = &span{at, at}
		a.order = append(a.order, i)
	}
}

// read notes that a value is read; rows as in use, of the value as it is and not of a part of another.
func (a *placer) read(i, at int, rows bool) { a.note(i, at, rows && a.pl.root[i] == i) }

func (a *placer) note(i, at int, rows bool) {
	r := a.pl.root[i]
	if n := &a.pl.p.Nodes[r]; n.Op == step.OpBroadcast && a.life[r] == nil && !a.pl.uniform[r] && !a.pl.phi[r] {
		a.read(n.In[0], at, false)
		return
	}
	a.reads[r] = append(a.reads[r], use{at, rows})
	l := a.life[r]
	if l == nil {
		return
	}
	l.to = max(l.to, at)
	for _, around := range a.loops {
		if l.from < around.from {
			l.to = max(l.to, around.to)
		}
	}
}

func (a *placer) visit(items []item) {
	for _, it := range items {
		switch it.kind {
		case single:
			a.operands(it.node, it.at)
			for _, r := range a.pl.all(it.node) {
				a.define(r, it.at)
			}
		case chained:
			a.chain(it.fuse, it.at)
		case copied:
			a.read(it.from, it.at, it.to.kind == toState)
		case looped:
			for _, p := range it.loop.phis {
				a.read(p.first, it.at, false)
				a.define(p.node, it.at)
				a.life[p.node].to = it.end
			}
			a.loops = append(a.loops, span{it.at, it.end})
			a.visit(it.loop.body)
			a.loops = a.loops[:len(a.loops)-1]
		}
	}
}

// operands notes what an operation reads. One that joins values writes them in order, so that what it reads from where it
// writes, or from further on, is still there: the rows of a ring move on in place.
func (a *placer) operands(i, at int) {
	n, to := &a.pl.p.Nodes[i], 0
	for _, j := range n.In {
		a.note(j, at, n.Op == step.OpConcat && a.pl.shift[j] >= to)
		to += a.pl.len(j)
	}
}

func (a *placer) chain(c *chain, at int) {
	for _, h := range c.heads {
		a.operands(h, at)
	}
	for _, i := range c.nodes {
		for _, j := range a.pl.p.Nodes[i].In {
			if !slices.Contains(c.nodes, j) && !c.headed(a.pl, j) {
				a.read(j, at, a.pl.len(j) == c.rows)
			}
		}
	}
	for _, i := range c.out {
		a.define(i, at)
	}
}

// headed tells whether a value is a sum of one of the chain's heads.
func (c *chain) headed(pl *plan, i int) bool {
	return !pl.phi[i] && slices.ContainsFunc(c.heads, func(h int) bool { return slices.Contains(pl.all(h), i) })
}

// direct places what becomes the output or a state there.
func (a *placer) direct() {
	if y := a.pl.p.Outputs[0].Node; a.life[y] != nil && a.pl.root[y] == y {
		a.at[y] = place{kind: output}
	}
	for k, s := range a.pl.p.States {
		l := a.life[s.Next]
		if _, taken := a.at[s.Next]; l == nil || taken {
			continue
		}
		free := true
		for _, u := range a.reads[s.Node] {
			free = free && (u.at < l.from || u.at == l.from && (u.rows || a.begins(s.Next, s.Node)))
		}
		if free && !a.inLoop(s.Next) {
			a.at[s.Next] = place{kind: state, k: k}
		}
	}
}

// begins tells whether a loop's carried value begins with a state.
func (a *placer) begins(phi, node int) bool { return a.firstOf(a.pl.body, phi) == node }

func (a *placer) firstOf(items []item, node int) int {
	for _, it := range items {
		if it.kind == looped {
			for _, p := range it.loop.phis {
				if p.node == node {
					return p.first
				}
			}
		}
	}
	return -1
}

// inLoop tells whether a value is computed within a loop.
func (a *placer) inLoop(i int) bool {
	for _, it := range a.pl.body {
		if it.kind == looped && a.life[i].from > it.at && a.life[i].from < it.end {
			return true
		}
	}
	return false
}

// share gives all other values scratch memory, the first that is free for as long as they live.
func (a *placer) share() {
	type taken struct {
		span
		off, n, pool int
	}
	var list []taken
	for _, i := range a.order {
		if _, ok := a.at[i]; ok {
			continue
		}
		off, n, l, pool := 0, a.pl.len(i), *a.life[i], a.pool(i)
		for moved := true; moved; {
			moved = false
			for _, t := range list {
				if t.pool == pool && l.from <= t.to && t.from <= l.to && off < t.off+t.n && t.off < off+n {
					off, moved = t.off+t.n, true
				}
			}
		}
		list = append(list, taken{l, off, n, pool})
		a.at[i] = place{scratch, off, pool}
		if pool == 0 {
			a.scratch = max(a.scratch, off+n)
		} else {
			a.wide = max(a.wide, off+n)
		}
	}
}
