package online_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

// solve is A⁻¹ b by elimination with pivots.
func solve(a [][]float64, b []float64) []float64 {
	n := len(b)
	for c := range n {
		p := c
		for i := c; i < n; i++ {
			if math.Abs(a[i][c]) > math.Abs(a[p][c]) {
				p = i
			}
		}
		a[c], a[p], b[c], b[p] = a[p], a[c], b[p], b[c]
		for i := c + 1; i < n; i++ {
			k := a[i][c] / a[c][c]
			for j := c; j < n; j++ {
				a[i][j] -= k * a[c][j]
			}
			b[i] -= k * b[c]
		}
	}
	for c := n - 1; c >= 0; c-- {
		for j := c + 1; j < n; j++ {
			b[c] -= a[c][j] * b[j]
		}
		b[c] /= a[c][c]
	}
	return b
}

// batch is the minimum that RLS promises, from all rows at once.
func batch(z [][]float64, y []float64, start []float64, o online.RLSOptions) []float64 {
	n := len(start)
	a, b := make([][]float64, n), make([]float64, n)
	for i := range a {
		a[i] = make([]float64, n)
		a[i][i] = o.Ridge * math.Pow(o.Forget, float64(len(z)))
		b[i] = a[i][i] * start[i]
	}
	for t, row := range z {
		k := math.Pow(o.Forget, float64(len(z)-1-t))
		for i := range n {
			for j := range n {
				a[i][j] += k * row[i] * row[j]
			}
			b[i] += k * row[i] * y[t]
		}
	}
	return solve(a, b)
}

// Row by row the fit is ridge regression on all rows, with and without forgetting, from any start.
func TestRLSIsRidgeRegression(t *testing.T) {
	for _, o := range []online.RLSOptions{{Forget: 1, Ridge: 0.3}, {Forget: 1, Ridge: 1e-3}, {Forget: 0.97, Ridge: 2}} {
		r := rand.New(rand.NewPCG(3, 9))
		start := [][]float64{{0.3, -1, 2, 0.1, 0.5}, {0, 0, 0, 0, 0}}
		fit, err := online.NewRLS(5, 2, start, o)
		if err != nil {
			t.Fatal(err)
		}
		var z [][]float64
		var y [2][]float64
		for range 200 {
			a := r.NormFloat64()
			row := []float64{a, 3*a + 0.2*r.NormFloat64(), 0.1 * r.NormFloat64(), 5 + r.NormFloat64(), 1} // alike, small, far from zero
			labels := []float64{row[0] - 2*row[2] + 0.3*r.NormFloat64(), 7 + row[3]*row[3]}
			z = append(z, row)
			for k := range y {
				y[k] = append(y[k], labels[k])
			}
			if err := fit.Learn(row, labels); err != nil {
				t.Fatal(err)
			}
		}
		for k, w := range fit.Weights() {
			want := batch(z, y[k], start[k], o)
			for i := range w {
				if math.Abs(w[i]-want[i]) > 1e-9*(1+math.Abs(want[i])) {
					t.Errorf("%+v, output %d: weight %d is %.12g, in one batch %.12g", o, k, i, w[i], want[i])
				}
			}
		}
		got := []float64{0, 0}
		fit.Predict(z[7], got)
		if w := fit.Weights()[1]; math.Abs(got[1]-(w[0]*z[7][0]+w[1]*z[7][1]+w[2]*z[7][2]+w[3]*z[7][3]+w[4])) > 1e-9 {
			t.Errorf("a prediction of %v", got)
		}
	}
}

// Features that never change for long leave the fit as it is, and it learns at once when they do; nothing grows without end.
func TestRLSStaysBounded(t *testing.T) {
	fit, err := online.NewRLS(3, 1, nil, online.RLSOptions{Forget: 0.9, Ridge: 1e-6})
	if err != nil {
		t.Fatal(err)
	}
	for range 100000 {
		if err := fit.Learn([]float64{1, 1e-9, 0}, []float64{2}); err != nil {
			t.Fatal(err)
		}
	}
	w := slices.Clone(fit.Weights()[0])
	if math.Abs(w[0]-2) > 1e-6 || w[2] != 0 {
		t.Errorf("weights %v after a constant feature, want 2 for it and 0 for what was never seen", w)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		a, b, c := r.NormFloat64(), r.NormFloat64(), r.NormFloat64()
		if err := fit.Learn([]float64{a, b, c}, []float64{a - 3*b + 0.5*c}); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []float64{1, -3, 0.5} {
		if got := fit.Weights()[0][i]; math.Abs(got-want) > 1e-6 {
			t.Errorf("weight %d is %v after the law has changed, want %v", i, got, want)
		}
	}
}

// What cannot be learned changes nothing.
func TestRLSRefuses(t *testing.T) {
	for says, c := range map[string]struct {
		n, outputs int
		start      [][]float64
		o          online.RLSOptions
	}{
		"0 features":               {0, 1, nil, online.RLSOptions{}},
		"forgetting factor is 1.5": {2, 1, nil, online.RLSOptions{Forget: 1.5}},
		"forgetting factor is -1":  {2, 1, nil, online.RLSOptions{Forget: -1}},
		"ridge is -1":              {2, 1, nil, online.RLSOptions{Ridge: -1}},
		"2 rows to start with":     {2, 1, [][]float64{{1, 2}, {3, 4}}, online.RLSOptions{}},
		"1 numbers to start with":  {2, 1, [][]float64{{1}}, online.RLSOptions{}},
	} {
		if _, err := online.NewRLS(c.n, c.outputs, c.start, c.o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", says, err)
		}
	}
	a, _ := online.NewRLS(2, 1, nil, online.RLSOptions{})
	b, _ := online.NewRLS(2, 1, nil, online.RLSOptions{})
	for k := range 20 {
		z, y := []float64{float64(k % 3), 1}, []float64{float64(k % 5)}
		if a.Learn(z, y) != nil || b.Learn(z, y) != nil {
			t.Fatal("an ordinary label is refused")
		}
		for _, bad := range [][3]float64{{math.NaN(), 1, 1}, {math.Inf(1), 1, 1}, {1, 1, math.NaN()}, {1, 1, math.Inf(-1)}, {1e200, 1, 1}} {
			if a.Learn(bad[:2], bad[2:]) == nil {
				t.Errorf("%v is learned", bad)
			}
		}
	}
	if !slices.Equal(a.Weights()[0], b.Weights()[0]) {
		t.Errorf("%v after refused labels, %v without", a.Weights()[0], b.Weights()[0])
	}
}

// A readout learns from its stream, predicts as the model that it gives, and changes nothing but the readout.
func TestReadout(t *testing.T) {
	m, err := model.New(liquid().Schema(), model.Recurrent(cell.GRU{Units: 20}))
	if err != nil {
		t.Fatal(err)
	}
	m = m.Initial(4)
	l, err := online.NewReadout(m, online.RLSOptions{Forget: 0.995, Ridge: 1e-4})
	if err != nil {
		t.Fatal(err)
	}
	s := m.Stream()
	early, late := 0.0, 0.0
	for k := range 600 {
		x, dt := row(k)
		got, err := l.Step(x, dt)
		if err != nil {
			t.Fatal(err)
		}
		if want, _ := s.Step(x, dt); k == 0 && math.Abs(float64(got[0]-want[0])) > 1e-5 {
			t.Errorf("the first prediction is %v, the model's %v", got, want)
		}
		label := 3 + float64(x[0])
		if e := float64(got[0]) - label; k < 30 {
			early += e * e / 30
		} else if k >= 500 {
			late += e * e / 100
		}
		if err := l.Learn(label); err != nil {
			t.Fatal(err)
		}
		if err := l.Learn(math.NaN()); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("mean squared error %.3f early, %.4f late", early, late)
	if !(late < early/10) {
		t.Errorf("mean squared error %g early, %g late", early, late)
	}
	learned := l.Model()
	twin := learned.Stream()
	l.Reset()
	for k := range 20 {
		x, dt := row(k)
		got, _ := l.Step(x, dt)
		if want, _ := twin.Step(x, dt); math.Abs(float64(got[0]-want[0])) > 1e-4 {
			t.Errorf("row %d: %v, by the model with what was learned %v", k, got, want)
		}
	}
	for _, q := range m.Program().Params {
		same := slices.Equal(m.Params()[q.Offset:][:q.Shape.Len()], learned.Params()[q.Offset:][:q.Shape.Len()])
		if same == strings.HasPrefix(q.Name, "readout.") {
			t.Errorf("%s: unchanged %v", q.Name, same)
		}
	}
	x, dt := row(1)
	if n := testing.AllocsPerRun(20, func() { _, _ = l.Step(x, dt); _ = l.Learn(1) }); n != 0 {
		t.Errorf("a step allocates %v times", n)
	}
}

// Models without a readout to learn are refused with the reason.
func TestReadoutRefuses(t *testing.T) {
	direct, err := model.Architecture{Layers: []model.Layer{model.Liquid(cell.LTC{}, wiring.Auto(8, 1))}, Readout: model.Direct}.Model(series.Plain(2))
	if err != nil {
		t.Fatal(err)
	}
	schema := series.Plain(2)
	schema.Target.Task, schema.Target.Classes = series.Classify, []string{"a", "b"}
	classes, err := model.New(schema, model.Recurrent(cell.GRU{Units: 3}))
	if err != nil {
		t.Fatal(err)
	}
	for says, m := range map[string]*model.Model{"no linear readout": direct, "is no number": classes} {
		if _, err := online.NewReadout(m, online.RLSOptions{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", says, err)
		}
	}
}
