package engine

import "github.com/elegans-nn/elegans/engine/internal/kernel"

// panels gathers the gradients of all dense matrices that one value was multiplied by. The value is turned around once
// for all of them, and the times of a chunk are summed together.
type panels struct {
	e       *Engine
	x       place
	passing bool // the stage overwrites the value at its next time
	count   int  // rows of matrices that share their weights
	turned  *kernel.Panels
	members []*panelMember
}

// panelMember is the gradient of one matrix.
type panelMember struct {
	dy  place // its slots of a chunk follow each other
	to  sink
	w   kernel.Matrix
	sum []float32 // in the width of panels, where the matrix has another; handed on at the end
}

// valueKey is a value in a stage. A place would not do, for values that follow each other share it.
type valueKey struct {
	s    stage
	node int
}

// panelled compiles the gradient of a dense matrix where panels serve it; all but the first of a group have no code at
// their own time.
func (c *compiler) panelled(s stage, i int) (f func(t int), ok bool) {
	n, lanes := &c.p.Nodes[i], c.width(s)
	if n.Edges[0] != nil || s != rbefore && s != rafter || c.passing(s, n.In[0]) || !kernel.Panelled(lanes) {
		return nil, false
	}
	a, b := c.p.Nodes[n.In[0]].Shape, c.p.Nodes[n.In[1]].Shape
	x := c.inLane(s, n.In[1])
	key := valueKey{s, n.In[1]}
	g := c.panels[key]
	first := g == nil
	if first {
		g = &panels{e: c.e, x: x, passing: c.passing(s, n.In[1]), count: b.Outer, turned: kernel.NewPanels(b.Inner, lanes, chunk*b.Outer)}
		c.panels[key] = g
		c.e.panelBytes += g.turned.Bytes()
		c.e.spans[s] = append(c.e.spans[s], g.span)
	}
	m := &panelMember{dy: c.inLane(s, n.In[0]), to: c.sink(s, i, n.Shape.Len())}
	width := g.turned.Width()
	m.w = kernel.Matrix{Rows: a.Inner, Cols: b.Inner, Row: width, Col: 1}
	if width != b.Inner {
		m.sum = make([]float32, a.Inner*width)
		c.e.panelBytes += 4 * len(m.sum)
		c.e.sums = append(c.e.sums, sums{func() { clear(m.sum) }, func() { m.flush(c.e) }})
	}
	g.members = append(g.members, m)
	if first && g.passing {
		return g.take, true
	}
	return nil, true
}

// take turns the value of time t around.
func (g *panels) take(t int) {
	x := g.e.get(g.x, t)
	n := len(x) / g.count
	for o := range g.count {
		g.turned.Take(t%chunk*g.count+o, x[o*n:][:n])
	}
}

// span adds the products of times [from, to), which belong to one chunk.
func (g *panels) span(from, to int) {
	if !g.passing {
		for t := from; t < to; t++ {
			g.take(t)
		}
	}
	for _, m := range g.members {
		dy, times := g.e.span(m.dy, from, to-from), kernel.Times{Count: to - from, DY: m.dy.stride}
		if m.sum != nil {
			m.w.W = m.sum
			g.turned.OuterAdd(m.w, dy, times, g.count)
			continue
		}
		for _, p := range m.to.places {
			m.w.W = g.e.get(p, 0)
			g.turned.OuterAdd(m.w, dy, times, g.count)
		}
	}
}

// flush hands the sums on.
func (m *panelMember) flush(e *Engine) {
	for _, p := range m.to.places {
		dst := e.get(p, 0)
		for i := range m.w.Rows {
			for j, v := range m.sum[i*m.w.Row:][:m.w.Cols] {
				dst[i*m.w.Cols+j] += v
			}
		}
	}
}

// outerOfOne is the gradient of a dense matrix in one lane: a product of rows of a single number each, over the columns.
func outerOfOne(rows, cols int) func(w, dy, x []float32, times kernel.Times) {
	var p kernel.Product
	return func(w, dy, x []float32, times kernel.Times) {
		p.Terms, p.X = p.Terms[:0], p.X[:0]
		for k := range times.Count {
			p.Terms = append(p.Terms, kernel.Matrix{W: dy[k*times.DY:][:rows], Rows: rows, Cols: 1, Row: 1, Col: 1})
			p.X = append(p.X, x[k*times.X:][:cols])
		}
		p.Add(w, cols)
	}
}
