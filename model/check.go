package model

import (
	"fmt"
	"math"
	"slices"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/series"
)

var nan = math.NaN()

// maxRuns bounds into how many steps one long gap is split.
const maxRuns = 1000

// InputError says which value of the data a model cannot take.
type InputError struct {
	Series string // empty where there is one only, or a stream
	// Row counts from 0: the row of the source where the series knows it (its Row), also where the series is a window of a
	// longer one, else the row of the series; -1 for a stream. Error counts from 1, as who reads a file does.
	Row    int
	Column string
	Value  float64
	Fix    string
}

// Error is one line with the fix.
func (e *InputError) Error() string { return place(e.Series, e.Row) + e.Problem() }

// place is where an error is.
func place(series string, row int) (text string) {
	if series != "" {
		text = fmt.Sprintf("series %s, ", series)
	}
	if row >= 0 {
		text += fmt.Sprintf("row %d, ", row+1)
	}
	return text
}

// Problem is the error without its place.
func (e *InputError) Problem() string { return fmt.Sprintf("%s is %v: %s", e.Column, e.Value, e.Fix) }

// check finds the first value of a row that the program must not see.
func (m *Model) check(x []float32, dt float32) *InputError {
	if len(x) != len(m.schema.Inputs) {
		panic("model: a row needs one value per input of the schema")
	}
	for i, v := range x {
		if fix := refused(&m.schema.Inputs[i], v); fix != "" {
			return &InputError{Row: -1, Column: m.schema.Inputs[i].Name, Value: float64(v), Fix: fix}
		}
	}
	if !(dt >= 0) || math.IsInf(float64(dt), 0) {
		return &InputError{Row: -1, Column: "dt", Value: float64(dt), Fix: "the elapsed time must be finite and at least 0; sort the rows by time"}
	}
	if limit := m.MaxStep(); limit > 0 && float64(dt) > maxRuns*limit {
		return &InputError{Row: -1, Column: "dt", Value: float64(dt), Fix: fmt.Sprintf("this cell is stable for steps up to %g and a gap is split into at most %d of them; cut the series here", limit, maxRuns)}
	}
	return nil
}

// refused says what to do about a value that an input cannot have; nothing where it can.
func refused(in *series.Input, v float32) string {
	switch {
	case math.IsInf(float64(v), 0):
		return "an input must be finite, or missing"
	case v != v && !in.Missing:
		return "the model was trained on data where this column is never missing; fill it, or train with rows where it is"
	case v == v && in.Kind == series.Category && !(v >= 0 && int(v) < len(in.Levels) && v == float32(int(v))):
		return fmt.Sprintf("a category is the index of its level, a whole number from 0 (%s) to %d", series.Other, len(in.Levels)-1)
	}
	return ""
}

// Parts checks a row and tells in how many parts it is taken, with the input held: 1 unless its elapsed time is longer than
// MaxStep. That is all there is to a model that is Causal and not Adaptive. The error is an *InputError. It panics where x has
// not one value per input of the schema.
func (m *Model) Parts(x []float32, dt float32) (int, error) {
	if err := m.check(x, dt); err != nil {
		return 0, err
	}
	return m.limits.Parts(dt), nil
}

// Part is part k of the n that Parts says.
func (m *Model) Part(dt float32, n, k int) engine.Part { return m.limits.Part(dt, n, k) }

// Rows are a series as the engine takes it: raw inputs row by row and elapsed times, rows that are longer than the cells can
// take in parts with the input held.
type Rows struct {
	X  []float32 // [step][input]
	DT []float32 // [step]
	// At is the step that holds the result of each row; nil where steps and rows are the same.
	At []int
	// Part says which part of its row each step is, [step][step.PartWidth]; nil with At.
	Part []float32
}

// add appends a part of a row.
func (r *Rows) add(x []float32, p engine.Part) {
	r.X, r.DT, r.Part = append(r.X, x...), append(r.DT, p.DT), p.Append(r.Part)
}

// Rows checks a series and prepares it; in an Adaptive model the steps are those from the zero state. The error is an
// *InputError or a *StepError.
func (m *Model) Rows(s *series.Series) (Rows, error) {
	rows, err := m.Splitter(1).rows(m.theta, []series.Series{*s}, nil)
	if err != nil {
		return Rows{}, err
	}
	return rows[0], nil
}

// Check finds the first value of a series that the model cannot take. The error is an *InputError.
func (m *Model) Check(s *series.Series) error {
	for row, dt := range s.DT {
		if err := m.check(s.At(row), dt); err != nil {
			err.Series, err.Row = s.Name, sourceRow(s, row)
			return err
		}
	}
	return nil
}

// sourceRow is the row of the source that a row of a series is.
func sourceRow(s *series.Series, row int) int {
	if s.Row != nil {
		return s.Row[row]
	}
	return row
}

// split takes long rows in parts.
func split(s *series.Series, limits engine.Limits) Rows {
	long := func(dt float32) bool { return limits.Parts(dt) > 1 }
	if !slices.ContainsFunc(s.DT, long) {
		return Rows{X: s.X, DT: s.DT}
	}
	r := Rows{At: make([]int, 0, s.Len())}
	for row, dt := range s.DT {
		n := limits.Parts(dt)
		for k := range n {
			r.add(s.At(row), limits.Part(dt, n, k))
		}
		r.At = append(r.At, len(r.DT)-1)
	}
	return r
}
