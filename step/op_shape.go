package step

import (
	"fmt"
	"math"
)

func init() {
	table[OpResult] = Row{Name: "result", Arity: 1,
		Shape:   func(n *Node, _ []Shape) ([]Shape, error) { return []Shape{n.Shape}, nil },
		Eval:    func(*Node, Eval) {},                 // the executor points it at its operand's result
		Reverse: func(Adj) []Vec { return []Vec{{}} }, // the operand collects it
		CostOf:  free}
	table[OpBroadcast] = Row{Name: "broadcast", Arity: 1, Shape: broadcastShape, Eval: evalBroadcast, CostOf: free,
		Reverse: func(v Adj) []Vec { return []Vec{sumTo(v.DY[0], v.In[0].Shape())} }}
	table[OpSum] = Row{Name: "sum", Arity: 1, Shape: sumShape, Eval: evalSum,
		CostOf:  func(_ *Node, in []Shape) float64 { return float64(in[0].Len()) },
		Reverse: func(v Adj) []Vec { return []Vec{Broadcast(v.DY[0], v.In[0].Shape())} }}
	table[OpSoftmax] = Row{Name: "softmax", Arity: 1, Eval: evalSoftmax, Cost: 16,
		Shape: func(_ *Node, in []Shape) ([]Shape, error) { return in[:1], nil },
		Reverse: func(v Adj) []Vec {
			dot := Sum(Mul(v.DY[0], v.Y), Inner)
			return []Vec{Mul(v.Y, Sub(v.DY[0], dot))}
		}}
	table[OpConcat] = Row{Name: "concat", Arity: -1, Shape: concatShape, Eval: evalConcat, CostOf: free, Reverse: concatReverse}
	table[OpSlice] = Row{Name: "slice", Arity: 1, Shape: sliceShape, CostOf: free,
		Eval: func(n *Node, e Eval) { copy(e.Out[0], e.In[0][n.Index[0]*e.Lanes:]) },
		Reverse: func(v Adj) []Vec {
			x := v.In[0].Shape()
			if v.Node.Shape.Len() == x.Len() {
				return []Vec{Reshape(v.DY[0], x)}
			}
			return v.Y.b.apply(Node{Op: OpPad, Index: v.Node.Index, Shape: x}, v.DY[0])
		}}
	table[OpPad] = Row{Name: "pad", Arity: 1, Adjoint: true, CostOf: free,
		Shape: func(n *Node, _ []Shape) ([]Shape, error) { return []Shape{n.Shape}, nil },
		Eval: func(n *Node, e Eval) {
			clear(e.Out[0])
			copy(e.Out[0][n.Index[0]*e.Lanes:], e.In[0])
		}}
	table[OpGather] = Row{Name: "gather", Arity: 1, Shape: gatherShape, Eval: evalGather, CostOf: free,
		Reverse: func(v Adj) []Vec {
			n := Node{Op: OpScatter, Index: v.Node.Index, Shape: v.In[0].Shape()}
			return v.Y.b.apply(n, v.DY[0])
		}}
	table[OpScatter] = Row{Name: "scatter", Arity: 1, Adjoint: true, Eval: evalScatter, Cost: 1,
		Shape: func(n *Node, _ []Shape) ([]Shape, error) { return []Shape{n.Shape}, nil }}
}

func free(*Node, []Shape) float64 { return 0 }

// Axis is the axis that Sum adds over.
type Axis int

const (
	Inner Axis = iota // [outer][inner] -> [outer][1]
	Outer             // [outer][inner] -> [1][inner]
)

func sumShape(n *Node, in []Shape) ([]Shape, error) {
	if Axis(n.Index[0]) == Outer {
		return []Shape{{1, in[0].Inner}}, nil
	}
	return []Shape{{in[0].Outer, 1}}, nil
}

func evalSum(n *Node, e Eval) {
	s, y := e.Shapes[0], e.Out[0]
	clear(y)
	for o := range s.Outer {
		for i := range s.Inner {
			k := o
			if Axis(n.Index[0]) == Outer {
				k = i
			}
			for l := range e.Lanes {
				y[k*e.Lanes+l] += e.In[0][(o*s.Inner+i)*e.Lanes+l]
			}
		}
	}
}

func broadcastShape(n *Node, in []Shape) ([]Shape, error) {
	a, s := in[0], n.Shape
	if a.Outer != s.Outer && a.Outer != 1 || a.Inner != s.Inner && a.Inner != 1 {
		return nil, fmt.Errorf("shape %v does not spread to %v", a, s)
	}
	return []Shape{s}, nil
}

func evalBroadcast(n *Node, e Eval) {
	a, s := e.Shapes[0], n.Shape
	for o := range s.Outer {
		for i := range s.Inner {
			from := min(o, a.Outer-1)*a.Inner + min(i, a.Inner-1)
			copy(e.Out[0][(o*s.Inner+i)*e.Lanes:][:e.Lanes], e.In[0][from*e.Lanes:])
		}
	}
}

// sumTo adds over the axes that a broadcast from shape s spread.
func sumTo(v Vec, s Shape) Vec {
	if s.Inner == 1 && v.Shape().Inner > 1 {
		v = Sum(v, Inner)
	}
	if s.Outer == 1 && v.Shape().Outer > 1 {
		v = Sum(v, Outer)
	}
	return v
}

func evalSoftmax(n *Node, e Eval) {
	s, L := e.Shapes[0], e.Lanes
	for o := range s.Outer {
		x, y := e.In[0][o*s.Inner*L:], e.Out[0][o*s.Inner*L:]
		for l := range L {
			top, sum := math.Inf(-1), 0.0
			for i := range s.Inner {
				top = math.Max(top, x[i*L+l])
			}
			for i := range s.Inner {
				y[i*L+l] = math.Exp(x[i*L+l] - top)
				sum += y[i*L+l]
			}
			for i := range s.Inner {
				y[i*L+l] /= sum
			}
		}
	}
}

func concatShape(_ *Node, in []Shape) ([]Shape, error) {
	n := 0
	for _, s := range in {
		if s.Outer != 1 {
			return nil, fmt.Errorf("joins vectors, not shape %v", s)
		}
		n += s.Inner
	}
	return []Shape{Vector(n)}, nil
}

func evalConcat(_ *Node, e Eval) {
	at := 0
	for _, x := range e.In {
		at += copy(e.Out[0][at:], x)
	}
}

func concatReverse(v Adj) (d []Vec) {
	at := 0
	for _, x := range v.In {
		d = append(d, Slice(v.DY[0], at, at+x.Len()))
		at += x.Len()
	}
	return d
}

func sliceShape(n *Node, in []Shape) ([]Shape, error) {
	if from := n.Index[0]; from < 0 || from+n.Shape.Len() > in[0].Len() || n.Shape.Len() < 1 {
		return nil, fmt.Errorf("[%d, %d) of %v", from, from+n.Shape.Len(), in[0])
	}
	return []Shape{n.Shape}, nil
}

func gatherShape(n *Node, in []Shape) ([]Shape, error) {
	for _, i := range n.Index {
		if i < 0 || i >= in[0].Len() {
			return nil, fmt.Errorf("position %d of %v", i, in[0])
		}
	}
	if len(n.Index) != n.Shape.Len() {
		return nil, fmt.Errorf("%d positions for shape %v", len(n.Index), n.Shape)
	}
	return []Shape{n.Shape}, nil
}

func evalGather(n *Node, e Eval) {
	for k, i := range n.Index {
		copy(e.Out[0][k*e.Lanes:][:e.Lanes], e.In[0][i*e.Lanes:])
	}
}

func evalScatter(n *Node, e Eval) {
	clear(e.Out[0])
	for k, i := range n.Index {
		for l := range e.Lanes {
			e.Out[0][i*e.Lanes+l] += e.In[0][k*e.Lanes+l]
		}
	}
}

// Broadcast spreads axes of length 1 to those of the given shape.
func Broadcast(v Vec, s Shape) Vec {
	if v.Shape() == s {
		return v
	}
	return v.b.apply(Node{Op: OpBroadcast, Shape: s}, v)[0]
}

// Sum adds over one axis.
func Sum(v Vec, axis Axis) Vec {
	return v.b.apply(Node{Op: OpSum, Index: []int{int(axis)}}, v)[0]
}

// Softmax is exp(v) / Σ exp(v) over the inner axis.
func Softmax(v Vec) Vec { return v.b.apply(Node{Op: OpSoftmax}, v)[0] }

// Concat joins vectors.
func Concat(vs ...Vec) Vec {
	if len(vs) == 1 {
		return vs[0]
	}
	return vs[0].b.apply(Node{Op: OpConcat}, vs...)[0]
}

// Slice is the vector of components [from, to).
func Slice(v Vec, from, to int) Vec {
	if from == 0 && to == v.Len() && v.Shape().Outer == 1 {
		return v
	}
	return v.b.apply(Node{Op: OpSlice, Index: []int{from}, Shape: Vector(to - from)}, v)[0]
}

// Column is the vector of v's components as a matrix of one column, [n][1], which meets a row [1][m] as their outer product
// or sum [n][m]. Slice makes a vector of it again.
func Column(v Vec) Vec {
	return Reshape(v, Shape{v.Len(), 1})
}

// Reshape is the same components in another shape of as many, row by row. It is a slice of the whole and costs nothing; in
// its old shape again a value is what it was.
func Reshape(v Vec, s Shape) Vec {
	for n := v.node(); n.Op == OpSlice && v.b.p.Nodes[n.In[0]].Shape.Len() == v.Len(); n = v.node() {
		v = Vec{v.b, n.In[0]}
	}
	if v.Shape() == s {
		return v
	}
	if v.Len() != s.Len() {
		panic(fmt.Sprintf("step: %v does not reshape to %v", v.Shape(), s))
	}
	return v.b.apply(Node{Op: OpSlice, Index: []int{0}, Shape: s}, v)[0]
}

// Gather is the vector of the components at the given positions.
func Gather(v Vec, index ...int) Vec {
	return v.b.apply(Node{Op: OpGather, Index: index, Shape: Vector(len(index))}, v)[0]
}
