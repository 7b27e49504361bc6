package kernel

import "github.com/elegans-nn/elegans/step"

// Slots are the edges of one lane by their targets, eight targets a block: slot j of a block has the edge j of each of
// its targets, or none. A target's sums run over its edges in the order of the list, as they do elsewhere.
type Slots struct {
	in, out int
	index   []int32 // of the source; -1: no edge
	edge    []int32 // the edge; -1: none
	count   []int32 // slots of each block
	params  []float32
}

// NewSlots arranges edges that reach out targets.
func NewSlots(list []step.Edge, out int) *Slots {
	s := &Slots{out: out}
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

// Pack takes the values of the edges, to be called when they change: those of a product, or the four of synapses in the
// order s, m, w, E.
func (s *Slots) Pack(values ...[]float32) {
	s.params = s.params[:0]
	for at := 0; at < len(s.edge); at += vector {
		for _, x := range values {
			for _, k := range s.edge[at:][:vector] {
				v := float32(0)
				if k >= 0 {
					v = x[k]
				}
				s.params = append(s.params, v)
			}
		}
	}
}
