package kernel

import (
	"slices"

	"github.com/elegans-nn/elegans/step"
)

// Edges are the edges of a masked product or of synapses, ordered for the kernels.
type Edges struct {
	list          []step.Edge
	in, out       int // components that the edges leave and reach, at least
	forward, back rows
}

// rows lists edges by the row they add to: the number of each row's edges, and of each edge where it comes from and the
// number of its weight. The order of a row's edges is that of the list.
type rows struct {
	count, pairs  []int32
	from, weights int // how many of either there are, at least
}

// NewEdges prepares a list of edges, which is not copied. It panics at a negative component.
func NewEdges(list []step.Edge) *Edges {
	e := &Edges{list: list}
	for _, f := range list {
		if f.From < 0 || f.To < 0 {
			panic("kernel: an edge of a negative component")
		}
		e.in, e.out = max(e.in, f.From+1), max(e.out, f.To+1)
	}
	e.forward = byRow(e.out, e.in, list, func(f step.Edge) (to, from int) { return f.To, f.From })
	e.back = byRow(e.in, e.out, list, func(f step.Edge) (to, from int) { return f.From, f.To })
	return e
}

func byRow(count, from int, list []step.Edge, ends func(f step.Edge) (to, from int)) rows {
	r := rows{count: make([]int32, count), from: from, weights: len(list)}
	order := make([]int, len(list))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int {
		i, _ := ends(list[a])
		j, _ := ends(list[b])
		return i - j
	})
	for _, k := range order {
		to, from := ends(list[k])
		r.count[to]++
		r.pairs = append(r.pairs, int32(from), int32(k))
	}
	return r
}

// Entry is a product of a sum: that of weight W with row X, added to row Row.
type Entry struct{ Row, X, W int }

// Sums are sums of products with weights and rows from anywhere in two memories, such as a masked map of several operands.
type Sums struct{ rows rows }

// NewSums prepares sums; entries of a row stand together, and are added in their order.
func NewSums(count int, entries []Entry) *Sums {
	s := &Sums{rows{count: make([]int32, count)}}
	r := &s.rows
	for _, e := range entries {
		r.count[e.Row]++
		r.from, r.weights = max(r.from, e.X+1), max(r.weights, e.W+1)
		r.pairs = append(r.pairs, int32(e.X), int32(e.W))
	}
	return s
}

// Run adds the sums to y, or to zero.
func (s *Sums) Run(y, w, x []float32, lanes int, zero bool) {
	if supported && Accelerated {
		s.rows.mulAddVector(y, w, x, lanes, zero)
		return
	}
	if zero {
		clear(y)
	}
	pairs := s.rows.pairs
	for row, n := range s.rows.count {
		for range n {
			axpy(y[row*lanes:][:lanes], w[pairs[1]], x[int(pairs[0])*lanes:])
			pairs = pairs[2:]
		}
	}
}

// Times are several times whose products are summed: how many, and the numbers from one to the next.
type Times struct{ Count, DY, X int }

// MulAdd is y[to] += w x[from] for every edge, in their order.
func (e *Edges) MulAdd(y, w, x []float32, lanes int) {
	if supported && Accelerated {
		e.forward.mulAddVector(y, w, x, lanes, false)
		return
	}
	e.forward.mulAdd(y, w, x, lanes)
}

// MulAddT is dx[from] += w dy[to] for every edge, in their order.
func (e *Edges) MulAddT(dx, w, dy []float32, lanes int) {
	if supported && Accelerated {
		e.back.mulAddVector(dx, w, dy, lanes, false)
		return
	}
	e.back.mulAdd(dx, w, dy, lanes)
}

// MostSiblings is how many gradients OuterAdd takes at once.
const MostSiblings = 4

// OuterAdd is dw += Σ dy[to] x[from] over lanes and times for every edge, for several pairs of dw and dy that share all
// else.
func (e *Edges) OuterAdd(dw, dy [][]float32, x []float32, lanes int, t Times) {
	if supported && Accelerated && e.outerAddVector(dw, dy, x, lanes, t) {
		return
	}
	for r := range dw {
		for time := range t.Count {
			e.outerAdd(dw[r], dy[r][time*t.DY:], x[time*t.X:], lanes)
		}
	}
}
