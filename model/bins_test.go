package model

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// withKnots is the schema whose numbers have knots, of different numbers of bins; one has none.
func withKnots(s series.Schema) series.Schema {
	s.Inputs = slices.Clone(s.Inputs)
	n := 0
	for i := range s.Inputs {
		in := &s.Inputs[i]
		if in.Kind != series.Numeric || in.Hidden {
			continue
		}
		if n++; n == 2 {
			continue
		}
		for k := range n + 2 {
			in.Knots = append(in.Knots, in.Mean+in.SD*(float64(k*k)/4-1))
		}
	}
	return s
}

// piecewise are the components of a raw number, or of a scaled one, by their definition.
func piecewise(in series.Input, z float64) (e []float64) {
	x := in.Mean + in.SD*z
	for k := 1; k < len(in.Knots); k++ {
		e = append(e, math.Max(-0.5, math.Min(0.5, (x-in.Knots[k-1])/(in.Knots[k]-in.Knots[k-1])-0.5)))
	}
	return e
}

// TestBinsAgainstDefinition: the components of each number that has been observed, and of its mean, least and greatest value so
// far, are what their definition says.
func TestBinsAgainstDefinition(t *testing.T) {
	s := withKnots(rich())
	w := walk(s, 40, 7)
	for i := range s.Inputs {
		if s.Inputs[i].Missing {
			w.X[i] = float32(nan)
		}
	}
	list := []Summary{SummarySD, SummaryCount, SummaryMax, SummaryShape, SummaryMean, SummaryTrend, SummaryMin}
	for _, gaps := range []bool{false, true} {
		b := step.New()
		h := newHead(b, b.Input("x", len(s.Inputs)), s, gaps)
		z, _ := h.numbers()
		numbers := z.Len()
		b.Output("y", step.Concat(z, h.bins(list)))
		engine.NewBatch(b.Build(), engine.BatchOptions{Workers: 1}).Run(nil, []engine.Lane{{X: [][]float32{w.X}, DT: w.DT}}, func(_, row int, y []float32) {
			scaled, y := y[:numbers], y[numbers:]
			var want []float64
			for _, kind := range []Summary{"", SummaryMax, SummaryMean, SummaryMin} {
				at := 0
				for i, in := range s.Inputs {
					if !counts(in) {
						continue
					}
					v := float64(scaled[at])
					at++
					if kind != "" {
						observed, times := observedOf(in, &w, i, row+1)
						v = statistic(kind, observed, times)
					}
					want = append(want, piecewise(in, v)...)
				}
			}
			near(t, fmt.Sprintf("gaps %v, row %d", gaps, row), y, want)
		})
	}
}

// TestBinsInModels: a model that sees bins has weights for each of them, streams as it runs, and comes back from its file.
func TestBinsInModels(t *testing.T) {
	plain := rich()
	s := withKnots(plain)
	w := walk(s, 12, 8)
	a := Architecture{Layers: []Layer{{Cell: cell.GRU{Units: 3}, Block: Block{Residual: true}}}, Summaries: []Summary{SummaryCount, SummaryMean}, InputDropout: 0.25}
	m := stacked(t, s, a)
	bins := 0
	for _, in := range s.Inputs {
		bins += max(0, len(in.Knots)-1)
	}
	if got, want := m.Parameters()-stacked(t, plain, a).Parameters(), 2*bins*(3*3+3); got != want || want == 0 {
		t.Errorf("%d weights more, want %d: of %d bins of the values and as many of the means, for 3 gates of 3 units and what is added to these", got, want, bins)
	}
	comesBack(t, m, &w)
}
