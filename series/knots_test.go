package series_test

import (
	"math"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

func TestKnotsAreQuantiles(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		values []float64
		n      int
		want   []float64
	}{
		"quartiles, in any order":     {[]float64{4, 0, nan, 3, 1, 2}, 4, []float64{0, 1, 2, 3, 4}},
		"between values":              {[]float64{0, 1, 3}, 4, []float64{0, 0.5, 1, 2, 3}},
		"equal edges are one":         {[]float64{0, 0, 0, 0, 1, 2, 3}, 6, []float64{0, 1, 2, 3}},
		"a single bin is none":        {[]float64{0, 0, 0, 1}, 2, nil},
		"a constant has none":         {[]float64{5, 5, 5}, 4, nil},
		"nothing observed has none":   {[]float64{nan}, 4, nil},
		"one float apart is the same": {[]float64{1, 1 + 1e-12, 2, 3}, 3, []float64{1, 2, 3}},
		"fewer than two bins":         {[]float64{1, 2, 3}, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			given := slices.Clone(c.values)
			got := series.Knots(c.values, c.n)
			if !slices.EqualFunc(got, c.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }) {
				t.Errorf("Knots(%v, %d) = %v, want %v", c.values, c.n, got, c.want)
			}
			if !slices.EqualFunc(given, c.values, func(a, b float64) bool { return a == b || a != a && b != b }) {
				t.Errorf("the values were changed to %v", c.values)
			}
		})
	}
}

func TestQuantile(t *testing.T) {
	v := []float64{1, 2, 4, 7, 11.5}
	for q, want := range map[float64]float64{.025: 1.1, .3: 2.4, .5: 4, .975: 11.05, 0: 1, 1: 11.5} { // numpy.quantile
		if got := series.Quantile(v, q); !(math.Abs(got-want) <= 1e-14) {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if got := series.Quantile(nil, .5); !math.IsNaN(got) {
		t.Errorf("quantile of nothing is %v", got)
	}
}
