package conform

import (
	"fmt"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	"github.com/elegans-nn/elegans/step"
)

// RealTimeEngine: the engine's real-time learning gives, row by row in single precision and by the structure of the
// cell's wiring, the gradient that the oracle finds going back through the whole history in double precision.
func RealTimeEngine(s Subject) error {
	for _, z := range []size{{1, 1}, {1, 5}, {1, 12}} {
		t := rounded(s.trial(z))
		for k := range t.DH { // the engine gives derivatives of outputs
			clear(t.DH[k])
		}
		got, err := realTimeGradient(s.Program, t)
		if err != nil {
			return err
		}
		want := t.Gradient().Theta
		for _, q := range s.Program.Params {
			from, to := q.Offset, q.Offset+q.Shape.Len()
			single, double := piece{what: "gradient of " + q.Name, values: got[from:to]}, piece{values: want[from:to]}
			if _, err := closeTo(single, double, singleGradient); err != nil {
				return fmt.Errorf("%d steps in real time: %w", z.steps, err)
			}
		}
	}
	return nil
}

// realTimeGradient is the gradient of a trial of one lane, gathered while it runs.
func realTimeGradient(p *step.Program, t *trial.Trial) ([]float64, error) {
	outputs := make([]int, len(p.Outputs))
	for k := range outputs {
		outputs[k] = k
	}
	r, err := engine.NewRealTime(p, engine.RealTimeOptions{Outputs: outputs})
	if err != nil {
		return nil, err
	}
	theta, g, dy := make([]float32, len(t.Theta)), make([]float32, len(t.Theta)), make([]float32, r.Width())
	narrow(theta, t.Theta)
	r.SetParams(theta)
	for k := range t.H0 {
		narrow(r.State(k), t.H0[k])
	}
	sum := make([]float64, len(g))
	for time := range t.Steps {
		for k := range t.X {
			narrow(r.Input(k), part(t.X[k], time, t.Steps))
		}
		if dt := r.DT(); dt != nil {
			narrow(dt, part(t.DT, time, t.Steps))
		}
		if leaf := r.Part(); leaf != nil {
			narrow(leaf, part(t.Part, time, t.Steps))
		}
		r.Step()
		at := dy
		for k := range t.DY {
			d := part(t.DY[k], time, t.Steps)
			narrow(at, d)
			at = at[len(d):]
		}
		r.Gradient(g, dy)
		for i, v := range g {
			sum[i] += float64(v)
		}
	}
	return sum, nil
}
