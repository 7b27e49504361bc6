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
	at := 0
	if Wide {
		at = b.runWide(c, n)
	}
	if at < b.lanes {
		synapsesBackward(&b.sums[0], &c.DV[at], &c.DG[at], &c.DI[at], &c.V[at], &b.params[0], &b.ends[0], n, (b.lanes-at)/vector, maskOf(b.lanes))
	}
}

// runWide takes the first lanes, as many as fill wide vectors, and gives their number.
func (b *SynapsesBack) runWide(c Cotangent, n int) (at int) {
	for ; at+2*wideVector <= b.lanes; at += 2 * wideVector {
		synapsesBackward32(&b.sums[0], &c.DV[at], &c.DG[at], &c.DI[at], &c.V[at], &b.params[0], &b.ends[0], n)
	}
	for ; at+wideVector <= b.lanes; at += wideVector {
		synapsesBackward16(&b.sums[0], &c.DV[at], &c.DG[at], &c.DI[at], &c.V[at], &b.params[0], &b.ends[0], n)
	}
	return at
}
