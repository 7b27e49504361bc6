package metric

import (
	"math"
	"testing"
)

// numbers is a fixed example; the expected values below are those of scikit-learn 1.9.1 and scipy.
func numbers() *Regression {
	return &Regression{
		Y:         []float64{3.1, -0.5, 2.25, 7.4, 1.05},
		Pred:      []float64{2.5, 0.1, 2.0, 8.3, 1.9},
		Last:      []float64{math.NaN(), 3.1, -.5, 2.25, 7.4},
		Levels:    []float64{.1, .5, .8},
		Quantiles: [][]float64{{1, 2.5, 4}, {-2, .1, .4}, {1, 2, 2.2}, {6, 8.3, 9}, {1.1, 1.9, 3}},
		SD:        []float64{.5, .8, 1.3, 1.1, .6},
	}
}

func TestRegressionKnownAnswers(t *testing.T) {
	// mean_squared_error, mean_absolute_error, r2_score, mean_pinball_loss of scikit-learn; norm.logpdf of scipy; skill
	// and coverage by their formulas in numpy.
	want := map[string]float64{"mse": 0.463, "mae": 0.64, "rmse": 0.6804410334481601, "r2": 0.9346174485271274,
		"skill": 0.9776232580765158, "pinball": 0.2253333333333333, "nll": 1.1766349689878528,
		"coverage_error": 0.2 / 3}
	for name, w := range want {
		m, err := ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.value(numbers()); !near(got, w, 1e-14) {
			t.Errorf("%s = %.17g, want %.17g", name, got, w)
		}
	}
	for k, share := range numbers().Coverage() {
		if w := []float64{0.2, 0.6, 0.8}[k]; !near(share, w, 1e-15) {
			t.Errorf("coverage of level %v is %v, want %v", numbers().Levels[k], share, w)
		}
	}
}

func TestR2OfShiftedData(t *testing.T) {
	// Adding 1e8 to labels and predictions changes no error and no variance: a sum of squares minus a square would.
	r := numbers()
	want := r.R2()
	for i := range r.Y {
		r.Y[i] += 1e8
		r.Pred[i] += 1e8
	}
	if got := r.R2(); !near(got, want, 1e-6) {
		t.Errorf("R² %v after a shift, %v before", got, want)
	}
}

func TestRegressionUndefined(t *testing.T) {
	flat := &Regression{Y: []float64{2, 2}, Pred: []float64{1, 2}, Last: []float64{2, 2}}
	if got := flat.R2(); !math.IsNaN(got) {
		t.Errorf("R² of constant labels is %v", got)
	}
	if got := flat.Skill(); !math.IsNaN(got) {
		t.Errorf("skill over a perfect last value is %v", got)
	}
	flat.Last = nil
	if got := flat.Skill(); !math.IsNaN(got) {
		t.Errorf("skill without last values is %v", got)
	}
	for _, m := range table {
		if m.value == nil {
			continue
		}
		if got := m.value(&Regression{}); !math.IsNaN(got) {
			t.Errorf("%s without rows is %v", m.Name, got)
		}
	}
}

func TestMedian(t *testing.T) {
	cases := []struct {
		levels, values []float64
		want           float64
	}{
		{[]float64{.1, .5, .9}, []float64{1, 5, 7}, 5},
		{[]float64{.2, .6}, []float64{4, 8}, 7}, // three quarters of the way from 0.2 to 0.6
		{[]float64{.6, .9}, []float64{4, 8}, 4},
		{[]float64{.1, .3}, []float64{4, 8}, 8},
	}
	for _, c := range cases {
		if got := Median(c.levels, c.values); !near(got, c.want, 1e-14) {
			t.Errorf("median of %v at %v is %v, want %v", c.values, c.levels, got, c.want)
		}
	}
}
