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
	// Parameters; 0 where nobody says.
	Parameters int
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
	r := Row{Model: l.Name, Kind: l.Kind, Seeds: len(trials), Tried: l.Tried, Mean: map[string]float64{}, SD: map[string]float64{}}
	values, valid := map[string][]float64{}, []float64{}
	for _, one := range trials {
		r.Parameters, r.Rate, r.Epochs = one.Parameters, one.Options.LearningRate, one.Options.Epochs
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
	// Section in which the rows stand.
	Section int
	// Made says what trained them, but for those that say it themselves.
	Made Made
	// Note says what was found.
	Note string
	// Absent says why nothing was run: data that are missing.
	Absent string
	// Trials counts all whose test figures were ever seen, Configurations what they are of.
	Trials, Configurations int
}

// Outcome is what a record holds of a section on a task. It needs no data.
func (t *Task) Outcome(held *Results, s Section) Outcome {
	rank := map[string]int{} // as the section lists them: the order on the board follows from test figures
	for i, c := range s.Candidates(t) {
		rank[c.Title()] = i - len(s.Candidates(t))
	}
	rows := held.Rows(t, s.Name)
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(rank[a.Model], rank[b.Model]) })
	o := Outcome{Task: t, Rows: rows, Section: s.Number, Made: held.Boards[s.Name].Made, Note: held.Note}
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
	head, rule := "| model | kind | parameters |", "|---|---|---|"
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
	cells := []string{r.Model, string(r.Kind), number0(r.Parameters)}
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

// best is the best of some rows, by their test figures: what a model has to stand beside is not chosen in its favour.
func best(m Measure, rows []Row, is func(Row) bool) (best Row, ok bool) {
	for _, r := range rows {
		if is(r) && !math.IsNaN(r.Value(m)) && (!ok || m.Better(r.Value(m), best.Value(m))) {
			best, ok = r, true
		}
	}
	return best, ok
}

// rivals are the best of every kind that is not a liquid model of ours: of our own rows and of others.
func (o Outcome) rivals() (list []Row) {
	m := o.Task.Measures[0]
	for _, rows := range [][]Row{o.Rows, o.Task.Others()} {
		for _, kind := range []Kind{Liquid, Network, Simple} {
			if r, ok := best(m, rows, func(r Row) bool { return r.Kind == kind && (kind != Liquid || r.Source != "") }); ok {
				list = append(list, r)
			}
		}
	}
	return list
}

// verdict says which of the rivals are better than the liquid model that validation chooses, and what was found there.
func (o Outcome) verdict() string {
	m := o.Task.Measures[0]
	ours, ok := o.chosen()
	if !ok {
		return "None of our liquid models was trained."
	}
	who := "Validation chooses"
	switch {
	case o.Task.Crossed:
		who = "Cross-validation chooses"
	case math.IsNaN(ours.Valid):
		who = "Nothing chooses here; the first is"
	}
	var ahead, behind []string
	for _, r := range o.rivals() {
		text := fmt.Sprintf("%s %s (%s, %s)", r.Model, figure(r.Value(m), r.SD[m.Name]), r.Kind, cmp.Or(r.Source, "elegans"))
		if m.Better(r.Value(m), ours.Value(m)) {
			ahead = append(ahead, text)
		} else {
			behind = append(behind, text)
		}
	}
	text := fmt.Sprintf("%s %s: %s.", who, ours.Model, figure(ours.Value(m), ours.SD[m.Name]))
	if len(behind) > 0 {
		text += " It reaches " + strings.Join(behind, ", ") + "."
	}
	if len(ahead) > 0 {
		text += " We lose to " + strings.Join(ahead, ", ") + "."
	}
	if o.Note != "" {
		text += " " + o.Note
	}
	return text
}

// time says what elapsed times are worth to every model that was trained with and without them; empty where nothing was.
func (o Outcome) time(all []Outcome) string {
	m := o.Task.Measures[0]
	var pairs []string
	for _, timed := range all {
		if timed.Task != o.Task.Timed {
			continue
		}
		for _, r := range o.Rows {
			if with, ok := best(m, timed.Rows, func(w Row) bool { return w.Model == r.Model && w.Kind != Simple }); ok {
				pairs = append(pairs, fmt.Sprintf("%s %s and %s", r.Model, figure(with.Value(m), with.SD[m.Name]), figure(r.Value(m), r.SD[m.Name])))
			}
		}
	}
	if len(pairs) == 0 {
		return ""
	}
	return fmt.Sprintf("With elapsed times (`%s`) and without them, %s is: %s.", o.Task.Timed.Name, m.Title, strings.Join(pairs, "; "))
}

// WriteSummary writes what came of every task in a line.
func WriteSummary(w io.Writer, outcomes []Outcome) error {
	p := &printer{w: w}
	p.line("\n| section | task | measure | scored | ours | seeds | best baseline of ours | published | peers: simple | peers: network | peers: liquid | looked at |")
	p.line("|---|---|---|---|---|---|---|---|---|---|---|---|")
	for _, o := range outcomes {
		m := o.Task.Measures[0]
		scored := "every step"
		if o.Task.LastOnly {
			scored = "last step"
		}
		cells := []string{fmt.Sprint(o.Section), fmt.Sprintf("`%s`", o.Task.Name), m.Title, scored}
		if o.Task.Leaky {
			cells[1] += ", leaky"
		}
		if ours, ok := o.chosen(); ok {
			cells = append(cells, "**"+brief(m, ours)+"**", fmt.Sprint(ours.Seeds))
		} else {
			cells = append(cells, "not run", "")
		}
		others := o.Task.Others()
		for _, one := range []struct {
			rows []Row
			is   func(Row) bool
		}{
			{o.Rows, func(r Row) bool { return r.Kind != Liquid }},
			{others, func(r Row) bool { return r.Source != Measured && r.Kind == Liquid }},
			{others, func(r Row) bool { return r.Source == Measured && r.Kind == Simple }},
			{others, func(r Row) bool { return r.Source == Measured && r.Kind == Network }},
			{others, func(r Row) bool { return r.Source == Measured && r.Kind == Liquid }},
		} {
			text := ""
			if r, ok := best(m, one.rows, one.is); ok {
				text = brief(m, r)
			}
			cells = append(cells, text)
		}
		p.line("| %s | %d |", strings.Join(cells, " | "), o.Configurations)
	}
	return p.err
}

// brief is a row as a cell of the summary.
func brief(m Measure, r Row) string { return r.Model + " " + figure(r.Value(m), r.SD[m.Name]) }

// chosen is the liquid row of ours with the best validation measure; the first liquid row without validation, or where it does not
// rank models.
func (o Outcome) chosen() (best Row, ok bool) {
	for _, r := range o.Rows {
		if r.Kind != Liquid || r.Diverged == r.Seeds {
			continue
		}
		if !ok || !o.Task.Crossed && o.Task.Measures[0].Better(r.Valid, best.Valid) {
			best, ok = r, true
		}
	}
	return best, ok
}
