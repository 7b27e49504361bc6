package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// view is what the templates see: the report and what was computed from it.
type view struct {
	*Report
	Style         template.CSS
	Early, Script template.JS
	Policy        string
	Payload       template.JS
	Headline      *headline
	Models        []modelRow
	Costs         costs
	Seeds         bool
	Squares       []square
	Legend        []string
	Confusion     []confusionRow
	Learning      *learningPayload
	Drawing       template.HTML
	Heat          *heat
	Taus          []tauRow
	TauScale      string
	Bins          []binRow
}

func (r *Report) view() (*view, error) {
	v := &view{Report: r, Style: style, Early: early, Script: script, Policy: policy(), Headline: r.headline()}
	v.Models, v.Costs, v.Seeds = r.modelRows()
	v.Squares, v.Legend = r.Scores.squares()
	v.Confusion = r.Scores.rows()
	v.Bins = r.binRows()
	v.Taus, v.TauScale = r.tauRows()
	if r.Learning != nil {
		v.Learning = r.Learning.payload(r)
	}
	if r.Wiring != nil && r.Wiring.SVG != "" {
		drawing, err := clean(r.Wiring.SVG)
		if err != nil {
			return nil, err
		}
		v.Drawing = drawing
	}
	var err error
	if v.Heat, err = r.Activity.heat(r); err != nil {
		return nil, err
	}
	data, err := r.payload()
	if err != nil {
		return nil, fmt.Errorf("report: data of the charts: %w", err)
	}
	v.Payload = template.JS(data) // encoding/json escapes <, > and &, so the element cannot be closed from inside
	return v, nil
}

// Heading is the title, never empty.
func (v *view) Heading() string {
	if v.Title == "" {
		return "Training report"
	}
	return v.Title
}

// Moment and Duration write times for the templates.
func (v *view) Moment(t float64) string { return v.Report.moment(t) }

// Duration writes a length of time.
func (v *view) Duration(d float64) string { return v.Report.duration(d) }

// Hidden is how many series of predictions found no room.
func (v *view) Hidden() int { return len(v.Predictions.Series) - len(v.Predictions.shown()) }

// NeuronLines says how many neurons are drawn as lines where that is not all.
func (v *view) NeuronLines() int {
	if len(v.Activity.Neurons) > mostLines {
		return mostLines
	}
	return 0
}

// costs says which columns of cost any model has.
type costs struct{ Parameters, Synapses, FLOPs, Time bool }

type modelRow struct {
	Entry
	Class string
	Cells []cell
	Strip template.HTML
	Runs  string
	Seed  []seedRow
}

// Micro is the measured time.
func (m modelRow) Micro() string { return significant(m.MicrosecondsPerStep) }

type cell struct {
	Mean, SD string
	Best     bool
}

type seedRow struct {
	Seed   int64
	Epoch  string
	Values []string
	Note   string
}

// modelRows are the rows of the table of results: liquid models first, then in the order given.
func (r *Report) modelRows() (rows []modelRow, c costs, seeds bool) {
	if len(r.Models) == 0 {
		return nil, c, false
	}
	var all []spread
	if len(r.Metrics) > 0 {
		for _, e := range r.Models {
			all = append(all, e.spread(r.Metrics[0].Key))
		}
	}
	best := r.best()
	for i, e := range r.Models {
		row := modelRow{Entry: e, Class: class(e)}
		for k, m := range r.Metrics {
			row.Cells = append(row.Cells, r.cell(m, e, best[k]))
		}
		if len(all) > 0 && all[i].N > 0 {
			label := fmt.Sprintf("%s: %s %s", e.Name, r.Metrics[0].label(), row.Cells[0].Mean)
			row.Strip = rulerFor(r.Metrics[0].LowerIsBetter, all).strip(all[i], row.Class, label)
		}
		row.Runs = runs(e)
		row.Seed = r.seedRows(e)
		seeds = seeds || len(row.Seed) > 1
		c.Parameters = c.Parameters || e.Parameters > 0
		c.Synapses = c.Synapses || e.Synapses > 0
		c.FLOPs = c.FLOPs || e.FLOPsPerStep > 0
		c.Time = c.Time || e.MicrosecondsPerStep > 0
		rows = append(rows, row)
	}
	return liquidFirst(rows), c, seeds
}

func liquidFirst(rows []modelRow) (sorted []modelRow) {
	for _, liquid := range []bool{true, false} {
		for _, row := range rows {
			if row.Liquid == liquid {
				sorted = append(sorted, row)
			}
		}
	}
	return sorted
}

func class(e Entry) string {
	switch {
	case e.Liquid:
		return "liquid"
	case e.Baseline:
		return "baseline"
	}
	return "other"
}

// best is the best mean of each metric.
func (r *Report) best() []float64 {
	best := make([]float64, len(r.Metrics))
	for k, m := range r.Metrics {
		best[k] = math.NaN()
		for _, e := range r.Models {
			if v := e.spread(m.Key).Mean; finite(v) && (math.IsNaN(best[k]) || m.gain(v, best[k]) > 0) {
				best[k] = v
			}
		}
	}
	return best
}

func (r *Report) cell(m Metric, e Entry, best float64) cell {
	s, d := e.spread(m.Key), r.decimals(m)
	if s.N == 0 {
		return cell{Mean: none}
	}
	c := cell{Mean: fixed(s.Mean*m.scale(), d)}
	c.Best = c.Mean == fixed(best*m.scale(), d)
	if s.N > 1 {
		c.SD = "± " + fixed(s.SD*m.scale(), d)
	}
	return c
}

// runs says over how many seeds the figures go, and whether any were lost.
func runs(e Entry) string {
	diverged := 0
	for _, s := range e.Seeds {
		if s.Diverged {
			diverged++
		}
	}
	if diverged > 0 {
		return fmt.Sprintf("%d (%d diverged)", len(e.Seeds), diverged)
	}
	return count(len(e.Seeds))
}

func (r *Report) seedRows(e Entry) (rows []seedRow) {
	for _, s := range e.Seeds {
		row := seedRow{Seed: s.Seed, Epoch: none}
		if s.BestEpoch > 0 {
			row.Epoch = count(s.BestEpoch)
		}
		if s.Diverged {
			row.Note = "diverged"
		}
		for _, m := range r.Metrics {
			v, ok := s.Values[m.Key]
			if !ok {
				v = math.NaN()
			}
			row.Values = append(row.Values, fixed(v*m.scale(), r.decimals(m)))
		}
		rows = append(rows, row)
	}
	return rows
}

// head is the column head of a metric.
func (m Metric) head() string {
	text := m.label()
	if s := strings.TrimSpace(m.suffix()); s != "" {
		text += " [" + s + "]"
	}
	return text
}

type confusionRow struct {
	Class string
	Cells []confusionCell
	Right string // share of the class that was found
}

type confusionCell struct {
	Count string
	Share float64 // of the row
	Right bool
}

// rows of the confusion matrix with their shares.
func (s *Scores) rows() (rows []confusionRow) {
	if s == nil {
		return nil
	}
	for i, counts := range s.Confusion {
		total := 0
		for _, n := range counts {
			total += n
		}
		row := confusionRow{Class: s.Classes[i], Right: none}
		if total > 0 {
			row.Right = percent(float64(counts[i]) / float64(total))
		}
		for j, n := range counts {
			share := 0.0
			if total > 0 {
				share = math.Round(100*float64(n)/float64(total)) / 100
			}
			row.Cells = append(row.Cells, confusionCell{count(n), share, i == j})
		}
		rows = append(rows, row)
	}
	return rows
}

// cut is the decision threshold; empty where there are not two classes.
func (s *Scores) cut() string {
	if len(s.Classes) != 2 {
		return ""
	}
	if s.Threshold == 0 {
		return "0.5"
	}
	return significant(s.Threshold)
}

// squares are the figures of a probabilistic classifier, and the names of their lines.
func (s *Scores) squares() (figures []square, legend []string) {
	if s == nil {
		return nil, nil
	}
	if len(s.ROC) > 0 {
		figures = append(figures, square{Title: "ROC: true against false positive rate", X: "false positive rate", Y: "true positive rate", Diagonal: true, Curves: s.ROC})
		legend = names(s.ROC)
	}
	if len(s.PR) > 0 {
		figures = append(figures, square{Title: "precision against recall", X: "recall", Y: "precision", Curves: s.PR})
		if len(s.PR) > len(legend) {
			legend = names(s.PR)
		}
	}
	if len(s.Reliability) == 0 {
		return figures, legend
	}
	most := 0
	for _, c := range s.Reliability {
		most = max(most, c.Count)
	}
	f := square{Title: "reliability: observed share against predicted probability", X: "predicted probability", Y: "observed share", Diagonal: true, Dots: true}
	line := Curve{}
	for _, c := range s.Reliability {
		if c.Count > 0 {
			line.Points = append(line.Points, Point{c.Predicted, c.Observed})
			f.Weights = append(f.Weights, float64(c.Count)/float64(most))
		}
	}
	f.Curves = []Curve{line}
	return append(figures, f), legend
}

func names(curves []Curve) (out []string) {
	for _, c := range curves {
		out = append(out, c.Name)
	}
	return out
}

type binRow struct {
	Label, Count string
	Share        float64 // of the largest bin, in percent
	Of           string  // of all
}

// binRows are the bars of the histogram of time steps.
func (r *Report) binRows() (rows []binRow) {
	if r.Data == nil {
		return nil
	}
	most, all := 0, 0
	for _, b := range r.Data.Steps {
		most, all = max(most, b.Count), all+b.Count
	}
	for _, b := range r.Data.Steps {
		row := binRow{Label: r.duration(b.Low), Count: count(b.Count)}
		if b.High != b.Low {
			row.Label = r.duration(b.Low) + " to " + r.duration(b.High)
		}
		if most > 0 {
			row.Share = math.Round(1000*float64(b.Count)/float64(most)) / 10
			row.Of = percent(float64(b.Count) / float64(all))
		}
		rows = append(rows, row)
	}
	return rows
}

type tauRow struct {
	Name, Role, Median, Low, High string
	Strip                         template.HTML
}

// tauRows summarise the effective time constants of each neuron on one log scale.
func (r *Report) tauRows() (rows []tauRow, scale string) {
	if r.Activity == nil {
		return nil, ""
	}
	low, high := math.Inf(1), 0.0
	var all [][3]float64
	var who []Neuron
	for _, n := range r.Activity.ordered() {
		v := positive(n.Tau)
		if len(v) == 0 {
			continue
		}
		q := [3]float64{quantile(v, 0.05), quantile(v, 0.5), quantile(v, 0.95)}
		low, high = min(low, q[0]), max(high, q[2])
		all, who = append(all, q), append(who, n)
	}
	if len(all) == 0 {
		return nil, ""
	}
	s := ruler{math.Log(low), math.Log(high)}
	for i, q := range all {
		row := tauRow{Name: who[i].Name, Role: who[i].Role, Low: r.duration(q[0]), Median: r.duration(q[1]), High: r.duration(q[2])}
		row.Strip = s.span(q[0], q[1], q[2], fmt.Sprintf("%s: %s to %s", row.Name, row.Low, row.High))
		rows = append(rows, row)
	}
	return rows, fmt.Sprintf("log scale from %s to %s", r.duration(low), r.duration(high))
}
