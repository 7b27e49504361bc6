package engine

import (
	"slices"

	"github.com/elegans-nn/elegans/step"
)

// chunk is how many times the stages outside the core take together. It bounds the memory between stages, and is part of
// the order in which gradients are summed: the same everywhere.
const chunk = 8

// place is where a value lives in memory: n numbers at off, or one of several slots by time.
type place struct {
	off, n             int
	stride, phase, mod int // stride 0: one slot; mod 0: a slot for every time + phase, else one for every time of a chunk
}

func (p place) at(t int) int {
	if p.stride == 0 {
		return p.off
	}
	if p.mod != 0 {
		return p.off + t%chunk*p.stride // dividing by a constant is faster
	}
	return p.off + (t+p.phase)*p.stride
}

// slotKinds are the ways in which places take their slots by time: one for every time, from that or from the next, or one
// for every time of a chunk.
const slotKinds = 3

// kind says which of them is a place's.
func (p place) kind() int {
	if p.mod == 0 {
		return p.phase
	}
	return 2
}

// slotsAt are the slots of all kinds at time t. Many places are looked up at one time, and remainders take longer than the
// rest of that.
func (e *Engine) slotsAt(t int) *[slotKinds]int {
	if e.slotTime != t {
		e.slotTime = t
		e.slots = [slotKinds]int{t, t + 1, t % chunk}
	}
	return &e.slots
}

// same reports whether two places are the same memory at all times.
func (p place) same(q place) bool {
	return p.n == q.n && p.stride == q.stride && p.mod == q.mod && p.off+p.phase*p.stride == q.off+q.phase*q.stride
}

// part is rows [from, from+rows) of width numbers.
func (p place) part(from, rows, width int) place {
	p.off += from * width
	p.n = rows * width
	return p
}

// layout gives every value of a plan its place.
type layout struct {
	*plan
	steps, lanes int
	size         int           // floats
	fixed        map[int]place // values that outlive their stage, by root
	stage        [numStages]map[int]place
	local        [numStages]int // floats of each stage's own values
	state        []place        // [steps+1], of each state
	dstate       []place        // cotangents of states before each time of a chunk
	dnext        []place        // those after each time: one slot further, so that both stand in the same order everywhere
	port         map[*port]place
	total        map[int]place // of accumulators: summed over lanes
	spreads      map[int]place // uniform values repeated in lanes, for operations that need lanes
	joined       map[int]place // operands that stand within their Concat
}

func newLayout(pl *plan, steps, lanes int) *layout {
	l := &layout{plan: pl, steps: steps, lanes: lanes, fixed: map[int]place{}, port: map[*port]place{},
		total: map[int]place{}, spreads: map[int]place{}, joined: map[int]place{}}
	l.leaves()
	l.placePorts()
	l.joins()
	for i := range pl.p.Nodes {
		if pl.live[i] {
			l.keepNode(i)
		}
	}
	l.findSpreads()
	base := l.take(0)
	for s := range numStages {
		l.stage[s] = map[int]place{}
		if !s.uniform() {
			l.local[s] = l.pack(s, base)
			l.size = max(l.size, base+l.local[s])
		}
	}
	return l
}

// line is how many numbers two cache lines hold. Values begin at one, for a vector across two costs two loads; and at the
// second of two, so that values of 8, 16 or 32 lanes are rows of one memory, see masked.
const line = 32

func (l *layout) take(n int) int {
	at := (l.size + line - 1) &^ (line - 1)
	l.size = at + n
	return at
}

// slots reserves a place per time; count 0 is a single one.
func (l *layout) slots(n, count int) place {
	if count == 0 {
		return place{off: l.take(n), n: n}
	}
	stride := apart(n)
	return place{off: l.take(stride * count), n: n, stride: stride}
}

// apart is the distance of values of n numbers. At a multiple of crowded numbers they would meet in the same few lines of
// the first-level cache, and a load would wait for a store to another value whose address ends alike; spare numbers between
// them spread them out.
func apart(n int) int {
	if n%crowded == 0 {
		n += spare
	}
	return n
}

const (
	crowded = 256
	spare   = 32
)

func (l *layout) rows(i int) int { return l.p.Nodes[i].Shape.Len() }

// leaves places what is fed from outside: parameters first, in flat order.
func (l *layout) leaves() {
	p := l.p
	for _, q := range p.Params {
		l.fixed[q.Node] = place{off: q.Offset, n: l.rows(q.Node)}
	}
	l.size = p.ParamCount()
	for _, q := range p.Inputs {
		l.fixed[q.Node] = l.slots(l.rows(q.Node)*l.lanes, l.steps)
	}
	if p.Time >= 0 {
		l.fixed[p.Time] = l.slots(l.lanes, l.steps)
	}
	if p.Part >= 0 {
		l.fixed[p.Part] = l.slots(step.PartWidth*l.lanes, l.steps)
	}
	for k, s := range p.States {
		at := l.stateSlots(k)
		l.fixed[s.Node] = at
		at.phase = 1
		l.state = append(l.state, at)
	}
	a := p.Adjoint
	if a == nil {
		return
	}
	for k := range p.States {
		at := l.slots(l.rows(a.DNext[k])*l.lanes, chunk+1)
		at.mod = chunk
		l.dstate = append(l.dstate, at)
		at.off += at.stride
		l.dnext = append(l.dnext, at)
		l.fixed[a.DNext[k]] = at
	}
	for _, i := range a.DOutput {
		l.fixed[i] = l.slots(l.rows(i)*l.lanes, l.steps)
	}
}

// placePorts reserves what is read from outside and carried over time.
func (l *layout) placePorts() {
	for k := range l.ports {
		q := &l.ports[k]
		var at place
		switch q.kind {
		case portNext:
			at = l.state[q.index]
		case portDState:
			at = l.dstate[q.index]
		default:
			if !q.copy {
				continue
			}
			at = l.slots(l.rows(q.node)*l.lanes, l.steps)
		}
		l.port[q] = at
		if !q.copy {
			l.fixed[l.root[q.node]] = at
		}
	}
}

// keepNode places a value that outlives its stage.
func (l *layout) keepNode(i int) {
	n := &l.p.Nodes[i]
	rows := n.Shape.Len()
	if _, ok := l.fixed[i]; ok || l.root[i] != i {
		return
	}
	switch {
	case n.Op == step.OpAcc:
		l.total[i] = l.slots(rows, 0)
		if l.inLanes(i) {
			l.fixed[i] = l.slots(rows*l.lanes, 0)
		}
	case n.Op == step.OpAccum:
	case l.of[i].uniform():
		l.fixed[i] = l.slots(rows, 0)
	case l.keep[i] == history:
		l.fixed[i] = l.slots(rows*l.lanes, l.steps)
	case l.keep[i] == ring:
		at := l.slots(rows*l.lanes, chunk)
		at.mod = chunk
		l.fixed[i] = at
	}
}

// inLanes reports whether an accumulator gathers anything in lanes.
func (l *layout) inLanes(acc int) bool {
	for i, n := range l.p.Nodes {
		if n.Op == step.OpAccum && n.In[0] == acc && l.live[i] && !l.direct(i) {
			return true
		}
	}
	return false
}

// findSpreads repeats uniform values in lanes for whoever needs them so: operations over components, and ports.
func (l *layout) findSpreads() {
	need := func(j int) {
		i := l.root[j]
		if _, ok := l.spreads[i]; !ok && l.uniform[i] && l.lanes > 1 {
			l.spreads[i] = l.slots(l.rows(i)*l.lanes, 0)
		}
	}
	for s, items := range l.items {
		if stage(s).uniform() {
			continue
		}
		for _, it := range items {
			for _, j := range l.laneOperands(it) {
				need(j)
			}
		}
	}
}

// laneOperands lists what an item reads in lanes, whatever it depends on. Chains read uniform values as they are.
func (l *layout) laneOperands(it item) (nodes []int) {
	switch {
	case it.port != nil:
		nodes = []int{it.port.node}
	case it.chain != nil:
		for _, i := range it.chain.heads {
			nodes = append(nodes, l.inLanesOf(i)...)
		}
	default:
		nodes = l.inLanesOf(it.node)
	}
	return nodes
}

// inLanesOf lists the operands of a node that are no weights.
func (l *layout) inLanesOf(i int) (nodes []int) {
	n := &l.p.Nodes[i]
	for k, j := range n.In {
		if !weight(n, k) {
			nodes = append(nodes, j)
		}
	}
	return nodes
}

// weight reports whether operand k of a node is read as one number a component.
func weight(n *step.Node, k int) bool {
	switch n.Op {
	case step.OpLinear, step.OpLinearT:
		return k%2 == 0
	case step.OpSynapses, step.OpSynapsesT:
		return k >= 1 && k <= 4
	case step.OpAccum:
		return k == 0
	}
	return false
}

// pack places the values that a stage makes and uses, those that are dead giving room to others; it returns the floats
// taken.
func (l *layout) pack(s stage, base int) int {
	last, read := l.lastUse(s)
	free, top := map[int][]int{}, 0
	put := func(i int) {
		if _, ok := l.fixed[i]; ok && l.of[i] == s {
			return
		}
		if at, ok := l.joined[i]; ok && l.of[i] == s {
			l.stage[s][i] = at
			return
		}
		n := l.rows(i) * l.lanes
		at := top
		if f := free[n]; len(f) > 0 {
			at, free[n] = f[len(f)-1], f[:len(f)-1]
		} else {
			top += apart(n)
		}
		l.stage[s][i] = place{off: base + at, n: n}
	}
	for k, it := range l.items[s] {
		made := l.made(it)
		for _, i := range made {
			if x, ok := l.inherits(s, i, last[k]); ok {
				l.stage[s][i] = l.stage[s][x]
				last[k] = slices.DeleteFunc(last[k], func(j int) bool { return j == x })
				continue
			}
			put(i)
		}
		for _, i := range last[k] {
			if at, ok := l.stage[s][i]; ok && at != l.joined[i] {
				free[at.n] = append(free[at.n], at.off-base)
			}
		}
		for _, i := range made { // a result that nobody reads
			if at, ok := l.stage[s][i]; ok && !read[i] && at != l.joined[i] {
				free[at.n] = append(free[at.n], at.off-base)
			}
		}
	}
	return top
}

// made lists the nodes whose values in lanes an item stores.
func (l *layout) made(it item) (nodes []int) {
	switch {
	case it.port != nil:
	case it.chain != nil:
		for _, i := range it.chain.heads {
			nodes = append(nodes, l.results(i)...)
		}
		for _, o := range it.chain.out {
			if i := it.chain.nodes[o]; l.p.Nodes[i].Op != step.OpAccum {
				nodes = append(nodes, i)
			}
		}
	case l.p.Nodes[it.node].Op == step.OpOuter, l.p.Nodes[it.node].Op == step.OpAccum:
	case l.p.Nodes[it.node].Op == step.OpSynapsesT:
		nodes = []int{it.node}
	default:
		nodes = l.results(it.node)
	}
	return nodes
}

// lastUse lists, for every item of a stage, the nodes that no later item reads, and tells which are read at all.
func (l *layout) lastUse(s stage) (lists [][]int, read map[int]bool) {
	at, read := map[int]int{}, map[int]bool{}
	var order []int
	see := func(i, k int) {
		i = l.root[i]
		if _, ok := at[i]; !ok {
			order = append(order, i)
		}
		at[i], read[i] = k, true
	}
	for k, it := range l.items[s] {
		switch {
		case it.port != nil:
			see(it.port.node, k)
		case it.chain != nil:
			for _, in := range it.chain.in {
				see(in.node, k)
			}
			for _, i := range it.chain.heads {
				for _, j := range l.p.Nodes[i].In {
					see(j, k)
				}
			}
		default:
			for _, j := range l.reads(it.node) {
				see(j, k)
			}
		}
	}
	lists = make([][]int, len(l.items[s]))
	for _, i := range order {
		lists[at[i]] = append(lists[at[i]], i)
	}
	return lists, read
}

// find gives the place of a value as stage s sees it.
func (l *layout) find(s stage, i int) place {
	r, width := l.root[i], l.lanes
	if l.uniform[r] || s.uniform() {
		width = 1
	}
	at, ok := l.stage[s][r]
	if !ok {
		at, ok = l.fixed[r]
	}
	if s == tail && l.p.Nodes[r].Op == step.OpAcc {
		at, ok = l.total[r]
	}
	if !ok {
		panic("engine: a value has no place in its stage")
	}
	return at.part(l.shift[i], l.rows(i), width)
}

// inLane gives the place of a value in lanes.
func (l *layout) inLane(s stage, i int) place {
	if at, ok := l.spreads[l.root[i]]; ok && !s.uniform() {
		return at.part(l.shift[i], l.rows(i), l.lanes)
	}
	return l.find(s, i)
}
