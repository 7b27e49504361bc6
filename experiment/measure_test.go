package experiment

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// Rows are scored by the measures of the spec, ranked by the first or the one that is named, and compared by its view.
func TestMeasures(t *testing.T) {
	rmse, err := metric.ByName("rmse")
	if err != nil {
		t.Fatal(err)
	}
	ten := rmse
	ten.Name, ten.Title = "rmse_in_tenths", "RMSE in tenths"
	scale := func(v float64) float64 { return 10 * v }
	measures := []Measure{{Metric: ten, View: func(e *metric.Evaluator) *metric.Evaluator {
		return e.Map(scale, func(p []float64) []float64 { return []float64{10 * p[0]} })
	}}, {Metric: rmse}}
	s := contestSpec("a number")
	s.Measures = measures
	b := contested(t, s)
	if b.Metric.Name != "rmse_in_tenths" {
		t.Errorf("ranked by %s", b.Metric.Name)
	}
	s.Metric = "rmse"
	plain := contested(t, s)
	for i, row := range b.Rows {
		p := plain.Rows[i]
		if row.Name != p.Name || math.Abs(row.Mean-10*p.Mean) > 1e-9*row.Mean || math.Abs(row.OverTest.Lower-10*p.OverTest.Lower) > 1e-9*math.Abs(row.OverTest.Lower) {
			t.Errorf("row %d: %s %g, %g; plain %s %g, %g", i, row.Name, row.Mean, row.OverTest.Lower, p.Name, p.Mean, p.OverTest.Lower)
		}
		if r := row.Runs[0]; len(r.Scores) != 2 || len(r.Valid) != 2 || r.Scores[1].Name != "rmse" {
			t.Errorf("%s has scores %v, %v", row.Name, r.Scores, r.Valid)
		}
	}
	s.Metric = "mae"
	if _, err := NewContest(s.cut()); err == nil || !strings.Contains(err.Error(), "choose one of rmse_in_tenths, rmse") {
		t.Errorf("%v", err)
	}
}

// The threshold serves the metric that is named, or stays where it is.
func TestThresholdOfAContest(t *testing.T) {
	s := contestSpec("two classes")
	s.Models = s.Models[:1]
	chosen := func(name string) float64 {
		s.Threshold = name
		return contested(t, s).Rows[0].Runs[0].Model.Schema().Target.Threshold
	}
	if chosen(NoThreshold) != 0 || chosen("") == 0 || chosen("") != chosen("accuracy") {
		t.Errorf("thresholds %g, %g, %g", chosen(NoThreshold), chosen(""), chosen("accuracy"))
	}
}

// Rates that are named are tried with the first seed, and validation chooses; what was not chosen is told, without a score.
func TestRates(t *testing.T) {
	s := contestSpec("a number")
	s.Models = s.Models[:1]
	s.Models[0].Rates = []float64{1e-6, 0.02, 0.003}
	s.Keep = t.TempDir()
	row := contested(t, s).Rows[0]
	if row.LearningRate == 1e-6 || row.Tried != 3 || len(row.Rejected) != 2 || len(row.Runs) != 2 {
		t.Fatalf("%g of %d, others %+v", row.LearningRate, row.Tried, row.Rejected)
	}
	for _, k := range row.Rejected {
		if k.ValidLoss < row.Runs[0].ValidLoss || k.Options.LearningRate == row.LearningRate || k.Options.Seed != 3 || k.Epochs != 3 || k.Key == "" || k.Key == row.Runs[0].Key {
			t.Errorf("%g has %g on validation, chosen was %g with %g; %+v", k.Options.LearningRate, k.ValidLoss, row.LearningRate, row.Runs[0].ValidLoss, k)
		}
	}
	again, err := NewContest(s.cut())
	if err != nil {
		t.Fatal(err)
	}
	if e, err := again.Estimate(t.Context()); err != nil || e.Trials != 4 || e.Kept != 4 {
		t.Errorf("of what is kept, with another rate than the given one, the estimate is %+v (%v)", e, err)
	}
	s.Tune = 5
	c, err := NewContest(s.cut())
	if err != nil {
		t.Fatal(err)
	}
	if n := c.rows[0].settings; len(n) != 5 || n[2].options.LearningRate != 0.003 || n[3].options.LearningRate == 1e-6 {
		t.Errorf("%d settings", len(n))
	}
	s.Tune, s.Split.Valid = 0, nil
	if row = contested(t, s).Rows[0]; row.Tried != 1 || row.LearningRate != 1e-6 {
		t.Errorf("without validation %g of %d", row.LearningRate, row.Tried)
	}
}

// Baselines are taught what windows score: not what leads up to it, of all outputs, and windows by themselves where networks
// start anew in each.
func TestTaught(t *testing.T) {
	s := series.Series{X: make([]float32, 6), DT: []float32{1, 2, 3, 4, 5, 6}, Y: []float64{0, 10, 1, 11, 2, 12, 3, 13, 4, 14, 5, 15}}
	part := dataset.Part{Series: []series.Series{s}, Windows: []dataset.Window{{From: 0, To: 3, Lead: 2}, {From: 3, To: 5, Lead: 1}}}
	same := func(got, want []float64) bool {
		return slices.EqualFunc(got, want, func(a, b float64) bool { return a == b || a != a && b != b })
	}
	fitted, _ := taught(train.Data{Train: part})
	if want := []float64{nan, nan, nan, nan, 2, 12, nan, nan, 4, 14, nan, nan}; len(fitted) != 1 || !same(fitted[0].Y, want) {
		t.Errorf("along the series %v, want %v", fitted[0].Y, want)
	}
	if s.Y[0] != 0 {
		t.Error("the data were changed")
	}
	fitted, valid := taught(train.Data{Train: part, Valid: part, ResetState: true})
	if len(fitted) != 2 || !same(fitted[1].Y, []float64{nan, nan, 4, 14}) || fitted[1].DT[0] != 4 || len(valid) != 2 {
		t.Errorf("by windows %+v", fitted)
	}
}

// A contest takes windows with a lead and several outputs, with the simple baselines that suit.
func TestWindowedContest(t *testing.T) {
	s := contestSpec("a number")
	schema := s.Split.Schema
	schema.Target.Outputs = 2
	schema.Target.Each = []series.Output{{Name: "level", Mean: 40, SD: 15}, {Name: "half", Mean: 20, SD: 8}}
	two := func(list []series.Series) dataset.Part {
		list = slices.Clone(list)
		for i := range list {
			var y []float64
			for _, v := range list[i].Y {
				y = append(y, v, v/2)
			}
			list[i].Y = y
		}
		return dataset.Part{Series: list, Windows: dataset.LastOnly(list, dataset.FullWindows(list, 10, 3))}
	}
	spec := s.ContestSpec
	spec.Schema, spec.Parts = schema, Windowed(schema, two(s.Split.Train), two(s.Split.Valid), two(s.Split.Test))
	spec.Models = append(spec.Models, Contestant{Name: "mean"})
	c, err := NewContest(spec)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Run(t.Context(), ContestHooks{})
	if err != nil {
		t.Fatal(err)
	}
	if _, scored := b.Test.Rows(); scored != len(two(s.Split.Test).Windows) || len(b.Rows) != 5 {
		t.Errorf("%d rows are scored, %d models", scored, len(b.Rows))
	}
	if linear, mean := row(t, b, "linear"), row(t, b, "mean"); !(linear.Mean < mean.Mean) || linear.Parameters <= mean.Parameters || mean.Parameters != 2 {
		t.Errorf("linear %g with %d parameters, mean %g with %d", linear.Mean, linear.Parameters, mean.Mean, mean.Parameters)
	}
}
