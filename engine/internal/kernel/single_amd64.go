//go:build amd64 && !noasm

package kernel

// Forward is Synapse.Forward of one lane into G and I, which it overwrites. It needs the assembly.
func (s *Slots) Forward(G, I, v []float32) {
	need(G, s.out)
	need(I, s.out)
	if !s.check(v, 4) {
		clear(G[:s.out])
		clear(I[:s.out])
		return
	}
	synapsesByTarget(&G[0], &I[0], &v[0], &s.params[0], &s.index[0], &s.count[0], len(s.count), maskOf(s.out))
}

// MulAdd is Edges.MulAdd of one lane. It needs the assembly.
func (s *Slots) MulAdd(y, x []float32) {
	need(y, s.out)
	if s.check(x, 1) {
		sparseByTarget(&y[0], &x[0], &s.params[0], &s.index[0], &s.count[0], len(s.count), maskOf(s.out))
	}
}

// check checks the operands; each edge has some numbers. It reports whether there is anything to do.
func (s *Slots) check(v []float32, numbers int) bool {
	need(v, s.in)
	need(s.params, numbers*len(s.index))
	return len(s.index) > 0
}
