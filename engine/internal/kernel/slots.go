package kernel

import "github.com/elegans-nn/elegans/step"

// Slots are the edges of one lane by their targets, eight targets a block: slot j of a block has the edge j of each of
// its targets, or none. A target's sums run over its edges in the order of the list, as they do elsewhere.
type Slots struct {
	in, out int
	index   []int32 // of the source; -1: no edge
	edge    []int   // of each edge its place among the slots
	place   []int   // and that of its first value in params
	count   []int32 // slots of each block
	params  []float32
}

// NewSlots arranges edges that reach out targets.
func NewSlots(list []step.Edge, out int) *Slots {
	s := &Slots{out: out, edge: make([]int, len(list)), place: make([]int, len(list))}
	of := make([][]int32, (out+vector-1)/vector*vector)
	for k, e := range list {
		of[e.To] = append(of[e.To], int32(k))
		s.in = max(s.in, e.From+1)
	}
	for b := 0; b < len(of); b += vector {
		n := 0
		for _, edges := range of[b:][:vector] {
			n = max(n, len(edges))
		}
		s.count = append(s.count, int32(n))
		for j := range n {
			for _, edges := range of[b:][:vector] {
				from := int32(-1)
				if j < len(edges) {
					from = int32(list[edges[j]].From)
					s.edge[edges[j]] = len(s.index)
				}
				s.index = append(s.index, from)
			}
		}
	}
	return s
}

// Pack takes the values of the edges, to be called when they change: those of a product, or the four of synapses in the
// order s, m, w, E; always as many.
func (s *Slots) Pack(values ...[]float32) {
	if n := len(values) * len(s.index); len(s.params) != n {
		s.params = make([]float32, n)
		for k, at := range s.edge {
			lane := at % vector
			s.place[k] = len(values)*(at-lane) + lane
		}
	}
	if len(s.edge) == 0 {
		return
	}
	for v, x := range values {
		to, place := s.params[v*vector:], s.place
		x = x[:len(place)]
		for k, at := range place {
			to[at] = x[k]
		}
	}
}

// Columns is a dense matrix by its columns, for products of one lane.
type Columns struct {
	w          []float32
	rows, cols int
}

// NewColumns is a matrix of zeros.
func NewColumns(rows, cols int) *Columns { return &Columns{make([]float32, rows*cols), rows, cols} }

// Pack takes the matrix row by row, to be called when it changes.
func (c *Columns) Pack(w []float32) {
	for i := range c.rows {
		for j, v := range w[i*c.cols:][:c.cols] {
			c.w[j*c.rows+i] = v
		}
	}
}
