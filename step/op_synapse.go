package step

import "fmt"

// synapseCost is per edge: 2 to the sigmoid's argument, 15 for it, 4 for conductance and current.
const synapseCost = 21

func init() {
	table[OpSynapses] = Row{Name: "synapses", Arity: 5, Shape: synapsesShape, Eval: evalSynapses, Reverse: synapsesReverse,
		CostOf: func(n *Node, _ []Shape) float64 { return synapseCost * float64(len(n.Edges[0].List)) }}
	table[OpSynapsesT] = Row{Name: "synapsesT", Arity: 7, Adjoint: true, Eval: evalSynapsesT,
		Shape: func(_ *Node, in []Shape) ([]Shape, error) {
			return []Shape{in[0], in[1], in[2], in[3], in[4]}, nil
		},
		CostOf: func(n *Node, _ []Shape) float64 { return 2 * synapseCost * float64(len(n.Edges[0].List)) }}
}

// synapsesShape checks operands v, w, s, m, E.
func synapsesShape(n *Node, in []Shape) ([]Shape, error) {
	e := n.Edges[0]
	if in[0] != Vector(e.In) {
		return nil, fmt.Errorf("potentials of shape %v for edges from %d", in[0], e.In)
	}
	for _, w := range in[1:] {
		if w != Vector(len(e.List)) {
			return nil, fmt.Errorf("parameters of shape %v for %d edges", w, len(e.List))
		}
	}
	return []Shape{Vector(e.Out), Vector(e.Out)}, nil
}

func evalSynapses(n *Node, e Eval) {
	v, w, s, m, E := e.In[0], e.In[1], e.In[2], e.In[3], e.In[4]
	G, I, L := e.Out[0], e.Out[1], e.Lanes
	clear(G)
	clear(I)
	for k, edge := range n.Edges[0].List {
		for l := range L {
			k, from, to := k*L+l, edge.From*L+l, edge.To*L+l
			a := w[k] * Logistic(s[k]*(v[from]-m[k]))
			G[to] += a
			I[to] += a * E[k]
		}
	}
}

// evalSynapsesT takes v, w, s, m, E, dG, dI and gives dv, dw, ds, dm, dE.
func evalSynapsesT(n *Node, e Eval) {
	v, w, s, m, E, dG, dI := e.In[0], e.In[1], e.In[2], e.In[3], e.In[4], e.In[5], e.In[6]
	dv, dw, ds, dm, dE, L := e.Out[0], e.Out[1], e.Out[2], e.Out[3], e.Out[4], e.Lanes
	clear(dv)
	for k, edge := range n.Edges[0].List {
		for l := range L {
			k, from, to := k*L+l, edge.From*L+l, edge.To*L+l
			z := Logistic(s[k] * (v[from] - m[k]))
			da := dG[to] + dI[to]*E[k]
			du := da * w[k] * z * (1 - z)
			dw[k] = da * z
			ds[k] = du * (v[from] - m[k])
			dm[k] = -du * s[k]
			dE[k] = dI[to] * w[k] * z
			dv[from] += du * s[k]
		}
	}
}

func synapsesReverse(v Adj) []Vec {
	b, dy := v.Y.b, v.DY
	for k := range dy {
		if !dy[k].OK() {
			dy[k] = Broadcast(b.Const(0), v.Y.Shape())
		}
	}
	n := Node{Op: OpSynapsesT, Edges: v.Node.Edges}
	return b.apply(n, append(v.In, dy[0], dy[1])...)
}

// Synapses are the liquid operation: with
//
//	a_ij = w_ij · sigmoid(s_ij · (v_j - m_ij))
//
// on the edges of a wiring (j its source, i its target) they give, for every target,
//
//	conductance G_i = Σ_j a_ij,   current I_i = Σ_j a_ij · E_ij
//
// w is the synapse's weight, s its slope, m its midpoint and E its reversal potential, one value an edge.
func Synapses(v, w, s, m, E Vec, edges *Edges) (G, I Vec) {
	y := v.b.apply(Node{Op: OpSynapses, Edges: []*Edges{edges}}, v, w, s, m, E)
	return y[0], y[1]
}
