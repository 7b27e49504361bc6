package suite

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/metric"
)

// Row is a model in a table of results.
type Row struct {
	Model  string
	Kind   Kind
	Source string // empty for ours
	// Parameters; 0 where nobody says.
	Parameters int
	// Mean and SD of the measures over seeds, by name; SD is NaN for a single one.
	Mean, SD map[string]float64
	// Valid is the mean of the first measure on validation; NaN for others.
	Valid float64
	// Rate of learning, seeds that were run, those that diverged, and rates that were tried.
	Rate            float64
	Seeds, Diverged int
	Tried           int
}

// rowOf sums up trials. Runs that diverged are counted, and have the figures of the constant model.
func (t *Task) rowOf(l Line, trials []*Trial) Row {
	r := Row{Model: l.Name, Kind: l.Kind, Seeds: len(trials), Tried: l.Tried, Mean: map[string]float64{}, SD: map[string]float64{}}
	values, valid := map[string][]float64{}, []float64{}
	for _, one := range trials {
		r.Parameters, r.Rate = one.Parameters, one.Options.LearningRate
		if one.Diverged != "" {
			r.Diverged++
		}
		v, _ := one.Valid.Get(t.Measures[0].Name)
		valid = append(valid, v)
		for _, m := range t.Measures {
			v, _ := one.Test.Get(m.Name)
			values[m.Name] = append(values[m.Name], v)
		}
	}
	r.Valid = metric.Mean(valid)
	for name, v := range values {
		r.Mean[name], r.SD[name] = metric.Mean(v), metric.SD(v)
	}
	return r
}

// Others are the figures of others as rows.
func (t *Task) Others() (rows []Row) {
	for _, f := range t.Figures() {
		r := Row{Model: f.Model, Kind: f.Kind, Source: f.Source, Parameters: f.Parameters, Seeds: f.Seeds, Mean: map[string]float64{}, SD: map[string]float64{}, Valid: nan}
		for name, v := range f.Values {
			r.Mean[name], r.SD[name] = v[0], nan
			if len(v) > 1 {
				r.SD[name] = v[1]
			}
		}
		rows = append(rows, r)
	}
	return rows
}

// Outcome of a section on one task.
type Outcome struct {
	Task *Task
	// Rows of ours.
	Rows []Row
	// Absent says why nothing was run: data that are missing.
	Absent string
	// Trials counts all whose test figures were ever computed, Configurations what they are of.
	Trials, Configurations int
}

// Outcome is what a record holds of a section on a task. It needs no data.
func (t *Task) Outcome(held *Results, s Section) Outcome {
	o := Outcome{Task: t, Rows: held.Rows(t, s.Name)}
	o.Trials, o.Configurations = held.Looked()
	return o
}

// WriteSection writes a section of the page in Markdown.
func WriteSection(w io.Writer, s Section, outcomes []Outcome) error {
	p := &printer{w: w}
	p.line("## %d. %s", s.Number, s.Title)
	if s.About != "" {
		p.line("\n%s", s.About)
	}
	for _, o := range outcomes {
		p.outcome(o)
	}
	return p.err
}

type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *printer) outcome(o Outcome) {
	t := o.Task
	p.line("\n### %s (`%s`)\n", t.Title, t.Name)
	steps := "Every step is scored"
	if t.LastOnly {
		steps = "The last step is scored"
	}
	p.line("%s; %s.\n", steps, t.Protocol)
	if o.Absent != "" {
		p.line("Not run: %s.\n", o.Absent)
	}
	rows := append(slices.Clone(o.Rows), t.Others()...)
	main := t.Measures[0]
	slices.SortStableFunc(rows, func(a, b Row) int {
		switch x, y := a.Value(main), b.Value(main); {
		case main.Better(x, y):
			return -1
		case main.Better(y, x):
			return 1
		}
		return 0
	})
	head, rule := "| model | kind | parameters |", "|---|---|---|"
	for _, m := range t.Measures {
		head, rule = head+" "+m.Title+" |", rule+"---|"
	}
	p.line("%s rate | seeds | source |\n%s---|---|---|", head, rule)
	for _, r := range rows {
		p.row(t, r)
	}
	if len(o.Rows) > 0 {
		p.line("\n%s", verdict(t, o.Rows))
	}
	if o.Trials > 0 {
		p.line("\nTest figures of %d trials of %d configurations were computed on this task, in this table or before it; all are kept.", o.Trials, o.Configurations)
	}
}

// Value is the mean of a measure; NaN where the row has none.
func (r Row) Value(m Measure) float64 {
	if v, ok := r.Mean[m.Name]; ok {
		return v
	}
	return nan
}

func (p *printer) row(t *Task, r Row) {
	cells := []string{r.Model, string(r.Kind), number0(r.Parameters)}
	for _, m := range t.Measures {
		cells = append(cells, figure(r.Value(m), r.SD[m.Name]))
	}
	rate, seeds, source := "", number0(r.Seeds), r.Source
	if source == "" {
		source = "**elegans**"
		if r.Rate > 0 {
			rate = fmt.Sprintf("%.3g", r.Rate)
		}
		if r.Tried > 1 {
			rate += fmt.Sprintf(" of %d", r.Tried)
		}
	}
	if r.Diverged > 0 {
		seeds += fmt.Sprintf(", %d diverged", r.Diverged)
	}
	p.line("| %s |", strings.Join(append(cells, rate, seeds, source), " | "))
}

func number0(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// figure writes a mean with four significant digits and the deviation with as many decimals.
func figure(mean, sd float64) string {
	if math.IsNaN(mean) {
		return ""
	}
	decimals := 4
	for _, limit := range []float64{1, 10, 100, 1000} {
		if math.Abs(mean) >= limit {
			decimals--
		}
	}
	text := fmt.Sprintf("%.*f", decimals, mean)
	if sd > 0 {
		text += fmt.Sprintf(" ± %.*f", decimals, sd)
	}
	return text
}

// verdict compares the liquid model that validation chooses with the best of the others of each kind.
func verdict(t *Task, rows []Row) string {
	main := t.Measures[0]
	ours, ok := chosen(main, rows)
	if !ok {
		return "None of our liquid models was trained."
	}
	who := "Validation chooses"
	if math.IsNaN(ours.Valid) {
		who = "Nothing chooses here; the first is"
	}
	text := fmt.Sprintf("%s %s: %s.", who, ours.Model, figure(ours.Value(main), ours.SD[main.Name]))
	for _, kind := range []Kind{Liquid, Recurrent, Simple} {
		best := -1
		list := t.Others()
		for i, r := range list {
			if r.Kind == kind && !math.IsNaN(r.Value(main)) && (best < 0 || main.Better(r.Value(main), list[best].Value(main))) {
				best = i
			}
		}
		if best < 0 {
			continue
		}
		r := list[best]
		word := "not reached by ours"
		if !main.Better(r.Value(main), ours.Value(main)) {
			word = "reached by ours"
		}
		text += fmt.Sprintf(" Best %s of others: %s %s (%s), %s.", kind, r.Model, figure(r.Value(main), r.SD[main.Name]), r.Source, word)
	}
	return text
}

// chosen is the liquid row of ours with the best validation measure; without validation the first liquid row.
func chosen(main Measure, rows []Row) (best Row, ok bool) {
	for _, r := range rows {
		if r.Kind != Liquid || r.Diverged == r.Seeds {
			continue
		}
		if !ok || main.Better(r.Valid, best.Valid) {
			best, ok = r, true
		}
	}
	return best, ok
}
