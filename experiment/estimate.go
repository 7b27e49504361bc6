package experiment

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/elegans-nn/elegans/train"
)

// Estimate is about what a contest will take, told from a short timing; early stopping makes it less.
type Estimate struct {
	// Trials are those that networks need, each once however many rows share it; Kept are those of them that are finished already.
	Trials, Kept int
	// Seconds with all workers, and of each row's trial on one core by its name; rows with nothing left to do are not timed.
	Seconds float64
	Trial   map[string]float64
}

// timedSteps are the optimiser steps that are timed. The first of them prepares what all others use, and any may be disturbed, so
// that their median counts.
const timedSteps = 3

// Estimate times a few optimiser steps and one pass over the validation part of every network that is not finished.
func (c *Contest) Estimate(ctx context.Context) (Estimate, error) {
	return estimate(ctx, []*Contest{c})
}

// estimate is that of contests with the same rows, whose trials go on side by side; a row is timed in the first.
func estimate(ctx context.Context, contests []*Contest) (Estimate, error) {
	e := Estimate{Trial: map[string]float64{}}
	total, longest, seen := 0.0, 0.0, map[string]bool{}
	for i, row := range contests[0].rows {
		left := 0
		for _, c := range contests {
			needed, err := c.needed(c.rows[i])
			if err != nil {
				return e, err
			}
			for _, t := range needed {
				switch {
				case seen[t.key]:
					continue
				case t.found != nil:
					e.Kept++
				default:
					left++
				}
				seen[t.key] = true
				e.Trials++
			}
		}
		if left == 0 {
			continue
		}
		took, err := contests[0].timed(ctx, row)
		if err != nil {
			return e, err
		}
		e.Trial[row.name] = took
		total, longest = total+took*float64(left), max(longest, took)
	}
	e.Seconds = max(longest, total/float64(contests[0].spec.Workers))
	return e, nil
}

// needed are the trials of a row, those that are kept with what was found. Until all configurations have been tried it is not known
// which will be chosen; the given one stands for it. A trial that serves twice is there twice.
func (c *Contest) needed(row *entrant) (list []*job, err error) {
	if row.simple != nil {
		return nil, nil
	}
	find := func(some []configured) (found []*record) {
		for _, k := range some {
			t, failed := c.job(row, k.setting, k.seed)
			if err = errors.Join(err, failed); failed != nil {
				return nil
			}
			t.found, _ = c.store.load(t.key)
			list, found = append(list, t), append(found, t.found)
		}
		return found
	}
	as := *row
	if tried := find(c.tries(row)); !slices.Contains(tried, nil) {
		as.chosen = lowest(tried)
	}
	for seed := range c.spec.Seeds {
		find(c.final(&as, seed))
	}
	return list, err
}

// Keys are those under which the trials of each row of networks are kept, by its name: of every configuration that is tried, and
// of the one that is chosen with all seeds. Rows that share a trial share its key.
func (c *Contest) Keys() (map[string][]string, error) {
	keys := map[string][]string{}
	for _, row := range c.rows {
		needed, err := c.needed(row)
		if err != nil {
			return nil, err
		}
		for _, t := range needed {
			if !slices.Contains(keys[row.name], t.key) {
				keys[row.name] = append(keys[row.name], t.key)
			}
		}
	}
	return keys, nil
}

// timed is about how long a trial of a row takes that does not stop early, in seconds on one core.
func (c *Contest) timed(ctx context.Context, row *entrant) (float64, error) {
	n := row.settings[0]
	inner, stop := context.WithCancel(ctx)
	defer stop()
	begun, steps := time.Now(), []float64{}
	hooks := train.Hooks{Step: func(_ int, done float64) {
		if steps = append(steps, time.Since(begun).Seconds()); len(steps) >= timedSteps {
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
	step := 0.0 // where the first diverged
	if len(steps) > 0 {
		slices.Sort(steps)
		step = steps[len(steps)/2]
	}
	perEpoch := (len(c.data.Train.Windows) + n.options.Batch - 1) / n.options.Batch
	seconds := float64(n.options.Epochs) * (float64(perEpoch)*step + valid)
	if n.options.Refit {
		perEpoch += (len(c.data.Valid.Windows) + n.options.Batch - 1) / n.options.Batch
		seconds += float64(n.options.Epochs*perEpoch) * step
	}
	return seconds, nil
}
