package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// rich is a schema with every way in which a head prepares a column.
func rich() series.Schema {
	return series.Schema{
		Inputs: []series.Input{
			{Name: "temp", Kind: series.Numeric, Mean: 20.5, SD: 3.25, Clip: 1.5},
			{Name: "door", Kind: series.Category, Levels: []string{series.Other, "open", "shut"}, Missing: true, Mask: true},
			{Name: "press", Kind: series.Numeric, Mean: -1.5, SD: 0.625, Missing: true, Impute: -1.5, Mask: true},
			{Name: "flow", Kind: series.Numeric, Mean: 2.75, SD: 4.5, Missing: true, Since: true, Range: []float64{-3, 9.5}},
			{Name: "level", Kind: series.Numeric, Mean: 5.25, SD: 0.8, Missing: true, Impute: 7.25, Hold: true, Mask: true, Since: true},
			{Name: "kind", Kind: series.Category, Levels: []string{series.Other, "a"}},
			{Name: "dose", Kind: series.Numeric, SD: 1, Missing: true, Impute: 0.3, Hold: true, Clip: 1.25},
		},
		Target: series.Target{Name: "risk", Task: series.Classify, Classes: []string{"no", "yes"}},
		Clock:  series.Clock{Kind: series.Elapsed, Unit: 60, FirstDT: 1},
	}
}

// walk draws rows for a schema: gaps, zero and long dt, values beyond the clip, unseen levels, nothing observed at all.
func walk(s series.Schema, n int, seed uint64) series.Series {
	r := rand.New(rand.NewPCG(seed, 0x77616c6b))
	w := series.Series{Name: fmt.Sprintf("walk%d", seed)}
	for row := range n {
		for _, in := range s.Inputs {
			v := float32(in.Mean + in.SD*2.2*(2*r.Float64()-1))
			if in.Kind == series.Category {
				v = float32(r.IntN(len(in.Levels)))
			}
			if in.Missing && r.Float64() < 0.4 {
				v = float32(math.NaN())
			}
			w.X = append(w.X, v)
		}
		dt := float32(0.05 * math.Exp(r.Float64()*math.Log(200)))
		if row%7 == 3 {
			dt = 0
		}
		w.DT = append(w.DT, dt)
		y := float64(r.IntN(max(1, len(s.Target.Classes))))
		if s.Target.Task == series.Regress {
			y = s.Target.Mean + s.Target.SD*r.NormFloat64()
		}
		w.Y = append(w.Y, y)
		w.Time = append(w.Time, float64(row))
		w.Row = append(w.Row, row)
	}
	return w
}

// made builds a model with generic parameters.
func made(t testing.TB, s series.Schema, layers ...Layer) *Model {
	t.Helper()
	m, err := New(s, layers...)
	if err != nil {
		t.Fatal(err)
	}
	return moved(m, 5)
}

// moved draws initial values and moves every parameter a little, so that no bias is zero.
func moved(m *Model, seed uint64) *Model {
	m = m.Initial(seed)
	theta, r := m.Params(), rand.New(rand.NewPCG(seed, 1))
	for _, q := range m.program.Params {
		for i := range q.Shape.Len() {
			v := &theta[q.Offset+i]
			*v = max(*v+float32(0.1*(2*r.Float64()-1)), float32(q.Min))
		}
	}
	return m.With(theta)
}

// networks are small layers of the cells that streams are made of.
var networks = map[string]Layer{
	"LTC":      Liquid(cell.LTC{}, wiring.NCP{Inter: 5, Command: 3, Motor: 2, SensoryFanout: 3, InterFanout: 2, Recurrent: 4, MotorFanin: 2}),
	"CfC":      Recurrent(cell.CfC{Units: 5, Backbone: []int{6}}),
	"WiredCfC": Liquid(cell.WiredCfC{}, wiring.NCP{Inter: 5, Command: 3, Motor: 2, SensoryFanout: 3, InterFanout: 2, Recurrent: 4, MotorFanin: 2}),
	"LSTM":     Recurrent(cell.LSTM{Units: 4}),
	"Mixed":    Recurrent(cell.Mixed{Cell: cell.CfC{Units: 3}}),
	"adaptive": Recurrent(cell.CTRNN{Units: 4, Method: cell.Dopri5}),
}

// ran is every output of Run, [row][component].
func ran(t testing.TB, m *Model, s *series.Series, o RunOptions) [][]float32 {
	t.Helper()
	out := make([][]float32, s.Len())
	seen := 0
	err := m.Run([]series.Series{*s}, o, func(_, row int, y []float32) {
		out[row] = slices.Clone(y)
		seen++
	})
	if err != nil || seen != s.Len() {
		t.Fatalf("%d of %d rows were shown (%v)", seen, s.Len(), err)
	}
	return out
}

// stepped is the same row by row.
func stepped(t testing.TB, stream *Stream, s *series.Series) (out [][]float32) {
	t.Helper()
	for row, dt := range s.DT {
		y, err := stream.Step(s.At(row), dt)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, slices.Clone(y))
	}
	return out
}

// differs is the first row where two runs do not agree to the bit; -1 where they do.
func differs(a, b [][]float32) int {
	for row := range max(len(a), len(b)) {
		if row >= len(a) || row >= len(b) || len(a[row]) != len(b[row]) {
			return row
		}
		for k := range a[row] {
			if math.Float32bits(a[row][k]) != math.Float32bits(b[row][k]) {
				return row
			}
		}
	}
	return -1
}

func TestDiffersBites(t *testing.T) {
	a := [][]float32{{1, 2}, {3, 4}}
	for want, b := range [][][]float32{{{1, 2.0000002}, {3, 4}}, {{1, 2}}} {
		if got := differs(a, b); got != want {
			t.Errorf("a difference in row %d was seen in row %d", want, got)
		}
	}
	if got := differs(a, [][]float32{{1, 2}, {3, 4}}); got != -1 {
		t.Errorf("equal runs differ in row %d", got)
	}
}

// shape is a short text of a parameter, for messages.
func shape(q step.Param) string { return fmt.Sprintf("%s %v", q.Name, q.Shape) }
