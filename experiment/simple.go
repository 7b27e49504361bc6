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
		entries = append(entries, x.fitted(b, p))
	}
	x.out.Baselines = entries
	return nil
}

// fitted is the entry of a baseline that was fitted, with its scores on the test part.
func (x *run) fitted(b baseline.Baseline, p baseline.Predictor) Entry {
	summary := b.About
	if b.SeesLabels {
		summary += "; it sees earlier labels, the networks do not"
	}
	e := simply(p, x.out.Test)
	return Entry{Name: b.Name, Summary: summary, Parameters: p.Parameters(), Learnt: p.String(), Evaluator: e,
		Runs: []Run{{Scores: e.Scores(), test: e}}}
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

// simply gathers the predictions of a simple baseline on a part.
func simply(p baseline.Predictor, part Part) *metric.Evaluator {
	e := metric.NewEvaluator(part.Target)
	for i, s := range part.Series {
		var last []float64
		if part.last != nil {
			last = part.last[i]
		}
		e.Add(s.Y, p.Predict(s), last)
	}
	return e
}
