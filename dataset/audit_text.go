package dataset

import (
	"fmt"
	"strings"

	"github.com/elegans-nn/elegans/series"
)

// String writes the audit as plain text of several lines.
func (a Audit) String() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s: %d rows, %d series, %d inputs", a.Name, a.Rows, a.Series, a.inputs())
	if a.Labelled+a.Unlabelled > 0 {
		line("labels: %d rows labelled, %d not", a.Labelled, a.Unlabelled)
	}
	a.writeClock(line)
	line("%-24s %-16s %-9s %8s %11s %11s %11s %11s %9s", "column", "role", "kind", "missing", "min", "mean", "max", "sd", "outliers")
	for _, c := range a.Columns {
		if c.Kind != string(series.Numeric) {
			line("%-24s %-16s %-9s %7.1f%% %d different values", c.Name, c.Role, c.Kind, 100*c.Missing, c.Distinct)
			continue
		}
		line("%-24s %-16s %-9s %7.1f%% %11.4g %11.4g %11.4g %11.4g %9d", c.Name, c.Role, c.Kind, 100*c.Missing, c.Min, c.Mean, c.Max, c.SD, c.Outliers)
	}
	for _, p := range a.Parts {
		classes := ""
		for _, c := range p.Classes {
			classes += fmt.Sprintf(", %s %d", c.Class, c.Rows)
		}
		line("%s: %d rows of %d series, %d scored%s; %s to %s", p.Name, p.Rows, p.Series, p.Scored, classes, a.moment(p.From), a.moment(p.To))
	}
	if len(a.Parts) == 0 {
		for _, c := range a.Classes {
			line("class %s: %d rows", c.Class, c.Rows)
		}
	}
	for i, r := range a.Rules {
		if i == 0 {
			line("single columns, best first (training part; test part; without the column):")
		}
		test := "    -"
		if r.HasTest {
			test = fmt.Sprintf("%.3f", r.Test)
		}
		line("  %.3f  %s  %.3f  %s", r.Train, test, r.Plain, r.Form)
	}
	for _, o := range a.Outside {
		if o.Share == 0 && o.Beyond < 0.01 {
			continue
		}
		line("test values of %s: %.2f %% beyond the training range, %.2f %% beyond %d sd, up to %.3g sd", o.Column, 100*o.Beyond, 100*o.Share, outsideBound, o.Worst)
	}
	for _, n := range a.Notes {
		line("note: %s", n)
	}
	for _, w := range a.Warnings {
		line("warning: %s", w)
	}
	return b.String()
}

func (a Audit) inputs() (n int) {
	for _, c := range a.Columns {
		if strings.HasPrefix(c.Role, "input") {
			n++
		}
	}
	return n
}

func (a Audit) moment(t float64) string {
	return FormatTime(series.Clock{Kind: a.Clock.Kind, Zone: a.Clock.Zone}, t)
}

func (a Audit) writeClock(line func(string, ...any)) {
	unit := " s"
	if a.Clock.Kind == series.Index {
		line("time: rows are counted")
		return
	}
	line("time: column %s (%s), %s to %s", a.Clock.Column, a.Clock.Format, a.moment(a.Clock.From), a.moment(a.Clock.To))
	line("steps: median %.6g%s, longest %.6g%s, %d gaps; %d duplicate times, %d rows out of order", a.Clock.Median, unit, a.Clock.Longest, unit,
		a.Clock.GapCount, a.Duplicates, a.OutOfOrder)
	for _, s := range a.Steps {
		if s.High == 0 {
			line("  %8d steps of 0%s", s.Count, unit)
			continue
		}
		line("  %8d steps of %.6g to %.6g%s", s.Count, s.Low, s.High, unit)
	}
	for i, g := range a.Gaps {
		if i == 3 {
			break
		}
		of := ""
		if g.Series != "" {
			of = " of " + g.Series
		}
		line("  gap of %.6g%s after %s%s", g.Length, unit, a.moment(g.After), of)
	}
}
