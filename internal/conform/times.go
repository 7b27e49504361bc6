package conform

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// ZeroTime: no time, no flow. A cell that declares Flow keeps its state at dt = 0, to the bit but for the sign of zero;
// any other cell is finite there, and moves (else it should declare Flow).
func ZeroTime(s Subject) error {
	moved := false
	err := s.every(func(t *trial.Trial, forward func(*trial.Trial) trial.Result) error {
		clear(t.DT)
		clear(t.Part)
		r := forward(t)
		if err := finite(r); err != nil {
			return fmt.Errorf("dt = 0 must be finite: %w", err)
		}
		for k := range r.H {
			for i, v := range r.H[k] {
				if v == float64(float32(t.H0[k][i])) || v == t.H0[k][i] {
					continue
				}
				moved = true
				if s.flow() {
					return fmt.Errorf("the cell declares Flow, but dt = 0 moves state %s[%d] from %v to %v", s.Program.States[k].Name, i, t.H0[k][i], v)
				}
			}
		}
		return nil
	})
	if err == nil && !moved && !s.flow() {
		return fmt.Errorf("dt = 0 leaves every state as it is, so the cell is a flow of time: declare Flow in its Entry")
	}
	return err
}

// gaps are long ones; cells with a MaxStep get 1,000 times that, which is the longest row that executors take.
const (
	longGap  = 1e6
	shortGap = 1e-9
	maxRuns  = 1000
)

// ExtremeTimes: any dt > 0 is finite, forward and back. A gap longer than MaxStep is split into equal runs with the input
// held, as executors do; states must stay of the order of what they were, but for cells that grow.
func ExtremeTimes(s Subject) error {
	for _, z := range s.sizes() {
		for _, dt := range []float64{shortGap, longGap} {
			t := s.trial(z)
			if limit := s.maxStep(); limit > 0 && dt > limit {
				t = hold(t, maxRuns, limit)
				dt = limit
			} else {
				clear(t.Part)
			}
			for i := range t.DT { // equal runs of each lane
				t.DT[i] = dt * (0.9 + 0.1*float64(i%z.lanes%3)/2)
			}
			for _, r := range runners {
				within := func(r trial.Result) error { return s.bounded(t, r) }
				if cell.Grows(s.Variant.Cell) {
					within = finite
				}
				if err := within(r.forward(t)); err != nil {
					return fmt.Errorf("%s, %d lanes, dt = %g: %w", r.name, z.lanes, dt, err)
				}
			}
			for q, g := range t.Gradient().Theta {
				if math.IsNaN(g) || math.IsInf(g, 0) {
					return fmt.Errorf("dt = %g: the gradient of %s is %v", dt, paramAt(s.Program, q), g)
				}
			}
		}
	}
	return nil
}

// hold is one row of a trial, taken in parts of length dt.
func hold(t *trial.Trial, runs int, dt float64) *trial.Trial {
	q := t.Span(0, 1, nil)
	q.Steps = runs
	for k := range q.X {
		q.X[k] = repeat(q.X[k], runs)
	}
	for k := range q.DY {
		q.DY[k] = repeat(q.DY[k], runs)
	}
	q.DT, q.Part = repeat(q.DT, runs), repeat(q.Part, runs)
	for k := range runs {
		part := q.Part[k*step.PartWidth*q.Lanes:]
		for lane := range q.Lanes {
			part[step.PartBefore*q.Lanes+lane], part[step.PartAfter*q.Lanes+lane] = float64(k)*dt, float64(runs-1-k)*dt
			part[step.PartTurn*q.Lanes+lane] = 1
		}
	}
	return q
}

func repeat(v []float64, n int) (out []float64) {
	for range n {
		out = append(out, v...)
	}
	return out
}

// bounded is finite, and not on the way to infinity: generic parameters and inputs of order 1 give values of order 1. A state
// that counts time may grow by what has elapsed.
func (s Subject) bounded(t *trial.Trial, r trial.Result) error {
	if err := finite(r); err != nil {
		return err
	}
	elapsed := 0.0
	for _, dt := range t.DT {
		elapsed += dt
	}
	for k := range r.H {
		limit := 1e3
		if slices.Contains(s.Entry.Clocks, t.Program.States[k].Name) {
			limit += elapsed
		}
		for i, v := range r.H[k] {
			if math.Abs(v) > limit {
				return fmt.Errorf("state %d[%d] has grown to %g: is MaxStep within the stability bound?", k, i, v)
			}
		}
	}
	return nil
}

// Gaps: a stream takes a row longer than MaxStep in equal parts with the input held, which for what is nothing but a flow are
// rows; see Parts for all else. It refuses one that needs more than 1,000 of them, and takes any gap of a cell without MaxStep
// in one step. An adaptive cell takes it in steps that its errors allow; see steps.
func Gaps(s Subject) error {
	if s.Model == nil {
		return nil
	}
	if s.Model.Adaptive() {
		return s.steps()
	}
	const runs = 3
	limit := s.maxStep()
	dt := float32(longGap)
	if limit > 0 {
		dt = float32((runs - 0.5) * limit)
	}
	x := make([]float32, inputs)
	narrow(x, s.trial(size{1, 1}).X[0])
	whole, parts := s.Model.Stream(), s.Model.Stream()
	p, err := whole.Step(x, dt)
	if err != nil {
		return fmt.Errorf("a gap of %g: %w", dt, err)
	}
	if err := finite(trial.Result{Y: [][]float64{widen(p)}}); err != nil {
		return fmt.Errorf("after a gap of %g: %w", dt, err)
	}
	if limit == 0 {
		return nil
	}
	for range runs {
		if _, err := parts.Step(x, dt/runs); err != nil {
			return err
		}
	}
	if s.Model.Program().Part < 0 && !bytes.Equal(whole.Snapshot(), parts.Snapshot()) {
		return fmt.Errorf("a gap of %g is not %d equal parts, as MaxStep %g asks for", dt, runs, limit)
	}
	if _, err := whole.Step(x, float32((maxRuns+1)*limit)); err == nil {
		return fmt.Errorf("a gap of more than %d MaxStep is taken; it must be an error", maxRuns)
	}
	return nil
}

// steps: a gap of an adaptive cell is taken in steps that add up to it; a stream, a run and an engine that is given these steps
// end in one state. A gap that is too long is a *model.StepError that leaves the state, or stays finite.
func (s Subject) steps() error {
	const gap = 20
	theta := make([]float32, s.Model.Parameters()) // generic: at first values a flow may rest at the zero state
	narrow(theta, s.draw(s.Model.Program(), 1, 1, 23).Theta)
	s.Model = s.Model.With(theta)
	x := make([]float32, inputs)
	narrow(x, s.trial(size{1, 1}).X[0])
	list := []series.Series{{X: x, DT: []float32{gap}, Y: []float64{0}}}
	rows, err := s.Model.Rows(&list[0])
	if err != nil {
		return fmt.Errorf("a gap of %d: %w", gap, err)
	}
	sum := 0.0
	e := engine.Compile(s.Model.Program(), engine.Options{Steps: len(rows.DT)})
	e.SetParams(s.Model.Params())
	for t, dt := range rows.DT {
		sum += float64(dt)
		copy(e.Input(0, t), x)
		e.DT(t)[0] = dt
		copy(e.Part(t), rows.Part[t*step.PartWidth:])
	}
	if e.Forward(len(rows.DT)); math.Abs(sum-gap) > 1e-5*gap || len(rows.DT) < 2 {
		return fmt.Errorf("a gap of %d is taken in %d steps that add up to %g", gap, len(rows.DT), sum)
	}
	var want []float32
	for k := range s.Model.Program().States {
		want = append(want, e.State(k)...)
	}
	if err := s.accepted(); err != nil {
		return err
	}
	run, stream := make([]float32, len(want)), s.Model.Streams(1)
	if err := s.Model.Run(list, model.RunOptions{State: [][]float32{run}}, func(int, int, []float32) {}); err != nil {
		return err
	}
	if _, err := stream.StepMany(nil, x, []float32{gap}); err != nil {
		return err
	}
	if !bits(run, want) || !bits(stream.State(0), want) {
		return fmt.Errorf("after a gap of %d the state of a run is %v, of a stream %v, of the %d steps %v", gap, run, stream.State(0), len(rows.DT), want)
	}
	var stuck *model.StepError
	y, err := stream.StepMany(nil, x, []float32{longGap * longGap})
	switch {
	case err == nil:
		return finite(trial.Result{Y: [][]float64{widen(y)}})
	case !errors.As(err, &stuck):
		return fmt.Errorf("a gap of %g: %w, which is no *model.StepError", longGap*longGap, err)
	case !bits(stream.State(0), want):
		return fmt.Errorf("a gap that is refused moves the state")
	}
	return nil
}

// accepted: the gradient in single precision is that of the accepted steps, with their lengths as constants, in double.
func (s Subject) accepted() error {
	const bound = 2e-4 // rows of several steps are long computations in single precision
	w := series.Series{X: make([]float32, 3*inputs), DT: []float32{0.3, 9, 2}, Y: make([]float64, 3)}
	narrow(w.X, s.draw(s.Program, 3, 1, 17).X[0])
	rows, err := s.Model.Rows(&w)
	if err != nil {
		return err
	}
	p := s.Model.Program().Only("y")
	t := trial.New(p, len(rows.DT), 1, 1)
	t.Theta, t.DT, t.Part, t.X[0] = widen(s.Model.Params()), widen(rows.DT), widen(rows.Part), widen(rows.X)
	for _, list := range [][][]float64{t.H0, t.DH, t.DY} {
		for _, v := range list {
			clear(v)
		}
	}
	for row, at := range rows.At {
		for k := range part(t.DY[0], at, t.Steps) {
			part(t.DY[0], at, t.Steps)[k] = float64(lossSlope(row, k))
		}
	}
	got, err := slope(s.Model, &w, []engine.Pass{{Program: p}})
	if err != nil {
		return err
	}
	if err := near("gradient through the accepted steps", got, t.Gradient().Theta, bound); err != nil {
		return fmt.Errorf("%d steps for %d rows: %w", len(rows.DT), w.Len(), err)
	}
	return nil
}

// NotANumber: a NaN is neither spread nor hidden. One lane with NaN inputs leaves all others as they are, to the bit, in
// results and gradients; and it shows in its own state. In a cell that takes missing values itself it is none of a number's
// business: all stays finite, gradients too.
func NotANumber(s Subject) error {
	const lanes, steps, sick = 4, 4, 2
	well := trial.New(s.Program, steps, lanes, 5)
	clear(well.Part) // whole rows, whose inputs count
	ill := well.Copy()
	for i := range ill.X[0] {
		if width := len(ill.X[0]) / steps; i%lanes == sick && i/width == 1 {
			ill.X[0][i] = math.NaN()
		}
	}
	others := []int{0, 1, 3}
	for _, r := range runners {
		a, b := r.forward(well), r.forward(ill)
		if err := equal(pick(a, lanes, others), pick(b, lanes, others)); err != nil {
			return fmt.Errorf("%s: a NaN in one lane reaches another: %w", r.name, err)
		}
		err := finite(pick(b, lanes, []int{sick}))
		if s.Entry.Missing {
			if err != nil {
				return fmt.Errorf("%s: the cell declares Missing, but a row without any observed input does not stay finite: %w", r.name, err)
			}
			continue
		}
		if err == nil {
			return fmt.Errorf("%s: a NaN in all inputs of a row leaves no trace in outputs or states; missing values are hidden by the head of a model, never by a cell", r.name)
		}
	}
	a, b := well.Gradient(), ill.Gradient()
	for q := range a.Lane {
		for i, v := range a.Lane[q] {
			if g := b.Lane[q][i]; s.Entry.Missing && (math.IsNaN(g) || math.IsInf(g, 0)) {
				return fmt.Errorf("a missing value makes the gradient of %s %v", s.Program.Params[q].Name, g)
			}
			if i%lanes != sick && !same(v, b.Lane[q][i]) {
				return fmt.Errorf("a NaN in one lane changes another lane's gradient of %s", s.Program.Params[q].Name)
			}
		}
	}
	return nil
}
