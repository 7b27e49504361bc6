package experiment

import (
	"context"
	"errors"
	"slices"

	"github.com/elegans-nn/elegans/baseline"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// simple fits and scores the baselines that are no networks.
func (x *run) simple(ctx context.Context) error {
	fitted, valid := taught(x.data)
	var entries []Entry
	for _, b := range baseline.For(x.schema) {
		if ctx.Err() != nil {
			return train.ErrInterrupted
		}
		p, err := b.Fit(x.schema, fitted, valid)
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

// fitted is the entry of a baseline that was fitted, with its scores on the test part and on the validation part.
func (x *run) fitted(b baseline.Baseline, p baseline.Predictor) Entry {
	summary := b.About
	if b.SeesLabels {
		summary += "; it sees earlier labels, the networks do not"
	}
	e := simply(p, x.out.Test)
	r := Run{Scores: x.measured(e), test: e}
	if len(x.out.Valid.Series) > 0 {
		r.Valid = x.measured(simply(p, x.out.Valid))
	}
	return Entry{Name: b.Name, Summary: summary, Parameters: p.Parameters(), Learnt: p.String(), Evaluator: e, Runs: []Run{r}}
}

// taught are the series that simple baselines are fitted to and choose penalties by: what the networks see. Windows that start
// from the zero state are series of their own. Otherwise they are the series that the training windows were cut from, without
// the labels of rows that no window scores: what the networks are not taught, and what may have been drawn for validation or
// test, no baseline is taught either.
func taught(d train.Data) (fitted, valid []series.Series) {
	if d.ResetState {
		return train.Spans(d.Train), train.Spans(d.Valid)
	}
	fitted = slices.Clone(d.Train.Series)
	for i := range fitted {
		fitted[i].Y = slices.Repeat([]float64{nan}, len(fitted[i].Y))
	}
	for _, w := range d.Train.Windows {
		from := &d.Train.Series[w.Series]
		n := from.Outputs()
		copy(fitted[w.Series].Y[(w.From+w.Lead)*n:w.To*n], from.Y[(w.From+w.Lead)*n:w.To*n])
	}
	return fitted, d.Valid.Series
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
