package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/elegans-nn/elegans/series"
)

// Applied reports what reading data by a schema came upon.
type Applied struct {
	// Rows and Series that were read; Labelled counts the rows that are scored.
	Rows     int `json:"rows"`
	Series   int `json:"series"`
	Labelled int `json:"labelled"`
	// Unseen lists the categories and classes that the schema does not know.
	Unseen []Unseen `json:"unseen,omitempty"`
	// Ignored are columns of the data that the schema does not use.
	Ignored []string `json:"ignored,omitempty"`
	// Warnings say the same in words, one line each.
	Warnings []string `json:"warnings,omitempty"`
}

// Unseen counts the values of one column that a schema does not know.
type Unseen struct {
	Column string   `json:"column"`
	Rows   int      `json:"rows"`
	Values []string `json:"values"` // the first few, in order of appearance
	Label  bool     `json:"label"`  // the column is the target: its rows are not scored
}

// shownValues is how many unknown values a warning lists.
const shownValues = 5

// lookahead says how labels are found.
type lookahead struct {
	horizon   Horizon
	tolerance float64 // seconds
	slack     float64 // seconds that rounding of time stamps may make
	lastStep  bool
}

// lookahead of a target in the given unit of time.
func (d *Dataset) lookahead(t series.Target, unit float64) lookahead {
	look := lookahead{lastStep: t.LastStep, tolerance: d.Roles.HorizonTolerance, slack: 1e-6 * unit}
	if look.tolerance == 0 {
		look.tolerance = unit
	}
	if t.HorizonRows {
		look.horizon.Rows = int(t.Horizon)
	} else {
		look.horizon.Seconds = t.Horizon
	}
	return look
}

// labelsOf gives the label of every row of a segment, NaN where it is not scored. It looks at no row beyond the segment.
func (d *Dataset) labelsOf(g segment, look lookahead) []float64 {
	t := &d.tracks[g.track]
	label := &d.parts[t.part].label
	y := make([]float64, g.to-g.from)
	for i := range y {
		y[i] = nan
	}
	if !label.present() {
		return y
	}
	if look.lastStep {
		if g.to == len(t.rows) {
			y[len(y)-1] = d.lastLabel(t)
		}
		return y
	}
	j := g.scored
	for i := g.scored; i < g.to; i++ {
		switch {
		case look.horizon.Seconds > 0:
			due := t.time[i] + look.horizon.Seconds
			for j < g.to && t.time[j] < due-look.slack {
				j++
			}
			if j < g.to && t.time[j] > due+look.tolerance+look.slack {
				continue
			}
		default:
			j = i + look.horizon.Rows
		}
		if j < g.to {
			y[i-g.from] = label.at(int(t.rows[j]))
		}
	}
	return y
}

// lastLabel is the last label that a track holds; NaN where it holds none.
func (d *Dataset) lastLabel(t *track) float64 {
	label := &d.parts[t.part].label
	for i := len(t.rows) - 1; i >= 0; i-- {
		if y := label.at(int(t.rows[i])); y == y {
			return y
		}
	}
	return nan
}

// reader reads segments by a schema.
type reader struct {
	d      *Dataset
	schema series.Schema
	column []int     // of Dataset.inputs, for each schema input but the calendar's
	level  [][]int32 // [part × columns][code of the table]: the level of the schema, 0 unknown; nil for numbers
	class  []int     // of Dataset.names: the class of the schema, -1 unknown; nil for a regression
	look   lookahead
	unseen map[string]*Unseen
	order  []string // of unseen
}

// assemble reads segments by a schema.
func (d *Dataset) assemble(schema series.Schema, segments []segment) ([]series.Series, Applied, error) {
	r := &reader{d: d, schema: schema, look: d.lookahead(schema.Target, schema.Clock.Unit), unseen: map[string]*Unseen{}}
	if err := r.match(); err != nil {
		return nil, Applied{}, err
	}
	var list []series.Series
	applied := Applied{Series: len(segments)}
	for _, g := range segments {
		s, err := r.read(g)
		if err != nil {
			return nil, applied, err
		}
		applied.Rows += s.Len()
		applied.Labelled += s.Scored()
		list = append(list, s)
	}
	for _, name := range r.order {
		u := r.unseen[name]
		applied.Unseen = append(applied.Unseen, *u)
		what := "count as level \"other\""
		if u.Label {
			what = "are not scored"
		}
		applied.Warnings = append(applied.Warnings, fmt.Sprintf("column %q: %d rows hold values that the training part did not (%s); they %s",
			u.Column, u.Rows, quoteAll(u.Values), what))
	}
	return list, applied, nil
}

func quoteAll(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = fmt.Sprintf("%q", v)
	}
	return strings.Join(quoted, ", ")
}

// match finds the columns and levels of the schema in the data.
func (r *reader) match() error {
	columns := len(r.schema.Inputs) - 2*len(r.schema.Clock.Calendar)
	for _, in := range r.schema.Inputs[:columns] {
		i := slices.IndexFunc(r.d.inputs, func(have input) bool { return have.name == in.Name })
		if i < 0 || r.d.inputs[i].kind != in.Kind {
			return r.d.parts[0].whole(in.Name, "the model reads a %s column of this name, the data hold none; give the data the columns the model was trained on", in.Kind)
		}
		r.column = append(r.column, i)
	}
	for _, p := range r.d.parts {
		for k, i := range r.column {
			r.level = append(r.level, levelMap(p.inputs[i].levels, r.schema.Inputs[k]))
		}
	}
	if r.schema.Target.Task != series.Classify {
		return nil
	}
	r.class = make([]int, len(r.d.names))
	for i, name := range r.d.names {
		r.class[i] = slices.Index(r.schema.Target.Classes, name)
	}
	return nil
}

// levelMap gives every level of a table its index in the schema: 0, "other", for one it does not know.
func levelMap(levels []string, in series.Input) []int32 {
	if in.Kind != series.Category {
		return nil
	}
	known := map[string]int32{}
	for i, level := range in.Levels {
		known[level] = int32(i)
	}
	mapped := make([]int32, len(levels))
	for code, level := range levels {
		mapped[code] = known[level]
	}
	return mapped
}

// read makes the series of one segment.
func (r *reader) read(g segment) (series.Series, error) {
	t := &r.d.tracks[g.track]
	n, width := g.to-g.from, len(r.schema.Inputs)
	s := series.Series{
		Name: t.name,
		X:    make([]float32, n*width),
		DT:   make([]float32, n),
		Y:    r.d.labelsOf(g, r.look),
		Time: slices.Clone(t.time[g.from:g.to]),
		Row:  make([]int, n),
	}
	for i := range n {
		row := int(t.rows[g.from+i])
		s.Row[i] = row
		s.DT[i] = float32(r.schema.Clock.FirstDT)
		if at := g.from + i; at > 0 {
			dt := (t.time[at] - t.time[at-1]) / r.schema.Clock.Unit
			if s.DT[i] = float32(dt); dt > math.MaxFloat32 {
				return s, r.d.parts[t.part].cell(row, r.schema.Clock.Column, "", "lies %g time units after the previous row, more than a number can hold; %s", dt, r.d.advice("correct the time", "or choose a larger --time-unit"))
			}
		}
		if err := r.inputs(t, row, s.X[i*width:(i+1)*width]); err != nil {
			return s, err
		}
		r.calendar(t.time[g.from+i], s.X[i*width+len(r.column):(i+1)*width])
	}
	if r.class != nil {
		r.classes(s.Y)
	}
	return s, nil
}

// inputs reads the columns of one row into x.
func (r *reader) inputs(t *track, row int, x []float32) error {
	p := r.d.parts[t.part]
	for k, i := range r.column {
		v, in := &p.inputs[i], &r.schema.Inputs[k]
		switch {
		case v.missing(row) && !in.Missing:
			of := ""
			if t.name != "" {
				of = fmt.Sprintf(" of series %q", t.name)
			}
			return p.cell(row, in.Name, "", "row %d%s lacks a value, and the training data never did; fill it in, or train on data that show the model missing values", row+1, of)
		case v.missing(row):
			x[k] = float32(nan)
		case in.Kind == series.Category:
			level := r.level[t.part*len(r.column)+k][v.codes[row]]
			if text := v.levels[v.codes[row]]; level == 0 && text != series.Other {
				r.unknown(in.Name, text, false)
			}
			x[k] = float32(level)
		default:
			x[k] = float32(v.num[row])
		}
	}
	return nil
}

// calendar writes the cycles of a moment.
func (r *reader) calendar(t float64, x []float32) {
	if len(x) == 0 {
		return
	}
	whole := math.Floor(t)
	at := time.Unix(int64(whole), int64((t-whole)*1e9)).In(r.d.zone)
	for i, cycle := range r.schema.Clock.Calendar {
		sin, cos := math.Sincos(2 * math.Pi * calendarTerms[cycle](at))
		x[2*i], x[2*i+1] = float32(sin), float32(cos)
	}
}

// classes turns the classes of the data into those of the schema. A class that the schema does not know cannot be scored.
func (r *reader) classes(y []float64) {
	for i, v := range y {
		if v != v {
			continue
		}
		class := r.class[int(v)]
		if class < 0 {
			r.unknown(r.schema.Target.Name, r.d.names[int(v)], true)
			y[i] = nan
			continue
		}
		y[i] = float64(class)
	}
}

// unknown counts a value that the schema does not know.
func (r *reader) unknown(column, value string, label bool) {
	key := column
	if label {
		key += "\x00label" // the target may be an input too
	}
	u := r.unseen[key]
	if u == nil {
		u = &Unseen{Column: column, Label: label}
		r.unseen[key] = u
		r.order = append(r.order, key)
	}
	u.Rows++
	if len(u.Values) < shownValues && !slices.Contains(u.Values, value) {
		u.Values = append(u.Values, value)
	}
}
