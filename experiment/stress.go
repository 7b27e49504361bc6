package experiment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/elegans-nn/elegans/baseline"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/stress"
	"github.com/elegans-nn/elegans/train"
)

// Tried is a model, or a fitted baseline, that is scored under varying conditions.
type Tried struct {
	Name string
	// About says what a simple baseline predicts, and SeesLabels that it reads earlier labels; empty for a model.
	About      string
	SeesLabels bool
	// Schema by which its part was read.
	Schema series.Schema
	Part   Part
	// Score gives the predictions on a part like its own.
	Score func(Part) (*metric.Evaluator, error)
}

// TriedModel is a model on a part.
func TriedModel(name string, m *model.Model, p Part) Tried {
	return Tried{Name: name, Schema: m.Schema(), Part: p, Score: func(p Part) (*metric.Evaluator, error) { return Evaluate(m, p, 1) }}
}

// TriedBaselines fits every simple baseline that suits to what a model was fitted to, for the same part as a model's.
func TriedBaselines(schema series.Schema, d train.Data, p Part) (list []Tried, err error) {
	fitted, valid := taught(d)
	schema.Target.Threshold, p.Target.Threshold = 0, 0 // that of the model was chosen for its own probabilities
	for _, b := range baseline.For(schema) {
		f, err := b.Fit(schema, fitted, valid)
		if errors.Is(err, baseline.ErrNotApplicable) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, Tried{Name: b.Name, About: b.About, SeesLabels: b.SeesLabels, Schema: schema, Part: p,
			Score: func(p Part) (*metric.Evaluator, error) { return simply(f, p), nil }})
	}
	return list, nil
}

// StressSpec says who is tried, and how. The first is the subject: its inputs are the channels that fail.
type StressSpec struct {
	Tried  []Tried
	Metric metric.Metric
	Seed   uint64
	// Workers is the number of runs at once; 1 if zero. Results do not depend on it.
	Workers int
	// Progress is told how many of all runs are done. It may be nil; calls are serialised.
	Progress func(done, total int)
}

// mostChannels are tried one by one; of more inputs so many are drawn.
const mostChannels = 8

// Hardship is the outcome of one condition.
type Hardship struct {
	stress.Condition
	// Skipped says why the condition means nothing for the data; empty where it does.
	Skipped string
	// Inputs that were changed one by one, for a condition by channel; of Of, which are as many unless there are too many for all.
	Inputs []string
	Of     int
	// Curves of those who were tried, in their order.
	Curves []StressCurve
}

// StressCurve is the metric along the levels of a condition.
type StressCurve struct {
	// Values at the levels; of a condition by channel, means over the channels that were changed. NaN where a model cannot run at all.
	Values []float64
	// Worst is the one of them that harms most at the last level, with the metric then; for a condition by channel. Empty and NaN
	// where none does.
	Worst      string
	WorstValue float64
	// Area under the curve relative to clean: the mean over the levels, from clean to the last, of what is left of the metric.
	// 1 is unharmed. NaN where the metric has no zero to measure from, or a value is missing.
	Area float64
}

// Stress is what came of varying conditions.
type Stress struct {
	Metric metric.Metric
	Tried  []Tried
	// Clean is the metric without any change, Robustness the mean of the areas over all conditions, of each that was tried.
	Clean, Robustness []float64
	Hardships         []Hardship
	Warnings          []string
}

// run of one model at one level of one condition, with one channel.
type stressRun struct {
	condition, level, channel, tried int
	value                            float64
	err                              error
}

// Try scores everyone under every condition. The error is context.Canceled, or that of a model on the data as they are.
func Try(ctx context.Context, spec StressSpec) (*Stress, error) {
	out := &Stress{Metric: spec.Metric, Tried: spec.Tried}
	for _, t := range spec.Tried {
		e, err := t.Score(t.Part)
		if err != nil {
			return nil, err
		}
		out.Clean = append(out.Clean, e.Score(spec.Metric))
	}
	out.Hardships = spec.hardships()
	runs := out.runs()
	if err := spec.all(ctx, out, runs); err != nil {
		return nil, err
	}
	out.gather(runs)
	return out, nil
}

// hardships are the conditions with the channels that are changed.
func (spec StressSpec) hardships() (list []Hardship) {
	schema := spec.Tried[0].Schema
	for _, c := range stress.All() {
		h := Hardship{Condition: c, Skipped: c.Unsuited(schema)}
		if c.PerChannel && h.Skipped == "" {
			names := c.Channels(schema)
			order := rand.New(rand.NewPCG(spec.Seed, 0x6368616e)).Perm(len(names))
			order = order[:min(mostChannels, len(order))]
			slices.Sort(order)
			h.Of = len(names)
			for _, k := range order {
				h.Inputs = append(h.Inputs, names[k])
			}
		}
		list = append(list, h)
	}
	return list
}

// runs lists what is to be scored.
func (x *Stress) runs() (runs []*stressRun) {
	for c, h := range x.Hardships {
		if h.Skipped != "" {
			continue
		}
		for level := range h.Levels {
			for channel := range max(1, len(h.Inputs)) {
				for k := range x.Tried {
					runs = append(runs, &stressRun{condition: c, level: level, channel: channel, tried: k})
				}
			}
		}
	}
	return runs
}

// all runs them, some at once.
func (spec StressSpec) all(ctx context.Context, x *Stress, runs []*stressRun) error {
	next := make(chan *stressRun)
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range max(1, spec.Workers) {
		wg.Go(func() {
			for r := range next {
				if ctx.Err() != nil {
					continue
				}
				r.value, r.err = x.score(r, spec.Seed)
				mu.Lock()
				done++
				if spec.Progress != nil {
					spec.Progress(done, len(runs))
				}
				mu.Unlock()
			}
		})
	}
	for _, r := range runs {
		next <- r
	}
	close(next)
	wg.Wait()
	return ctx.Err()
}

// score is the metric of one run.
func (x *Stress) score(r *stressRun, seed uint64) (float64, error) {
	h, t := x.Hardships[r.condition], x.Tried[r.tried]
	channel := ""
	if h.PerChannel {
		channel = h.Inputs[r.channel]
	}
	list := make([]series.Series, len(t.Part.Series))
	for i, s := range t.Part.Series {
		list[i] = h.Apply(t.Schema, s, h.Levels[r.level], channel, i, seed)
	}
	e, err := t.Score(NewPart(t.Schema, list))
	if err != nil {
		return nan, err
	}
	return e.Score(x.Metric), nil
}

// gather makes curves of the runs. A model that cannot run under a condition has no value there, and a warning says so.
func (x *Stress) gather(runs []*stressRun) {
	for c := range x.Hardships {
		h := &x.Hardships[c]
		if h.Skipped != "" {
			continue
		}
		for range x.Tried {
			h.Curves = append(h.Curves, StressCurve{Values: make([]float64, len(h.Levels)), WorstValue: nan})
		}
	}
	failed := map[string]bool{}
	for _, r := range runs {
		h := &x.Hardships[r.condition]
		curve := &h.Curves[r.tried]
		curve.Values[r.level] += r.value / float64(max(1, len(h.Inputs)))
		before := curve.WorstValue
		if curve.Worst == "" {
			before = x.Clean[r.tried]
		}
		if h.PerChannel && r.level == len(h.Levels)-1 && x.Metric.Better(before, r.value) {
			curve.Worst, curve.WorstValue = h.Inputs[r.channel], r.value
		}
		if name := x.Tried[r.tried].Name; r.err != nil && !failed[name+h.Name] {
			failed[name+h.Name] = true
			x.Warnings = append(x.Warnings, fmt.Sprintf("%s cannot run under %s, level %g: %v", name, h.Name, h.Levels[r.level], r.err))
		}
	}
	x.Robustness = make([]float64, len(x.Tried))
	for k := range x.Tried {
		n := 0.0
		for c := range x.Hardships {
			h := &x.Hardships[c]
			if h.Skipped != "" {
				continue
			}
			h.Curves[k].Area = x.area(h, k)
			x.Robustness[k] += h.Curves[k].Area
			n++
		}
		x.Robustness[k] /= n
	}
}

// area is the mean of what is left of the metric along the levels, by the trapezoidal rule.
func (x *Stress) area(h *Hardship, k int) float64 {
	at, was, sum := h.Clean, left(x.Metric, x.Clean[k], x.Clean[k]), 0.0
	for i, level := range h.Levels {
		now := left(x.Metric, x.Clean[k], h.Curves[k].Values[i])
		sum += (level - at) * (was + now) / 2
		at, was = level, now
	}
	return sum / (at - h.Clean)
}

// left is the share of a metric that is left: value/clean where higher is better, 0 from 0 down; clean/value of an error. NaN
// where clean has no share to lose, such as an R² of 0, and for a metric of errors that can be below 0.
func left(m metric.Metric, clean, value float64) float64 {
	switch {
	case math.IsNaN(clean) || math.IsNaN(value):
		return nan
	case m.HigherIsBetter && clean > 0:
		return max(0, value) / clean
	case m.HigherIsBetter || clean < 0 || value < 0 || m.Name == "nll":
		return nan
	case value == clean:
		return 1 // also where both are 0
	case value == 0:
		return nan
	}
	return clean / value
}
