package suite

import (
	"context"
	"errors"
	"math"
	"sync"

	"github.com/elegans-nn/elegans/train"
)

// Search says how a candidate is trained on a task: with seed 0 at each of several learning rates, of which the lowest
// validation loss chooses one, and then with the other seeds at that one.
type Search struct {
	Candidate Candidate
	// Rates to try; that of the candidate's options alone if empty.
	Rates []float64
	// Seeds are 0, 1, …, Seeds-1.
	Seeds int
}

// Progress of one trial of a search.
type Progress struct {
	Model string
	Rate  float64
	Seed  uint64
	// Epochs done of Total, those of all models of an average; Done says that the trial has ended, Kept that it was kept from
	// before.
	Epochs, Total int
	Done, Kept    bool
}

// Search trains what the book does not hold, workers trials at once, each on one core. watch may be nil; it is called from
// many goroutines. When ctx ends the error is train.ErrInterrupted, and finished trials are kept. See Found.
func (b *Book) Search(ctx context.Context, t *Task, d *Data, s Search, workers int, watch func(Progress)) error {
	rates := s.Rates
	if len(rates) == 0 {
		rates = []float64{d.with(s.Candidate.Options).LearningRate}
	}
	var jobs []job
	for _, rate := range rates {
		jobs = append(jobs, job{s.at(rate), 0})
	}
	first, err := b.run(ctx, t, d, jobs, workers, watch)
	if err != nil {
		return err
	}
	best, jobs := lowest(first), jobs[:0]
	for seed := 1; seed < s.Seeds; seed++ {
		jobs = append(jobs, job{s.at(rates[best]), uint64(seed)})
	}
	_, err = b.run(ctx, t, d, jobs, workers, watch)
	return err
}

// lowest is the trial with the lowest validation loss, the first of equals. One that diverged, or without validation, has
// none.
func lowest(trials []*Trial) (best int) {
	least := math.Inf(1)
	for i, r := range trials {
		if loss := float64(r.ValidLoss); loss < least {
			best, least = i, loss
		}
	}
	return best
}

func (s Search) at(rate float64) Candidate {
	c := s.Candidate
	c.Options.LearningRate = rate
	c.Options.Workers = 1
	return c
}

// job is a trial to be run.
type job struct {
	candidate Candidate
	seed      uint64
}

func (b *Book) run(ctx context.Context, t *Task, d *Data, jobs []job, workers int, watch func(Progress)) ([]*Trial, error) {
	trials, failed := make([]*Trial, len(jobs)), make([]error, len(jobs))
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	next := make(chan int)
	var wg sync.WaitGroup
	for range max(1, min(workers, len(jobs))) {
		wg.Go(func() {
			for i := range next {
				if trials[i], failed[i] = b.trial(ctx, t, d, jobs[i], watch); failed[i] != nil {
					stop()
				}
			}
		})
	}
	for i := range jobs {
		next <- i
	}
	close(next)
	wg.Wait()
	var err error
	for _, e := range failed {
		if e != nil && (err == nil || errors.Is(err, train.ErrInterrupted)) {
			err = e // an interruption only where nothing else went wrong
		}
	}
	return trials, err
}

// trial is the one that is kept, or a new one.
func (b *Book) trial(ctx context.Context, t *Task, d *Data, j job, watch func(Progress)) (*Trial, error) {
	key, err := b.key(t, d, j.candidate, j.seed)
	if err != nil {
		return nil, err
	}
	p := Progress{Model: j.candidate.Name, Rate: j.candidate.Options.LearningRate, Seed: j.seed, Total: d.with(j.candidate.Options).Epochs * max(1, j.candidate.Average)}
	say := func(p Progress) {
		if watch != nil {
			watch(p)
		}
	}
	r, err := b.find(t.Name, key)
	if r != nil || err != nil {
		p.Done, p.Kept, p.Epochs = true, true, p.Total
		say(p)
		return r, err
	}
	r, err = t.Run(ctx, d, j.candidate, j.seed, train.Hooks{Epoch: func(train.Epoch) {
		p.Epochs++
		say(p)
	}})
	if err != nil {
		return nil, err
	}
	r.Key = key
	p.Done, p.Epochs = true, p.Total
	say(p)
	return r, b.keep(r)
}
