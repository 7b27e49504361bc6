package experiment

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
)

// TestAverages: the average of the seeds is the model of their mean, with the threshold that serves it best on validation; it
// is an entry of the table and of the page, counts what all of them count, and changes nothing else.
func TestAverages(t *testing.T) {
	for _, task := range []string{"two classes", "a number"} {
		s := spec(task)
		s.Seeds, s.NoBaselines = 3, true
		plain := executed(t, s, Hooks{})
		s.Average = true
		out := executed(t, s, Hooks{})
		if what := unlike(t, plain, out, true); what != "" || plain.Average != nil {
			t.Errorf("%s: the average changes %s", task, what)
		}
		var members []*model.Model
		parameters, flops := 0, 0.0
		for _, r := range plain.Subject.Runs {
			members = append(members, r.Model)
			parameters, flops = parameters+r.Model.Parameters(), flops+r.Model.Program().FLOPs()
		}
		want, err := model.Average(members...)
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Valid.Series) > 0 {
			valid, err := Evaluate(want, out.Valid, 1)
			if err != nil {
				t.Fatal(err)
			}
			if want, err = withThreshold(want, valid, out.Metric.Name); err != nil {
				t.Fatal(err)
			}
		}
		test, err := Evaluate(want, out.Test, 1)
		if err != nil {
			t.Fatal(err)
		}
		e := out.Average
		kept := out.Kept().Model
		if e.Name != "ltc × 3" || e.Parameters != parameters || !(e.FLOPs < flops+100) || e.FLOPs < 0.9*flops || len(kept.Members()) != 3 {
			t.Errorf("%s: the entry is %s with %d parameters and %v FLOPs, of members %d and %v", task, e.Name, e.Parameters, e.FLOPs, parameters, flops)
		}
		if kept.Schema().Target.Threshold != want.Schema().Target.Threshold || !slices.Equal(kept.Params(), want.Params()) {
			t.Errorf("%s: the model that is kept is not the average", task)
		}
		for i, score := range test.Scores() {
			if got := e.Runs[0].Scores[i]; got != score && !(math.IsNaN(got.Value) && math.IsNaN(score.Value)) {
				t.Errorf("%s: the average scores %+v, want %+v", task, got, score)
			}
		}
		value := metric.Mean(e.Values(out.Metric.Name))
		if kept.Info().Metrics[out.Metric.Name] != value {
			t.Errorf("%s: the file of the average does not say its score, %v", task, value)
		}
		r := paged(t, out, PageOptions{})
		if len(r.Models) != 2 || r.Models[1].Name != e.Name || len(r.Comparisons) != 1 || r.Comparisons[0].Against != e.Name {
			t.Errorf("%s: the page shows %d models and compares %d", task, len(r.Models), len(r.Comparisons))
		}
	}
}

// TestNoAverage: of one seed there is none, and the reason is a warning.
func TestNoAverage(t *testing.T) {
	s := spec("a number")
	s.Seeds, s.NoBaselines, s.Average = 1, true, true
	out := executed(t, s, Hooks{})
	if out.Average != nil || !strings.Contains(strings.Join(out.Warnings, "\n"), "no average") || out.Kept() != &out.Subject.Runs[0] {
		t.Errorf("an average of one seed; warnings %q", out.Warnings)
	}
}

// TestRivalsHaveTheFrontEnd: networks beside a subject with a front end have the same one.
func TestRivalsHaveTheFrontEnd(t *testing.T) {
	s := spec("a number")
	s.Architecture.Front = model.Front{Conv: []model.Conv{{Channels: 3, Kernel: 2}}}
	s.Seeds, s.Options.Epochs = 1, 1
	out := executed(t, s, Hooks{})
	if n := len(out.networks()); n != 3 {
		t.Errorf("%d networks", n)
	}
	for _, e := range out.networks() {
		if got := e.Runs[0].Model.Architecture().Front.String(); got != "3x2" {
			t.Errorf("%s has the front end %q", e.Name, got)
		}
	}
}
