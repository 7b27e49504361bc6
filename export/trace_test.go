package export_test

import (
	"math"
	"testing"

	"github.com/elegans-nn/elegans/export"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// row is one step of the engine: from a state and a row of inputs to the next state and outputs.
type row struct {
	h, x []float32
	dt   float32
	y, g []float32 // outputs, and the state afterwards
}

// trace steps the engine along a series drawn after the schema.
func trace(t *testing.T, m *model.Model, rows int) (list []row) {
	t.Helper()
	x, dt := export.Golden(m.Schema(), rows, m.MaxStep())
	s, width := m.Stream(), m.Program().StateWidth()
	state := func() []float32 {
		b := s.Snapshot()
		return floats(b[len(b)-4-4*width : len(b)-4])
	}
	for k := range x {
		r := row{h: state(), x: x[k], dt: dt[k]}
		y, err := s.Step(r.x, r.dt)
		if err != nil {
			t.Fatal(err)
		}
		r.y, r.g = append([]float32(nil), y...), state()
		list = append(list, r)
	}
	return list
}

// apart is how far outputs and states are from those of the engine, in units in the last place of the largest component of
// the state or output, of which raw units have the mean and deviation that they were scaled by.
func apart(t *testing.T, s series.Schema, list []row, y, g [][]float32) (worst float64) {
	t.Helper()
	raw := float32(0)
	if s.Target.Task == series.Regress {
		raw = float32(math.Abs(s.Target.Mean) + s.Target.SD)
	}
	note := func(k int, what string, got, want []float32, size float32) {
		if len(got) != len(want) {
			t.Fatalf("row %d: %d numbers of the %s, not %d", k, len(got), what, len(want))
		}
		for _, v := range want {
			size = max(size, float32(math.Abs(float64(v))))
		}
		for q := range want {
			u := ulps(got[q], want[q], size)
			if !(u <= worst) {
				worst = u
				if !(u <= bound) {
					t.Logf("row %d, component %d of the %s: %g, not %g (largest %g): %.1f ulp", k, q, what, got[q], want[q], size, u)
				}
			}
		}
	}
	for k, r := range list {
		note(k, "output", y[k], r.y, raw)
		note(k, "state", g[k], r.g, 0)
	}
	return worst
}
