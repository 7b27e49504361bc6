package conform

import (
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// partsOfRow is in how many parts the rows of Parts are taken.
const partsOfRow = 3

// Parts: a row that is longer than a cell can step is one row. What executors make of it in parts is what the same equation
// gives in a single step with as many times the sub-steps of its solver: outputs, states and all gradients. So the flow goes
// on from part to part, and all else (the update of a cell, a memory, windows, pools, what stands beside it) happens once. A
// cell without sub-steps must be nothing but a flow.
func Parts(s Subject) error {
	if s.adaptive() || s.maxStep() == 0 {
		return nil
	}
	if s.Variant.Cell != nil {
		finer, ok := subdivided(s.Variant.Cell, partsOfRow)
		if !ok {
			return s.onlyFlow()
		}
		v := s.Variant
		v.Cell = finer
		whole, err := NewSubject(s.Entry, v)
		if err != nil {
			return err
		}
		if err := s.sameAs(whole); err != nil {
			return fmt.Errorf("a row in %d parts is not a row with %d times the sub-steps: %w", partsOfRow, partsOfRow, err)
		}
	}
	if s.Model == nil {
		return nil
	}
	return s.modelInParts()
}

// adaptive tells whether errors decide on the parts.
func (s Subject) adaptive() bool {
	return s.Model != nil && s.Model.Adaptive() || s.Variant.Cell != nil && cell.Adaptive(s.Variant.Cell)
}

// subdivided is a cell with n times the sub-steps, if it has any.
func subdivided(c cell.Cell, n int) (cell.Cell, bool) {
	if m, ok := c.(cell.Mixed); ok {
		inner, ok := subdivided(m.Cell, n)
		return cell.Mixed{Cell: inner}, ok
	}
	v := reflect.New(reflect.TypeOf(c)).Elem()
	v.Set(reflect.ValueOf(cell.Resolve(c)))
	f := v.FieldByName("Unfolds")
	if cell.MaxStep(c) == 0 || !f.IsValid() {
		return c, false
	}
	f.SetInt(f.Int() * int64(n))
	return v.Interface().(cell.Cell), true
}

// onlyFlow: a cell whose solver has no sub-steps.
func (s Subject) onlyFlow() error {
	if !s.flow() || s.Program.Part >= 0 {
		return fmt.Errorf("a cell with MaxStep is a flow, or has an option Unfolds by which its parts can be checked")
	}
	return nil
}

// sameAs compares rows in parts to whole ones of another program with the same parameters, in double precision.
func (s Subject) sameAs(other Subject) error {
	const lanes, rows, bound = 2, 3, 1e-9
	w := other.draw(other.Program, rows, lanes, 31)
	clear(w.Part)
	for i := range w.DT {
		w.DT[i] = s.maxStep() * (partsOfRow - 0.9 + 0.8*w.DT[i]/trial.Longest)
	}
	p := inParts(s.Program, w)
	a, b := p.Gradient(), w.Gradient()
	for k := range b.Y {
		if err := near("output", last(a.Y[k], rows), b.Y[k], bound); err != nil {
			return err
		}
	}
	for k := range b.H {
		if err := near("state "+s.Program.States[k].Name, a.H[k], b.H[k], bound); err != nil {
			return err
		}
		if err := near("gradient of state "+s.Program.States[k].Name, a.H0[k], b.H0[k], bound); err != nil {
			return err
		}
	}
	if err := near("gradient of the parameters", a.Theta, b.Theta, bound); err != nil {
		return err
	}
	dt := total(a.DT, rows)
	for i := range dt {
		dt[i] /= partsOfRow
	}
	if err := near("gradient of dt", dt, b.DT, bound); err != nil {
		return err
	}
	return near("gradient of the input", total(a.X[0], rows), b.X[0], bound)
}

// inParts is a trial of another program whose rows are taken in equal parts.
func inParts(p *step.Program, w *trial.Trial) *trial.Trial {
	q := w.Copy()
	q.Program, q.Steps = p, w.Steps*partsOfRow
	held := func(v []float64) (out []float64) {
		n := len(v) / w.Steps
		for row := range w.Steps {
			out = append(out, repeat(v[row*n:][:n], partsOfRow)...)
		}
		return out
	}
	for k := range q.X {
		q.X[k] = held(q.X[k])
	}
	q.DT, q.Part = held(q.DT), make([]float64, q.Steps*step.PartWidth*q.Lanes)
	for i := range q.DT {
		q.DT[i] /= partsOfRow
		time, lane := i/q.Lanes, i%q.Lanes
		at := q.Part[time*step.PartWidth*q.Lanes:]
		at[step.PartBefore*q.Lanes+lane] = q.DT[i] * float64(time%partsOfRow)
		at[step.PartAfter*q.Lanes+lane] = q.DT[i] * float64(partsOfRow-1-time%partsOfRow)
		at[step.PartTurn*q.Lanes+lane] = 1
	}
	for k := range q.DY { // of the last part of each row
		q.DY[k] = held(q.DY[k])
		n := len(q.DY[k]) / q.Steps
		for time := range q.Steps {
			if time%partsOfRow < partsOfRow-1 {
				clear(q.DY[k][time*n:][:n])
			}
		}
	}
	return q
}

// last are the values of the last part of each row.
func last(v []float64, rows int) (out []float64) {
	n := len(v) / rows / partsOfRow
	for row := range rows {
		out = append(out, v[((row+1)*partsOfRow-1)*n:][:n]...)
	}
	return out
}

// total are the sums over the parts of each row.
func total(v []float64, rows int) []float64 {
	n := len(v) / rows / partsOfRow
	out := make([]float64, rows*n)
	for i, x := range v {
		out[i/n/partsOfRow*n+i%n] += x
	}
	return out
}

// modelInParts compares all executors of a model along long rows to a model each of whose layers takes them in one step.
func (s Subject) modelInParts() error {
	a := s.Model.Architecture()
	long := make([]float32, 3)
	for i := range long {
		long[i] = float32(s.Model.MaxStep() * (partsOfRow - 0.7 + 0.3*float64(i)))
	}
	a.Layers = slices.Clone(a.Layers)
	for i, l := range a.Layers {
		if cell.MaxStep(l.Cell) == 0 {
			continue
		}
		n := engine.Limits{cell.MaxStep(l.Cell)}.Parts(long[0])
		if n != (engine.Limits{cell.MaxStep(l.Cell)}).Parts(long[len(long)-1]) {
			return fmt.Errorf("layer %d takes rows of %v in different numbers of parts: choose layers whose longest steps are nearer to each other", i, long)
		}
		finer, ok := subdivided(l.Cell, n)
		if !ok {
			return nil // nothing but a flow
		}
		a.Layers[i].Cell = finer
	}
	other, err := a.Model(s.Model.Schema())
	if err != nil {
		return err
	}
	t := s.draw(s.Model.Program(), len(long), 1, 41)
	theta := make([]float32, len(t.Theta))
	narrow(theta, t.Theta)
	m, w := s.Model.With(theta), series.Series{X: make([]float32, len(long)*inputs), DT: long, Y: make([]float64, len(long))}
	narrow(w.X, t.X[0])
	if other = other.With(theta); other.MaxStep() < float64(slices.Max(long)) {
		return fmt.Errorf("a model with more sub-steps still takes rows of %v in parts", long)
	}
	return alike(m, other, &w)
}

// alike compares what a model gives along a series to what another one does.
func alike(m, other *model.Model, w *series.Series) error {
	const forward, gradient = 2e-5, 2e-4 // rows of several parts are long computations in single precision
	predictions := func(m *model.Model) (all []float64, err error) {
		err = m.Run([]series.Series{*w}, model.RunOptions{}, func(_, _ int, y []float32) { all = append(all, widen(y)...) })
		return all, err
	}
	got, err := predictions(m)
	if err != nil {
		return err
	}
	want, err := predictions(other)
	if err != nil {
		return err
	}
	if err := near("prediction", got, want, forward); err != nil {
		return fmt.Errorf("a row in parts is not one row: %w", err)
	}
	one, _ := m.Training()
	two, _ := other.Training()
	if err := slopes(m, other, w, one, two, gradient); err != nil || m.Causal() != nil {
		return err
	}
	if err := streamed(m, w, got); err != nil {
		return err
	}
	g, err := carried(m, w)
	if err != nil {
		return err
	}
	exact, err := slope(other, w, []engine.Pass{{Program: other.Program().Only("y")}})
	if err != nil {
		return err
	}
	if err := near("gradient in real time", g, exact, gradient); err != nil {
		return fmt.Errorf("a row in parts has not the gradient of one row: %w", err)
	}
	return nil
}

// slopes compares the gradients of two models by their passes.
func slopes(m, other *model.Model, w *series.Series, one, two []engine.Pass, bound float64) error {
	got, err := slope(m, w, one)
	if err != nil {
		return err
	}
	want, err := slope(other, w, two)
	if err != nil {
		return err
	}
	if err := near("gradient", got, want, bound); err != nil {
		return fmt.Errorf("a row in parts has not the gradient of one row: %w", err)
	}
	return nil
}

// lossSlope is the slope of a loss by output k of a row.
func lossSlope(row, k int) float32 { return 0.7 - 0.4*float32(row) + 0.3*float32(k) }

// slope is the gradient of a loss along a series, all at once, by the passes of a model. Masks of dropout are a row's.
func slope(m *model.Model, w *series.Series, passes []engine.Pass) ([]float64, error) {
	lane, err := m.Lane(w)
	if err != nil {
		return nil, err
	}
	lane.Draw = func(input string, row int, dst []float32) {
		for i := range dst {
			dst[i] = float32((len(input) + row + i*i) % 3)
		}
	}
	row := 0
	_, g := engine.NewPasses(passes, engine.BatchOptions{Workers: 1}).Gradient(m.Params(), []engine.Lane{lane}, func(_, t int, _, dy []float32) float64 {
		if math.IsNaN(lane.Label[t]) { // no last part
			return 0
		}
		for k := range dy {
			dy[k] = lossSlope(row, k)
		}
		row++
		return 0
	})
	if row != w.Len() {
		return nil, fmt.Errorf("the loss sees %d rows of %d", row, w.Len())
	}
	return widen(g), nil
}

// carried is the gradient of the same loss by exact real-time learning.
func carried(m *model.Model, w *series.Series) ([]float64, error) {
	p := m.Program().Only("y")
	r, err := engine.NewRealTime(p, engine.RealTimeOptions{Outputs: []int{0}})
	if err != nil {
		return nil, err
	}
	r.SetParams(m.Params())
	g, dy, sum := make([]float32, p.ParamCount()), make([]float32, r.Width()), make([]float64, p.ParamCount())
	for row, dt := range w.DT {
		n, err := m.Parts(w.At(row), dt)
		if err != nil {
			return nil, err
		}
		for k := range n {
			q := m.Part(dt, n, k)
			copy(r.Input(0), w.At(row))
			if r.DT() != nil {
				r.DT()[0] = q.DT
			}
			q.Write(r.Part(), 0)
			r.Step()
		}
		for k := range dy {
			dy[k] = lossSlope(row, k)
		}
		r.Gradient(g, dy)
		for i, v := range g {
			sum[i] += float64(v)
		}
	}
	return sum, nil
}

// near compares values, each within the bound of 1 and its size.
func near(what string, got, want []float64, bound float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%s has %d values in parts, %d whole", what, len(got), len(want))
	}
	for i, b := range want {
		if e := math.Abs(got[i]-b) / (1 + math.Abs(b)); !(e <= bound) {
			return fmt.Errorf("%s[%d] is %.9g in parts and %.9g whole: error %.2g, bound %.2g", what, i, got[i], b, e, bound)
		}
	}
	return nil
}

// streamed compares streams to a run, to the bit.
func streamed(m *model.Model, w *series.Series, want []float64) error {
	one, many := m.Stream(), m.Streams(3)
	for row, dt := range w.DT {
		x := w.At(row)
		y, err := one.Step(x, dt)
		if err != nil {
			return err
		}
		// The second stream takes a short row, so that it rests while the others go on.
		all, err := many.StepMany(nil, slices.Concat(x, x, x), []float32{dt, 0.1, dt})
		if err != nil {
			return err
		}
		n := len(y)
		for k, v := range y {
			if b := want[row*n+k]; float64(v) != b || float64(all[k]) != b || float64(all[2*n+k]) != b {
				return fmt.Errorf("row %d in parts gives %v in a run, %v in a stream and %v, %v in streams", row, b, v, all[k], all[2*n+k])
			}
		}
	}
	return nil
}
