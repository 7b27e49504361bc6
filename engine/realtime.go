package engine

import (
	"fmt"
	"math"
	"slices"

	"github.com/elegans-nn/elegans/engine/internal/kernel"
	"github.com/elegans-nn/elegans/step"
)

// RealTime runs one stream of a program and carries the derivative of its state by every parameter, exactly or, see Rule, in part,
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
	count    int // rows of work
	leaves   int
	params   int
	ones     []int     // places in work of the unit cotangents
	before   []float32 // the state before a step
	moves    []move    // what of J is carried on, for rules that stay within a unit
	parts    []part    // where the gradient is gathered from, but for the exact rule
	slope    []float32 // of a loss at the next state
	ends     []int     // rows of ∂y/∂h', by component of the state
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
	// Rule is what of S is carried along; Exact if zero.
	Rule Rule
}

// NewRealTime prepares a program without reverse. The state and S are zero. The error says why a program cannot be learned
// in real time: its reverse is no linear map that the engine knows, or S would be too large, a *MemoryError.
func NewRealTime(p *step.Program, o RealTimeOptions) (*RealTime, error) {
	r, c, err := planRealTime(p, o)
	if err != nil {
		return nil, err
	}
	r.e = c.allocate()
	r.allocate()
	return r, nil
}

// RealTimeBytes is what Bytes of NewRealTime would be, known before any of it is there. The error is that of NewRealTime.
func RealTimeBytes(p *step.Program, o RealTimeOptions) (int, error) {
	r, c, err := planRealTime(p, o)
	if err != nil {
		return 0, err
	}
	return r.bytes(c.bytes()), nil
}

// MemoryError says that what is carried along would be too large.
type MemoryError struct {
	Need, Limit                 int // bytes
	States, Outputs, Parameters int // components
}

// Error is one line with the sizes it follows from.
func (e *MemoryError) Error() string {
	return fmt.Sprintf("engine: the derivatives of %d state components and %d outputs by %d parameters need %d bytes, the limit is %d",
		e.States, e.Outputs, e.Parameters, e.Need, e.Limit)
}

// planRealTime decides everything, and allocates neither values nor S.
func planRealTime(p *step.Program, o RealTimeOptions) (*RealTime, *compiler, error) {
	if o.Memory == 0 {
		o.Memory = 1 << 30
	}
	l, g, err := o.Rule.structure(p, o.Outputs)
	if err != nil {
		return nil, nil, err
	}
	n := p.StateWidth()
	r := &RealTime{p: p, first: g.columns, width: l.leaves - n, leaves: l.leaves, params: p.ParamCount()}
	r.lanes = (r.first + r.width + 7) &^ 7
	count := len(l.rows) // those of the parameters stand in S
	if !kernel.InPlace(r.lanes) {
		count += p.ParamCount()
	}
	if need := 4 * r.lanes * count; need > min(o.Memory, math.MaxInt32) { // kernels have places in 32 bits
		return nil, nil, &MemoryError{need, min(o.Memory, math.MaxInt32), n, r.width, p.ParamCount()}
	}
	c := arrange(l.primal, Options{wanted: l.coefficients()})
	r.e = c.e
	of := r.compile(l, g)
	r.arrange(l, g, of)
	for i := range n {
		r.ones = append(r.ones, i*r.lanes+g.column[i])
	}
	for o := range r.width {
		r.ones = append(r.ones, (n+o)*r.lanes+r.first+o)
	}
	return r, c, nil
}

// allocate makes the rows and S.
func (r *RealTime) allocate() {
	r.work, r.before = make([]float32, r.count*r.lanes), make([]float32, r.p.StateWidth())
	for _, i := range r.ones {
		r.work[i] = 1
	}
	r.s = make([]float32, r.params*r.lanes)
	if r.next = r.s; !kernel.InPlace(r.lanes) {
		r.next = make([]float32, len(r.s))
	}
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
func (r *RealTime) compile(l *linear, g *paths) (of []int) {
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
	r.count = l.leaves + len(rows)
	r.endsOf(l, g, of)
	return of
}

// move copies a number of work.
type move struct{ to, from int }

// endsOf finds where ∂y/∂h' stands, and makes rows that hold of J only what is carried on.
func (r *RealTime) endsOf(l *linear, g *paths, of []int) {
	if l.cuts != nil {
		r.slope = make([]float32, g.n)
		for _, i := range l.cuts {
			row := -1
			if len(l.rows[i]) > 0 {
				row = of[i]
			}
			r.ends = append(r.ends, row)
		}
	}
	g.row = make([]int, g.n)
	for j := range g.row {
		switch {
		case g.within == nil:
			g.row[j] = of[l.state[j]]
		case len(g.within[j]) == 0:
			g.row[j] = -1
		default:
			g.row[j] = r.count
			for _, w := range g.within[j] {
				at := r.first + w.leaf - g.n
				if w.leaf < g.n {
					at = g.column[w.leaf]
				}
				from := of[l.state[j]]
				if w.own {
					from = of[l.own[j]]
				}
				r.moves = append(r.moves, move{r.count*r.lanes + at, from*r.lanes + at})
			}
			r.count++
		}
	}
}

// part are parameters whose gradient comes from the same components of S.
type part struct {
	params  []int32
	columns []int32
	of      []int32 // the components of the state in these columns
}

// partOf finds, for some components that parameters act on, those that outputs read.
func (r *RealTime) partOf(members []int, column []int) (p part) {
	for _, i := range members {
		if r.ends[i] >= 0 {
			p.columns, p.of = append(p.columns, int32(column[i])), append(p.of, int32(i))
		}
	}
	return p
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
	blocks, at, number := map[string]kernel.Block{}, map[string]int{}, map[string]int{}
	var tiles []tile
	for q, s := range g.params {
		reach := s.key()
		b, ok := blocks[reach]
		if !ok {
			var pairs [][2]int
			for _, i := range s.members() {
				if g.row[i] >= 0 {
					pairs = append(pairs, [2]int{g.column[i], g.row[i]})
				}
			}
			b = r.carry.Block(pairs...)
			blocks[reach], number[reach] = b, len(pairs)
			if r.ends != nil {
				r.parts = append(r.parts, r.partOf(s.members(), g.column))
			}
			at[reach] = len(blocks) - 1
		}
		if r.ends != nil {
			p := &r.parts[at[reach]]
			p.params = append(p.params, int32(q))
		}
		r.products += number[reach]
		row := l.rows[l.params[q]]
		slices.SortStableFunc(row, func(a, b entry) int { return a.row - b.row })
		var from []int
		for _, e := range row {
			from = append(from, of[e.row])
		}
		key := fmt.Sprint("tile ", reach, from)
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

// Step advances the state and S by one row. Where the state would not be finite it does not, and reports false: state and S are
// as before; outputs are not.
func (r *RealTime) Step() bool {
	if !Advance(r.e, r.before) {
		return false
	}
	r.back.Run(r.work[r.leaves*r.lanes:], r.work, r.e.mem)
	for _, m := range r.moves {
		r.work[m.to] = r.work[m.from]
	}
	r.carry.Run(r.next, r.s, r.work, r.e.mem)
	r.s, r.next = r.next, r.s
	return true
}

// Advance runs one step of an engine and tells whether the state is finite; if it is not, it is what it was before. It keeps the
// state before the step in a slice as wide as the state of all lanes.
func Advance(e *Engine, before []float32) bool {
	at := before
	for _, h := range e.state {
		copy(at, h)
		at = at[len(h):]
	}
	e.Forward(1)
	finite := true
	for _, h := range e.state {
		finite = finite && Finite(h)
	}
	if finite {
		return true
	}
	for _, h := range e.state {
		copy(h, before)
		before = before[len(h):]
	}
	return false
}

// Width is the number of components of the differentiated outputs, in the order of RealTimeOptions.
func (r *RealTime) Width() int { return r.width }

// Gradient is dst[q] = Σ_o dy[o] ∂y[o]/∂θ[q] of the last Step: the gradient of a loss with slope dy at the differentiated
// outputs. It panics where dst has not one number a parameter, or dy not one a component.
func (r *RealTime) Gradient(dst, dy []float32) {
	if len(dst) != r.params || len(dy) != r.width {
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
	r.viaState(dst, dy)
}

// viaState adds ∂y/∂h' S' where that is apart.
func (r *RealTime) viaState(dst, dy []float32) {
	for i, row := range r.ends {
		r.slope[i] = 0
		if row >= 0 {
			for o, d := range dy {
				r.slope[i] += float32(d * r.work[row*r.lanes+r.first+o])
			}
		}
	}
	for k := range r.parts {
		p := &r.parts[k]
		for _, q := range p.params {
			sum, s := float32(0), r.s[int(q)*r.lanes:][:r.lanes]
			for i, c := range p.columns {
				sum += float32(r.slope[p.of[i]] * s[c])
			}
			dst[q] += sum
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
func (r *RealTime) Bytes() int { return r.bytes(r.e.Bytes()) }

// bytes is Bytes with an engine of so many.
func (r *RealTime) bytes(engine int) int {
	n := r.count*r.lanes + r.params*r.lanes + r.p.StateWidth() + len(r.slope)
	if !kernel.InPlace(r.lanes) {
		n += r.params * r.lanes
	}
	for _, p := range r.parts {
		n += len(p.params) + len(p.columns) + len(p.of)
	}
	const word = 8
	return engine + 4*n + word*(2*len(r.moves)+len(r.ends)) + r.back.Bytes() + r.carry.Bytes()
}

// FLOPs is the number of floating point operations of the reverse and of the product of one Step, in all lanes.
func (r *RealTime) FLOPs() float64 {
	return 2 * float64(r.lanes) * float64(r.back.Terms()+r.carry.Terms())
}

// Plan prints what a Step runs: the plan of the step and of the coefficients of its reverse, and then the sums of rows.
func (r *RealTime) Plan() string {
	text := r.e.Plan()
	text += fmt.Sprintf("real time: %d lanes, %d columns for %d state components, %d for outputs\n", r.lanes, r.first, r.p.StateWidth(), r.width)
	text += fmt.Sprintf("  reverse: %d products in %d rows, then %d in %d rows of parameters\n", r.back.Terms(), r.count-r.leaves, r.carry.Terms()-r.products, r.params)
	return text + fmt.Sprintf("  S' = M + S J: %d products, in %d blocks of parameters with the same paths\n", r.products, r.blocks)
}

// Chains lists the texts of the plan's chains; see Engine.Chains.
func (r *RealTime) Chains() []string { return r.e.Chains() }
