package engine

import (
	"slices"

	"github.com/elegans-nn/elegans/step"
)

// Pass is a program that runs over whole series in one direction of time.
type Pass struct {
	// Program reads, as its first input, the rows of the pass before: its first output at each row. The first pass reads the
	// series. Further inputs are drawn, see Lane.Draw.
	Program *step.Program
	// Backward runs from the last row to the first. The elapsed time at a row is then that between it and the row after it;
	// at the last row, where the pass begins, it is that before the first row, which is where other passes begin.
	Backward bool
	// Limits say how the program takes rows in parts. Of several passes each divides its own rows, and hands on what it has after
	// the last part; a single one takes lanes as they are, see Lane.Part.
	Limits Limits
}

// Passes run over series one after the other, as a network needs whose layers look at a series from both ends: a backward
// pass begins when the one before has seen all rows, so that such a network has no state to stream with. One forward pass is
// a Batch, with its bounds on memory; of several, the rows that pass between them are kept.
type Passes struct {
	list    []Pass
	batches []*Batch
	first   []int         // of each pass: where its parameters begin
	rows    [][][]float32 // of each pass but the last: what it gives, by lane, in the order of time
	grad    []float32
}

// NewPasses prepares passes without reverse, each with an output. The parameters of the passes follow each other. It panics
// where the first or the last pass is backward, where widths do not fit, or where several have a bound on memory.
func NewPasses(list []Pass, o BatchOptions) *Passes {
	p := &Passes{list: slices.Clone(list), rows: make([][][]float32, len(list)-1)}
	if n := len(list); list[0].Backward || list[n-1].Backward {
		panic("engine: the first pass and the last run forward")
	} else if n > 1 && o.Memory > 0 {
		panic("engine: a bound on memory holds for one pass only")
	}
	parameters := 0
	for k, pass := range list {
		o.Inputs = k > 0
		if k > 0 && widthOf(list[k-1].Program) != pass.Program.Nodes[pass.Program.Inputs[0].Node].Shape.Len() {
			panic("engine: a pass does not fit the one before")
		}
		p.batches = append(p.batches, NewBatch(pass.Program, o))
		p.first = append(p.first, parameters)
		parameters += pass.Program.ParamCount()
	}
	p.first = append(p.first, parameters)
	return p
}

// widthOf is the width of what a program hands on.
func widthOf(p *step.Program) int { return p.Nodes[p.Outputs[0].Node].Shape.Len() }

// Need is Batch.Need of the last pass, the only one for which there may be a bound.
func (p *Passes) Need(n, rows int) int { return p.batches[len(p.batches)-1].Need(n, rows) }

// Gradient is that of Batch.Gradient through all passes. Initial and final states are those of a single pass; Lane.DX is not
// written.
func (p *Passes) Gradient(theta []float32, lanes []Lane, loss func(lane, t int, y, dy []float32) float64) (float64, []float32) {
	last := len(p.list) - 1
	if last == 0 {
		return p.batches[0].Gradient(theta, lanes, loss)
	}
	p.forward(theta, lanes)
	feed := p.lanes(last, lanes)
	slopes := wanted(feed)
	sum, grad := p.batches[last].Gradient(p.part(theta, last), feed, func(lane, t int, y, dy []float32) float64 {
		if row, ends := feed[lane].ends(t); ends {
			return loss(lane, row, y, dy)
		}
		return 0
	})
	slopes = folded(feed, slopes)
	p.grad = append(p.grad[:0], make([]float32, p.first[last+1])...)
	copy(p.grad[p.first[last]:], grad)
	for k := last - 1; k >= 0; k-- {
		width, backward := widthOf(p.list[k].Program), p.list[k].Backward
		if p.list[k+1].Backward != backward { // the one runs where the other has come from
			flipAll(slopes, width)
		}
		given := slopes
		feed := p.lanes(k, lanes)
		if k > 0 {
			slopes = wanted(feed)
		}
		_, grad := p.batches[k].Gradient(p.part(theta, k), feed, func(lane, t int, _, dy []float32) float64 {
			if row, ends := feed[lane].ends(t); ends {
				copy(dy, given[lane][row*width:])
			}
			return 0
		})
		copy(p.grad[p.first[k]:], grad)
		if k > 0 {
			slopes = folded(feed, slopes)
		}
	}
	return sum, p.grad
}

// Run is that of Batch.Run through all passes. Of several, the memory grows with the length of the series.
func (p *Passes) Run(theta []float32, lanes []Lane, visit func(lane, t int, y []float32)) {
	last := len(p.list) - 1
	if last == 0 {
		p.batches[0].Run(theta, lanes, visit)
		return
	}
	p.forward(theta, lanes)
	feed := p.lanes(last, lanes)
	p.batches[last].Run(p.part(theta, last), feed, func(lane, t int, y []float32) {
		if row, ends := feed[lane].ends(t); ends {
			visit(lane, row, y)
		}
	})
}

// part are the parameters of pass k.
func (p *Passes) part(theta []float32, k int) []float32 { return theta[p.first[k]:p.first[k+1]] }

// forward runs all passes but the last and keeps what they give.
func (p *Passes) forward(theta []float32, lanes []Lane) {
	for k := range p.rows {
		width, backward := widthOf(p.list[k].Program), p.list[k].Backward
		feed := p.lanes(k, lanes)
		out := make([][]float32, len(lanes))
		for l := range out {
			out[l] = make([]float32, lanes[l].Rows(p.list[0].Program)*width)
		}
		p.batches[k].Run(p.part(theta, k), feed, func(lane, t int, y []float32) {
			row, ends := feed[lane].ends(t)
			if backward {
				row = len(out[lane])/width - 1 - row
			}
			if ends {
				copy(out[lane][row*width:], y)
			}
		})
		p.rows[k] = out
	}
}

// lanes are the series as pass k reads them.
func (p *Passes) lanes(k int, from []Lane) []Lane {
	feed := make([]Lane, len(from))
	for l := range from {
		if from[l].State != nil || from[l].Final != nil {
			panic("engine: series that run in both directions carry no state")
		}
		lane := from[l]
		if lane.DX = nil; k > 0 {
			lane.X = [][]float32{p.rows[k-1][l]}
		}
		if p.list[k].Backward {
			lane = reversed(lane, widthOf(p.list[k-1].Program))
		}
		feed[l] = p.list[k].Limits.divide(lane)
	}
	return feed
}

// reversed is a series from its last row to its first, with rows of a width.
func reversed(l Lane, width int) Lane {
	rows := len(l.X[0]) / width
	l.X = [][]float32{slices.Clone(l.X[0])}
	flip(l.X[0], width)
	if l.DT != nil && rows > 0 {
		dt := append([]float32{l.DT[0]}, l.DT[1:]...)
		slices.Reverse(dt[1:])
		l.DT = dt
	}
	if draw := l.Draw; draw != nil {
		l.Draw = func(input string, t int, dst []float32) { draw(input, rows-1-t, dst) }
	}
	return l
}

// wanted gives series room for the cotangents of their rows.
func wanted(lanes []Lane) [][]float32 {
	slopes := make([][]float32, len(lanes))
	for l := range lanes {
		slopes[l] = make([]float32, len(lanes[l].X[0]))
		lanes[l].DX = slopes[l : l+1]
	}
	return slopes
}

func flipAll(lists [][]float32, width int) {
	for _, x := range lists {
		flip(x, width)
	}
}

// flip reverses the order of rows.
func flip(x []float32, width int) {
	for a, b := 0, len(x)-width; a < b; a, b = a+width, b-width {
		for i := range width {
			x[a+i], x[b+i] = x[b+i], x[a+i]
		}
	}
}
