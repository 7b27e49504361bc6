package engine

import "github.com/elegans-nn/elegans/step"

// stage is when a node runs. Only core and rcore are sequential in time; the others take all times of a chunk.
type stage int

const (
	once    stage = iota // depends on parameters only
	before               // on inputs and time only
	core                 // on the previous state, and feeds the next
	after                // on the state, and feeds nothing back
	rbefore              // reverse: depends on no cotangent of a later state
	rcore                // reverse: depends on one, and feeds that of an earlier state
	rafter               // reverse: depends on one, and feeds none
	tail                 // the reverse of once
	numStages
)

var stageNames = [numStages]string{"once", "before", "core", "after", "rbefore", "rcore", "rafter", "tail"}

// uniform stages run once, on one number a component for all lanes.
func (s stage) uniform() bool { return s == once || s == tail }

// facts are what a node depends on and what depends on it.
type facts struct {
	state, cot, carried bool // depends on a state; on a cotangent; on the cotangent of a state
	next, dstate        bool // feeds the next state; the cotangent of the previous one
}

// stages decides when each live node runs.
func (pl *plan) stages() {
	f := pl.facts()
	steps, last := pl.p.Steps(), pl.tail()
	for i := range pl.p.Nodes {
		if !pl.live[i] {
			continue
		}
		switch s := &pl.of[i]; {
		case pl.p.Nodes[i].Op == step.OpResult:
			*s = pl.of[pl.p.Nodes[i].In[0]]
		case i >= last:
			*s = tail
		case pl.uniform[i]:
			*s = once
		case i < steps:
			*s = f[i].forward()
		default:
			*s = pl.reverseStage(i, f[i])
		}
	}
	pl.settle(f)
}

// facts follows dependences in both directions.
func (pl *plan) facts() []facts {
	p := pl.p
	f := make([]facts, len(p.Nodes))
	for _, s := range p.States {
		f[s.Node].state, f[s.Next].next = true, true
	}
	if a := p.Adjoint; a != nil {
		for s := range p.States {
			f[a.DNext[s]].cot, f[a.DNext[s]].carried = true, true
			f[a.DState[s]].dstate = true
		}
		for _, i := range a.DOutput {
			f[i].cot = true
		}
	}
	for i, n := range p.Nodes {
		for _, j := range n.In {
			f[i].state = f[i].state || f[j].state
			f[i].cot = f[i].cot || f[j].cot
			f[i].carried = f[i].carried || f[j].carried
		}
	}
	for i := len(p.Nodes) - 1; i >= 0; i-- {
		for _, j := range p.Nodes[i].In {
			f[j].next = f[j].next || f[i].next
			f[j].dstate = f[j].dstate || f[i].dstate
		}
	}
	return f
}

// tail is the first node of the tail.
func (pl *plan) tail() int {
	if a := pl.p.Adjoint; a != nil {
		return a.Tail
	}
	return len(pl.p.Nodes)
}

func (f facts) forward() stage {
	switch {
	case !f.state:
		return before
	case f.next:
		return core
	}
	return after
}

// unsettled marks a value of the reverse that depends on no cotangent: it runs where it is first used.
const unsettled = numStages

// reverseStage: element-wise operations and accumulators stay with their producer, so that they share its pass over
// memory.
func (pl *plan) reverseStage(i int, f facts) stage {
	n := &pl.p.Nodes[i]
	switch {
	case n.Op == step.OpAccum || f.cot && !f.dstate && n.Op.Elementwise():
		s := rbefore
		for _, j := range n.In {
			switch {
			case pl.p.Nodes[j].Op == step.OpAcc || j < pl.p.Steps() || pl.of[j] >= unsettled:
			default:
				s = max(s, pl.of[j])
			}
		}
		return s
	case !f.cot:
		return unsettled
	case !f.carried:
		return rbefore
	case f.dstate || n.Op == step.OpCotangent:
		return rcore
	}
	return rafter
}

// settle moves values that depend on no cotangent to the first stage that uses them.
func (pl *plan) settle(f []facts) {
	for i := pl.tail() - 1; i >= pl.p.Steps(); i-- {
		if !pl.live[i] || pl.of[i] == once {
			continue
		}
		for _, j := range pl.p.Nodes[i].In {
			if j >= pl.p.Steps() && !f[j].cot && pl.of[j] != once && pl.p.Nodes[j].Op != step.OpAcc {
				pl.of[j] = min(pl.of[j], pl.of[i])
			}
		}
	}
}
