package export

import (
	"math"
	"slices"

	"github.com/elegans-nn/elegans/step"
)

// fixedModel computes a step in fixed point, bit for bit as the printed code does, in memory of its own: what C shares and
// fuses stands apart here.
type fixedModel struct {
	*fixedStep
	*layout
	memory []int32
	nodes  map[int]*compiled
	reads  map[[2]int]*reading
	y      []int32
}

// compiled is an element-wise operation, ready to be computed.
type compiled struct {
	rule  fixedRule
	calls []applied
	from  [][]int
	maybe []bool // which operands may be missing
	gap   bool   // the result may be
}

// reading is a value as narrow words.
type reading struct {
	from, shift []int
	to          []int32
}

func newFixedModel(x *fixedStep) *fixedModel {
	m := &fixedModel{fixedStep: x, layout: newLayout(x.pl, x.elementary), nodes: map[int]*compiled{}, reads: map[[2]int]*reading{}, y: make([]int32, x.pl.len(x.pl.p.Outputs[0].Node))}
	m.memory = make([]int32, m.size)
	for root := range m.base {
		if x.pl.uniform[root] && !x.pl.phi[root] {
			copy(m.value(root), x.constantOf(root).q)
		}
	}
	return m
}

// elementary tells whether a value of parameters is read as it is, and not only as weights or by others of its kind.
func (x *fixedStep) elementary(root int) bool {
	return slices.ContainsFunc(x.read[root], func(by int) bool {
		if by < 0 {
			return true
		}
		n := &x.pl.p.Nodes[by]
		switch n.Op {
		case step.OpSynapses:
			return false
		case step.OpLinear:
			for k := 1; k < len(n.In); k += 2 {
				if r, _ := x.pl.origin(n.In[k], 0); r == root {
					return true
				}
			}
			return false
		}
		return true
	})
}

// value is that of a root.
func (m *fixedModel) value(root int) []int32 { return m.memory[m.base[root]:][:m.pl.len(root)] }

// reset returns to the zero state.
func (m *fixedModel) reset() {
	for _, s := range m.pl.p.States {
		clear(m.value(s.Node))
	}
}

// step takes a row, or one part of it.
func (m *fixedModel) step(x []int32, dt int32, part []int32) {
	p := m.pl.p
	for _, in := range p.Inputs {
		if m.given(in.Node) {
			copy(m.value(in.Node), x)
		}
	}
	if m.given(p.Time) {
		m.value(p.Time)[0] = dt
	}
	if m.given(p.Part) {
		copy(m.value(p.Part), part)
	}
	m.pl.walk(m.pl.body, m)
}

// at is component k of a value, as a word like another.
func (m *fixedModel) at(i, k int, to word) int32 {
	r, at := m.pl.origin(i, k)
	q := m.memory[m.base[r]+at]
	if q == gone {
		return gone
	}
	return fit(q, m.word(r, at).f-to.f, to.top)
}

// move implements visitor.
func (m *fixedModel) move(from int, to target) {
	var dst []int32
	root := -1
	switch to.kind {
	case toNode:
		root = to.k
	case toState:
		root = m.pl.p.States[to.k].Node
	default:
		dst = m.y
	}
	if root >= 0 {
		dst = m.value(root)
	}
	next := make([]int32, len(dst))
	for k := range next {
		w := m.wordAt(from, k)
		if root >= 0 {
			w = m.word(root, k)
		}
		next[k] = m.at(from, k, w)
	}
	copy(dst, next)
}

// prepare resolves an element-wise operation.
func (m *fixedModel) prepare(i int) *compiled {
	if c, ok := m.nodes[i]; ok {
		return c
	}
	n := &m.pl.p.Nodes[i]
	c := &compiled{rule: fixedRules[n.Op], gap: m.maybe[i]}
	if c.rule.model == nil {
		c.calls, c.from = m.callsOf(i), m.operands(i)
		for _, j := range n.In {
			r, _ := m.pl.operand(j, 0)
			c.maybe = append(c.maybe, m.maybe[r])
		}
	}
	m.nodes[i] = c
	return c
}

// compute implements visitor.
func (m *fixedModel) compute(i int) {
	c := m.prepare(i)
	if c.rule.model != nil {
		c.rule.model(m, i)
		return
	}
	var operands [5]int32
	choice, y := m.pl.p.Nodes[i].Op == step.OpSelect, m.value(i)
	for k := range c.calls {
		a, x, missing := &c.calls[k], operands[:len(c.maybe)], false
		for q, at := range c.from[k] {
			x[q] = m.memory[at]
			missing = missing || x[q] == gone && c.maybe[q]
		}
		if choice && missing {
			q := 1
			if x[0] == 0 {
				q = 2
			}
			missing = x[q] == gone && c.maybe[q]
		}
		if missing && c.gap {
			y[k] = gone
		} else {
			y[k] = c.rule.eval(x, a.args, a.in, a.out)
		}
	}
}

// narrowed are the components of operand k of a node as narrow words at an exponent.
func (m *fixedModel) narrowed(node, k, f int) []int32 {
	r, ok := m.reads[[2]int{node, k}]
	if !ok {
		i := m.pl.p.Nodes[node].In[k]
		r = &reading{from: m.components(node, k), to: make([]int32, m.pl.len(i))}
		for q := range r.to {
			r.shift = append(r.shift, m.wordAt(i, q).f-f)
		}
		m.reads[[2]int{node, k}] = r
	}
	for q, at := range r.from {
		r.to[q] = fit(m.memory[at], r.shift[q], top16)
	}
	return r.to
}

func (m *fixedModel) linear(i int) {
	n := &m.pl.p.Nodes[i]
	width, list := n.Shape.Inner, m.terms(i)
	sums := make([]int32, n.Shape.Len()*len(list))
	for k, t := range list {
		x, cols := m.narrowed(i, 2*k+1, t.xf), m.pl.p.Nodes[t.x].Shape.Inner
		var w []int32
		if t.table != nil {
			w = t.table.q
		} else {
			w = m.narrowed(i, 2*k, t.wf[0])
		}
		for o := range n.Shape.Outer {
			n.Edges[k].Each(cols, width, func(q, from, to int) {
				sums[(o*width+to)*len(list)+k] += w[q] * x[o*cols+from] >> t.down
			})
		}
	}
	y := m.value(i)
	for c := range y {
		top := m.word(i, c%width).top
		if len(list) == 1 {
			y[c] = fit(sums[c], list[0].out[c%width], top)
			continue
		}
		sum := int32(0)
		for k, t := range list {
			sum += fit(sums[c*len(list)+k], t.out[c%width], 1<<28-1)
		}
		y[c] = fit(sum, spare, top)
	}
}

func (m *fixedModel) synapses(i int) {
	n, s := &m.pl.p.Nodes[i], m.synapsesOf(i)
	v := m.narrowed(i, 0, s.vf)
	G, I := make([]int32, n.Shape.Len()), make([]int32, n.Shape.Len())
	for k, e := range n.Edges[0].List {
		d := fit(v[e.From], s.vf-s.g, top32) - fit(s.m.q[k], s.m.f[0]-s.g, top32)
		z := sigmoid(s.s.q[k]*d, s.s.f[0]+s.g)
		G[e.To] += s.w.q[k] * z >> s.down
		I[e.To] += s.we.q[k] * z >> s.downI
	}
	all := m.pl.all(i)
	for k := range G {
		m.value(i)[k] = fit(G[k], s.G, top16)
		if len(all) > 1 && all[1] >= 0 {
			m.value(all[1])[k] = fit(I[k], s.I, top16)
		}
	}
}

func (m *fixedModel) sum(i int) {
	n := &m.pl.p.Nodes[i]
	s, f := m.pl.p.Nodes[n.In[0]].Shape, m.narrow(n.In[0])
	x, sums := m.narrowed(i, 0, f), make([]int32, m.pl.len(i))
	for k, v := range x {
		if step.Axis(n.Index[0]) == step.Outer {
			sums[k%s.Inner] += v
		} else {
			sums[k/s.Inner] += v
		}
	}
	for k, v := range sums {
		w := m.word(i, k)
		m.value(i)[k] = fit(v, f-w.f, w.top)
	}
}

// expBits is the exponent of e^x within a softmax.
const expBits = 15

func (m *fixedModel) softmax(i int) {
	n := &m.pl.p.Nodes[i]
	f, inner := m.narrow(n.In[0]), n.Shape.Inner
	x, y := m.narrowed(i, 0, f), m.value(i)
	for o := range n.Shape.Outer {
		top, sum := int32(math.MinInt32), int32(0)
		for _, v := range x[o*inner:][:inner] {
			top = max(top, v)
		}
		for k := o * inner; k < (o+1)*inner; k++ {
			y[k] = exponential(x[k]-top, f, expBits, top16)
			sum += y[k]
		}
		for k := o * inner; k < (o+1)*inner; k++ {
			w := m.word(i, k)
			y[k] = ratio(y[k], sum, -w.f, w.top)
		}
	}
}

// sources are where the components of an operation come from that only puts them elsewhere.
func (x *fixedStep) sources(i int) (list [][2]int) {
	n := &x.pl.p.Nodes[i]
	add := func(j, k int) { list = append(list, [2]int{j, k}) }
	switch n.Op {
	case step.OpConcat:
		for _, j := range n.In {
			for k := range x.pl.len(j) {
				add(j, k)
			}
		}
	case step.OpGather:
		for _, k := range n.Index {
			add(n.In[0], k)
		}
	case step.OpSlice:
		for k := range n.Shape.Len() {
			add(n.In[0], n.Index[0]+k)
		}
	case step.OpBroadcast:
		from := x.pl.p.Nodes[n.In[0]].Shape
		for o := range n.Shape.Outer {
			for k := range n.Shape.Inner {
				add(n.In[0], min(o, from.Outer-1)*from.Inner+min(k, from.Inner-1))
			}
		}
	}
	return list
}

// place puts components elsewhere.
func (m *fixedModel) place(i int) {
	y := make([]int32, m.pl.len(i))
	for k, s := range m.sources(i) {
		y[k] = m.at(s[0], s[1], m.word(i, k))
	}
	copy(m.value(i), y)
}
