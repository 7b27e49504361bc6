package suite

import (
	"cmp"
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
	// Candidate of whose rows it is one; empty for others.
	Candidate string
	// Parameters, and FLOPs of one step; 0 where nobody says.
	Parameters int
	FLOPs      float64
	// Mean and SD of the measures over seeds, by name; SD is NaN for a single one.
	Mean, SD map[string]float64
	// Valid is the mean of the first measure on validation; NaN for others.
	Valid float64
	// Rate of learning, epochs at most, seeds that were run, those that diverged, and rates that were tried.
	Rate            float64
	Epochs          int
	Seeds, Diverged int
	Tried           int
	// Made says what trained it where that is not what trained the table's other rows.
	Made *Made
}

// rowOf sums up trials. Runs that diverged are counted, and have the figures of the constant model.
func (t *Task) rowOf(l Line, trials []*Trial) Row {
	r := Row{Model: l.Name, Candidate: l.Model, Kind: l.Kind, Seeds: len(trials), Tried: l.Tried, Mean: map[string]float64{}, SD: map[string]float64{}}
	values, valid := map[string][]float64{}, []float64{}
	for _, one := range trials {
		r.Parameters, r.FLOPs, r.Rate, r.Epochs = one.Parameters, one.FLOPs, one.Options.LearningRate, one.Options.Epochs
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
	// Section that it belongs to, and an earlier one in which its table stands; 0 where it stands here.
	Section, Above int
	// Made says what trained them, but for those that say it themselves.
	Made Made
	// Note says what was found.
	Note string
	// Absent says why nothing was run: data that are missing.
	Absent string
	// candidates of the section, by name; matched says that they are of one size, so that neither goals nor what cross-validation chose
	// are about them.
	candidates []string
	matched    bool
	// Trials counts all whose test figures were ever seen, Configurations what they are of.
	Trials, Configurations int
}

// Outcome is what a record holds of a section on a task. It needs no data. Rows of models that are candidates no longer are left out,
// so that the section can be run again as the page shows it; their trials stay in the record and are counted.
func (t *Task) Outcome(held *Results, s Section) Outcome {
	rank := map[string]int{} // as the section lists them: the order on the board follows from test figures
	var names []string
	for i, c := range s.Candidates(t) {
		names, rank[c.Title()] = append(names, c.Title()), i-len(s.Candidates(t))
	}
	rows := slices.DeleteFunc(held.Rows(t, s.Name), func(r Row) bool { return r.Kind != Simple && rank[r.Candidate] == 0 })
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(rank[a.Candidate], rank[b.Candidate]) })
	o := Outcome{Task: t, Rows: rows, Section: s.Number, Made: held.Boards[s.Name].Made, Note: held.Note, candidates: names, matched: s.Match.Value > 0}
	o.Trials, o.Configurations = held.Looked()
	return o
}

// Refer lets an outcome whose table an earlier one has too, with the same candidates on the same task, refer to that one. A note stands
// with the first table of its task.
func Refer(all []Outcome) {
	for i := range all {
		o := &all[i]
		for _, before := range all[:i] {
			if before.Task != o.Task || before.Above > 0 {
				continue
			}
			if o.Note = ""; slices.Equal(before.candidates, o.candidates) {
				before.Section, before.Above = o.Section, before.Section
				*o = before
				break
			}
		}
	}
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
		if text := o.time(outcomes); text != "" {
			p.line("\n%s", text)
		}
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
	if o.Above > 0 {
		p.line("The table stands in section %d.", o.Above)
		return
	}
	p.line("%s; %s.", capital(t.scored()), t.Protocol)
	if o.Absent != "" {
		p.line("\nNot run: %s.", o.Absent)
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
	if len(rows) > 0 {
		p.table(t, rows)
	}
	if len(o.Rows) > 0 {
		p.line("\n%s", o.verdict())
	}
	if o.Trials > 0 {
		p.line("\n%s whose test figure was looked at (%s), in this table or before it.", plural(o.Configurations, "configuration"), plural(o.Trials, "trial"))
	}
	if o.Made.Program != "" {
		p.line("Trained by elegans %s with the %s kernels on data %s.", o.Made.Program, o.Made.Kernels, o.Made.Data)
		if slices.ContainsFunc(o.Rows, func(r Row) bool { return r.Made != nil }) {
			p.line("A row that was not trained anew since names its version.")
		}
	}
}

// brief is a generation behind the source of a row: the version with the first digits of its revision, and the kernels.
func (m *Made) brief() string {
	if m == nil {
		return ""
	}
	version, revision, _ := strings.Cut(m.Program, "+")
	if revision != "" {
		version += "+" + revision[:min(8, len(revision))]
	}
	return fmt.Sprintf(" %s, %s", version, m.Kernels)
}

func (p *printer) table(t *Task, rows []Row) {
	head, rule := "| model | kind | parameters | FLOPs a step |", "|---|---|---|---|"
	for _, m := range t.Measures {
		head, rule = head+" "+m.Title+" |", rule+"---|"
	}
	p.line("\n%s rate, epochs at most | seeds | source |\n%s---|---|---|", head, rule)
	for _, r := range rows {
		p.row(t, r)
	}
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// scored says which steps of a window count.
func (t *Task) scored() string {
	if t.LastOnly {
		return "the last step is scored"
	}
	return "every step is scored"
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// Value is the mean of a measure; NaN where the row has none.
func (r Row) Value(m Measure) float64 {
	if v, ok := r.Mean[m.Name]; ok {
		return v
	}
	return nan
}

func (p *printer) row(t *Task, r Row) {
	cells := []string{r.Model, string(r.Kind), number0(r.Parameters), number0(int(r.FLOPs))}
	for _, m := range t.Measures {
		cells = append(cells, figure(r.Value(m), r.SD[m.Name]))
	}
	rate, seeds, source := "", number0(r.Seeds), r.Source
	if source == "" {
		source = "**elegans**" + r.Made.brief()
		if r.Rate > 0 {
			rate = fmt.Sprintf("%.3g", r.Rate)
		}
		if r.Tried > 1 {
			rate += fmt.Sprintf(" of %d", r.Tried)
		}
		if r.Epochs > 0 {
			rate += fmt.Sprintf(", %d epochs", r.Epochs)
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
