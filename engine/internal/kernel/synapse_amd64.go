//go:build amd64 && !noasm

package kernel

// forwardVector is Forward with the gates of the assembly.
func (y Synapse) forwardVector(G, I, v []float32, lanes int) {
	n := len(y.Edges.list)
	if n == 0 || lanes < 1 {
		return
	}
	y.check(v, lanes)
	need(G, y.Edges.out*lanes)
	need(I, y.Edges.out*lanes)
	synapsesForward(&G[0], &I[0], &v[0], &y.W[0], &y.S[0], &y.M[0], &y.E[0], &y.Edges.list[0].From, n, 4*lanes, lanes/vector, maskOf(lanes))
}

func (y Synapse) check(v []float32, lanes int) {
	need(v, y.Edges.in*lanes)
	for _, p := range [...][]float32{y.W, y.S, y.M, y.E} {
		need(p, len(y.Edges.list))
	}
}

// backVector is Back; the sums over the lanes are added eight at a time.
func (y Synapse) backVector(d Synapse, c Cotangent, lanes int) {
	list := y.Edges.list
	if len(list) == 0 || lanes < 1 {
		return
	}
	y.check(c.V, lanes)
	need(c.DV, y.Edges.in*lanes)
	need(c.DG, y.Edges.out*lanes)
	need(c.DI, y.Edges.out*lanes)
	var sums [group]float32
	for k := 0; k < len(list); k += group / 4 {
		n := min(group/4, len(list)-k)
		synapsesBackward(&sums[0], &c.DV[0], &c.DG[0], &c.DI[0], &c.V[0], &y.W[k], &y.S[k], &y.M[k], &y.E[k],
			&list[k].From, n, 4*lanes, lanes/vector, maskOf(lanes))
		for i := range n {
			s, w := sums[4*i:][:4], y.W[k+i]
			d.W[k+i] += s[0]
			d.S[k+i] += float32(w * s[1])
			d.M[k+i] -= float32(float32(w*y.S[k+i]) * s[2])
			d.E[k+i] += float32(w * s[3])
		}
	}
}
