package experiment

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
	"github.com/elegans-nn/elegans/wiring"
)

// tank draws a series of two inputs and a level that follows the first of them over irregular times. label turns the
// level into a label.
func tank(name string, rows int, seed uint64, label func(level float64) float64) series.Series {
	r := rand.New(rand.NewPCG(seed, 0x74616e6b))
	s := series.Series{Name: name}
	level, x, now := 0.0, 1.0, 0.0
	for row := range rows {
		if r.Float64() < 0.3 {
			x = -x
		}
		dt := 0.2 * math.Exp(r.Float64()*math.Log(20))
		now += dt
		level += (x - level) * (1 - math.Exp(-dt/2))
		s.X = append(s.X, float32(x+0.1*r.NormFloat64()), float32(3+r.NormFloat64()))
		s.DT, s.Time, s.Row = append(s.DT, float32(dt)), append(s.Time, now), append(s.Row, row)
		y := label(level + 0.1*r.NormFloat64())
		if row%11 == 4 {
			y = math.NaN()
		}
		s.Y = append(s.Y, y)
	}
	return s
}

// tasks are the kinds of target that an experiment can be about.
var tasks = map[string]struct {
	target series.Target
	label  func(float64) float64
}{
	"two classes":   {series.Target{Name: "full", Task: series.Classify, Classes: []string{"no", "yes"}}, above(0.2)},
	"three classes": {series.Target{Name: "mark", Task: series.Classify, Classes: []string{"low", "mid", "high"}}, func(v float64) float64 { return above(-0.3)(v) + above(0.3)(v) }},
	"a number":      {series.Target{Name: "level", Task: series.Regress, Mean: 40, SD: 15}, litres},
	"quantiles":     {series.Target{Name: "level", Task: series.Regress, Mean: 40, SD: 15, Quantiles: []float64{0.1, 0.5, 0.9}}, litres},
	"gaussian":      {series.Target{Name: "level", Task: series.Regress, Mean: 40, SD: 15, Gaussian: true}, litres},
	"one label":     {series.Target{Name: "full", Task: series.Classify, Classes: []string{"no", "yes"}, LastStep: true}, above(0.2)},
}

func above(limit float64) func(float64) float64 {
	return func(v float64) float64 {
		if v > limit {
			return 1
		}
		return 0
	}
}

func litres(v float64) float64 { return 40 + 20*v }

// split is a small data set for a task, made anew at each call.
func split(task string) *dataset.Split {
	k := tasks[task]
	s := &dataset.Split{By: "hand", Warnings: []string{"made by hand"}}
	s.Schema = series.Schema{
		Inputs: []series.Input{{Name: "inflow", Kind: series.Numeric, SD: 0.9}, {Name: "noise", Kind: series.Numeric, Mean: 3, SD: 1}},
		Target: k.target,
		Clock:  series.Clock{Kind: series.Elapsed, Unit: 1, FirstDT: 1},
	}
	draw := func(part *[]series.Series, name string, count, rows int, seed uint64) {
		for i := range count {
			one := tank(fmt.Sprintf("%s%d", name, i), rows, seed+uint64(i), k.label)
			if k.target.LastStep {
				for row := range rows - 1 {
					one.Y[row] = math.NaN()
				}
				one.Y[rows-1] = float64(i % 2)
			}
			*part = append(*part, one)
		}
	}
	if k.target.LastStep {
		draw(&s.Train, "train", 14, 12, 1)
		draw(&s.Valid, "valid", 6, 12, 50)
		draw(&s.Test, "test", 7, 12, 90)
		return s
	}
	draw(&s.Train, "train", 2, 90, 1)
	draw(&s.Valid, "valid", 1, 60, 50)
	draw(&s.Test, "test", 2, 45, 90)
	return s
}

// spec is a small experiment on a task.
func spec(task string) Spec {
	s := Spec{Split: split(task), Name: "ltc", Summary: "four neurons", Seed: 3, Seeds: 2, Protocol: dataset.Protocol{Window: 15, TrainStride: 8},
		Architecture: model.Architecture{Layers: []model.Layer{model.Liquid(cell.LTC{Unfolds: 2}, wiring.Full(5))}},
		Options:      train.Options{Epochs: 3, Batch: 8, LearningRate: 0.02},
		Info:         model.Info{Name: "file", Data: "0123", Version: "test", Settings: map[string]string{"a": "b"}}}
	if s.Split.Schema.Target.LastStep {
		s.Protocol = dataset.Protocol{}
	}
	return s
}

func executed(t *testing.T, s Spec, h Hooks) *Outcome {
	t.Helper()
	out, err := Execute(context.Background(), s, h)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func file(t *testing.T, m *model.Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// networks are the entries that were trained: the subject and its rivals.
func (x *Outcome) networks() (list []Entry) {
	for _, e := range append([]Entry{x.Subject}, x.Baselines...) {
		if e.Runs[0].Train != nil {
			list = append(list, e)
		}
	}
	return list
}

// unlike names the first thing that two outcomes do not share to the bit; empty where they are alike. Scores of the test
// part are compared only where test is set.
func unlike(t *testing.T, a, b *Outcome, test bool) string {
	t.Helper()
	x, y := a.networks(), b.networks()
	if len(x) != len(y) || a.Best != b.Best || len(a.Baselines) != len(b.Baselines) {
		return "the entries or the best run"
	}
	for e := range x {
		for r := range x[e].Runs {
			p, q := x[e].Runs[r], y[e].Runs[r]
			switch {
			case !slices.Equal(p.Model.Params(), q.Model.Params()):
				return fmt.Sprintf("parameters of %s seed %d", x[e].Name, p.Seed)
			case p.Model.Schema().Target.Threshold != q.Model.Schema().Target.Threshold:
				return fmt.Sprintf("threshold of %s seed %d", x[e].Name, p.Seed)
			case p.ValidLoss != q.ValidLoss || fmt.Sprint(p.Train.Epochs) != fmt.Sprint(q.Train.Epochs):
				return fmt.Sprintf("losses of %s seed %d", x[e].Name, p.Seed)
			case fmt.Sprint(p.Valid) != fmt.Sprint(q.Valid):
				return fmt.Sprintf("validation scores of %s seed %d", x[e].Name, p.Seed)
			case test && fmt.Sprint(p.Scores) != fmt.Sprint(q.Scores):
				return fmt.Sprintf("test scores of %s seed %d", x[e].Name, p.Seed)
			case test && !bytes.Equal(file(t, p.Model), file(t, q.Model)):
				return fmt.Sprintf("file of %s seed %d", x[e].Name, p.Seed)
			}
		}
	}
	for e := range a.Baselines {
		p, q := a.Baselines[e], b.Baselines[e]
		if p.Name != q.Name || p.Learnt != q.Learnt || p.Parameters != q.Parameters || test && fmt.Sprint(p.Runs[0].Scores) != fmt.Sprint(q.Runs[0].Scores) {
			return "baseline " + p.Name
		}
	}
	return ""
}
