package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/golden"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

const (
	// checkSteps is the length of the sequence of a self-check.
	checkSteps = 50
	// checkBound on |fast - exact| / (1 + |exact|): some hundred roundings of 32-bit floats, which at a step of their own
	// error 6e-8 may add up; a wrong kernel errs by far more.
	checkBound = 1e-4
)

// selfCheck is a model run by the fast engine in 32-bit floats and by the exact one in 64.
type selfCheck struct {
	Model       string        `json:"model"`
	MaxRelError golden.Number `json:"max_rel_error"`
	Pass        bool          `json:"pass"`
	Problem     string        `json:"problem,omitempty"`
}

// checkPreset compares both engines row by row along an irregular sequence.
func checkPreset(p cell.Preset) selfCheck {
	k := selfCheck{Model: p.Name}
	m, err := exampleModel(p)
	if err != nil {
		k.Problem = err.Error()
		return k
	}
	s := checkSeries()
	want, err := exactly(m, s)
	if err != nil {
		k.Problem = err.Error()
		return k
	}
	fast := m.Stream()
	for row, dt := range s.DT {
		y, err := fast.Step(s.At(row), dt)
		if err != nil {
			k.Problem = fmt.Sprintf("row %d: %v", row, err)
			return k
		}
		for i, v := range want[row] {
			e := math.Abs(float64(y[i])-v) / (1 + math.Abs(v))
			if !(e <= float64(k.MaxRelError)) {
				k.MaxRelError = golden.Number(e)
			}
		}
	}
	k.Pass = k.MaxRelError <= checkBound
	return k
}

// checkSeries is the sequence of a self-check.
func checkSeries() *series.Series {
	s := &series.Series{}
	for row := range checkSteps {
		for i := range exampleInputs {
			s.X = append(s.X, float32(math.Sin(0.7*float64(row)+1.3*float64(i))))
		}
		s.DT = append(s.DT, float32(0.3+0.2*float64(row%7)))
	}
	return s
}

// exactly is the prediction of a model for every row of a series in 64-bit floats. Long gaps are split as they are for
// every executor.
func exactly(m *model.Model, s *series.Series) (rows [][]float64, err error) {
	steps, err := m.Rows(s)
	if err != nil {
		return nil, err
	}
	p, theta := m.Program(), make([]float64, m.Parameters())
	widen(theta, m.Params())
	o := engine.NewOracle(p, 1, theta)
	x, y := o.Value(p.Inputs[p.Input("x")].Node), o.Value(p.Outputs[p.Output("prediction")].Node)
	tape := engine.Tape{Oracle: o}
	tape.Forward(len(steps.DT), func(t int) {
		widen(x, steps.X[t*len(x):])
		if p.Time >= 0 {
			o.Value(p.Time)[0] = float64(steps.DT[t])
		}
		if p.Part >= 0 && steps.Part != nil {
			widen(o.Value(p.Part), steps.Part[t*step.PartWidth:])
		}
	}, func(t int) {
		if row := len(rows); steps.At == nil || steps.At[row] == t {
			rows = append(rows, slices.Clone(y))
		}
	})
	return rows, nil
}

func widen(dst []float64, src []float32) {
	for i := range dst {
		dst[i] = float64(src[i])
	}
}
