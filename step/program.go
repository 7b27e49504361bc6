// Package step holds the one idea of elegans: a recurrent cell is a small program over vectors,
//
//	x(t), dt, state h  ->  state h', output y
//
// written once with a Builder. Training, online learning, streaming, cost, explanation and export are derived from the
// Program and never written again per cell. A program is a list of operations in single-assignment form; every value
// has a fixed shape; it runs for any number of lanes (independent copies: samples of a batch, streams of a server) at
// once. The operations are rows of one table (see Row), each with its shape rule, forward, reverse and cost.
package step

import "fmt"

// Shape is [Outer][Inner], row-major. A plain vector is [1][n].
type Shape struct{ Outer, Inner int }

// Vector is the shape of a plain vector of n components.
func Vector(n int) Shape { return Shape{1, n} }

// Len is the number of components.
func (s Shape) Len() int { return s.Outer * s.Inner }

// String is n for a vector and n×m for a matrix.
func (s Shape) String() string {
	if s.Outer == 1 {
		return fmt.Sprint(s.Inner)
	}
	return fmt.Sprintf("%d×%d", s.Outer, s.Inner)
}

// Node is one operation. In are the nodes of its operands, always with lower numbers.
type Node struct {
	Op    Op
	In    []int
	Shape Shape
	Data  []float64 // Const: the numbers, one or Shape.Len()
	Index []int     // Gather and Scatter: positions; Slice and Pad: [offset]; Result: [k]; leaves: the number of their port
	Edges []*Edges  // Linear and its reverse: one an operand, nil means dense; Synapses and its reverse: one
}

// Port is a named input or result of a program.
type Port struct {
	Name string
	Node int
}

// State is a named value carried from step to step.
type State struct {
	Name string
	Node int // the leaf: its value before the step
	Next int // its value after the step
	// Held says that it is read between the parts of a row only: what it is after a row means nothing. See Builder.Hold.
	Held bool
}

// Region records a Repeat: the nodes of iteration k are Start[k] up to Start[k+1].
type Region struct {
	Start   []int
	Carried [][]int // the carried values before iteration k; the last entry are the results
}

// Program is one step of a recurrent network and, when derived by Reverse, its derivative. It is immutable.
type Program struct {
	Nodes   []Node
	Params  []Param
	Inputs  []Port
	Time    int // the leaf of the elapsed time, -1 if the program does not look at it
	Part    int // the leaf of which part of a row the step is, -1 if that makes no difference; see Divide
	States  []State
	Outputs []Port
	Probes  []Port // named intermediate values, for explanation; nothing else depends on them
	Repeats []Region
	Adjoint *Adjoint // nil unless derived by Reverse
}

// Adjoint says where the derivative of a program begins and ends. Nodes [Start, Tail) are the reverse of one step at
// one time; nodes from Tail on reverse what depends on parameters only, once, after all times.
type Adjoint struct {
	Start, Tail int
	DNext       []int // leaves: cotangent of each state after the step
	DOutput     []int // leaves: cotangent of each output
	DState      []int // cotangent of each state before the step
	DInput      []int // cotangent of each input; -1 where not asked for
	DTime       int   // cotangent of the elapsed time; -1 where not asked for
	Grad        []int // gradient of each parameter, in the tail; -1 where it has no effect
}

// Steps is the number of nodes of the step itself, without its derivative.
func (p *Program) Steps() int {
	if p.Adjoint != nil {
		return p.Adjoint.Start
	}
	return len(p.Nodes)
}

// ParamCount is the number of trained scalars.
func (p *Program) ParamCount() (n int) {
	for _, q := range p.Params {
		n += q.Shape.Len()
	}
	return n
}

// StateWidth is the number of carried scalars; the flat state is the states in their order.
func (p *Program) StateWidth() (n int) {
	for _, s := range p.States {
		n += p.Nodes[s.Node].Shape.Len()
	}
	return n
}

// Input finds the number of a named input, -1 if there is none.
func (p *Program) Input(name string) int { return find(p.Inputs, name) }

// Output finds the number of a named output, -1 if there is none.
func (p *Program) Output(name string) int { return find(p.Outputs, name) }

// Only is the program with just the named outputs, in that order; what serves the others alone becomes dead code. It
// panics where there is no such output.
func (p *Program) Only(outputs ...string) *Program {
	q := *p
	q.Outputs = nil
	for _, name := range outputs {
		k := p.Output(name)
		if k < 0 {
			panic("step: no output " + name)
		}
		q.Outputs = append(q.Outputs, p.Outputs[k])
	}
	return &q
}

// Probe finds the number of a named probe, -1 if there is none.
func (p *Program) Probe(name string) int { return find(p.Probes, name) }

func find(ports []Port, name string) int {
	for i, q := range ports {
		if q.Name == name {
			return i
		}
	}
	return -1
}

// Uniform tells which nodes have one value for all lanes and times, because they depend on parameters and constants
// only. They are computed once per change of the parameters.
func (p *Program) Uniform() []bool {
	u := make([]bool, len(p.Nodes))
	for i, n := range p.Nodes {
		switch n.Op {
		case OpInput, OpTime, OpPart, OpState, OpCotangent:
			continue
		case OpAccum:
			continue
		}
		u[i] = true
		for _, j := range n.In {
			u[i] = u[i] && u[j]
		}
	}
	return u
}

// results finds the Result nodes of each node with several results: results[node][k], -1 where nobody reads it.
func (p *Program) results() map[int][]int {
	m := map[int][]int{}
	for i, n := range p.Nodes {
		if n.Op != OpResult {
			continue
		}
		of, k := n.In[0], n.Index[0]
		for len(m[of]) <= k {
			m[of] = append(m[of], -1)
		}
		m[of][0], m[of][k] = of, i
	}
	return m
}
