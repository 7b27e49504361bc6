// Package experiment compares models honestly: one data set, one split, every model and baseline with the same data, a
// number of seeds each, thresholds and epochs chosen on the validation part, and every score on a test part that nothing
// was fitted to. Trials run side by side, one a core, and a checkpoint lets an interrupted experiment go on to the bit.
package experiment

import (
	"context"
	"errors"
	"fmt"

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
	// Seeds are Seed, Seed+1, …, Seeds of them.
	Seed  uint64
	Seeds int
	// NoBaselines trains the subject alone.
	NoBaselines bool
	// Workers is the number of trials that run at once; 1 if zero. Results do not depend on it.
	Workers int
	// Info is copied into the models.
	Info model.Info
}

// Run is one model with one seed.
type Run struct {
	Seed uint64
	// Model with the parameters of the best epoch and the threshold chosen on validation; nil where it diverged.
	Model *model.Model
	// Train is the course of the training.
	Train *train.Result
	// ValidLoss is the loss of the best epoch.
	ValidLoss float64
	// Scores on the test part, and Valid on the validation part.
	Scores, Valid metric.Scores
	// Diverged says where training met a value that is not finite; empty where it did not.
	Diverged string
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

// Values of a metric over the runs that did not diverge.
func (e *Entry) Values(name string) (values []float64) {
	for _, r := range e.Runs {
		if r.Diverged == "" {
			v, _ := r.Scores.Get(name)
			values = append(values, v)
		}
	}
	return values
}

// Outcome of an experiment.
type Outcome struct {
	Metric    metric.Metric
	Subject   Entry
	Baselines []Entry
	// Best is the run of the subject with the lowest validation loss; -1 where all diverged.
	Best int
	// Epochs is the largest number of epochs of a trial.
	Epochs   int
	Warnings []string
	// Valid and Test are the parts that scores refer to; Last are the last known values of the test series, for skill.
	Train, Valid, Test Part
}

// Part is a list of series that a model runs along from the zero state.
type Part struct {
	Series []series.Series
	// Whole are the series that windows were cut from, for drawing; the same as Series where there are no windows.
	Whole  []series.Series
	Target series.Target
	last   [][]float64
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
	// Done is the share of all trials' epochs that is done, at most 1; early stopping makes it jump.
	Done float64
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
	if !spec.NoBaselines {
		if err := x.simple(); err != nil {
			return nil, err
		}
	}
	if err := x.trials(ctx, hooks); err != nil {
		return nil, err
	}
	return x.finish()
}

// run is an experiment in progress.
type run struct {
	spec    Spec
	out     *Outcome
	data    train.Data
	entries []*Entry // networks: the subject first
	archs   []model.Architecture
}

func prepare(spec Spec) (*run, error) {
	x := &run{spec: spec, out: &Outcome{Best: -1}}
	t := spec.Split.Schema.Target
	x.out.Metric = metric.For(t)[0]
	if spec.Metric != "" {
		m, err := metric.ByName(spec.Metric)
		if err != nil {
			return nil, err
		}
		x.out.Metric = m
	}
	trainPart, valid, test, warnings := spec.Protocol.Cut(spec.Split)
	x.out.Warnings = append(append(x.out.Warnings, spec.Split.Warnings...), warnings...)
	x.data = train.Data{Train: trainPart, Valid: valid, ResetState: spec.Protocol.ResetState}
	x.out.Epochs = spec.Options.Passes(len(trainPart.Windows))
	x.out.Train.Series, x.out.Train.Target = trainPart.Series, t
	x.out.Valid.Series, x.out.Test.Series, x.out.Test.Whole = x.along(valid), x.along(test), test.Series
	if len(x.out.Test.Series) == 0 {
		return nil, errors.New("the test part is empty; every model needs rows that it was not fitted to")
	}
	if err := x.add(spec.Name, spec.Summary, spec.Architecture); err != nil {
		return nil, err
	}
	x.entries[0].Subject = true
	if spec.NoBaselines {
		return x, nil
	}
	return x, x.rivals()
}

// along are the series that a model runs along: whole, or windows where the protocol resets the state.
func (x *run) along(p dataset.Part) []series.Series {
	if x.spec.Protocol.ResetState || x.spec.Protocol.DrawValid > 0 && len(p.Windows) > 0 && sameSeries(p, x.data.Train) {
		return train.Spans(p)
	}
	return p.Series
}

func sameSeries(a, b dataset.Part) bool {
	return len(a.Series) > 0 && len(b.Series) > 0 && &a.Series[0] == &b.Series[0]
}

// add enters a network.
func (x *run) add(name, summary string, a model.Architecture) error {
	m, err := a.Model(x.spec.Split.Schema)
	if err != nil {
		return err
	}
	x.archs = append(x.archs, m.Architecture())
	x.entries = append(x.entries, &Entry{Name: name, Summary: summary, Parameters: m.Parameters(), Synapses: m.Synapses(),
		FLOPs: m.Program().FLOPs(), Runs: make([]Run, x.spec.Seeds)})
	return nil
}

// rivals enters GRU and LSTM with about as many parameters as the subject. They have no notion of time and are given
// log(1 + dt) as an input.
func (x *run) rivals() error {
	target := x.entries[0].Parameters
	for _, r := range []struct {
		name string
		of   func(units int) cell.Cell
	}{
		{"gru", func(n int) cell.Cell { return cell.GRU{Units: n} }},
		{"lstm", func(n int) cell.Cell { return cell.LSTM{Units: n} }},
	} {
		a, units, err := Matched(x.spec.Split.Schema, target, r.of)
		if err != nil {
			return err
		}
		if r.name == x.spec.Name {
			continue
		}
		summary := fmt.Sprintf("%d units, with log(1 + dt) as an input", units)
		if err := x.add(fmt.Sprintf("%s-%d", r.name, units), summary, a); err != nil {
			return err
		}
	}
	return nil
}

// Matched is the architecture of a cell whose number of parameters is nearest to a given one.
func Matched(schema series.Schema, parameters int, of func(units int) cell.Cell) (model.Architecture, int, error) {
	var best model.Architecture
	units, distance := 0, 0
	for n := 1; n <= 1024; n++ {
		a := model.Architecture{Layers: []model.Layer{model.Recurrent(of(n))}, TimeInput: true}
		count, err := a.Count(schema)
		if err != nil {
			return best, 0, err
		}
		d := count - parameters
		if d < 0 {
			d = -d
		}
		if units > 0 && d >= distance {
			break
		}
		best, units, distance = a, n, d
	}
	return best, units, nil
}
