package dataset

import (
	"fmt"
	"math"
	"slices"

	"github.com/elegans-nn/elegans/series"
)

// fit makes the schema from the training segments: everything that is estimated is estimated here and nowhere else.
func (d *Dataset) fit(train []segment) (s series.Schema, warnings []string, err error) {
	warn := func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }
	r := &d.Roles
	s.SeriesColumn = r.Series
	s.Clock = series.Clock{Kind: d.kind, Unit: r.TimeUnit, FirstDT: 1, Zone: r.Zone, Calendar: r.Calendar}
	if r.Time != NoTime {
		s.Clock.Column = r.Time
	}
	if s.Clock.Unit == 0 {
		s.Clock.Unit = d.medianStep(train)
	}
	for i, in := range d.inputs {
		var column series.Input
		if in.kind == series.Category {
			column = d.fitCategory(i, train)
		} else {
			column, err = d.fitNumber(i, train, warn)
		}
		if err != nil {
			return s, nil, err
		}
		s.Inputs = append(s.Inputs, column)
	}
	for _, name := range calendarInputs(r.Calendar) {
		s.Inputs = append(s.Inputs, series.Input{Name: name, Kind: series.Numeric, SD: 1})
	}
	if s.Target, err = d.fitTarget(train, s.Clock.Unit, warn); err != nil {
		return s, nil, err
	}
	if err := s.Check(); err != nil {
		return s, nil, &UsageError{Text: err.Error()}
	}
	return s, warnings, nil
}

// medianStep is the median positive time between neighbouring rows of the segments; 1 where there is none.
func (d *Dataset) medianStep(segments []segment) float64 {
	var steps []float64
	for _, g := range segments {
		t := &d.tracks[g.track]
		for i := max(g.from, 1); i < g.to; i++ {
			if dt := t.time[i] - t.time[i-1]; dt > 0 {
				steps = append(steps, dt)
			}
		}
	}
	return median(steps, 1)
}

// moments gives mean and population standard deviation in two passes, which stays exact where the mean is large against
// the spread; n is the number of values.
func moments(each func(yield func(float64))) (mean, sd float64, n int) {
	each(func(v float64) {
		n++
		mean += v
	})
	if n == 0 {
		return 0, 1, 0
	}
	mean /= float64(n)
	square, rest := 0.0, 0.0
	each(func(v float64) {
		square += (v - mean) * (v - mean)
		rest += v - mean
	})
	square -= rest * rest / float64(n)
	mean += rest / float64(n) // what rounding left out of the first pass
	return mean, math.Sqrt(math.Max(square, 0) / float64(n)), n
}

// usableSD replaces the deviation of a constant column: 1, also where rounding alone makes it positive.
func usableSD(mean, sd float64) float64 {
	if !(sd > 1e-12*math.Abs(mean)) || sd < 1e-300 {
		return 1
	}
	return sd
}

func (d *Dataset) fitNumber(i int, train []segment, warn func(string, ...any)) (series.Input, error) {
	in := d.inputs[i]
	values := func(yield func(float64)) {
		d.each(train, func(t *track, row int) {
			if v := d.parts[t.part].inputs[i].num[row]; v == v {
				yield(v)
			}
		})
	}
	mean, sd, n := moments(values)
	usable := usableSD(mean, sd)
	switch {
	case n == 0:
		warn("column %q holds no value in the training part: the model cannot learn from it", in.name)
	case usable != sd && d.rowsIn(train) > 1:
		warn("column %q is constant (%.6g) in the training part: the model cannot learn from it", in.name, mean)
	}
	column := series.Input{Name: in.name, Kind: series.Numeric, Mean: mean, SD: usable, Clip: d.Roles.Clip}
	if d.Roles.Bins > 0 {
		var all []float64
		values(func(v float64) { all = append(all, v) })
		column.Knots = series.Knots(all, d.Roles.Bins)
	}
	if in.missing {
		var err error
		column.Missing, column.Mask, column.Since = true, d.Roles.Missing.Mask, d.Roles.Missing.Since
		column.Impute, column.Hold, err = d.Roles.Missing.fill(mean)
		return column, err
	}
	return column, nil
}

// fitCategory lists the levels of the training part by letters, after level 0. A missing category is imputed as level 0
// or held: a mean of levels has no meaning.
func (d *Dataset) fitCategory(i int, train []segment) series.Input {
	in := d.inputs[i]
	seen := map[string]bool{}
	var levels []string
	d.each(train, func(t *track, row int) {
		v := &d.parts[t.part].inputs[i]
		if code := v.codes[row]; code >= 0 && !seen[v.levels[code]] {
			seen[v.levels[code]] = true
			levels = append(levels, v.levels[code])
		}
	})
	slices.Sort(levels)
	// A level of the data that is itself called "other" is level 0 already.
	levels = slices.DeleteFunc(levels, func(l string) bool { return l == series.Other })
	column := series.Input{Name: in.name, Kind: series.Category, Levels: append([]string{series.Other}, levels...)}
	if in.missing {
		column.Missing, column.Mask, column.Since = true, d.Roles.Missing.Mask, d.Roles.Missing.Since
		column.Hold = d.Roles.Missing.Impute == "hold"
	}
	return column
}

// fitTarget describes the target by the labels that the training part scores.
func (d *Dataset) fitTarget(train []segment, unit float64, warn func(string, ...any)) (series.Target, error) {
	r := &d.Roles
	t := series.Target{Name: r.Target, Task: r.Task, Horizon: r.Horizon.Seconds, AsInput: r.TargetAsInput, LastStep: r.LastStep}
	if r.Horizon.Rows > 0 {
		t.Horizon, t.HorizonRows = float64(r.Horizon.Rows), true
	}
	var labels []float64
	look := d.lookahead(t, unit)
	for _, g := range train {
		for _, y := range d.labelsOf(g, look) {
			if y == y {
				labels = append(labels, y)
			}
		}
	}
	if len(labels) == 0 {
		return t, d.parts[0].whole(r.Target, "the training part holds no row with a label (horizon %s); fill in labels, or shorten --horizon", r.Horizon)
	}
	if r.Task == series.Regress {
		mean, sd, _ := moments(func(yield func(float64)) {
			for _, y := range labels {
				yield(y)
			}
		})
		t.Mean, t.SD = mean, usableSD(mean, sd)
		if t.SD != sd {
			warn("the target %q is constant (%.6g) in the training part: there is nothing to learn", r.Target, mean)
		}
		return t, nil
	}
	count := make([]int, len(d.names))
	for _, y := range labels {
		count[int(y)]++
	}
	for class, name := range d.names {
		if count[class] > 0 {
			t.Classes = append(t.Classes, name)
		}
	}
	if len(t.Classes) < 2 {
		return t, d.parts[0].whole(r.Target, "all %d labels of the training part are %q: two classes at least are needed; train on more rows, split otherwise with --split, or choose another --target", len(labels), t.Classes[0])
	}
	return t, nil
}

// each visits the rows that a part owns, context left out, in order.
func (d *Dataset) each(segments []segment, visit func(t *track, row int)) {
	for _, g := range segments {
		t := &d.tracks[g.track]
		for _, row := range t.rows[g.scored:g.to] {
			visit(t, int(row))
		}
	}
}

func (d *Dataset) rowsIn(segments []segment) (n int) {
	for _, g := range segments {
		n += g.to - g.scored
	}
	return n
}
