package export

import (
	"slices"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/step"
)

// plan is a step ready to be printed: what is computed in which order, and the values of all that depends on parameters
// only.
type plan struct {
	p       *step.Program // with operands as folding has left them
	live    []bool
	uniform []bool
	phi     map[int]bool
	// root and shift resolve views: component k of node i is component k + shift[i] of root[i].
	root, shift []int
	results     map[int][]int // of nodes with several results: the nodes, -1 where nobody reads one
	computed    map[int]bool  // by some item
	table       func(node int) []float32
	body        []item
	position    int
}

// item is one thing to do, at a place in the order; a loop goes on to end.
type item struct {
	kind    itemKind
	at, end int
	node    int    // single: an operation that mixes components, with all its results
	fuse    *chain // chained
	loop    *loop  // looped
	from    int    // copied: a node
	to      target // copied
}

type itemKind int

const (
	single itemKind = iota
	chained
	looped
	copied
)

// target is where a copy goes.
type target struct {
	kind targetKind
	k    int // the node, or the number of the state
}

type targetKind int

const (
	toNode targetKind = iota
	toState
	toOutput
)

// newPlan plans a program with one output.
func newPlan(p *step.Program, theta []float32) (*plan, error) {
	pl := &plan{uniform: p.Uniform(), live: live(p), results: map[int][]int{}}
	f := fold(p, pl.live)
	list := f.span(0, len(p.Nodes))
	q := *p
	q.Nodes, q.States, q.Outputs = f.nodes, slices.Clone(p.States), slices.Clone(p.Outputs)
	for k := range q.States {
		q.States[k].Next = f.to(p.States[k].Next)
	}
	for k := range q.Outputs {
		q.Outputs[k].Node = f.to(p.Outputs[k].Node)
	}
	pl.p, pl.phi = &q, f.phi
	pl.views()
	pl.table = tables(p, theta)
	pl.body = newAgenda(pl, list).run(list)
	pl.body = append(pl.body, item{kind: copied, from: q.Outputs[0].Node, to: target{toOutput, 0}})
	moves, err := pl.moves()
	if err != nil {
		return nil, err
	}
	pl.body = append(pl.body, moves...)
	pl.number(pl.body)
	pl.computed = map[int]bool{}
	for _, i := range pl.made(pl.body) {
		pl.computed[i] = true
	}
	return pl, nil
}

// moves gives the states their next values. One that becomes what another was comes before the other.
func (pl *plan) moves() (items []item, err error) {
	states, written := pl.p.States, map[int]bool{}
	for len(written) < len(states) {
		n := len(written)
		for k, s := range states {
			waits := slices.ContainsFunc(states, func(o step.State) bool {
				return o.Next == s.Node && o.Node != s.Node && !written[o.Node]
			})
			if !written[s.Node] && !waits {
				written[s.Node] = true
				items = append(items, item{kind: copied, from: s.Next, to: target{toState, k}})
			}
		}
		if n == len(written) {
			return nil, refused("states change places with each other")
		}
	}
	return items, nil
}

// delayed tells whether a slice of a state is the next value of one, which has to be taken before states change.
func (pl *plan) delayed(i int) bool {
	r := pl.p.Nodes[i].In[0]
	for pl.root[r] != r {
		r = pl.root[r]
	}
	return pl.p.Nodes[r].Op == step.OpState && slices.ContainsFunc(pl.p.States, func(s step.State) bool { return s.Next == i })
}

// live marks what the states and outputs depend on.
func live(p *step.Program) []bool {
	l := make([]bool, len(p.Nodes))
	for _, s := range p.States {
		l[s.Next] = true
	}
	for _, o := range p.Outputs {
		l[o.Node] = true
	}
	for i := len(p.Nodes) - 1; i >= 0; i-- {
		if l[i] {
			for _, j := range p.Nodes[i].In {
				l[j] = true
			}
		}
	}
	return l
}

// views resolves slices, and lists the results of operations with several.
func (pl *plan) views() {
	n := len(pl.p.Nodes)
	pl.root, pl.shift = make([]int, n), make([]int, n)
	for i, node := range pl.p.Nodes {
		pl.root[i] = i
		switch {
		case pl.phi[i]:
		case node.Op == step.OpSlice && !pl.delayed(i):
			pl.root[i], pl.shift[i] = pl.root[node.In[0]], pl.shift[node.In[0]]+node.Index[0]
		case node.Op == step.OpResult && pl.live[i]:
			of, k := node.In[0], node.Index[0]
			for len(pl.results[of]) <= k {
				pl.results[of] = append(pl.results[of], -1)
			}
			pl.results[of][0], pl.results[of][k] = of, i
		}
	}
}

// tables computes what depends on parameters and constants only, in float64, and rounds it once.
func tables(p *step.Program, theta []float32) func(node int) []float32 {
	wide := make([]float64, len(theta))
	for k, v := range theta {
		wide[k] = float64(v)
	}
	o := engine.NewOracle(p, 1, wide)
	o.Step()
	return func(node int) []float32 {
		values := o.Value(node)
		t := make([]float32, len(values))
		for k, v := range values {
			t[k] = float32(v)
		}
		return t
	}
}

// number gives all items their places in the order.
func (pl *plan) number(items []item) {
	for k := range items {
		it := &items[k]
		it.at = pl.position
		pl.position++
		if it.kind == looped {
			pl.number(it.loop.body)
			it.end = pl.position
			pl.position++
		}
	}
}

// producer is the node whose item computes a value.
func (pl *plan) producer(i int) int {
	i = pl.root[i]
	if n := &pl.p.Nodes[i]; n.Op == step.OpResult && !pl.phi[i] {
		return n.In[0]
	}
	return i
}

// given tells whether a value is there before anything is computed.
func (pl *plan) given(i int) bool { return pl.uniform[i] || pl.p.Nodes[i].Op.Leaf() }

// all are the results of a node that something reads.
func (pl *plan) all(i int) []int {
	if r, ok := pl.results[i]; ok {
		return r
	}
	return []int{i}
}

func (pl *plan) len(i int) int { return pl.p.Nodes[i].Shape.Len() }
