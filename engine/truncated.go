package engine

import (
	"fmt"

	"github.com/elegans-nn/elegans/step"
)

// Truncated runs one stream of a program and gives gradients by going back through the last rows only: truncated
// backpropagation through time (Williams and Peng, Neural Computation 2, 1990, BPTT(h)). Nothing is carried along but the rows
// themselves and the states before them; Gradient runs these rows again, at the parameters of now, from the state that stood
// before the first of them, and back. While fewer rows than that have passed it is backpropagation through the whole history.
//
// Memory is that of a window of training of one lane, time that of its forward and backward pass, for each Gradient. It belongs
// to one goroutine and allocates nothing after NewTruncated.
type Truncated struct {
	p       *step.Program
	e, back *Engine
	outputs []int
	rows    int         // that are kept
	at      int         // number of steps so far
	kept    [][]float32 // of each step modulo rows: states, inputs, time and part, one after the other
	row     []float32   // of the step that is taken
	theta   []float32
	changed bool // parameters, since the window last ran
	before  []float32
	width   int
}

// NewTruncated prepares a program without reverse for gradients through so many rows, 1 at least, for some of its outputs.
// Memory bounds the bytes; 1 GiB if zero. The error is a *MemoryError where they do not suffice.
func NewTruncated(p *step.Program, outputs []int, rows, memory int) (*Truncated, error) {
	if rows < 1 {
		return nil, fmt.Errorf("engine: backpropagation through %d rows; it must be at least 1", rows)
	}
	if memory == 0 {
		memory = 1 << 30
	}
	t, stream, window := planTruncated(p, outputs, rows)
	if need := t.bytes(stream.bytes() + window.bytes()); need > memory {
		return nil, &MemoryError{need, memory, p.StateWidth(), t.width, p.ParamCount()}
	}
	t.e, t.back = stream.allocate(), window.allocate()
	for range rows {
		t.kept = append(t.kept, make([]float32, rowWidth(p)))
	}
	t.row, t.theta, t.before = make([]float32, rowWidth(p)), make([]float32, p.ParamCount()), make([]float32, p.StateWidth())
	return t, nil
}

// TruncatedBytes is what Bytes of NewTruncated would be, known before any of it is there.
func TruncatedBytes(p *step.Program, outputs []int, rows int) int {
	t, stream, window := planTruncated(p, outputs, max(1, rows))
	return t.bytes(stream.bytes() + window.bytes())
}

// planTruncated decides everything and allocates no values.
func planTruncated(p *step.Program, outputs []int, rows int) (t *Truncated, stream, window *compiler) {
	q := *p
	q.Outputs = nil
	t = &Truncated{p: p, rows: rows, changed: true}
	for k, o := range outputs {
		q.Outputs = append(q.Outputs, p.Outputs[o])
		t.outputs = append(t.outputs, k)
		t.width += p.Nodes[p.Outputs[o].Node].Shape.Len()
	}
	return t, arrange(p, Options{}), arrange(q.Reverse(step.WRT{}), Options{Steps: rows})
}

// bytes is Bytes with engines of so many.
func (t *Truncated) bytes(engines int) int {
	return engines + 4*((t.rows+1)*rowWidth(t.p)+t.p.ParamCount()+t.p.StateWidth())
}

// rowWidth is how many numbers a step reads, but for parameters.
func rowWidth(p *step.Program) int {
	n := p.StateWidth() + 1 + step.PartWidth
	for _, in := range p.Inputs {
		n += p.Nodes[in.Node].Shape.Len()
	}
	return n
}

// SetParams takes the parameters, in the flat order of the program.
func (t *Truncated) SetParams(theta []float32) {
	t.e.SetParams(theta)
	copy(t.theta, theta)
	t.changed = true
}

// Input is input k, to be written before Step.
func (t *Truncated) Input(k int) []float32 { return t.e.Input(k, 0) }

// DT is the elapsed time, one number, to be written before Step; nil if the program does not look at it.
func (t *Truncated) DT() []float32 { return t.e.DT(0) }

// Part is which part of a row the step is; see RealTime.Part.
func (t *Truncated) Part() []float32 { return t.e.Part(0) }

// State is state s after the last Step.
func (t *Truncated) State(s int) []float32 { return t.e.State(s) }

// Output is output k after Step.
func (t *Truncated) Output(k int) []float32 { return t.e.Output(k, 0) }

// Width is the number of components of the differentiated outputs.
func (t *Truncated) Width() int { return t.width }

// Step advances the state by one row; see RealTime.Step.
func (t *Truncated) Step() bool {
	read(t.row[len(t.before):], t.e, 0, false)
	if !Advance(t.e, t.before) {
		return false
	}
	copy(t.row, t.before)
	copy(t.kept[t.at%t.rows], t.row)
	t.at++
	return true
}

// read copies what step k of an engine reads beside its state into row, or from it.
func read(row []float32, e *Engine, k int, from bool) {
	take := func(v []float32) {
		if from {
			copy(v, row)
		} else {
			copy(row, v)
		}
		row = row[len(v):]
	}
	for i := range e.inputs {
		take(e.Input(i, k))
	}
	take(e.DT(k))
	take(e.Part(k))
}

// Gradient is that of a loss with slope dy at the differentiated outputs of the last Step, through the rows that are kept. It
// is zero before the first one. It panics where dst has not one number a parameter, or dy not one a component.
func (t *Truncated) Gradient(dst, dy []float32) {
	if len(dst) != len(t.theta) || len(dy) != t.width {
		panic("engine: a gradient needs a place for every parameter and a slope for every output")
	}
	clear(dst)
	n := min(t.at, t.rows)
	if n == 0 {
		return
	}
	if t.changed {
		t.back.SetParams(t.theta)
		t.changed = false
	}
	h := t.kept[(t.at-n)%t.rows]
	for s := range t.back.state {
		h = h[copy(t.back.State(s), h):]
	}
	for k := range n {
		read(t.kept[(t.at-n+k)%t.rows][len(t.before):], t.back, k, true)
	}
	t.back.Forward(n)
	for _, k := range t.outputs {
		dy = dy[copy(t.back.DOutput(k, n-1), dy):]
	}
	t.back.Backward()
	copy(dst, t.back.Grad())
}

// Forget makes the state zero and forgets the rows, as at the beginning of a series.
func (t *Truncated) Forget() {
	for _, h := range t.e.state {
		clear(h)
	}
	t.at = 0
}

// Bytes is the memory of the step, of the window and of the rows.
func (t *Truncated) Bytes() int { return t.bytes(t.e.Bytes() + t.back.Bytes()) }

// FLOPs is the number of floating point operations of one Gradient through all rows.
func (t *Truncated) FLOPs() float64 { return float64(t.rows) * t.back.p.FLOPs() }
