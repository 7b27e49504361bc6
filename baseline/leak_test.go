package baseline

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

// leak looks for a prediction that depends on what is not known yet: it changes what row i cannot know, in four ways,
// and compares the predictions up to row i. It returns a description of the first difference, empty where there is none.
func leak(p Predictor, schema *series.Schema, s series.Series) string {
	before := p.Predict(s)
	random := rand.New(rand.NewPCG(5, 9))
	for range 40 {
		i := random.IntN(s.Len())
		labels := scrambled(s.Y, random, func(j int) bool { return !known(schema, s.Time, j, i) })
		later := s
		later.Y = labels
		later.X = append([]float32(nil), s.X...)
		for k := (i + 1) * s.Inputs(); k < len(later.X); k++ {
			later.X[k] = float32(random.IntN(2))
		}
		if d := differ(before, p.Predict(later), i); d != "" {
			return "changing later rows and labels: " + d
		}
		// A stream that ends at row i, with the labels that a file would have had for it.
		if d := differ(before, p.Predict(later.Span(0, i+1)), i); d != "" {
			return "ending the series: " + d
		}
		later.Y = nil
		if schema.Target.AsInput {
			if d := differ(before, p.Predict(later), i); d != "" {
				return "taking the labels away, with the target as input: " + d
			}
		}
	}
	return ""
}

// known says whether the label of row j is known at row i: where it was taken from a row up to i, but with horizon 0,
// where the label is what is asked, only from rows before.
func known(schema *series.Schema, time []float64, j, i int) bool {
	if schema.Target.Horizon == 0 {
		return j < i
	}
	return slowLabelRow(&schema.Target, time, j) <= i
}

func scrambled(y []float64, random *rand.Rand, change func(int) bool) []float64 {
	out := append([]float64(nil), y...)
	for j := range out {
		if change(j) {
			out[j] = float64(random.IntN(3))
		}
	}
	return out
}

func differ(a, b [][]float64, last int) string {
	for i := range last + 1 {
		if !near(a[i], b[i], 0) {
			return fmt.Sprintf("row %d of 0 to %d: %v became %v", i, last, a[i], b[i])
		}
	}
	return ""
}

func TestNoLeak(t *testing.T) {
	tried := map[string]int{}
	for _, w := range worlds() {
		for _, b := range For(w.schema) {
			p, err := b.Fit(w.schema, w.train, w.valid)
			if errors.Is(err, ErrNotApplicable) {
				t.Logf("%s: %v", w.name, err)
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", w.name, err)
				continue
			}
			tried[b.Name]++
			if d := leak(p, &w.schema, w.test); d != "" {
				t.Errorf("%s, %s: %s", w.name, b.Name, d)
			}
		}
	}
	for _, b := range table {
		if tried[b.Name] < 3 {
			t.Errorf("%s was tried on %d tasks only", b.Name, tried[b.Name])
		}
	}
}

// TestLeakBites plants the faults that a history could have: a label that is known one row too early is found, and one
// that is known just in time is not.
func TestLeakBites(t *testing.T) {
	sound := map[string]int{"regression": 1, "regression 3 rows ahead": 3, "classes": 1, "classes 2 rows ahead": 2}
	tried := 0
	for _, w := range worlds() {
		rows, ok := sound[w.name]
		if !ok {
			continue
		}
		tried++
		inTime, early := &guess{schema: w.schema, value: labelsBefore(rows)}, &guess{schema: w.schema, value: labelsBefore(rows - 1)}
		if d := leak(inTime, &w.schema, w.test); d != "" {
			t.Errorf("%s, labels of %d rows before: %s", w.name, rows, d)
		}
		if leak(early, &w.schema, w.test) == "" {
			t.Errorf("%s: a label that is known one row too early is not found", w.name)
		}
	}
	if tried != len(sound) {
		t.Errorf("%d of %d tasks tried", tried, len(sound))
	}
}

// labelsBefore predicts the label of the row that lies the given number of rows before.
func labelsBefore(rows int) func(*series.Schema, *series.Series) []float64 {
	return func(_ *series.Schema, s *series.Series) []float64 {
		list := make([]float64, s.Len())
		for i := range list {
			list[i] = nan
			if j := i - rows; j >= 0 && s.Y != nil {
				list[i] = s.Y[j]
			}
		}
		return list
	}
}

// TestPredictorsAreWellFormed: probabilities add up to 1, quantiles ascend, a standard deviation is positive; and a
// series without labels, of one row, or of none can be predicted.
func TestPredictorsAreWellFormed(t *testing.T) {
	for _, w := range worlds() {
		for _, b := range For(w.schema) {
			p, err := b.Fit(w.schema, w.train, w.valid)
			if err != nil {
				continue // TestNoLeak looks at errors
			}
			if p.Parameters() < 0 || p.String() == "" {
				t.Errorf("%s: %d parameters, %q", b.Name, p.Parameters(), p)
			}
			bare := w.test
			bare.Y = nil
			for _, s := range []series.Series{w.test, bare, bare.Span(0, 1), {}} {
				rows := p.Predict(s)
				if len(rows) != s.Len() {
					t.Fatalf("%s, %s: %d rows for %d", w.name, b.Name, len(rows), s.Len())
				}
				for i, row := range rows {
					if fault := malformed(&w.schema.Target, row); fault != "" {
						t.Fatalf("%s, %s, row %d: %s: %v", w.name, b.Name, i, fault, row)
					}
				}
			}
		}
	}
}

func malformed(target *series.Target, row []float64) string {
	sum, gaps := 0.0, 0
	for _, v := range row {
		sum += v
		if math.IsNaN(v) {
			gaps++
		}
	}
	switch {
	case gaps > 0 && gaps < len(row):
		return "partly NaN"
	case gaps > 0:
		return ""
	case target.Task == series.Classify && (len(row) != len(target.Classes) || math.Abs(sum-1) > 1e-12):
		return "no probabilities"
	case target.Gaussian && (len(row) != 2 || !(row[1] > 0)):
		return "no mean and deviation"
	case len(target.Quantiles) > 0 && (len(row) != 2 || row[0] > row[1]):
		return "no ascending quantiles"
	}
	return ""
}
