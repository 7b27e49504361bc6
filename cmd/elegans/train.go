package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// defaultModel is what train builds unless told otherwise.
const defaultModel = "ltc-ncp19"

// defaultSeeds is the number of seeds of a run: enough for a spread.
const defaultSeeds = 3

// defaultWindow is the length of a training window in rows, for series that are not labelled as a whole.
const defaultWindow = 64

// trainFlags are the options of train.
type trainFlags struct {
	roles     dataset.Roles
	split     dataset.SplitOptions
	options   train.Options
	quantiles []float64
	weights   map[string]float64 // of classes
	rates     map[string]float64 // of groups of parameters
	model     string
	stack     stackFlags
	wiring    string
	protocol  string
	window    int
	stride    int
	metric    string
	seed      uint64
	seeds     int
	average   bool
	alone     bool
	resume    string
	out       string
	report    string
	workers   int
	json      bool
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

DATA is a file, a built-in name (elegans data list), or - for standard input. A checkpoint is written to OUT.ckpt after
each epoch and when the run is interrupted; --resume goes on from it, with the same options, to the same bits. It may be
deleted when the model is there.`,
		Example: "  elegans train occupancy\n  elegans train rooms.csv --target occupied --time date --series room\n" +
			"  elegans train meter.csv --target load --horizon 1h --target-as-input --calendar hour,weekday --model cfc-small\n" +
			"  elegans train occupancy --layers 2 --residual --norm layer --feed-forward glu --dropout 0.1\n" +
			"  elegans train scans.csv --target steering --conv scan --model cfc-small\n" +
			"  elegans train occupancy --seeds 5 --average",
		Args: takes("DATA"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, c, args[0]) },
	}
	f.register(cmd)
	return cmd
}

// register adds the flags to a command, but for those that have no say in it.
func (f *trainFlags) register(cmd *cobra.Command, but ...string) {
	addRoles(cmd, &f.roles)
	addSplit(cmd, &f.split)
	addFlag(cmd.Flags(), "model", "`NAME` of the model (elegans models lists them); "+defaultModel+" if not given", &f.model)
	addFlag(cmd.Flags(), "wiring", "`SPEC` of a wiring that replaces the model's, such as auto:19,1", &f.wiring)
	f.stack.register(cmd)
	o := &f.options
	for _, flag := range []struct {
		name, usage string
		field       any
	}{
		{"protocol", "`NAME` of a published protocol of a built-in data set", &f.protocol},
		{"window", fmt.Sprintf("length of a training window in `ROWS`; %d if not given, whole series where each has one label", defaultWindow), &f.window},
		{"stride", "`ROWS` between the starts of training windows; half a window if not given", &f.stride},
		{"metric", "`NAME` of the metric of the comparison; that of a built-in data set, accuracy or rmse if not given", &f.metric},
		{"seed", "first `SEED`", &f.seed},
		{"seeds", fmt.Sprintf("`NUMBER` of seeds; %d if not given", defaultSeeds), &f.seeds},
		{"average", "write the average of all seeds in place of the best one: one model that predicts their mean, with the parameters of all", &f.average},
		{"no-baselines", "train the model alone", &f.alone},
		{"epochs", "`NUMBER` of passes over the training windows at most; what takes 320 to 1000 optimiser steps if not given", &o.Epochs},
		{"batch", "`WINDOWS` an optimiser step; a quarter of them, 4 to 32, if not given", &o.Batch},
		{"learning-rate", "highest learning `RATE`; 0.01 for a class and 0.02 for a number if not given", &o.LearningRate},
		{"rate", "`RATES` of parameters by a part of their name, such as tau=0.001,readout=0.02; elegans inspect MODEL --program lists the names", numbersByName{&f.rates}},
		{"optimiser", "`NAME`: " + strings.Join(train.Optimisers(), ", "), oneOf[string]{&o.Optimiser, train.Optimisers()}},
		{"schedule", "`NAME` of the learning-rate schedule: " + strings.Join(train.Schedules(), ", "), oneOf[string]{&o.Schedule, train.Schedules()}},
		{"warm-up", "`SHARE` of the steps over which the rate rises", &o.WarmUp},
		{"curriculum", "`SHARE` of the epochs in which long windows are held back, the first epoch with the shortest alone", &o.Curriculum},
		{"momentum", "`MOMENTUM` of sgd, 0 to below 1; 0.9 if not given", &o.Momentum},
		{"kappa", "`KAPPA` of obgd, which divides its steps where they would overshoot; 2 if not given", &o.Kappa},
		{"weight-decay", "`DECAY` of the weights", &o.WeightDecay},
		{"clip-gradient", "`NORM` that gradients are clipped to, 0 for no bound; 1 if not given", &o.Clip},
		{"patience", "`EPOCHS` without a better validation loss before stopping, 0 for never; 10 or a quarter of the epochs if not given", &o.Patience},
		{"loss", "`NAME` of the loss: cross_entropy for classes; squared, absolute, huber, quantile or gaussian for numbers", oneOf[string]{&o.Loss, losses(series.Classify, series.Regress)}},
		{"quantiles", "`LEVELS` that --loss quantile predicts, by comma; 0.1,0.5,0.9 if not given", levels(&f.quantiles)},
		{"huber-delta", "`SIZE` of an error beyond which huber grows linearly, in standard deviations; 1 if not given", &o.HuberDelta},
		{"last", "keep the last epoch, whatever the validation part says", &o.Last},
		{"refit", "train again, on the training and the validation part together, for as many epochs as validation has chosen", &o.Refit},
		{"balance", "weigh classes inversely to their share", &o.Balance},
		{"class-weights", "`WEIGHTS` of classes in the loss, such as no=1,yes=3; 1 where not given", numbersByName{&f.weights}},
		{"resume", "`CKPT` file to go on from", &f.resume},
		{"out", "model `FILE`; ./NAME.elegans if not given", &f.out},
		{"report", "report `FILE`, or none; ./NAME.html if not given", &f.report},
		{"workers", "`TRIALS` at once; the number of cores if not given", &f.workers},
		{"memory", "`SIZE` that the values of a batch may take in each trial, such as 64MB; what exceeds it is computed twice; no bound if not given", amount{&o.Memory}},
	} {
		if !slices.Contains(but, flag.name) {
			addFlag(cmd.Flags(), flag.name, flag.usage, flag.field)
		}
	}
	addJSON(cmd, &f.json)
}

// usualQuantiles are the median and the band that holds four fifths.
var usualQuantiles = []float64{0.1, 0.5, 0.9}

// levels is a flag for quantiles.
func levels(value *[]float64) *numberList {
	return &numberList{value, "LEVELS", "is no list of levels; write numbers between 0 and 1 that ascend, such as 0.1,0.5,0.9", func(before []float64, v float64) bool {
		return v > 0 && v < 1 && (len(before) == 0 || v > before[len(before)-1])
	}}
}

// check fills in defaults and refuses what no data could make right.
func (f *trainFlags) check(cmd *cobra.Command) error {
	zero := func(name string) bool {
		flag := cmd.Flags().Lookup(name)
		return flag.Changed && flag.Value.String() == "0"
	}
	for _, name := range []string{"seeds", "window", "stride", "epochs", "batch", "workers", "learning-rate", "huber-delta", "layers", "encoder"} {
		if zero(name) || strings.HasPrefix(cmd.Flags().Lookup(name).Value.String(), "-") {
			return usage("--%s %s: must be greater than 0", name, cmd.Flags().Lookup(name).Value)
		}
	}
	// Options call their defaults 0 and what switches something off a negative number.
	if zero("momentum") {
		f.options.Momentum = -1
	}
	if zero("clip-gradient") {
		f.options.Clip = -1
	}
	if zero("patience") {
		f.options.Patience = -1
	}
	if f.model == "" {
		f.model = defaultModel
	}
	if f.seeds == 0 {
		f.seeds = defaultSeeds
	}
	if f.workers == 0 {
		f.workers = runtime.GOMAXPROCS(0)
	}
	if err := f.options.Check(); err != nil {
		return usage("%v", err)
	}
	if f.average && f.seeds < 2 {
		return usage("--average: there is nothing to average with --seeds %d; train at least 2 seeds, or leave it out", f.seeds)
	}
	if f.average && f.stack.block.Bidirectional {
		return usage("--average: runs its members from row to row, which a bidirectional model cannot; leave out one of the two")
	}
	if err := f.stack.check(); err != nil {
		return err
	}
	if f.stack.block.Bidirectional && f.options.Memory > 0 {
		return usage("--memory: a bidirectional model keeps all rows of a batch; leave it out, or make --batch or --window smaller")
	}
	return f.checkNames()
}

// checkNames refuses names that nothing bears, and combinations that contradict each other.
func (f *trainFlags) checkNames() error {
	if f.metric != "" {
		if _, err := metric.ByName(f.metric); err != nil {
			return usage("--metric %q: is unknown%s (known: %s)", f.metric, suggestion(f.metric, "", metricNames(nil)), strings.Join(metricNames(nil), ", "))
		}
	}
	if len(f.quantiles) > 0 && f.options.Loss == "" {
		f.options.Loss = "quantile"
	}
	if len(f.quantiles) > 0 && f.options.Loss != "quantile" {
		return usage("--quantiles %v: --loss %s predicts none; leave out one of the two", levels(&f.quantiles), f.options.Loss)
	}
	if f.options.Loss == "quantile" && len(f.quantiles) == 0 {
		f.quantiles = usualQuantiles
	}
	toOutput := 0
	for _, is := range []bool{f.out == "-", f.report == "-", f.json} {
		if is {
			toOutput++
		}
	}
	if toOutput > 1 {
		return usage("standard output takes one of --out -, --report - and --json; name files for the others")
	}
	return nil
}

// metricNames lists the metrics of a target, or all.
func metricNames(t *series.Target) (names []string) {
	targets := []series.Target{{Task: series.Classify}, {Task: series.Regress}, {Task: series.Regress, Quantiles: usualQuantiles}, {Task: series.Regress, Gaussian: true}}
	if t != nil {
		targets = []series.Target{*t}
	}
	for _, t := range targets {
		for _, m := range metric.For(t) {
			if !slices.Contains(names, m.Name) {
				names = append(names, m.Name)
			}
		}
	}
	return names
}

// target sets what the loss says about the target, and refuses a loss or a metric that it does not have.
func (f *trainFlags) target(t *series.Target) error {
	if t.Task == series.Regress {
		t.Gaussian = f.options.Loss == "gaussian"
		t.Quantiles = f.quantiles
	}
	if names := losses(t.Task); f.options.Loss != "" && !slices.Contains(names, f.options.Loss) {
		return usage("--loss %s: does not fit target %q, which is to be %s; allowed: %s", f.options.Loss, t.Name, asked(t.Task), strings.Join(names, ", "))
	}
	if names := metricNames(t); f.metric != "" && !slices.Contains(names, f.metric) {
		return usage("--metric %s: does not fit target %q, which is to be %s; allowed: %s", f.metric, t.Name, asked(t.Task), strings.Join(names, ", "))
	}
	return f.learning(t)
}

func asked(t series.Task) string {
	if t == series.Classify {
		return "classified"
	}
	return "predicted as a number"
}
