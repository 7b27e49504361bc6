package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/elegans-nn/elegans/baseline"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// Leaderboard is the outcome of a contest.
type Leaderboard struct {
	Metric metric.Metric
	// Rows from the best mean on.
	Rows []Standing
	// Constant names the baseline whose score a diverged run is given: majority or mean.
	Constant string
	// Options of training that all models had, with every default filled in; Tune may have changed the rate of one.
	Options  train.Options
	Seeds    []uint64
	Warnings []string
	// LeftOut are contestants that were optional and could not take part.
	LeftOut            []LeftOut
	Train, Valid, Test Part
	// Cross says over which divisions of the data it is, where they are several; nil: one. The parts are those of the first then.
	Cross *Crossing
}

// Standing is one row of a leaderboard. A run that diverged has the score of the constant baseline: what is left of a model
// that cannot be trained. It is counted and never left out.
type Standing struct {
	Entry
	// Model is the name that was asked for, Inputs what it is fed beside the values; empty for a simple baseline.
	Model  string
	Inputs Feed
	// Average is the number of networks whose mean prediction it is; 1 of most, 0 of a simple baseline.
	Average int
	// Size is the number of units, of one of them, 0 where there is none; LearningRate that of training.
	Size         int
	LearningRate float64
	// Tried counts the configurations that were trained and of which this one was chosen on validation; 1 without Tune.
	Tried int
	// Mean and SD of the metric over the runs; SD is NaN for a single one.
	Mean, SD float64
	// Share of the training part that it was trained on, where there are several, and the standard deviation over folds of the
	// mean over seeds; NaN without folds.
	Share, OverFolds float64
	// Options that it was trained with, but for the seed; Rejected are the other configurations that were tried.
	Options  train.Options
	Rejected []Setting
	// OverSeeds is the difference to the best row, paired by seed, with Student's t interval; OverTest the same mean with the
	// interval of a block bootstrap over the test series, or over stretches of test rows where there are few series. Both are
	// of value - best in the unit of the metric, and zero for the best row itself.
	OverSeeds, OverTest metric.Difference
	// Seconds is the mean time of training, on one core, and Microseconds the median time of one row of a stream, of an average
	// those of all its networks. Both were measured when the trial was trained, and are kept with it.
	Seconds, Microseconds float64
}

// Setting is a configuration that was trained with the first seed and not chosen. It was never scored on the test part.
type Setting struct {
	Key          string
	Options      train.Options
	Size         int
	Parameters   int
	FLOPs        float64
	Epochs, Best int
	ValidLoss    float64 // NaN where it diverged
	Diverged     string
	Seconds      float64
}

// Network tells whether the row is one that was trained with seeds.
func (s Standing) Network() bool { return s.Inputs != "" }

// leaderboard scores everything on the test part and ranks it.
func (c *Contest) leaderboard(ctx context.Context, trials []*job) (*Leaderboard, error) {
	b, err := c.standings(ctx, trials)
	if err == nil {
		b.rank(c.ranked())
	}
	return b, err
}

// standings scores everything on the test part, in the order in which it was entered.
func (c *Contest) standings(ctx context.Context, trials []*job) (*Leaderboard, error) {
	constant, err := c.constant()
	if err != nil {
		return nil, err
	}
	b := &Leaderboard{Metric: c.out.Metric, Constant: constant.Name, Options: c.out.Options, Warnings: slices.Clone(c.out.Warnings),
		LeftOut: c.LeftOut(), Train: c.out.Train, Valid: c.out.Valid, Test: c.out.Test}
	for s := range c.spec.Seeds {
		b.Seeds = append(b.Seeds, c.spec.Seed+uint64(s))
	}
	teams := c.teams(trials)
	runs, err := c.scored(ctx, teams, constant)
	if err != nil {
		return nil, err
	}
	at := 0
	for _, e := range c.rows {
		if ctx.Err() != nil {
			return nil, train.ErrInterrupted
		}
		var s Standing
		if e.simple == nil {
			s, err = c.standing(e, runs[at], taken(teams, at))
			at++
		} else if s, err = c.simple(e); errors.Is(err, baseline.ErrNotApplicable) {
			b.Warnings = append(b.Warnings, fmt.Sprintf("%s is left out: %v", e.name, err))
			continue
		}
		if err != nil {
			return nil, err
		}
		scores := values(s.Runs, b.Metric.Name)
		s.Mean, s.SD = metric.Mean(scores), metric.SD(scores)
		if n, first := s.Diverged(); n > 0 {
			b.Warnings = append(b.Warnings, warned(s.Name, n, len(s.Runs), constant, first))
		}
		b.Rows = append(b.Rows, s)
	}
	return b, nil
}

// taken are all trials of a network.
func taken(teams []team, row int) (list []*job) {
	for _, t := range teams {
		if t.row == row {
			list = append(list, t.jobs...)
		}
	}
	return list
}

// scored gives the runs of every network, some scored at once.
func (c *Contest) scored(ctx context.Context, teams []team, constant Entry) ([][]Run, error) {
	runs, failed := make([][]Run, c.networks()), make([]error, len(teams))
	for i := range runs {
		runs[i] = make([]Run, c.spec.Seeds)
	}
	var wg sync.WaitGroup
	next := make(chan int)
	for range c.spec.Workers {
		wg.Go(func() {
			for i := range next {
				if ctx.Err() != nil {
					failed[i] = train.ErrInterrupted
					continue
				}
				runs[teams[i].row][teams[i].run], failed[i] = c.one(teams[i], constant)
			}
		})
	}
	for i := range teams {
		next <- i
	}
	close(next)
	wg.Wait()
	return runs, first(failed)
}

// standing is the row of a network.
func (c *Contest) standing(e *entrant, runs []Run, trials []*job) (Standing, error) {
	n := e.settings[e.chosen]
	m, err := e.scored()
	if err != nil {
		return Standing{}, err
	}
	s := Standing{Model: e.model, Inputs: e.inputs, Average: e.average, Size: n.arch.Size(), LearningRate: n.options.LearningRate, Options: n.options, Tried: len(e.settings)}
	s.Entry = Entry{Name: e.name, Summary: e.summary, Parameters: m.Parameters(), Synapses: m.Synapses(), FLOPs: m.Program().FLOPs(), Runs: runs}
	if s.Size != e.size {
		s.Summary += fmt.Sprintf(", resized to %d units", s.Size)
	}
	if m.Adaptive() {
		s.Summary += "; FLOPs are those of one trial of a step, the least that a row costs"
	}
	if s.Rejected, err = e.rejected(); err != nil {
		return Standing{}, err
	}
	if e.average > 1 {
		s.Summary += fmt.Sprintf("; mean prediction of %d", e.average)
	}
	var micro []float64
	for _, t := range trials {
		s.Seconds += t.found.Seconds / float64(c.spec.Seeds)
		if t.found.Microseconds > 0 {
			micro = append(micro, t.found.Microseconds*float64(e.average))
		}
	}
	slices.Sort(micro)
	if len(micro) > 0 {
		s.Microseconds = series.Quantile(micro, 0.5)
	}
	return s, nil
}

// rejected are the configurations that were tried and not chosen.
func (e *entrant) rejected() (list []Setting, err error) {
	for k, t := range e.tried {
		if k == e.chosen {
			continue
		}
		m, err := t.net.arch.Model(t.net.schema)
		if err != nil {
			return nil, err
		}
		r := t.found
		o := t.net.options
		o.Seed = t.seed
		list = append(list, Setting{Key: t.key, Options: o, Size: t.net.arch.Size(), Parameters: m.Parameters(), FLOPs: m.Program().FLOPs(),
			Epochs: len(r.Epochs), Best: r.Best, ValidLoss: r.valid(), Diverged: r.Diverged, Seconds: r.Seconds})
	}
	return list, nil
}

// simple is the row of a simple baseline. What its fit took is kept, so that an equal contest prints the same.
func (c *Contest) simple(e *entrant) (Standing, error) {
	begun := time.Now()
	fitted, valid := taught(c.data)
	p, err := e.simple.Fit(c.schema, fitted, valid)
	if err != nil {
		return Standing{}, err
	}
	r := &record{Seconds: time.Since(begun).Seconds()}
	key := c.simpleKey(e.name)
	if kept, ok := c.store.load(key); ok {
		r = kept
	} else {
		_ = c.store.save(key, r) // it will be measured again
	}
	s := Standing{Entry: c.fitted(*e.simple, p), Model: e.name, Tried: 1, Seconds: r.Seconds}
	s.Runs[0].Key, s.Runs[0].Seconds = key, r.Seconds
	return s, nil
}

// simpleKey is that of a simple baseline: as that of a trial, of the program too, which may fit otherwise.
func (c *Contest) simpleKey(name string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{c.spec.Info.Version, engine.KernelPath(), name, c.content}, "\n")))
	return "simple-" + name + "-" + hex.EncodeToString(sum[:])
}

// rank sorts the rows and bounds their differences to the first.
func (b *Leaderboard) rank(m Measure) {
	seen := map[*metric.Evaluator]*metric.Evaluator{} // one that stands there again is the same view
	for _, s := range b.Rows {
		for _, r := range s.Runs {
			if seen[r.test] == nil {
				seen[r.test] = m.view(r.test)
			}
		}
	}
	views := func(runs []Run) (list []*metric.Evaluator) {
		for _, r := range runs {
			list = append(list, seen[r.test])
		}
		return list
	}
	sort.SliceStable(b.Rows, func(i, j int) bool { return b.Metric.Better(b.Rows[i].Mean, b.Rows[j].Mean) })
	var wg sync.WaitGroup
	for i := range b.Rows {
		wg.Go(func() {
			s := &b.Rows[i]
			x, y := abreast(s.Runs, b.Rows[0].Runs)
			s.OverSeeds = metric.Paired(values(x, b.Metric.Name), values(y, b.Metric.Name), level)
			s.OverTest = metric.Bootstrap{Seed: 1, Level: level, Draws: draws}.CompareRuns(views(x), views(y), m.Metric)
		})
	}
	wg.Wait()
}

// abreast pairs runs by seed; a model of one run pairs with every run of the other.
func abreast(a, b []Run) (x, y []Run) {
	for i := range max(len(a), len(b)) {
		x, y = append(x, a[min(i, len(a)-1)]), append(y, b[min(i, len(b)-1)])
	}
	return x, y
}
