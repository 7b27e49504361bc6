package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/metric"
)

// contest is a comparison on one division of the data, or on several.
type contest interface {
	Rows() []string
	LeftOut() []experiment.LeftOut
	Estimate(context.Context) (experiment.Estimate, error)
	Run(context.Context, experiment.ContestHooks) (*experiment.Leaderboard, error)
}

// shares is a flag for parts of what is trained on.
func shares(value *[]float64) *numberList {
	return &numberList{value, "SHARES", "is no list of shares; write different numbers above 0 to 1, such as 0.25,0.5,1", func(before []float64, v float64) bool {
		return v > 0 && v <= 1 && !slices.Contains(before, v)
	}}
}

// crossed tells whether there are several divisions of the data.
func (f *compareFlags) crossed() bool { return f.folds > 0 || len(f.shares) > 0 }

// cases are the shares that are trained on.
func (f *compareFlags) cases() []float64 {
	if len(f.shares) == 0 {
		return []float64{1}
	}
	return f.shares
}

// checkCross refuses what cannot be meant with several divisions of the data.
func (f *compareFlags) checkCross(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	switch {
	case given("folds") && f.folds < 2:
		return usage("--folds %d: must be at least 2", f.folds)
	case f.crossed() && f.tune > 1:
		return usage("--tune: chooses by a validation part, and --folds and --shares score each configuration; compare them one by one, such as by --learning-rate")
	case f.crossed() && f.report != "" && f.report != noReport:
		return usage("--report: there is none with --folds or --shares; leave it out, or write a table with --csv")
	case f.suite != "" && len(f.shares) > 0 && f.folds == 0:
		return usage("--shares: scores the test part with every share, and a suite's test parts are for its tables; add --folds, such as --folds 5")
	case f.folds == 0:
		return nil
	}
	for _, name := range []string{"refit", "patience"} {
		if given(name) {
			return usage("--%s: is decided by a validation part, and --folds leaves none that is not scored; leave it out, and compare numbers of --epochs", name)
		}
	}
	return nil
}

// cross makes the contest on all folds and shares of the data.
func (x *comparison) cross(spec experiment.ContestSpec) (contest, error) {
	f, p := x.f, x.spec.Protocol
	if p.DrawValid > 0 || p.DrawTest > 0 {
		return nil, usage("--protocol %s: draws its parts at random from windows that share rows, which no fold keeps apart; choose another, or leave it out", p.Name)
	}
	of := ""
	if f.folds > 0 {
		var err error
		if of, err = x.data.Folds(x.split, f.folds); err != nil {
			return nil, inputError(err, x.data)
		}
	}
	var list []experiment.Division
	for k := range max(1, f.folds) {
		fold := dataset.Fold{Number: k, Of: f.folds, Seed: x.split.Seed}
		whole, err := x.division(spec, fold, 1)
		if err != nil {
			return nil, inputError(err, x.data)
		}
		for _, share := range f.cases() {
			one := whole
			if share < 1 {
				fold.Share = share
				if one, err = x.division(spec, fold, share); err != nil {
					return nil, inputError(err, x.data)
				}
				one.Windows = len(whole.Parts.Data.Train.Windows)
			}
			list = append(list, one)
		}
	}
	c, err := experiment.NewCross(list, f.folds, of)
	return c, f.refused(err, x.data)
}

// division is the contest on one of them. Everything that is fitted to data is fitted to what it trains on.
func (x *comparison) division(spec experiment.ContestSpec, fold dataset.Fold, share float64) (d experiment.Division, err error) {
	s, err := x.data.SplitFold(x.split, fold)
	if err != nil {
		return d, err
	}
	if err := x.f.target(&s.Schema.Target); err != nil {
		return d, err
	}
	d = experiment.Division{ContestSpec: spec, Fold: fold.Number, Share: share}
	d.Schema, d.Parts, d.Options = s.Schema, experiment.Cut(s, x.spec.Protocol), x.f.options
	d.Models, err = x.f.contestants(s.Schema)
	return d, err
}

// overText says what a leaderboard is over.
func overText(b *experiment.Leaderboard, direction string) (text string) {
	_, scored := b.Test.Rows()
	seeds := plural(len(b.Seeds), "seed")
	if c := b.Cross; c != nil && c.Folds > 0 {
		text = fmt.Sprintf(", %s is better, mean over folds ± sd over %s\ncross-validated over %s, %s scored; the test part was not looked at\n",
			direction, seeds, c.Of, plural(c.Rows, "row"))
	} else {
		text = fmt.Sprintf(" on %s in %d series, %s is better, mean ± sd over %s\n", plural(scored, "test row"), len(b.Test.Series), direction, seeds)
	}
	if partial(b) {
		text += "by the share that was trained on, with as many optimiser steps each\n"
	}
	return text + "\n"
}

// crossJSON says in a document what a leaderboard is over.
type crossJSON struct {
	Folds  int       `json:"folds"` // 0: the test part was scored
	Of     string    `json:"of"`
	Shares []float64 `json:"shares"`
	Rows   int       `json:"rows"` // that were scored, in all folds
}

// crossing is that of a leaderboard; nil where it is over one division.
func crossing(b *experiment.Leaderboard) *crossJSON {
	if b.Cross == nil {
		return nil
	}
	return &crossJSON{b.Cross.Folds, b.Cross.Of, b.Cross.Shares, b.Cross.Rows}
}

// scoreColumn is a column of a leaderboard between the name and the parameters.
type scoreColumn struct {
	head string
	cell func(m metric.Metric, s experiment.Standing) string
}

// scoreColumns are those that a leaderboard has.
func scoreColumns(b *experiment.Leaderboard) (list []scoreColumn) {
	over, folds := "− best, over seeds", b.Cross != nil && b.Cross.Folds > 0
	if folds {
		over = "− best, over folds and seeds"
	}
	for _, c := range []struct {
		wanted bool
		scoreColumn
	}{
		{partial(b), scoreColumn{"share", func(_ metric.Metric, s experiment.Standing) string { return fmt.Sprintf("%g", s.Share) }}},
		{true, scoreColumn{"score", func(m metric.Metric, s experiment.Standing) string { return scoreText(m, s.Mean) }}},
		{true, scoreColumn{"", func(m metric.Metric, s experiment.Standing) string {
			if s.SD != s.SD {
				return ""
			}
			return "± " + scoreText(m, s.SD)
		}}},
		{folds, scoreColumn{"sd over folds", func(m metric.Metric, s experiment.Standing) string { return scoreText(m, s.OverFolds) }}},
		{true, scoreColumn{over, func(m metric.Metric, s experiment.Standing) string { return differenceText(m, s.OverSeeds) }}},
		{b.Cross == nil, scoreColumn{"over the test part", func(m metric.Metric, s experiment.Standing) string { return differenceText(m, s.OverTest) }}},
	} {
		if c.wanted {
			list = append(list, c.scoreColumn)
		}
	}
	return list
}

// partial tells whether any row was trained on a part of what there is.
func partial(b *experiment.Leaderboard) bool {
	return b.Cross != nil && slices.ContainsFunc(b.Cross.Shares, func(v float64) bool { return v < 1 })
}

// intervalsText says what the intervals are.
func intervalsText(b *experiment.Leaderboard) string {
	if b.Cross == nil {
		return "intervals: 95 %; Student's t paired by seed, and a block bootstrap over the test part\n"
	}
	if b.Cross.Folds == 0 {
		return "intervals: 95 %; Student's t paired by seed\n"
	}
	return "intervals: 95 %; Student's t paired by fold and seed, a little narrow, for folds share what they train on\n"
}
