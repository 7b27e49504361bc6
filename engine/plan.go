package engine

import (
	"slices"

	"github.com/elegans-nn/elegans/step"
)

// keep is how long a value lives.
type keep int

const (
	local   keep = iota // within its stage, at its own time
	ring                // for the chunk of times at hand
	history             // for all times
)

var keepNames = [...]string{"its time", "a chunk", "all times"}

// plan is a program laid out in stages: what runs when, in which order, and which values outlive their stage. It depends
// on the program and the probes asked for, not on lanes or times.
type plan struct {
	p       *step.Program
	uniform []bool
	live    []bool // something that was asked for depends on it
	of      []stage
	keep    []keep
	items   [numStages][]item
	// summed are accumulators that take the times of a chunk together.
	summed map[int]bool
	// onto are the values that products and reverses of synapses begin with, in place of zero.
	onto map[int]int
	// root and shift resolve views, which are slices and sums that their product computes: component k of node i is
	// component k + shift[i] of root[i].
	root, shift []int
	ports       []port
	// rings are the components of a row of the states that are rings; 0 for others.
	rings []int
}

// item is one step of a stage's schedule: a chain, a single node, or a copy into a port.
type item struct {
	chain *chain
	port  *port
	node  int
}

// port is a value that is read from outside or carried to another time.
type port struct {
	kind  portKind
	index int // of the state, output, input or probe
	node  int
	stage stage // where it is copied if it cannot stand where it belongs
	copy  bool
}

type portKind int

const (
	portNext portKind = iota
	portOutput
	portProbe
	portDState
	portDInput
	portDTime
)

var portNames = [...]string{"next", "output", "probe", "dstate", "dinput", "dtime"}

// newPlan plans a program; probes are the numbers of those to compute, wanted are nodes whose values must outlive their
// stage.
func newPlan(p *step.Program, probes []int, wanted ...int) *plan {
	p = merge(p, wanted)
	if wanted == nil { // which name nodes
		p = push(p)
	}
	n := len(p.Nodes)
	pl := &plan{p: p, uniform: p.Uniform(), live: make([]bool, n), of: make([]stage, n), keep: make([]keep, n),
		root: make([]int, n), shift: make([]int, n), summed: map[int]bool{}, onto: map[int]int{}}
	for i, n := range p.Nodes {
		pl.root[i] = i
		if n.Op == step.OpSlice {
			pl.root[i], pl.shift[i] = pl.root[n.In[0]], pl.shift[n.In[0]]+n.Index[0]
		}
	}
	pl.rings = rings(p)
	pl.list(probes)
	for _, i := range wanted {
		pl.live[i], pl.keep[i] = true, history
	}
	pl.mark()
	pl.check()
	pl.stages()
	pl.begin()
	pl.keepOperands()
	pl.settlePorts()
	pl.schedule()
	return pl
}

// list notes what is read from outside.
func (pl *plan) list(probes []int) {
	p := pl.p
	add := func(k portKind, index, node int, s stage) {
		if node >= 0 {
			pl.ports = append(pl.ports, port{kind: k, index: index, node: node, stage: s})
		}
	}
	for k, s := range p.States {
		add(portNext, k, s.Next, core)
	}
	for k, o := range p.Outputs {
		add(portOutput, k, o.Node, after)
	}
	for _, k := range probes {
		add(portProbe, k, p.Probes[k].Node, after)
	}
	if a := p.Adjoint; a != nil {
		for k, i := range a.DState {
			add(portDState, k, i, rcore)
		}
		for k, i := range a.DInput {
			add(portDInput, k, i, rafter)
		}
		add(portDTime, 0, a.DTime, rafter)
	}
}

// mark finds the nodes that something asked for depends on.
func (pl *plan) mark() {
	p := pl.p
	for _, q := range pl.ports {
		pl.live[q.node] = true
	}
	if a := p.Adjoint; a != nil {
		for _, i := range a.Grad {
			if i >= 0 {
				pl.live[i] = true
			}
		}
	}
	for i := len(p.Nodes) - 1; i >= 0; i-- {
		n := &p.Nodes[i]
		if n.Op == step.OpAccum && pl.live[n.In[0]] {
			pl.live[i] = true
		}
		if pl.live[i] {
			for _, j := range n.In {
				pl.live[j] = true
			}
		}
	}
}

// check refuses what the kernels do not do.
func (pl *plan) check() {
	for i, n := range pl.p.Nodes {
		if !pl.live[i] {
			continue
		}
		var weights []int
		switch n.Op {
		case step.OpLinear, step.OpLinearT:
			for k := 0; k < len(n.In); k += 2 {
				weights = append(weights, n.In[k])
			}
		case step.OpSynapses, step.OpSynapsesT:
			weights = n.In[1:5]
		}
		for _, j := range weights {
			if !pl.uniform[j] && i < pl.tail() {
				panic("engine: the weights of Linear and Synapses must depend on parameters only")
			}
		}
	}
}

// settlePorts decides which ports are copies. A value stands where it belongs if it is computed in lanes and at the right
// place in time, and no other port of its kind took it already.
func (pl *plan) settlePorts() {
	taken := map[[2]int]bool{}
	for k := range pl.ports {
		q := &pl.ports[k]
		i := pl.root[q.node]
		op := pl.p.Nodes[i].Op
		key := [2]int{int(q.kind), i}
		switch q.kind {
		case portNext:
			q.copy = op.Leaf() || pl.part(q.node) || pl.of[i] != core || op == step.OpBroadcast || taken[key]
		case portDState:
			q.copy = op.Leaf() || pl.part(q.node) || pl.of[i] != rcore || op == step.OpBroadcast || taken[key]
		default:
			dnext := op == step.OpCotangent && pl.of[i] == rcore
			q.copy = pl.uniform[i] || op == step.OpBroadcast || dnext
		}
		taken[key] = true
		if !q.copy && q.kind != portDState && !op.Leaf() {
			pl.keep[i] = history
		}
	}
	for k := range pl.ports {
		if q := &pl.ports[k]; q.kind == portDState && pl.keep[pl.root[q.node]] == history {
			q.copy = true
		}
	}
}

// kept reports whether a value has a place of its own whatever reads it.
func (pl *plan) kept(i int) bool {
	if pl.keep[i] != local || pl.of[i] == once || pl.of[i] == tail {
		return true
	}
	for _, q := range pl.ports {
		if pl.root[q.node] == i && !q.copy {
			return true
		}
	}
	return false
}

// again reports whether a later stage computes the value again rather than load it: what spreads, and what costs one
// FLOP a component and has one operand in lanes, for every further operand costs the load that was to be saved.
func (pl *plan) again(i int) bool {
	n := &pl.p.Nodes[i]
	if pl.of[i].uniform() || n.Op == step.OpBroadcast {
		return !pl.of[i].uniform()
	}
	loads := 0
	for _, j := range n.In {
		if !pl.uniform[j] {
			loads++
		}
	}
	return n.Op.Elementwise() && n.Op.Row().Cost <= 1 && loads == 1 && !pl.kept(i) && !pl.stored(i)
}

// stored reports whether a value of the reverse stands in memory anyway, for an operation of its own stage that is not
// element-wise. What is kept of it lasts for a chunk only, so that keeping it costs no more than storing it. (A value of
// the forward stages would be kept for all times, next to its operand.)
func (pl *plan) stored(i int) bool {
	if pl.of[i] < rbefore {
		return false
	}
	for j, n := range pl.p.Nodes {
		if pl.live[j] && pl.of[j] == pl.of[i] && !n.Op.Elementwise() && n.Op != step.OpAccum && slices.Contains(n.In, i) {
			return true
		}
	}
	return false
}

// producer is the node whose item computes node i: its own, or that of the operation with several results.
func (pl *plan) producer(i int) int {
	i = pl.root[i]
	if n := &pl.p.Nodes[i]; n.Op == step.OpResult {
		return n.In[0]
	}
	return i
}

// spread reports whether a node repeats one component; chains read that component instead.
func (pl *plan) spread(i int) bool {
	n := &pl.p.Nodes[i]
	return n.Op == step.OpBroadcast && pl.p.Nodes[n.In[0]].Shape.Len() == 1
}

// direct reports whether an accumulator's value is summed over lanes where it arises, and never stands in lanes: the
// gradients of matrices and of synapses (the first result of SynapsesT is a cotangent in lanes like any other), and sums
// of chunks.
func (pl *plan) direct(accum int) bool {
	if pl.summed[accum] {
		return true
	}
	switch n := &pl.p.Nodes[pl.p.Nodes[accum].In[1]]; n.Op {
	case step.OpOuter:
		return true
	case step.OpResult:
		return pl.p.Nodes[n.In[0]].Op == step.OpSynapsesT
	}
	return false
}

// schedule lists the nodes of every stage, decides what is kept, and groups the stages into items.
func (pl *plan) schedule() {
	var lists [numStages]*agenda
	for s := range numStages {
		a := &agenda{pl: pl, stage: s, member: map[int]bool{}}
		lists[s] = a
		for i, n := range pl.p.Nodes {
			if pl.live[i] && pl.of[i] == s && !n.Op.Leaf() && pl.root[i] == i && !pl.again(i) {
				a.need(i)
			}
		}
		for k := range pl.ports {
			if q := &pl.ports[k]; q.copy && q.stage == s {
				a.copies = append(a.copies, q)
				a.need(q.node)
			}
		}
	}
	for s, a := range lists {
		pl.items[s] = a.run()
	}
}

// need makes a value available in the stage.
func (a *agenda) need(i int) {
	pl := a.pl
	i = pl.root[i]
	n, of := &pl.p.Nodes[i], pl.of[i]
	switch {
	case n.Op.Leaf() || a.member[i]:
		return
	case n.Op == step.OpResult && of == a.stage:
		a.need(n.In[0])
	case of == a.stage || of < a.stage && pl.again(i):
		a.member[i] = true
		for _, j := range pl.reads(i) {
			a.need(j)
		}
	default:
		a.fetch(i)
	}
}

// fetch keeps a value of an earlier stage.
func (a *agenda) fetch(i int) {
	pl := a.pl
	switch of := pl.of[i]; {
	case of.uniform():
	case of <= after && a.stage > after:
		pl.keep[i] = history
	default:
		pl.keep[i] = max(pl.keep[i], ring)
	}
}
