package conform

import (
	"bytes"
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/step"
)

func narrow(dst []float32, src []float64) {
	for i, v := range src {
		dst[i] = float32(v)
	}
}

func widen(src []float32) []float64 {
	out := make([]float64, len(src))
	for i, v := range src {
		out[i] = float64(v)
	}
	return out
}

// rounded is a trial with all numbers rounded to single precision, so that both executors see the same.
func rounded(t *trial.Trial) *trial.Trial {
	q := t.Copy()
	for _, list := range [][][]float64{q.X, q.H0, q.DY, q.DH, {q.Theta, q.DT, q.Part}} {
		for _, v := range list {
			for i := range v {
				v[i] = float64(float32(v[i]))
			}
		}
	}
	return q
}

// load compiles a program for a trial and writes all its numbers.
func load(p *step.Program, t *trial.Trial) *engine.Engine {
	e := engine.Compile(p, engine.Options{Steps: t.Steps, Lanes: t.Lanes})
	theta := make([]float32, len(t.Theta))
	narrow(theta, t.Theta)
	e.SetParams(theta)
	for k := range t.H0 {
		narrow(e.State(k), t.H0[k])
	}
	for time := range t.Steps {
		for k := range t.X {
			narrow(e.Input(k, time), part(t.X[k], time, t.Steps))
		}
		if dt := e.DT(time); dt != nil {
			narrow(dt, part(t.DT, time, t.Steps))
		}
		if leaf := e.Part(time); leaf != nil {
			narrow(leaf, part(t.Part, time, t.Steps))
		}
	}
	return e
}

func part(v []float64, time, steps int) []float64 {
	n := len(v) / steps
	return v[time*n : (time+1)*n]
}

// read collects the results of an engine.
func read(e *engine.Engine, t *trial.Trial) (r trial.Result) {
	for k := range t.Program.Outputs {
		var y []float64
		for time := range t.Steps {
			y = append(y, widen(e.Output(k, time))...)
		}
		r.Y = append(r.Y, y)
	}
	for k := range t.Program.States {
		r.H = append(r.H, widen(e.State(k)))
	}
	return r
}

// single runs a trial on the float32 engine.
func single(t *trial.Trial) trial.Result {
	e := load(t.Program, t)
	e.Forward(t.Steps)
	return read(e, t)
}

// lengths runs the engine with one lane of a shorter length, for trials with more than one lane.
func lengths(lane, length int) func(*trial.Trial) trial.Result {
	return func(t *trial.Trial) trial.Result {
		e := load(t.Program, t)
		n := make([]int, t.Lanes)
		for l := range n {
			n[l] = t.Steps
			if l == lane {
				n[l] = length
			}
		}
		e.SetLengths(n)
		e.Forward(t.Steps)
		return read(e, t)
	}
}

// File: a model that was saved and loaded is the same model: the same bytes when saved again, and the same outputs to
// the bit, step by step from any state. A cell that is not registered cannot be saved and is not checked.
func File(s Subject) error {
	if s.Model == nil {
		return nil
	}
	var first, second bytes.Buffer
	t := s.draw(s.Model.Program(), 5, 1, 21)
	theta := make([]float32, len(t.Theta))
	narrow(theta, t.Theta)
	m := s.Model.With(theta)
	if err := m.Write(&first); err != nil {
		return fmt.Errorf("saving: %w", err)
	}
	loaded, err := model.Read(bytes.NewReader(first.Bytes()))
	if err != nil {
		return fmt.Errorf("loading what was saved: %w", err)
	}
	if err := loaded.Write(&second); err != nil {
		return fmt.Errorf("saving again: %w", err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		return fmt.Errorf("the loaded model is saved as other bytes: an option of the cell is lost")
	}
	if got, want := loaded.Program().String(), m.Program().String(); got != want {
		return fmt.Errorf("the loaded model has another program:\n%s\nthan the saved one:\n%s", got, want)
	}
	return streams(m, loaded, t)
}

// streams compares two models row by row.
func streams(a, b *model.Model, t *trial.Trial) error {
	x, y := a.Stream(), b.Stream()
	row := make([]float32, inputs)
	for time := range t.Steps {
		narrow(row, part(t.X[0], time, t.Steps))
		p, err := x.Step(row, float32(t.DT[time]))
		if err != nil {
			return err
		}
		q, err := y.Step(row, float32(t.DT[time]))
		if err != nil {
			return err
		}
		for i := range p {
			if math.Float32bits(p[i]) != math.Float32bits(q[i]) {
				return fmt.Errorf("row %d: the saved model predicts %v, the loaded one %v", time, p, q)
			}
		}
	}
	if !bytes.Equal(x.Snapshot(), y.Snapshot()) {
		return fmt.Errorf("the streams of the saved and the loaded model end in different states")
	}
	return nil
}
