package experiment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/train"
)

// divisions are folds of a small task, with shares of what each trains on.
func divisions(t *testing.T, task string, folds int, shares ...float64) (list []Division) {
	t.Helper()
	c := contestSpec(task)
	p := c.Protocol
	trained, valid, _, _ := p.Cut(c.Split)
	all := dataset.Join(trained, valid)
	for k := range folds {
		whole, _, err := all.Fold(c.Split.Schema.Target, dataset.Fold{Number: k, Of: folds})
		if err != nil {
			t.Fatal(err)
		}
		for _, share := range shares {
			some, scored, err := all.Fold(c.Split.Schema.Target, dataset.Fold{Number: k, Of: folds, Share: share})
			if err != nil {
				t.Fatal(err)
			}
			d := Division{ContestSpec: c.ContestSpec, Fold: k, Share: share}
			d.Schema, d.Parts, d.Windows = c.Split.Schema, Windowed(c.Split.Schema, some, dataset.Part{}, scored), len(whole.Windows)
			list = append(list, d)
		}
	}
	return list
}

func crossed(t *testing.T, list []Division, folds int) *Leaderboard {
	t.Helper()
	x, err := NewCross(list, folds, "folds of the test")
	if err != nil {
		t.Fatal(err)
	}
	b, err := x.Run(context.Background(), ContestHooks{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A row is the mean over folds, its spread that over seeds of these means, and beside it that over folds; each run is that of a
// contest on its fold alone.
func TestCrossSumsUpFolds(t *testing.T) {
	for _, task := range []string{"one label", "a number"} {
		const folds = 3
		list := divisions(t, task, folds, 1)
		b := crossed(t, list, folds)
		if b.Cross.Folds != folds || len(b.Rows) != 4 || b.Cross.Rows == 0 {
			t.Fatalf("%s: %+v, %d rows", task, b.Cross, len(b.Rows))
		}
		alone := make([]*Leaderboard, folds)
		for k := range folds {
			c, err := NewContest(list[k].ContestSpec)
			if err != nil {
				t.Fatal(err)
			}
			if alone[k], err = c.Run(context.Background(), ContestHooks{}); err != nil {
				t.Fatal(err)
			}
		}
		for i, s := range b.Rows {
			seeds, of := make([]float64, 2), make([]float64, folds)
			for k := range folds {
				want := row(t, alone[k], s.Name)
				got := ofFold(s.Runs, k)
				for r := range got {
					if fmt.Sprint(got[r].Scores) != fmt.Sprint(want.Runs[r].Scores) || len(got[r].Valid) > 0 {
						t.Errorf("%s: %s fold %d has %v and on validation %v, want %v", task, s.Name, k, got[r].Scores, got[r].Valid, want.Runs[r].Scores)
					}
				}
				of[k] = want.Mean
				for seed := range seeds {
					seeds[seed] += values(want.Runs, b.Metric.Name)[min(seed, len(want.Runs)-1)] / folds
				}
			}
			if math.Abs(s.Mean-metric.Mean(of)) > 1e-12 || math.Abs(s.OverFolds-metric.SD(of)) > 1e-12 {
				t.Errorf("%s: %s has mean %g and sd %g over folds of %v", task, s.Name, s.Mean, s.OverFolds, of)
			}
			if s.Network() && math.Abs(s.SD-metric.SD(seeds)) > 1e-12 || !s.Network() && s.SD == s.SD {
				t.Errorf("%s: %s has sd %g over seeds of %v", task, s.Name, s.SD, seeds)
			}
			if i > 0 && b.Metric.Better(s.Mean, b.Rows[i-1].Mean) {
				t.Errorf("%s: %s is better than the row above it", task, s.Name)
			}
			n := folds
			if s.Network() || b.Rows[0].Network() {
				n *= 2
			}
			if d := s.OverSeeds; math.Abs(d.Mean-(s.Mean-b.Rows[0].Mean)) > 1e-12 || d.N != n {
				t.Errorf("%s: %s differs by %+v, want %g of %d pairs", task, s.Name, d, s.Mean-b.Rows[0].Mean, n)
			}
		}
	}
}

// What one division leaves out is left out of all.
func TestCrossLeavesOut(t *testing.T) {
	list := divisions(t, "a number", 2, 1)
	for i := range list {
		list[i].Models = slices.Clone(list[i].Models)
		list[i].Models[0].Optional = true
	}
	list[1].Models[1].Optional, list[1].Models[1].Absent = true, errors.New("it does not suit the second fold")
	x, err := NewCross(list, 2, "folds of the test")
	if err != nil {
		t.Fatal(err)
	}
	if e, err := x.Estimate(context.Background()); err != nil || e.Trials != 4 {
		t.Errorf("%+v, %v", e, err)
	}
	b, err := x.Run(context.Background(), ContestHooks{})
	if err != nil || len(b.Rows) != 2 || len(b.LeftOut) != 1 || b.LeftOut[0].Name != "gru" || len(x.LeftOut()) != 1 {
		t.Errorf("rows %v, left out %v, %v", x.Rows(), x.LeftOut(), err)
	}
}

// Interrupted after any number of steps a cross-validation goes on where it was; what is kept is kept by fold and share, so that
// more folds or shares of another number find nothing of these, and equal ones all.
func TestCrossResumes(t *testing.T) {
	const folds = 2
	want := crossed(t, divisions(t, "one label", folds, 0.5, 1), folds).text()
	dir, interruptions := t.TempDir(), 0
	kept := func(folds int, shares ...float64) []Division {
		list := divisions(t, "one label", folds, shares...)
		for i := range list {
			list[i].Keep, list[i].Workers = dir, 3
		}
		return list
	}
	var got *Leaderboard
	for stop := 4; got == nil; stop += 19 {
		x, err := NewCross(kept(folds, 0.5, 1), folds, "")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		steps := 0
		got, err = x.Run(ctx, ContestHooks{Progress: func(Progress) {
			if steps++; steps == stop {
				cancel()
			}
		}})
		cancel()
		if err != nil {
			interruptions++
		}
	}
	if interruptions < 3 || got.text() != want {
		t.Errorf("after %d interruptions\n%s\nwant\n%s", interruptions, got.text(), want)
	}
	for _, c := range []struct {
		folds  int
		shares []float64
		kept   int
	}{{2, []float64{0.5, 1}, 24}, {2, []float64{1}, 12}, {2, []float64{0.25, 1}, 12}, {3, []float64{1}, 0}} {
		x, err := NewCross(kept(c.folds, c.shares...), c.folds, "")
		if err != nil {
			t.Fatal(err)
		}
		e, err := x.Estimate(context.Background())
		if n := 6 * c.folds * len(c.shares); err != nil || e.Trials != n || e.Kept != c.kept || e.Seconds > 0 != (c.kept < n) {
			t.Errorf("%d folds of shares %v: %+v, %v; want %d of %d kept", c.folds, c.shares, e, err, c.kept, n)
		}
	}
}

// A share takes as many optimiser steps as the whole.
func TestSharesTakeAsManySteps(t *testing.T) {
	list := divisions(t, "one label", 2, 0.3, 1)
	for i := range list {
		list[i].Models, list[i].Options = list[i].Models[:1], train.Options{Epochs: 4, Batch: 2, Patience: 6}
	}
	x, err := NewCross(list, 2, "")
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range x.contests {
		n, o := len(c.data.Train.Windows), c.rows[0].settings[0].options
		steps, want := o.Epochs*((n+1)/2), 4*((list[i].Windows+1)/2)
		if math.Abs(float64(steps-want)) > float64((n+1)/2)/2 {
			t.Errorf("share %g has %d steps in %d epochs of %d windows, want about %d", list[i].Share, steps, o.Epochs, n, want)
		}
		if list[i].Share == 1 && (o.Epochs != 4 || o.Patience != 6) || list[i].Share < 1 && (o.Epochs < 10 || o.Patience <= o.Epochs) {
			t.Errorf("share %g: %d epochs, patience %d", list[i].Share, o.Epochs, o.Patience)
		}
	}
	if b := crossed(t, list, 2); len(b.Rows) != 2 || b.Rows[0].Share == b.Rows[1].Share || !slices.Equal(b.Cross.Shares, []float64{0.3, 1}) {
		t.Errorf("%d rows, %+v", len(b.Rows), b.Cross)
	}
}

// Nothing is chosen by what is scored: learning rates are rows, the last epoch is kept, and options that need validation are left.
func TestFoldsChooseNothing(t *testing.T) {
	list := divisions(t, "two classes", 2, 1)
	for i := range list {
		m := list[i].Models[1]
		m.Rates, m.OneRow = []float64{0.01, 0.03}, true
		m.Own = func(o train.Options) train.Options { o.Refit, o.Epochs = true, 5; return o }
		list[i].Models, list[i].Options.Refit = []Contestant{m}, true
	}
	b := crossed(t, list, 2)
	if len(b.Rows) != 2 || row(t, b, "gru@0.01").LearningRate != 0.01 || row(t, b, "gru@0.03").LearningRate != 0.03 {
		t.Fatalf("rows are %s", b.text())
	}
	for _, s := range b.Rows {
		for _, r := range s.Runs {
			if r.Train.Best != 5 || r.Train.Chosen != nil || r.Model.Schema().Target.Threshold != 0 {
				t.Errorf("%s: epoch %d of %d, threshold %g", s.Name, r.Train.Best, len(r.Train.Epochs), r.Model.Schema().Target.Threshold)
			}
		}
	}
	list[0].Tune = 3
	if _, err := NewCross(list, 2, ""); err == nil || !strings.Contains(err.Error(), "enter each as a model") {
		t.Errorf("%v", err)
	}
}
