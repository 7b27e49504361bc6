package model

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

// adaptives are the cells whose solver may choose its own steps, at a relative tolerance and a hundredth of it as absolute one.
func adaptives(rtol float64) map[string]Layer {
	return map[string]Layer{
		"CTRNN":     Recurrent(cell.CTRNN{Units: 5, Method: cell.Dopri5, RTol: rtol, ATol: rtol / 100}),
		"NeuralODE": Recurrent(cell.NeuralODE{Units: 4, Method: cell.Dopri5, RTol: rtol, ATol: rtol / 100}),
		"GRUODE":    Recurrent(cell.GRUODE{Units: 3, Method: cell.Dopri5, RTol: rtol, ATol: rtol / 100}),
		"LRC":       Liquid(cell.LRC{Solver: cell.AdaptiveLRC, RTol: rtol, ATol: rtol / 100}, wiring.Full(4)),
	}
}

// fine are the same cells with the classical method of Runge and Kutta, in tiny steps. LRC has it not: there it is dopri5, whose
// order a test of the cell measures.
var fine = map[string]Layer{
	"CTRNN":     Recurrent(cell.CTRNN{Units: 5, Unfolds: 4}),
	"NeuralODE": Recurrent(cell.NeuralODE{Units: 4, Unfolds: 4}),
	"GRUODE":    Recurrent(cell.GRUODE{Units: 3, Method: cell.RK4}),
	"LRC":       Liquid(cell.LRC{Solver: cell.AdaptiveLRC}, wiring.Full(4)),
}

// exact is the state after each row in double precision, in many equal steps a row.
func exact(m *Model, w *series.Series) (rows [][]float64) {
	const pieces = 200
	theta := make([]float64, m.Parameters())
	for i, v := range m.theta {
		theta[i] = float64(v)
	}
	p := m.program
	o := engine.NewOracle(p, 1, theta)
	tape := engine.Tape{Oracle: o}
	tape.Forward(pieces*w.Len(), func(t int) {
		for i, v := range w.At(t / pieces) {
			o.Value(p.Inputs[0].Node)[i] = float64(v)
		}
		o.Value(p.Time)[0] = float64(w.DT[t/pieces]) / pieces
	}, func(t int) {
		if t%pieces == pieces-1 {
			rows = append(rows, slices.Clone(o.Value(p.States[0].Next)))
		}
	})
	return rows
}

// TestAdaptiveIsWithinItsTolerance: the states are those of tiny steps within some tolerances; where these are tenfold, errors
// grow and steps are fewer. The lengths of a row's steps add up to its time.
func TestAdaptiveIsWithinItsTolerance(t *testing.T) {
	schema := series.Plain(2)
	w := walk(schema, 40, 8)
	for name := range adaptives(0) {
		reference := made(t, schema, fine[name])
		want := exact(reference, &w)
		lastError, lastSteps := 0.0, math.MaxInt
		for _, rtol := range []float64{1e-4, 1e-3, 1e-2} {
			m := made(t, schema, adaptives(rtol)[name]).With(reference.theta)
			seen, err := m.Observe(&w, "")
			if err != nil {
				t.Fatal(err)
			}
			worst := 0.0
			for row := range want {
				for i, v := range want[row] {
					worst = math.Max(worst, math.Abs(seen.States[i][row]-v)/math.Max(1, math.Abs(v)))
				}
			}
			rows, err := m.Rows(&w)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s, rtol %g: error %.3g of the states, %d steps for %d rows", name, rtol, worst, len(rows.DT), w.Len())
			if worst > 10*rtol {
				t.Errorf("%s, rtol %g: the error is %g", name, rtol, worst)
			}
			if worst <= lastError || len(rows.DT) >= lastSteps {
				t.Errorf("%s, rtol %g: the error is %g in %d steps, with a tenth of the tolerance %g in %d", name, rtol, worst, len(rows.DT), lastError, lastSteps)
			}
			lastError, lastSteps = worst, len(rows.DT)
			from := 0
			for row, at := range rows.At {
				sum := 0.0
				for _, dt := range rows.DT[from : at+1] {
					sum += float64(dt)
				}
				if d := float64(w.DT[row]); math.Abs(sum-d) > 1e-6*d {
					t.Errorf("%s: the steps of row %d add up to %v, want %v", name, row, sum, d)
				}
				from = at + 1
			}
		}
	}
}

// TestStepsAreOfEachLane: series of different stiffness, side by side in any number, on any number of workers, are split as
// each is alone, to the bit.
func TestStepsAreOfEachLane(t *testing.T) {
	schema := series.Plain(2)
	for name, layer := range adaptives(0) {
		m := made(t, schema, layer)
		var list []series.Series
		for k := range 40 {
			w := walk(schema, (7*k)%13, uint64(k))
			for i := range w.X {
				w.X[i] *= float32(1 + k%2*20)
			}
			for i := range w.DT {
				w.DT[i] *= float32(1 + k%3*4)
			}
			list = append(list, w)
		}
		different := 0
		for _, workers := range []int{1, 3} {
			all, err := m.Splitter(workers).rows(m.theta, list, nil)
			if err != nil {
				t.Fatal(err)
			}
			for k := range list {
				one, err := m.Rows(&list[k])
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(one.DT, all[k].DT) || !slices.Equal(one.X, all[k].X) || !slices.Equal(one.At, all[k].At) {
					t.Fatalf("%s: series %d is split into %v among others, alone into %v", name, k, all[k].DT, one.DT)
				}
				if len(one.DT) > len(one.At) {
					different++
				}
			}
		}
		if different < 20 {
			t.Errorf("%s: only %d series have a row of several steps", name, different)
		}
	}
}

// TestStepError: a row that takes too many steps, or none that is short enough, is an error that names it; nothing is shown,
// and all states are as before.
func TestStepError(t *testing.T) {
	schema := series.Plain(2)
	m := made(t, schema, Recurrent(cell.CTRNN{Units: 3, Method: cell.Dopri5, Tau: 800}))
	w := walk(schema, 6, 3)
	for i := range w.DT {
		w.DT[i] = 0.01
	}
	w.DT[4] = 500
	var stuck *StepError
	err := m.Run([]series.Series{walk(schema, 0, 1), w}, RunOptions{}, func(int, int, []float32) { t.Error("a row is shown") })
	if !errors.As(err, &stuck) || stuck.Row != 4 || stuck.Trials != maxTrials || stuck.DT != 500 || !(stuck.Done > 0 && stuck.Done < 100) {
		t.Fatalf("the error is %+v", err)
	}
	oneLine(t, err, "series walk3, row 5, ", "after 1000 trials", "of dt 500 is done", "loosen rtol or atol")
	w.DT[4] = 5000 // the step that is stable is below a millionth of it
	if _, err := m.Rows(&w); !errors.As(err, &stuck) || stuck.Row != 4 || stuck.Trials > 20 || stuck.Done != 0 || !(stuck.Excess > 1 && stuck.Step > floorStep*5000) {
		t.Errorf("a step below the floor gives %+v", err)
	}

	s, many := m.Stream(), m.Streams(40)
	for range 3 {
		if _, err := s.Step(w.At(0), 0.01); err != nil {
			t.Fatal(err)
		}
	}
	before := s.Snapshot()
	if _, err := s.Step(w.At(1), 5000); !errors.As(err, &stuck) || stuck.Row != -1 {
		t.Errorf("a stream gives %v", err)
	}
	if !slices.Equal(before, s.Snapshot()) {
		t.Error("a refused row moved the stream")
	}
	x, dt := make([]float32, 2*40), make([]float32, 40)
	for i := range dt {
		x[2*i], dt[i] = float32(i)/10, 0.01
	}
	if _, err := many.StepMany(nil, x, dt); err != nil {
		t.Fatal(err)
	}
	states := slices.Clone(many.states)
	dt[37] = 5000
	if _, err := many.StepMany(nil, x, dt); !errors.As(err, &stuck) || stuck.Series != "37" {
		t.Errorf("streams give %v", err)
	}
	if !slices.Equal(states, many.states) {
		t.Error("a refused row moved a stream")
	}

	theta := m.Params()
	theta[0] = float32(nan)
	_, err = m.With(theta).Rows(&w)
	if !errors.As(err, &stuck) || stuck.Row != 0 || stuck.Trials > 20 || !math.IsNaN(stuck.Excess) {
		t.Errorf("a parameter that is no number gives %v", err)
	}
}

// TestAdaptiveRowsAreRows: what happens once a row does so in however many steps an adaptive solver takes it: updates below and
// above, a memory, pools and the time input are what they are beside a solver with very many fixed steps in one.
func TestAdaptiveRowsAreRows(t *testing.T) {
	schema := series.Plain(2)
	adaptive := cell.CTRNN{Units: 4, Method: cell.Dopri5, RTol: 1e-5, ATol: 1e-7}
	fixed := cell.CTRNN{Units: 4, Method: cell.RK4, Unfolds: 100}
	around := func(c cell.Cell) []Architecture {
		gru := Recurrent(cell.GRU{Units: 3})
		return []Architecture{
			{Layers: []Layer{gru, Recurrent(c), gru}, Pool: Mean, TimeInput: true},
			{Layers: []Layer{Recurrent(cell.Mixed{Cell: c}), Recurrent(cell.ODERNN{Units: 3, Method: cell.RK4, Unfolds: 40}), Recurrent(cell.MLP{Units: 3, Window: 2})}, Pool: Attention},
		}
	}
	w := walk(schema, 25, 4)
	for i := range w.DT {
		w.DT[i] *= 6
	}
	for i, a := range around(adaptive) {
		m, err := a.Model(schema)
		if err != nil {
			t.Fatal(err)
		}
		reference, err := around(fixed)[i].Model(schema)
		if err != nil {
			t.Fatal(err)
		}
		got, want := ran(t, m, &w, RunOptions{}), ran(t, reference.With(m.theta), &w, RunOptions{})
		if row := differs(got, stepped(t, m.Stream(), &w)); row != -1 {
			t.Errorf("architecture %d: the stream differs from Run in row %d", i, row)
		}
		rows, err := m.Rows(&w)
		if err != nil || len(rows.DT) < 2*w.Len() {
			t.Errorf("architecture %d: %d steps for %d rows (%v)", i, len(rows.DT), w.Len(), err)
		}
		for row := range want {
			for k, v := range want[row] {
				if d := math.Abs(float64(got[row][k] - v)); !(d < 5e-4) {
					t.Errorf("architecture %d, row %d: output %d is %v, beside fixed steps %v", i, row, k, got[row][k], v)
				}
			}
		}
	}
}

// TestNoTimeNoStep: dt = 0 is one trial that leaves the state to the bit.
func TestNoTimeNoStep(t *testing.T) {
	schema := series.Plain(2)
	for name, layer := range adaptives(0) {
		s := made(t, schema, layer).Stream()
		if _, err := s.Step([]float32{1.5, -2}, 3); err != nil {
			t.Fatal(err)
		}
		before := s.Snapshot()
		if _, err := s.Step([]float32{-7, 5}, 0); err != nil || s.trials.lanes[0].count != 1 {
			t.Errorf("%s: dt = 0 took %d trials (%v)", name, s.trials.lanes[0].count, err)
		}
		if !slices.Equal(before, s.Snapshot()) {
			t.Errorf("%s: dt = 0 moved the state", name)
		}
	}
}

// TestTrialByHand: how the next step follows from the error of the last one.
func TestTrialByHand(t *testing.T) {
	start := trial{busy: true, row: 8, left: 8, step: 8}
	for _, c := range []struct {
		excess, limit, step, left float64
		want                      outcome
		next                      float32
	}{
		{32, 0, 8 * 0.9 / 2, 8, rejected, 3.6},         // 0.9 · 32^(-1/5) = 0.45
		{1e9, 0, 8 * 0.2, 8, rejected, 1.6},            // no shorter than a fifth
		{nan, 0, 8 * 0.2, 8, rejected, 1.6},            //
		{1.001, 0, 7.1985, 8, rejected, 4},             // two halves rather than 7.2 and a sliver
		{1. / 32, 2, 2 * 1.8, 6, accepted, 2},          // longer, but for the limit
		{0, 2, 2 * 5, 6, accepted, 2},                  // at most five times
		{1, 0, 7.2, 8, finished, 0},                    //
		{0.5, 3, 3 * 0.9 * 1.148698, 5, accepted, 2.5}, // 0.5^(-1/5)
	} {
		q := start
		q.next(c.limit)
		q.judge(c.excess)
		next := q.next(c.limit)
		if q.busy == (c.want == finished) || math.Abs(q.step-c.step) > 1e-4 || math.Abs(q.left-c.left) > 1e-6 || math.Abs(float64(next-c.next)) > 1e-4 {
			t.Errorf("an error of %g within %g gives %+v, then a step of %g; want %+v", c.excess, c.limit, q, next, c)
		}
	}
}

// TestAdaptiveRefusals: what would need other steps is refused with the reason; what happens once a row is not.
func TestAdaptiveRefusals(t *testing.T) {
	adaptive, fixed := Recurrent(cell.CTRNN{Units: 3, Method: cell.Dopri5}), Recurrent(cell.CTRNN{Units: 3})
	both := fixed
	both.Block.Bidirectional = true
	schema := series.Plain(2)
	_, err := Architecture{Layers: []Layer{both, adaptive}}.Model(schema)
	oneLine(t, err, "layer 1: the solver of cell.CTRNN takes a row in steps as its error asks, but layer 0 is bidirectional", "fixed steps")
	for _, layers := range [][]Layer{
		{adaptive, fixed}, {Liquid(cell.LTC{}, wiring.Full(3)), adaptive}, {adaptive, adaptive},
		{Recurrent(cell.GRU{Units: 2}), adaptive}, {adaptive, Recurrent(cell.ODERNN{Units: 2})},
	} {
		m := made(t, schema, layers...)
		w := walk(schema, 30, 5)
		want := ran(t, m, &w, RunOptions{})
		if row := differs(want, stepped(t, m.Stream(), &w)); row != -1 {
			t.Errorf("%d layers: the stream differs from Run in row %d", len(layers), row)
		}
		if n := len(m.errors); n < 1 || n != len(m.Splitter(1).m.errors) {
			t.Errorf("%d errors are looked at", n)
		}
	}
	if m := made(t, schema, adaptive, adaptive); len(m.errors) != 2 || m.MaxStep() != 0 {
		t.Error(fmt.Sprint("two adaptive layers have the errors ", m.errors))
	}
}
