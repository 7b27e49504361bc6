package conform

import (
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	"github.com/elegans-nn/elegans/step"
)

// Derivative: the reverse agrees with central differences in float64, for all parameters, inputs, times and initial
// states, to trial.Tolerance.
func Derivative(s Subject) error {
	units := s.sizes()[0].lanes
	for _, z := range []size{{units, 2}, {1, 3}, {3, 1}} {
		if _, n, err := s.trial(z).Differences(); err != nil {
			return fmt.Errorf("the reverse is not the derivative of the step (%d lanes, %d steps): %w", z.lanes, z.steps, err)
		} else if n == 0 {
			return fmt.Errorf("nothing was compared: the cell has neither parameters nor states")
		}
	}
	return nil
}

// realTime is the bound on |a - b| / (1 + |b|) between real-time learning and backpropagation through time.
const realTime = 1e-10

// RealTime: exact real-time recurrent learning gives the gradient of backpropagation through time. One reverse of one
// step with a unit cotangent lane per state component is the Jacobian J of the step and the derivative M by its
// parameters; the sensitivity then goes S ← J S + M.
func RealTime(s Subject) error {
	for _, z := range []size{{1, 5}, {2, 3}, {2, 1}} {
		t := s.trial(z)
		want := t.Gradient()
		got := make([]float64, len(t.Theta))
		for lane := range z.lanes {
			for i, v := range newLearner(t.Pick(lane)).gradient() {
				got[i] += v
			}
		}
		for i, b := range want.Theta {
			if e := math.Abs(got[i]-b) / (1 + math.Abs(b)); !(e <= realTime) {
				return fmt.Errorf("real-time learning and backpropagation through time disagree on parameter %s: %.15g and %.15g (ratio %.12g)",
					paramAt(s.Program, i), got[i], b, got[i]/b)
			}
		}
	}
	return nil
}

// paramAt names a scalar of the flat parameter vector.
func paramAt(p *step.Program, i int) string {
	for _, q := range p.Params {
		if n := q.Shape.Len(); i < q.Offset+n {
			return fmt.Sprintf("%s[%d]", q.Name, i-q.Offset)
		}
	}
	return fmt.Sprint(i)
}

// learner carries the sensitivity of one stream. The oracle runs n + 1 lanes of the same step: lane i < n has a unit
// cotangent at component i of the next state, the last one the cotangents of the outputs.
type learner struct {
	t       *trial.Trial
	p       *step.Program
	o       *engine.Oracle
	n, P    int
	S       []float64 // [state component][parameter]
	columns []column  // of the flat state
}

// column is one component of the flat state.
type column struct{ state, component int }

func newLearner(t *trial.Trial) *learner {
	l := &learner{t: t, p: t.Program.Reverse(step.WRT{}), P: len(t.Theta)}
	for k, s := range l.p.States {
		for c := range l.p.Nodes[s.Node].Shape.Len() {
			l.columns = append(l.columns, column{k, c})
		}
	}
	l.n = len(l.columns)
	l.o = engine.NewOracle(l.p, l.n+1, t.Theta)
	l.S = make([]float64, l.n*l.P)
	return l
}

// set writes one lane's value to all lanes.
func (l *learner) set(node int, values []float64) {
	v := l.o.Value(node)
	for i := range v {
		v[i] = values[i/(l.n+1)]
	}
}

func (l *learner) gradient() []float64 {
	states := make([][]float64, len(l.p.States))
	for k := range states {
		states[k] = append([]float64(nil), l.t.H0[k]...)
	}
	total := make([]float64, l.P)
	for time := range l.t.Steps {
		l.step(time, states)
		J, M := l.jacobian()
		l.advance(J, M, total)
		for k, s := range l.p.States {
			for c := range states[k] {
				states[k][c] = l.o.Value(s.Next)[c*(l.n+1)]
			}
		}
	}
	for i, c := range l.columns {
		for q := range l.P {
			total[q] += l.t.DH[c.state][c.component] * l.S[i*l.P+q]
		}
	}
	return total
}

// step runs one time forward and back.
func (l *learner) step(time int, states [][]float64) {
	o, a := l.o, l.p.Adjoint
	at := func(v []float64) []float64 {
		n := len(v) / l.t.Steps
		return v[time*n : (time+1)*n]
	}
	for k, s := range l.p.States {
		l.set(s.Node, states[k])
	}
	for k, in := range l.p.Inputs {
		l.set(in.Node, at(l.t.X[k]))
	}
	if l.p.Time >= 0 {
		l.set(l.p.Time, at(l.t.DT))
	}
	if l.p.Part >= 0 {
		l.set(l.p.Part, at(l.t.Part))
	}
	o.Step()
	o.Clear()
	for _, node := range a.DNext {
		clear(o.Value(node))
	}
	for i, c := range l.columns {
		o.Value(a.DNext[c.state])[c.component*(l.n+1)+i] = 1
	}
	for k, node := range a.DOutput {
		v, d := o.Value(node), at(l.t.DY[k])
		clear(v)
		for c := range d {
			v[c*(l.n+1)+l.n] = d[c]
		}
	}
	o.Back()
	o.Finish()
}

// jacobian reads J [lane][state] and M [lane][parameter]; the last lane is the loss.
func (l *learner) jacobian() (J, M []float64) {
	lanes := l.n + 1
	J, M = make([]float64, lanes*l.n), make([]float64, lanes*l.P)
	for lane := range lanes {
		for j, c := range l.columns {
			J[lane*l.n+j] = l.o.Value(l.p.Adjoint.DState[c.state])[c.component*lanes+lane]
		}
		for k, q := range l.p.Params {
			g := l.o.Grad(k)
			for i := range q.Shape.Len() {
				if g != nil {
					M[lane*l.P+q.Offset+i] = g[i*lanes+lane]
				}
			}
		}
	}
	return J, M
}

// advance adds the gradient of this time to total and makes S ← J S + M.
func (l *learner) advance(J, M, total []float64) {
	next := make([]float64, len(l.S))
	for lane := range l.n + 1 {
		row := total
		if lane < l.n {
			row = next[lane*l.P:][:l.P]
		}
		for q := range l.P {
			row[q] += M[lane*l.P+q]
			for j := range l.n {
				row[q] += J[lane*l.n+j] * l.S[j*l.P+q]
			}
		}
	}
	l.S = next
}
