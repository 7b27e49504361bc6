package kernel

// Synapse are the parameters of a set of synapses, one value an edge: weight, slope, midpoint, reversal potential.
type Synapse struct {
	W, S, M, E []float32
	Edges      *Edges
}

// group bounds the edges times lanes whose sigmoids are computed in one go.
const group = 512

// gates computes z = sigmoid(s (v - m)) of the edges from k on, as many as fit, [edge][lane] in buf; it returns how many.
func (y Synapse) gates(buf *[group]float32, v []float32, k, lanes int) int {
	n := min(max(1, group/lanes), len(y.Edges.list)-k)
	for i, e := range y.Edges.list[k:][:n] {
		s, m := y.S[k+i], y.M[k+i]
		u, x := buf[i*lanes:][:lanes], v[e.From*lanes:][:lanes]
		for l := range u {
			u[l] = float32(s * (x[l] - m))
		}
	}
	Sigmoid(buf[:n*lanes], buf[:n*lanes])
	return n
}

// Forward is, for a = w sigmoid(s (v[from] - m)) of every edge in order, G[to] += a and I[to] += a E. Lanes at most 512. It is the Go twin of
// AloneSynapses.
func (y Synapse) Forward(G, I, v []float32, lanes int) {
	var buf [group]float32
	for k := 0; k < len(y.Edges.list); {
		n := y.gates(&buf, v, k, lanes)
		for i, e := range y.Edges.list[k:][:n] {
			w, r := y.W[k+i], y.E[k+i]
			z, g, c := buf[i*lanes:][:lanes], G[e.To*lanes:][:lanes], I[e.To*lanes:][:lanes]
			for l := range z {
				a := float32(w * z[l])
				g[l] += a
				c[l] += float32(a * r)
			}
		}
		k += n
	}
}

// Back is the reverse of Forward: with z the gate and da = dG[to] + E dI[to],
//
//	dW += Σ da z,   dE += w Σ dI z,   q = da z (1 - z)
//	dS += w Σ q (v - m),   dM -= w s Σ q,   dv[from] += w s q
//
// where the sums run over the lanes in order. It is the Go twin of SynapsesBack.Run.
func (y Synapse) Back(d Synapse, c Cotangent, lanes int) {
	var buf [group]float32
	for k := 0; k < len(y.Edges.list); {
		n := y.gates(&buf, c.V, k, lanes)
		for i := range n {
			y.back(d, k+i, buf[i*lanes:][:lanes], c)
		}
		k += n
	}
}

// Cotangent are the operands of Back in lanes: potentials, and the cotangents of potentials, conductances and currents.
type Cotangent struct{ V, DV, DG, DI []float32 }

// back takes one edge; z are its gates.
func (y Synapse) back(d Synapse, k int, z []float32, c Cotangent) {
	n, e := len(z), y.Edges.list[k]
	w, s, m, r := y.W[k], y.S[k], y.M[k], y.E[k]
	ws := float32(w * s)
	v, dv := c.V[e.From*n:][:n], c.DV[e.From*n:][:n]
	dG, dI := c.DG[e.To*n:][:n], c.DI[e.To*n:][:n]
	var daz, qx, q, diz float32
	for l, z := range z {
		da := dG[l] + float32(dI[l]*r)
		a := float32(da * z)
		b := float32(a * (1 - z))
		daz += a
		diz += float32(dI[l] * z)
		q += b
		qx += float32(b * (v[l] - m))
		dv[l] += float32(ws * b)
	}
	d.W[k] += daz
	d.S[k] += float32(w * qx)
	d.M[k] -= float32(ws * q)
	d.E[k] += float32(w * diz)
}
