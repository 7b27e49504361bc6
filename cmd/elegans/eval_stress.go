package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/report"
	"github.com/elegans-nn/elegans/series"
)

// stressFlags are the options of eval --stress.
type stressFlags struct {
	on     bool
	beside []string
	seed   uint64
	report string
}

// ofStress are the flags that mean something with --stress only.
var ofStress = []string{"beside", "seed", "report"}

func (f *stressFlags) register(cmd *cobra.Command) {
	addFlag(cmd.Flags(), "stress", "score under conditions that were not seen in training", &f.on)
	addFlag(cmd.Flags(), "beside", "`MODELS` that stand beside MODEL under --stress, files by comma", &f.beside)
	addFlag(cmd.Flags(), "seed", "`SEED` of what --stress draws", &f.seed)
	addFlag(cmd.Flags(), "report", "report `FILE` of --stress; none if not given", &f.report)
}

func (f *stressFlags) check(cmd *cobra.Command, asJSON bool) error {
	for _, name := range ofStress {
		if !f.on && cmd.Flags().Changed(name) {
			return usage("--%s: belongs to --stress; add that, or leave it out", name)
		}
	}
	f.report = reportFile(f.report, "")
	if f.report == "-" && asJSON {
		return usage("standard output takes one of --report - and --json; name a file for the other")
	}
	return nil
}

// stressed is a run of eval --stress.
type stressed struct {
	c    *console
	f    *stressFlags
	x    *forModel
	e    *evaluated
	json bool
}

// stressDocument is what eval --stress --json prints: the evaluation, and what came of each condition.
type stressDocument struct {
	*evaluated
	Seed       uint64            `json:"seed"`
	Report     string            `json:"report"`
	Models     []stressModel     `json:"models"` // the first is MODEL
	Conditions []stressCondition `json:"conditions"`
}

type stressModel struct {
	Name       string   `json:"name"`
	Baseline   bool     `json:"baseline"`
	SeesLabels bool     `json:"sees_labels"` // of earlier rows
	Clean      *float64 `json:"clean"`
	Robustness *float64 `json:"robustness"`
}

type stressCondition struct {
	Name    string        `json:"name"`
	About   string        `json:"about"`
	Unit    string        `json:"unit"`
	Clean   float64       `json:"clean_level"`
	Levels  []float64     `json:"levels"`
	Inputs  []string      `json:"inputs"`        // changed one by one; empty where all are at once
	Of      int           `json:"inputs_in_all"` // of which these were drawn where there are too many for all
	Skipped string        `json:"skipped"`       // why; empty where it was tried
	Curves  []stressCurve `json:"curves"`
}

type stressCurve struct {
	Model      string     `json:"model"`
	Values     []*float64 `json:"values"`
	Robustness *float64   `json:"robustness"`
	WorstInput string     `json:"worst_input"` // empty where none harms, or all are changed at once
	WorstValue *float64   `json:"worst_value"`
}

func (s *stressed) run(cmd *cobra.Command, roles dataset.Roles) error {
	if s.f.report != "" {
		if err := checkWritable(s.f.report, s.e.Data); err != nil {
			return err
		}
	}
	tried, err := s.tried(cmd, roles)
	if err != nil {
		return err
	}
	m, err := metric.ByName(s.e.Metric)
	if err != nil {
		return err
	}
	bar := s.c.progress("runs", 0)
	spec := experiment.StressSpec{Tried: tried, Metric: m, Seed: s.f.seed, Workers: runtime.GOMAXPROCS(0), Progress: func(done, total int) {
		bar.total = float64(total)
		bar.at(float64(done), "")
	}}
	out, err := experiment.Try(cmd.Context(), spec)
	bar.end()
	if err != nil {
		return inputError(err, s.x.d)
	}
	s.e.Warnings = unique(s.e.Warnings, out.Warnings)
	var failed error
	piped := false
	if s.f.report != "" {
		page := out.Page(experiment.PageOptions{Version: version, Command: commandLine(cmd, []string{"eval", s.e.Model, s.e.Data}, outcomeFlag), Warnings: s.e.Warnings[:len(s.e.Warnings)-len(out.Warnings)],
			Task:     fmt.Sprintf("%s on the %s part of %s, %s with a label in %d series.", m.Title, s.e.Part, s.e.Data, plural(s.e.Rows, "row"), s.e.Series),
			Settings: []report.Setting{{Name: "seed", Value: fmt.Sprint(s.f.seed), Note: "of what is drawn"}}})
		failed = s.c.save(cmd.Context(), s.f.report, page.WriteHTML)
		piped = s.f.report == "-"
		if failed != nil {
			s.f.report = ""
		}
	}
	if s.json { // what was computed is shown even where the report could not be written
		return errors.Join(failed, s.c.json(s.document(out)))
	}
	s.print(out, piped)
	return failed
}

// tried are the model, those beside it, and the simple baselines where there is something to fit them to.
func (s *stressed) tried(cmd *cobra.Command, roles dataset.Roles) ([]experiment.Tried, error) {
	part, _, err := s.x.part(s.e.Part)
	if err != nil {
		return nil, err
	}
	list := []experiment.Tried{experiment.TriedModel(filepath.Base(s.e.Model), s.x.m, part)}
	for _, path := range s.f.beside {
		other, err := s.c.openFor(cmd, path, s.e.Data, openOptions{roles: &roles})
		if err != nil {
			return nil, err
		}
		if err := alike(s.x.m.Schema().Target, other.m.Schema().Target, path); err != nil {
			return nil, err
		}
		one, err := s.beside(list, path, other, part)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	if !s.x.same && s.x.d.Builtin == nil {
		s.c.note("note: no baselines, for the data that %s was trained on are not at hand to fit them to", s.e.Model)
		return list, nil
	}
	parts, _, _, err := s.x.parts()
	if err != nil {
		return nil, err
	}
	if s.e.Part != partTest {
		s.e.Warnings = unique(s.e.Warnings, []string{fmt.Sprintf("the simple baselines were fitted to the training part of %s, so their scores with --part %s are too good", s.e.Data, s.e.Part)})
	}
	schema := s.x.m.Schema()
	simple, err := experiment.TriedBaselines(schema, parts.Data, part)
	return append(list, simple...), err
}

// beside is another model on the very rows of the first. It may have been fitted to some of them where it was trained by another
// split, which a warning says.
func (s *stressed) beside(list []experiment.Tried, path string, other *forModel, rows experiment.Part) (one experiment.Tried, err error) {
	p, warnings, err := other.as(s.x).part(s.e.Part)
	if err != nil {
		return one, err
	}
	if !sameRows(rows, p) {
		return one, usage("--beside %s: it reads other rows of %s than MODEL, or labels them otherwise, so that the two cannot stand beside each other; train both by the same columns and --duplicates", path, s.e.Data)
	}
	name := filepath.Base(path)
	if slices.ContainsFunc(list, func(t experiment.Tried) bool { return t.Name == name }) {
		name = path
	}
	n, err := other.fittedTo(p)
	if err != nil {
		return one, err
	}
	if n > 0 && s.e.Part == partTest {
		warnings = append(warnings, fmt.Sprintf("%s was trained by another split: it was fitted to, or chosen by, %d of the %d rows that are scored, so its scores are too good", name, n, s.e.Rows))
	}
	s.e.Warnings = unique(s.e.Warnings, warnings)
	return experiment.TriedModel(name, other.m, p), nil
}

// sameRows tells whether two parts have the same rows with the same labels.
func sameRows(a, b experiment.Part) bool {
	return slices.EqualFunc(a.Series, b.Series, func(x, y series.Series) bool {
		return x.Name == y.Name && slices.Equal(x.Row, y.Row) && slices.EqualFunc(x.Y, y.Y, func(v, w float64) bool { return v == w || v != v && w != w })
	})
}

// alike refuses a model that predicts something else.
func alike(a, b series.Target, path string) error {
	if a.Name != b.Name || a.Task != b.Task || !slices.Equal(a.Classes, b.Classes) || a.Horizon != b.Horizon || a.HorizonRows != b.HorizonRows {
		return usage("--beside %s: it predicts another target (%q) than MODEL (%q), or another horizon or other classes; name models of one target", path, b.Name, a.Name)
	}
	return nil
}

func (s *stressed) document(x *experiment.Stress) stressDocument {
	d := stressDocument{evaluated: s.e, Seed: s.f.seed, Report: s.f.report, Conditions: []stressCondition{}}
	for k, t := range x.Tried {
		d.Models = append(d.Models, stressModel{t.Name, t.About != "", t.SeesLabels, number(x.Clean[k]), number(x.Robustness[k])})
	}
	for _, h := range x.Hardships {
		c := stressCondition{Name: h.Name, About: h.About, Unit: h.Unit, Clean: h.Clean, Levels: h.Levels, Skipped: h.Skipped,
			Inputs: append([]string{}, h.Inputs...), Of: h.Of, Curves: []stressCurve{}}
		for k, curve := range h.Curves {
			one := stressCurve{Model: x.Tried[k].Name, Values: numbers(curve.Values), Robustness: number(curve.Area), WorstInput: curve.Worst}
			if h.PerChannel {
				one.WorstValue = number(curve.WorstValue)
			}
			c.Curves = append(c.Curves, one)
		}
		d.Conditions = append(d.Conditions, c)
	}
	return d
}

// print writes a table of robustness, and one of each condition.
func (s *stressed) print(x *experiment.Stress, piped bool) {
	for _, w := range s.e.Warnings {
		s.c.warn("%s", w)
	}
	text := &strings.Builder{}
	unit, direction := "", "lower"
	if x.Metric.Unit == metric.Fraction {
		unit = ", %"
	}
	if x.Metric.HigherIsBetter {
		direction = "higher"
	}
	fmt.Fprintf(text, "%s on %s: %s%s on the %s part, %s is better\n", s.e.Model, s.e.Data, x.Metric.Title, unit, s.e.Part, direction)
	rows := [][]string{{"", "clean", "robustness"}}
	for k, t := range x.Tried {
		rows = append(rows, []string{t.Name, scoreText(x.Metric, x.Clean[k]), robust(x.Robustness[k])})
	}
	text.WriteString("\n" + columns(rows))
	for _, h := range x.Hardships {
		if h.Skipped != "" {
			fmt.Fprintf(text, "\n%s: not tried, %s\n", h.Name, h.Skipped)
			continue
		}
		text.WriteString("\n" + columns(s.rows(x, h)))
		if len(h.Inputs) < h.Of {
			fmt.Fprintf(text, "values are means over %s\n", h.Over())
		}
	}
	if see := x.SeeLabels(); len(see) > 0 {
		fmt.Fprintf(text, "\n%s: given earlier labels, which the others are not\n", strings.Join(see, ", "))
	}
	if s.f.report != "" {
		fmt.Fprintf(text, "\nreport  %s\n", s.f.report)
	}
	if piped {
		s.c.note("%s", strings.TrimSuffix(text.String(), "\n"))
	} else {
		s.c.print("%s", text.String())
	}
}

// rows are the table of one condition.
func (s *stressed) rows(x *experiment.Stress, h experiment.Hardship) [][]string {
	head := []string{h.Name + ", " + h.Unit, "clean"}
	for _, level := range h.Levels {
		head = append(head, fmt.Sprintf("%g", level))
	}
	head = append(head, "robustness")
	if h.PerChannel {
		head = append(head, fmt.Sprintf("worst of %s", plural(len(h.Inputs), "input")))
	}
	rows := [][]string{head}
	for k, c := range h.Curves {
		row := []string{x.Tried[k].Name, scoreText(x.Metric, x.Clean[k])}
		for _, v := range c.Values {
			row = append(row, scoreText(x.Metric, v))
		}
		row = append(row, robust(c.Area))
		if h.PerChannel {
			row = append(row, strings.TrimSpace(c.Worst+" "+scoreText(x.Metric, c.WorstValue)))
		}
		rows = append(rows, row)
	}
	return rows
}

func robust(v float64) string {
	if v != v {
		return "-"
	}
	return fmt.Sprintf("%.3f", v)
}
