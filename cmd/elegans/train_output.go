package main

import (
	"cmp"
	"fmt"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/report"
	"github.com/elegans-nn/elegans/train"
)

// trainDocument is what train --json prints. Rates are fractions.
type trainDocument struct {
	Task           string          `json:"task"`
	Kind           string          `json:"kind"`
	Metric         string          `json:"metric"`
	HigherIsBetter bool            `json:"higher_is_better"`
	Seconds        float64         `json:"seconds"`
	Seeds          []uint64        `json:"seeds"` // Values of the model are of those that did not diverge
	Model          trainModel      `json:"model"`
	Average        *trainAverage   `json:"average,omitempty"` // of all seeds, which is the model of File then
	Baselines      []trainBaseline `json:"baselines"`
	File           string          `json:"file"`
	Report         string          `json:"report"`
	Checkpoint     string          `json:"checkpoint"`
	Warnings       []string        `json:"warnings"`
}

type trainModel struct {
	Name         string          `json:"name"`
	Parameters   int             `json:"parameters"`
	Synapses     int             `json:"synapses"`
	Mean         *float64        `json:"mean"`
	SD           *float64        `json:"sd"`
	Values       []*float64      `json:"values"`
	FLOPsPerStep float64         `json:"flops_per_step"`
	BestSeed     uint64          `json:"best_seed"`
	Diverged     int             `json:"diverged"`
	Metrics      []metric.Scores `json:"metrics"`
}

type trainAverage struct {
	Name         string        `json:"name"`
	Members      int           `json:"members"`
	Parameters   int           `json:"parameters"`
	FLOPsPerStep float64       `json:"flops_per_step"`
	Value        *float64      `json:"value"`
	Metrics      metric.Scores `json:"metrics"`
}

type trainBaseline struct {
	Name       string     `json:"name"`
	Parameters int        `json:"parameters"`
	Mean       *float64   `json:"mean"`
	SD         *float64   `json:"sd"`
	Values     []*float64 `json:"values"`
	Diverged   int        `json:"diverged"`
	Learnt     string     `json:"learnt,omitempty"`
}

func (j *job) print(out *experiment.Outcome) error {
	if j.f.json {
		return j.c.json(j.document(out))
	}
	for _, w := range j.warnings(out)[len(j.audit.Warnings):] { // the others were told before training
		j.c.warn("%s", w)
	}
	text := j.text(out)
	if j.piped {
		j.c.note("%s", strings.TrimSuffix(text, "\n"))
	} else {
		j.c.print("%s", text)
	}
	least := ""
	if m := out.Subject.Runs[out.Best].Model; m != nil && m.Adaptive() {
		least = "at least "
	}
	j.c.note("%.1f s; %d synapses, %s%.0f FLOPs a row", time.Since(j.started).Seconds(), out.Subject.Synapses, least, out.Subject.FLOPs)
	return nil
}

// text is the comparison as people read it.
func (j *job) text(out *experiment.Outcome) string {
	unit := ""
	if out.Metric.Unit == metric.Fraction {
		unit = ", %"
	}
	direction := "lower"
	if out.Metric.HigherIsBetter {
		direction = "higher"
	}
	var text strings.Builder
	rows, _ := out.Subject.Evaluator.Rows()
	fmt.Fprintf(&text, "%s: %s%s on %d test rows, %s is better, mean ± sd over seeds\n\n", j.data.Name, out.Metric.Title, unit, rows, direction)
	w := tabwriter.NewWriter(&text, 0, 8, 2, ' ', 0)
	fmt.Fprintf(w, "\tscore\t\tparameters\n")
	for _, e := range j.ranked(out) {
		mark := ""
		if e.Subject {
			mark = "*"
		}
		note := e.Learnt
		if n, _ := e.Diverged(); n > 0 {
			note = strings.TrimSpace(fmt.Sprintf("%d of %d seeds diverged %s", n, len(e.Runs), note))
		}
		values := e.Values(out.Metric.Name)
		spread := ""
		if len(e.Runs) > 1 {
			spread = "± " + scoreText(out.Metric, metric.SD(values))
		}
		line := fmt.Sprintf("%s\t%s\t%s\t%d\t%s", mark+e.Name, scoreText(out.Metric, metric.Mean(values)), spread, e.Parameters, note)
		fmt.Fprintln(w, strings.TrimRight(line, "\t"))
	}
	w.Flush() // a strings.Builder cannot fail
	text.WriteByte('\n')
	if j.f.out != "" {
		which := fmt.Sprintf("seed %d, best on validation", out.Kept().Seed)
		if out.Average != nil {
			which = out.Average.Summary
		}
		fmt.Fprintf(&text, "model   %s (%s)\n", j.f.out, which)
	}
	if j.f.report != "" {
		fmt.Fprintf(&text, "report  %s\n", j.f.report)
	}
	return text.String()
}

// ranked lists the entries, best first.
func (j *job) ranked(out *experiment.Outcome) []experiment.Entry {
	list := append([]experiment.Entry{out.Subject}, out.Others()...)
	name := out.Metric.Name
	sort.SliceStable(list, func(a, b int) bool {
		return out.Metric.Better(metric.Mean(list[a].Values(name)), metric.Mean(list[b].Values(name)))
	})
	return list
}

// scoreText is a score with sensible digits; fractions in per cent.
func scoreText(m metric.Metric, v float64) string {
	if v != v {
		return "-"
	}
	if m.Unit == metric.Fraction {
		return fmt.Sprintf("%.2f", 100*v)
	}
	return fmt.Sprintf("%.4g", v)
}

func (j *job) document(out *experiment.Outcome) trainDocument {
	s := out.Subject
	values := s.Values(out.Metric.Name)
	d := trainDocument{Task: j.data.Name, Kind: string(j.spec.Split.Schema.Target.Task), Metric: out.Metric.Name,
		HigherIsBetter: out.Metric.HigherIsBetter, Seconds: time.Since(j.started).Seconds(), File: j.f.out, Report: j.f.report,
		Checkpoint: j.ckpt, Warnings: j.warnings(out), Baselines: []trainBaseline{}}
	d.Model = trainModel{Name: s.Name, Parameters: s.Parameters, Synapses: s.Synapses, Mean: number(metric.Mean(values)),
		SD: number(metric.SD(values)), Values: numbers(values), FLOPsPerStep: s.FLOPs, BestSeed: s.Runs[out.Best].Seed}
	d.Model.Diverged, _ = s.Diverged()
	for _, r := range s.Runs {
		d.Seeds = append(d.Seeds, r.Seed)
		if r.Diverged == "" {
			d.Model.Metrics = append(d.Model.Metrics, r.Scores)
		}
	}
	if e := out.Average; e != nil {
		run := e.Runs[0]
		d.Average = &trainAverage{Name: e.Name, Members: len(run.Model.Members()), Parameters: e.Parameters, FLOPsPerStep: e.FLOPs,
			Value: number(metric.Mean(e.Values(out.Metric.Name))), Metrics: run.Scores}
	}
	for _, e := range out.Baselines {
		values := e.Values(out.Metric.Name)
		n, _ := e.Diverged()
		d.Baselines = append(d.Baselines, trainBaseline{Name: e.Name, Parameters: e.Parameters, Mean: number(metric.Mean(values)),
			SD: number(metric.SD(values)), Values: numbers(values), Diverged: n, Learnt: e.Learnt})
	}
	return d
}

// number is nil, and so null, where a value is not finite.
func number(v float64) *float64 {
	if v-v != 0 {
		return nil
	}
	return &v
}

func numbers(values []float64) []*float64 {
	list := []*float64{}
	for _, v := range values {
		list = append(list, number(v))
	}
	return list
}

// warnings of data and outcome, without an empty list becoming null.
func (j *job) warnings(out *experiment.Outcome) []string {
	list := append([]string{}, j.audit.Warnings...)
	seen := map[string]bool{}
	for _, w := range list {
		seen[w] = true
	}
	for _, w := range out.Warnings {
		if !seen[w] {
			list = append(list, w)
		}
	}
	return list
}

// pageOptions are what the report says beside the outcome.
func (j *job) pageOptions(out *experiment.Outcome) experiment.PageOptions {
	o := experiment.PageOptions{Version: version, Command: j.command, Audit: &j.audit, Microseconds: map[string]float64{}}
	if b := j.data.Builtin; b != nil {
		o.Source, o.Licence = b.Source, b.Licence
	}
	for _, e := range append([]experiment.Entry{out.Subject}, out.Others()...) {
		if us := e.Microseconds(out.Test.Series); us > 0 {
			o.Microseconds[e.Name] = us
		}
	}
	o.Settings = j.settings(out.Options, j.spec.Split, j.spec.Protocol, [3]string{"model", j.f.model, ""})
	return o
}

// settings are the options of a run as a report shows them, after those of the caller.
func (j *job) settings(opts train.Options, split *dataset.Split, p dataset.Protocol, own ...[3]string) (list []report.Setting) {
	for _, s := range append(own, [][3]string{
		{"split", split.By, ""}, {"protocol", p.Name, p.Description},
		{"window", windowText(p), "training windows start from the zero state"},
		{"loss", cmp.Or(opts.Loss, train.Losses(split.Schema.Target)[0]), ""}, {"optimiser", opts.Optimiser, ""},
		{"learning rate", fmt.Sprintf("%g, %s", opts.LearningRate, opts.Schedule), ""},
		{"batch", fmt.Sprintf("%d windows", opts.Batch), ""}, {"epochs", passes(opts), ""},
		{"seeds", fmt.Sprintf("%d to %d", j.f.seed, j.f.seed+uint64(j.f.seeds)-1), ""},
	}...) {
		if s[1] != "" {
			list = append(list, report.Setting{Name: s[0], Value: s[1], Note: s[2]})
		}
	}
	return list
}

func passes(o train.Options) string {
	switch {
	case o.Last:
		return fmt.Sprintf("%d, the last kept", o.Epochs)
	case o.Patience < 0:
		return fmt.Sprintf("at most %d, never stopped early", o.Epochs)
	}
	return fmt.Sprintf("at most %d, stopped after %d without a better validation loss", o.Epochs, o.Patience)
}

func windowText(p dataset.Protocol) string {
	if p.Window == 0 {
		return "whole series"
	}
	return fmt.Sprintf("%d rows, stride %d", p.Window, p.TrainStride)
}
