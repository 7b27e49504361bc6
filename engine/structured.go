package engine

import (
	"github.com/elegans-nn/elegans/engine/internal/kernel"
	"github.com/elegans-nn/elegans/step"
)

// structured compiles the operations that are not element-wise: a row gives the call of node i in stage s at time t.
// Slices and further results are places only. Most accumulators are written by the producers of their values.
var structured = [step.Ops]func(c *compiler, s stage, i int) func(t int){
	step.OpLinear:    (*compiler).linear,
	step.OpLinearT:   (*compiler).linear,
	step.OpOuter:     (*compiler).outer,
	step.OpSynapses:  (*compiler).synapses,
	step.OpSynapsesT: (*compiler).synapsesT,
	step.OpSum:       (*compiler).sum,
	step.OpBroadcast: (*compiler).broadcast,
	step.OpSoftmax:   (*compiler).softmax,
	step.OpConcat:    (*compiler).concat,
	step.OpGather:    (*compiler).gather,
	step.OpScatter:   (*compiler).scatter,
	step.OpPad:       (*compiler).pad,
	step.OpAccum:     (*compiler).accum,
}

// compiler turns a layout into code.
type compiler struct {
	*layout
	e         *Engine
	panels    map[valueKey]*panels
	rowSums   map[valueKey]*rowSum
	gradients []*sparseGradient
}

// width is the number of lanes a stage works on.
func (c *compiler) width(s stage) int {
	if s.uniform() {
		return 1
	}
	return c.lanes
}

// operands are the places of a node's operands and of its result, in lanes.
func (c *compiler) operands(s stage, i int) (y place, in []place) {
	for k, j := range c.p.Nodes[i].In {
		if weight(&c.p.Nodes[i], k) {
			in = append(in, c.find(s, j))
			continue
		}
		in = append(in, c.inLane(s, j))
	}
	return c.find(s, i), in
}

// linear is y = W0 x0 + W1 x1 + …, or with transposed matrices.
func (c *compiler) linear(s stage, i int) func(t int) {
	if f, ok := c.dense(s, i); ok {
		return f
	}
	if f, ok := c.masked(s, i); ok {
		return f
	}
	e := c.e
	y, in := c.operands(s, i)
	var terms []func(y []float32, t int)
	for k := 0; k < len(in); k += 2 {
		terms = append(terms, c.term(s, i, k, in))
	}
	result, begin := e.view(y), c.beginning(s, i)
	return func(t int) {
		dst := result.get(t)
		begin(dst, t)
		for _, f := range terms {
			f(dst, t)
		}
	}
}

// term is one product of a linear map.
func (c *compiler) term(s stage, i, k int, in []place) func(y []float32, t int) {
	n := &c.p.Nodes[i]
	weight, operand, edges, lanes := c.e.view(in[k]), c.e.view(in[k+1]), n.Edges[k/2], c.width(s)
	rows, cols, outer := n.Shape.Inner, c.p.Nodes[n.In[k+1]].Shape.Inner, n.Shape.Outer
	each := func(f func(y, w, x []float32)) func(y []float32, t int) {
		return func(y []float32, t int) {
			w, x := weight.get(t), operand.get(t)
			if outer == 1 {
				f(y, w, x)
				return
			}
			for o := range outer {
				f(y[o*rows*lanes:][:rows*lanes], w, x[o*cols*lanes:][:cols*lanes])
			}
		}
	}
	back := n.Op == step.OpLinearT
	if c.single(s) && !back {
		return each(c.singleTerm(s, i, k, in[k]))
	}
	if edges != nil {
		list := kernel.NewEdges(edges.List)
		if back {
			return each(func(y, w, x []float32) { list.MulAddT(y, w, x, lanes) })
		}
		return each(func(y, w, x []float32) { list.MulAdd(y, w, x, lanes) })
	}
	p := kernel.Product{Terms: []kernel.Matrix{c.matrix(n, k)}, X: make([][]float32, 1)}
	return each(func(y, w, x []float32) {
		p.Terms[0].W, p.X[0] = w, x
		p.Add(y, lanes)
	})
}

// sink is where the gradient of a weight goes, summed over lanes: to the accumulators that wait for it, or to the value
// of the node itself, in the tail.
type sink struct {
	places []place
	clear  bool // the value starts at zero
}

func (c *compiler) sink(s stage, node, rows int) sink {
	var k sink
	if s.uniform() {
		return sink{places: []place{c.find(s, node)}, clear: true}
	}
	for i, n := range c.p.Nodes {
		if n.Op == step.OpAccum && c.live[i] && n.In[1] == node {
			k.places = append(k.places, c.total[n.In[0]])
		}
	}
	if len(k.places) == 0 { // nobody waits for it: it is computed into the void
		k.places = []place{{off: c.take(rows), n: rows}}
	}
	return k
}

// outer is W += Σ_lanes dy xᵀ. Where both operands outlive their time, all times of a chunk are summed at once.
func (c *compiler) outer(s stage, i int) func(t int) {
	if c.sparse(s, i) {
		return nil
	}
	if f, ok := c.panelled(s, i); ok {
		return f
	}
	n, e := &c.p.Nodes[i], c.e
	g := &gradient{e: e, dy: c.inLane(s, n.In[0]), x: c.inLane(s, n.In[1]), to: c.sink(s, i, n.Shape.Len())}
	a, b := c.p.Nodes[n.In[0]].Shape, c.p.Nodes[n.In[1]].Shape
	lanes := c.width(s)
	g.count, g.dyRows, g.xRows = b.Outer, a.Inner*lanes, b.Inner*lanes
	if edges := n.Edges[0]; edges != nil {
		list := kernel.NewEdges(edges.List)
		g.add = func(w, dy, x []float32, times kernel.Times) {
			list.OuterAdd([][]float32{w}, [][]float32{dy}, x, lanes, times)
		}
	} else if lanes == 1 {
		g.add = outerOfOne(a.Inner, b.Inner)
	} else {
		g.add = func(w, dy, x []float32, times kernel.Times) {
			m := kernel.Matrix{W: w, Rows: a.Inner, Cols: b.Inner, Row: b.Inner, Col: 1}
			m.OuterAdd(dy, x, lanes, times)
		}
	}
	if c.outlives(s, n) {
		e.spans[s] = append(e.spans[s], g.span)
		return nil
	}
	return func(t int) { g.run(t, 1) }
}

// passing reports whether a stage overwrites a value at its next time.
func (c *compiler) passing(s stage, i int) bool {
	_, local := c.layout.stage[s][c.root[i]]
	return local
}

// gradient sums the products of two values for a matrix.
type gradient struct {
	e                    *Engine
	dy, x                place
	to                   sink
	count, dyRows, xRows int // rows of matrices that share W, and the numbers from one to the next
	add                  func(w, dy, x []float32, times kernel.Times)
}

// span takes times [from, to), which belong to one chunk.
func (g *gradient) span(from, to int) { g.run(from, to-from) }

// run takes n times from t on.
func (g *gradient) run(t, n int) {
	dy, x := g.e.span(g.dy, t, n), g.e.span(g.x, t, n)
	for _, p := range g.to.places {
		w := g.e.get(p, t)
		if g.to.clear {
			clear(w)
		}
		for o := range g.count {
			g.add(w, dy[o*g.dyRows:], x[o*g.xRows:], kernel.Times{Count: n, DY: g.dy.stride, X: g.x.stride})
		}
	}
}

// result finds the Result node k of a node, or a place for what nobody reads.
func (c *compiler) result(s stage, i, k, rows int) place {
	if j := c.resultNode(i, k); j >= 0 {
		return c.find(s, j)
	}
	return place{off: c.take(rows), n: rows}
}

func (c *compiler) resultNode(i, k int) int {
	for _, j := range c.results(i)[1:] {
		if c.live[j] && c.p.Nodes[j].Index[0] == k {
			return j
		}
	}
	return -1
}

func (c *compiler) synapses(s stage, i int) func(t int) {
	n, e, lanes := &c.p.Nodes[i], c.e, c.width(s)
	G, in := c.operands(s, i)
	I := c.result(s, i, 1, G.n)
	if w := c.newWhole(kernel.AloneSynapses, s, n.Shape.Inner, 2, 2); w != nil {
		w.operands = []moving{{p: G, to: &w.out[0]}, {p: I, to: &w.out[1]}}
		c.addHead(w, s, head{name: "synapses", x: n.In[0], list: n.Edges[0].List, weights: n.In[1:5]})
		return w.run
	}
	y := kernel.Synapse{Edges: kernel.NewEdges(n.Edges[0].List)}
	conductance, current, x := e.view(G), e.view(I), e.views(in)
	return func(t int) {
		y.W, y.S, y.M, y.E = x[1].get(t), x[2].get(t), x[3].get(t), x[4].get(t)
		g, c := conductance.get(t), current.get(t)
		clear(g)
		clear(c)
		y.Forward(g, c, x[0].get(t), lanes)
	}
}

// synapsesT is the reverse of synapses. Its sums over times are handed on once, before the tail.
func (c *compiler) synapsesT(s stage, i int) func(t int) {
	n, e := &c.p.Nodes[i], c.e
	dv, in := c.operands(s, i)
	back := kernel.NewSynapsesBack(n.Edges[0].List, c.width(s))
	c.onParams(func() {
		back.Pack(kernel.Synapse{W: e.get(in[1], 0), S: e.get(in[2], 0), M: e.get(in[3], 0), E: e.get(in[4], 0)})
	})
	var to [4]sink
	for k := range to {
		to[k] = c.sinkOf(s, i, k+1, len(n.Edges[0].List))
	}
	e.sums = append(e.sums, sums{back.Clear, func() {
		sum := func(k int) []float32 { return e.get(to[k].places[0], 0) }
		back.Flush(kernel.Synapse{W: sum(0), S: sum(1), M: sum(2), E: sum(3)})
	}})
	x, result, begin := e.views(in), e.view(dv), c.beginning(s, i)
	return func(t int) {
		v := result.get(t)
		begin(v, t)
		back.Run(kernel.Cotangent{V: x[0].get(t), DV: v, DG: x[5].get(t), DI: x[6].get(t)})
	}
}

// sinkOf is the sink of result k of a SynapsesT, which belongs to one operand and so to one accumulator.
func (c *compiler) sinkOf(s stage, i, k, rows int) sink {
	if j := c.resultNode(i, k); j >= 0 {
		return c.sink(s, j, rows)
	}
	return sink{places: []place{{off: c.take(rows), n: rows}}}
}

func (c *compiler) sum(s stage, i int) func(t int) {
	n, e, lanes := &c.p.Nodes[i], c.e, c.width(s)
	y, in := c.operands(s, i)
	x := c.p.Nodes[n.In[0]].Shape
	k := kernel.Sum{Rows: x.Outer, Count: x.Inner, Outer: x.Inner, Inner: 1}
	if step.Axis(n.Index[0]) == step.Outer {
		k = kernel.Sum{Rows: x.Inner, Count: x.Outer, Outer: 1, Inner: x.Inner}
	}
	return func(t int) { k.Run(e.get(y, t), e.get(in[0], t), lanes) }
}

// broadcast is a gather that repeats rows.
func (c *compiler) broadcast(s stage, i int) func(t int) {
	n, e, lanes := &c.p.Nodes[i], c.e, c.width(s)
	y, in := c.operands(s, i)
	a := c.p.Nodes[n.In[0]].Shape
	index := make([]int, 0, n.Shape.Len())
	for o := range n.Shape.Outer {
		for k := range n.Shape.Inner {
			index = append(index, min(o, a.Outer-1)*a.Inner+min(k, a.Inner-1))
		}
	}
	return func(t int) { kernel.Gather(e.get(y, t), e.get(in[0], t), index, lanes) }
}

func (c *compiler) softmax(s stage, i int) func(t int) {
	n, e, lanes := &c.p.Nodes[i], c.e, c.width(s)
	y, in := c.operands(s, i)
	sum := place{off: c.take(lanes), n: lanes}
	return func(t int) { kernel.Softmax(e.get(y, t), e.get(in[0], t), e.get(sum, t), n.Shape.Inner, lanes) }
}

func (c *compiler) concat(s stage, i int) func(t int) {
	e := c.e
	y, in := c.operands(s, i)
	type move struct{ to, from place }
	var moves []move
	at := 0
	for k, x := range in {
		rows := c.rows(c.p.Nodes[i].In[k])
		if to := y.part(at, rows, c.width(s)); !to.same(x) { // else it stands there already, see joins and rings
			moves = append(moves, move{to, x})
		}
		at += rows
	}
	if len(moves) == 0 {
		return nil
	}
	return func(t int) {
		for _, m := range moves {
			copy(e.get(m.to, t), e.get(m.from, t))
		}
	}
}

func (c *compiler) gather(s stage, i int) func(t int) {
	n, e, lanes := &c.p.Nodes[i], c.e, c.width(s)
	y, in := c.operands(s, i)
	return func(t int) { kernel.Gather(e.get(y, t), e.get(in[0], t), n.Index, lanes) }
}

func (c *compiler) scatter(s stage, i int) func(t int) {
	n, e, lanes := &c.p.Nodes[i], c.e, c.width(s)
	y, in := c.operands(s, i)
	return func(t int) { kernel.Scatter(e.get(y, t), e.get(in[0], t), n.Index, lanes) }
}

func (c *compiler) pad(s stage, i int) func(t int) {
	n, e, lanes := &c.p.Nodes[i], c.e, c.width(s)
	y, in := c.operands(s, i)
	return func(t int) { kernel.Pad(e.get(y, t), e.get(in[0], t), n.Index[0], lanes) }
}
