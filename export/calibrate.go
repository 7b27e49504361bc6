package export

import (
	"fmt"
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
	scores map[int]bool
	sizes  []float64 // of states, since they were last set to nothing
}

func newCalibrator(pl *plan) *calibrator {
	c := &calibrator{layout: newLayout(pl, func(int) bool { return true }), evals: map[int]*step.Eval{}, seen: ranges{}, scores: scores(pl)}
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
// that the model refuses are left out. The second result says which states grow without end.
func calibrate(m *model.Model, pl *plan, list []series.Series) (ranges, []string) {
	c := newCalibrator(pl)
	n := 0
	for k := range list {
		for _, s := range pl.p.States {
			clear(c.value(s.Node))
		}
		n += c.series(m, &list[k])
	}
	var passes [][]float64 // the largest sizes of states in each
	for rows := n; 0 < n && rows < calibrationRows; {
		c.sizes = make([]float64, len(pl.p.States))
		for k := range list {
			rows += c.series(m, &list[k])
		}
		passes = append(passes, c.sizes)
	}
	return c.seen, growing(pl, passes)
}

// endless is by how much the range of a state may grow from the first to the last of some passes along the same data.
const endless = 1.5

// growing tells of states whose range grows with every pass along the same data.
func growing(pl *plan, passes [][]float64) (list []string) {
	if len(passes) < 3 {
		return nil
	}
	first, last := passes[0], passes[len(passes)-1]
	for k, s := range pl.p.States {
		if !(last[k] <= endless*first[k]) {
			list = append(list, fmt.Sprintf("state %s grows without end along the calibration data, from %.3g to %.3g within %d passes, and no word holds what has no bound", clean(s.Name), first[k], last[k], len(passes)))
		}
	}
	return list
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
	for k := range c.sizes {
		for _, v := range c.value(p.States[k].Node) {
			c.sizes[k] = math.Max(c.sizes[k], math.Abs(v))
		}
	}
}

// value is that of a root.
func (c *calibrator) value(root int) []float64 { return c.memory[c.base[root]:][:c.pl.len(root)] }

// note widens the range of a root by its value. What is no number is left out.
func (c *calibrator) note(root int) {
	if c.scores[root] {
		return
	}
	for k, v := range c.value(root) {
		c.widen(root, k, math.Abs(v))
	}
}

func (c *calibrator) widen(root, k int, size float64) {
	seen := c.seen[root]
	if seen == nil {
		seen = make([]float64, c.pl.len(root))
		c.seen[root] = seen
	}
	if size > seen[k] && size <= math.MaxFloat32 {
		seen[k] = size
	}
}

// negligible is how far below the largest operand of a softmax one counts for nothing in words: e^-16 is less than 2^-23.
const negligible = 16

// noteScores widens the range of what only softmaxes read. How far an operand is below the largest of its row does not matter from
// negligible on, so that one which stands for never, such as -1e30 for a row that was not there, leaves the others their digits.
func (c *calibrator) noteScores(i int) {
	inner := c.pl.p.Nodes[i].Shape.Inner
	for k, at := range c.components(i, 0) {
		root, q := c.pl.origin(c.pl.p.Nodes[i].In[0], k)
		if !c.scores[root] {
			return
		}
		top := math.Inf(-1)
		for _, other := range c.components(i, 0)[k/inner*inner:][:inner] {
			top = math.Max(top, c.memory[other])
		}
		c.widen(root, q, math.Min(math.Abs(c.memory[at]), math.Abs(top)+negligible))
	}
}

// scores are the roots that only softmaxes read.
func scores(pl *plan) map[int]bool {
	only := map[int]bool{}
	for _, i := range pl.made(pl.body) {
		n := &pl.p.Nodes[i]
		if pl.phi[i] || n.Op == step.OpResult {
			continue
		}
		for _, j := range n.In {
			root, _ := pl.origin(j, 0)
			before, known := only[root]
			only[root] = n.Op == step.OpSoftmax && (before || !known)
		}
	}
	for _, s := range pl.p.States {
		root, _ := pl.origin(s.Next, 0)
		only[root], only[s.Node] = false, false
	}
	root, _ := pl.origin(pl.p.Outputs[0].Node, 0)
	only[root] = false
	for _, p := range phis(pl.body) {
		for _, j := range []int{p.node, p.first, p.next} {
			root, _ := pl.origin(j, 0)
			only[root] = false
		}
	}
	return only
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
	if n.Op == step.OpSoftmax {
		c.noteScores(i)
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
