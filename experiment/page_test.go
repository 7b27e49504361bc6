package experiment

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/report"
	"github.com/elegans-nn/elegans/series"
)

func paged(t *testing.T, out *Outcome, o PageOptions) *report.Report {
	t.Helper()
	r, err := out.Page(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Every part of the page is there, and says what the outcome says.
func TestPage(t *testing.T) {
	s := spec("two classes")
	out := executed(t, s, Hooks{})
	audit := &dataset.Audit{Name: "tanks"}
	r := paged(t, out, PageOptions{Version: "9", Command: "elegans train tanks", Audit: audit, Source: "a workshop", Licence: "CC0",
		Settings: []report.Setting{{Name: "seed", Value: "3"}}, Microseconds: map[string]float64{"ltc": 1.5}})
	if r.Version != "9" || r.Kernels != engine.KernelPath() || r.Command != "elegans train tanks" || r.Title != "ltc on tanks" || r.Data.Source != "a workshop" || r.Data.Licence != "CC0" || len(r.Settings) != 1 {
		t.Errorf("the page says %q, %q, %q, %+v", r.Version, r.Command, r.Title, r.Data)
	}
	if r.Metrics[0].Key != "accuracy" || len(r.Metrics) != len(metric.For(s.Split.Schema.Target)) {
		t.Errorf("%d metrics, the first is %+v", len(r.Metrics), r.Metrics[0])
	}
	if len(r.Models) != 1+len(out.Baselines) || !r.Models[0].Liquid || r.Models[0].Baseline || r.Models[0].MicrosecondsPerStep != 1.5 || r.Models[1].Liquid {
		t.Errorf("the models are %+v", r.Models)
	}
	for k, e := range append([]Entry{out.Subject}, out.Baselines...) {
		m := r.Models[k]
		if m.Name != e.Name || m.Parameters != e.Parameters || len(m.Seeds) != len(e.Runs) || !strings.HasSuffix(m.Description, e.Learnt) {
			t.Errorf("%s is shown as %+v", e.Name, m)
		}
		for i, run := range e.Runs {
			for _, score := range run.Scores {
				if got := m.Seeds[i].Values[score.Name]; got != score.Value && score.Value == score.Value {
					t.Errorf("%s seed %d: %s is shown as %v, want %v", e.Name, run.Seed, score.Name, got, score.Value)
				}
			}
			if run.Train != nil && m.Seeds[i].BestEpoch != run.Train.Best {
				t.Errorf("%s seed %d: epoch %d is shown as best, want %d", e.Name, run.Seed, m.Seeds[i].BestEpoch, run.Train.Best)
			}
		}
	}
	if len(r.Learning.Runs) != 2 || len(r.Learning.Runs[1].Epochs) != 3 || r.Learning.Runs[1].Epochs[2].Valid != out.Subject.Runs[1].Train.Epochs[2].Valid {
		t.Errorf("the learning curves are %+v", r.Learning)
	}
	if len(r.Comparisons) != len(out.Baselines) {
		t.Errorf("%d comparisons with %d baselines", len(r.Comparisons), len(out.Baselines))
	}
	best := out.Subject.Runs[out.Best].Model
	if r.Program != best.Program().String() || r.Clock != series.Elapsed || !strings.Contains(r.Task, `"full"`) || !strings.Contains(r.Task, "2 inputs") {
		t.Errorf("task %q, clock %s", r.Task, r.Clock)
	}
	if !strings.Contains(r.Wiring.SVG, "<svg") {
		t.Error("the wiring is not drawn")
	}
	synapses := 0
	for _, c := range r.Wiring.Counts {
		synapses += c.Synapses
	}
	if synapses != out.Subject.Synapses {
		t.Errorf("the drawing counts %d synapses, the model has %d", synapses, out.Subject.Synapses)
	}
}

// The confusion counts every scored row once, and agrees with the accuracy; so do the curves with AUROC.
func TestPageScores(t *testing.T) {
	s := spec("two classes")
	s.NoBaselines = true
	out := executed(t, s, Hooks{})
	r := paged(t, out, PageOptions{})
	c := r.Scores.Confusion
	rows, scored := 0, 0
	for _, row := range c {
		for _, n := range row {
			rows += n
		}
	}
	for _, one := range s.Split.Test {
		scored += one.Scored()
	}
	accuracy := out.Subject.Values("accuracy")[out.Best]
	if got := float64(c[0][0]+c[1][1]) / float64(rows); rows != scored || math.Abs(got-accuracy) > 1e-12 {
		t.Errorf("the confusion holds %d of %d rows and is right in %v, want %v", rows, scored, got, accuracy)
	}
	area, roc := 0.0, r.Scores.ROC[0].Points
	for k := 1; k < len(roc); k++ {
		area += (roc[k].X - roc[k-1].X) * (roc[k].Y + roc[k-1].Y) / 2
	}
	if auroc := out.Subject.Values("auroc")[out.Best]; math.Abs(area-auroc) > 1e-9 {
		t.Errorf("the area under the curve is %v, AUROC %v", area, auroc)
	}
	if last := roc[len(roc)-1]; roc[0] != (report.Point{}) || last.X != 1 || last.Y != 1 {
		t.Errorf("the curve runs from %v to %v", roc[0], last)
	}
	if pr := r.Scores.PR[0].Points; pr[len(pr)-1].X != 1 {
		t.Errorf("the precision-recall curve ends at %v", pr[len(pr)-1])
	}
	if r.Scores.Threshold != out.Subject.Runs[out.Best].Model.Schema().Target.Threshold || len(r.Scores.Reliability) == 0 {
		t.Errorf("the scores are %+v", r.Scores)
	}
	counted := 0
	for _, b := range r.Scores.Reliability {
		counted += b.Count
	}
	if counted != scored {
		t.Errorf("the reliability counts %d of %d rows", counted, scored)
	}
}

// Predictions and activity are those of the best model along the test series.
func TestPageTraces(t *testing.T) {
	for _, task := range []string{"two classes", "quantiles", "a number"} {
		s := spec(task)
		s.NoBaselines = true
		out := executed(t, s, Hooks{})
		r := paged(t, out, PageOptions{})
		best := out.Subject.Runs[out.Best].Model
		target := best.Schema().Target
		if len(r.Predictions.Series) != 2 || r.Predictions.Target != target.Name {
			t.Fatalf("%s: %d series are drawn", task, len(r.Predictions.Series))
		}
		for i, one := range s.Split.Test {
			trace, stream := r.Predictions.Series[i], best.Stream()
			for row, dt := range one.DT {
				p, err := stream.Step(one.At(row), dt)
				if err != nil {
					t.Fatal(err)
				}
				want := float64(p[0])
				switch {
				case len(target.Quantiles) > 0:
					want = float64(p[1])
				case target.Task == series.Classify:
					want = above(target.Threshold)(float64(p[1]))
				}
				if trace.Value[row] != want || trace.Time[row] != one.Time[row] {
					t.Fatalf("%s: series %d, row %d is drawn as %v, want %v", task, i, row, trace.Value[row], want)
				}
				for k := range trace.Bands {
					if trace.Bands[k][row] != float64(p[k]) {
						t.Fatalf("%s: band %d of row %d is %v, want %v", task, k, row, trace.Bands[k][row], p[k])
					}
				}
			}
		}
		a := r.Activity
		if a.Series != "test0" || len(a.Neurons) != 5 || len(a.Time) != 45 || len(a.Inputs) != 2 || a.Inputs[1].Values[7] != float64(s.Split.Test[0].At(7)[1]) {
			t.Errorf("%s: the activity is of %s, %d neurons, %d rows", task, a.Series, len(a.Neurons), len(a.Time))
		}
		seen, err := best.Observe(&s.Split.Test[0], "layer0.tau")
		if err != nil {
			t.Fatal(err)
		}
		for k, n := range a.Neurons {
			if n.State[30] != seen.States[k][30] || n.Tau[30] != seen.Probe[k][30] || n.Role == "" {
				t.Errorf("%s: neuron %d is %s, state %v, tau %v", task, k, n.Role, n.State[30], n.Tau[30])
			}
		}
	}
}

func TestThinKeepsTheEnds(t *testing.T) {
	var p []report.Point
	for k := range 1000 {
		p = append(p, report.Point{X: float64(k)})
	}
	got := thin(p)
	if len(got) != shownPoints || got[0].X != 0 || got[len(got)-1].X != 999 {
		t.Errorf("%d points from %v to %v", len(got), got[0], got[len(got)-1])
	}
	for k := 1; k < len(got); k++ {
		if d := got[k].X - got[k-1].X; d < 4 || d > 6 {
			t.Errorf("a step of %v among 1000 points thinned to %d", d, shownPoints)
		}
	}
}

func TestTaskInWords(t *testing.T) {
	s := split("two classes").Schema
	s.Target.Horizon = 1800
	if got := task(s); !strings.Contains(got, "tell no from yes") || !strings.Contains(got, "30 min ahead") {
		t.Errorf("%q", got)
	}
	s = split("three classes").Schema
	s.Target.Horizon, s.Target.HorizonRows = 3, true
	if got := task(s); !strings.Contains(got, "the 3 classes") || !strings.Contains(got, "3 rows ahead") {
		t.Errorf("%q", got)
	}
}

// TestComparisonsHaveOneEstimand: the difference is the mean over the seeds that the interval is about, whoever is compared.
func TestComparisonsHaveOneEstimand(t *testing.T) {
	s := spec("a number")
	s.Seeds = 3
	out := executed(t, s, Hooks{})
	for _, tests := range []int{2, metric.WholeSeries} {
		out.Test.Series = make([]series.Series, tests) // as many as decide on the method
		seen := map[string]bool{}
		for _, c := range out.comparisons() {
			e := out.Baselines[slices.IndexFunc(out.Baselines, func(e Entry) bool { return e.Name == c.Against })]
			own := metric.Mean(out.Subject.Values(out.Metric.Name))
			if tests == 2 {
				if want := own - metric.Mean(e.Values(out.Metric.Name)); math.Abs(c.Mean-want) > 1e-9*own || !strings.Contains(c.Method, "paired over 3 seeds") {
					t.Errorf("%s: %+v, want a mean of %v", c.Against, c, want)
				}
			} else if !strings.Contains(c.Method, "mean of 3 seeds") {
				t.Errorf("%s: %+v", c.Against, c)
			}
			if !(c.Low <= c.Mean && c.Mean <= c.High) {
				t.Errorf("%s: the interval %v to %v is not about %v", c.Against, c.Low, c.High, c.Mean)
			}
			seen[c.Against] = true
		}
		if len(seen) != len(out.Baselines) {
			t.Errorf("%d of %d baselines are compared", len(seen), len(out.Baselines))
		}
	}
}

// Only networks are timed; baselines that are none take no time worth telling.
func TestMicroseconds(t *testing.T) {
	s := spec("two classes")
	out := executed(t, s, Hooks{})
	for _, e := range out.Baselines {
		if got := e.Microseconds(s.Split.Test); got != 0 && e.Runs[0].Model == nil {
			t.Errorf("%s takes %v µs", e.Name, got)
		}
	}
	if got := out.Subject.Microseconds(nil); got != 0 {
		t.Errorf("without rows a step takes %v µs", got)
	}
}
