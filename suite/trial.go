package suite

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// Candidate is a model and the way it is trained.
type Candidate struct {
	// Name of the model in tables.
	Name         string
	Architecture model.Architecture
	// Options of training. Weights and loss are the task's where none are given.
	Options train.Options
	// Average is the number of models whose mean prediction is the candidate's: parameters, FLOPs and time are those of all.
	// With seed s they have the seeds s·Average to (s + 1)·Average - 1, so that no two trials share one. A single model if 0.
	Average int
}

// Preset is the candidate of a named model for a target; timeInput appends log(1 + dt) to its inputs.
func Preset(name string, target series.Target, timeInput bool, o train.Options) (Candidate, error) {
	p, err := cell.LookupPreset(name)
	if err != nil {
		return Candidate{}, err
	}
	layer := model.Layer{Cell: p.Cell}
	if p.Wiring != nil {
		layer.Wiring = p.Wiring(target.Width())
	}
	return Candidate{Name: p.Name, Architecture: model.Architecture{Layers: []model.Layer{layer}, TimeInput: timeInput}, Options: o}, nil
}

// Trial is the outcome of one candidate on one task with one seed.
type Trial struct {
	// Key under which a Book keeps it.
	Key        string        `json:"key,omitempty"`
	Task       string        `json:"task"`
	Model      string        `json:"model"`
	Options    train.Options `json:"options"` // with every default filled in
	Seed       uint64        `json:"seed"`
	Average    int           `json:"average,omitempty"` // models that were averaged, where they are several
	Parameters int           `json:"parameters"`
	// FLOPs of one step.
	FLOPs float64 `json:"flops_per_step"`
	// Epochs that were run, and the one that was kept; of an average those of all its models, and none.
	Epochs int `json:"epochs"`
	Best   int `json:"best_epoch"`
	// Seconds of training with its validation. It depends on the machine.
	Seconds float64 `json:"seconds"`
	// ValidLoss is that of the best epoch; of an average the mean of its models.
	ValidLoss Number `json:"valid_loss"`
	// Valid and Test are the task's measures on both parts, by name.
	Valid map[string]Number `json:"valid,omitempty"`
	Test  map[string]Number `json:"test,omitempty"`
	// Diverged says where training met a value that is not finite; empty where it did not.
	Diverged string `json:"diverged,omitempty"`
	// Fitted is the model of the best epoch with its threshold; nil where training diverged or the trial was read from a file.
	Fitted *model.Model `json:"-"`
}

// Number is a float64 that is null in JSON where it is not finite.
type Number float64

// MarshalJSON writes the number or null.
func (n Number) MarshalJSON() ([]byte, error) {
	if v := float64(n); !math.IsNaN(v) && !math.IsInf(v, 0) {
		return json.Marshal(v)
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads the number; null is NaN.
func (n *Number) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*n = Number(math.NaN())
		return nil
	}
	return json.Unmarshal(text, (*float64)(n))
}

// with are the options of a candidate with those that the task fixes.
func (d *Data) with(o train.Options) train.Options {
	if o.Loss == "" {
		o.Loss = d.Options.Loss
	}
	if len(o.ClassWeights) == 0 && !o.Balance {
		o.ClassWeights = d.Options.ClassWeights
	}
	if len(o.OutputWeights) == 0 {
		o.OutputWeights = d.Options.OutputWeights
	}
	return o.For(d.Schema.Target, len(d.Train.Windows))
}

// Run trains a candidate with one seed, of its initial values and of the order of the windows, keeps the epoch with the
// lowest validation loss, and scores it. Nothing is chosen by the test part. A training that diverges is no error but a
// Trial that says so; of an average one that does is enough.
//
// Errors: those of model.Architecture.Model and train.Fit.
func (t *Task) Run(ctx context.Context, d *Data, c Candidate, seed uint64, hooks train.Hooks) (*Trial, error) {
	n := max(c.Average, 1)
	r := &Trial{Task: t.Name, Model: c.Name, Seed: seed, ValidLoss: Number(nan)}
	if n > 1 {
		r.Average = n
	}
	var members []*model.Model
	loss := 0.0
	for k := range n {
		m, result, err := r.fit(ctx, d, c, seed*uint64(n)+uint64(k), hooks)
		if err != nil {
			return nil, err
		}
		r.Parameters, r.FLOPs = r.Parameters+m.Parameters(), r.FLOPs+m.Program().FLOPs()
		if r.Diverged != "" {
			return r, nil
		}
		r.Epochs += len(result.Epochs)
		best := nan
		if result.Best > 0 {
			best = result.Epochs[result.Best-1].Valid
		}
		if n == 1 {
			r.Best = result.Best
		}
		loss += best / float64(n)
		members = append(members, result.Model)
	}
	r.ValidLoss = Number(loss)
	m := members[0]
	if n > 1 {
		var err error
		if m, err = model.Average(members...); err != nil {
			return nil, err
		}
		r.FLOPs = m.Program().FLOPs()
	}
	return r, t.score(r, d, m, r.Options.Workers)
}

// fit trains one model, the first of which says with what options.
func (r *Trial) fit(ctx context.Context, d *Data, c Candidate, seed uint64, hooks train.Hooks) (*model.Model, *train.Result, error) {
	m, err := c.Architecture.Model(d.Schema)
	if err != nil {
		return nil, nil, err
	}
	o := d.with(c.Options)
	o.Seed = seed
	if r.Parameters == 0 {
		r.Options = o
	}
	began := time.Now()
	result, err := train.Fit(ctx, m.Initial(seed), d.Fitting(), o, hooks)
	r.Seconds += time.Since(began).Seconds()
	var diverged *train.DivergedError
	if errors.As(err, &diverged) {
		r.Diverged, err = diverged.Error(), nil
	}
	return m, result, err
}

// score chooses the threshold on validation, where the task has one, and measures both parts.
func (t *Task) score(r *Trial, d *Data, m *model.Model, workers int) error {
	if t.Threshold != "" {
		valid, err := Predict(m, d.Valid, workers)
		if err != nil {
			return err
		}
		if m, err = m.WithThreshold(thresholdFor(valid, t.Threshold)); err != nil {
			return err
		}
	}
	r.Fitted = m
	var err error
	if r.Valid, err = t.Measure(m, d, false, workers); err != nil {
		return err
	}
	r.Test, err = t.Measure(m, d, true, workers)
	return err
}

// thresholdFor serves a metric of two classes best.
func thresholdFor(e *metric.Evaluator, name string) float64 {
	goal, ok := metric.GoalOf(name)
	if !ok {
		panic("suite: no threshold serves " + name)
	}
	c := e.Classification()
	positive, score := make([]bool, len(c.Label)), make([]float64, len(c.Label))
	for i := range c.Label {
		positive[i], score[i] = c.Label[i] == 1, c.Prob[i][1]
	}
	return metric.Threshold(positive, score, goal)
}

// Measure computes all measures of the task on the test part or the validation part.
func (t *Task) Measure(m *model.Model, d *Data, test bool, workers int) (map[string]Number, error) {
	part := d.Valid
	if test {
		part = d.Test
	}
	e, err := Predict(m, part, workers)
	if err != nil {
		return nil, err
	}
	return t.measures(Predictions{Data: d, Test: test, Evaluator: e}), nil
}

func (t *Task) measures(p Predictions) map[string]Number {
	values := map[string]Number{}
	for _, measure := range t.Measures {
		values[measure.Name] = Number(measure.Of(p))
	}
	return values
}
