// Package experiment compares models honestly: one data set, one split, every model and baseline with the same data, a
// number of seeds each, thresholds and epochs chosen on the validation part, and every score on a test part that nothing
// was fitted to. Trials run side by side, one a core, and a checkpoint lets an interrupted experiment go on to the bit.
package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// Spec says what is compared on what.
type Spec struct {
	Split    *dataset.Split
	Protocol dataset.Protocol
	// Name and Summary of the subject, and how it is built.
	Name, Summary string
	Architecture  model.Architecture
	Options       train.Options
	// Metric that the table is about; the first of the target's if empty.
	Metric string
	// Windows are those of a whole training part, of which there is a share; 0: it is whole. Options are as for the whole, but for
	// epochs, of which there are so many more that optimiser steps are as many.
	Windows int
	// Seeds are Seed, Seed+1, …, Seeds of them.
	Seed  uint64
	Seeds int
	// Average enters the mean prediction of all seeds as one more model; see model.Average.
	Average bool
	// NoBaselines trains the subject alone.
	NoBaselines bool
	// Workers is the number of trials that run at once; 1 if zero. Where there are fewer trials, each takes its share of
	// them for itself. Results do not depend on it.
	Workers int
	// Info is copied into the models.
	Info model.Info
}

// Run is one model with one seed.
type Run struct {
	Seed uint64
	// Fold on which it was trained and scored, from 0; see Cross.
	Fold int
	// Model with the parameters of the best epoch, or of the second training where it was refit, and the threshold chosen on
	// validation; nil where it diverged.
	Model *model.Model
	// Train is the course of the training; nil of an average, where Members are those of each of its models.
	Train   *train.Result
	Members []*train.Result
	// ValidLoss is the loss of the best epoch.
	ValidLoss float64
	// Scores on the test part, and Valid on the validation part.
	Scores, Valid metric.Scores
	// Key under which a contest keeps it, and the seconds that its training took.
	Key     string
	Seconds float64
	// Diverged says where training met a value that is not finite; empty where it did not.
	Diverged string

	chosen *model.Model      // what the validation part judges where Model was refit to it
	test   *metric.Evaluator // predictions on the test part
}

// Entry is a model or baseline with all its runs.
type Entry struct {
	Name, Summary        string
	Subject              bool
	Parameters, Synapses int
	FLOPs                float64
	Runs                 []Run
	// Learnt says in a few words what a simple baseline learnt.
	Learnt string
	// Evaluator holds the test predictions of a simple baseline, or of the best run.
	Evaluator *metric.Evaluator
}

// Values of a metric over all runs. One that diverged has that of the constant baseline.
func (e *Entry) Values(name string) []float64 { return values(e.Runs, name) }

// Diverged counts the runs that diverged, and says where the first of them did.
func (e *Entry) Diverged() (n int, first string) {
	for _, r := range e.Runs {
		if r.Diverged != "" {
			if n == 0 {
				first = r.Diverged
			}
			n++
		}
	}
	return n, first
}

// Outcome of an experiment.
type Outcome struct {
	Metric    metric.Metric
	Subject   Entry
	Baselines []Entry
	// Average of the subject's runs, which has one run that was not trained; nil unless it was asked for and two seeds served.
	Average *Entry
	// Best is the run of the subject with the lowest validation loss; -1 where all diverged.
	Best int
	// Options of training, with every default filled in.
	Options  train.Options
	Warnings []string
	// Valid and Test are the parts that scores refer to.
	Train, Valid, Test Part
}

// Hooks let a caller watch and keep an experiment. All may be nil. Calls are serialised.
type Hooks struct {
	// Progress is told of every optimiser step and epoch of every trial.
	Progress func(Progress)
	// Save is called after each epoch of each trial and when the experiment is interrupted.
	Save func(*Checkpoint) error
	// Resume continues an experiment.
	Resume *Checkpoint
}

// Progress of one trial.
type Progress struct {
	Trial string // name and seed
	// Epochs are those that all trials have done, of at most Total; early stopping makes them jump.
	Epochs, Total float64
	// Epoch is set when an epoch has ended.
	Epoch *train.Epoch
	// Finished says that the trial has ended.
	Finished bool
}

// Execute runs the experiment. When ctx ends the error is train.ErrInterrupted, and Hooks.Save has been given a
// checkpoint that Resume takes.
func Execute(ctx context.Context, spec Spec, hooks Hooks) (*Outcome, error) {
	if spec.Seeds == 0 {
		spec.Seeds = 1
	}
	x, err := prepare(spec)
	if err != nil {
		return nil, err
	}
	k, err := x.keeper(hooks, len(x.list()))
	if err != nil {
		return nil, err
	}
	if !spec.NoBaselines {
		if err := x.simple(ctx); errors.Is(err, train.ErrInterrupted) {
			return nil, errors.Join(err, k.keep())
		} else if err != nil {
			return nil, err
		}
	}
	if err := x.trials(ctx, k); err != nil {
		return nil, err
	}
	return x.finish()
}

// run is an experiment in progress.
type run struct {
	spec   Spec
	schema series.Schema
	// measures are what is scored; all metrics of the target if empty. threshold names the metric that a threshold between two
	// classes is chosen for.
	measures  []Measure
	threshold string

	out     *Outcome
	data    train.Data
	entries []*Entry // networks: the subject first
	nets    []network
}

// network is how an entry is built and trained.
type network struct {
	arch    model.Architecture
	schema  series.Schema // of the split, but for what the head feeds beside the values
	options train.Options
}

// metricOf finds a metric that can be computed for a target.
func metricOf(t series.Target, name string) (metric.Metric, error) {
	var names []string
	for _, m := range metric.For(t) {
		if m.Name == name {
			return m, nil
		}
		names = append(names, m.Name)
	}
	if _, err := metric.ByName(name); err != nil {
		return metric.Metric{}, err
	}
	return metric.Metric{}, fmt.Errorf("metric %s does not fit target %q; choose one of %s", name, t.Name, strings.Join(names, ", "))
}

// begin decides what does not depend on the networks.
func begin(spec Spec, schema series.Schema, parts Parts, measures []Measure) (*run, error) {
	x := &run{spec: spec, schema: schema, measures: measures, data: parts.Data, out: &Outcome{Best: -1}}
	if err := x.measure(spec.Metric); err != nil {
		return nil, err
	}
	x.threshold = x.out.Metric.Name
	x.out.Warnings = slices.Clone(parts.Warnings)
	x.spec.Options = spec.Options.For(schema.Target, cmp.Or(spec.Windows, len(x.data.Train.Windows)))
	x.out.Options = x.spec.Options
	x.out.Train, x.out.Valid, x.out.Test = parts.Train, parts.Valid, parts.Test
	if spec.Options.Refit && len(x.data.Valid.Windows) == 0 {
		return nil, errors.New("the validation part is empty, and nothing else may say how long to train again; give --valid a share, or leave out --refit")
	}
	if len(x.out.Test.Series) == 0 {
		return nil, errors.New("the test part is empty; every model needs rows that it was not fitted to")
	}
	return x, nil
}

func prepare(spec Spec) (*run, error) {
	x, err := begin(spec, spec.Split.Schema, Cut(spec.Split, spec.Protocol), nil)
	if err != nil {
		return nil, err
	}
	if err := x.add(spec.Name, spec.Summary, network{spec.Architecture, x.schema, x.spec.Options}); err != nil {
		return nil, err
	}
	x.entries[0].Subject = true
	if !spec.NoBaselines {
		if err := x.rivals(); err != nil {
			return nil, err
		}
	}
	if trials := len(x.list()); spec.Options.Workers == 0 {
		x.spec.Options.Workers = max(1, spec.Workers/trials) // processors that trials would leave idle
	}
	return x, nil
}

// add enters a network.
func (x *run) add(name, summary string, n network) error {
	m, err := n.arch.Model(n.schema)
	if err != nil {
		return err
	}
	if err := train.CheckMemory(m, x.data, n.options); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	n.arch = m.Architecture()
	x.nets = append(x.nets, n)
	x.entries = append(x.entries, &Entry{Name: name, Summary: summary, Parameters: m.Parameters(), Synapses: m.Synapses(),
		FLOPs: m.Program().FLOPs(), Runs: make([]Run, x.spec.Seeds)})
	return nil
}

// rivals enters GRU and LSTM with about as many parameters as the subject, its front end and its pool. They have no notion of
// time and are given log(1 + dt) as an input; masks as the subject is, and all of them where its cell takes missing values itself.
func (x *run) rivals() error {
	goal := Goal{"params", float64(x.entries[0].Parameters)}
	if m, err := x.spec.Architecture.Model(x.schema); err == nil && m.Causal() != nil {
		x.out.Warnings = append(x.out.Warnings, x.spec.Name+" reads each series from both ends, the models beside it from its beginning only")
	}
	for _, r := range []struct {
		name string
		cell cell.Cell
	}{{"gru", cell.GRU{Units: 1}}, {"lstm", cell.LSTM{Units: 1}}} {
		if r.name == x.spec.Name {
			continue
		}
		a := model.Architecture{Layers: []model.Layer{model.Recurrent(r.cell)}, Front: x.spec.Architecture.Front, Pool: x.spec.Architecture.Pool,
			Summaries: x.spec.Architecture.Summaries, TimeInput: true}
		n := network{a, x.schema, x.spec.Options}
		if x.spec.Architecture.TakesMissing() {
			n = fed(n, FeedTime)
		}
		units, _, err := sizes{goal, n.arch, n.schema}.nearest()
		if err != nil {
			return err
		}
		n.arch = n.arch.Resized(units)
		if err := x.add(fmt.Sprintf("%s-%d", r.name, units), fmt.Sprintf("%d units, with log(1 + dt) as an input", units), n); err != nil {
			return err
		}
	}
	return nil
}
