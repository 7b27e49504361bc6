package baseline

import (
	"math"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

// Several outputs are each predicted as a target of its own would be.
func TestSeveralOutputs(t *testing.T) {
	schema := series.Plain(2)
	schema.Target = series.Target{Name: "next", Task: series.Regress, SD: 1, Outputs: 2, Each: []series.Output{{Name: "a", SD: 1}, {Name: "b", SD: 2}}}
	draw := func(rows int, shift float64) series.Series {
		s := series.Series{}
		for i := range rows {
			x, z := math.Sin(float64(i)+shift), math.Cos(1.7*float64(i)+shift)
			s.X, s.DT = append(s.X, float32(x), float32(z)), append(s.DT, 1)
			first := 3*x + 1
			if i%5 == 2 {
				first = math.NaN()
			}
			s.Y = append(s.Y, first, 40-2*z+x*z)
		}
		return s
	}
	train, valid, test := []series.Series{draw(50, 0), draw(31, 2)}, []series.Series{draw(20, 5)}, draw(17, 9)
	compared := 0
	for _, b := range For(schema) {
		p, err := b.Fit(schema, train, valid)
		if err != nil {
			continue
		}
		compared++
		parameters := 0
		rows := p.Predict(test)
		for k := range 2 {
			one := schema
			one.Target = schema.Target.Of(k)
			alone, err := b.Fit(one, outputOf(train, k), outputOf(valid, k))
			if err != nil {
				t.Fatal(err)
			}
			parameters += alone.Parameters()
			for i, row := range alone.Predict(outputOf([]series.Series{test}, k)[0]) {
				if len(rows[i]) != 2 || rows[i][k] != row[0] && !(math.IsNaN(row[0]) && math.IsNaN(rows[i][k])) {
					t.Errorf("%s, row %d, output %d: %v, alone %v", b.Name, i, k, rows[i], row)
				}
			}
		}
		if p.Parameters() != parameters {
			t.Errorf("%s has %d parameters, its outputs %d", b.Name, p.Parameters(), parameters)
		}
		if b.Name == "linear" && math.Abs(rows[4][0]-(3*float64(test.At(4)[0])+1)) > 0.02 {
			t.Errorf("linear predicts %v", rows[4])
		}
	}
	if compared < 4 {
		t.Errorf("%d baselines were compared", compared)
	}
}

// What lies outside the range of an input counts as the nearer end, as in the head of a network.
func TestRangeOfFeatures(t *testing.T) {
	schema := series.Plain(1)
	schema.Inputs[0].Range, schema.Inputs[0].Mean, schema.Inputs[0].SD = []float64{-1, 3}, 1, 2
	f := newFeatures(&schema, 1)
	s := series.Series{X: []float32{-9, 2, 50}, DT: []float32{1, 1, 1}}
	for i, want := range []float64{-1, 0.5, 1} {
		if got := f.head(&s)[2*i]; got != want {
			t.Errorf("row %d: %g, want %g", i, got, want)
		}
	}
}
