// Package trial runs any step program on the float64 oracle with generic numbers (nothing 0, 1, equal or symmetric) and
// compares its reverse with central differences. The conformance suite and the tests of operations are made of it.
package trial

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/step"
)

// Trial is a sequence for a program: parameters, inputs, elapsed times, initial states, and the cotangents that make a
// loss of outputs and final states. Everything is [time][component][lane], flat; what has no time is [component][lane].
type Trial struct {
	Program      *step.Program // without its reverse
	Steps, Lanes int
	Theta        []float64
	X            [][]float64 // of each input
	DT           []float64   // [time][lane]
	Part         []float64   // as the leaf step.OpPart, [time][component][lane]
	H0           [][]float64 // of each state
	DY           [][]float64 // cotangent of each output
	DH           [][]float64 // cotangent of each final state
	reverse      *step.Program
}

// Longest is the longest dt that New draws; the shortest is 1/30 of it.
const Longest = 3

// New draws a trial. Parameters are the initial values moved by noise within their bounds; dt is log-uniform up to Longest.
func New(p *step.Program, steps, lanes int, seed uint64) *Trial {
	t := &Trial{Program: p, Steps: steps, Lanes: lanes}
	r := rand.New(rand.NewPCG(seed, 0x7269616c))
	t.Theta = p.Initial(seed)
	for _, q := range p.Params {
		for i := range q.Shape.Len() {
			v := &t.Theta[q.Offset+i]
			*v += 0.15 * (2*r.Float64() - 1)
			if q.Bounded() { // away from the bounds: a bound is a kink of the optimiser, not of the equation
				*v = min(max(*v, q.Min+0.05*(1+r.Float64())), q.Max-0.05*(1+r.Float64()))
			}
		}
	}
	draw := func(n int, scale float64) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = scale * (2*r.Float64() - 1)
		}
		return v
	}
	width := func(node int) int { return p.Nodes[node].Shape.Len() * lanes }
	for _, in := range p.Inputs {
		t.X = append(t.X, draw(steps*width(in.Node), 1.5))
	}
	for range steps * lanes {
		t.DT = append(t.DT, Longest/30.0*math.Exp(r.Float64()*math.Log(30)))
	}
	for _, s := range p.States {
		t.H0 = append(t.H0, draw(width(s.Node), 0.8))
		t.DH = append(t.DH, draw(width(s.Node), 1))
	}
	for _, o := range p.Outputs {
		t.DY = append(t.DY, draw(steps*width(o.Node), 1))
	}
	t.divide(r)
	return t
}

// divide makes half of the rows parts of longer ones: the first, the last or one between, in some turn.
func (t *Trial) divide(r *rand.Rand) {
	t.Part = make([]float64, t.Steps*step.PartWidth*t.Lanes)
	for time := range t.Steps {
		row := at(t.Part, time, t.Steps)
		for lane := range t.Lanes {
			kind, size := r.IntN(6), 0.5+r.Float64()
			if t.Program.Part < 0 || kind > 2 {
				continue
			}
			if kind > 0 {
				row[step.PartBefore*t.Lanes+lane] = size
			}
			if kind < 2 {
				row[step.PartAfter*t.Lanes+lane] = 1.5 * size
			}
			row[step.PartTurn*t.Lanes+lane] = float64(1 + r.IntN(2))
		}
	}
}

// Hide makes NaN of some values of an input, a third of them: what was not observed.
func (t *Trial) Hide(input int, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0x67617073))
	for i := range t.X[input] {
		if r.IntN(3) == 0 {
			t.X[input][i] = math.NaN()
		}
	}
}

// Result is what a trial computes forward.
type Result struct {
	Y [][]float64 // of each output, [time][component][lane]
	H [][]float64 // of each final state, [component][lane]
	// Path is the state after every step, [time][state][component][lane].
	Path [][][]float64
}

// Gradient is what a trial computes backward. Those of inputs and time are nil where the program does not look at them.
type Gradient struct {
	Result
	Theta []float64   // summed over lanes
	Lane  [][]float64 // of each parameter, [component][lane]; nil where it has no effect
	X     [][]float64
	DT    []float64
	H0    [][]float64
}

// at is the part of a sequence that belongs to one time.
func at(v []float64, t, steps int) []float64 {
	n := len(v) / steps
	return v[t*n : (t+1)*n]
}

func (t *Trial) feed(o *engine.Oracle) func(int) {
	return func(time int) {
		for i, in := range t.Program.Inputs {
			copy(o.Value(in.Node), at(t.X[i], time, t.Steps))
		}
		if t.Program.Time >= 0 {
			copy(o.Value(t.Program.Time), at(t.DT, time, t.Steps))
		}
		if t.Program.Part >= 0 {
			copy(o.Value(t.Program.Part), at(t.Part, time, t.Steps))
		}
	}
}

func (t *Trial) forward(tape *engine.Tape) (r Result) {
	p, o := t.Program, tape.Oracle
	for i, s := range p.States {
		copy(o.Value(s.Node), t.H0[i])
	}
	r.Y = make([][]float64, len(p.Outputs))
	tape.Forward(t.Steps, t.feed(o), func(int) {
		for i, out := range p.Outputs {
			r.Y[i] = append(r.Y[i], o.Value(out.Node)...)
		}
		var path [][]float64
		for _, s := range p.States {
			path = append(path, append([]float64(nil), o.Value(s.Next)...))
		}
		r.Path = append(r.Path, path)
	})
	if t.Steps > 0 {
		r.H = r.Path[t.Steps-1]
	}
	return r
}

// Forward runs the sequence.
func (t *Trial) Forward() Result {
	return t.forward(&engine.Tape{Oracle: engine.NewOracle(t.Program, t.Lanes, t.Theta)})
}

// Loss is the sum of outputs and final states times their cotangents.
func (t *Trial) Loss() float64 {
	r := t.Forward()
	sum := 0.0
	for i := range r.Y {
		sum += dot(r.Y[i], t.DY[i])
	}
	for i := range r.H {
		sum += dot(r.H[i], t.DH[i])
	}
	return sum
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// Gradient runs the sequence and its reverse.
func (t *Trial) Gradient() Gradient {
	if t.reverse == nil {
		t.reverse = t.Program.Reverse(step.WRT{Inputs: true, Time: true, States: true})
	}
	q := *t
	q.Program = t.reverse
	return q.gradient()
}

func (t *Trial) gradient() (g Gradient) {
	p := t.Program
	a := p.Adjoint
	o := engine.NewOracle(p, t.Lanes, t.Theta)
	tape := &engine.Tape{Oracle: o}
	g.Result = t.forward(tape)
	for i, node := range a.DNext {
		copy(o.Value(node), t.DH[i])
	}
	g.X = make([][]float64, len(p.Inputs))
	for i, node := range a.DInput {
		if node >= 0 {
			g.X[i] = make([]float64, len(t.X[i]))
		}
	}
	if a.DTime >= 0 {
		g.DT = make([]float64, len(t.DT))
	}
	tape.Backward(t.feed(o), func(time int) {
		for i, node := range a.DOutput {
			copy(o.Value(node), at(t.DY[i], time, t.Steps))
		}
	}, func(time int) {
		for i, node := range a.DInput {
			if node >= 0 {
				copy(at(g.X[i], time, t.Steps), o.Value(node))
			}
		}
		if a.DTime >= 0 {
			copy(at(g.DT, time, t.Steps), o.Value(a.DTime))
		}
	})
	for _, node := range a.DState {
		g.H0 = append(g.H0, append([]float64(nil), o.Value(node)...))
	}
	g.Theta = make([]float64, len(t.Theta))
	for k, q := range p.Params {
		lanes := o.Grad(k)
		g.Lane = append(g.Lane, lanes)
		for i, v := range lanes {
			g.Theta[q.Offset+i/t.Lanes] += v
		}
	}
	return g
}

// Tolerance of the reverse against central differences, times 1 + |b|. The five-point rule leaves some 1e-12 of the
// loss over the step of 1e-4; a wrong rule is off by far more than 1e-8.
const Tolerance = 1e-8

// Differences compares the reverse with central differences: all parameters, inputs, times and initial states. It gives
// the largest |a - b| / (1 + |b|) and how many numbers were compared; the error names the first that is off.
func (t *Trial) Differences() (worst float64, compared int, err error) {
	g := t.Gradient()
	see := func(name string, values, grad []float64) {
		for i := range values {
			got := 0.0
			if grad != nil {
				got = grad[i]
			}
			want := t.central(&values[i])
			e := math.Abs(got-want) / (1 + math.Abs(want))
			compared++
			if !(e <= Tolerance) && err == nil {
				err = fmt.Errorf("d loss / d %s[%d] is %.12g by the reverse and %.12g by central differences (ratio %.9g)", name, i, got, want, got/want)
			}
			if !(e <= worst) {
				worst = e
			}
		}
	}
	for _, q := range t.Program.Params {
		n := q.Shape.Len()
		see(q.Name, t.Theta[q.Offset:][:n], g.Theta[q.Offset:][:n])
	}
	for i, in := range t.Program.Inputs {
		see("input "+in.Name, t.X[i], g.X[i])
	}
	if t.Program.Time >= 0 {
		see("dt", t.DT, g.DT)
	}
	for i, s := range t.Program.States {
		see("state "+s.Name, t.H0[i], g.H0[i])
	}
	return worst, compared, err
}

// central is the derivative of the loss by the five-point rule. A missing value stays so wherever it is moved.
func (t *Trial) central(v *float64) float64 {
	old := *v
	defer func() { *v = old }()
	h := 1e-4 * (1 + math.Abs(old))
	if math.IsNaN(h) {
		h = 1e-4
	}
	f := func(k float64) float64 {
		*v = old + k*h
		return t.Loss()
	}
	return (8*(f(1)-f(-1)) - (f(2) - f(-2))) / (12 * h)
}
