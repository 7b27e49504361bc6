package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/train"
)

// foretell says how long it will take.
func (x *comparison) foretell(ctx context.Context) error {
	var err error
	x.estimate, err = x.contest.Estimate(ctx)
	if err != nil {
		return inputError(err, x.data)
	}
	e := x.estimate
	kept := ""
	if e.Kept > 0 {
		kept = fmt.Sprintf(", %d of them kept from before", e.Kept)
	}
	if e.Trials == e.Kept {
		x.c.note("%s%s", plural(e.Trials, "trial"), kept)
		return nil
	}
	early := "; stopping early makes it less"
	if x.f.folds > 0 { // which have nothing to stop by
		early = ""
	}
	x.c.note("%s%s: about %s on %s, an estimate from a few steps of each%s", plural(e.Trials, "trial"), kept, span(e.Seconds), plural(x.f.workers, "core"), early)
	return nil
}

// span is a length of time in words that are no more exact than an estimate.
func span(seconds float64) string {
	switch d := time.Duration(seconds * float64(time.Second)); {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1g s", max(0.1, seconds))
	case d < 100*time.Second:
		return fmt.Sprintf("%.0f s", seconds)
	case d < 100*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.1f h", seconds/3600)
}

// run trains what is not kept. Once training has begun an interruption waits until the state of every trial is kept.
func (x *comparison) run(ctx context.Context) (*experiment.Leaderboard, error) {
	w := &course{j: x.job, epochs: map[string]string{}}
	board, err := x.contest.Run(ctx, experiment.ContestHooks{Progress: w.progress, Warn: func(err error) {
		x.c.warn("trials are not kept: %v; the comparison goes on, and an interruption would lose them", plainly(err))
	}})
	w.end()
	if errors.Is(err, train.ErrInterrupted) {
		x.interrupted("")
		return nil, context.Canceled
	}
	if err != nil {
		return nil, inputError(err, x.data)
	}
	board.LeftOut = placed(board.LeftOut, x.data)
	return board, nil
}

// interrupted says how to go on.
func (x *comparison) interrupted(where string) {
	if x.f.keep == "" {
		x.c.hint("interrupted%s; nothing was kept", where)
		return
	}
	x.c.hint("interrupted%s; trials are kept in %s; go on with: %s", where, quoted(x.f.keep), x.again)
}

// finish writes and prints what came out.
func (x *comparison) finish(ctx context.Context, b *experiment.Leaderboard) error {
	var cut []string
	var failed error
	keep := func(what string, path *string, write func(w io.Writer) error) {
		err := x.c.save(ctx, *path, write)
		if errors.Is(err, context.Canceled) {
			cut = append(cut, what)
		} else {
			failed = errors.Join(failed, err)
		}
		if err != nil {
			*path = ""
		}
	}
	if x.f.csv != "" {
		keep("table", &x.f.csv, func(w io.Writer) error { return x.table(w, b) })
	}
	if x.f.report != "" {
		keep("report", &x.f.report, b.Page(x.pageOptions(b)).WriteHTML)
	}
	failed = errors.Join(failed, x.print(b)) // what was computed is shown even where it could not be written
	if len(cut) == 0 {
		return failed
	}
	if failed != nil {
		x.c.hint("%s", describe(failed)) // the error that the program ends with is the interruption
	}
	x.interrupted(" before the " + strings.Join(cut, " and the ") + " could be written")
	return context.Canceled
}
