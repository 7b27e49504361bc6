package experiment

import (
	"fmt"
	"strings"
	"sync"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/report"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

// PageOptions are what a report says beside the outcome itself.
type PageOptions struct {
	Version string
	// Command is the line that gives this result again.
	Command string
	// Audit of the data; Source and Licence in plain text.
	Audit           *dataset.Audit
	Source, Licence string
	Settings        []report.Setting
	// Task and Warnings of a page that has no outcome to take them from.
	Task     string
	Warnings []string
	// Microseconds per row, measured, by entry name; may be nil.
	Microseconds map[string]float64
}

// Page puts the outcome into a report.
func (x *Outcome) Page(o PageOptions) (*report.Report, error) {
	r := &report.Report{Version: o.Version, Command: o.Command, Settings: o.Settings, Warnings: x.Warnings}
	target := x.target()
	r.Metrics = append(r.Metrics, report.Named(x.Metric.Name))
	for _, m := range metric.For(target) {
		if m.Name != x.Metric.Name {
			r.Metrics = append(r.Metrics, report.Named(m.Name))
		}
	}
	for _, e := range append([]Entry{x.Subject}, x.Others()...) {
		r.Models = append(r.Models, e.reported(o.Microseconds[e.Name]))
	}
	if o.Audit != nil {
		r.Title = fmt.Sprintf("%s on %s", x.Subject.Name, o.Audit.Name)
		r.Data = audited(o.Audit, o.Source, o.Licence)
	}
	r.Comparisons = x.comparisons()
	r.Learning = x.Subject.learning()
	if x.Best < 0 {
		return r, nil
	}
	best := x.Subject.Runs[x.Best]
	schema := best.Model.Schema()
	r.Clock = schema.Clock.Kind
	r.Task = task(schema)
	of := fmt.Sprintf("%s, seed %d (best on validation)", x.Subject.Name, best.Seed)
	r.Scores = details(of, x.Subject.Evaluator, target)
	r.Program, r.Kernels = best.Model.Program().String(), best.Model.Info().Kernels
	for _, w := range best.Model.Wirings()[:min(1, len(best.Model.Wirings()))] {
		drawing, err := drawn(w, schema)
		if err != nil {
			return nil, err
		}
		r.Wiring = drawing
	}
	var err error
	if r.Predictions, err = x.predictions(of); err != nil {
		return nil, err
	}
	r.Activity, err = activity(best.Model, x.Test.Whole, of)
	return r, err
}

// target with the threshold of the best run.
func (x *Outcome) target() series.Target {
	if x.Best < 0 {
		return x.Train.Target
	}
	return x.Subject.Runs[x.Best].Model.Schema().Target
}

// task says in one sentence what is asked.
func task(s series.Schema) string {
	when := ""
	switch h := s.Target.Horizon; {
	case h > 0 && s.Target.HorizonRows:
		when = fmt.Sprintf(", %g rows ahead", h)
	case h > 0:
		when = ", " + report.Duration(h) + " ahead"
	}
	verb := "predict the value of"
	if s.Target.Task == series.Classify {
		verb = "tell " + strings.Join(s.Target.Classes, " from ") + " in"
		if len(s.Target.Classes) > 2 {
			verb = fmt.Sprintf("tell the %d classes of", len(s.Target.Classes))
		}
	}
	return fmt.Sprintf("For each row, %s %q%s, from %d inputs and the time since the previous row.", verb, s.Target.Name, when, len(s.Inputs))
}

func (e Entry) reported(microseconds float64) report.Entry {
	r := report.Entry{Name: e.Name, Description: e.Summary, Liquid: e.Subject, Baseline: !e.Subject,
		Parameters: e.Parameters, Synapses: e.Synapses, FLOPsPerStep: e.FLOPs, MicrosecondsPerStep: microseconds}
	if e.Learnt != "" {
		r.Description += ": " + e.Learnt
	}
	for _, run := range e.Runs {
		s := report.SeedResult{Seed: int64(run.Seed), Diverged: run.Diverged != "", Values: map[string]float64{}}
		if run.Train != nil {
			s.BestEpoch = run.Train.Best
		}
		for _, score := range run.Scores {
			s.Values[score.Name] = score.Value
		}
		r.Seeds = append(r.Seeds, s)
	}
	return r
}

func (e Entry) learning() *report.Learning {
	l := &report.Learning{}
	for _, run := range e.Runs {
		if run.Train == nil {
			continue
		}
		c := report.Run{Seed: int64(run.Seed), Best: run.Train.Best}
		for _, p := range run.Train.Epochs {
			c.Epochs = append(c.Epochs, report.Epoch{Number: p.Number, Train: p.Train, Valid: p.Valid, Metric: nan})
		}
		l.Runs = append(l.Runs, c)
	}
	if len(l.Runs) == 0 {
		return nil
	}
	return l
}

// comparisons bound the difference to every other model.
func (x *Outcome) comparisons() (list []report.Comparison) {
	others := x.Others()
	found := make([]*report.Comparison, len(others))
	var wg sync.WaitGroup
	for i := range others {
		wg.Go(func() { found[i] = x.compare(&others[i]) })
	}
	wg.Wait()
	for _, c := range found {
		if c != nil {
			list = append(list, *c)
		}
	}
	return list
}

// compare bounds the mean over seeds of the difference to one baseline, which has the same value for every seed where it is
// not trained with one. The interval is that of chance in the choice of the test series where there are enough of them; else
// in the seeds; else, with one seed, in the stretches of the test rows. nil where nothing can be said.
func (x *Outcome) compare(e *Entry) *report.Comparison {
	a, b := paired(&x.Subject, e)
	if len(a) == 0 {
		return nil
	}
	seeds := "1 seed"
	if len(a) > 1 {
		seeds = fmt.Sprintf("mean of %d seeds", len(a))
	}
	var d metric.Difference
	var method string
	switch bootstrap := (metric.Bootstrap{Seed: 1, Level: level, Draws: draws}); {
	case len(x.Test.Series) >= metric.WholeSeries:
		d = bootstrap.CompareRuns(evaluators(a), evaluators(b), x.Metric)
		method = fmt.Sprintf("block bootstrap over %d test series, %d draws, %s", d.N, d.Draws, seeds)
	case len(a) > 1:
		d = metric.Paired(values(a, x.Metric.Name), values(b, x.Metric.Name), level)
		method = fmt.Sprintf("t interval, paired over %d seeds", len(a))
	default:
		d = bootstrap.CompareRuns(evaluators(a), evaluators(b), x.Metric)
		method = fmt.Sprintf("block bootstrap over the test rows, %d draws, %s", d.Draws, seeds)
	}
	return &report.Comparison{Against: e.Name, Mean: d.Mean, Low: d.Lower, High: d.Upper, Method: method}
}

// draws of a bootstrap: the ends of a 95 % interval are the 13th value from either side.
const draws = 500

// level of all intervals.
const level = 0.95

// paired are the runs of the seeds for which neither diverged. A baseline of one run that was not trained pairs with all.
func paired(a, b *Entry) (x, y []Run) {
	for i, run := range a.Runs {
		k := i
		if len(b.Runs) == 1 && b.Runs[0].Train == nil {
			k = 0
		}
		if k < len(b.Runs) && run.test != nil && b.Runs[k].test != nil {
			x, y = append(x, run), append(y, b.Runs[k])
		}
	}
	return x, y
}

func evaluators(runs []Run) (list []*metric.Evaluator) {
	for _, r := range runs {
		list = append(list, r.test)
	}
	return list
}

func values(runs []Run, name string) (list []float64) {
	for _, r := range runs {
		v, _ := r.Scores.Get(name)
		list = append(list, v)
	}
	return list
}

// drawn is the wiring with its counts.
func drawn(w *wiring.Wiring, s series.Schema) (*report.Wiring, error) {
	var svg strings.Builder
	o := wiring.DrawOptions{ID: "wiring"}
	if names := s.Names(); len(names) == w.Inputs() {
		o.Inputs = names
	}
	if err := w.SVG(&svg, o); err != nil {
		return nil, err
	}
	r := &report.Wiring{SVG: svg.String(), Note: w.String()}
	size := map[wiring.Role]int{wiring.Sensory: w.Inputs()}
	for unit := range w.Units() {
		size[w.Role(unit)]++
	}
	for _, c := range w.Counts() {
		r.Counts = append(r.Counts, report.SynapseCount{From: c.From.String(), To: c.To.String(), Synapses: c.Synapses(),
			Excitatory: c.Excitatory, Inhibitory: c.Inhibitory, Possible: size[c.From] * size[c.To]})
	}
	return r, nil
}

// audited is the audit as the report shows it.
func audited(a *dataset.Audit, source, licence string) *report.Data {
	d := &report.Data{Source: source, Licence: licence, GapCount: a.Clock.GapCount, Duplicates: a.Duplicates,
		OutOfOrder: a.OutOfOrder, Unscored: a.Unlabelled, Warnings: append(append([]string(nil), a.Warnings...), a.Notes...)}
	for _, p := range a.Parts {
		d.Parts = append(d.Parts, report.Part{Name: p.Name, Rows: p.Rows, Series: p.Series, Scored: p.Scored, From: p.From, To: p.To})
	}
	for _, c := range a.Columns {
		column := report.Column{Name: c.Name, Role: c.Role, Kind: c.Kind, Missing: c.Missing, Min: c.Min, Max: c.Max, Mean: c.Mean, SD: c.SD}
		if c.Kind != string(series.Numeric) {
			column.Levels = c.Distinct
		}
		switch {
		case c.Constant:
			column.Note = "constant"
		case c.Outliers > 0:
			column.Note = fmt.Sprintf("%d outliers", c.Outliers)
		}
		d.Columns = append(d.Columns, column)
	}
	for _, s := range a.Steps {
		d.Steps = append(d.Steps, report.Bin{Low: s.Low, High: s.High, Count: s.Count})
	}
	for _, g := range a.Gaps {
		d.Gaps = append(d.Gaps, report.Gap{Series: g.Series, After: g.After, Length: g.Length})
	}
	return d
}
