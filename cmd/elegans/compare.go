package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/baseline"
	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/suite"
)

// comparedModels are those that compare takes unless told otherwise, with every simple baseline that suits the data.
var comparedModels = []string{defaultModel, "cfc", "gru", "lstm"}

// allModels stands for one network of every cell and every simple baseline that suits the data.
const allModels = "all"

// compareFlags are the options of compare: those of train but for what belongs to one model, and its own.
type compareFlags struct {
	trainFlags
	models []string
	match  experiment.Goal
	tune   int
	oneRow bool
	keep   string
	csv    string
	folds  int
	shares []float64

	suite   string // a suite of tasks instead of one data set
	data    string
	tasks   []string
	results string
}

// ofSuite are the flags that mean nothing without --suite.
var ofSuite = []string{"data", "tasks", "results"}

// notCompared are the flags of train that belong to one model.
var notCompared = []string{"model", "wiring", "average", "no-baselines", "rate", "resume", "out", "report"}

// compareLong is what the help says.
func compareLong() string {
	return `Train every model on the same splits with the same budget and several seeds, and print a leaderboard: the metric on the test
part as mean ± sd over seeds, the difference to the best with 95 % intervals (Student's t, paired by seed; and a block
bootstrap over the test series), parameters, FLOPs and microseconds a step, seconds a training. A run that diverges counts
with the score of the constant baseline (majority or mean); it is never left out.

A model is anything that elegans models lists, a cell in lower case, or a simple baseline:
` + strings.Join(baseline.Names(), ", ") + `.
all stands for one network of every cell, the first that elegans models lists, and for every simple baseline that suits. A
network of these that cannot take part is left out and named, such as one that --match finds no size for, or one that cannot
take a gap as long as the data have. Of a model that is named itself that is an error.

Every network is fed, for columns with gaps, whether they were observed, unless its cell takes missing values itself. One
whose cell has no notion of time is fed log(1 + dt) as well, and a second row NAME-no-dt shows it without either.

Epochs and thresholds are chosen on the validation part; so is what --tune tries. Each finished trial is kept under
a key of data, options, seed and version, in --keep: an interrupted comparison goes on when the same command is given
again, and several at once share their trials. The directory may be deleted at any time. How long it will take is said
before it begins.

With --folds it is cross-validated over everything outside the test part, which is not scored then: fold k scores every
K-th series (or file, as --split says) from k on, in the order of the data and within each class where a series has one, and
trains on the others; what is split in time is cut into K stretches of each series. Nothing is chosen by what is scored:
the last of all epochs is kept, so that --epochs is one of the settings to compare; thresholds are one half, the penalties
of simple baselines their plain ones. The score is the mean over folds, ± its sd over seeds, beside its sd over
folds; differences are paired by fold and seed.

With --shares every model is trained on each of these shares of the training part, or of that of each fold: would more data
help? It is a share of the series, drawn by --split-seed, each within the larger ones; of what is split in time the rows
nearest to what is scored. Epochs are as many more that every share takes as many optimiser steps.

With --suite it runs the tasks of published comparisons instead, each on its own split with candidates of its own, and
prints a leaderboard for each with the figures of others beside. Data that the program does not hold are read from --data;
a task without its data is reported as not run. Where a candidate has several learning rates the first seed is trained
with all, and the validation part chooses. Every trial whose test figure was computed is noted in --results, from which
elegans results writes its page; a run with other models or options is noted there and changes no table. Options that are
given replace those of the candidates. With --folds nothing is noted; what a task names as one, such as a person with many
windows or a trace and its mirror image, is in one fold, what has fewer series than folds is cut in time, and each of
several learning rates is a row, NAME@RATE. Scalers are fitted to what a fold trains on where DATA is given, and for tasks
of whole series; tasks with other scalers keep those of their training part.`
}

func newCompare(c *console) *cobra.Command {
	f := &compareFlags{}
	cmd := &cobra.Command{
		Use:   "compare DATA",
		Short: "Train many models on the same splits and rank them",
		Long:  compareLong(),
		Example: "  elegans compare occupancy\n" +
			"  elegans compare occupancy --models ltc-ncp19,cfc,gru,lstm,logistic --seeds 5 --match params=2000\n" +
			"  elegans compare occupancy --models all,ltc-fc32 --match params=2000 --epochs 10\n" +
			"  elegans compare rooms.csv --target occupied --series room --models ltc,gru --tune 8 --csv table.csv --json\n" +
			"  elegans compare rooms.csv --target occupied --series room --split group --models cfc,gru --folds 5 --shares 0.25,0.5,1\n" +
			"  elegans compare --suite peers --data data --tasks cgm,lidar --seeds 5\n" +
			"  elegans compare --suite peers --data data --tasks cmapss --models cfc-small-sums-x5 --folds 5 --seeds 3 --epochs 20",
		Args: func(cmd *cobra.Command, args []string) error {
			if f.suite != "" && len(args) > 0 {
				return usage("%s: --suite %s brings its own data; leave out one of the two", args[0], f.suite)
			}
			if f.suite != "" {
				return nil
			}
			return takes("DATA")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.suite != "" {
				return f.compareSuite(cmd, c)
			}
			return f.compare(cmd, c, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.models, "models", nil, "`NAMES` of models and baselines, by comma, or all; "+strings.Join(comparedModels, ",")+" and every baseline that suits if not given")
	addFlag(flags, "match", "`GOAL` that the size of every network is chosen for, such as params=2000 or flops=5000", goal{&f.match})
	addFlag(flags, "tune", "`NUMBER` of configurations of learning rate and size that are tried for each network, the given one among them", &f.tune)
	addFlag(flags, "one-row", "no second row, without time and masks, for networks without a notion of time", &f.oneRow)
	addFlag(flags, "folds", "`NUMBER` of folds of cross-validation over all but the test part, which is not looked at then; none if not given", &f.folds)
	addFlag(flags, "shares", "`SHARES` of the training part that every model is trained on, by comma, such as 0.25,0.5,1; all of it if not given", shares(&f.shares))
	addFlag(flags, "csv", "table `FILE`; none if not given", &f.csv)
	addFlag(flags, "report", "report `FILE`, or none; ./NAME-compare.html if not given", &f.report)
	addFlag(flags, "keep", "`DIR` in which trials are kept; one of the user's cache if not given", &f.keep)
	addFlag(flags, "suite", "`NAME` of tasks of published comparisons, instead of DATA: "+strings.Join(suite.Suites(), ", "), oneOf[string]{&f.suite, suite.Suites()})
	addFlag(flags, "data", "`DIR` that holds the data of --suite which the program does not", &f.data)
	addFlag(flags, "tasks", "`NAMES` of tasks of --suite, by comma; all if not given", &f.tasks)
	addFlag(flags, "results", "`DIR` of the files in which --suite notes what was scored; "+resultsDir+" if not given", &f.results)
	f.register(cmd, notCompared...)
	return cmd
}

// goal is a flag that experiment.ParseGoal reads.
type goal struct{ value *experiment.Goal }

func (f goal) String() string {
	if f.value == nil {
		return ""
	}
	return f.value.String()
}

func (f goal) Type() string { return "GOAL" }

func (f goal) Set(text string) (err error) {
	*f.value, err = experiment.ParseGoal(text)
	return err
}

// values are the beginnings, for completion.
func (f goal) values() (list []string) {
	for _, q := range experiment.Quantities() {
		list = append(list, q+"=")
	}
	return list
}

// comparison is a run of compare with everything decided.
type comparison struct {
	*job
	f        *compareFlags
	contest  contest
	estimate experiment.Estimate
}

func (f *compareFlags) compare(cmd *cobra.Command, c *console, name string) error {
	x := &comparison{job: &job{f: &f.trainFlags, c: c, started: time.Now()}, f: f}
	if err := x.prepare(cmd, name); err != nil {
		return err
	}
	x.tell()
	for _, l := range placed(x.contest.LeftOut(), x.data) {
		x.c.warn("%s is left out: %s", l.Name, l.Reason())
	}
	if err := x.foretell(cmd.Context()); err != nil {
		return err
	}
	board, err := x.run(cmd.Context())
	if err != nil {
		return err
	}
	return x.finish(cmd.Context(), board)
}

// prepare reads the data and decides everything, so that whatever is wrong is found before the first epoch.
func (x *comparison) prepare(cmd *cobra.Command, name string) error {
	f := x.f
	for _, flag := range ofSuite {
		if cmd.Flags().Changed(flag) {
			return usage("--%s: belongs to --suite; leave it out, or name a suite in place of %s", flag, name)
		}
	}
	x.command = commandLine(cmd, []string{"compare", name}, outcomeFlag)
	x.again = commandLine(cmd, []string{"compare", name}, func(string) bool { return true })
	if err := f.checkCompared(cmd, nil); err != nil {
		return err
	}
	if err := x.places(name); err != nil {
		return err
	}
	x.fold.Of = f.folds
	s, protocol, err := x.divide(cmd, name)
	if err != nil {
		return err
	}
	if f.tune > 1 && len(s.Valid) == 0 && protocol.DrawValid <= 0 {
		return usage("--tune %d: the validation part is empty, and nothing else may choose among configurations; give --valid a share, or do not tune", f.tune)
	}
	models, err := f.contestants(s.Schema)
	if err != nil {
		return err
	}
	x.spec.Split, x.spec.Protocol = s, f.windows(protocol, x.data.Roles.LastStep)
	spec := experiment.ContestSpec{Schema: s.Schema, Parts: experiment.Cut(s, x.spec.Protocol), Models: models, Options: f.options, Metric: f.metric}
	spec.Info.Data, spec.Info.Protocol = x.data.Hash(), x.spec.Protocol.Name
	if spec = f.asked(spec); f.crossed() {
		x.contest, err = x.cross(spec)
		return err
	}
	x.contest, err = experiment.NewContest(spec)
	return f.refused(err, x.data)
}

// asked is a contest with what the flags ask of any.
func (f *compareFlags) asked(spec experiment.ContestSpec) experiment.ContestSpec {
	spec.Seed, spec.Seeds, spec.Match, spec.Tune, spec.OneRow, spec.Workers, spec.Keep = f.seed, f.seeds, f.match, f.tune, f.oneRow, f.workers, f.keep
	spec.Info.Version = made()
	return spec
}

// refused names the flag that a contest cannot be made with.
func (f *compareFlags) refused(err error, d *dataset.Dataset) error {
	var unmatched *experiment.UnmatchedError
	var unsuited *experiment.UnsuitedError
	switch {
	case errors.As(err, &unmatched):
		return usage("--match %s: %v", f.match, err)
	case errors.As(err, &unsuited):
		return usage("--models: %v", err)
	}
	return inputError(err, d)
}

// placed says of a row because of which a model is left out where it stands in the data.
func placed(list []experiment.LeftOut, d *dataset.Dataset) []experiment.LeftOut {
	for i, l := range list {
		list[i].Err = inputError(l.Err, d)
	}
	return list
}

// made is the version with the revision of the source, or where the build noted none, or one that was modified, with a hash
// of the program: another one may train otherwise, and is not to take what this one kept.
var made = sync.OnceValue(func() string {
	b := build()
	if b.Revision != "" && !b.Modified {
		return b.Version + "+" + b.Revision
	}
	path, err := os.Executable()
	if err != nil {
		return b.Version
	}
	f, err := os.Open(path)
	if err != nil {
		return b.Version
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return b.Version
	}
	return b.Version + "+" + hex.EncodeToString(h.Sum(nil)[:8])
})

// checkCompared refuses what cannot be meant so. own are names of models that a suite has besides those that all know.
func (f *compareFlags) checkCompared(cmd *cobra.Command, own []string) error {
	if cmd.Flags().Changed("tune") && f.tune < 1 {
		return usage("--tune %d: must be 1 (the given configuration alone) or more", f.tune)
	}
	if err := f.check(cmd); err != nil {
		return err
	}
	if err := f.checkCross(cmd); err != nil {
		return err
	}
	if f.csv == "-" && (f.json || f.report == "-") {
		return usage("standard output takes one of --csv -, --report - and --json; name files for the others")
	}
	as := map[string]string{} // how a model was spelled
	for _, name := range f.models {
		key := name
		if name != allModels && !slices.Contains(own, name) {
			simple, preset, err := lookUp(name)
			if err != nil {
				return err
			}
			if !simple {
				key = preset.Name
			}
		}
		switch before, twice := as[key]; {
		case twice && before == name:
			return usage("--models: %s is named twice; name each model once", name)
		case twice:
			return usage("--models: %s and %s are one model, %s; name each model once", before, name, key)
		}
		as[key] = name
	}
	return nil
}

// lookUp finds a model by name: a preset, a simple baseline, or a cell in lower case, in this order.
func lookUp(name string) (simple bool, preset cell.Preset, err error) {
	preset, err = cell.LookupPreset(name)
	if slices.Contains(baseline.Names(), name) && (err != nil || preset.Name != name) {
		return true, cell.Preset{}, nil
	}
	var unknown *cell.UnknownError
	if errors.As(err, &unknown) {
		err = &cell.UnknownError{Kind: "model", Name: name, Known: compareNames()}
	}
	return false, preset, err
}

// compareNames lists what --models takes.
func compareNames() (names []string) {
	for _, p := range cell.Presets() {
		names = append(names, p.Name)
	}
	return append(append(names, baseline.Names()...), allModels)
}

// wanted is a model by name. One that nobody named, and that all stands for, is optional.
type wanted struct {
	name     string
	optional bool
}

// wanted are the models that were asked for, or usual if none was. simple are the baselines that suit.
func (f *compareFlags) wanted(usual, simple []string) (list []wanted) {
	names, said := f.models, map[string]bool{}
	if len(names) == 0 {
		names = usual
	}
	for _, name := range names {
		said[name] = true
		if simple, preset, err := lookUp(name); err == nil && !simple {
			said[preset.Name] = true
		}
	}
	for _, name := range names {
		if name != allModels {
			list = append(list, wanted{name, false})
			continue
		}
		for _, p := range cell.FirstPresets() {
			if !said[p.Name] {
				list = append(list, wanted{p.Name, true})
			}
		}
		for _, name := range simple {
			if !said[name] {
				list = append(list, wanted{name, false})
			}
		}
	}
	return list
}

// contestants are the models that were asked for.
func (f *compareFlags) contestants(s series.Schema) (list []experiment.Contestant, err error) {
	var simple []string
	for _, b := range baseline.For(s) {
		simple = append(simple, b.Name)
	}
	for _, w := range f.wanted(slices.Concat(comparedModels, simple), simple) {
		isSimple, preset, err := lookUp(w.name)
		if err != nil {
			return nil, err
		}
		one := experiment.Contestant{Name: w.name, Optional: w.optional}
		if !isSimple {
			if err := f.stacked(&one, preset, s); err != nil {
				return nil, err
			}
		}
		list = append(list, one)
	}
	return list, nil
}

// stacked gives a contestant the architecture of a preset with what was asked for around it. Of one that is optional an error is why
// it is left out.
func (f *compareFlags) stacked(one *experiment.Contestant, p cell.Preset, s series.Schema) (err error) {
	if one.Architecture, one.Summary, err = f.stack.architecture(p, f.wiring, s); err == nil {
		return nil
	}
	if one.Optional {
		one.Absent = err
		return nil
	}
	return fmt.Errorf("model %s: %w", one.Name, err)
}

// places decides where results go and makes sure that they can be written there.
func (x *comparison) places(name string) error {
	f := x.f
	if f.report = reportFile(f.report, baseName(name)+"-compare.html"); f.crossed() {
		f.report = ""
	}
	x.piped = f.report == "-" || f.csv == "-"
	written := slices.DeleteFunc([]string{f.report, f.csv}, func(path string) bool { return path == "" })
	if len(written) == 2 && filepath.Clean(f.csv) == filepath.Clean(f.report) && f.csv != os.DevNull {
		return usage("--csv and --report are both %s; name two files", f.csv)
	}
	for _, path := range written {
		if err := checkWritable(path, name); err != nil {
			return err
		}
	}
	return f.place(x.c)
}

// place makes the directory in which trials are kept.
func (f *compareFlags) place(c *console) error {
	if f.keep != "" {
		return c.makeDir(f.keep)
	}
	cache, err := os.UserCacheDir()
	if err == nil {
		f.keep = filepath.Join(cache, "elegans", "trials")
		err = os.MkdirAll(f.keep, 0o755)
	}
	if err != nil {
		c.warn("trials are not kept (%v), and an interruption would lose them; --keep DIR names a directory for them", plainly(err))
		f.keep = ""
	}
	return nil
}
