package engine

import (
	"slices"

	"github.com/elegans-nn/elegans/step"
)

// push rewrites slices of sums, and of other operations of one FLOP, as operations on slices, where nothing else reads the
// whole: the gates of a cell are slices of one product, and each takes its part of the bias in its own chain then, where a
// chain before would load and store all of them once more. The operations stay the same, and so do all bits.
func push(p *step.Program) *step.Program {
	for {
		r := pusher{p: p, ready: make([]bool, len(p.Nodes)), to: make([]int, len(p.Nodes))}
		if !r.find() {
			return p
		}
		p = r.rewrite()
	}
}

type pusher struct {
	p     *step.Program
	ready []bool // to be written slice by slice
	nodes []step.Node
	to    []int // new numbers
}

// find finds the nodes that only slices read, none of which overlap.
func (r *pusher) find() (any bool) {
	other, sliced := make([]bool, len(r.p.Nodes)), make([]int, len(r.p.Nodes))
	for _, n := range r.p.Nodes {
		for _, j := range n.In {
			if n.Op == step.OpSlice {
				sliced[j] += n.Shape.Len()
			} else {
				other[j] = true
			}
		}
	}
	renumber(r.p, func(i int) int {
		other[i] = true
		return i
	})
	for i, n := range r.p.Nodes {
		r.ready[i] = n.Op.Elementwise() && n.Op.Row().Cost <= 1 && n.Shape.Outer == 1 && !other[i] &&
			sliced[i] > 0 && sliced[i] <= n.Shape.Len()
		any = any || r.ready[i]
	}
	return any
}

// rewrite writes the program anew.
func (r *pusher) rewrite() *step.Program {
	q, tail, start := *r.p, 0, 0
	for i, n := range r.p.Nodes {
		if a := q.Adjoint; a != nil && i == a.Start {
			start = len(r.nodes)
		}
		if a := q.Adjoint; a != nil && i == a.Tail {
			tail = len(r.nodes)
		}
		switch {
		case r.ready[i]:
			continue
		case n.Op == step.OpSlice && r.ready[n.In[0]]:
			n = r.piece(n)
		default:
			n.In = slices.Clone(n.In)
			for k, j := range n.In {
				n.In[k] = r.to[j]
			}
		}
		r.to[i], r.nodes = len(r.nodes), append(r.nodes, n)
	}
	q.Nodes = r.nodes
	q = renumber(&q, func(i int) int { return r.to[i] })
	if a := q.Adjoint; a != nil {
		a.Start = start
		if a.Tail = tail; r.p.Adjoint.Tail == len(r.p.Nodes) {
			a.Tail = len(r.nodes)
		}
	}
	return &q
}

// piece is the operation on the slices of its operands; a single number is the same for all.
func (r *pusher) piece(slice step.Node) step.Node {
	whole := r.p.Nodes[slice.In[0]]
	n := step.Node{Op: whole.Op, Shape: slice.Shape}
	for _, j := range whole.In {
		at := r.to[j]
		if r.p.Nodes[j].Shape.Len() > 1 {
			r.nodes = append(r.nodes, step.Node{Op: step.OpSlice, In: []int{at}, Shape: slice.Shape, Index: slice.Index})
			at = len(r.nodes) - 1
		}
		n.In = append(n.In, at)
	}
	return n
}

// renumber is the program with other numbers of the nodes that it names; it has no Repeats.
func renumber(p *step.Program, to func(i int) int) step.Program {
	q := *p
	list := func(of []int) []int {
		of = slices.Clone(of)
		for k, i := range of {
			if i >= 0 {
				of[k] = to(i)
			}
		}
		return of
	}
	q.Time, q.Part, q.Repeats = list([]int{p.Time})[0], list([]int{p.Part})[0], nil
	q.Params, q.States = slices.Clone(p.Params), slices.Clone(p.States)
	for k := range q.Params {
		q.Params[k].Node = to(p.Params[k].Node)
	}
	for k, s := range p.States {
		q.States[k].Node, q.States[k].Next = to(s.Node), to(s.Next)
	}
	for _, ports := range []*[]step.Port{&q.Inputs, &q.Outputs, &q.Probes} {
		*ports = slices.Clone(*ports)
		for k := range *ports {
			(*ports)[k].Node = to((*ports)[k].Node)
		}
	}
	if p.Adjoint != nil {
		a := *p.Adjoint
		for _, l := range []*[]int{&a.DNext, &a.DOutput, &a.DState, &a.DInput, &a.Grad} {
			*l = list(*l)
		}
		a.DTime = list([]int{a.DTime})[0]
		q.Adjoint = &a
	}
	return q
}
