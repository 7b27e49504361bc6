package metric

import (
	"math"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

var nan = math.NaN()

// pairs turns probabilities of class 1 into rows.
func pairs(p1 ...float64) (rows [][]float64) {
	for _, p := range p1 {
		rows = append(rows, []float64{1 - p, p})
	}
	return rows
}

func values(v ...float64) (rows [][]float64) {
	for _, x := range v {
		rows = append(rows, []float64{x})
	}
	return rows
}

func TestEvaluatorCountsOnlyLabelledAndPredictedRows(t *testing.T) {
	e := NewEvaluator(target(2))
	rows := pairs(.2, .9, .7, nan, .6)
	rows = append(rows, nil)
	e.Add([]float64{0, 1, nan, 1, 0, 1}, rows, nil)
	if n, missed := e.Rows(); n != 3 || missed != 2 {
		t.Errorf("%d rows, %d missed; want 3 and 2", n, missed)
	}
	if v, _ := e.Scores().Get("accuracy"); !near(v, 2.0/3, 1e-15) {
		t.Errorf("accuracy %v, want 2/3", v)
	}
}

func TestEvaluatorIsOneForManySeries(t *testing.T) {
	c := binary()
	whole, parts := NewEvaluator(target(2)), NewEvaluator(target(2))
	y := make([]float64, len(c.Label))
	for i, k := range c.Label {
		y[i] = float64(k)
	}
	whole.Add(y, c.Prob, nil)
	parts.Add(y[:5], c.Prob[:5], nil)
	parts.Add(nil, nil, nil)
	parts.Add(y[5:], c.Prob[5:], nil)
	for i, s := range parts.Scores() {
		if w := whole.Scores()[i]; w != s {
			t.Errorf("in parts %v, as a whole %v", s, w)
		}
		m, _ := ByName(s.Name)
		if got := m.class(c); got != s.Value {
			t.Errorf("%s: %v, directly %v", s.Name, s.Value, got)
		}
	}
}

func TestEvaluatorCopies(t *testing.T) {
	e := NewEvaluator(target(2))
	y, rows := []float64{1, 0}, pairs(.9, .2)
	e.Add(y, rows, nil)
	y[0], rows[0][0], rows[0][1] = 0, .9, .1
	if v := e.Classification().Prob[0][1]; v != .9 {
		t.Errorf("the evaluator follows the caller's memory: %v", v)
	}
}

func TestEvaluatorRegression(t *testing.T) {
	r := numbers()
	point := NewEvaluator(series.Target{Task: series.Regress})
	point.Add(r.Y, values(r.Pred...), r.Last)
	quantile := NewEvaluator(series.Target{Task: series.Regress, Quantiles: r.Levels})
	quantile.Add(r.Y, r.Quantiles, r.Last)
	gauss := NewEvaluator(series.Target{Task: series.Regress, Gaussian: true})
	var rows [][]float64
	for i := range r.Y {
		rows = append(rows, []float64{r.Pred[i], r.SD[i]})
	}
	gauss.Add(r.Y, rows, r.Last)
	// The medians of the example's quantiles are its predictions, but for rows 0 and 3, which are equal too.
	for name, e := range map[string]*Evaluator{"point": point, "quantile": quantile, "gauss": gauss} {
		for _, s := range e.Scores() {
			m, _ := ByName(s.Name)
			if want := m.value(r); !near(s.Value, want, 1e-14) {
				t.Errorf("%s: %s is %v, want %v", name, s.Name, s.Value, want)
			}
		}
	}
	if v := point.Score(mustMetric(t, "nll")); !math.IsNaN(v) {
		t.Errorf("nll of a point forecast is %v", v)
	}
	if v := point.Score(mustMetric(t, "accuracy")); !math.IsNaN(v) {
		t.Errorf("accuracy of a number is %v", v)
	}
}

func mustMetric(t *testing.T, name string) Metric {
	t.Helper()
	m, err := ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestPointForecastOfQuantiles(t *testing.T) {
	e := NewEvaluator(series.Target{Task: series.Regress, Quantiles: []float64{.2, .9}})
	e.Add([]float64{3, 5}, values(4, 1), nil)
	// By hand: row 0 is 1 too high: .8 and .1; row 1 is 4 too low: .8 and 3.6; the mean of the four.
	if v, _ := e.Scores().Get("pinball"); !near(v, 5.3/4, 1e-14) {
		t.Errorf("pinball %v, want %v", v, 5.3/4)
	}
	g := NewEvaluator(series.Target{Task: series.Regress, Gaussian: true})
	g.Add([]float64{3, 5}, values(4, 1), nil)
	if v, ok := g.Scores().Get("nll"); !ok || !math.IsNaN(v) {
		t.Errorf("the likelihood of a point forecast is %v, want NaN", v)
	}
	if v, _ := g.Scores().Get("mae"); v != 2.5 {
		t.Errorf("mae %v, want 2.5", v)
	}
}

func TestEvaluatorWithoutRows(t *testing.T) {
	e := NewEvaluator(target(3))
	e.Add([]float64{nan}, [][]float64{nil}, nil)
	for _, s := range e.Scores() {
		if !math.IsNaN(s.Value) {
			t.Errorf("%s without rows is %v", s.Name, s.Value)
		}
	}
}

func TestEvaluatorMisuse(t *testing.T) {
	misuse := map[string]func(*Evaluator){
		"length":     func(e *Evaluator) { e.Add([]float64{1}, nil, nil) },
		"last":       func(e *Evaluator) { e.Add([]float64{1}, pairs(.5), []float64{1, 2}) },
		"width":      func(e *Evaluator) { e.Add([]float64{1}, values(.5), nil) },
		"label":      func(e *Evaluator) { e.Add([]float64{2}, pairs(.5), nil) },
		"fraction":   func(e *Evaluator) { e.Add([]float64{.5}, pairs(.5), nil) },
		"task":       func(e *Evaluator) { e.Regression() },
		"comparison": func(e *Evaluator) { Bootstrap{}.Compare(e, other(), table[0]) },
		"level":      func(e *Evaluator) { Paired(nil, nil, 95) },
		"pairs":      func(e *Evaluator) { Paired([]float64{1}, nil, 0) },
		"bins":       func(e *Evaluator) { e.Classification().Reliability(0) },
	}
	for name, f := range misuse {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f(NewEvaluator(target(2)))
		}()
	}
}

// other has seen one label.
func other() *Evaluator {
	e := NewEvaluator(target(2))
	e.Add([]float64{1}, pairs(.5), nil)
	return e
}

// Two outputs are scored together and each by itself; what is not labelled or not predicted does not count.
func TestEvaluatorOfSeveralOutputs(t *testing.T) {
	target := series.Target{Name: "level", Task: series.Regress, SD: 1, Outputs: 2}
	e := NewEvaluator(target)
	e.Add([]float64{1, 10, nan, 20}, [][]float64{{2, 13}, {5, 24}}, nil)
	e.Add([]float64{3, nan}, [][]float64{{5.5, 0}}, nil)
	mse, err := ByName("mse")
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{(1 + 6.25) / 2, (9 + 16) / 2.0} {
		if got := e.Output(k).Score(mse); !near(got, want, 1e-15) {
			t.Errorf("output %d has MSE %v, want %v", k, got, want)
		}
	}
	if got, want := e.Score(mse), (1+9+16+6.25)/4; !near(got, want, 1e-15) {
		t.Errorf("both have MSE %v, want %v", got, want)
	}
}

// One label a row for a target of several outputs is of the first.
func TestEvaluatorOfTheFirstOutput(t *testing.T) {
	e := NewEvaluator(series.Target{Name: "level", Task: series.Regress, SD: 1, Outputs: 3})
	e.Add([]float64{1, nan, 2}, [][]float64{{3, 9, 9}, {9, 9, 9}, {2, 8, 8}}, nil)
	if got := e.Regression().MSE(); got != 2 {
		t.Errorf("MSE %v, want 2", got)
	}
	if got := e.Output(0).Regression().MSE(); got != 2 {
		t.Errorf("MSE of output 0 %v, want 2", got)
	}
	if rows, _ := e.Output(1).Rows(); rows != 0 {
		t.Errorf("%d rows of output 1, want none", rows)
	}
}

// A view changes labels and predictions, and not what it views; a row without a prediction keeps none.
func TestMap(t *testing.T) {
	e := NewEvaluator(series.Target{Task: series.Regress, SD: 1})
	e.Add([]float64{3, 8, math.NaN()}, [][]float64{{1}, nil, {2}}, nil)
	half := e.Map(func(y float64) float64 { return y / 2 }, func(p []float64) []float64 { return []float64{p[0] + 10} })
	if r := half.Regression(); len(r.Y) != 1 || r.Y[0] != 1.5 || r.Pred[0] != 11 {
		t.Errorf("%+v", r)
	}
	if r := e.Regression(); r.Y[0] != 3 || r.Pred[0] != 1 || half.y[1] != 4 {
		t.Errorf("%+v", r)
	}
	if rows, missed := half.Rows(); rows != 1 || missed != 1 {
		t.Errorf("%d rows, %d missed", rows, missed)
	}
}

func TestOfNumbers(t *testing.T) {
	e := NewEvaluator(series.Target{Task: series.Regress, SD: 1})
	e.Add([]float64{3, 8}, [][]float64{{1}, {10}}, nil)
	m := OfNumbers("worst", "largest error", func(r *Regression) float64 { return r.Pred[1] - r.Y[1] })
	if v := e.Score(m); v != 2 || !m.Better(1, 2) {
		t.Errorf("%g", v)
	}
	if v := NewEvaluator(series.Target{Task: series.Regress, SD: 1}).Score(m); v == v {
		t.Errorf("of nothing: %g", v)
	}
}
