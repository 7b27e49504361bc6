package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/suite"
)

// compareDocument is what compare --json prints. Rates are fractions.
type compareDocument struct {
	Task           string         `json:"task"`
	Kind           string         `json:"kind"`
	Metric         string         `json:"metric"`
	HigherIsBetter bool           `json:"higher_is_better"`
	Seeds          []uint64       `json:"seeds"`
	Match          string         `json:"match"` // empty: sizes as they are
	Tune           int            `json:"tune"`  // configurations tried for each network
	Diverged       string         `json:"diverged_counts_as"`
	Cross          *crossJSON     `json:"cross_validation"` // null: the parts of the split
	TestRows       int            `json:"test_rows"`        // 0 where the test part is not scored
	TestSeries     int            `json:"test_series"`
	Models         []comparedJSON `json:"models"` // from the best on
	Trials         int            `json:"trials"`
	Kept           int            `json:"trials_kept_from_before"`
	Estimate       float64        `json:"estimated_seconds"`
	Seconds        float64        `json:"seconds"`
	CSV            string         `json:"csv"`
	Report         string         `json:"report"`
	Keep           string         `json:"keep"`
	LeftOut        []leftOutJSON  `json:"left_out"` // models of all that could not take part
	Warnings       []string       `json:"warnings"`
}

type leftOutJSON struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

type comparedJSON struct {
	Name         string            `json:"name"`
	Model        string            `json:"model"`
	Network      bool              `json:"network"`
	Inputs       string            `json:"inputs"`  // fed beside the values; empty for a simple baseline
	Average      int               `json:"average"` // networks whose mean prediction it is; 0 for a simple baseline
	Share        float64           `json:"share"`   // of the training part that it was trained on
	Mean         *float64          `json:"mean"`
	SD           *float64          `json:"sd"`            // over seeds
	OverFolds    *float64          `json:"sd_over_folds"` // null without folds
	Values       []*float64        `json:"values"`        // a diverged run has that of the constant baseline
	Diverged     int               `json:"diverged"`
	OverSeeds    metric.Difference `json:"difference_over_seeds"`
	OverTest     metric.Difference `json:"difference_over_test"`
	Parameters   int               `json:"parameters"`
	Synapses     int               `json:"synapses"`
	Size         int               `json:"size"`
	FLOPs        float64           `json:"flops_per_step"`
	Microseconds float64           `json:"microseconds_per_step"`
	Seconds      float64           `json:"seconds_per_training"`
	LearningRate float64           `json:"learning_rate"`
	Tried        int               `json:"configurations_tried"`
	Learnt       string            `json:"learnt,omitempty"`
	Runs         []comparedRun     `json:"runs"`
}

type comparedRun struct {
	Seed      uint64        `json:"seed"`
	Fold      int           `json:"fold"`     // from 0
	Diverged  string        `json:"diverged"` // where; empty where it did not
	BestEpoch int           `json:"best_epoch"`
	ValidLoss *float64      `json:"valid_loss"`
	Valid     metric.Scores `json:"valid"` // of a fold what it scores
	Test      metric.Scores `json:"test"`
}

func (x *comparison) document(b *experiment.Leaderboard) compareDocument {
	d := x.f.document(x.data.Name, b, x.estimate)
	d.Seconds, d.CSV, d.Report, d.Keep = time.Since(x.started).Seconds(), x.f.csv, x.f.report, x.f.keep
	d.Warnings = unique(x.audit.Warnings, b.Warnings)
	return d
}

// document is a leaderboard, of data or a task by name.
func (f *compareFlags) document(name string, b *experiment.Leaderboard, e experiment.Estimate) compareDocument {
	d := compareDocument{Task: name, Kind: string(b.Test.Target.Task), Metric: b.Metric.Name, HigherIsBetter: b.Metric.HigherIsBetter,
		Seeds: b.Seeds, Match: f.match.String(), Tune: max(1, f.tune), Diverged: b.Constant, TestSeries: len(b.Test.Series), Cross: crossing(b), Trials: e.Trials,
		Kept: e.Kept, Estimate: e.Seconds, Warnings: unique(b.Warnings), LeftOut: []leftOutJSON{}, Models: []comparedJSON{}}
	folds := b.Cross != nil && b.Cross.Folds > 0
	if _, d.TestRows = b.Test.Rows(); folds {
		d.TestRows, d.TestSeries = 0, 0
	}
	for _, l := range b.LeftOut {
		d.LeftOut = append(d.LeftOut, leftOutJSON{l.Name, l.Reason()})
	}
	for _, s := range b.Rows {
		m := comparedJSON{Name: s.Name, Model: s.Model, Network: s.Network(), Inputs: string(s.Inputs), Average: s.Average, Mean: number(s.Mean), SD: number(s.SD),
			Values: numbers(s.Values(b.Metric.Name)), OverSeeds: s.OverSeeds, OverTest: s.OverTest, Parameters: s.Parameters, Synapses: s.Synapses, Size: s.Size,
			FLOPs: s.FLOPs, Microseconds: s.Microseconds, Seconds: s.Seconds, LearningRate: s.LearningRate, Tried: s.Tried, Learnt: s.Learnt}
		m.Diverged, _ = s.Diverged()
		if m.Share = 1; b.Cross != nil {
			m.Share, m.OverFolds = s.Share, number(s.OverFolds)
		}
		for _, r := range s.Runs {
			run := comparedRun{Seed: r.Seed, Fold: r.Fold, Diverged: r.Diverged, Test: r.Scores}
			switch {
			case folds:
				run.Valid, run.Test = r.Scores, nil
			case s.Network() && r.Diverged == "":
				run.Valid, run.ValidLoss = r.Valid, number(r.ValidLoss)
			}
			if r.Train != nil {
				run.BestEpoch = r.Train.Best
			}
			m.Runs = append(m.Runs, run)
		}
		d.Models = append(d.Models, m)
	}
	return d
}

// unique joins lists without what stands there already, and is never nil.
func unique(lists ...[]string) []string {
	list, seen := []string{}, map[string]bool{}
	for _, l := range lists {
		for _, text := range l {
			if !seen[text] {
				seen[text] = true
				list = append(list, text)
			}
		}
	}
	return list
}

func (x *comparison) print(b *experiment.Leaderboard) error {
	if x.f.json {
		return x.c.json(x.document(b))
	}
	for _, w := range unique(x.audit.Warnings, b.Warnings)[len(unique(x.audit.Warnings)):] { // the others were told before training
		x.c.warn("%s", w)
	}
	if text := x.text(b); x.piped {
		x.c.note("%s", strings.TrimSuffix(text, "\n"))
	} else {
		x.c.print("%s", text)
	}
	x.c.note("%.1f s", time.Since(x.started).Seconds())
	return nil
}

// text is the leaderboard with what belongs to it, as people read it.
func (x *comparison) text(b *experiment.Leaderboard) string {
	var text strings.Builder
	text.WriteString(boardText(x.data.Name, b, x.f.tune > 1 || x.f.match != (experiment.Goal{}), nil))
	text.WriteByte('\n')
	text.WriteString(intervalsText(b))
	if x.f.match != (experiment.Goal{}) {
		fmt.Fprintf(&text, "matched: the size of each network is that nearest to %s\n", x.f.match)
	}
	if x.f.tune > 1 {
		fmt.Fprintf(&text, "tuned: %d configurations of each network, chosen on the validation part\n", x.f.tune)
	}
	for _, place := range [][2]string{{"table   ", x.f.csv}, {"report  ", x.f.report}} {
		if place[1] != "" {
			fmt.Fprintln(&text, place[0]+place[1])
		}
	}
	return text.String()
}

// boardText is a leaderboard on data or a task by name, with rows of others between ours. chosen adds what was chosen for
// each network, its learning rate and size.
func boardText(name string, b *experiment.Leaderboard, chosen bool, others []suite.Row) string {
	unit, direction := "", "lower"
	if b.Metric.Unit == metric.Fraction {
		unit = ", %"
	}
	if b.Metric.HigherIsBetter {
		direction = "higher"
	}
	var text strings.Builder
	text.WriteString(name + ": " + b.Metric.Title + unit + overText(b, direction))
	head := []string{""}
	for _, c := range scoreColumns(b) {
		head = append(head, c.head)
	}
	head = append(head, "parameters", "FLOPs/step", "µs/step", "s/training", "diverged")
	if chosen {
		head = append(head, "rate", "size")
	}
	rows := [][]string{head}
	for _, s := range b.Rows {
		for len(others) > 0 && b.Metric.Better(others[0].Mean[b.Metric.Name], s.Mean) {
			rows, others = append(rows, lineOf(b.Metric, others[0])), others[1:]
		}
		rows = append(rows, lineFor(b, s, chosen))
	}
	for _, r := range others {
		rows = append(rows, lineOf(b.Metric, r))
	}
	text.WriteString(columns(rows))
	return text.String()
}

// lineOf is a row of others, with its source where ours have what they took.
func lineOf(m metric.Metric, r suite.Row) []string {
	spread, parameters := "", "-"
	if sd := r.SD[m.Name]; sd == sd {
		spread = "± " + scoreText(m, sd)
	}
	if r.Parameters > 0 {
		parameters = strconv.Itoa(r.Parameters)
	}
	return []string{"(" + r.Model + ")", scoreText(m, r.Mean[m.Name]), spread, "", "", parameters, "", "", "", r.Source}
}

// lineFor is one row of the leaderboard.
func lineFor(b *experiment.Leaderboard, s experiment.Standing, chosen bool) []string {
	row := []string{s.Name}
	for _, c := range scoreColumns(b) {
		row = append(row, c.cell(b.Metric, s))
	}
	row = append(row, strconv.Itoa(s.Parameters))
	if !s.Network() {
		return append(row, "-", "-", fmt.Sprintf("%.3g", s.Seconds), "-")
	}
	n, _ := s.Diverged()
	row = append(row, fmt.Sprintf("%.0f", s.FLOPs), fmt.Sprintf("%.2g", s.Microseconds), fmt.Sprintf("%.3g", s.Seconds), fmt.Sprintf("%d of %d", n, len(s.Runs)))
	if chosen {
		row = append(row, fmt.Sprintf("%.3g", s.LearningRate), strconv.Itoa(s.Size))
	}
	return row
}

// differenceText is a difference with its interval, in the digits of scores.
func differenceText(m metric.Metric, d metric.Difference) string {
	if d.Mean == 0 && !(d.Lower < 0) && !(d.Upper > 0) {
		return "0"
	}
	sign := func(v float64) string {
		if v > 0 {
			return "+" + scoreText(m, v)
		}
		return scoreText(m, v)
	}
	if d.Lower != d.Lower {
		return sign(d.Mean)
	}
	return fmt.Sprintf("%s [%s, %s]", sign(d.Mean), sign(d.Lower), sign(d.Upper))
}

// table is the file of --csv: one row a model, rates as fractions, nothing where there is no number.
func (x *comparison) table(out io.Writer, b *experiment.Leaderboard) error {
	return csv.NewWriter(out).WriteAll(tableOf(b))
}

// tableOf is a leaderboard as a table with a head.
func tableOf(b *experiment.Leaderboard) [][]string {
	rows := [][]string{{"rank", "name", "model", "inputs", "metric", "mean", "sd", "runs", "diverged", "difference", "seeds_lower", "seeds_upper",
		"test_difference", "test_lower", "test_upper", "parameters", "synapses", "size", "flops_per_step", "microseconds_per_step", "seconds_per_training",
		"learning_rate", "configurations_tried", "folds", "share", "sd_over_folds"}}
	figure := func(v float64) string {
		if v-v != 0 {
			return ""
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	for i, s := range b.Rows {
		n, _ := s.Diverged()
		row := []string{strconv.Itoa(i + 1), s.Name, s.Model, string(s.Inputs), b.Metric.Name, figure(s.Mean), figure(s.SD), strconv.Itoa(len(s.Runs)), strconv.Itoa(n)}
		for _, d := range []metric.Difference{s.OverSeeds, s.OverTest} {
			row = append(row, figure(d.Mean), figure(d.Lower), figure(d.Upper))
		}
		row = append(row, strconv.Itoa(s.Parameters), strconv.Itoa(s.Synapses), strconv.Itoa(s.Size))
		for _, v := range []float64{s.FLOPs, s.Microseconds, s.Seconds, s.LearningRate} {
			row = append(row, figure(v))
		}
		row = append(row, strconv.Itoa(s.Tried))
		if c := b.Cross; c != nil {
			row = append(row, strconv.Itoa(c.Folds), figure(s.Share), figure(s.OverFolds))
		} else {
			row = append(row, "0", "1", "")
		}
		rows = append(rows, row)
	}
	return rows
}

// pageOptions are what the report says beside the leaderboard.
func (x *comparison) pageOptions(b *experiment.Leaderboard) experiment.PageOptions {
	o := experiment.PageOptions{Version: version, Command: x.command, Audit: &x.audit}
	if built := x.data.Builtin; built != nil {
		o.Source, o.Licence = built.Source, built.Licence
	}
	tuned := ""
	if x.f.tune > 1 {
		tuned = fmt.Sprintf("%d configurations of each network", x.f.tune)
	}
	o.Settings = x.settings(b.Options, x.spec.Split, x.spec.Protocol, [3]string{"models", strings.Join(x.contest.Rows(), ", "), ""},
		[3]string{"matched", x.f.match.String(), "size of every network"}, [3]string{"tuned", tuned, "learning rate and size, chosen on the validation part"})
	return o
}
