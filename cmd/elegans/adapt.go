package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/drift"
	"github.com/elegans-nn/elegans/journal"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// adaptRate and adaptOptimiser are those of adapt unless told otherwise: a tenth of the rate of training, since each step follows
// one label and not the mean over a batch, and no memory, so that a step is small where the error is.
const adaptRate, adaptOptimiser = 0.001, "sgd"

// adaptFlags are the options of adapt.
type adaptFlags struct {
	roles    dataset.Roles
	target   string
	delay    dataset.Horizon
	options  train.Options
	rates    map[string]float64
	live     dataset.Horizon
	adapter  string
	own      float64 // rate of adapter
	combine  string
	ridge    float64
	guard    bool
	alpha    float64
	watch    []string
	coverage float64
	protect  online.ProtectOptions
	pending  int
	memory   int
	journal  string
	sync     string
	out      string
	outOf    string
	report   string
	heldOut  string
	rule     string
	window   int
	json     bool
}

func newAdapt(c *console) *cobra.Command {
	f := &adaptFlags{}
	cmd := &cobra.Command{
		Use:   "adapt MODEL DATA",
		Short: "Predict a stream and learn from its labels as they come",
		Long: `Predict a stream row by row, and learn from each label when it comes: after --delay, and after the prediction that it is
for. So every score is that of rows which nothing was learned from yet. The weights follow exact gradients through the
whole history of the stream (real-time recurrent learning); MODEL itself is never changed.

DATA is a file or a built-in name, whose rows are taken in the order of their times, or - for JSON lines on standard input,
one row each, as they come. There a label is a value of the target's column, in its row or, where the model predicts ahead,
in the row that it was predicted for; or a line {"id": 17, "label": 3.2} about a prediction. Of a model of several values
each has a column of its name, and such a line names them: {"id": 17, "label": {"heat": 3.2, "flow": null}}. Predictions go
to standard output as JSON lines: id, series and time where there are such, prediction, what the model says beside it, and
the interval low, high that holds --coverage of the labels.

--journal keeps every row, label and update: the same command goes on where it was ended, killed or cut off from power, and
elegans journal shows, replays and takes back what was learned. --guard lets the learning copy serve only when it has shown
to be better, and sets it back when it is worse.`,
		Example: "  elegans adapt glucose.elegans stream.csv --target glucose --delay 30m --journal ./journal > predictions.jsonl\n" +
			"  tail -f events.jsonl | elegans adapt model.elegans - --target y > predictions.jsonl\n" +
			"  elegans adapt rooms.elegans rooms.csv --guard --out adapted.elegans --json",
		Args: takes("MODEL", "DATA"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, c, args[0], args[1]) },
	}
	f.register(cmd)
	return cmd
}

func (f *adaptFlags) register(cmd *cobra.Command) {
	o := &f.options
	for _, flag := range []struct {
		name, usage string
		field       any
	}{
		{"target", "`COLUMN` of the labels; that of training if not given", &f.target},
		{"delay", "`SPAN` from a row to the arrival of its label, such as 30m or 3rows; the model's horizon if not given", horizon{&f.delay}},
		{"journal", "`DIR` of the journal to begin or to go on with; none if not given", &f.journal},
		{"sync", "`POLICY` by which the journal is safe from loss of power: record, interval (1 s) or never; interval if not given", oneOf[string]{&f.sync, policies()}},
		{"out", "`FILE` for the adapted model; none if not given", &f.out},
		{"out-series", "`SERIES` whose own --adapter is written into the model of --out; none if not given", &f.outOf},
		{"report", "report `FILE`; none if not given", &f.report},
		{"held-out", "`FILE` of earlier data with labels, on which MODEL and the adapted model are compared: what was forgotten", &f.heldOut},
		{"rule", "`NAME` of the rule for gradients: " + strings.Join(ruleNames(), ", ") + "; " + ruleNames()[0] + ", which is exact, if not given", oneOf[string]{&f.rule, ruleNames()}},
		{"window", "`ROWS` that the rule tbptt goes back; 16 if not given", &f.window},
		{"optimiser", "`NAME`: " + strings.Join(train.Optimisers(), ", ") + "; " + adaptOptimiser + " if not given", oneOf[string]{&o.Optimiser, train.Optimisers()}},
		{"learning-rate", fmt.Sprintf("learning `RATE`; %g if not given", adaptRate), &o.LearningRate},
		{"rate", "`RATES` of parameters by a part of their name, such as tau=0.0001; elegans inspect MODEL --program lists the names", numbersByName{&f.rates}},
		{"momentum", "`MOMENTUM` of sgd, 0 to below 1; 0 if not given", &o.Momentum},
		{"clip-gradient", "`NORM` that gradients are clipped to, 0 for no bound; 1 if not given", &o.Clip},
		{"adapter", "`KIND` of what each series has of its own: " + kindsText() + "; outputs if --adapter-rate is given, else nothing", oneOf[string]{&f.adapter, kinds()}},
		{"adapter-rate", fmt.Sprintf("learning `RATE` of --adapter; %g if not given", adaptRate), &f.own},
		{"combine", "`WHAT` is combined with the forecast by least squares, for each series its own: " + lastValueName + "; nothing if not given", oneOf[string]{&f.combine, []string{lastValueName}}},
		{"combine-ridge", "`NUMBER` of labels that the forecast alone counts as much as, when --combine begins; 10 if not given", &f.ridge},
		{"guard", "serve the learning copy only when it has shown to be better", &f.guard},
		{"guard-alpha", "`RATE` of false decisions of --guard, a block of 16 labels; 0.01 if not given", &f.alpha},
		{"drift", "`WATCH` for changes, such as error, inputs, state, or \"error=KSWIN alpha 0.001\"; may be given again; all three by ADWIN if not given, none for none", &f.watch},
		{"coverage", "`SHARE` of the labels that intervals are to hold; 0.9 if not given", &f.coverage},
		{"anchor", "`STRENGTH` of the pull to the weights of MODEL; none if not given", &f.protect.Anchor},
		{"elastic", "`STRENGTH` of the pull to weights that mattered before the last drift of the error; none if not given", &f.protect.Elastic},
		{"reservoir", "`NUMBER` of old stretches that are kept and learned again; none if not given", &f.protect.Reservoir},
		{"live", "`SPAN` that a prediction waits for its label; as long as there is room if not given", horizon{&f.live}},
		{"pending", "`NUMBER` of predictions that wait at most; 10000 if not given", &f.pending},
		{"memory", "`SIZE` that the gradients of waiting predictions may take; 64MiB if not given", amount{&f.memory}},
	} {
		addFlag(cmd.Flags(), flag.name, flag.usage, flag.field)
	}
	addReading(cmd, &f.roles)
	addJSON(cmd, &f.json)
	cmd.Flags().Lookup("json").Usage = "print one JSON document with the scores in place of the predictions"
}

// lastValueName is what --combine knows.
const lastValueName = "last-value"

// kinds are those of --adapter, and kindsText is what they are.
func kinds() (names []string) {
	for _, k := range model.PersonalKinds() {
		names = append(names, k.Name)
	}
	return names
}

func kindsText() string {
	var list []string
	for _, k := range model.PersonalKinds() {
		list = append(list, fmt.Sprintf("%s (%s)", k.Name, k.Summary))
	}
	return strings.Join(list, ", ")
}

func ruleNames() (names []string) {
	for _, r := range online.Rules() {
		names = append(names, r.Name)
	}
	return names
}

func policies() (names []string) {
	for _, p := range []journal.Policy{journal.EveryRecord, journal.EveryInterval, journal.Never} {
		names = append(names, p.String())
	}
	return names
}

// check refuses what no data could make right.
func (f *adaptFlags) check(cmd *cobra.Command) error {
	zero := func(name string) bool {
		flag := cmd.Flags().Lookup(name)
		return flag.Changed && flag.Value.String() == "0"
	}
	for _, name := range []string{"learning-rate", "guard-alpha", "coverage", "pending", "adapter-rate", "combine-ridge", "anchor", "elastic", "reservoir", "window"} {
		if zero(name) || strings.HasPrefix(cmd.Flags().Lookup(name).Value.String(), "-") {
			return usage("--%s %s: must be greater than 0", name, cmd.Flags().Lookup(name).Value)
		}
	}
	if f.options.Optimiser == "" {
		f.options.Optimiser = adaptOptimiser
	}
	if zero("clip-gradient") {
		f.options.Clip = -1
	}
	if f.options.LearningRate == 0 {
		f.options.LearningRate = adaptRate
	}
	if f.adapter != "" && f.own == 0 {
		f.own = adaptRate
	}
	if f.own > 0 {
		f.adapter = cmp.Or(f.adapter, kinds()[0])
	}
	if f.options.Momentum != 0 && f.options.Optimiser != "sgd" {
		return usage("--momentum: is of --optimiser sgd alone; leave it out, or add --optimiser sgd")
	}
	switch {
	case f.alpha > 0 && !f.guard:
		return usage("--guard-alpha: belongs to --guard; add that, or leave it out")
	case f.alpha >= 1:
		return usage("--guard-alpha %g: allowed: above 0 and below 1", f.alpha)
	case f.outOf != "" && (f.out == "" || f.adapter == ""):
		return usage("--out-series: belongs to --out and --adapter; add both, or leave it out")
	case f.ridge > 0 && f.combine == "":
		return usage("--combine-ridge: belongs to --combine; add that, or leave it out")
	case f.coverage >= 1:
		return usage("--coverage %g: allowed: above 0 and below 1", f.coverage)
	case f.sync != "" && f.journal == "":
		return usage("--sync: belongs to --journal; add that, or leave it out")
	case f.window > 0 && f.rule != "tbptt":
		return usage("--window: belongs to --rule tbptt; add that, or leave it out")
	case f.report == "-":
		return usage("--report -: standard output holds the predictions; name a file")
	case f.out == "-":
		return usage("--out -: standard output holds the predictions; name a file")
	}
	if f.options.Momentum == 0 {
		f.options.Momentum = -1 // options call their default 0
	}
	f.options.Groups = f.rates
	if err := f.options.Check(); err != nil {
		return usage("%v", err)
	}
	return nil
}

// learner are the options of the learner for a model.
func (f *adaptFlags) learner(m *model.Model) (o online.LearnerOptions, err error) {
	t := m.Schema().Target
	if names := valueNames(t); len(slices.Compact(slices.Sorted(slices.Values(names)))) < len(names) {
		return o, usage("the model predicts %d values of %q that have no names of their own, so that no columns can hold their labels; package online learns them", t.Outputs, t.Name)
	}
	trained := recall(m.Info().Settings)
	f.options.Loss = trained.options.Loss
	f.options.HuberDelta = trained.options.HuberDelta
	if !slices.Contains(train.Losses(t), f.options.Loss) {
		f.options.Loss = ""
	}
	f.options.Loss = cmp.Or(f.options.Loss, train.Losses(t)[0])
	options := f.options.Filled()
	if o.Loss, err = train.NewRowLoss(t, options); err != nil {
		return o, err
	}
	if o.Optimiser, err = train.NewOptimiser(m.Program(), f.options); err != nil {
		return o, err
	}
	o.Rule, o.Window = f.rule, f.window
	o.Pending, o.PendingBytes = f.pending, f.memory
	if o.Adapter, o.AdapterRate = f.adapter, f.own; f.adapter != "" {
		if _, err := m.Personal(f.adapter); err != nil {
			return o, usage("--adapter %s: %s", f.adapter, strings.TrimPrefix(err.Error(), "model: "))
		}
	}
	if f.combine != "" {
		if t.Task != series.Regress || t.Gaussian || len(t.Quantiles) > 0 {
			return o, usage("--combine: is for numbers that are predicted by one value each, and %q is none; leave it out", t.Name)
		}
		o.Combine = &online.CombineOptions{Ridge: f.ridge}
	}
	if o.Live, err = f.span("live", f.live, m.Schema().Clock); err != nil {
		return o, err
	}
	if f.guard {
		o.Guard = &online.GuardOptions{Alpha: f.alpha}
	}
	if o.Watch, err = f.watches(); err != nil {
		return o, err
	}
	if t.Task == series.Regress {
		o.Interval = &online.IntervalOptions{Coverage: f.coverage}
		if f.coverage > 0.99 {
			o.Interval.Window = int(5 / (1 - f.coverage))
		}
	}
	if f.protect.Anchor > 0 || f.protect.Elastic > 0 || f.protect.Reservoir > 0 {
		p := f.protect
		p.OnDrift = true
		o.Protect = &p
	}
	o.Setting = f.setting(options)
	return o, nil
}

// setting says what a journal must not be gone on without; what is not given is left out.
func (f *adaptFlags) setting(o train.Options) string {
	text := fmt.Sprintf("rule %s, loss %s, optimiser %s, learning rate %g", cmp.Or(f.rule, ruleNames()[0]), o.Loss, o.Optimiser, o.LearningRate)
	for _, d := range []struct {
		name  string
		given any
	}{
		{"window", f.window}, {"rates", numbersByName{&f.rates}}, {"momentum", max(0, f.options.Momentum)}, {"clip", max(0, o.Clip)}, {"adapter", f.adapter},
		{"adapter rate", f.own}, {"combine", f.combine}, {"combine ridge", f.ridge},
		{"guard", f.guard}, {"guard alpha", f.alpha}, {"drift", strings.Join(f.watch, "; ")}, {"coverage", f.coverage}, {"anchor", f.protect.Anchor},
		{"elastic", f.protect.Elastic}, {"reservoir", f.protect.Reservoir}, {"live", f.live}, {"pending", f.pending}, {"memory", f.memory},
	} {
		if v := fmt.Sprint(d.given); v != "" && v != "0" && v != "false" {
			text += ", " + d.name + " " + v
		}
	}
	return text
}

// span is a flag of a time on the clock of a model.
func (f *adaptFlags) span(flag string, h dataset.Horizon, clock series.Clock) (float64, error) {
	switch {
	case clock.Kind == series.Index && h.Seconds > 0:
		return 0, usage("--%s %s: the model counts rows and knows no time; write such as 3rows", flag, h)
	case clock.Kind == series.Index:
		return float64(h.Rows), nil
	case h.Rows > 0:
		return 0, usage("--%s %s: the model's clock holds times; write such as 30m", flag, h)
	}
	return h.Seconds, nil
}

// watches are the detectors of --drift.
func (f *adaptFlags) watches() (list []online.Watch, err error) {
	if len(f.watch) == 0 {
		return []online.Watch{{On: online.OnError}, {On: online.OnInputs}, {On: online.OnState}}, nil
	}
	if len(f.watch) == 1 && f.watch[0] == "none" {
		return nil, nil
	}
	known := []string{online.OnError, online.OnInputs, online.OnState}
	for _, word := range f.watch {
		on, method, given := strings.Cut(word, "=")
		w := online.Watch{On: on}
		if !slices.Contains(known, on) {
			return nil, usage("--drift %q: cannot be watched%s; allowed: %s", on, suggestion(on, "", known), strings.Join(known, ", "))
		}
		if given {
			if w.Method, err = drift.Parse(method); err != nil {
				return nil, usage("--drift %q: %v", word, err)
			}
		}
		list = append(list, w)
	}
	return list, nil
}

// run opens everything, takes the stream to its end, and writes what was asked for.
func (f *adaptFlags) run(cmd *cobra.Command, c *console, path, name string) error {
	if err := f.check(cmd); err != nil {
		return err
	}
	f.report = reportFile(f.report, "")
	for _, file := range []string{f.out, f.report} {
		if file == "" {
			continue
		}
		if err := checkWritable(file, name); err != nil {
			return err
		}
		if err := notTheModel(file, path); err != nil {
			return err
		}
	}
	a := &adapting{f: f, c: c, data: name, command: commandLine(cmd, []string{"adapt", path, name}, outcomeFlag)}
	if err := a.open(cmd, path, name); err != nil {
		return err
	}
	err := a.stream(cmd.Context())
	return a.finish(context.WithoutCancel(cmd.Context()), err)
}
