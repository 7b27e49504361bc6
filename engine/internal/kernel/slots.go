package kernel

import "github.com/elegans-nn/elegans/step"

// Slots are edges by their targets, a number of targets a block: slot j of a block has the edge j of each of its targets,
// or none. With one target a block they serve lanes, with eight a single lane whose vectors run along the targets. A
// target's sums run over its edges in the order of the list, however they are arranged.
type Slots struct {
	width   int // targets of a block
	in, out int
	index   []int32 // of the source; -1: no edge
	edge    []int32 // the edge; -1: none
	count   []int32 // slots of each block
	numbers int     // values of an edge
	params  []float32
	slope   []float32
	rest    []float32
}

// NewSlots arranges edges that reach out targets, for some lanes.
func NewSlots(list []step.Edge, out, lanes int) *Slots {
	s := &Slots{out: out, width: 1}
	if lanes == 1 {
		s.width = vector
	}
	of := make([][]int32, (out+s.width-1)/s.width*s.width)
	for k, e := range list {
		of[e.To] = append(of[e.To], int32(k))
		s.in = max(s.in, e.From+1)
	}
	for b := 0; b < len(of); b += s.width {
		n := 0
		for _, edges := range of[b:][:s.width] {
			n = max(n, len(edges))
		}
		s.count = append(s.count, int32(n))
		for j := range n {
			for _, edges := range of[b:][:s.width] {
				k, from := int32(-1), int32(-1)
				if j < len(edges) {
					k, from = edges[j], int32(list[edges[j]].From)
				}
				s.edge, s.index = append(s.edge, k), append(s.index, from)
			}
		}
	}
	return s
}

// Pack takes the values of the edges, to be called when they change: for products one each and sum.
func (s *Slots) Pack(values ...[]float32) {
	if s.numbers != len(values) { // afterwards the memory stays where it is
		s.numbers, s.params = len(values), make([]float32, 0, len(values)*len(s.edge))
	}
	s.params = s.params[:0]
	for at := 0; at < len(s.edge); at += s.width {
		for _, x := range values {
			for _, k := range s.edge[at:][:s.width] {
				v := float32(0)
				if k >= 0 {
					v = x[k]
				}
				s.params = append(s.params, v)
			}
		}
	}
}

// PackSynapses is Pack for synapses: the kernels take s (v - m) in powers of 2 and negated, as a slope times v and a rest,
// then the weight and the reversal potential.
func (s *Slots) PackSynapses(y Synapse) {
	s.slope, s.rest = s.slope[:0], s.rest[:0]
	for k, v := range y.S {
		slope, rest := slopeAndRest(v, y.M[k])
		s.slope, s.rest = append(s.slope, slope), append(s.rest, rest)
	}
	s.Pack(s.slope, s.rest, y.W, y.E)
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
