package model

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/series"
)

func TestInputErrorsNameTheValue(t *testing.T) {
	s := rich()
	m := made(t, s, networks["CfC"])
	for _, c := range []struct {
		row, column int // column -1: dt
		v           float32
		text        string
	}{
		{3, 0, float32(nan), "series walk6, row 4, temp is NaN: the model was trained on data where this column is never missing; fill it, or train with rows where it is"},
		{5, 2, 1 / zero, "series walk6, row 6, press is +Inf: an input must be finite, or missing"},
		{0, 5, 2, "series walk6, row 1, kind is 2: a category is the index of its level, a whole number from 0 (other) to 1"},
		{7, -1, -0.5, "series walk6, row 8, dt is -0.5: the elapsed time must be finite and at least 0; sort the rows by time"},
	} {
		w := walk(s, 9, 6)
		if c.column < 0 {
			w.DT[c.row] = c.v
		} else {
			w.At(c.row)[c.column] = c.v
		}
		visited := false
		err := m.Run([]series.Series{walk(s, 4, 1), w}, RunOptions{}, func(int, int, []float32) { visited = true })
		var bad *InputError
		if !errors.As(err, &bad) || err.Error() != c.text {
			t.Errorf("the error is %v, want %q", err, c.text)
		}
		if visited {
			t.Errorf("rows were shown before the error %v", err)
		}
		if _, laneErr := m.Lane(&w); laneErr == nil || laneErr.Error() != c.text {
			t.Errorf("Lane gives %v, want %q", laneErr, c.text)
		}
	}
	// In a window of a longer series, and in a file with rows of other series, the row is that of the file.
	w := walk(s, 9, 6)
	w.Row = []int{10, 12, 14, 16, 18, 20, 22, 24, 26}
	w.DT[7] = -1
	window := w.Span(4, 9)
	var bad *InputError
	if _, err := m.Lane(&window); !errors.As(err, &bad) || bad.Row != 24 {
		t.Errorf("the error of a window is %v, want one of row 24 of the source", err)
	}
	unnamed := InputError{Row: -1, Column: "dt", Value: -2, Fix: "sort"}
	if got := unnamed.Error(); got != "dt is -2: sort" {
		t.Errorf("without a place the error is %q", got)
	}
}

// limited is a model whose cell cannot take more than limit at once, or can where it is 0.
func limited(t *testing.T, limit float64) *Model {
	var c cell.Cell = cell.CTRNN{Units: 3, Tau: 3/limit - 1}
	if limit == 0 {
		c = cell.CfC{Units: 3}
	}
	return made(t, rich(), Recurrent(c), Recurrent(cell.GRU{Units: 2}))
}

// byParts is what the steps of split rows give, and the state of the first layer after each row.
func byParts(m *Model, rows Rows) (predictions, states [][]float32) {
	p := m.program
	e := engine.Compile(p, engine.Options{Steps: len(rows.DT)})
	e.SetParams(m.theta)
	for step, dt := range rows.DT {
		copy(e.Input(0, step), rows.X[step*len(e.Input(0, step)):])
		e.DT(step)[0] = dt
		copy(e.Part(step), rows.Part[3*step:][:3])
	}
	for _, at := range rows.At {
		for k := range p.States {
			clear(e.State(k))
		}
		e.Forward(at + 1)
		predictions = append(predictions, slices.Clone(e.Output(p.Output("prediction"), at)))
		states = append(states, slices.Clone(e.State(m.firstState())))
	}
	return predictions, states
}

func TestLongGapsAreSplit(t *testing.T) {
	m, whole := limited(t, 0.75), limited(t, 0)
	s := rich()
	w := walk(s, 40, 17)
	w.DT[5], w.DT[6], w.DT[9] = 0.75, 0.7500001, 7.5
	rows, err := m.Rows(&w)
	if err != nil {
		t.Fatal(err)
	}
	// By hand: a gap becomes equal runs that are no longer than the limit and add up to it, the input held.
	at := 0
	for row, dt := range w.DT {
		n := max(1, int(math.Ceil(float64(dt)/0.75)))
		sum := 0.0
		for range n {
			if rows.DT[at] > 0.7500001 || rows.DT[at] != dt/float32(n) {
				t.Fatalf("row %d with dt %v has a run of %v, want %d of %v", row, dt, rows.DT[at], n, dt/float32(n))
			}
			for i, v := range w.At(row) {
				if got := rows.X[at*len(s.Inputs)+i]; got != v && (got == got || v == v) {
					t.Fatalf("row %d: input %d is %v in its run, want %v", row, i, got, v)
				}
			}
			sum += float64(rows.DT[at])
			at++
		}
		if math.Abs(sum-float64(dt)) > 1e-6*float64(dt) {
			t.Errorf("row %d: the runs add up to %v, want %v", row, sum, dt)
		}
		if rows.At[row] != at-1 {
			t.Errorf("row %d is said to end at step %d, want %d", row, rows.At[row], at-1)
		}
	}
	if at != len(rows.DT) || at <= w.Len() {
		t.Errorf("%d steps for %d rows, want %d", len(rows.DT), w.Len(), at)
	}
	if plain, err := whole.Rows(&w); err != nil || plain.At != nil || plain.Part != nil || !slices.Equal(plain.DT, w.DT) || len(plain.X) != len(w.X) {
		t.Errorf("without a limit the rows are not those of the series (%v)", err)
	}
}

// Run, a stream, Lane and Observe split alike, and the results are those of the split series.
func TestSplitRunsAgree(t *testing.T) {
	m := limited(t, 0.75)
	w := walk(rich(), 130, 18)
	rows, err := m.Rows(&w)
	if err != nil {
		t.Fatal(err)
	}
	got := ran(t, m, &w, RunOptions{})
	if row := differs(got, stepped(t, m.Stream(), &w)); row != -1 {
		t.Errorf("the stream differs from Run in row %d", row)
	}
	steps, states := byParts(m, rows)
	if row := differs(got, steps); row != -1 {
		t.Errorf("the run differs from the steps of its rows in row %d", row)
	}
	lane, err := m.Lane(&w)
	if err != nil {
		t.Fatal(err)
	}
	scored := 0
	for step, y := range lane.Label {
		if y == y {
			if rows.At[scored] != step || w.Y[scored] != y {
				t.Fatalf("label %d stands at step %d", scored, step)
			}
			scored++
		}
	}
	if scored != w.Len() {
		t.Errorf("%d labels, want %d", scored, w.Len())
	}
	seen, err := m.Observe(&w, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(seen.States[0]) != w.Len() || seen.States[1][60] != float64(states[60][1]) {
		t.Error("Observe does not see the state after each row")
	}
}

func TestGapsBeyondAllRuns(t *testing.T) {
	m := limited(t, 0.5)
	x := walk(rich(), 1, 3).X
	s := m.Stream()
	if _, err := s.Step(x, 500); err != nil {
		t.Errorf("a gap of exactly %d runs is refused: %v", maxRuns, err)
	}
	_, err := s.Step(x, 500.25)
	oneLine(t, err, "dt is 500.25", "0.5", "1000", "cut the series")
	w := walk(rich(), 6, 3)
	w.DT[2] = 501
	_, err = m.Rows(&w)
	oneLine(t, err, "series walk3, row 3, dt is 501")
	if m.MaxStep() != 0.5 || made(t, rich(), networks["LTC"]).MaxStep() != 0 {
		t.Error("MaxStep is not that of the cells")
	}
}
