package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/report"
	"github.com/elegans-nn/elegans/series"
)

// curvePoints is how many points the curves of a report have at most, and eventRows how many events its table lists.
const curvePoints, eventRows = 400, 40

// page is the report of a stream.
func (a *adapting) page() *report.Report {
	t := a.schema.Target
	slices.SortStableFunc(a.scored, func(x, y scored) int { return cmp.Compare(x.time, y.time) })
	r := &report.Report{Version: version, Command: a.command, Clock: a.schema.Clock.Kind, Title: fmt.Sprintf("Adapting %s on %s", a.file, a.data),
		Subtitle: fmt.Sprintf("%s, %s, %s: each prediction is scored before its label is learned", plural(a.score.rows, "row"), plural(a.score.labels, "label"), plural(a.score.learned, "update")),
		Task:     fmt.Sprintf("%s is %s.", t.Name, asked(t.Task))}
	if !a.delay.IsZero() {
		r.Task = fmt.Sprintf("%s is %s; a label comes %s after its row.", t.Name, asked(t.Task), a.delay)
	}
	r.Tables = append(r.Tables, a.scoreTable())
	if a.forgot != nil {
		r.Tables = append(r.Tables, a.forgotTable())
	}
	if len(a.scored) > 0 {
		r.Plots = append(r.Plots, a.errorPlot())
		if p := a.coveragePlot(); len(p.Lines) > 0 {
			r.Plots = append(r.Plots, p)
		}
		r.Predictions = a.traces()
	}
	r.Tables = append(r.Tables, a.eventTable())
	m := a.learner.Memory()
	r.Settings = []report.Setting{{Name: "learning", Value: a.learner.Setting()}, {Name: "memory", Value: fmt.Sprintf("%d bytes", m.Now),
		Note: fmt.Sprintf("at most %d; %d a series, %d a waiting prediction", m.Most, m.Series, m.Waiting)}}
	return r
}

// contenders are the names of all that is scored, the adapting model first.
func (a *adapting) contenders() []string {
	return append([]string{"adapting", "frozen"}, a.beside.names...)
}

// common tells whether all have a prediction.
func (s *scored) common() bool {
	return !slices.ContainsFunc(s.miss, func(v float64) bool { return v != v })
}

// totals are the errors of all on the labels that all predicted.
func (a *adapting) totals() []errorSum {
	sums := make([]errorSum, len(a.contenders()))
	for i := range a.scored {
		if a.scored[i].common() {
			for k, v := range a.scored[i].miss {
				sums[k].add(v)
			}
		}
	}
	return sums
}

func (a *adapting) scoreTable() report.Table {
	t := a.schema.Target
	sums := a.totals()
	about := append([]string{"what was served, which learns from each label when it comes", "the model as it was released"}, a.beside.about...)
	table := report.Table{Title: "Prequential scores", Head: []string{"model", scoreName(t)},
		Note: fmt.Sprintf("Over the %s for which all had a prediction.", plural(sums[0].n, "label"))}
	for k, name := range a.contenders() {
		table.Rows = append(table.Rows, []string{name, figure(sums[k].value(t))})
		table.Note += fmt.Sprintf(" %s: %s.", strings.ToUpper(name[:1])+name[1:], about[k])
	}
	return table
}

// window is the number of labels of rolling figures.
func (a *adapting) window() int { return max(20, min(500, len(a.scored)/20)) }

// axis gives the position of a time on the x axis, and the name of that.
func (a *adapting) axis() (at func(time float64) float64, name string) {
	first, last := a.scored[0].time, a.scored[len(a.scored)-1].time
	unit, word := 1.0, "seconds"
	switch span := last - first; {
	case a.schema.Clock.Kind == series.Index:
		return func(t float64) float64 { return t }, "row"
	case span >= 4*86400:
		unit, word = 86400, "days"
	case span >= 4*3600:
		unit, word = 3600, "hours"
	}
	return func(t float64) float64 { return (t - first) / unit }, word + " since " + dataset.FormatTime(a.schema.Clock, first)
}

// rolling is a mean over the last labels, at some of them; NaN values are left out.
func (a *adapting) rolling(at func(float64) float64, of func(s *scored) float64, shown func(mean float64) float64) (points []report.Point) {
	w, every := a.window(), max(1, len(a.scored)/curvePoints)
	sum, n := 0.0, 0
	for i := range a.scored {
		if v := of(&a.scored[i]); v == v {
			sum, n = sum+v, n+1
		}
		if i >= w {
			if v := of(&a.scored[i-w]); v == v {
				sum, n = sum-v, n-1
			}
		}
		if i >= w-1 && n > 0 && (i%every == 0 || i == len(a.scored)-1) {
			points = append(points, report.Point{X: at(a.scored[i].time), Y: shown(math.Max(0, sum/float64(n)))})
		}
	}
	return points
}

// errorPlot is the rolling error of all, with what happened.
func (a *adapting) errorPlot() report.Plot {
	at, name := a.axis()
	shown, y := math.Sqrt, "rmse"
	if a.schema.Target.Task == series.Classify {
		shown, y = func(v float64) float64 { return 100 * v }, "errors [%]"
	}
	p := report.Plot{Title: "Error over time", X: name, Y: y, Note: fmt.Sprintf("Over the last %d labels. Dots say when something happened; their height is the error of what was served.", a.window())}
	for k, contender := range a.contenders() {
		line := report.Line{Name: contender, Dashed: k > 0, Points: a.rolling(at, func(s *scored) float64 { return s.miss[k] }, shown)}
		p.Lines = append(p.Lines, line)
	}
	served := p.Lines[0].Points
	for _, kind := range []online.EventKind{online.Drifted, online.Promoted, online.RolledBack, online.Refused} {
		dots := report.Line{Name: strings.ReplaceAll(string(kind), "_", " "), Dots: true}
		for _, e := range a.score.events {
			if e.Kind == kind && len(served) > 0 {
				dots.Points = append(dots.Points, report.Point{X: at(e.Time), Y: heightAt(served, at(e.Time))})
			}
		}
		if len(dots.Points) > 0 {
			p.Lines = append(p.Lines, dots)
		}
	}
	return p
}

// heightAt is the last point of a curve at or before x, or its first one.
func heightAt(points []report.Point, x float64) float64 {
	y := points[0].Y
	for _, p := range points {
		if p.X > x {
			break
		}
		y = p.Y
	}
	return y
}

// coveragePlot is the share of labels inside of their intervals.
func (a *adapting) coveragePlot() report.Plot {
	at, name := a.axis()
	inside := func(s *scored) float64 {
		if s.low != s.low {
			return math.NaN()
		}
		return 100 * indicator(s.label >= s.low && s.label <= s.high)
	}
	points := a.rolling(at, inside, func(v float64) float64 { return v })
	if len(points) == 0 {
		return report.Plot{}
	}
	wanted := 100 * a.coverage()
	ends := []report.Point{{X: points[0].X, Y: wanted}, {X: points[len(points)-1].X, Y: wanted}}
	return report.Plot{Title: "Coverage over time", X: name, Y: "labels inside [%]",
		Note:  fmt.Sprintf("Share of the last %d labels that lay inside of their interval; %.3g %% of all %d.", a.window(), 100*float64(a.score.inside)/float64(max(1, a.score.given)), a.score.given),
		Lines: []report.Line{{Name: "labels inside", Points: points}, {Name: "wanted", Dashed: true, Points: ends}}}
}

// coverage is the one that was asked for.
func (a *adapting) coverage() float64 {
	if a.f.coverage > 0 {
		return a.f.coverage
	}
	return 0.9
}

// traces are what was served, with intervals.
func (a *adapting) traces() *report.Predictions {
	t := a.schema.Target
	p := &report.Predictions{Of: "what was served", Target: t.Name, Classes: t.Classes, Threshold: t.Threshold}
	if t.Task == series.Regress {
		p.Levels = []float64{math.Round(500_000*(1-a.coverage())) / 1e6, math.Round(500_000*(1+a.coverage())) / 1e6}
	}
	index := map[string]int{}
	for i := range a.scored {
		s := &a.scored[i]
		k, ok := index[s.series]
		if !ok {
			k = len(p.Series)
			index[s.series] = k
			p.Series = append(p.Series, report.Trace{Name: s.series})
			if t.Task == series.Regress {
				p.Series[k].Bands = make([][]float64, 2)
			}
		}
		trace := &p.Series[k]
		trace.Time, trace.Truth, trace.Value = append(trace.Time, s.time), append(trace.Truth, s.label), append(trace.Value, s.value)
		if len(trace.Bands) == 2 {
			trace.Bands[0], trace.Bands[1] = append(trace.Bands[0], bounded(s.low)), append(trace.Bands[1], bounded(s.high))
		}
	}
	return p
}

// bounded is NaN for what cannot be drawn.
func bounded(v float64) float64 {
	if math.IsInf(v, 0) {
		return math.NaN()
	}
	return v
}

// eventTable lists what happened.
func (a *adapting) eventTable() report.Table {
	t := report.Table{Title: "What happened", Head: []string{"time", "event", "on", "value", "threshold", "before", "after"}}
	for _, e := range listed(a.score.events) {
		on := e.On
		if e.Detector != "" {
			on += " (" + e.Detector + ")"
		}
		t.Rows = append(t.Rows, []string{dataset.FormatTime(a.schema.Clock, e.Time), strings.ReplaceAll(string(e.Kind), "_", " "), on, figure(e.Value), figure(e.Threshold), figure(e.Before), figure(e.After)})
	}
	switch {
	case len(t.Rows) == 0:
		t.Note = "No drift was found, nothing was promoted, rolled back or refused."
	case len(t.Rows) < len(a.score.events):
		t.Note = fmt.Sprintf("The first %d of %d events; drifts give way to all else.", len(t.Rows), len(a.score.events))
	}
	return t
}

// listed are the events that the table has room for: the first ones, of drifts as many as the others leave room for.
func listed(events []online.Event) (list []online.Event) {
	drifts := eventRows
	for _, e := range events {
		if e.Kind != online.Drifted {
			drifts--
		}
	}
	for _, e := range events {
		if e.Kind == online.Drifted {
			drifts--
		}
		if len(list) < eventRows && (e.Kind != online.Drifted || drifts >= 0) {
			list = append(list, e)
		}
	}
	return list
}

// forgotTable compares both models on held-out earlier data.
func (a *adapting) forgotTable() report.Table {
	return report.Table{Title: "On earlier data", Note: fmt.Sprintf("%s of both models, not learning, on all of %s: what was forgotten is the difference.", a.forgot.Metric, a.f.heldOut),
		Head: []string{"model", a.forgot.Metric}, Rows: [][]string{{"as released", figure(deref(a.forgot.Released))}, {"adapted", figure(deref(a.forgot.Adapted))}}}
}

func deref(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// writeReport writes the page.
func (a *adapting) writeReport(ctx context.Context) error {
	page := a.page()
	return a.c.save(ctx, a.f.report, func(w io.Writer) error { return page.WriteHTML(w) })
}
