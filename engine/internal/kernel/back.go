package kernel

import (
	"math"

	"github.com/elegans-nn/elegans/step"
)

// SynapsesBack is the reverse of synapses over the times of a sequence, for some number of lanes: the cotangents of
// potentials are due at every time, those of parameters are summed over lanes and times until Flush.
type SynapsesBack struct {
	y, d   Synapse
	lanes  int
	ends   []int32   // where each edge's source and target begin
	params []float32 // of each edge: slope and rest as in PackSynapses, weight times slope, reversal potential
	sums   []float32 // of each edge: Σ da z, Σ q v, Σ q, Σ dI z, a vector each
}

// NewSynapsesBack prepares the reverse of synapses on some edges.
func NewSynapsesBack(list []step.Edge, lanes int) *SynapsesBack {
	n := len(list)
	b := &SynapsesBack{lanes: lanes, params: make([]float32, 4*n), sums: make([]float32, 4*n*vector)}
	b.y.Edges = NewEdges(list)
	b.d = Synapse{W: make([]float32, n), S: make([]float32, n), M: make([]float32, n), E: make([]float32, n), Edges: b.y.Edges}
	for _, e := range list {
		b.ends = append(b.ends, int32(e.From*lanes), int32(e.To*lanes))
	}
	return b
}

// Pack takes the parameters, which must not change before Flush.
func (b *SynapsesBack) Pack(y Synapse) {
	y.Edges = b.y.Edges
	y.check()
	b.y = y
	for k, s := range y.S {
		p := b.params[4*k:]
		p[0], p[1] = slopeAndRest(s, y.M[k])
		p[2], p[3] = float32(y.W[k]*s), y.E[k]
	}
}

// slopeAndRest are a and b for which sigmoid(s (v - m)) = 1 / (1 + 2^(a v + b)).
func slopeAndRest(s, m float32) (a, b float32) {
	return -math.Log2E * s, float32(math.Log2E * float64(s) * float64(m))
}

// Run takes a time.
func (b *SynapsesBack) Run(c Cotangent) {
	if supported && Accelerated {
		b.runVector(c)
		return
	}
	b.y.Back(b.d, c, b.lanes)
}

// Flush adds the sums to the gradients of the parameters and begins anew. With z the gate, da = dG[to] + E dI[to] and
// q = da z (1 - z), dS = w (Σ q v - m Σ q) and dM = -w s Σ q.
func (b *SynapsesBack) Flush(to Synapse) {
	var s [4]float32
	for k, w := range b.y.W {
		for i := range s {
			s[i] = total(b.sums[(4*k+i)*vector:])
		}
		to.W[k] += b.d.W[k] + s[0]
		to.S[k] += b.d.S[k] + float32(w*(s[1]-float32(b.y.M[k]*s[2])))
		to.M[k] += b.d.M[k] - float32(float32(w*b.y.S[k])*s[2])
		to.E[k] += b.d.E[k] + float32(w*s[3])
	}
	b.Clear()
}

// Clear forgets the sums.
func (b *SynapsesBack) Clear() {
	clear(b.sums)
	for _, v := range [][]float32{b.d.W, b.d.S, b.d.M, b.d.E} {
		clear(v)
	}
}

// total adds the numbers of a vector, halves first.
func total(x []float32) float32 {
	x = x[:vector]
	return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]))
}

func (y Synapse) check() {
	for _, p := range [...][]float32{y.W, y.S, y.M, y.E} {
		need(p, len(y.Edges.list))
	}
}
