package baseline

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/series"
)

func TestForFollowsTheSchema(t *testing.T) {
	ahead := regression()
	ahead.Inputs[0].Name = "y"
	ahead.Target.Horizon, ahead.Target.AsInput = 60, true
	once := classification(2)
	once.Target.LastStep = true
	cases := []struct {
		schema series.Schema
		want   string
	}{
		{classification(3), "majority last-value* seasonal* rule logistic logistic-window"},
		{once, "majority rule logistic logistic-window"},
		{regression(), "mean last-value* seasonal* linear linear-window"},
		{ahead, "mean last-value seasonal linear linear-window"},
	}
	for _, c := range cases {
		var names []string
		for _, b := range For(c.schema) {
			if b.SeesLabels {
				b.Name += "*"
			}
			names = append(names, b.Name)
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s, * sees labels; want %s", got, c.want)
		}
	}
}

func TestNoLabels(t *testing.T) {
	bare := column([]float64{1, 2}, []float64{nan, nan})
	for _, schema := range []series.Schema{classification(2), regression()} {
		for _, b := range For(schema) {
			for _, train := range [][]series.Series{nil, {bare}, {{}}} {
				if _, err := b.Fit(schema, train, nil); err == nil || errors.Is(err, ErrNotApplicable) ||
					!strings.Contains(err.Error(), b.Name) {
					t.Errorf("%s without labels: %v", b.Name, err)
				}
			}
		}
	}
}

func TestPrior(t *testing.T) {
	train := []series.Series{column(nil, []float64{1, 2, nan, 1}), column(nil, []float64{1, 0})}
	p := fit(t, "majority", classification(3), train, nil)
	if got := p.Predict(train[1])[1]; !near(got, []float64{.2, .6, .2}, 1e-15) {
		t.Errorf("class frequencies %v", got)
	}
	if p.Parameters() != 2 || p.String() != "always b" {
		t.Errorf("%d parameters, %q", p.Parameters(), p)
	}
	p = fit(t, "mean", regression(), train, nil)
	if got := p.Predict(train[0])[2]; !near(got, []float64{1}, 1e-15) || p.Parameters() != 1 || p.String() != "always 1" {
		t.Errorf("mean %v, %d parameters, %q", got, p.Parameters(), p)
	}
}

func TestLastValues(t *testing.T) {
	seconds := regression()
	seconds.Target.Horizon = 90
	rows := regression()
	rows.Target.Horizon, rows.Target.HorizonRows = 2, true
	input := seconds
	input.Inputs = []series.Input{{Name: "y", Kind: series.Numeric, SD: 1}}
	input.Target.AsInput = true
	stamps := []float64{0, 60, 150, 200, 300}
	cases := []struct {
		name   string
		schema series.Schema
		s      series.Series
		want   []float64
	}{
		{"horizon 0: from the next row on", regression(), column(nil, []float64{5, nan, 7, 8}), []float64{nan, 5, 5, 7}},
		{"2 rows: from the second row after", rows, column(nil, []float64{10, 11, 12, 13, nan, nan}),
			[]float64{nan, nan, 10, 11, 12, 13}},
		// Labels are taken from rows 2, 2, 4, 4 and none.
		{"90 s: from the row at or after t + 90 s", seconds, at(column(nil, []float64{1, 1, 5, 5, nan}), 1, stamps...),
			[]float64{nan, nan, 1, 1, 5}},
		// The labels say other things than the column, so that it is seen which of them is read.
		{"the column itself, where it is an input", input,
			at(column([]float64{4, 6, nan, 3, 9}, []float64{-1, -1, -1, -1, -1}), 1, stamps...), []float64{4, 6, 6, 3, 9}},
		{"no labels", regression(), series.Series{X: []float32{1, 2}, DT: []float32{1, 1}}, []float64{nan, nan}},
		// Without time stamps they are added up from dt: 60 s a unit make rows at 0, 1, 2, 3 minutes from the first.
		{"times from dt", func() series.Schema { s := seconds; s.Clock.Unit = 60; return s }(),
			series.Series{X: make([]float32, 4), DT: []float32{1, 1, 1, 1}, Y: []float64{2, 3, nan, nan}},
			[]float64{nan, nan, 2, 3}},
	}
	for _, c := range cases {
		if got := LastValues(c.schema, c.s); !near(got, c.want, 0) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestLastClass(t *testing.T) {
	schema := classification(3)
	// Pairs of neighbours: 8, equal in 6: (6+1)/(8+2) = 0.7 for the last class, 0.15 for each other.
	train := column(nil, []float64{0, 0, 0, 2, 2, 2, 2, 1, 1})
	p := fit(t, "last-value", schema, []series.Series{train}, nil)
	rows := p.Predict(column(nil, []float64{2, 0, 1}))
	if !near(rows[0], []float64{nan, nan, nan}, 0) || !near(rows[1], []float64{.15, .15, .7}, 1e-15) ||
		!near(rows[2], []float64{.7, .15, .15}, 1e-15) || p.Parameters() != 1 {
		t.Errorf("%v with %d parameters", rows, p.Parameters())
	}
	// Labels that always change: still the last one, with the least probability that makes it the most probable.
	p = fit(t, "last-value", classification(2), []series.Series{column(nil, []float64{0, 1, 0, 1, 0, 1})}, nil)
	if rows := p.Predict(column(nil, []float64{1, 0})); !near(rows[1], []float64{.49, .51}, 1e-12) {
		t.Errorf("%v", rows)
	}
	_, err := table[2].Fit(schema, []series.Series{column(nil, []float64{1}), column(nil, []float64{2})}, nil)
	if table[2].Name != "last-value" || !errors.Is(err, ErrNotApplicable) {
		t.Errorf("series of one row have no last value: %v", err)
	}
}

func TestTargetAsInput(t *testing.T) {
	target := series.Target{Name: "state", Task: series.Classify, Classes: []string{"1", "-2", "other"}, Horizon: 3, AsInput: true}
	of := func(in series.Input, classes ...string) *ownInput {
		in.Name = "state"
		schema := series.Schema{Target: target, Inputs: []series.Input{{Name: "x"}, in}}
		if classes != nil {
			schema.Target.Classes = classes
		}
		return targetInput(&schema)
	}
	category := of(series.Input{Kind: series.Category, Levels: []string{series.Other, "-2", "odd", "1"}})
	for x, want := range map[float64]float64{0: 2, 1: 1, 2: nan, 3: 0, 4: nan, -1: nan} {
		if got := category.value(x); !near([]float64{got}, []float64{want}, 0) {
			t.Errorf("level %v is class %v, want %v", x, got, want)
		}
	}
	number := of(series.Input{Kind: series.Numeric}, "1.0", "-2", "0.1")
	for x, want := range map[float64]float64{1: 0, -2: 1, float64(float32(0.1)): 2, 7: nan, nan: nan} {
		if got := number.value(x); !near([]float64{got}, []float64{want}, 0) {
			t.Errorf("number %v is class %v, want %v", x, got, want)
		}
	}
	if of(series.Input{Kind: series.Numeric}) != nil {
		t.Error("numbers cannot name the class \"other\"")
	}
	target.Horizon = 0
	if of(series.Input{Kind: series.Category, Levels: []string{series.Other}}) != nil {
		t.Error("with horizon 0 the target is never an input")
	}
}

func TestSpread(t *testing.T) {
	schema := regression()
	schema.Target.Quantiles = []float64{.25, .5, 1 - 1.0/16}
	// The mean of the training part is 4; validation errors are -1, ..., 31 in 33 steps of 1, so that their quantile q is
	// 32 q - 1.
	train, valid := column(nil, []float64{3, 5}), series.Series{}
	var y []float64
	for i := range 33 {
		y = append(y, 3+float64((i*7)%33))
	}
	valid = column(nil, y)
	p := fit(t, "mean", schema, []series.Series{train}, []series.Series{valid})
	if got := p.Predict(train)[0]; !near(got, []float64{4 + 7, 4 + 15, 4 + 29}, 1e-12) || p.Parameters() != 4 {
		t.Errorf("quantiles %v with %d parameters", got, p.Parameters())
	}
	schema.Target.Quantiles, schema.Target.Gaussian = nil, true
	p = fit(t, "mean", schema, []series.Series{train}, nil) // too few validation rows: training errors are -1 and 1
	if got := p.Predict(train)[1]; !near(got, []float64{4, 1}, 1e-12) || p.Parameters() != 2 {
		t.Errorf("mean and sd %v with %d parameters", got, p.Parameters())
	}
	flat := column(nil, []float64{2, 2})
	if got := fit(t, "mean", schema, []series.Series{flat}, nil).Predict(flat)[0]; !(got[1] > 0) {
		t.Errorf("a density without width: %v", got)
	}
	p = fit(t, "last-value", schema, []series.Series{column(nil, []float64{1, 4, 2})}, nil) // errors 3 and -2
	if got := p.Predict(column(nil, []float64{7, 0})); !near(got[0], []float64{nan, nan}, 0) ||
		!near(got[1], []float64{7, math.Sqrt(6.5)}, 1e-12) {
		t.Errorf("last value with spread: %v", got)
	}
}

// Example compares the baselines of a task on one series.
func Example() {
	schema := series.Plain(1)
	schema.Inputs[0].Name = "light"
	schema.Target = series.Target{Name: "occupied", Task: series.Classify, Classes: []string{"no", "yes"}}
	train := series.Series{
		X:  []float32{10, 400, 420, 20, 0, 390, 410, 380, 5, 30},
		DT: []float32{1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
		Y:  []float64{0, 1, 1, 0, 0, 1, 1, 1, 0, 0},
	}
	for _, b := range For(schema) {
		p, err := b.Fit(schema, []series.Series{train}, nil)
		if errors.Is(err, ErrNotApplicable) {
			continue
		}
		e := metric.NewEvaluator(schema.Target)
		e.Add(train.Y, p.Predict(train), nil)
		accuracy, _ := e.Scores().Get("accuracy")
		fmt.Printf("%-16s %.2f  %s\n", b.Name, accuracy, p)
	}
	// Output:
	// majority         0.50  always no
	// last-value       0.56  last known value, 54.5 % sure
	// rule             1.00  light > 205
	// logistic         1.00  features of the row: 1, penalty 0.001
	// logistic-window  1.00  features of 8 rows: 15, penalty 0.001
}
