package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
	"github.com/elegans-nn/elegans/train"
	"github.com/elegans-nn/elegans/wiring"
)

// defaultModel is what train builds unless told otherwise.
const defaultModel = "ltc-ncp19"

// defaultSeeds is the number of seeds of a run: enough for a spread.
const defaultSeeds = 3

// defaultWindow is the length of a training window in rows, for series that are not labelled as a whole.
const defaultWindow = 64

// trainFlags are the options of train beside roles and split.
type trainFlags struct {
	roles    dataset.Roles
	split    dataset.SplitOptions
	options  train.Options
	model    string
	wiring   string
	protocol string
	window   int
	stride   int
	metric   string
	seed     uint64
	seeds    int
	alone    bool
	resume   string
	out      string
	report   string
	workers  int
	json     bool
}

func newTrain(c *console) *cobra.Command {
	f := &trainFlags{}
	cmd := &cobra.Command{
		Use:   "train DATA",
		Short: "Train a liquid network, compare it with baselines, write a model and a report",
		Long: `Train a liquid network on irregular time series, with several seeds; compare it with baselines that could embarrass it
(last value, season, one threshold, linear or logistic regression, GRU and LSTM with as many parameters); write the model
of the seed that is best on validation, and a report that opens offline.

Scalers are fitted on the training part only, epochs and thresholds are chosen on the validation part, and every score is
of the test part. The same data, options and seed give the same model file, byte for byte, on any number of cores.

DATA is a file, a built-in name (elegans data list), or - for standard input. A checkpoint is written after each epoch, and
when the run is interrupted, to OUT.ckpt; --resume goes on from it to the same bits.`,
		Example: "  elegans train occupancy\n  elegans train rooms.csv --target occupied --time date --series room\n" +
			"  elegans train meter.csv --target load --horizon 1h --target-as-input --calendar hour,weekday --model cfc-small",
		Args:              takes("DATA"),
		ValidArgsFunction: completeData,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd, c, args[0]) },
	}
	addRoles(cmd, &f.roles)
	addSplit(cmd, &f.split)
	f.register(cmd)
	addJSON(cmd, &f.json)
	return cmd
}

func (f *trainFlags) register(cmd *cobra.Command) {
	o := &f.options
	for _, flag := range []struct {
		name, usage string
		field       any
	}{
		{"model", "`NAME` of the model (elegans models lists them); " + defaultModel + " if not given", &f.model},
		{"wiring", "`SPEC` of a wiring that replaces the model's, such as auto:19,1", &f.wiring},
		{"protocol", "`NAME` of a published protocol of a built-in data set", &f.protocol},
		{"window", fmt.Sprintf("length of a training window in `ROWS`; %d if not given, whole series where each has one label", defaultWindow), &f.window},
		{"stride", "`ROWS` between the starts of training windows; half a window if not given", &f.stride},
		{"metric", "`NAME` of the metric of the comparison; accuracy or rmse if not given", &f.metric},
		{"seed", "first `SEED`", &f.seed},
		{"seeds", fmt.Sprintf("`NUMBER` of seeds; %d if not given", defaultSeeds), &f.seeds},
		{"no-baselines", "train the model alone", &f.alone},
		{"epochs", "most passes over the training windows; a `NUMBER`, if not given what takes 1000 optimiser steps, from 4 to 40", &o.Epochs},
		{"batch", "`WINDOWS` an optimiser step; 32 if not given", &o.Batch},
		{"learning-rate", "highest learning `RATE`; 0.01 if not given", &o.LearningRate},
		{"optimiser", "`NAME`: " + strings.Join(train.Optimisers(), ", "), &o.Optimiser},
		{"schedule", "`NAME` of the learning-rate schedule: " + strings.Join(train.Schedules(), ", "), &o.Schedule},
		{"warm-up", "`SHARE` of the steps over which the rate rises", &o.WarmUp},
		{"momentum", "`MOMENTUM` of sgd; 0.9 if not given", &o.Momentum},
		{"weight-decay", "`DECAY` of the weights", &o.WeightDecay},
		{"clip-gradient", "`NORM` that gradients are clipped to; 1 if not given, none below 0", &o.Clip},
		{"patience", "`EPOCHS` without a better validation loss before stopping; 10 if not given, never below 0", &o.Patience},
		{"loss", "`NAME` of the loss: cross_entropy, squared, absolute, huber, quantile, gaussian; by the target if not given", &o.Loss},
		{"balance", "weigh classes inversely to their share", &o.Balance},
		{"resume", "`CKPT` file to go on from", &f.resume},
		{"out", "model `FILE`; ./NAME.elegans if not given", &f.out},
		{"report", "report `FILE`; ./NAME.html if not given", &f.report},
		{"workers", "`TRIALS` at once; the number of cores if not given", &f.workers},
	} {
		addFlag(cmd.Flags(), flag.name, flag.usage, flag.field)
	}
}

// job is a training run with everything decided.
type job struct {
	f       *trainFlags
	c       *console
	data    *dataset.Dataset
	spec    experiment.Spec
	audit   dataset.Audit
	resume  *experiment.Checkpoint
	command string
	started time.Time
}

func (f *trainFlags) run(cmd *cobra.Command, c *console, name string) error {
	j := &job{f: f, c: c, started: time.Now(), command: commandLine(cmd, name)}
	if err := j.prepare(cmd, name); err != nil {
		return err
	}
	out, err := j.execute(cmd.Context())
	if err != nil {
		return err
	}
	if err := j.keep(out); err != nil {
		return err
	}
	return j.print(out)
}

// prepare reads the data and decides everything, so that whatever is wrong is found before the first epoch.
func (j *job) prepare(cmd *cobra.Command, name string) error {
	f := j.f
	if err := f.check(); err != nil {
		return err
	}
	protocol, err := j.open(cmd, name)
	if err != nil {
		return err
	}
	if err := j.files(); err != nil {
		return err
	}
	split := splitOf(cmd, j.data, f.split)
	if protocol.Split != nil {
		split = *protocol.Split
	}
	s, err := j.data.Split(split)
	if err != nil {
		return err
	}
	j.audit = j.data.Audit(s)
	arch, summary, err := f.architecture(s.Schema)
	if err != nil {
		return err
	}
	j.spec = experiment.Spec{Split: s, Protocol: f.windows(protocol, j.data), Name: f.model, Summary: summary, Architecture: arch,
		Options: f.options, Metric: f.metric, Seed: f.seed, Seeds: f.seeds, NoBaselines: f.alone, Workers: f.workers}
	j.spec.Info = model.Info{Name: f.model, Data: j.data.Hash(), Version: version, Protocol: j.spec.Protocol.Name, Settings: settings(cmd)}
	return nil
}

// check fills in defaults and refuses what no data could make right.
func (f *trainFlags) check() error {
	if f.model == "" {
		f.model = defaultModel
	}
	if f.seeds == 0 {
		f.seeds = defaultSeeds
	}
	if f.workers == 0 {
		f.workers = runtime.GOMAXPROCS(0)
	}
	switch {
	case f.seeds < 1:
		return usage("--seeds %d: at least 1 is needed", f.seeds)
	case f.workers < 1:
		return usage("--workers %d: at least 1 is needed", f.workers)
	case f.window < 0 || f.stride < 0:
		return usage("--window %d --stride %d: both must be at least 1", f.window, f.stride)
	}
	if err := f.options.Check(); err != nil {
		return usage("%v", err)
	}
	if f.metric != "" {
		if _, err := metric.ByName(f.metric); err != nil {
			return usage("--metric: %v", err)
		}
	}
	return nil
}

// open reads the data by the protocol, if one is named.
func (j *job) open(cmd *cobra.Command, name string) (p dataset.Protocol, err error) {
	f := j.f
	if f.protocol == "" {
		j.data, err = dataset.Open(name, f.roles)
		return p, err
	}
	b, err := dataset.Lookup(name)
	if err != nil {
		return p, usage("--protocol %s: %q is no built-in data set, and only those have protocols", f.protocol, name)
	}
	if p, err = b.Protocol(f.protocol); err != nil {
		return p, err
	}
	j.data, err = b.OpenProtocol(p, f.roles)
	return p, err
}

// windows decides how training windows are cut.
func (f *trainFlags) windows(p dataset.Protocol, d *dataset.Dataset) dataset.Protocol {
	if p.Name == "" && !d.Roles.LastStep {
		p.Window = defaultWindow
	}
	if f.window > 0 {
		p.Window, p.TrainStride = f.window, 0
	}
	if f.stride > 0 {
		p.TrainStride = f.stride
	}
	if p.TrainStride == 0 && p.Window > 1 {
		p.TrainStride = p.Window / 2
	}
	return p
}

// architecture of the model that is named.
func (f *trainFlags) architecture(s series.Schema) (a model.Architecture, summary string, err error) {
	preset, err := cell.LookupPreset(f.model)
	if err != nil {
		return a, "", err
	}
	layer := model.Layer{Cell: preset.Cell}
	if preset.Wiring != nil {
		layer.Wiring = preset.Wiring(s.Target.Width())
	}
	if f.wiring != "" {
		if layer.Wiring == nil {
			return a, "", usage("--wiring %s: model %s has no wiring", f.wiring, f.model)
		}
		if layer.Wiring, err = wiring.Parse(f.wiring); err != nil {
			return a, "", usage("--wiring: %v", err)
		}
	}
	a.Layers = []model.Layer{layer}
	if _, err := a.Count(s); err != nil {
		return a, "", usage("%v", err)
	}
	return a, preset.Summary, nil
}

// files decides where results go and makes sure that they can be written there.
func (j *job) files() error {
	f := j.f
	base := strings.TrimSuffix(filepath.Base(j.data.Name), filepath.Ext(j.data.Name))
	if base == "-" || base == "" || base == "." {
		base = "stdin"
	}
	if f.out == "" {
		f.out = base + ".elegans"
	}
	if f.report == "" {
		f.report = base + ".html"
	}
	for _, path := range []string{f.out, f.report} {
		if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
			return usage("cannot write %s: its directory does not exist; create it, or name another file", path)
		}
	}
	if f.resume == "" {
		return nil
	}
	var err error
	j.resume, err = experiment.LoadCheckpoint(f.resume)
	if errors.Is(err, experiment.ErrCheckpoint) {
		return &dataError{err.Error()}
	}
	return err
}

func (j *job) checkpoint() string { return j.f.out + ".ckpt" }

// execute trains, and keeps a checkpoint. An interruption waits until it is written.
func (j *job) execute(ctx context.Context) (*experiment.Outcome, error) {
	defer j.c.guard()()
	bar := j.c.progress("% of the epochs", 100)
	defer bar.end()
	warned := false
	hooks := experiment.Hooks{
		Resume:   j.resume,
		Progress: func(p experiment.Progress) { show(bar, p) },
		Save: func(k *experiment.Checkpoint) error {
			if err := k.Save(j.checkpoint()); err != nil && !warned {
				j.c.warn("no checkpoint: %v; training goes on", plainly(err))
				warned = true
			}
			return nil
		},
	}
	out, err := experiment.Execute(ctx, j.spec, hooks)
	var mismatch *experiment.MismatchError
	switch {
	case errors.Is(err, train.ErrInterrupted):
		bar.end()
		if !warned {
			j.c.note("interrupted; go on with: %s --resume %s", j.command, j.checkpoint())
		}
		return nil, context.Canceled
	case errors.As(err, &mismatch):
		return nil, usage("%v", err)
	}
	return out, inputError(err, j.data.Name)
}

// show puts the state of the trials on the line, and a line below for each trial that has ended.
func show(bar *progress, p experiment.Progress) {
	values := p.Trial
	if p.Epoch != nil {
		values = fmt.Sprintf("%s  epoch %d  loss %.4f  valid %.4f", p.Trial, p.Epoch.Number, p.Epoch.Train, p.Epoch.Valid)
	}
	bar.at(100*p.Done, values)
}

// inputError turns a value that a model cannot take into an error of the data.
func inputError(err error, name string) error {
	var input *model.InputError
	if errors.As(err, &input) {
		return &table.DataError{Source: name, Msg: input.Error()}
	}
	return err
}

// keep writes model and report.
func (j *job) keep(out *experiment.Outcome) error {
	if out.Best < 0 {
		return fmt.Errorf("every seed diverged: %s; the checkpoint stays at %s", out.Subject.Runs[0].Diverged, j.checkpoint())
	}
	best := out.Subject.Runs[out.Best].Model
	if err := j.c.save(j.f.out, best.Write); err != nil {
		return fmt.Errorf("%w; nothing is lost: free space and go on with --resume %s", err, j.checkpoint())
	}
	page, err := out.Page(j.pageOptions(out))
	if err != nil {
		return err
	}
	return j.c.save(j.f.report, page.WriteHTML)
}

// settings are the flags that were given, for the model file: what the result depends on, no paths and no machine.
func settings(cmd *cobra.Command) map[string]string {
	list := map[string]string{}
	for _, name := range flagNames(cmd) {
		flag := cmd.Flags().Lookup(name)
		switch name {
		case "out", "report", "resume", "workers", "json", "quiet", "help":
		default:
			if flag.Changed {
				list[name] = flag.Value.String()
			}
		}
	}
	return list
}

// commandLine is the command as it was typed, without what says where results go.
func commandLine(cmd *cobra.Command, name string) string {
	line := "elegans train " + quoted(name)
	given := settings(cmd)
	for _, flag := range flagNames(cmd) {
		value, ok := given[flag]
		switch {
		case !ok:
		case cmd.Flags().Lookup(flag).Value.Type() == "bool":
			line += " --" + flag
		default:
			line += " --" + flag + " " + quoted(strings.Trim(value, "[]"))
		}
	}
	return line
}

// quoted protects a word from the shell.
func quoted(word string) string {
	if word != "" && !strings.ContainsAny(word, " \t\"'$&|;<>()*?!`\\#~") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
