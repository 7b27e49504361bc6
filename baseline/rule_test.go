package baseline

import (
	"errors"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

func TestRule(t *testing.T) {
	schema := classification(2)
	schema.Inputs = append(schema.Inputs, series.Input{Name: "light", Kind: series.Numeric, SD: 1})
	// x is a worse column: at best two errors. light: class b above 5 but for one row below: one error.
	s := series.Series{
		X:  []float32{1, 3, 2, 1, 3, 8, 4, 2, 5, 9, 6, 4, 7, 2},
		DT: []float32{1, 1, 1, 1, 1, 1, 1},
		Y:  []float64{0, 0, 1, 0, 1, 1, 0},
	}
	// light: 3 1 8 2 9 4 2 with classes 0 0 1 0 1 1 0: all right above 3.5.
	p := fit(t, "rule", schema, []series.Series{s}, nil)
	if p.String() != "light > 3.5" || p.Parameters() != 1 {
		t.Errorf("%q, %d parameters", p, p.Parameters())
	}
	// Four rows of class a below, three of class b above, one more of each class: 5/6 and 4/5.
	rows := p.Predict(series.Series{X: []float32{0, 3.5, 0, 3.6, 0, float32(nan)}, DT: []float32{1, 1, 1}})
	want := [][]float64{{5.0 / 6, 1.0 / 6}, {.2, .8}, {.5, .5}}
	for i := range want {
		if !near(rows[i], want[i], 1e-15) {
			t.Errorf("row %d: %v, want %v", i, rows[i], want[i])
		}
	}
}

func TestRuleWithMissingValues(t *testing.T) {
	schema := classification(2)
	schema.Inputs[0].Missing = true
	x := []float64{nan, 1, nan, 4, nan, 2, 5}
	y := []float64{1, 0, 1, 1, 0, 0, 1}
	s := column(x, y)
	p := fit(t, "rule", schema, []series.Series{s}, nil)
	// Not observed: classes 1, 1, 0 and one more of each.
	if rows := p.Predict(s); p.String() != "x0 > 3" || !near(rows[0], []float64{.4, .6}, 1e-15) {
		t.Errorf("%q, not observed: %v", p, rows[0])
	}
	schema.Inputs[0].Hold = true
	p = fit(t, "rule", schema, []series.Series{s}, nil)
	// Held: - 1 1 4 4 2 5 with classes 1 0 1 1 0 0 1. The cuts at 3 and at 4.5 both have two errors; with 1 against 0 1 1 0 0
	// the likelihood is higher (3.37 against 3.82 nats) than with 1 0 1 against 0 1 0.
	rows := p.Predict(s)
	if p.String() != "x0 > 4.5" || !near(rows[0], []float64{1.0 / 3, 2.0 / 3}, 1e-15) || !near(rows[4], []float64{4.0 / 7, 3.0 / 7}, 1e-15) {
		t.Errorf("%q, before the first value %v, held %v", p, rows[0], rows[4])
	}
}

func TestRuleOnACategory(t *testing.T) {
	schema := classification(3)
	schema.Inputs[0] = series.Input{Name: "sky", Kind: series.Category, Levels: []string{series.Other, "clear", "rain"}}
	// rain: c c c; clear: a a b; other: a. One question: is it rain? One error.
	p := fit(t, "rule", schema, []series.Series{column([]float64{2, 1, 0, 2, 1, 1, 2}, []float64{2, 0, 0, 2, 1, 0, 2})}, nil)
	rows := p.Predict(column([]float64{2, 0}, []float64{0, 0}))
	if p.String() != "sky = rain" || !near(rows[0], []float64{1.0 / 6, 1.0 / 6, 4.0 / 6}, 1e-15) ||
		!near(rows[1], []float64{4.0 / 7, 2.0 / 7, 1.0 / 7}, 1e-15) {
		t.Errorf("%q: %v", p, rows)
	}
}

func TestRuleOfARareClass(t *testing.T) {
	// Whatever the cut, class a is the more frequent on both sides: three errors. The likelihood still finds the best cut.
	x := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	y := []float64{0, 0, 0, 0, 0, 1, 0, 1, 0, 0}
	p := fit(t, "rule", classification(2), []series.Series{column(x, y), column(x, repeat(10, 0))}, nil)
	if p.String() != "x0 > 5.5" {
		t.Errorf("%q, want x0 > 5.5", p)
	}
}

func TestNoRule(t *testing.T) {
	s := column([]float64{3, 3, nan}, []float64{0, 1, 1})
	schema := classification(2)
	if _, err := table[4].Fit(schema, []series.Series{s}, nil); table[4].Name != "rule" || !errors.Is(err, ErrNotApplicable) {
		t.Errorf("a constant column: %v", err)
	}
	schema.Inputs[0] = series.Input{Name: "sky", Kind: series.Category, Levels: []string{series.Other, "clear"}}
	if _, err := table[4].Fit(schema, []series.Series{column(nil, []float64{0, 1})}, nil); !errors.Is(err, ErrNotApplicable) {
		t.Errorf("a constant category: %v", err)
	}
}
