package main

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/table"
)

// evaluated is what `elegans eval --json` prints. Rates are fractions.
type evaluated struct {
	Model          string        `json:"model"`
	Data           string        `json:"data"`
	Part           string        `json:"part"`
	Protocol       string        `json:"protocol"` // empty: the state is carried along each series
	Metric         string        `json:"metric"`
	HigherIsBetter bool          `json:"higher_is_better"`
	Value          *float64      `json:"value"`
	Metrics        metric.Scores `json:"metrics"`
	Rows           int           `json:"rows"` // that have a label and are scored
	Unscored       int           `json:"unscored"`
	Series         int           `json:"series"`
	Warnings       []string      `json:"warnings"`
}

func newEval(c *console) *cobra.Command {
	var roles dataset.Roles
	var part, name string
	var asJSON bool
	hard := &stressFlags{}
	cmd := &cobra.Command{
		Use:   "eval MODEL DATA",
		Short: "Score a trained model on data",
		Long: `Score a trained model on data with labels. The state is carried along each series; a model trained by a protocol that
resets it is scored by the windows of that protocol where DATA is the built-in set that has it. The threshold between two
classes is the one that was chosen on validation and is stored in the model.

DATA is a file, a built-in name, or - for standard input. Data that the model was trained on, and built-in data, are split
as they were for training and the test part is scored; of other data all rows are. --part chooses otherwise. Rows without
a label are not scored. Columns are found by their names.

--stress scores the model under conditions that it did not see in training, at several levels each: dropped rows, slower
and faster sampling, jittered time stamps, noise, and sensors that freeze, fail or drift. Beside it stand, on the very
same rows, the models of --beside and, on data that MODEL was trained on or that are built in, the simple baselines fitted
to the training part; a warning says who was fitted to rows that are scored. Robustness is the area under the curve of a
condition relative to clean, 1 for unharmed, and the mean of it over all conditions.`,
		Example: "  elegans eval occupancy.elegans occupancy\n  elegans eval occupancy.elegans occupancy --part valid --json\n" +
			"  elegans eval rooms.elegans newrooms.csv\n  elegans eval occupancy.elegans occupancy --stress --report stress.html",
		Args: takes("MODEL", "DATA"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := hard.check(cmd, asJSON); err != nil {
				return err
			}
			x, err := c.openFor(cmd, args[0], args[1], openOptions{roles: &roles})
			if err != nil {
				return err
			}
			e := evaluated{Model: args[0], Data: args[1], Part: part, Protocol: x.protocol.Name}
			if e.Part == "" {
				e.Part = x.usualPart()
			}
			if err := x.evaluate(&e, name); err != nil {
				return err
			}
			if hard.on {
				return (&stressed{c: c, f: hard, x: x, e: &e, json: asJSON}).run(cmd, roles)
			}
			if asJSON {
				return c.json(e)
			}
			return c.printEvaluated(x, &e)
		},
	}
	cmd.Flags().Var(oneOf[string]{&part, partNames}, "part", "`PART` of the data: "+strings.Join(partNames, ", ")+"; see above for the default")
	cmd.Flags().StringVar(&name, "metric", "", "`NAME` of the metric that comes first; the one of training if not given")
	hard.register(cmd)
	addReading(cmd, &roles)
	addJSON(cmd, &asJSON)
	return cmd
}

// evaluate scores the part that e names. by is the metric that comes first; empty: the one of training.
func (x *forModel) evaluate(e *evaluated, by string) error {
	target := x.m.Schema().Target
	known := metricNames(&target)
	if by != "" && !slices.Contains(known, by) {
		return usage("--metric %q: does not fit target %q, which is %s; allowed: %s", by, target.Name, asked(target.Task), strings.Join(known, ", "))
	}
	part, warnings, err := x.part(e.Part)
	if err != nil {
		return err
	}
	rows, scored := part.Rows()
	if scored == 0 {
		return &table.DataError{Source: e.Data, Column: target.Name, Msg: "no row has a label, so nothing can be scored; fill labels in, or use: elegans predict " + quoted(e.Model) + " " + quoted(e.Data)}
	}
	result, err := experiment.Evaluate(x.m, part, runtime.GOMAXPROCS(0))
	if err != nil {
		return inputError(err, x.d)
	}
	first := x.metric(by, known)
	e.Metric, e.HigherIsBetter = first.Name, first.HigherIsBetter
	e.Metrics = result.Scores()
	value, _ := e.Metrics.Get(first.Name)
	e.Value, e.Rows, e.Unscored, e.Series = number(value), scored, rows-scored, len(part.Series)
	e.Warnings = append([]string{}, warnings...)
	return nil
}

// metric is the one asked for, else that of training, of the built-in data, of the task.
func (x *forModel) metric(by string, known []string) metric.Metric {
	for _, name := range []string{by, x.trained.metric, x.builtinMetric()} {
		if slices.Contains(known, name) {
			m, _ := metric.ByName(name)
			return m
		}
	}
	m, _ := metric.ByName(known[0])
	return m
}

func (x *forModel) builtinMetric() string {
	if x.d.Builtin == nil {
		return ""
	}
	return x.d.Builtin.Metric
}

func (c *console) printEvaluated(x *forModel, e *evaluated) error {
	for _, w := range e.Warnings {
		c.warn("%s", w)
	}
	of := e.Part + " part"
	if e.Part == partAll {
		of = "all of it"
	}
	c.print("%s on %s: %s, %s with a label in %d series", e.Model, e.Data, of, plural(e.Rows, "row"), e.Series)
	if x.protocol.ResetState {
		c.print(", protocol %s: windows from the zero state", e.Protocol)
	}
	c.print("\n\n")
	first, _ := metric.ByName(e.Metric)
	rows := [][]string{scoreRow(first, *cmp.Or(e.Value, &nan))}
	for _, s := range e.Metrics {
		if m, err := metric.ByName(s.Name); err == nil && m.Name != first.Name {
			rows = append(rows, scoreRow(m, s.Value))
		}
	}
	if err := c.table(rows); err != nil {
		return err
	}
	if t := x.m.Schema().Target; len(t.Classes) == 2 && t.Threshold > 0 {
		c.print("\n%s is predicted where its probability is above %s\n", t.Classes[1], figure(t.Threshold))
	}
	return nil
}

var nan = math.NaN()

func scoreRow(m metric.Metric, v float64) []string {
	unit, better := "", "lower is better"
	if m.Unit == metric.Fraction {
		unit = "%"
	}
	if m.HigherIsBetter {
		better = "higher is better"
	}
	return []string{m.Title, scoreText(m, v), unit, better}
}
