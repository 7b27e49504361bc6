package experiment

import (
	"fmt"
	"math"
	"slices"

	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/report"
)

// Page puts a leaderboard into a report. Its subject is the best row.
func (b *Leaderboard) Page(o PageOptions) *report.Report {
	r := &report.Report{Version: o.Version, Command: o.Command, Settings: o.Settings, Warnings: slices.Clone(b.Warnings), Title: "Comparison of models"}
	for _, l := range b.LeftOut {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%s is left out: %s", l.Name, l.Reason()))
	}
	m := report.Named(b.Metric.Name)
	r.Metrics = append(r.Metrics, m)
	for _, other := range metric.For(b.Test.Target) {
		if other.Name != b.Metric.Name {
			r.Metrics = append(r.Metrics, report.Named(other.Name))
		}
	}
	if o.Audit != nil {
		r.Title += " on " + o.Audit.Name
		r.Data = audited(o.Audit, o.Source, o.Licence)
	}
	for i, s := range b.Rows {
		e := s.reported(s.Microseconds)
		e.Liquid, e.Baseline = i == 0, !s.Network()
		if s.Inputs == FeedTime || s.Inputs == FeedPlain {
			e.Description += "; fed beside the values: " + string(s.Inputs)
		}
		r.Models = append(r.Models, e)
		if i > 0 {
			r.Comparisons = append(r.Comparisons, s.against())
		}
	}
	r.Tables = []report.Table{b.details(m)}
	r.Plots = append(b.frontier(m), b.curves()...)
	return r
}

// against is the best row against this one.
func (s Standing) against() report.Comparison {
	d, method := s.OverSeeds, fmt.Sprintf("t interval, paired over %d seeds", s.OverSeeds.N)
	if s.OverSeeds.N < 2 {
		d, method = s.OverTest, fmt.Sprintf("block bootstrap over the test part, %d draws", s.OverTest.Draws)
	}
	return report.Comparison{Against: s.Name, Mean: -d.Mean, Low: -d.Upper, High: -d.Lower, Method: method}
}

// details is the table of what the list of models has no column for.
func (b *Leaderboard) details(m report.Metric) report.Table {
	t := report.Table{Title: "Difference to the best, and what it took",
		Note: fmt.Sprintf("Differences are value − best of %s%s with 95 %% intervals: Student's t over seeds, paired; and a block bootstrap over the test series (stretches of rows where there are few), which says how much another test part would change it. A diverged run counts with the score of %s. Times were measured on one core when the model was trained.", m.Label, inPercent(b.Metric), b.Constant),
		Head: []string{"model", "difference, over seeds", "over the test part", "size", "learning rate", "configurations tried", "diverged", "s / training", "µs / step"}}
	for _, s := range b.Rows {
		n, _ := s.Diverged()
		row := []string{s.Name, interval(b.Metric, s.OverSeeds), interval(b.Metric, s.OverTest), "–", "–", fmt.Sprint(s.Tried), "–", fmt.Sprintf("%.3g", s.Seconds), "–"}
		if s.Network() {
			row[4], row[6], row[8] = fmt.Sprintf("%.3g", s.LearningRate), fmt.Sprintf("%d of %d", n, len(s.Runs)), fmt.Sprintf("%.3g", s.Microseconds)
		}
		if s.Size > 0 {
			row[3] = fmt.Sprint(s.Size)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func inPercent(m metric.Metric) string {
	if m.Unit == metric.Fraction {
		return " in points of per cent"
	}
	return ""
}

// interval is a difference with its ends; fractions in per cent.
func interval(m metric.Metric, d metric.Difference) string {
	scale := 1.0
	if m.Unit == metric.Fraction {
		scale = 100
	}
	text := fmt.Sprintf("%+.3g", scale*d.Mean)
	if d.Mean == 0 {
		text = "0"
	}
	if d.Lower == d.Lower && (d.Lower != 0 || d.Upper != 0) {
		text += fmt.Sprintf(" [%+.3g, %+.3g]", scale*d.Lower, scale*d.Upper)
	}
	return text
}

// frontier is the metric against FLOPs, a dot for each seed, and the best of the simple baselines as a line.
func (b *Leaderboard) frontier(m report.Metric) []report.Plot {
	scale, unit := 1.0, ""
	if b.Metric.Unit == metric.Fraction {
		scale, unit = 100, " [%]"
	}
	p := report.Plot{Title: "What an operation buys", X: "FLOPs a step", Y: m.Label + unit, LogX: true,
		Note: "Each dot is one seed; simple baselines count no FLOPs, and the best of them is the dashed line. A model is worth its cost where none to the left of it is as good."}
	low, high := math.Inf(1), math.Inf(-1)
	for _, s := range b.Rows {
		if !s.Network() {
			continue
		}
		low, high = math.Min(low, s.FLOPs), math.Max(high, s.FLOPs)
		line := report.Line{Name: s.Name, Dots: true}
		for _, v := range values(s.Runs, b.Metric.Name) {
			line.Points = append(line.Points, report.Point{X: s.FLOPs, Y: scale * v})
		}
		p.Lines = append(p.Lines, line)
	}
	if len(p.Lines) == 0 {
		return nil
	}
	if k := slices.IndexFunc(b.Rows, func(s Standing) bool { return !s.Network() }); k >= 0 {
		y := scale * b.Rows[k].Mean
		p.Lines = append(p.Lines, report.Line{Name: b.Rows[k].Name, Dashed: true, Points: []report.Point{{X: low / 1.5, Y: y}, {X: high * 1.5, Y: y}}})
	}
	return []report.Plot{p}
}

// curves are the losses by epoch, a line for each model: the mean over its seeds, of which one that has stopped keeps its
// last loss.
func (b *Leaderboard) curves() (plots []report.Plot) {
	for _, c := range []struct {
		title, y string
		of       func(r Run, epoch int) float64
	}{
		{"Learning: loss on the validation part", "validation loss", func(r Run, epoch int) float64 { return r.Train.Epochs[epoch].Valid }},
		{"Learning: loss on the training part", "training loss", func(r Run, epoch int) float64 { return r.Train.Epochs[epoch].Train }},
	} {
		p := report.Plot{Title: c.title, X: "epoch", Y: c.y, LogY: true, Note: "Mean over the seeds; one that was stopped early keeps its last loss. Runs that diverged have none."}
		for _, s := range b.Rows {
			line := report.Line{Name: s.Name}
			for epoch := range s.epochs() {
				sum, n := 0.0, 0.0
				for _, r := range s.Runs {
					if r.Train != nil {
						sum, n = sum+c.of(r, min(epoch, len(r.Train.Epochs)-1)), n+1
					}
				}
				line.Points = append(line.Points, report.Point{X: float64(epoch + 1), Y: sum / n})
			}
			if slices.ContainsFunc(line.Points, func(p report.Point) bool { return p.Y == p.Y }) {
				p.Lines = append(p.Lines, line)
			}
		}
		if len(p.Lines) > 0 {
			plots = append(plots, p)
		}
	}
	return plots
}

// epochs is the length of the longest run.
func (s Standing) epochs() (most int) {
	for _, r := range s.Runs {
		if r.Train != nil {
			most = max(most, len(r.Train.Epochs))
		}
	}
	return most
}
