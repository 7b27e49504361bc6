package engine

import (
	"fmt"
	"slices"

	"github.com/elegans-nn/elegans/engine/internal/kernel"
	"github.com/elegans-nn/elegans/step"
)

// RealTime runs one stream of a program and carries, exactly, the derivative of its state by every parameter,
//
//	S' = M + S J,   J = ∂h'/∂h,   M = ∂h'/∂θ at fixed h
//
// where h is the flat state: real-time recurrent learning, which gives gradients without going back in time. J and M come
// from one reverse of one step with unit cotangents; the unit cotangents of the outputs, beside them, give ∂y/∂θ in the
// same product. With θ fixed, Gradient is that of backpropagation through the whole history; where θ changes from step to
// step, S is that of the values each step had, as in any real-time learning.
//
// Structure is found from the program: a component of the state that a parameter has no path to has no place in S and
// takes no part in the product, and components that no parameter reaches both share a column. So S has as many columns as
// a parameter reaches components at most: one, where no component acts on another.
//
// Time and memory of a step are those of columns × parameters, times what a parameter reaches for the product. A RealTime
// belongs to one goroutine and allocates nothing after NewRealTime.
type RealTime struct {
	e          *Engine
	p          *step.Program
	lanes      int
	first      int // lane of the first component of the differentiated outputs
	width      int // components of those
	work       []float32
	leaves     int
	m, s       []float32 // M while a step is taken, and S, [parameter in order of blocks][lane]
	position   []int32   // of each parameter in that order, in numbers
	back, last *kernel.Rows
	blocks     []influence
	terms      int
}

// influence is a range of parameters that reach the same components.
type influence struct {
	from, to int
	add      *kernel.Influence
}

// RealTimeOptions of NewRealTime.
type RealTimeOptions struct {
	// Outputs are the numbers of those outputs whose derivative is wanted.
	Outputs []int
	// Memory bounds the bytes of S; 1 GiB if zero.
	Memory int
}

// NewRealTime prepares a program without reverse. The state and S are zero. The error says why a program cannot be learned
// in real time: its reverse is no linear map that the engine knows, or S would be too large.
func NewRealTime(p *step.Program, o RealTimeOptions) (*RealTime, error) {
	if o.Memory == 0 {
		o.Memory = 1 << 30
	}
	l, err := linearise(p, o.Outputs)
	if err != nil {
		return nil, err
	}
	n := p.StateWidth()
	g := l.paths(n)
	r := &RealTime{p: p, first: g.colours, width: l.leaves - n, leaves: l.leaves}
	r.lanes = (r.first + r.width + 7) &^ 7
	if need := 8 * r.lanes * p.ParamCount(); need > o.Memory {
		return nil, fmt.Errorf("engine: the derivatives of %d state components and %d outputs by %d parameters need %d bytes, the limit is %d", n, r.width, p.ParamCount(), need, o.Memory)
	}
	r.e = Compile(l.primal, Options{wanted: l.coefficients()})
	order := r.arrange(l, g)
	r.compile(l, g, order)
	for i := range n {
		r.work[i*r.lanes+g.color[i]] = 1
	}
	for o := range r.width {
		r.work[(n+o)*r.lanes+r.first+o] = 1
	}
	return r, nil
}

// coefficients lists the nodes that rows read.
func (l *linear) coefficients() (nodes []int) {
	seen := map[int]bool{l.one: true}
	nodes = append(nodes, l.one)
	for _, r := range l.rows {
		for _, e := range r {
			if e.coef == unit {
				continue
			}
			if i, _ := l.origin(e.coef, e.at); !seen[i] {
				seen[i] = true
				nodes = append(nodes, i)
			}
		}
	}
	return nodes
}

// origin finds the node and component that a component of copies stands for.
func (l *linear) origin(i, at int) (node, component int) {
	for {
		n := &l.primal.Nodes[i]
		switch n.Op {
		case step.OpSlice:
			at += n.Index[0]
		case step.OpGather:
			at = n.Index[at]
		case step.OpBroadcast:
			a := l.primal.Nodes[n.In[0]].Shape
			at = min(at/n.Shape.Inner, a.Outer-1)*a.Inner + min(at%n.Shape.Inner, a.Inner-1)
		default:
			return i, at
		}
		i = n.In[0]
	}
}

// arrange orders the parameters by what they reach, so that those with the same paths are one block of S, and then by
// the terms of their rows.
func (r *RealTime) arrange(l *linear, g *paths) (order []int) {
	of := map[string]int{}
	var members [][]int
	for q, s := range g.params {
		key := s.key()
		k, ok := of[key]
		if !ok {
			k = len(members)
			of[key], members = k, append(members, nil)
		}
		members[k] = append(members[k], q)
	}
	for _, list := range members {
		slices.SortStableFunc(list, func(a, b int) int { return len(l.rows[l.params[a]]) - len(l.rows[l.params[b]]) })
		r.blocks = append(r.blocks, influence{from: len(order), to: len(order) + len(list)})
		order = append(order, list...)
	}
	r.position = make([]int32, len(order))
	for at, q := range order {
		r.position[q] = int32(at * r.lanes)
	}
	return order
}

// compile places the rows: leaves, then the others by the number of rows that must come before them, so that sums that
// do not wait for each other stand together; those of the parameters by themselves, in the order of S.
func (r *RealTime) compile(l *linear, g *paths, order []int) {
	level, of := make([]int, len(l.rows)), make([]int, len(l.rows))
	owned := make([]bool, len(l.rows))
	for _, i := range l.params {
		owned[i] = true
	}
	var rows []int
	for i, row := range l.rows {
		for _, e := range row {
			level[i] = max(level[i], level[e.row]+1)
		}
		if i >= l.leaves && !owned[i] {
			rows = append(rows, i)
		}
	}
	slices.SortStableFunc(rows, func(a, b int) int {
		if level[a] != level[b] {
			return level[a] - level[b]
		}
		return len(l.rows[a]) - len(l.rows[b])
	})
	for i := range l.leaves {
		of[i] = i
	}
	for k, i := range rows {
		of[i] = l.leaves + k
	}
	terms := func(i int) (list [][2]int) {
		for _, e := range l.rows[i] {
			node, at := l.one, 0
			if e.coef != unit {
				node, at = l.origin(e.coef, e.at)
			}
			list = append(list, [2]int{r.e.lay.fixed[node].at(0) + at, of[e.row]})
		}
		return list
	}
	r.back, r.last = kernel.NewRows(r.lanes), kernel.NewRows(r.lanes)
	for _, i := range rows {
		r.back.Add(terms(i)...)
	}
	for _, q := range order {
		r.last.Add(terms(l.params[q])...)
	}
	r.work = make([]float32, (l.leaves+len(rows))*r.lanes)
	r.m, r.s = make([]float32, len(order)*r.lanes), make([]float32, len(order)*r.lanes)
	for k := range r.blocks {
		b := &r.blocks[k]
		var pairs [][2]int
		for _, i := range g.params[order[b.from]].members() {
			pairs = append(pairs, [2]int{g.color[i], of[l.state[i]]})
		}
		b.add = kernel.NewInfluence(r.lanes, pairs...)
		r.terms += (b.to - b.from) * len(pairs)
	}
}

// SetParams takes the parameters, in the flat order of the program. S stays what it is: the derivative by those values
// that each step had.
func (r *RealTime) SetParams(theta []float32) { r.e.SetParams(theta) }

// Input is input k, to be written before Step.
func (r *RealTime) Input(k int) []float32 { return r.e.Input(k, 0) }

// DT is the elapsed time, one number, to be written before Step; nil if the program does not look at it.
func (r *RealTime) DT() []float32 { return r.e.DT(0) }

// State is state s: the one after the last Step, from which the next one goes on.
func (r *RealTime) State(s int) []float32 { return r.e.State(s) }

// Output is output k after Step.
func (r *RealTime) Output(k int) []float32 { return r.e.Output(k, 0) }

// Step advances the state and S by one row.
func (r *RealTime) Step() {
	r.e.Forward(1)
	coef := r.e.mem
	r.back.Run(r.work[r.leaves*r.lanes:], r.work, coef)
	r.last.Run(r.m, r.work, coef)
	for i := range r.blocks {
		b := &r.blocks[i]
		b.add.Add(r.m[b.from*r.lanes:b.to*r.lanes], r.s[b.from*r.lanes:b.to*r.lanes], r.work)
	}
	r.m, r.s = r.s, r.m
}

// Width is the number of components of the differentiated outputs, in the order of RealTimeOptions.
func (r *RealTime) Width() int { return r.width }

// Gradient is dst[q] = Σ_o dy[o] ∂y[o]/∂θ[q] of the last Step: the gradient of a loss with slope dy at the differentiated
// outputs. It panics where dst has not one number a parameter, or dy not one a component.
func (r *RealTime) Gradient(dst, dy []float32) {
	if len(dst) != len(r.position) || len(dy) != r.width {
		panic("engine: a gradient needs a place for every parameter and a slope for every output")
	}
	clear(dst)
	for o, d := range dy {
		s := r.s[r.first+o:]
		for q, at := range r.position {
			dst[q] += float32(d * s[at])
		}
	}
}

// Forget makes state and S zero, as at the beginning of a series.
func (r *RealTime) Forget() {
	for k := range r.p.States {
		clear(r.e.State(k))
	}
	clear(r.s)
}

// Bytes is the memory of the step, of S, and of what carries it on.
func (r *RealTime) Bytes() int {
	return r.e.Bytes() + 4*(len(r.work)+len(r.m)+len(r.s)+len(r.position)) + r.back.Bytes() + r.last.Bytes()
}

// FLOPs is the number of floating point operations of the reverse and of the product of one Step, in all lanes.
func (r *RealTime) FLOPs() float64 {
	return 2 * float64(r.lanes) * float64(r.back.Terms()+r.last.Terms()+r.terms)
}

// Plan prints what a Step runs: the plan of the step and of the coefficients of its reverse, and then the sums of rows.
func (r *RealTime) Plan() string {
	text := r.e.Plan()
	text += fmt.Sprintf("real time: %d lanes, %d columns for %d state components, %d for outputs\n", r.lanes, r.first, r.p.StateWidth(), r.width)
	text += fmt.Sprintf("  reverse: %d products in %d rows, then %d in %d rows of parameters\n", r.back.Terms(), len(r.work)/r.lanes-r.leaves, r.last.Terms(), len(r.position))
	return text + fmt.Sprintf("  S' = M + S J: %d products, in %d blocks of parameters with the same paths\n", r.terms, len(r.blocks))
}

// Chains lists the texts of the plan's chains; see Engine.Chains.
func (r *RealTime) Chains() []string { return r.e.Chains() }
