package experiment

import (
	"errors"
	"math"

	"github.com/elegans-nn/elegans/baseline"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/series"
)

// simple fits and scores the baselines that are no networks. The last known values that it finds serve the skill of all.
func (x *run) simple() error {
	schema := x.spec.Split.Schema
	var entries []Entry
	for _, b := range baseline.For(schema) {
		p, err := b.Fit(schema, x.out.Train.Series, x.spec.Split.Valid)
		if errors.Is(err, baseline.ErrNotApplicable) {
			continue
		}
		if err != nil {
			return err
		}
		if b.Name == "last-value" && schema.Target.Task == series.Regress {
			x.out.Test.last = lastKnown(p, x.out.Test.Series)
			x.out.Valid.last = lastKnown(p, x.out.Valid.Series)
		}
		summary := b.About
		if b.SeesLabels {
			summary += "; it sees earlier labels, the networks do not"
		}
		entries = append(entries, Entry{Name: b.Name, Summary: summary, Parameters: p.Parameters(), Learnt: p.String(), Evaluator: x.evaluate(p)})
	}
	for i := range entries {
		e := &entries[i]
		e.Runs = []Run{{Scores: e.Evaluator.Scores()}}
	}
	x.out.Baselines = entries
	return nil
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

// lastKnown are the point predictions of the last-value baseline.
func lastKnown(p baseline.Predictor, list []series.Series) (last [][]float64) {
	for _, s := range list {
		var values []float64
		for _, row := range p.Predict(s) {
			v := math.NaN()
			if len(row) > 0 {
				v = row[len(row)/2]
			}
			values = append(values, v)
		}
		last = append(last, values)
	}
	return last
}
