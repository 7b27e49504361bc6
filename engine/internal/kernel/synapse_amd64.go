//go:build amd64 && !noasm

package kernel

// runVector is Run with the gates of the assembly.
func (b *SynapsesBack) runVector(c Cotangent) {
	n := len(b.y.Edges.list)
	if n == 0 || b.lanes < 1 {
		return
	}
	need(c.V, b.y.Edges.in*b.lanes)
	need(c.DV, b.y.Edges.in*b.lanes)
	need(c.DG, b.y.Edges.out*b.lanes)
	need(c.DI, b.y.Edges.out*b.lanes)
	synapsesBackward(&b.sums[0], &c.DV[0], &c.DG[0], &c.DI[0], &c.V[0], &b.params[0], &b.ends[0], n, b.lanes/vector, maskOf(b.lanes))
}
