package export

import (
	"math"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// ranges are the largest sizes that the components of values had along calibration data.
type ranges map[int][]float64

// calibrationRows are stepped at least, over and over where the data have less, so that ranges are those of long runs too.
var calibrationRows = 3000

// calibrator runs a plan in float64 along data and notes ranges.
type calibrator struct {
	*layout
	memory []float64
	evals  map[int]*step.Eval
	seen   ranges
}

func newCalibrator(pl *plan) *calibrator {
	c := &calibrator{layout: newLayout(pl, func(int) bool { return true }), evals: map[int]*step.Eval{}, seen: ranges{}}
	c.memory = make([]float64, c.size)
	for root := range c.base {
		if pl.uniform[root] && !pl.phi[root] {
			for k, v := range pl.table(root) {
				c.value(root)[k] = float64(v)
			}
		}
	}
	return c
}

// calibrate runs a model along series: each from the zero state, and then all with the state that the one before left. Rows
// that the model refuses are left out.
func calibrate(m *model.Model, pl *plan, list []series.Series) ranges {
	c := newCalibrator(pl)
	n := 0
	for k := range list {
		for _, s := range pl.p.States {
			clear(c.value(s.Node))
		}
		n += c.series(m, &list[k])
	}
	for rows := n; 0 < n && rows < calibrationRows; {
		for k := range list {
			rows += c.series(m, &list[k])
		}
	}
	return c.seen
}

// series runs along one and gives the number of its rows.
func (c *calibrator) series(m *model.Model, s *series.Series) int {
	for row := range s.Len() {
		c.row(m, s.X[row*s.Inputs():][:s.Inputs()], s.DT[row])
	}
	return s.Len()
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
			if !c.given(in.Node) {
				continue
			}
			for q, v := range x {
				c.value(in.Node)[q] = float64(v)
			}
			c.note(in.Node)
		}
		if c.given(p.Time) {
			c.value(p.Time)[0] = float64(part.DT)
			c.note(p.Time)
		}
		if c.given(p.Part) {
			copy(c.value(p.Part), []float64{float64(part.Before), float64(part.After), float64(part.Turn)})
			c.note(p.Part)
		}
		c.pl.walk(c.pl.body, c)
	}
}

// value is that of a root.
func (c *calibrator) value(root int) []float64 { return c.memory[c.base[root]:][:c.pl.len(root)] }

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

// gather takes a value together that need not stand as it is.
func (c *calibrator) gather(dst []float64, from []int) []float64 {
	for k, at := range from {
		dst[k] = c.memory[at]
	}
	return dst
}

// compute implements visitor.
func (c *calibrator) compute(i int) {
	n := &c.pl.p.Nodes[i]
	row := n.Op.Row()
	if row.F != nil {
		var operands [5]float64
		y := c.value(i)
		for k, from := range c.operands(i) {
			y[k] = row.F(c.gather(operands[:len(from)], from))
		}
		c.note(i)
		return
	}
	e := c.eval(i)
	for k := range n.In {
		c.gather(e.In[k], c.components(i, k))
	}
	row.Eval(n, *e)
	for _, r := range c.pl.read(i) {
		c.note(r)
	}
}

// eval prepares an operation that mixes components.
func (c *calibrator) eval(i int) *step.Eval {
	if e, ok := c.evals[i]; ok {
		return e
	}
	n, all := &c.pl.p.Nodes[i], c.pl.all(i)
	e := &step.Eval{Lanes: 1, Out: [][]float64{c.value(i)}}
	for _, j := range n.In {
		e.In, e.Shapes = append(e.In, make([]float64, c.pl.len(j))), append(e.Shapes, c.pl.p.Nodes[j].Shape)
	}
	if n.Op == step.OpSynapses {
		e.Out = append(e.Out, make([]float64, n.Shape.Len()))
		if len(all) > 1 && all[1] >= 0 {
			e.Out[1] = c.value(all[1])
		}
	}
	c.evals[i] = e
	return e
}

// move implements visitor.
func (c *calibrator) move(from int, to target) {
	root := to.k
	switch to.kind {
	case toOutput:
		return
	case toState:
		root = c.pl.p.States[to.k].Node
	}
	v := c.value(root)
	copy(v, c.gather(make([]float64, len(v)), c.components(from, -1)))
	c.note(root)
}
