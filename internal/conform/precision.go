package conform

import (
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/internal/conform/trial"
	"github.com/elegans-nn/elegans/step"
)

// Bounds on |a - b| / (1 + |b|) of each value, between the float32 engine and the oracle on the same rounded numbers: 2^-24 is
// one rounding, functions are good to some units, and a step has some ten operations in a row, sequences up to five steps.
// Gradients add up over lanes and times on top. Most cells need a tenth of them.
const (
	singleForward  = 2e-6
	singleGradient = 2e-5
)

// precision is the largest error of outputs and states, and that of gradients.
type precision struct{ forward, gradient float64 }

// shorter are presets whose fastest poles turn by hundreds of radians in the longest dt of a trial. A rounding of such an angle is
// larger than the bounds, which is the cell's own: at full length outputs and gradients were off by what the comments say. They
// are held to the bounds at this share of dt.
var shorter = map[string]float64{
	"S5 s5-64": 1. / 64, // 3.6e-5, 7.6e-4
}

// looser are those that need more than the bounds for other reasons, with twice what was measured; at most mostLoose times a
// bound, for beyond that a function that is good to a digit less would pass.
var looser = map[string]precision{
	"DLinOSS dlinoss-imex-64": {5.8e-6, singleGradient}, // steps at the bound of stability, where errors are not damped
	"LiquidS4 liquids4-p2-32": {4.2e-6, singleGradient}, // sums over 64 numbers, two of them one upon the other
}

const mostLoose = 5

// SinglePrecision: the float32 engine computes what the oracle computes: outputs, states, and every gradient, value by value.
func SinglePrecision(s Subject) error {
	bound, listed := looser[s.String()]
	if !listed {
		bound = precision{singleForward, singleGradient}
	}
	_, err := s.single(bound)
	return err
}

// single finds the largest errors over all sizes.
func (s Subject) single(bound precision) (worst precision, err error) {
	for _, z := range s.sizes() {
		t := s.trial(z)
		if share := shorter[s.String()]; share > 0 {
			for i := range t.DT {
				t.DT[i] *= share
			}
		}
		t = rounded(t)
		want := pieces(t, t.Gradient())
		for k, got := range pieces(t, engineGradient(t)) {
			within, most := bound.forward, &worst.forward
			if got.gradient {
				within, most = bound.gradient, &worst.gradient
			}
			e, err := closeTo(got, want[k], within)
			if err != nil {
				return worst, fmt.Errorf("%d lanes, %d steps: %w", z.lanes, z.steps, err)
			}
			*most = max(*most, e)
		}
	}
	return worst, nil
}

// piece is a part of what a trial gives.
type piece struct {
	what     string
	values   []float64
	gradient bool
}

// pieces are the parts of a result, always in the same order.
func pieces(t *trial.Trial, g trial.Gradient) (list []piece) {
	for _, y := range g.Y {
		list = append(list, piece{"output", y, false})
	}
	for k, h := range g.H {
		list = append(list, piece{"state " + t.Program.States[k].Name, h, false})
	}
	for _, q := range t.Program.Params {
		list = append(list, piece{"gradient of " + q.Name, g.Theta[q.Offset:][:q.Shape.Len()], true})
	}
	for k, h := range g.H0 {
		list = append(list, piece{"gradient of the first state " + t.Program.States[k].Name, h, true})
	}
	list = append(list, piece{"gradient of the input", g.X[0], true})
	if g.DT != nil {
		list = append(list, piece{"gradient of dt", g.DT, true})
	}
	return list
}

// closeTo compares a part in single precision with that in double, value by value, and gives the largest error.
func closeTo(got, want piece, bound float64) (most float64, err error) {
	if len(got.values) != len(want.values) {
		return 0, fmt.Errorf("%s has %d values in single precision, %d in double", got.what, len(got.values), len(want.values))
	}
	for i, b := range want.values {
		e := math.Abs(got.values[i]-b) / (1 + math.Abs(b))
		if !(e <= bound) {
			return e, fmt.Errorf("%s[%d] is %.9g in single precision and %.9g in double: error %.2g, bound %.2g", got.what, i, got.values[i], b, e, bound)
		}
		most = max(most, e)
	}
	return most, nil
}

// engineGradient is everything that the engine gives of a trial.
func engineGradient(t *trial.Trial) (g trial.Gradient) {
	e := load(t.Program.Reverse(step.WRT{Inputs: true, Time: true, States: true}), t)
	e.Forward(t.Steps)
	g.Result = read(e, t)
	for k := range t.DY {
		for time := range t.Steps {
			narrow(e.DOutput(k, time), part(t.DY[k], time, t.Steps))
		}
	}
	for k := range t.DH {
		narrow(e.DStateFinal(k), t.DH[k])
	}
	e.Backward()
	g.Theta = widen(e.Grad())
	for k := range t.H0 {
		g.H0 = append(g.H0, widen(e.DState(k)))
	}
	g.X = [][]float64{nil}
	for time := range t.Steps {
		g.X[0] = append(g.X[0], widen(e.DInput(0, time))...)
		if dt := e.DTime(time); dt != nil {
			g.DT = append(g.DT, widen(dt)...)
		}
	}
	return g
}
