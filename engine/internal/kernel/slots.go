package kernel

import (
	"math"

	"github.com/elegans-nn/elegans/step"
)

// Slots are edges by their targets, a number of targets a block: a slot of a block has one edge of each of its targets, or
// none. With one target a block they serve lanes. With eight they serve a single lane, whose vectors run along the targets:
// the sources of a slot then lie in a window, of which permutations take those of the targets: far cheaper than gathering
// them. A window is one vector for products; for synapses, whose slots cost more than a second permutation, it is two. A
// target's sums run over its edges in the order of the list, however they are arranged.
type Slots struct {
	width   int // targets of a block
	halves  int // vectors of a window
	in, out int
	index   []int32 // of the source; if there are windows, in the half of its window, see inUpper and noEdge
	window  []int32 // of each slot
	edge    []int   // of each edge its place among the slots
	count   []int32 // slots of each block
	numbers int     // values of an edge
	params  []float32
	place   []int // of each edge that of its first value in params
	slope   []float32
	rest    []float32
}

// What the index of a source in a window has besides its three bits: the upper half, or that there is no edge.
const (
	inUpper = math.MinInt32
	noEdge  = 1 << 30
)

// Halves of a window for NewSlots.
const (
	ForProducts = 1
	ForSynapses = 2
)

// NewSlots arranges edges that reach out targets, for some lanes and use.
func NewSlots(list []step.Edge, out, lanes, halves int) *Slots {
	s := &Slots{out: out, width: 1, halves: halves, edge: make([]int, len(list))}
	if lanes == 1 {
		s.width = vector
	}
	of := make([][]int32, (out+s.width-1)/s.width*s.width)
	for k, e := range list {
		of[e.To] = append(of[e.To], int32(k))
		s.in = max(s.in, e.From+1)
	}
	for b := 0; b < len(of); b += s.width {
		slots := len(s.window)
		for first := s.first(of[b:][:s.width], list); first >= 0; first = s.first(of[b:][:s.width], list) {
			s.slot(of[b:][:s.width], list, first)
		}
		s.count = append(s.count, int32(len(s.window)-slots))
	}
	return s
}

// first is the lowest source of the edges that are next at their targets; -1 where no edge is left.
func (s *Slots) first(of [][]int32, list []step.Edge) int {
	first := -1
	for _, edges := range of {
		if len(edges) > 0 && (first < 0 || list[edges[0]].From < first) {
			first = list[edges[0]].From
		}
	}
	return first
}

// slot takes the next edges of the targets whose sources are in the window of the given one.
func (s *Slots) slot(of [][]int32, list []step.Edge, first int) {
	window := first / vector * vector
	for t, edges := range of {
		k, index := int32(-1), int32(noEdge)
		switch {
		case len(edges) == 0:
		case s.width == 1:
			k, index = edges[0], int32(list[edges[0]].From)
		case list[edges[0]].From >= window && list[edges[0]].From < window+s.halves*vector:
			k, index = edges[0], int32(list[edges[0]].From-window)
			if index >= vector {
				index = index - vector + inUpper
			}
		}
		if k >= 0 {
			of[t], s.edge[k] = edges[1:], len(s.index)
		}
		s.index = append(s.index, index)
	}
	s.window = append(s.window, int32(window))
}

// reach is how many numbers of a source are read: whole windows.
func (s *Slots) reach(lanes int) int {
	if s.width == 1 {
		return s.in * lanes
	}
	n := 0
	for _, w := range s.window {
		n = max(n, int(w)+s.halves*vector)
	}
	return n
}

// Pack takes the values of the edges, to be called when they change: for products one each and sum. Places without an edge
// stay 0.
func (s *Slots) Pack(values ...[]float32) {
	if s.numbers != len(values) { // afterwards the memory stays where it is
		s.numbers, s.params, s.place = len(values), make([]float32, len(values)*len(s.index)), s.place[:0]
		for _, at := range s.edge {
			s.place = append(s.place, at/s.width*s.width*s.numbers+at%s.width)
		}
	}
	for r, x := range values {
		params := s.params[min(r*s.width, len(s.params)):]
		for k, at := range s.place {
			params[at] = x[k]
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
