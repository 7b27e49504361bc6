package step

import "fmt"

func init() {
	table[OpLinear] = Row{Name: "linear", Arity: -1, Shape: linearShape, Eval: evalLinear, CostOf: linearCost, Reverse: linearReverse}
	table[OpLinearT] = Row{Name: "linearT", Arity: -1, Adjoint: true, Eval: evalLinearT, CostOf: linearCost,
		Shape: func(n *Node, _ []Shape) ([]Shape, error) { return []Shape{n.Shape}, nil }}
	table[OpOuter] = Row{Name: "outer", Arity: 2, Adjoint: true, Eval: evalOuter,
		Shape:  func(n *Node, _ []Shape) ([]Shape, error) { return []Shape{n.Shape}, nil },
		CostOf: func(n *Node, in []Shape) float64 { return 2 * float64(n.Shape.Len()*in[0].Outer) }}
	table[OpAccum] = Row{Name: "accum", Arity: 2, Adjoint: true, Cost: 1,
		Shape: func(_ *Node, in []Shape) ([]Shape, error) { return in[:1], nil },
		Eval: func(_ *Node, e Eval) {
			for i, v := range e.In[1] {
				e.In[0][i] += v
			}
		}}
}

// linearShape checks operands W0, x0, W1, x1, …: dense W [out][in] against x [outer][in], or one weight per edge.
func linearShape(n *Node, in []Shape) ([]Shape, error) {
	width, outer := n.Shape.Inner, in[1].Outer
	for k := 0; k < len(in); k += 2 {
		w, x, e := in[k], in[k+1], n.Edges[k/2]
		switch {
		case x.Outer != outer:
			return nil, fmt.Errorf("operands of %d and %d rows", outer, x.Outer)
		case e == nil && (w.Inner != x.Inner || w.Outer != width):
			return nil, fmt.Errorf("matrix %v, operand %v, result %d", w, x, width)
		case e != nil && (e.In != x.Inner || e.Out != width || w.Len() != len(e.List)):
			return nil, fmt.Errorf("%d weights on %d edges from %d to %d, operand %v, result %d", w.Len(), len(e.List), e.In, e.Out, x, width)
		}
	}
	return []Shape{{outer, width}}, nil
}

func linearCost(_ *Node, in []Shape) (flop float64) {
	for k := 0; k < len(in); k += 2 {
		flop += 2 * float64(in[k].Len()*in[k+1].Outer)
	}
	return flop
}

// Each visits the weights of a linear map from in to out components: the number of the weight and the edge it is on.
// A nil adjacency is dense, row by row.
func (e *Edges) Each(in, out int, f func(k, from, to int)) {
	if e != nil {
		for k, ft := range e.List {
			f(k, ft.From, ft.To)
		}
		return
	}
	for to := range out {
		for from := range in {
			f(to*in+from, from, to)
		}
	}
}

// axpy is y += w x over lanes; the weight has lanes too (they are equal where it depends on parameters only).
func axpy(y, w, x []float64) {
	for l := range y {
		y[l] += w[l] * x[l]
	}
}

func evalLinear(n *Node, e Eval) {
	y, L, width := e.Out[0], e.Lanes, n.Shape.Inner
	clear(y)
	for t := 0; t < len(e.In); t += 2 {
		w, x, in := e.In[t], e.In[t+1], e.Shapes[t+1].Inner
		n.Edges[t/2].Each(in, width, func(k, from, to int) {
			for o := range n.Shape.Outer {
				axpy(y[(o*width+to)*L:][:L], w[k*L:], x[(o*in+from)*L:])
			}
		})
	}
}

func evalLinearT(n *Node, e Eval) {
	dx, L, in := e.Out[0], e.Lanes, n.Shape.Inner
	clear(dx)
	for t := 0; t < len(e.In); t += 2 {
		w, dy, width := e.In[t], e.In[t+1], e.Shapes[t+1].Inner
		n.Edges[t/2].Each(in, width, func(k, from, to int) {
			for o := range n.Shape.Outer {
				axpy(dx[(o*in+from)*L:][:L], w[k*L:], dy[(o*width+to)*L:])
			}
		})
	}
}

func evalOuter(n *Node, e Eval) {
	dy, x, L := e.Shapes[0], e.Shapes[1], e.Lanes
	clear(e.Out[0])
	n.Edges[0].Each(x.Inner, dy.Inner, func(k, from, to int) {
		for o := range x.Outer {
			axpy(e.Out[0][k*L:][:L], e.In[0][(o*dy.Inner+to)*L:], e.In[1][(o*x.Inner+from)*L:])
		}
	})
}

func linearReverse(v Adj) (d []Vec) {
	b, dy := v.Y.b, v.DY[0]
	for k := 0; k < len(v.In); k += 2 {
		w, x, e := v.In[k], v.In[k+1], v.Node.Edges[k/2:][:1]
		d = append(d,
			b.apply(Node{Op: OpOuter, Shape: w.Shape(), Edges: e}, dy, x)[0],
			b.apply(Node{Op: OpLinearT, Shape: x.Shape(), Edges: e}, w, dy)[0])
	}
	return d
}

// Term is one operand of a linear map: a vector and, where it is masked, the edges that leave it.
type Term struct {
	Name  string // of its weights
	X     Vec
	Edges *Edges // nil is dense
}

// Linear is W0 x0 + W1 x1 + … + bias with new parameters name.TERM and name.bias; a nil bias Init leaves the bias out.
func (b *Builder) Linear(name string, width int, weight, bias Init, terms ...Term) Vec {
	in := make([]Vec, 0, 2*len(terms))
	n := Node{Op: OpLinear, Shape: Vector(width)}
	for _, t := range terms {
		shape, options := Shape{width, t.X.Shape().Inner}, []Option(nil)
		if t.Edges != nil {
			shape, options = Vector(len(t.Edges.List)), []Option{Along(t.Edges)}
		}
		if shape.Len() == 0 {
			continue // no synapse leaves this operand
		}
		in = append(in, b.Param(name+"."+t.Name, shape, weight, options...), t.X)
		n.Edges = append(n.Edges, t.Edges)
	}
	var y Vec
	if len(in) > 0 {
		y = b.apply(n, in...)[0]
	}
	switch {
	case bias == nil && !y.OK():
		panic("step: linear map " + b.name(name) + " has neither synapses nor bias")
	case bias == nil:
		return y
	}
	offset := b.Param(name+".bias", Vector(width), bias)
	if !y.OK() {
		return offset
	}
	return Add(y, offset)
}

// MatVec is W x for a matrix W [out][in] that is a value already, such as a parameter that several sub-steps share; x may
// have rows [outer][in], each of which is mapped.
func MatVec(W, x Vec) Vec {
	n := Node{Op: OpLinear, Shape: Vector(W.Shape().Outer), Edges: []*Edges{nil}}
	return W.b.apply(n, W, x)[0]
}

// Masked is MatVec on the edges of an adjacency: w has one weight an edge, x is a vector.
func Masked(w, x Vec, edges *Edges) Vec {
	n := Node{Op: OpLinear, Shape: Vector(edges.Out), Edges: []*Edges{edges}}
	return w.b.apply(n, w, x)[0]
}
