package experiment

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/elegans-nn/elegans/train"
)

// Estimate is what a contest will take at most, told from a short timing: early stopping makes it less.
type Estimate struct {
	// Trials are those that networks need, Kept those of them that are finished already.
	Trials, Kept int
	// Seconds with all workers, and of each row's trial on one core by its name; rows with nothing left to do are not timed.
	Seconds float64
	Trial   map[string]float64
}

// timedSteps are the optimiser steps that are timed; the first of them prepares what all others use.
const timedSteps = 3

// Estimate times a few optimiser steps and one pass over the validation part of every network that is not finished.
func (c *Contest) Estimate(ctx context.Context) (Estimate, error) {
	e := Estimate{Trial: map[string]float64{}}
	total, longest := 0.0, 0.0
	for _, row := range c.rows {
		if row.simple != nil {
			continue
		}
		left, err := c.left(row)
		if err != nil {
			return e, err
		}
		all := c.spec.Seeds*row.average + len(row.settings) - 1 // a trial of the configuration that is chosen serves twice
		e.Trials += all
		e.Kept += all - left
		if left == 0 {
			continue
		}
		took, err := c.timed(ctx, row)
		if err != nil {
			return e, err
		}
		e.Trial[row.name] = took
		total += took * float64(left)
		longest = max(longest, took)
	}
	e.Seconds = max(longest, total/float64(c.spec.Workers))
	return e, nil
}

// left counts the trials of a row that are not kept. Until all configurations have been tried it is not known which will be
// chosen; the given one stands for it.
func (c *Contest) left(row *entrant) (n int, err error) {
	find := func(k configured) *record {
		t, failed := c.job(row, k.setting, k.seed)
		if err = errors.Join(err, failed); failed != nil {
			return nil
		}
		found, ok := c.store.load(t.key)
		if !ok {
			n++
		}
		return found
	}
	var tried []*record
	for _, k := range c.tries(row) {
		tried = append(tried, find(k))
	}
	as := *row
	if !slices.Contains(tried, nil) {
		as.chosen = lowest(tried)
	}
	for seed := range c.spec.Seeds {
		for k, one := range c.final(&as, seed) {
			if seed+k > 0 { // the first was tried
				find(one)
			}
		}
	}
	return n, err
}

// timed is how long a trial of a row takes at most, in seconds on one core.
func (c *Contest) timed(ctx context.Context, row *entrant) (float64, error) {
	n := row.settings[0]
	inner, stop := context.WithCancel(ctx)
	defer stop()
	begun, step, steps := time.Now(), 0.0, 0
	hooks := train.Hooks{Step: func(_ int, done float64) {
		now := time.Now()
		if took := now.Sub(begun).Seconds(); step == 0 || took < step {
			step = took
		}
		if steps++; steps >= timedSteps {
			stop()
		}
		begun = time.Now()
	}}
	n.options.Epochs, n.options.Refit = max(n.options.Epochs, timedSteps+1), false
	n.options.Curriculum = 0 // a curriculum begins with the shortest windows
	if _, _, err := c.fit(inner, row.name, n, c.spec.Seed, hooks); ctx.Err() != nil || err != nil && !errors.Is(err, train.ErrInterrupted) {
		return 0, errors.Join(err, ctx.Err())
	}
	n = row.settings[0]
	valid := 0.0
	if len(c.data.Valid.Windows) > 0 {
		m, err := c.initial(row.name, n, c.spec.Seed)
		if err != nil {
			return 0, err
		}
		begun = time.Now()
		if _, err := train.MeanLoss(m, c.data.Valid, c.data.ResetState, n.options); err != nil {
			return 0, err
		}
		valid = time.Since(begun).Seconds()
	}
	perEpoch := (len(c.data.Train.Windows) + n.options.Batch - 1) / n.options.Batch
	seconds := float64(n.options.Epochs) * (float64(perEpoch)*step + valid)
	if n.options.Refit {
		perEpoch += (len(c.data.Valid.Windows) + n.options.Batch - 1) / n.options.Batch
		seconds += float64(n.options.Epochs*perEpoch) * step
	}
	return seconds, nil
}
