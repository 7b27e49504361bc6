package engine

import "github.com/elegans-nn/elegans/step"

// Oracle runs a program in float64, node by node, by the rules of the table of operations: slow, written to be read, and
// the judge of every faster executor. Values are [component][lane]. Gradients stay apart per lane: their sum over lanes
// is the gradient of a batch; with unit cotangents in the lanes they are the rows of a Jacobian.
type Oracle struct {
	p     *step.Program
	lanes int
	theta []float64
	out   [][][]float64 // of each node: its results
	acc   []int         // the OpAcc nodes
}

// NewOracle prepares a program for a number of lanes; theta are the parameters in flat order, shared, not copied.
func NewOracle(p *step.Program, lanes int, theta []float64) *Oracle {
	o := &Oracle{p: p, lanes: lanes, theta: theta, out: make([][][]float64, len(p.Nodes))}
	for i := range p.Nodes {
		switch n := &p.Nodes[i]; n.Op {
		case step.OpResult:
			of, k := n.In[0], n.Index[0]
			for len(o.out[of]) <= k {
				o.out[of] = append(o.out[of], nil)
			}
			o.out[of][k] = make([]float64, n.Shape.Len()*lanes)
			o.out[i] = o.out[of][k : k+1]
		case step.OpAcc:
			o.acc = append(o.acc, i)
			fallthrough
		default:
			o.out[i] = [][]float64{make([]float64, n.Shape.Len()*lanes)}
		}
	}
	o.complete()
	return o
}

// complete gives a place to results that nobody reads.
func (o *Oracle) complete() {
	for i := range o.p.Nodes {
		n := &o.p.Nodes[i]
		shape := n.Op.Row().Shape
		if shape == nil || n.Op == step.OpResult {
			continue
		}
		results, err := shape(n, o.shapes(n))
		if err != nil {
			panic("engine: " + err.Error()) // the builder has checked it
		}
		for k, s := range results {
			if k == len(o.out[i]) {
				o.out[i] = append(o.out[i], nil)
			}
			if o.out[i][k] == nil {
				o.out[i][k] = make([]float64, s.Len()*o.lanes)
			}
		}
	}
}

func (o *Oracle) shapes(n *step.Node) []step.Shape {
	s := make([]step.Shape, len(n.In))
	for k, j := range n.In {
		s[k] = o.p.Nodes[j].Shape
	}
	return s
}

// Value is the value of a node after the last run, [component][lane]; for leaves it may be written before.
func (o *Oracle) Value(node int) []float64 { return o.out[node][0] }

// Step runs the step: the leaves (inputs, time, states) were written through Value.
func (o *Oracle) Step() { o.run(0, o.p.Steps()) }

// Back runs the reverse of the Step just taken: the cotangent leaves were written.
func (o *Oracle) Back() { o.run(o.p.Adjoint.Start, o.p.Adjoint.Tail) }

// Finish completes the gradients after the last Back.
func (o *Oracle) Finish() { o.run(o.p.Adjoint.Tail, len(o.p.Nodes)) }

// Grad is the gradient of parameter q after Finish, [component][lane]; nil if it has no effect.
func (o *Oracle) Grad(q int) []float64 {
	if node := o.p.Adjoint.Grad[q]; node >= 0 {
		return o.Value(node)
	}
	return nil
}

// Clear forgets the gathered gradients.
func (o *Oracle) Clear() {
	for _, i := range o.acc {
		clear(o.Value(i))
	}
}

func (o *Oracle) run(from, to int) {
	for i := from; i < to; i++ {
		n := &o.p.Nodes[i]
		switch row := n.Op.Row(); {
		case n.Op == step.OpParam:
			q := o.p.Params[n.Index[0]]
			o.spread(i, o.theta[q.Offset:][:q.Shape.Len()])
		case n.Op == step.OpConst:
			o.spread(i, n.Data)
		case row.Leaf:
		case row.F != nil:
			o.elementwise(i, row.F)
		default:
			e := step.Eval{Out: o.out[i], Shapes: o.shapes(n), Lanes: o.lanes}
			for _, j := range n.In {
				e.In = append(e.In, o.Value(j))
			}
			row.Eval(n, e)
		}
	}
}

// spread gives every lane the same numbers.
func (o *Oracle) spread(node int, values []float64) {
	dst := o.Value(node)
	for k := range dst {
		dst[k] = values[k/o.lanes]
	}
}

func (o *Oracle) elementwise(node int, f func(x []float64) float64) {
	n := &o.p.Nodes[node]
	y, x := o.Value(node), make([]float64, len(n.In))
	for k := range y {
		for a, j := range n.In {
			v := o.Value(j)
			if len(v) < len(y) { // a constant of one component
				x[a] = v[k%o.lanes]
				continue
			}
			x[a] = v[k]
		}
		y[k] = f(x)
	}
}
