package main

import (
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/golden"
	"github.com/elegans-nn/elegans/model"
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

// checkPreset compares both engines step by step along an irregular sequence.
func checkPreset(p cell.Preset) selfCheck {
	k := selfCheck{Model: p.Name}
	m, err := exampleModel(p)
	if err != nil {
		k.Problem = err.Error()
		return k
	}
	fast, exact := m.Stream(), newExact(m)
	x := make([]float32, exampleInputs)
	for step := range checkSteps {
		for i := range x {
			x[i] = float32(math.Sin(0.7*float64(step) + 1.3*float64(i)))
		}
		dt := float32(0.3 + 0.2*float64(step%7))
		y, err := fast.Step(x, dt)
		if err != nil {
			k.Problem = fmt.Sprintf("step %d: %v", step, err)
			return k
		}
		for i, want := range exact.step(x, dt) {
			e := math.Abs(float64(y[i])-want) / (1 + math.Abs(want))
			if !(e <= float64(k.MaxRelError)) {
				k.MaxRelError = golden.Number(e)
			}
		}
	}
	k.Pass = k.MaxRelError <= checkBound
	return k
}

// exact runs a model in 64-bit floats, one lane.
type exact struct {
	m *model.Model
	o *engine.Oracle
}

func newExact(m *model.Model) *exact {
	theta := make([]float64, m.Parameters())
	for i, v := range m.Params() {
		theta[i] = float64(v)
	}
	return &exact{m, engine.NewOracle(m.Program(), 1, theta)}
}

func (e *exact) step(x []float32, dt float32) []float64 {
	p := e.m.Program()
	in := e.o.Value(p.Inputs[p.Input("x")].Node)
	for i, v := range x {
		in[i] = float64(v)
	}
	if p.Time >= 0 {
		e.o.Value(p.Time)[0] = float64(dt)
	}
	e.o.Step()
	next := make([][]float64, len(p.States))
	for k, s := range p.States {
		next[k] = append(next[k], e.o.Value(s.Next)...)
	}
	y := append([]float64(nil), e.o.Value(p.Outputs[p.Output("prediction")].Node)...)
	for k, s := range p.States {
		copy(e.o.Value(s.Node), next[k])
	}
	return y
}
