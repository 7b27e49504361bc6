package baseline

import (
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

// small is a fixed example of seven rows, two inputs and irregular dt; the same numbers were given to numpy and
// scikit-learn 1.9.1.
func small(task series.Task, y []float64) (series.Schema, series.Series) {
	schema := series.Schema{
		Inputs: []series.Input{{Name: "a", Kind: series.Numeric, Mean: 2, SD: 1.5}, {Name: "b", Kind: series.Numeric, Mean: -1, SD: .5, Clip: 2}},
		Target: series.Target{Name: "y", Task: task, SD: 1, Classes: []string{"p", "q", "r"}}, Clock: series.Clock{Kind: series.Elapsed, Unit: 1, FirstDT: 1},
	}
	s := series.Series{
		X:  []float32{1.2, -1.5, 3.4, -.2, 2.2, -.9, .7, -2.4, 5.1, .6, 2.9, -1.1, 4.0, -.4},
		DT: []float32{1, .5, 2, 1, 3, 1.5, .25}, Y: y,
	}
	return schema, s
}

func TestLinearKnownAnswer(t *testing.T) {
	schema, s := small(series.Regress, []float64{3.2, 7.7, 4.1, 1.9, 12.3, 5.5, 9.4})
	m := fit(t, "linear", schema, []series.Series{s}, nil).(*linear)
	// numpy.linalg.solve, and sklearn.linear_model.Ridge(alpha=7e-3), on the three features a, b and log(1 + dt).
	if want := []float64{3.72360674, -0.14437046, -0.34930853}; !near(m.w, want, 1e-8) || !near([]float64{m.b}, []float64{4.656933105811262}, 1e-12) {
		t.Errorf("weights %.9v, intercept %.16g", m.w, m.b)
	}
	want := []float64{2.57325787, 7.75967448, 4.74078538, 1.47642593, 11.57940143, 6.59990332, 9.37055159}
	if got := first(m.Predict(s)); !near(got, want, 1e-8) || m.Parameters() != 4 {
		t.Errorf("%.9v, want %v; %d parameters", got, want, m.Parameters())
	}
	// The same over windows, zero before the first row; three features of the row seven rows before are always zero.
	w := fit(t, "linear-window", schema, []series.Series{s}, nil)
	want = []float64{3.19757325, 7.7027006, 4.10392055, 1.90287017, 12.29727246, 5.49774918, 9.3979138}
	if got := first(w.Predict(s)); !near(got, want, 1e-8) || w.Parameters() != 22 || w.String() != "features of 8 rows: 21, penalty 0.001" {
		t.Errorf("%.9v, want %v; %d parameters, %q", got, want, w.Parameters(), w)
	}
}

func TestLogisticKnownAnswer(t *testing.T) {
	// sklearn.linear_model.LogisticRegression(C=1/(7e-3)), which minimises the same function.
	schema, s := small(series.Classify, []float64{0, 1, 2, 0, 1, 2, 2})
	p := fit(t, "logistic", schema, []series.Series{s}, nil)
	three := [][]float64{{9.73282685e-01, 4.53598101e-08, 2.67172696e-02}, {6.83111999e-07, 9.37260662e-01, 6.27386546e-02},
		{2.29789116e-02, 1.14361047e-02, 9.65584984e-01}, {9.99679355e-01, 3.63654933e-13, 3.20644513e-04},
		{1.84923558e-11, 9.88805059e-01, 1.11949413e-02}, {4.05576514e-03, 4.09464904e-05, 9.95903288e-01},
		{2.63574189e-06, 6.24571798e-02, 9.37540184e-01}}
	for i, row := range p.Predict(s) {
		if !near(row, three[i], 1e-4) {
			t.Errorf("three classes, row %d: %v, want %v", i, row, three[i])
		}
	}
	schema.Target.Classes = schema.Target.Classes[:2]
	s.Y = []float64{0, 1, 0, 0, 1, 1, 0}
	q := fit(t, "logistic", schema, []series.Series{s}, nil)
	two := []float64{1.38394008e-02, 5.04369610e-01, 4.52482700e-01, 3.14927464e-03, 9.99139418e-01, 5.08922422e-01, 5.18097173e-01}
	for i, row := range q.Predict(s) {
		if !near(row, []float64{1 - two[i], two[i]}, 1e-4) {
			t.Errorf("two classes, row %d: %v, want %v", i, row, two[i])
		}
	}
	if p.Parameters() != 12 || q.Parameters() != 4 {
		t.Errorf("%d and %d parameters, want 12 and 4", p.Parameters(), q.Parameters())
	}
}

// TestLikelihoodGradient compares with central differences at a generic point.
func TestLikelihoodGradient(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 1))
	for _, outputs := range []int{1, 3} {
		l := &likelihood{t: &samples{width: 4}, outputs: outputs, penalty: 0.3}
		for i := range 9 {
			for range 4 {
				l.t.x = append(l.t.x, random.NormFloat64())
			}
			l.t.y = append(l.t.y, float64(i*2%max(outputs, 2)))
		}
		w := make([]float64, outputs*5)
		for k := range w {
			w[k] = random.NormFloat64()
		}
		gradient, numeric := make([]float64, len(w)), make([]float64, len(w))
		l.value(w, gradient)
		for k := range w {
			const h = 1e-5
			x := w[k]
			w[k] = x + h
			up := l.value(w, nil)
			w[k] = x - h
			numeric[k] = (up - l.value(w, nil)) / (2 * h)
			w[k] = x
		}
		if !near(gradient, numeric, 1e-9) {
			t.Errorf("%d outputs: %v, numerically %v", outputs, gradient, numeric)
		}
		gradient[1] *= 1.001
		if near(gradient, numeric, 1e-9) {
			t.Error("a gradient that is wrong by a thousandth passes")
		}
	}
}

func TestSurpriseOfLargeLogits(t *testing.T) {
	for _, c := range []struct {
		z     []float64
		class int
		want  float64
	}{{[]float64{-1000}, 1, 1000}, {[]float64{1000}, 0, 1000}, {[]float64{1000}, 1, 0}, {[]float64{1000, 0, -5}, 1, 1000}} {
		z := append([]float64(nil), c.z...)
		if got := surprise(z, c.class); got != c.want || math.IsNaN(z[0]) {
			t.Errorf("logits %v, class %d: %v with derivative %v, want %v", c.z, c.class, got, z, c.want)
		}
	}
}

func TestFeatures(t *testing.T) {
	schema := &series.Schema{Inputs: []series.Input{
		{Name: "a", Kind: series.Numeric, Mean: 3, SD: 2, Clip: 1.5, Missing: true, Impute: 4, Hold: true, Since: true},
		{Name: "k", Kind: series.Category, Levels: []string{series.Other, "u", "v"}, Missing: true, Mask: true},
		{Name: "b", Kind: series.Numeric, Mean: -1, SD: 0.5, Missing: true, Impute: -0.5},
	}}
	s := series.Series{
		X:  []float32{float32(nan), 2, 0.5, 8, 1, float32(nan), float32(nan), float32(nan), -2},
		DT: []float32{1, 0.5, 2},
	}
	f := newFeatures(schema, 2)
	head := f.head(&s)
	l := math.Log1p
	want := []float64{
		0.5, 0, l(1), 0, 0, 1, 1, 3, 1, l(1), // a imputed and never seen; b 0.5 above -1
		1.5, 1, l(0), 0, 1, 0, 1, 1, 0, l(.5), // a clipped; b imputed
		1.5, 0, l(2), 1, 0, 0, 0, -2, 1, l(2), // a held; k not observed is level 0
	}
	if !near(head, want, 1e-15) {
		t.Errorf("features\n%v, want\n%v", head, want)
	}
	if f.row != 10 || f.width() != 20 {
		t.Errorf("widths %d and %d", f.row, f.width())
	}
	window := make([]float64, 20)
	f.window(window, head, 0)
	if !near(window, append(append([]float64{}, want[:10]...), make([]float64, 10)...), 1e-15) {
		t.Errorf("window at the first row: %v", window)
	}
	f.window(window, head, 2)
	if !near(window, append(append([]float64{}, want[20:]...), want[10:20]...), 1e-15) {
		t.Errorf("window at the third row: %v", window)
	}
}

func TestPenaltyIsChosenOnValidation(t *testing.T) {
	// The label is the one input in training; in validation the relation is half as steep, so that a strong penalty, which
	// halves the weight, is right: with sd 1, penalty 1.
	random := rand.New(rand.NewPCG(1, 1))
	x, y, half := make([]float64, 200), make([]float64, 200), make([]float64, 200)
	for i := range x {
		x[i] = random.NormFloat64()
		y[i], half[i] = x[i], x[i]/2
	}
	same := fit(t, "linear", regression(), []series.Series{column(x, y)}, []series.Series{column(x, y)}).(*linear)
	less := fit(t, "linear", regression(), []series.Series{column(x, y)}, []series.Series{column(x, half)}).(*linear)
	if same.penalty != 1e-6 || less.penalty != 1 {
		t.Errorf("penalties %v and %v, want 1e-6 and 1", same.penalty, less.penalty)
	}
}

func TestConstantFeatures(t *testing.T) {
	s := column(repeat(6, 4), []float64{1, 2, 3, 1, 2, 3})
	m := fit(t, "linear", regression(), []series.Series{s}, nil)
	if got := first(m.Predict(s)); !near(got, repeat(6, 2), 1e-15) || m.Parameters() != 1 {
		t.Errorf("without a feature that varies: %v, want the mean", got)
	}
	flat := column([]float64{1, 2, 4}, repeat(3, 7))
	if got := first(fit(t, "linear", regression(), []series.Series{flat}, nil).Predict(flat)); !near(got, repeat(3, 7), 1e-15) {
		t.Errorf("constant labels: %v", got)
	}
	// Without a feature, logistic regression is the class frequencies: 4 of 6.
	s.Y = []float64{1, 1, 0, 1, 1, 0}
	c := fit(t, "logistic", classification(2), []series.Series{s}, nil)
	if got := c.Predict(s)[0]; !near(got, []float64{1.0 / 3, 2.0 / 3}, 1e-5) {
		t.Errorf("class frequencies %v", got)
	}
}

func TestWideRows(t *testing.T) {
	wide := series.Plain(600)
	if f, err := windowOf(&wide, window, 2000); err != nil || f.rows != 3 {
		t.Errorf("601 features a row: %+v, %v; want a window of 3 rows", f.rows, err)
	}
	if _, err := windowOf(&wide, window, 1024); !errors.Is(err, ErrNotApplicable) {
		t.Errorf("a window of one row: %v", err)
	}
	if f, err := windowOf(&wide, 1, 1024); err != nil || f.rows != 1 {
		t.Errorf("one row: %v", err)
	}
	if _, err := windowOf(&wide, 1, 600); !errors.Is(err, ErrNotApplicable) {
		t.Errorf("a row that is too wide: %v", err)
	}
}

func TestSamplesStride(t *testing.T) {
	schema := regression()
	f := newFeatures(&schema, 1)
	x, y := repeat(10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), repeat(10, 0, 1, 2, nan, 4, 5, 6, 7, 8, 9)
	// Nine labelled rows of two features are 18 numbers; 8 allow every third of them.
	got := f.samples([]series.Series{column(x, y)}, 8)
	if want := []float64{0, 4, 7}; !near(got.y, want, 0) || len(got.x) != 6 || got.x[2] != 4 {
		t.Errorf("labels %v and features %v", got.y, got.x)
	}
}

// TestCoresDoNotMatter fits with one and with two processors; products of matrices are done in parallel.
func TestCoresDoNotMatter(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	schema := series.Plain(40)
	s := series.Series{}
	for range 700 {
		for range 40 {
			s.X = append(s.X, float32(random.NormFloat64()))
		}
		s.DT, s.Y = append(s.DT, 1), append(s.Y, random.NormFloat64())
	}
	of := func(cores int) []float64 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		return fit(t, "linear-window", schema, []series.Series{s}, nil).(*linear).w
	}
	if one, two := of(1), of(2); !near(one, two, 0) {
		t.Error("one and two cores give different weights")
	}
}
