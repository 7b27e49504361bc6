package experiment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/report"
)

// Page puts the outcome into a report: a table of robustness, and a chart for each condition.
func (x *Stress) Page(o PageOptions) *report.Report {
	r := &report.Report{Version: o.Version, Command: o.Command, Settings: o.Settings, Warnings: slices.Concat(o.Warnings, x.Warnings),
		Title: x.Tried[0].Name + " under varying conditions", Task: o.Task}
	m, scale, unit := report.Named(x.Metric.Name), 1.0, ""
	if x.Metric.Unit == metric.Fraction {
		scale, unit = 100, " [%]"
	}
	t := report.Table{Title: "Robustness", Head: []string{"model", m.Label + unit, "robustness"},
		Note: "The area under each curve below relative to clean: 1 is unharmed, and what is left of the metric is value / clean (clean / value for an error). Robustness is the mean over the conditions."}
	if see := x.SeeLabels(); len(see) > 0 {
		t.Note += " " + strings.Join(see, ", ") + " see earlier labels, which the others do not."
	}
	for k, tried := range x.Tried {
		t.Rows = append(t.Rows, []string{tried.Name, fmt.Sprintf("%.4g", scale*x.Clean[k]), share(x.Robustness[k])})
	}
	for _, h := range x.Hardships {
		if h.Skipped != "" {
			continue
		}
		t.Head = append(t.Head, h.Name)
		for k := range x.Tried {
			t.Rows[k] = append(t.Rows[k], share(h.Curves[k].Area))
		}
		r.Plots = append(r.Plots, x.plot(h, m.Label+unit, scale))
	}
	r.Tables = append(r.Tables, t)
	if worst := x.worst(scale); len(worst.Rows) > 0 {
		r.Tables = append(r.Tables, worst)
	}
	return r
}

// sentence begins with a capital and ends with a stop.
func sentence(about string) string { return strings.ToUpper(about[:1]) + about[1:] + "." }

func share(v float64) string {
	if v != v {
		return "–"
	}
	return fmt.Sprintf("%.3f", v)
}

func (x *Stress) plot(h Hardship, y string, scale float64) report.Plot {
	p := report.Plot{Title: h.Name, X: h.Unit, Y: y, Note: sentence(h.About)}
	if h.PerChannel {
		p.Note = fmt.Sprintf("%s Mean over %s.", sentence(h.About), h.Over())
	}
	for k, tried := range x.Tried {
		line := report.Line{Name: tried.Name, Dashed: k > 0 && tried.About != "", Points: []report.Point{{X: h.Clean, Y: scale * x.Clean[k]}}}
		for i, level := range h.Levels {
			line.Points = append(line.Points, report.Point{X: level, Y: scale * h.Curves[k].Values[i]})
		}
		p.Lines = append(p.Lines, line)
	}
	return p
}

// Over says over which inputs the curves of a condition by channel are.
func (h Hardship) Over() string {
	if len(h.Inputs) < h.Of {
		return fmt.Sprintf("%d inputs, drawn from %d", len(h.Inputs), h.Of)
	}
	return fmt.Sprintf("all %d inputs", h.Of)
}

// worst is the table of the channels that harm most.
func (x *Stress) worst(scale float64) report.Table {
	t := report.Table{Title: "The input that harms most", Head: []string{"condition at its last level"}, Note: "The input without which, or with which astray, a model is worst, and the metric then."}
	for _, tried := range x.Tried {
		t.Head = append(t.Head, tried.Name)
	}
	for _, h := range x.Hardships {
		if h.Skipped != "" || !h.PerChannel {
			continue
		}
		row := []string{fmt.Sprintf("%s, %g %s", h.Name, h.Levels[len(h.Levels)-1], h.Unit)}
		for _, c := range h.Curves {
			text := "–"
			if c.Worst != "" {
				text = fmt.Sprintf("%s: %.4g", c.Worst, scale*c.WorstValue)
			}
			row = append(row, text)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// SeeLabels names those who read earlier labels when they predict, which the others do not.
func (x *Stress) SeeLabels() (names []string) {
	for _, t := range x.Tried {
		if t.SeesLabels {
			names = append(names, t.Name)
		}
	}
	return names
}
