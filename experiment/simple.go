package experiment

import (
	"context"
	"errors"
	"slices"

	"github.com/elegans-nn/elegans/baseline"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// simple fits and scores the baselines that are no networks.
func (x *run) simple(ctx context.Context) error {
	schema := x.spec.Split.Schema
	fitted := taught(x.data.Train)
	var entries []Entry
	for _, b := range baseline.For(schema) {
		if ctx.Err() != nil {
			return train.ErrInterrupted
		}
		p, err := b.Fit(schema, fitted, x.spec.Split.Valid)
		if errors.Is(err, baseline.ErrNotApplicable) {
			continue
		}
		if err != nil {
			return err
		}
		summary := b.About
		if b.SeesLabels {
			summary += "; it sees earlier labels, the networks do not"
		}
		entries = append(entries, Entry{Name: b.Name, Summary: summary, Parameters: p.Parameters(), Learnt: p.String(), Evaluator: x.evaluate(p)})
	}
	for i := range entries {
		e := &entries[i]
		e.Runs = []Run{{Scores: e.Evaluator.Scores(), test: e.Evaluator}}
	}
	x.out.Baselines = entries
	return nil
}

// taught are the series that the training windows were cut from, without the labels of rows in none of them: what the
// networks are not taught, and what may have been drawn for validation or test, no baseline is taught either.
func taught(p dataset.Part) []series.Series {
	list := slices.Clone(p.Series)
	for i := range list {
		list[i].Y = slices.Repeat([]float64{nan}, list[i].Len())
	}
	for _, w := range p.Windows {
		copy(list[w.Series].Y[w.From:w.To], p.Series[w.Series].Y[w.From:w.To])
	}
	return list
}

// evaluate gathers the test predictions of a simple baseline.
func (x *run) evaluate(p baseline.Predictor) *metric.Evaluator {
	e := metric.NewEvaluator(x.spec.Split.Schema.Target)
	for i, s := range x.out.Test.Series {
		var last []float64
		if x.out.Test.last != nil {
			last = x.out.Test.last[i]
		}
		e.Add(s.Y, p.Predict(s), last)
	}
	return e
}
