package experiment

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/train"
)

// Division is one of several divisions of the same data: a fold, a share of what is trained on, or both. The test part of its
// contest is what the fold scores. A fold has no validation part, so that nothing is chosen by what is scored: networks keep their
// last epoch, thresholds are one half, simple baselines take their plain penalties, and what has several learning rates is in the
// contest once with each.
type Division struct {
	ContestSpec
	// Fold from 0, and the Share that is trained on; 1 for all.
	Fold  int
	Share float64
}

// Crossing says what a leaderboard is over.
type Crossing struct {
	// Folds is their number, 0 where the test part is scored, and Of says in words what they divide, such as "4 folds of 22 series".
	Folds int
	Of    string
	// Shares that were trained on, in the order in which they were given.
	Shares []float64
	// Rows that are scored in all folds.
	Rows int
}

// Cross is a contest on several divisions of the data, each with the same models, seeds and options, whose leaderboard has a row
// for each model and share.
type Cross struct {
	divisions []Division
	contests  []*Contest
	leftOut   []LeftOut
	over      Crossing
}

// NewCross prepares a contest on every division, of which there is one for each fold and share. folds and of are those of
// Crossing. The errors are those of NewContest, or that configurations are to be tried:
// nothing would choose among them that is not scored.
func NewCross(divisions []Division, folds int, of string) (*Cross, error) {
	x := &Cross{divisions: divisions, over: Crossing{Folds: folds, Of: of}}
	for _, d := range divisions {
		if d.Tune > 1 {
			return nil, errors.New("several divisions of the data score every configuration; enter each as a model of its own in place of trying them")
		}
		if folds > 0 {
			d.Options, d.Models = unchosen(d.Options), lasting(d.Models)
		}
		d.Models = apart(d.Models)
		c, err := NewContest(d.ContestSpec)
		if err != nil {
			return nil, err
		}
		x.contests = append(x.contests, c)
		if !slices.Contains(x.over.Shares, d.Share) {
			x.over.Shares = append(x.over.Shares, d.Share)
		}
		if d.Share == x.over.Shares[0] {
			_, rows := c.out.Test.Rows()
			x.over.Rows += rows
		}
	}
	x.leave()
	return x, nil
}

// leave leaves out of all divisions what one of them leaves out, for a row is over all.
func (x *Cross) leave() {
	left := map[string]bool{}
	for _, c := range x.contests {
		for _, l := range c.leftOut {
			if !left[l.Name] {
				x.leftOut = append(x.leftOut, l)
			}
			left[l.Name] = true
		}
	}
	for _, c := range x.contests {
		c.rows = slices.DeleteFunc(c.rows, func(e *entrant) bool { return left[e.model] })
	}
}

// LeftOut are the contestants that were optional and cannot take part in every division.
func (x *Cross) LeftOut() []LeftOut { return slices.Clone(x.leftOut) }

// unchosen are options without what a validation part decides.
func unchosen(o train.Options) train.Options {
	o.Refit, o.Last = false, false // as the last epoch is kept without a validation part
	return o
}

// lasting are models whose own options leave nothing to a validation part.
func lasting(models []Contestant) []Contestant {
	models = slices.Clone(models)
	for i := range models {
		if own := models[i].Own; own != nil {
			models[i].Own = func(o train.Options) train.Options { return unchosen(own(o)) }
		}
	}
	return models
}

// apart are models of which one with several learning rates is there with each.
func apart(models []Contestant) (list []Contestant) {
	for _, m := range models {
		if len(m.Rates) < 2 {
			list = append(list, m)
			continue
		}
		for _, rate := range m.Rates {
			one := m
			one.Name, one.Rates = fmt.Sprintf("%s@%g", m.Name, rate), []float64{rate}
			list = append(list, one)
		}
	}
	return list
}

// Rows names the models of every division in the order in which they were entered.
func (x *Cross) Rows() []string { return x.contests[0].Rows() }

// Estimate is about what all trials will take; those of one model count alike on every division.
func (x *Cross) Estimate(ctx context.Context) (Estimate, error) { return estimate(ctx, x.contests) }

// Run trains and scores everything that is not kept yet, the trials of all divisions side by side; see Contest.Run.
func (x *Cross) Run(ctx context.Context, hooks ContestHooks) (*Leaderboard, error) {
	var all []*job
	own := make([][]*job, len(x.contests))
	for i, c := range x.contests {
		trials, err := c.finals()
		if err != nil {
			return nil, err
		}
		for _, t := range trials {
			if t.index = len(all); x.over.Folds > 0 {
				t.title += fmt.Sprintf(" fold %d", x.divisions[i].Fold+1)
			}
			all = append(all, t)
		}
		own[i] = trials
	}
	if err := x.contests[0].pool(hooks, len(all)).run(ctx, all); err != nil {
		return nil, err
	}
	boards := make([]*Leaderboard, len(x.contests))
	for i, c := range x.contests {
		var err error
		if boards[i], err = c.standings(ctx, own[i]); err != nil {
			return nil, err
		}
	}
	return x.joined(boards), nil
}

// joined is one leaderboard of those of all divisions.
func (x *Cross) joined(boards []*Leaderboard) *Leaderboard {
	b := *boards[0]
	b.Rows, b.Warnings, b.Cross, b.LeftOut = nil, nil, &x.over, x.LeftOut()
	for _, one := range boards {
		for _, w := range one.Warnings {
			if !slices.Contains(b.Warnings, w) {
				b.Warnings = append(b.Warnings, w)
			}
		}
	}
	for _, share := range x.over.Shares {
		for _, name := range x.Rows() {
			var folds []Standing
			divisions := 0
			for i, d := range x.divisions {
				if d.Share != share {
					continue
				}
				divisions++
				if k := slices.IndexFunc(boards[i].Rows, func(s Standing) bool { return s.Name == name }); k >= 0 {
					one := boards[i].Rows[k]
					one.Runs = slices.Clone(one.Runs)
					for r := range one.Runs {
						one.Runs[r].Fold = d.Fold
					}
					folds = append(folds, one)
				}
			}
			if len(folds) == divisions { // else a warning says that it is left out of some
				b.Rows = append(b.Rows, x.over.sum(folds, b.Metric.Name, share))
			}
		}
	}
	b.rankFolds()
	return &b
}

// sum is the row of a model over the folds of a share.
func (o Crossing) sum(folds []Standing, name string, share float64) Standing {
	s := folds[0]
	s.Share, s.Runs, s.Seconds = share, nil, 0
	seeds, means := make([]float64, len(folds[0].Runs)), []float64{}
	for _, f := range folds {
		s.Runs = append(s.Runs, f.Runs...)
		s.Seconds += f.Seconds / float64(len(folds))
		means = append(means, metric.Mean(values(f.Runs, name)))
		for i, v := range values(f.Runs, name) {
			seeds[i] += v / float64(len(folds))
		}
	}
	s.Mean, s.SD, s.OverFolds = metric.Mean(seeds), metric.SD(seeds), nan
	if o.Folds > 0 {
		s.Evaluator, s.Learnt, s.OverFolds = nil, "", metric.SD(means)
	}
	return s
}

// rankFolds sorts the rows and bounds their differences to the first, paired by fold and seed. There is no bootstrap: the rows that
// are scored are those of another model in every fold.
func (b *Leaderboard) rankFolds() {
	slices.SortStableFunc(b.Rows, func(p, q Standing) int {
		switch {
		case b.Metric.Better(p.Mean, q.Mean):
			return -1
		case b.Metric.Better(q.Mean, p.Mean):
			return 1
		}
		return 0
	})
	for i := range b.Rows {
		s := &b.Rows[i]
		var x, y []Run
		for fold := range max(1, b.Cross.Folds) {
			p, q := abreast(ofFold(s.Runs, fold), ofFold(b.Rows[0].Runs, fold))
			x, y = append(x, p...), append(y, q...)
		}
		s.OverSeeds = metric.Paired(values(x, b.Metric.Name), values(y, b.Metric.Name), level)
		s.OverTest = metric.Difference{Mean: nan, Lower: nan, Upper: nan}
	}
}

// ofFold are the runs of a fold.
func ofFold(runs []Run, fold int) (list []Run) {
	for _, r := range runs {
		if r.Fold == fold {
			list = append(list, r)
		}
	}
	return list
}
