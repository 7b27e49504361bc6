package engine_test

import (
	"math"
	"testing"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/step"
)

// TestFaintCotangents: of a label at the last row of many nothing arrives at the first as a subnormal number, with which a processor
// is slow, also in segments; what is as large as numbers of a gradient are arrives to the bit.
func TestFaintCotangents(t *testing.T) {
	const rows, share = 120, 0.25
	b := step.New()
	x, h := b.Input("x", 1), b.State("h", step.Vector(1))
	next := step.Add(step.Scale(share, h), step.Mul(b.Param("w", step.Vector(1), step.Values{1}), x))
	b.Next("h", next)
	b.Output("y", next)
	p := b.Build()
	for _, c := range []struct {
		bounded bool
		label   float32
	}{{false, 1}, {true, 1}, {false, float32(math.NaN())}} {
		o := engine.BatchOptions{Workers: 1, Inputs: true}
		if c.bounded {
			o.Memory = engine.NewBatch(p, o).Need(8, rows)
		}
		lanes := make([]engine.Lane, 8)
		for l := range lanes {
			lanes[l] = engine.Lane{X: [][]float32{make([]float32, rows)}, DT: make([]float32, rows), DX: [][]float32{make([]float32, rows)}}
		}
		engine.NewBatch(p, o).Gradient([]float32{1}, lanes, func(_, row int, _, dy []float32) float64 {
			if row == rows-1 {
				dy[0] = c.label
			}
			return 0
		})
		for row, d := range lanes[5].DX[0] {
			want := float64(c.label) * math.Pow(share, float64(rows-1-row))
			if math.IsNaN(want) != math.IsNaN(float64(d)) {
				t.Fatalf("the cotangent of row %d is %g where that of the label is %g", row, d, c.label)
			}
			if want > 1e-24 && float64(d) != want || want < 1e-30 && d != 0 {
				t.Fatalf("bounded %v: the cotangent of row %d of %d is %g; without an end it would be %g", c.bounded, row, rows, d, want)
			}
		}
	}
}
