package engine

import (
	"fmt"
	"math"
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
// takes no part in the product, and components that no parameter reaches both share a column. Where no component acts on
// another, one column is enough for all.
//
// Memory is that of parameters × columns, time that of parameters × columns × the components that a parameter reaches. A
// RealTime belongs to one goroutine and allocates nothing after NewRealTime.
type RealTime struct {
	e        *Engine
	p        *step.Program
	lanes    int
	first    int // lane of the first component of the differentiated outputs
	width    int // components of those
	work     []float32
	leaves   int
	s, next  []float32 // S, [parameter][lane], before and after a step; one where the kernel works in place
	back     *kernel.Rows
	carry    *kernel.Carry
	blocks   int // of parameters that reach the same components
	products int // by which S is carried on
}

// RealTimeOptions of NewRealTime.
type RealTimeOptions struct {
	// Outputs are the numbers of those outputs whose derivative is wanted.
	Outputs []int
	// Memory bounds the bytes of S and of the rows that carry it on; 1 GiB if zero, and 2 GiB at most.
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
	r := &RealTime{p: p, first: g.columns, width: l.leaves - n, leaves: l.leaves}
	r.lanes = (r.first + r.width + 7) &^ 7
	count := len(l.rows) // those of the parameters stand in S
	if !kernel.InPlace(r.lanes) {
		count += p.ParamCount()
	}
	if need := 4 * r.lanes * count; need > min(o.Memory, math.MaxInt32) { // kernels have places in 32 bits
		return nil, fmt.Errorf("engine: the derivatives of %d state components and %d outputs by %d parameters need %d bytes, the limit is %d",
			n, r.width, p.ParamCount(), need, min(o.Memory, math.MaxInt32))
	}
	r.e = Compile(l.primal, Options{wanted: l.coefficients()})
	of := r.compile(l)
	r.arrange(l, g, of)
	for i := range n {
		r.work[i*r.lanes+g.column[i]] = 1
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

// compile places the rows but for those of the parameters: leaves, then the others by the number of rows that must come
// before them, so that sums that do not wait for each other stand together. It returns their places.
func (r *RealTime) compile(l *linear) (of []int) {
	level, owned := make([]int, len(l.rows)), make([]bool, len(l.rows))
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
	of = make([]int, len(l.rows))
	for i := range l.leaves {
		of[i] = i
	}
	for k, i := range rows {
		of[i] = l.leaves + k
	}
	r.back = kernel.NewRows(r.lanes)
	for _, i := range rows {
		var terms [][2]int
		for _, e := range l.rows[i] {
			terms = append(terms, [2]int{r.number(l, e), of[e.row]})
		}
		r.back.Add(terms...)
	}
	r.work = make([]float32, (l.leaves+len(rows))*r.lanes)
	return of
}

// number is where the coefficient of an entry stands in the engine's memory.
func (r *RealTime) number(l *linear, e entry) int {
	node, at := l.one, 0
	if e.coef != unit {
		node, at = l.origin(e.coef, e.at)
	}
	return r.e.lay.fixed[node].at(0) + at
}

// tile are parameters that are carried on together: they reach the same components, and their rows are sums of the same
// rows.
type tile struct {
	block  kernel.Block
	params []int
	from   []int
}

// arrange groups the parameters into tiles.
func (r *RealTime) arrange(l *linear, g *paths, of []int) {
	r.carry = kernel.NewCarry(r.lanes)
	blocks, at := map[string]kernel.Block{}, map[string]int{}
	var tiles []tile
	for q, s := range g.params {
		reach := s.key()
		b, ok := blocks[reach]
		if !ok {
			var pairs [][2]int
			for _, i := range s.members() {
				pairs = append(pairs, [2]int{g.column[i], of[l.state[i]]})
			}
			b = r.carry.Block(pairs...)
			blocks[reach] = b
		}
		r.products += s.count()
		row := l.rows[l.params[q]]
		slices.SortStableFunc(row, func(a, b entry) int { return a.row - b.row })
		var from []int
		for _, e := range row {
			from = append(from, of[e.row])
		}
		key := fmt.Sprint(reach, from)
		k, ok := at[key]
		if !ok {
			k = len(tiles)
			at[key], tiles = k, append(tiles, tile{block: b, from: from})
		}
		tiles[k].params = append(tiles[k].params, q)
	}
	r.blocks = len(blocks)
	slices.SortStableFunc(tiles, func(a, b tile) int { return len(a.from) - len(b.from) })
	for _, t := range tiles {
		r.addTile(l, t)
	}
	r.s = make([]float32, len(g.params)*r.lanes)
	if r.next = r.s; !kernel.InPlace(r.lanes) {
		r.next = make([]float32, len(r.s))
	}
}

// addTile hands a tile to the kernel in equal parts that it can take.
func (r *RealTime) addTile(l *linear, t tile) {
	const most = 4
	for n := (len(t.params) + most - 1) / most; n > 0; n-- {
		part := t.params[:(len(t.params)+n-1)/n]
		t.params = t.params[len(part):]
		coefs := make([][]int, len(part))
		for i, q := range part {
			for _, e := range l.rows[l.params[q]] {
				coefs[i] = append(coefs[i], r.number(l, e))
			}
		}
		r.carry.Add(t.block, part, t.from, coefs)
	}
}

// SetParams takes the parameters, in the flat order of the program. S stays what it is: the derivative by those values
// that each step had.
func (r *RealTime) SetParams(theta []float32) { r.e.SetParams(theta) }

// Input is input k, to be written before Step.
func (r *RealTime) Input(k int) []float32 { return r.e.Input(k, 0) }

// DT is the elapsed time, one number, to be written before Step; nil if the program does not look at it.
func (r *RealTime) DT() []float32 { return r.e.DT(0) }

// Part is which part of a row the step is, step.PartWidth numbers, to be written before Step; zero at first, for a row that is
// one step; nil if that makes no difference to the program.
func (r *RealTime) Part() []float32 { return r.e.Part(0) }

// State is state s: the one after the last Step, from which the next one goes on.
func (r *RealTime) State(s int) []float32 { return r.e.State(s) }

// Output is output k after Step.
func (r *RealTime) Output(k int) []float32 { return r.e.Output(k, 0) }

// Step advances the state and S by one row.
func (r *RealTime) Step() {
	r.e.Forward(1)
	r.back.Run(r.work[r.leaves*r.lanes:], r.work, r.e.mem)
	r.carry.Run(r.next, r.s, r.work, r.e.mem)
	r.s, r.next = r.next, r.s
}

// Width is the number of components of the differentiated outputs, in the order of RealTimeOptions.
func (r *RealTime) Width() int { return r.width }

// Gradient is dst[q] = Σ_o dy[o] ∂y[o]/∂θ[q] of the last Step: the gradient of a loss with slope dy at the differentiated
// outputs. It panics where dst has not one number a parameter, or dy not one a component.
func (r *RealTime) Gradient(dst, dy []float32) {
	if len(dst)*r.lanes != len(r.s) || len(dy) != r.width {
		panic("engine: a gradient needs a place for every parameter and a slope for every output")
	}
	clear(dst)
	if len(dst) == 0 {
		return // S has no rows
	}
	for o, d := range dy {
		s, lanes := r.s[r.first+o:], r.lanes
		for q := range dst {
			dst[q] += float32(d * s[q*lanes])
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
	n := len(r.work) + len(r.s)
	if !kernel.InPlace(r.lanes) {
		n += len(r.next)
	}
	return r.e.Bytes() + 4*n + r.back.Bytes() + r.carry.Bytes()
}

// FLOPs is the number of floating point operations of the reverse and of the product of one Step, in all lanes.
func (r *RealTime) FLOPs() float64 {
	return 2 * float64(r.lanes) * float64(r.back.Terms()+r.carry.Terms())
}

// Plan prints what a Step runs: the plan of the step and of the coefficients of its reverse, and then the sums of rows.
func (r *RealTime) Plan() string {
	text := r.e.Plan()
	text += fmt.Sprintf("real time: %d lanes, %d columns for %d state components, %d for outputs\n", r.lanes, r.first, r.p.StateWidth(), r.width)
	text += fmt.Sprintf("  reverse: %d products in %d rows, then %d in %d rows of parameters\n", r.back.Terms(), len(r.work)/r.lanes-r.leaves, r.carry.Terms()-r.products, len(r.s)/r.lanes)
	return text + fmt.Sprintf("  S' = M + S J: %d products, in %d blocks of parameters with the same paths\n", r.products, r.blocks)
}

// Chains lists the texts of the plan's chains; see Engine.Chains.
func (r *RealTime) Chains() []string { return r.e.Chains() }
