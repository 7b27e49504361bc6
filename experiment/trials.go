package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/elegans-nn/elegans/baseline"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// trial is one network with one seed.
type trial struct {
	index       int
	entry, seed int
}

func (x *run) list() (all []trial) {
	for s := range x.spec.Seeds {
		for e := range x.entries {
			all = append(all, trial{len(all), e, s})
		}
	}
	return all
}

func (x *run) title(t trial) string {
	return fmt.Sprintf("%s seed %d", x.entries[t.entry].Name, x.spec.Seed+uint64(t.seed))
}

// trials trains every network with every seed, some at once.
func (x *run) trials(ctx context.Context, k *keeper) error {
	all := x.list()
	var wg sync.WaitGroup
	queue, failed := make(chan trial), make([]error, len(all))
	inner, stop := context.WithCancel(ctx)
	defer stop()
	for range max(1, x.spec.Workers) {
		wg.Go(func() {
			for t := range queue {
				if failed[t.index] = x.trial(inner, t, k); failed[t.index] != nil {
					stop()
				}
			}
		})
	}
	for _, t := range all {
		queue <- t
	}
	close(queue)
	wg.Wait()
	return first(failed)
}

// first is the most telling of the errors: an interruption only where nothing else went wrong.
func first(errs []error) (err error) {
	for _, e := range errs {
		if e != nil && (err == nil || errors.Is(err, train.ErrInterrupted)) {
			err = e
		}
	}
	return err
}

// trial trains one network with one seed and scores it.
func (x *run) trial(ctx context.Context, t trial, k *keeper) error {
	seed := x.spec.Seed + uint64(t.seed)
	hooks := train.Hooks{
		Save:   func(s *train.State) error { return k.save(t.index, s) },
		Resume: k.state(t.index),
		Epoch:  func(e train.Epoch) { k.progress(Progress{Trial: x.title(t), Epoch: &e}, t.index, float64(e.Number)) },
		Step: func(epoch int, done float64) {
			k.progress(Progress{Trial: x.title(t)}, t.index, float64(epoch-1)+done)
		},
	}
	n := x.nets[t.entry]
	n.options.Workers = x.spec.Options.Workers
	r := &x.entries[t.entry].Runs[t.seed]
	r.Seed = seed
	result, diverged, err := x.fit(ctx, x.entries[t.entry].Name, n, seed, hooks)
	switch {
	case err != nil:
		return err
	case diverged != "":
		r.Diverged = diverged
	default:
		if err := x.score(r, result); err != nil {
			return err
		}
	}
	k.progress(Progress{Trial: x.title(t), Finished: true}, t.index, math.Inf(1))
	return nil
}

// initial is a network with the initial values of a seed.
func (x *run) initial(name string, n network, seed uint64) (*model.Model, error) {
	m, err := n.arch.Model(n.schema)
	if err != nil {
		return nil, err
	}
	info := x.spec.Info
	info.Name, info.Kernels = name, engine.KernelPath()
	return m.WithInfo(info).Initial(seed), nil
}

// fit trains a network with one seed. diverged says where training met a value that is not finite; empty where it did not.
func (x *run) fit(ctx context.Context, name string, n network, seed uint64, hooks train.Hooks) (result *train.Result, diverged string, err error) {
	m, err := x.initial(name, n, seed)
	if err != nil {
		return nil, "", err
	}
	n.options.Seed = seed
	result, err = train.Fit(ctx, m, x.data, n.options, hooks)
	var at *train.DivergedError
	if errors.As(err, &at) {
		return nil, at.Error(), nil
	}
	return result, "", err
}

// score takes the model of a training and scores it.
func (x *run) score(r *Run, result *train.Result) error {
	r.Train, r.Model, r.chosen, r.ValidLoss = result, result.Model, result.Chosen, math.Inf(1)
	for _, e := range result.Epochs {
		if e.Number == result.Best && e.Valid == e.Valid {
			r.ValidLoss = e.Valid
		}
	}
	return x.evaluate(r)
}

// evaluate chooses the threshold of a run's model on validation and scores it on both parts. One that was refit is judged on
// validation as it was before.
func (x *run) evaluate(r *Run) error {
	if len(x.out.Valid.Series) > 0 {
		before := cmp.Or(r.chosen, r.Model)
		valid, err := Evaluate(before, x.out.Valid, 1)
		if err != nil {
			return err
		}
		judged, err := withThreshold(before, valid, x.threshold)
		if err == nil && judged != before {
			valid, err = Evaluate(judged, x.out.Valid, 1)
		}
		if err != nil {
			return err
		}
		if r.Valid = x.measured(valid); r.chosen == nil {
			r.Model = judged
		} else if r.Model, err = r.Model.WithThreshold(judged.Schema().Target.Threshold); err != nil {
			return err
		}
	}
	test, err := Evaluate(r.Model, x.out.Test, 1)
	if err != nil {
		return err
	}
	r.Scores, r.test = x.measured(test), test
	return nil
}

// withThreshold stores the threshold that serves the metric best on validation, for two classes. A metric of the ranking
// alone leaves the choice to the one that asks for the same of a decision: AUPRC to F1, AUROC to balanced accuracy.
func withThreshold(m *model.Model, valid *metric.Evaluator, name string) (*model.Model, error) {
	t := m.Schema().Target
	switch name {
	case "auprc":
		name = "f1"
	case "auroc":
		name = "balanced_accuracy"
	}
	goal, ok := metric.GoalOf(name)
	if len(t.Classes) != 2 || !ok {
		return m, nil
	}
	c := valid.Classification()
	positive, score := make([]bool, len(c.Label)), make([]float64, len(c.Label))
	for i := range c.Label {
		positive[i], score[i] = c.Label[i] == 1, c.Prob[i][1]
	}
	return m.WithThreshold(metric.Threshold(positive, score, goal))
}

// Evaluate runs a model along the series of a part and gathers its predictions for the rows that are scored.
func Evaluate(m *model.Model, p Part, workers int) (*metric.Evaluator, error) {
	rows := make([][][]float64, len(p.Series))
	for i := range p.Series {
		rows[i] = make([][]float64, p.Series[i].Len())
	}
	err := m.Run(p.Series, model.RunOptions{Workers: workers, Output: "prediction"}, func(i, row int, y []float32) {
		if !series.Labelled(p.Series[i].Label(row)) {
			return
		}
		wide := make([]float64, len(y))
		for k, v := range y {
			wide[k] = float64(v)
		}
		rows[i][row] = wide
	})
	if err != nil {
		return nil, err
	}
	e := metric.NewEvaluator(m.Schema().Target)
	for i := range p.Series {
		var last []float64
		if p.last != nil {
			last = p.last[i]
		}
		e.Add(p.Series[i].Y, rows[i], last)
	}
	return e, nil
}

// constant is the baseline that knows nothing of the inputs: majority or mean.
func (x *run) constant() (Entry, error) {
	b := baseline.For(x.schema)[0]
	fitted, valid := taught(x.data)
	p, err := b.Fit(x.schema, fitted, valid)
	if err != nil {
		return Entry{}, err
	}
	return x.fitted(b, p), nil
}

// lost gives a run that diverged the scores of the constant baseline, which is what is left of a model that cannot be trained.
// It is the one rule everywhere: such a run is counted, scored so, and never left out.
func (r *Run) lost(constant Entry) {
	r.ValidLoss, r.Scores, r.Valid, r.test = nan, constant.Runs[0].Scores, constant.Runs[0].Valid, constant.Evaluator
}

// warned says that runs diverged.
func warned(name string, n, of int, constant Entry, first string) string {
	return fmt.Sprintf("%s: %d of %d seeds diverged and count as %s: %s", name, n, of, constant.Name, first)
}

// finish chooses the best seed and puts the outcome together.
func (x *run) finish() (*Outcome, error) {
	out := x.out
	constant, err := x.constant()
	if err != nil {
		return nil, err
	}
	for _, e := range x.entries {
		for i := range e.Runs {
			if e.Runs[i].Diverged != "" {
				e.Runs[i].lost(constant)
			}
		}
		if n, first := e.Diverged(); n > 0 {
			out.Warnings = append(out.Warnings, warned(e.Name, n, len(e.Runs), constant, first))
		}
	}
	out.Subject = *x.entries[0]
	lowest := math.Inf(1)
	for i, r := range out.Subject.Runs {
		if r.Diverged == "" && (out.Best < 0 || r.ValidLoss < lowest) {
			out.Best, lowest = i, r.ValidLoss
		}
	}
	for _, e := range x.entries[1:] {
		out.Baselines = append(out.Baselines, *e)
	}
	if out.Best < 0 {
		out.Warnings = append(out.Warnings, "every seed diverged: "+out.Subject.Runs[0].Diverged)
		return out, nil
	}
	best := &out.Subject.Runs[out.Best]
	if x.spec.Average {
		if err := x.average(); err != nil {
			return out, err
		}
	}
	scored(best)
	out.Subject.Evaluator, err = Evaluate(best.Model, out.Test, max(1, x.spec.Workers))
	return out, err
}
