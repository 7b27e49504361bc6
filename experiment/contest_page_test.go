package experiment

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/report"
	"github.com/elegans-nn/elegans/train"
)

// The page says what the leaderboard says: the best row is its subject, every other is compared with it, and every network
// has its dots and curves.
func TestContestPage(t *testing.T) {
	b := contested(t, contestSpec("two classes"))
	r := b.Page(PageOptions{Version: "9", Command: "elegans compare tanks", Audit: &dataset.Audit{Name: "tanks"}, Source: "a workshop"})
	if r.Title != "Comparison of models on tanks" || r.Command != "elegans compare tanks" || r.Data.Source != "a workshop" || r.Metrics[0].Key != "accuracy" {
		t.Errorf("the page says %q, %q", r.Title, r.Command)
	}
	for i, m := range r.Models {
		if m.Name != b.Rows[i].Name || m.Liquid != (i == 0) || m.Baseline == b.Rows[i].Network() || m.MicrosecondsPerStep != b.Rows[i].Microseconds {
			t.Errorf("model %d is %+v", i, m)
		}
		if mean, _, n := m.Spread("accuracy"); math.Abs(mean-b.Rows[i].Mean) > 1e-12 || n != len(b.Rows[i].Runs) {
			t.Errorf("%s has mean %g of %d", m.Name, mean, n)
		}
	}
	if len(r.Comparisons) != 3 {
		t.Fatalf("%d comparisons", len(r.Comparisons))
	}
	for i, c := range r.Comparisons {
		s := b.Rows[i+1]
		if c.Against != s.Name || math.Abs(c.Mean-(b.Rows[0].Mean-s.Mean)) > 1e-12 || c.Low > c.Mean || c.High < c.Mean {
			t.Errorf("comparison %+v, means %g and %g", c, b.Rows[0].Mean, s.Mean)
		}
	}
	dots, lines := 0, 0
	for _, l := range r.Plots[0].Lines {
		if l.Dots {
			dots++
			s := row(t, b, l.Name)
			for k, p := range l.Points {
				if v, _ := s.Runs[k].Scores.Get("accuracy"); p.X != s.FLOPs || p.Y != 100*v {
					t.Errorf("%s: dot %+v, want %g, %g", l.Name, p, s.FLOPs, 100*v)
				}
			}
		} else if lines++; l.Name != "logistic" || l.Points[0].Y != 100*row(t, b, "logistic").Mean {
			t.Errorf("the line of the best baseline is %+v", l)
		}
	}
	if dots != 3 || lines != 1 || len(r.Plots) != 3 {
		t.Errorf("%d dots, %d lines, %d plots", dots, lines, len(r.Plots))
	}
	var page bytes.Buffer
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "log(1&#43;dt), masks") || !strings.Contains(page.String(), "Difference to the best") {
		t.Error("the page says nothing of inputs or differences")
	}
}

// A curve is the mean over the seeds, of which one that has stopped keeps its last loss; a diverged one has none.
func TestCurves(t *testing.T) {
	run := func(valid ...float64) Run {
		r := Run{Train: &train.Result{}}
		for i, v := range valid {
			r.Train.Epochs = append(r.Train.Epochs, train.Epoch{Number: i + 1, Train: 2 * v, Valid: v})
		}
		return r
	}
	b := &Leaderboard{Rows: []Standing{
		{Entry: Entry{Name: "net", Runs: []Run{run(5, 3), run(7, 1, 9), {Diverged: "so"}}}, Inputs: FeedOwn},
		{Entry: Entry{Name: "simple", Runs: []Run{{}}}},
	}}
	plots := b.curves()
	if len(plots) != 2 || len(plots[0].Lines) != 1 || len(plots[1].Lines) != 1 {
		t.Fatalf("%+v", plots)
	}
	for k, want := range [][]report.Point{{{X: 1, Y: 6}, {X: 2, Y: 2}, {X: 3, Y: 6}}, {{X: 1, Y: 12}, {X: 2, Y: 4}, {X: 3, Y: 12}}} {
		for i, p := range plots[k].Lines[0].Points {
			if p != want[i] {
				t.Errorf("point %d of %s is %+v, want %+v", i, plots[k].Title, p, want[i])
			}
		}
	}
}

func TestIntervalText(t *testing.T) {
	accuracy, _ := metric.ByName("accuracy")
	rmse, _ := metric.ByName("rmse")
	for _, c := range []struct {
		metric metric.Metric
		d      metric.Difference
		want   string
	}{
		{accuracy, metric.Difference{Mean: -0.0123, Lower: -0.03, Upper: 0.005}, "-1.23 [-3, +0.5]"},
		{rmse, metric.Difference{Mean: 0.5, Lower: nan, Upper: nan}, "+0.5"},
		{rmse, metric.Difference{}, "0"},
	} {
		if got := interval(c.metric, c.d); got != c.want {
			t.Errorf("%+v is written %q, want %q", c.d, got, c.want)
		}
	}
}
