package export

import (
	"math"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// ranges are the largest sizes that the components of values had along calibration data.
type ranges map[int][]float64

// calibrator runs a plan in float64 along data and notes ranges.
type calibrator struct {
	pl     *plan
	values map[int][]float64 // of roots, of all times so far the last
	seen   ranges
}

// calibrate runs a model along series, each from the zero state. Rows that the model refuses are left out.
func calibrate(m *model.Model, pl *plan, list []series.Series) ranges {
	c := &calibrator{pl: pl, values: map[int][]float64{}, seen: ranges{}}
	for k := range list {
		for _, s := range pl.p.States {
			clear(c.value(s.Node))
		}
		s := &list[k]
		for row := range s.Len() {
			c.row(m, s.X[row*s.Inputs():][:s.Inputs()], s.DT[row])
		}
	}
	return c.seen
}

// row takes one row, in parts where it is long.
func (c *calibrator) row(m *model.Model, x []float32, dt float32) {
	n, err := m.Parts(x, dt)
	if err != nil {
		return
	}
	p := c.pl.p
	for k := range n {
		part := m.Part(dt, n, k)
		for _, in := range p.Inputs {
			for q, v := range x {
				c.value(in.Node)[q] = float64(v)
			}
			c.note(in.Node)
		}
		if p.Time >= 0 {
			c.value(p.Time)[0] = float64(part.DT)
			c.note(p.Time)
		}
		if p.Part >= 0 {
			copy(c.value(p.Part), []float64{float64(part.Before), float64(part.After), float64(part.Turn)})
			c.note(p.Part)
		}
		c.pl.walk(c.pl.body, c)
	}
}

// value is that of a root; of what depends on parameters only its table.
func (c *calibrator) value(root int) []float64 {
	v, ok := c.values[root]
	if !ok {
		v = make([]float64, c.pl.len(root))
		if c.pl.uniform[root] && !c.pl.phi[root] {
			for k, q := range c.pl.table(root) {
				v[k] = float64(q)
			}
		}
		c.values[root] = v
	}
	return v
}

// note widens the range of a root by its value. What is no number is left out.
func (c *calibrator) note(root int) {
	seen := c.seen[root]
	if seen == nil {
		seen = make([]float64, c.pl.len(root))
		c.seen[root] = seen
	}
	for k, v := range c.value(root) {
		if a := math.Abs(v); a > seen[k] && a <= math.MaxFloat32 {
			seen[k] = a
		}
	}
}

// whole gathers a value that need not stand as it is.
func (c *calibrator) whole(i int) []float64 {
	v := make([]float64, c.pl.len(i))
	for k := range v {
		r, at := c.pl.origin(i, k)
		v[k] = c.value(r)[at]
	}
	return v
}

// compute implements visitor.
func (c *calibrator) compute(i int) {
	n := &c.pl.p.Nodes[i]
	row := n.Op.Row()
	if row.F != nil {
		x, y := make([]float64, len(n.In)), c.value(i)
		for k := range y {
			for a, j := range n.In {
				r, at := c.pl.operand(j, k)
				x[a] = c.value(r)[at]
			}
			y[k] = row.F(x)
		}
		c.note(i)
		return
	}
	e := step.Eval{Lanes: 1}
	for _, j := range n.In {
		e.In, e.Shapes = append(e.In, c.whole(j)), append(e.Shapes, c.pl.p.Nodes[j].Shape)
	}
	all := c.pl.all(i)
	e.Out = append(e.Out, c.value(i))
	if n.Op == step.OpSynapses {
		e.Out = append(e.Out, make([]float64, n.Shape.Len()))
		if len(all) > 1 && all[1] >= 0 {
			e.Out[1] = c.value(all[1])
		}
	}
	row.Eval(n, e)
	for _, r := range c.pl.read(i) {
		c.note(r)
	}
}

// move implements visitor.
func (c *calibrator) move(from int, to target) {
	switch to.kind {
	case toNode:
		copy(c.value(to.k), c.whole(from))
		c.note(to.k)
	case toState:
		copy(c.value(c.pl.p.States[to.k].Node), c.whole(from))
		c.note(c.pl.p.States[to.k].Node)
	}
}
