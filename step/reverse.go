package step

import "slices"

// WRT says what a derivative is taken with respect to, besides parameters and the states that they have an effect on, which
// are always included.
type WRT struct {
	Inputs, Time bool
	// States are all others too. Without it a state that follows from inputs and time alone, such as a window of inputs, has
	// cotangent zero: nothing that is learned lies behind it, and its way back is not computed.
	States bool
}

// Reverse derives the program of the step followed by its reverse: cotangents of states and outputs go in, cotangents
// of the previous states (and of inputs and time where asked for) come out, gradients of parameters gather over time.
//
// A value that depends on parameters only (a bias, a softplus of a weight) first gathers its cotangent over all lanes
// and times in an OpAcc; its own reverse then runs once, in the tail.
func (p *Program) Reverse(wrt WRT) *Program {
	r := reverser{b: p.reopen(), wrt: wrt, n: len(p.Nodes)}
	r.classify()
	return r.run()
}

// reopen copies a program into a builder, so that more can be appended.
func (p *Program) reopen() *Builder {
	b := &Builder{p: *p, seen: map[string]int{}}
	b.p.Nodes = append([]Node(nil), p.Nodes...)
	for i := range p.Nodes {
		if n := &p.Nodes[i]; n.pure() {
			b.seen[n.key()] = i
		}
	}
	return b
}

type reverser struct {
	b   *Builder
	wrt WRT
	n   int
	// learn: depends on something whose cotangent is wanted; uniform: on parameters and constants only
	learn, uniform []bool
	cot            []Vec         // of the node's value
	parts          map[int][]Vec // of a uniform node: what its Acc will gather
	pads           map[int][]Vec // contributions from slices, see join
	results        map[int][]int
	tail           bool
}

func (r *reverser) classify() {
	p := &r.b.p
	r.uniform, r.results = p.Uniform(), p.results()
	r.learn, r.cot, r.parts, r.pads = make([]bool, r.n), make([]Vec, r.n), map[int][]Vec{}, map[int][]Vec{}
	for again := true; again; {
		again = false
		r.spread()
		for _, s := range p.States {
			again = again || r.learn[s.Next] && !r.learn[s.Node]
			r.learn[s.Node] = r.learn[s.Node] || r.learn[s.Next]
		}
	}
}

// spread finds what depends on something whose cotangent is wanted, as far as that is known of the states.
func (r *reverser) spread() {
	for i, n := range r.b.p.Nodes {
		switch n.Op {
		case OpParam:
			r.learn[i] = true
		case OpState:
			r.learn[i] = r.learn[i] || r.wrt.States
		case OpInput:
			r.learn[i] = r.wrt.Inputs
		case OpTime:
			r.learn[i] = r.wrt.Time
		}
		for _, j := range n.In {
			r.learn[i] = r.learn[i] || r.learn[j]
		}
	}
}

func (r *reverser) run() *Program {
	b := r.b
	a := &Adjoint{Start: r.n, DTime: -1}
	leaf := func(ports *[]int, of int) {
		v := b.add(Node{Op: OpCotangent, Shape: b.p.Nodes[of].Shape, Index: []int{len(a.DNext) + len(a.DOutput)}})
		*ports = append(*ports, v.id)
		r.give(of, v)
	}
	for _, s := range b.p.States {
		leaf(&a.DNext, s.Next)
	}
	for _, o := range b.p.Outputs {
		leaf(&a.DOutput, o.Node)
	}
	acc := make([]Vec, r.n)
	for i := r.n - 1; i >= 0; i-- {
		r.join(i)
		switch {
		case !r.learn[i]:
		case r.uniform[i]:
			acc[i] = r.gather(i)
		case r.has(i):
			r.back(i)
		}
	}
	r.ports(a)
	a.Tail, r.tail = len(b.p.Nodes), true
	r.cot = acc
	for i := r.n - 1; i >= 0; i-- {
		r.join(i)
		if r.learn[i] && r.uniform[i] && r.has(i) {
			r.back(i)
		}
	}
	for _, q := range b.p.Params {
		a.Grad = append(a.Grad, r.id(q.Node))
	}
	b.p.Adjoint = a
	p := b.p.prune()
	return p
}

func (r *reverser) id(i int) int {
	if !r.cot[i].OK() {
		return -1
	}
	return r.cot[i].id
}

// ports fixes the results of the reverse; a state that nothing depends on has cotangent zero.
func (r *reverser) ports(a *Adjoint) {
	b := r.b
	for _, s := range b.p.States {
		if !r.cot[s.Node].OK() {
			r.cot[s.Node] = Broadcast(b.Const(0), b.p.Nodes[s.Node].Shape)
		}
		a.DState = append(a.DState, r.cot[s.Node].id)
	}
	for _, in := range b.p.Inputs {
		a.DInput = append(a.DInput, r.id(in.Node))
	}
	if b.p.Time >= 0 {
		a.DTime = r.id(b.p.Time)
	}
}

// has tells whether any result of node i has a cotangent.
func (r *reverser) has(i int) bool {
	if r.cot[i].OK() {
		return true
	}
	for _, k := range r.results[i] {
		if k >= 0 && r.cot[k].OK() {
			return true
		}
	}
	return false
}

// give adds a contribution to the cotangent of node i.
func (r *reverser) give(i int, d Vec) {
	switch {
	case !d.OK() || !r.learn[i]:
	case r.uniform[i] && !r.tail:
		r.parts[i] = append(r.parts[i], d)
	case d.node().Op == OpPad:
		r.pads[i] = append(r.pads[i], d)
	default:
		r.add(i, d)
	}
}

// join adds what came to node i from its slices: side by side where they make up the whole node, for the gates of a cell
// are slices of one product, and a sum of padded vectors would pass over every component as often as there are gates; and
// into what else there is where they leave gaps.
func (r *reverser) join(i int) {
	pads := r.pads[i]
	delete(r.pads, i)
	slices.SortStableFunc(pads, func(x, y Vec) int { return x.node().Index[0] - y.node().Index[0] })
	var parts []Vec
	at := 0
	for _, d := range pads {
		part := Vec{r.b, d.node().In[0]}
		if d.node().Index[0] == at && part.Shape().Outer == 1 {
			parts = append(parts, part)
			at += part.Len()
		}
	}
	if s := r.b.p.Nodes[i].Shape; len(parts) > 0 && len(parts) == len(pads) && at == s.Len() && s.Outer == 1 {
		r.add(i, Concat(parts...))
		return
	}
	if v := r.patch(i, pads); v.OK() {
		r.cot[i] = v
		return
	}
	for _, d := range pads {
		r.add(i, d)
	}
}

// patch is the cotangent of node i with what came from several slices of it, in their order, added where they are: one pass
// over all components, where a padded vector for each slice would take two. It is absent where slices overlap.
func (r *reverser) patch(i int, pads []Vec) Vec {
	s, base := r.b.p.Nodes[i].Shape, r.cot[i]
	if s.Outer > 1 || len(pads) < 2 {
		return Vec{}
	}
	old := func(from, to int) Vec {
		if base.OK() {
			return Slice(base, from, to)
		}
		return Broadcast(r.b.Const(0), Vector(to-from))
	}
	var all []Vec
	at := 0
	for _, d := range pads {
		part, from := Vec{r.b, d.node().In[0]}, d.node().Index[0]
		if from < at || part.Shape().Outer > 1 {
			return Vec{}
		}
		if from > at {
			all = append(all, old(at, from))
		}
		at = from + part.Len()
		if base.OK() {
			part = Add(old(from, at), part)
		}
		all = append(all, part)
	}
	if at < s.Len() {
		all = append(all, old(at, s.Len()))
	}
	return Concat(all...)
}

// add adds a contribution to the cotangent of node i.
func (r *reverser) add(i int, d Vec) {
	switch {
	case !r.cot[i].OK():
		r.cot[i] = d
	case r.cot[i].node().Op == OpLinearT && d.node().Op == OpLinearT: // one sum of products
		x, y := *r.cot[i].node(), *d.node()
		n := Node{Op: OpLinearT, Shape: x.Shape, In: append(append([]int(nil), x.In...), y.In...)}
		n.Edges = append(append(n.Edges, x.Edges...), y.Edges...)
		r.cot[i] = r.b.add(n)
	default:
		r.cot[i] = Add(r.cot[i], d)
	}
}

// gather makes the accumulator of a uniform node. Element-wise contributions are added up before, so that they share
// one pass; those of matrices and synapses are accumulated where they arise.
func (r *reverser) gather(i int) Vec {
	var sum Vec
	var parts []Vec
	for _, d := range r.parts[i] {
		switch op := d.node().Op; {
		case op == OpOuter || op == OpSynapsesT || op == OpResult:
			parts = append(parts, d)
		case !sum.OK():
			sum = d
		default:
			sum = Add(sum, d)
		}
	}
	if sum.OK() {
		parts = append(parts, sum)
	}
	if len(parts) == 0 {
		return Vec{}
	}
	acc := r.b.add(Node{Op: OpAcc, Shape: r.b.p.Nodes[i].Shape, Index: []int{i}})
	for _, d := range parts {
		r.b.apply(Node{Op: OpAccum}, acc, d)
	}
	return acc
}

// back applies the reverse rule of node i.
func (r *reverser) back(i int) {
	n := r.b.p.Nodes[i]
	if n.Op.Leaf() || n.Op == OpResult {
		return // a Result's cotangent is read by the node it belongs to
	}
	a := Adj{Node: &n, Y: Vec{r.b, i}, DY: []Vec{r.cot[i]}}
	for _, j := range n.In {
		a.In = append(a.In, Vec{r.b, j})
	}
	for k, j := range r.results[i] {
		if k == 0 {
			continue
		}
		d := Vec{}
		if j >= 0 {
			d = r.cot[j]
		}
		a.DY = append(a.DY, d)
	}
	for k, d := range n.Op.Row().Reverse(a) {
		r.give(n.In[k], d)
	}
}

// Ragged adds an input "active" of width 1: where it is 0, a lane keeps its states. Series of different lengths run
// together in such a program.
func (p *Program) Ragged() *Program {
	b := p.reopen()
	b.p.States = append([]State(nil), p.States...)
	b.p.Inputs = append([]Port(nil), p.Inputs...)
	active := b.Input("active", 1)
	for i, s := range b.p.States {
		b.p.States[i].Next = Select(active, Vec{b, s.Next}, Vec{b, s.Node}).id
	}
	return &b.p
}

// prune drops the nodes that nothing needs and renumbers the rest. Nodes of the step itself stay.
func (p *Program) prune() *Program {
	a := p.Adjoint
	live := make([]bool, len(p.Nodes))
	for i := range a.Start {
		live[i] = true
	}
	for _, list := range [][]int{a.DNext, a.DOutput, a.DState, a.DInput, a.Grad, {a.DTime}} {
		for _, i := range list {
			if i >= 0 {
				live[i] = true
			}
		}
	}
	for i := len(p.Nodes) - 1; i >= 0; i-- {
		n := p.Nodes[i]
		live[i] = live[i] || n.Op == OpAccum && live[n.In[0]]
		if live[i] {
			for _, j := range n.In {
				live[j] = true
			}
		}
	}
	return p.keep(live)
}

// keep renumbers the program to its live nodes.
func (p *Program) keep(live []bool) *Program {
	a := *p.Adjoint
	to, nodes, tail := make([]int, len(p.Nodes)), []Node(nil), 0
	for i, n := range p.Nodes {
		if i == a.Tail {
			tail = len(nodes)
		}
		if !live[i] {
			continue
		}
		to[i] = len(nodes)
		n.In = renumber(n.In, to)
		nodes = append(nodes, n)
	}
	if a.Tail == len(p.Nodes) {
		tail = len(nodes)
	}
	a.Tail = tail
	for _, list := range []*[]int{&a.DNext, &a.DOutput, &a.DState, &a.DInput, &a.Grad} {
		*list = renumber(*list, to)
	}
	a.DTime = renumber([]int{a.DTime}, to)[0]
	q := *p
	q.Nodes, q.Adjoint = nodes, &a
	return &q
}

func renumber(list, to []int) []int {
	out := make([]int, len(list))
	for k, i := range list {
		if out[k] = i; i >= 0 {
			out[k] = to[i]
		}
	}
	return out
}
