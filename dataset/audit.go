package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/series"
)

// Audit is what a user should know of a data set before believing a result. All numbers are finite.
type Audit struct {
	Name   string   `json:"name"`
	Files  []string `json:"files"`
	Rows   int      `json:"rows"`
	Series int      `json:"series"`
	// Labelled counts the rows whose target is known; Unlabelled the others. Without a target both are 0.
	Labelled   int `json:"labelled"`
	Unlabelled int `json:"unlabelled"`
	// Duplicates counts rows with the time of the row before in their series, dropped ones included; OutOfOrder rows that
	// were sorted; Skipped time stamps in an hour that the clock of the zone skips.
	Duplicates int `json:"duplicates"`
	OutOfOrder int `json:"out_of_order"`
	Skipped    int `json:"skipped"`

	Clock   ClockAudit    `json:"clock"`
	Steps   []StepBin     `json:"steps"`
	Gaps    []Gap         `json:"gaps,omitempty"` // the longest, longest first
	Columns []ColumnAudit `json:"columns"`
	Classes []ClassCount  `json:"classes,omitempty"`

	// What follows needs a split.
	Parts   []PartAudit `json:"parts,omitempty"`
	Rules   []Rule      `json:"rules,omitempty"` // the best of single columns, best first
	Outside []Outside   `json:"outside,omitempty"`

	Warnings []string `json:"warnings,omitempty"`
	Notes    []string `json:"notes,omitempty"`
}

// ClockAudit describes the time column. Times are seconds since 1970-01-01 UTC, elapsed seconds, or rows.
type ClockAudit struct {
	Column string          `json:"column,omitempty"`
	Kind   series.TimeKind `json:"kind"`
	Format string          `json:"format,omitempty"`
	Zone   string          `json:"zone,omitempty"`
	From   float64         `json:"from"`
	To     float64         `json:"to"`
	// Median is that of the positive steps; Longest the longest.
	Median   float64 `json:"median_step"`
	Longest  float64 `json:"longest_step"`
	GapCount int     `json:"gap_count"` // steps of more than GapSteps medians
}

// GapSteps is how many median steps make a gap.
const GapSteps = 3

// shownGaps and shownRules bound the lists of an audit.
const (
	shownGaps  = 10
	shownRules = 5
)

// StepBin counts the steps between rows in [Low, High), in seconds or rows; the last bin holds High too.
type StepBin struct {
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Count int     `json:"count"`
}

// Gap is a pause within a series: the time of the row before it, and its length.
type Gap struct {
	Series string  `json:"series,omitempty"`
	After  float64 `json:"after"`
	Length float64 `json:"length"`
}

// ColumnAudit describes an input or the target. The moments are those of the observed training values; of all values
// without a split.
type ColumnAudit struct {
	Name     string  `json:"name"`
	Role     string  `json:"role"` // input, target, or both
	Kind     string  `json:"kind"` // numeric, category, class
	Missing  float64 `json:"missing"`
	Distinct int     `json:"distinct"` // different values, counted up to 1000 for numbers
	Min      float64 `json:"min"`
	Max      float64 `json:"max"`
	Mean     float64 `json:"mean"`
	SD       float64 `json:"sd"`
	Constant bool    `json:"constant"`
	// Outliers counts values more than 8 robust standard deviations (1.4826 × the median distance from the median) from
	// the median: so far out that a failing sensor is likelier than a long tail. 0 where over half the values are equal.
	Outliers int `json:"outliers"`
}

// robustBound is the distance of ColumnAudit.Outliers.
const robustBound = 8

// ClassCount is the number of rows of a class.
type ClassCount struct {
	Class string `json:"class"`
	Rows  int    `json:"rows"`
}

// PartAudit describes one part of the split.
type PartAudit struct {
	Name    string       `json:"name"`
	Rows    int          `json:"rows"`
	Series  int          `json:"series"`
	Scored  int          `json:"scored"`
	From    float64      `json:"from"`
	To      float64      `json:"to"`
	Classes []ClassCount `json:"classes,omitempty"`
}

// Outside says how far the test inputs of a column lie outside the training range.
type Outside struct {
	Column string  `json:"column"`
	Share  float64 `json:"share"`  // of the test values that lie more than 5 training sd from the training mean
	Worst  float64 `json:"worst"`  // largest distance, in training sd
	Beyond float64 `json:"beyond"` // share of values below the training minimum or above its maximum
}

// outsideBound is the distance of Outside.Share.
const outsideBound = 5

// Audit examines the data set, and the split if one is given (nil: none). A file that is out of order can be audited
// when it was opened with Roles.Sort.
func (d *Dataset) Audit(split *Split) Audit {
	a := Audit{Name: d.Name, Files: d.Files(), Rows: d.Rows(), Series: len(d.tracks), Notes: slices.Clone(d.Notes), Warnings: slices.Clone(d.Warnings)}
	d.auditClock(&a)
	d.auditLabels(&a)
	var b buffers
	for i := range d.inputs {
		a.Columns = append(a.Columns, d.auditInput(i, split, &b))
	}
	if d.Roles.Target != "" && !d.Roles.TargetAsInput {
		a.Columns = append(a.Columns, d.auditTarget(&b))
	}
	var sparse []string
	for i := range a.Columns {
		c := &a.Columns[i]
		switch {
		case c.Name == d.Roles.Target && d.Roles.TargetAsInput:
			c.Role = "input and target"
		case c.Constant && c.Role == "input" && split == nil: // a split has its own warning
			a.warn("column %q is constant: it says nothing", c.Name)
		case c.Missing > 0.5 && c.Role == "input":
			sparse = append(sparse, fmt.Sprintf("%s (%.0f %%)", c.Name, 100*c.Missing))
		}
	}
	if n := len(sparse); n > 0 {
		a.warn("%d columns lack more than half of their values: %s", n, strings.Join(sparse[:min(n, 8)], ", "))
	}
	if a.Unlabelled > 0 {
		a.warn("%d of %d rows have no label and are not scored", a.Unlabelled, a.Rows)
	}
	if split != nil {
		a.auditSplit(split, &b)
	}
	return a
}

func (a *Audit) warn(format string, args ...any) {
	a.Warnings = append(a.Warnings, fmt.Sprintf(format, args...))
}

// stepEdges are the borders of the histogram of steps, in medians.
var stepEdges = []float64{0, 0.5, 1.5, GapSteps, 10, 100}

// auditClock measures the steps between rows.
func (d *Dataset) auditClock(a *Audit) {
	a.Clock = ClockAudit{Kind: d.kind, Format: d.format, Zone: d.Roles.Zone, From: math.Inf(1), To: math.Inf(-1)}
	if d.Roles.Time != NoTime {
		a.Clock.Column = d.Roles.Time
	}
	steps := make([]float64, 0, d.Rows())
	for _, t := range d.tracks {
		a.Duplicates += t.duplicates
		a.OutOfOrder += t.backwards
		a.Skipped += t.skipped
		a.Clock.From = math.Min(a.Clock.From, t.time[0])
		a.Clock.To = math.Max(a.Clock.To, t.time[len(t.time)-1])
		for i := 1; i < len(t.time); i++ {
			steps = append(steps, t.time[i]-t.time[i-1])
		}
	}
	slices.Sort(steps)
	zeros, _ := slices.BinarySearch(steps, math.SmallestNonzeroFloat64)
	if zeros == len(steps) {
		if zeros > 0 {
			a.Steps = []StepBin{{Count: zeros}}
		}
		return
	}
	unit := (steps[(zeros+len(steps)-1)/2] + steps[(zeros+len(steps))/2]) / 2 // the median, of what is sorted already
	a.Clock.Median, a.Clock.Longest = unit, steps[len(steps)-1]
	if zeros > 0 {
		a.Steps = append(a.Steps, StepBin{Count: zeros})
	}
	from := zeros
	for k, edge := range stepEdges {
		bin := StepBin{Low: edge * unit, High: a.Clock.Longest, Count: len(steps) - from}
		if k+1 < len(stepEdges) {
			bin.High = stepEdges[k+1] * unit
			to, _ := slices.BinarySearch(steps, bin.High)
			bin.Count = to - from
			from = to
		}
		if bin.Count > 0 {
			a.Steps = append(a.Steps, bin)
		}
	}
	d.auditGaps(a)
}

func (d *Dataset) auditGaps(a *Audit) {
	for _, t := range d.tracks {
		for i := 1; i < len(t.time); i++ {
			if length := t.time[i] - t.time[i-1]; length > GapSteps*a.Clock.Median {
				a.Gaps = append(a.Gaps, Gap{Series: t.name, After: t.time[i-1], Length: length})
			}
		}
	}
	a.Clock.GapCount = len(a.Gaps)
	slices.SortStableFunc(a.Gaps, func(x, y Gap) int {
		switch {
		case x.Length > y.Length:
			return -1
		case x.Length < y.Length:
			return 1
		}
		return 0
	})
	a.Gaps = a.Gaps[:min(len(a.Gaps), shownGaps)]
}

// auditLabels counts rows by their own label, whatever the horizon.
func (d *Dataset) auditLabels(a *Audit) {
	if d.Roles.Target == "" {
		return
	}
	count := make([]int, len(d.names))
	d.each(d.everything(), func(t *track, row int) {
		y := d.parts[t.part].label.at(row)
		if y != y {
			a.Unlabelled++
			return
		}
		a.Labelled++
		if d.Roles.Task == series.Classify {
			count[int(y)]++
		}
	})
	for i, name := range d.names {
		a.Classes = append(a.Classes, ClassCount{name, count[i]})
	}
}

// everything is one segment for each series.
func (d *Dataset) everything() (all []segment) {
	for i, t := range d.tracks {
		all = append(all, segment{track: i, to: len(t.rows)})
	}
	return all
}

// auditInput describes input i, by the training part where there is a split.
func (d *Dataset) auditInput(i int, split *Split, b *buffers) ColumnAudit {
	in := d.inputs[i]
	c := ColumnAudit{Name: in.name, Role: "input", Kind: string(in.kind)}
	all := grown(b.all, d.Rows())
	texts := map[string]bool{}
	missing := 0
	d.each(d.everything(), func(t *track, row int) {
		v := &d.parts[t.part].inputs[i]
		switch {
		case v.missing(row):
			missing++
		case in.kind == series.Category:
			texts[v.levels[v.codes[row]]] = true
		default:
			all = append(all, v.num[row])
		}
	})
	c.Missing = float64(missing) / float64(max(d.Rows(), 1))
	if in.kind == series.Category {
		c.Distinct = len(texts)
		c.Constant = c.Distinct < 2
		return c
	}
	train := all
	if split != nil && i < len(split.Schema.Inputs) && split.Schema.Inputs[i].Name == in.name {
		b.train = column(b.train, split.Train, i)
		train = b.train
	}
	b.all = all
	c.describe(all, train, b)
	return c
}

func (d *Dataset) auditTarget(b *buffers) ColumnAudit {
	c := ColumnAudit{Name: d.Roles.Target, Role: "target", Kind: "class", Distinct: len(d.names)}
	all := grown(b.all, d.Rows())
	d.each(d.everything(), func(t *track, row int) {
		if y := d.parts[t.part].label.at(row); y == y {
			all = append(all, y)
		}
	})
	c.Missing = 1 - float64(len(all))/float64(max(d.Rows(), 1))
	if d.Roles.Task == series.Regress {
		c.Kind = string(series.Numeric)
		c.describe(all, all, b)
	} else {
		c.Constant = c.Distinct < 2
	}
	return c
}

// buffers are reused from column to column, so that an audit takes the memory of a few columns and not of all.
type buffers struct {
	all, train, work           []float64
	pairs, test, seen, ordered []pair
}

// column gathers the observed values of an input, in the memory of into.
func column(into []float64, list []series.Series, input int) (values []float64) {
	values = grown(into, rowsOf(list))
	for k := range list {
		s := &list[k]
		for row := range s.Len() {
			if v := s.At(row)[input]; v == v {
				values = append(values, float64(v))
			}
		}
	}
	return values
}

func rowsOf(list []series.Series) (n int) {
	for k := range list {
		n += list[k].Len()
	}
	return n
}

// describe fills in moments, by the training values, and outliers and distinct values, by all.
func (c *ColumnAudit) describe(all, train []float64, b *buffers) {
	if len(all) == 0 {
		c.Constant = true
		return
	}
	if len(train) > 0 {
		c.Min, c.Max = slices.Min(train), slices.Max(train)
		c.Mean, c.SD, _ = moments(func(yield func(float64)) {
			for _, v := range train {
				yield(v)
			}
		})
	}
	distinct := map[float64]bool{}
	for _, v := range all {
		if distinct[v] = true; len(distinct) == 1000 {
			break
		}
	}
	c.Distinct = len(distinct)
	c.Constant = c.Distinct < 2
	b.work = append(grown(b.work, len(all)), all...)
	middle := median(b.work, 0)
	for i, v := range all {
		b.work[i] = math.Abs(v - middle)
	}
	spread := 1.4826 * median(b.work, 0)
	for _, far := range b.work {
		if spread > 0 && far > robustBound*spread {
			c.Outliers++
		}
	}
}
