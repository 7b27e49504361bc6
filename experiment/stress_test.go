package experiment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/stress"
)

// reader predicts the value of one input, so that what a condition does to its error is known.
func reader(name string, p Part, schema series.Schema, input int, bias float64) Tried {
	return Tried{Name: name, Schema: schema, Part: p, Score: func(p Part) (*metric.Evaluator, error) {
		e := metric.NewEvaluator(schema.Target)
		for _, s := range p.Series {
			rows := make([][]float64, s.Len())
			for i := range rows {
				rows[i] = []float64{float64(s.At(i)[input]) + bias}
			}
			e.Add(s.Y, rows, nil)
		}
		return e, nil
	}}
}

// readable is a part whose label is its first input, exactly.
func readable(rows int) (series.Schema, Part) {
	schema := split("a number").Schema
	one := tank("one", rows, 4, litres)
	for i := range one.Y {
		one.Y[i] = float64(one.At(i)[0])
	}
	return schema, NewPart(schema, []series.Series{one})
}

func tried(t *testing.T, spec StressSpec) *Stress {
	t.Helper()
	x, err := Try(context.Background(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func hardship(t *testing.T, x *Stress, name string) Hardship {
	t.Helper()
	for _, h := range x.Hardships {
		if h.Name == name {
			return h
		}
	}
	t.Fatalf("no condition %s", name)
	return Hardship{}
}

// The errors of a model that reads its first input are those of the input: of noise its deviation, of a drift the root of the
// mean square of a ramp, none where the other input is astray, and all of it where rows are only lost.
func TestStressKnownErrors(t *testing.T) {
	schema, part := readable(4001)
	rmse, _ := metric.ByName("rmse")
	const bias = 1.0
	x := tried(t, StressSpec{Tried: []Tried{reader("first", part, schema, 0, bias)}, Metric: rmse, Seed: 5, Workers: 3})
	if math.Abs(x.Clean[0]-bias) > 1e-5 {
		t.Fatalf("clean is %g, want %g", x.Clean[0], bias)
	}
	sd := schema.Inputs[0].SD
	noise := hardship(t, x, "noise")
	for i, level := range noise.Levels {
		if want := math.Hypot(bias, level*sd); math.Abs(noise.Curves[0].Values[i]-want) > 0.05*want {
			t.Errorf("noise %g: error %g, want %g", level, noise.Curves[0].Values[i], want)
		}
	}
	drift := hardship(t, x, "drift")
	for i, level := range drift.Levels {
		reach := level * sd // up or down: the mean of (1 ± r t)² over t is 1 ± r + r²/3
		up, down := math.Sqrt(1+reach+reach*reach/3), math.Sqrt(1-reach+reach*reach/3)
		got := drift.Curves[0].Values[i]
		if d := math.Min(math.Abs(got-(up+bias)/2), math.Abs(got-(down+bias)/2)); d > 0.01 {
			t.Errorf("drift %g: mean error over two inputs %g, want %g or %g", level, got, (up+bias)/2, (down+bias)/2)
		}
	}
	if !slices.Equal(drift.Inputs, []string{"inflow", "noise"}) {
		t.Errorf("channels are %v", drift.Inputs)
	}
	for _, name := range []string{"dropped-rows", "slower", "faster", "jitter"} {
		h := hardship(t, x, name)
		for i, v := range h.Curves[0].Values {
			if math.Abs(v-bias) > 1e-5 {
				t.Errorf("%s %g: error %g, want %g", name, h.Levels[i], v, bias)
			}
		}
		if math.Abs(h.Curves[0].Area-1) > 1e-5 {
			t.Errorf("%s: area %g, want 1", name, h.Curves[0].Area)
		}
	}
	if frozen := hardship(t, x, "frozen").Curves[0]; frozen.Worst != "inflow" || frozen.WorstValue <= bias {
		t.Errorf("the worst channel is %q with %g", frozen.Worst, frozen.WorstValue)
	}
}

// Of many inputs some are drawn, by the seed, and how many there are is said.
func TestStressDraws(t *testing.T) {
	for inputs, want := range map[int]string{1: "all 1 inputs", mostChannels: "all 8 inputs", mostChannels + 3: "8 inputs, drawn from 11"} {
		schema, drawn := series.Schema{Clock: split("a number").Schema.Clock}, map[string]bool{}
		for k := range inputs {
			schema.Inputs = append(schema.Inputs, series.Input{Name: fmt.Sprint("in", k), Kind: series.Numeric, SD: 1})
		}
		for seed := range uint64(20) {
			for _, h := range (StressSpec{Tried: []Tried{{Schema: schema}}, Seed: seed}).hardships() {
				if h.PerChannel != (len(h.Inputs) > 0) || h.PerChannel && (h.Over() != want || h.Of != inputs) {
					t.Errorf("%s is over %q, %s, want %s", h.Name, h.Inputs, h.Over(), want)
				}
				for _, name := range h.Inputs {
					drawn[name] = true
				}
			}
		}
		if len(drawn) != inputs {
			t.Errorf("20 seeds draw %d of %d inputs", len(drawn), inputs)
		}
	}
}

// The area is the trapezoid over the levels of what is left of the metric.
func TestStressArea(t *testing.T) {
	accuracy, _ := metric.ByName("accuracy")
	rmse, _ := metric.ByName("rmse")
	nll, _ := metric.ByName("nll")
	r2, _ := metric.ByName("r2")
	h := &Hardship{Condition: stress.Condition{Clean: 1, Levels: []float64{2, 4}}, Curves: []StressCurve{{}}}
	for _, c := range []struct {
		metric metric.Metric
		clean  float64
		values []float64
		want   float64
	}{
		{accuracy, 0.8, []float64{0.8, 0.8}, 1},
		{accuracy, 0.8, []float64{0.6, 0.4}, (1*(1+0.75)/2 + 2*(0.75+0.5)/2) / 3},
		{rmse, 2, []float64{4, 8}, (1*(1+0.5)/2 + 2*(0.5+0.25)/2) / 3},
		{rmse, 0, []float64{0, 0}, 1},
		{rmse, 0, []float64{0, 3}, (1 + 2*0.5) / 3},
		{rmse, 2, []float64{2, nan}, nan},
		{r2, 0.5, []float64{0, -7}, (1 * 0.5) / 3},
		{r2, -0.1, []float64{-0.1, -0.1}, nan},
		{nll, 1, []float64{2, 3}, nan},
	} {
		h.Curves[0].Values = c.values
		x := &Stress{Metric: c.metric, Clean: []float64{c.clean}}
		if got := x.area(h, 0); math.Abs(got-c.want) > 1e-12 || (got != got) != (c.want != c.want) {
			t.Errorf("%s from %g to %v: area %g, want %g", c.metric.Name, c.clean, c.values, got, c.want)
		}
	}
}

// Models and baselines are tried alike, whatever the number of workers; the clean values are those of an evaluation.
func TestStressOfAModel(t *testing.T) {
	s := spec("two classes")
	out := executed(t, s, Hooks{})
	m := out.Subject.Runs[out.Best].Model
	accuracy, _ := metric.ByName("accuracy")
	parts := Cut(s.Split, s.Protocol)
	before := parts.Test.Series[0].Span(0, parts.Test.Series[0].Len())
	before.X = slices.Clone(before.X)
	simple, err := TriedBaselines(m.Schema(), parts.Data, parts.Test)
	if err != nil {
		t.Fatal(err)
	}
	spec := StressSpec{Tried: append([]Tried{TriedModel("ltc", m, parts.Test)}, simple...), Metric: accuracy, Seed: 2}
	x := tried(t, spec)
	calls, last := 0, 0
	spec.Workers, spec.Progress = 4, func(done, total int) { calls, last = calls+1, total }
	y := tried(t, spec)
	for c := range x.Hardships {
		if fmt.Sprint(x.Hardships[c].Curves) != fmt.Sprint(y.Hardships[c].Curves) {
			t.Errorf("%s: workers change the outcome", x.Hardships[c].Name)
		}
	}
	if calls != last || calls == 0 {
		t.Errorf("progress was told %d times of %d", calls, last)
	}
	if want, _ := out.Subject.Runs[out.Best].Scores.Get("accuracy"); x.Clean[0] != want {
		t.Errorf("clean %g, evaluated %g", x.Clean[0], want)
	}
	for k, e := range simple {
		for _, b := range out.Baselines {
			if b.Name != e.Name {
				continue
			}
			if want, _ := b.Runs[0].Scores.Get("accuracy"); x.Clean[k+1] != want {
				t.Errorf("%s: clean %g, of train %g", b.Name, x.Clean[k+1], want)
			}
		}
		if e.Name == "majority" && math.Abs(x.Robustness[k+1]-1) > 0.05 {
			t.Errorf("the majority has robustness %g", x.Robustness[k+1])
		}
	}
	if !slices.Equal(before.X, parts.Test.Series[0].X) {
		t.Error("the data were changed")
	}
	if !slices.Contains(x.SeeLabels(), "last-value") {
		t.Errorf("those who see labels are %v", x.SeeLabels())
	}
	var page bytes.Buffer
	if err := x.Page(PageOptions{Version: "1", Warnings: []string{"told before"}}).WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"ltc under varying conditions", "told before", "dropped-rows", "The input that harms most", "see earlier labels", `id="chart-plot-7"`} {
		if !strings.Contains(page.String(), text) {
			t.Errorf("the page does not hold %q", text)
		}
	}
}

// What a model cannot run under is missing and told, and the rest goes on; an interruption ends all.
func TestStressFailures(t *testing.T) {
	schema, part := readable(200)
	rmse, _ := metric.ByName("rmse")
	weak := reader("weak", part, schema, 0, 1)
	score := weak.Score
	weak.Score = func(p Part) (*metric.Evaluator, error) {
		if p.Series[0].Len() < 100 {
			return nil, errors.New("too short")
		}
		return score(p)
	}
	x := tried(t, StressSpec{Tried: []Tried{reader("strong", part, schema, 0, 1), weak}, Metric: rmse})
	h := hardship(t, x, "dropped-rows")
	if v := h.Curves[1].Values; v[0] != v[0] || v[3] == v[3] || h.Curves[0].Values[3] != h.Curves[0].Values[3] {
		t.Errorf("values are %v and %v", h.Curves[0].Values, v)
	}
	if !slices.Contains(x.Warnings, "weak cannot run under dropped-rows, level 0.7: too short") || len(x.Warnings) != 2 {
		t.Errorf("warnings are %q", x.Warnings)
	}
	if x.Robustness[1] == x.Robustness[1] || x.Robustness[0] != x.Robustness[0] {
		t.Errorf("robustness is %v", x.Robustness)
	}
	ctx, cancel := context.WithCancel(context.Background())
	spec := StressSpec{Tried: []Tried{weak}, Metric: rmse, Progress: func(int, int) { cancel() }}
	if _, err := Try(ctx, spec); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
