package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/suite"
	"github.com/elegans-nn/elegans/table"
	"github.com/elegans-nn/elegans/train"
)

// resultsDir is where result files are unless told otherwise.
const resultsDir = "results"

// tournament is a suite of contests with everything decided.
type tournament struct {
	c       *console
	f       *compareFlags
	section suite.Section
	games   []*game
	record  suite.Record
	altered bool // it is not run as the suite says
	plan    bool // nothing is trained
	placed  bool // there is a place for trials, or it was said that there is none
	given   func(flag string) bool
	again   string // the command that goes on
	started time.Time
}

// game is a contest on one task.
type game struct {
	task     *suite.Task
	absent   string // why there is no contest, such as data that are missing
	failed   error  // where that is more than missing data
	others   bool   // there are models that are not the suite's
	data     *suite.Data
	models   []experiment.Contestant
	contest  contest
	estimate experiment.Estimate
	board    *experiment.Leaderboard
}

// compareSuite runs a suite and prints a leaderboard for each task.
func (f *compareFlags) compareSuite(cmd *cobra.Command, c *console) error {
	section, err := suite.SuiteOf(f.suite)
	if err != nil {
		return usage("--suite: %v", err)
	}
	if section, err = section.Only(f.tasks); err != nil {
		return usage("--tasks: %v", err)
	}
	if err := f.checkSuite(cmd, section); err != nil {
		return err
	}
	t := &tournament{c: c, f: f, section: section, altered: altered(cmd, f.seeds == section.Seeds), given: cmd.Flags().Changed, started: time.Now(), again: commandLine(cmd, []string{"compare"}, func(string) bool { return true })}
	if f.csv != "" {
		if err := checkWritable(f.csv, ""); err != nil {
			return err
		}
	}
	if err := t.play(cmd.Context()); err != nil {
		return err
	}
	return errors.Join(t.finish(cmd.Context()), t.failed())
}

// asSuite are the flags with which a suite is still run as it says.
var asSuite = []string{"suite", "data", "tasks", "models", "results", "keep", "csv", "json", "quiet", "workers", "memory", "help"}

// altered tells whether anything was asked for that a suite does not say; as many seeds as it says are nothing. Its tables are not
// changed by that.
func altered(cmd *cobra.Command, usualSeeds bool) bool {
	return slices.ContainsFunc(flagNames(cmd), func(name string) bool {
		return cmd.Flags().Changed(name) && !slices.Contains(asSuite, name) && !(name == "seeds" && usualSeeds)
	})
}

// failed are the tasks that came to no result although their data are there.
func (t *tournament) failed() (err error) {
	for _, g := range t.games {
		err = errors.Join(err, g.failed)
	}
	return err
}

// decidedByTask are the flags that a task of a suite leaves no choice in.
var decidedByTask = []string{"protocol", "window", "stride", "metric", "report", "quantiles", "class-weights", "model"}

// checkSuite refuses what a suite decides by itself.
func (f *compareFlags) checkSuite(cmd *cobra.Command, section suite.Section) error {
	names := slices.Clone(decidedByTask)
	for _, flag := range roleFlags {
		if overrides[flag.name] == nil {
			names = append(names, flag.name)
		}
	}
	for _, flag := range splitFlags {
		names = append(names, flag.name)
	}
	for _, name := range names {
		if cmd.Flags().Changed(name) {
			return usage("--%s: the tasks of --suite %s decide that; leave it out, or compare DATA of your own", name, f.suite)
		}
	}
	if !cmd.Flags().Changed("seeds") {
		f.seeds = section.Seeds
	}
	if !cmd.Flags().Changed("match") {
		f.match = section.Match
	}
	if err := f.checkCompared(cmd, section.Names()); err != nil {
		return err
	}
	if f.options.Loss == "quantile" || f.options.Loss == "gaussian" {
		return usage("--loss %s: tasks of a suite are scored by values; choose another", f.options.Loss)
	}
	return nil
}

// play prepares all contests, says how long they will take, and runs them.
func (t *tournament) play(ctx context.Context) error {
	if t.f.results == "" {
		t.f.results = resultsDir
	}
	t.record = suite.Record(t.f.results)
	total, left, ready := experiment.Estimate{}, 0.0, 0
	for _, task := range t.section.Tasks {
		g := &game{task: task}
		t.games = append(t.games, g)
		if err := t.prepare(ctx, g); errors.Is(err, train.ErrInterrupted) {
			return context.Canceled
		} else if err != nil {
			return err
		}
		if g.contest != nil {
			ready++
		}
		total.Trials, total.Kept, left = total.Trials+g.estimate.Trials, total.Kept+g.estimate.Kept, left+g.estimate.Seconds
	}
	kept := ""
	if total.Kept > 0 {
		kept = fmt.Sprintf(", %d of them kept from before", total.Kept)
	}
	if total.Trials > total.Kept {
		kept += fmt.Sprintf(": about %s on %s, an estimate from a few steps of each", span(left), plural(t.f.workers, "core"))
	}
	if total.Trials > 0 {
		t.c.note("%s of %s%s", plural(total.Trials, "trial"), plural(ready, "task"), kept)
	}
	if t.plan {
		return nil
	}
	for _, g := range t.games {
		if err := t.run(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

// planned says of every task what is compared on it and about how long that takes.
func (t *tournament) planned() (rows [][]string) {
	for _, g := range t.games {
		row := []string{t.section.Name, g.task.Name, "-", fmt.Sprint(t.f.seeds), "-", "-", g.absent}
		if g.contest != nil {
			row = []string{t.section.Name, g.task.Name, fmt.Sprint(len(g.contest.Rows())), fmt.Sprint(t.f.seeds), fmt.Sprint(g.estimate.Trials),
				fmt.Sprint(g.estimate.Kept), fmt.Sprintf("%.1f", g.estimate.Seconds/60)}
		}
		rows = append(rows, row)
	}
	return rows
}

// prepare reads the data of a task and decides its contest.
func (t *tournament) prepare(ctx context.Context, g *game) (err error) {
	g.data, err = g.task.Read(suite.Folder(t.f.data))
	var missing *suite.MissingError
	var damaged *table.DataError
	if errors.As(err, &missing) || errors.As(err, &damaged) {
		g.absent = err.Error()
		t.c.warn("task %s is not run: %v", g.task.Name, err)
		if damaged != nil {
			g.failed = err
		}
		return nil
	}
	if err == nil && !t.placed {
		err, t.placed = t.f.place(t.c), true
	}
	if err == nil {
		g.models, err = t.models(g)
	}
	if err != nil {
		return err
	}
	made, err := t.contest(g)
	if err != nil {
		g.failed = t.f.refused(fmt.Errorf("task %s: %w", g.task.Name, err), nil)
		if all := (*experiment.AllLeftOutError)(nil); errors.As(err, &all) { // which says nothing of the other tasks
			g.absent = "no network can take part: " + all.Error()
			t.c.warn("task %s is not run: %s", g.task.Name, g.absent)
			return nil
		}
		return g.failed
	}
	g.contest = made
	for _, l := range g.contest.LeftOut() {
		t.c.warn("%s is left out of task %s: %s", l.Name, g.task.Name, l.Reason())
	}
	g.estimate, err = g.contest.Estimate(ctx)
	return err
}

// contest is that of a task, or of the folds of its data.
func (t *tournament) contest(g *game) (contest, error) {
	if !t.f.crossed() {
		return experiment.NewContest(t.f.asked(g.task.Contest(g.data, g.models, t.f.options)))
	}
	list, of, err := g.task.Divisions(g.data, g.models, t.f.options, suite.Folding{Folds: t.f.folds, Shares: t.f.cases()})
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].ContestSpec = t.f.asked(list[i].ContestSpec)
	}
	return experiment.NewCross(list, t.f.folds, of)
}

// models are those that were asked for, or the suite's with every simple baseline that suits the task. Of the baselines that
// were asked for those that do not suit are left out: no task suits all.
func (t *tournament) models(g *game) (list []experiment.Contestant, err error) {
	candidates := t.section.Candidates(g.task)
	var titles, simple []string
	for _, c := range candidates {
		titles = append(titles, c.Title())
	}
	for _, b := range g.data.Baselines() {
		simple = append(simple, b.Name)
	}
	for _, w := range t.f.wanted(slices.Concat(titles, simple), simple) {
		k := slices.Index(titles, w.name)
		var one experiment.Contestant
		switch {
		case slices.Contains(simple, w.name):
			one.Name = w.name
		case k >= 0:
			var changed suite.Candidate
			if changed, err = t.change(candidates[k]); err == nil {
				one, err = g.data.Contestant(changed)
				one.Optional = one.Optional || w.optional
			}
		default:
			one, err = t.other(g, w)
			g.others = g.others || one.Name != ""
		}
		if err != nil {
			return nil, err
		}
		if one.Name != "" {
			list = append(list, one)
		}
	}
	return list, nil
}

// overrides are what flags that were given put in place of what a candidate has.
var overrides = map[string]func(f *compareFlags, c *suite.Candidate){
	"epochs":        func(f *compareFlags, c *suite.Candidate) { c.Epochs, c.Share = f.options.Epochs, 0 },
	"batch":         func(f *compareFlags, c *suite.Candidate) { c.Batch = f.options.Batch },
	"learning-rate": func(f *compareFlags, c *suite.Candidate) { c.Rates = []float64{f.options.LearningRate} },
	"weight-decay":  func(f *compareFlags, c *suite.Candidate) { c.WeightDecay = f.options.WeightDecay },
	"optimiser":     func(f *compareFlags, c *suite.Candidate) { c.Optimiser = f.options.Optimiser },
	"clip-gradient": func(f *compareFlags, c *suite.Candidate) { c.Clip = f.options.Clip },
	"last":          func(f *compareFlags, c *suite.Candidate) { c.Last = f.options.Last },
	"refit":         func(f *compareFlags, c *suite.Candidate) { c.Refit = f.options.Refit },
	"layers":        func(f *compareFlags, c *suite.Candidate) { c.Layers = f.stack.layers },
	"summaries":     func(f *compareFlags, c *suite.Candidate) { c.Summaries = f.stack.summaries },
	"bins":          func(f *compareFlags, c *suite.Candidate) { c.Bins = f.roles.Bins },
	"input-dropout": func(f *compareFlags, c *suite.Candidate) { c.InputDropout = f.stack.inputDropout },
	"pool":          func(f *compareFlags, c *suite.Candidate) { c.Pool = f.stack.pool },
	"residual":      func(f *compareFlags, c *suite.Candidate) { c.Block.Residual = f.stack.block.Residual },
	"norm":          func(f *compareFlags, c *suite.Candidate) { c.Block.Norm = f.stack.block.Norm },
	"norm-place":    func(f *compareFlags, c *suite.Candidate) { c.Block.NormPlace = f.stack.block.NormPlace },
	"feed-forward":  func(f *compareFlags, c *suite.Candidate) { c.Block.FeedForward = f.stack.block.FeedForward },
	"dropout":       func(f *compareFlags, c *suite.Candidate) { c.Block.Dropout = f.stack.block.Dropout },
	"bidirectional": func(f *compareFlags, c *suite.Candidate) { c.Block.Bidirectional = f.stack.block.Bidirectional },
}

// ofOthers are flags that no candidate takes, but models that are not the suite's.
var ofOthers = []string{"wiring", "conv", "conv-grid", "encoder"}

// change is a candidate with what was asked for in place of what the suite says.
func (t *tournament) change(c suite.Candidate) (suite.Candidate, error) {
	for _, name := range ofOthers {
		if t.given(name) {
			return c, usage("--%s: does not change %s, which the suite has as it is; leave it out, or name models that are not the suite's", name, c.Title())
		}
	}
	for name, put := range overrides {
		if t.given(name) {
			put(t.f, &c)
		}
	}
	return c, nil
}

// other is a model that the suite does not have for the task; without a name where it is a baseline that does not suit, or what
// the suite has for other tasks alone.
func (t *tournament) other(g *game, w wanted) (one experiment.Contestant, err error) {
	name, horizon := w.name, dataset.Horizon{}
	if target := g.data.Schema.Target; !g.task.LastOnly {
		horizon.Seconds = target.Horizon
	}
	if err := t.f.stack.fits(dataset.Roles{Horizon: horizon, LastStep: g.task.LastOnly}); err != nil {
		return one, err
	}
	simple, preset, err := lookUp(name)
	if err != nil && !slices.Contains(t.section.Names(), name) {
		return one, err
	}
	if err != nil || simple {
		t.c.warn("%s does not suit task %s and is left out there", name, g.task.Name)
		return one, nil
	}
	one.Name, one.Optional, one.Bins = name, w.optional, t.f.roles.Bins
	if err := t.f.stacked(&one, preset, g.data.Schema); err != nil {
		return one, err
	}
	if t.f.options.LearningRate == 0 {
		one.Rates = suite.Rates(preset.Cell)
	}
	return one, nil
}

// run trains what is not kept of a task, and notes what was scored before anybody sees it. What goes wrong with one task does
// not keep the others from being run.
func (t *tournament) run(ctx context.Context, g *game) error {
	if g.contest == nil {
		return nil
	}
	t.c.note("task %s", g.task.Name)
	w := &course{j: &job{c: t.c}, epochs: map[string]string{}}
	var err error
	g.board, err = g.contest.Run(ctx, experiment.ContestHooks{Progress: w.progress, Warn: func(err error) {
		t.c.warn("trials are not kept: %v; the comparison goes on, and an interruption would lose them", plainly(err))
	}})
	w.end()
	switch {
	case errors.Is(err, train.ErrInterrupted) && t.f.keep == "":
		t.c.hint("interrupted; nothing was kept")
		return context.Canceled
	case errors.Is(err, train.ErrInterrupted):
		t.c.hint("interrupted; trials are kept in %s; go on with: %s", quoted(t.f.keep), t.again)
		return context.Canceled
	case err != nil:
		g.board, g.absent, g.failed = nil, err.Error(), fmt.Errorf("task %s: %w", g.task.Name, err)
		t.c.warn("%v", g.failed)
		return nil
	}
	if t.f.crossed() {
		return nil // no test figure was computed
	}
	played := suite.Played{Task: g.task, Data: g.data, Suite: t.section.Name, Program: made(), Models: g.models, Board: g.board}
	if t.altered || g.others {
		played.Suite = ""
	}
	return t.record.Add(played)
}

// suiteDocument is what compare --suite --json prints.
type suiteDocument struct {
	Suite   string     `json:"suite"`
	Tasks   []gameJSON `json:"tasks"`
	Results string     `json:"results"`
	Keep    string     `json:"keep"`
	CSV     string     `json:"csv"`
	Seconds float64    `json:"seconds"`
}

type gameJSON struct {
	Task  string `json:"task"`
	Title string `json:"title"`
	// Absent says why it was not run, such as data that are missing; Board is null then.
	Absent string           `json:"absent,omitempty"`
	Board  *compareDocument `json:"board"`
	Others []suite.Figure   `json:"others"`
	Looked looked           `json:"test_figures"`
}

// looked counts what was ever scored on a test part.
type looked struct {
	Trials         int `json:"trials"`
	Configurations int `json:"configurations"`
}

// finish writes and prints what came out.
func (t *tournament) finish(ctx context.Context) error {
	var failed error
	if t.f.csv != "" {
		if failed = t.c.save(ctx, t.f.csv, t.table); failed != nil {
			t.f.csv = ""
		}
	}
	document := suiteDocument{Suite: t.section.Name, Tasks: []gameJSON{}, Results: t.f.results, Keep: t.f.keep, CSV: t.f.csv, Seconds: time.Since(t.started).Seconds()}
	var texts []string
	for _, g := range t.games {
		held, err := t.record.Read(g.task.Name)
		if err != nil {
			return errors.Join(failed, err)
		}
		one := gameJSON{Task: g.task.Name, Title: g.task.Title, Absent: g.absent, Others: append([]suite.Figure{}, g.task.Figures()...)}
		one.Looked.Trials, one.Looked.Configurations = held.Looked()
		if t.f.crossed() { // figures of others are of the test part
			one.Others = []suite.Figure{}
		}
		if g.board != nil {
			d := t.f.document(g.task.Name, g.board, g.estimate)
			one.Board = &d
		}
		document.Tasks = append(document.Tasks, one)
		texts = append(texts, t.text(g, one.Looked))
	}
	switch text := strings.Join(texts, "\n"); {
	case t.f.json:
		return errors.Join(failed, t.c.json(document))
	case t.f.csv == "-":
		t.c.note("%s", text)
	default:
		t.c.print("%s", text)
	}
	return failed
}

// text is the leaderboard of a task, with rows of others in brackets.
func (t *tournament) text(g *game, n looked) string {
	var text strings.Builder
	if g.board == nil {
		fmt.Fprintf(&text, "%s: %s\nnot run: %s\n", g.task.Name, g.task.Title, g.absent)
		return text.String()
	}
	others, m := g.task.Others(), g.board.Metric
	if t.f.crossed() {
		others = nil
	}
	others = slices.DeleteFunc(others, func(r suite.Row) bool { _, ok := r.Mean[m.Name]; return !ok })
	slices.SortStableFunc(others, func(a, b suite.Row) int {
		switch {
		case m.Better(a.Mean[m.Name], b.Mean[m.Name]):
			return -1
		case m.Better(b.Mean[m.Name], a.Mean[m.Name]):
			return 1
		}
		return 0
	})
	for _, w := range g.board.Warnings {
		t.c.warn("%s: %s", g.task.Name, w)
	}
	text.WriteString(boardText(g.task.Name, g.board, true, others))
	if t.f.crossed() {
		text.WriteString(intervalsText(g.board))
		return text.String()
	}
	fmt.Fprintf(&text, "in brackets: figures of others; intervals: 95 %%\nseen so far: test figures of %s of %s, noted in %s\n",
		plural(n.Trials, "trial"), plural(n.Configurations, "configuration"), t.f.results)
	return text.String()
}

// table is the file of --csv: the rows of all tasks.
func (t *tournament) table(out io.Writer) error {
	var rows [][]string
	for _, g := range t.games {
		if g.board == nil {
			continue
		}
		for i, row := range tableOf(g.board) {
			switch {
			case i > 0:
				rows = append(rows, append([]string{g.task.Name}, row...))
			case len(rows) == 0:
				rows = append(rows, append([]string{"task"}, row...))
			}
		}
	}
	return csv.NewWriter(out).WriteAll(rows)
}
