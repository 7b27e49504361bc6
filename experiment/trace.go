package experiment

import (
	"fmt"
	"math"
	"sort"
	"time"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/report"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

var nan = math.NaN()

// Bounds on what a page shows.
const (
	shownSeries = 8    // whose predictions are drawn
	shownRows   = 3000 // of the activity
	shownInputs = 6    // above the neurons
	shownPoints = 200  // of an ROC or PR curve
)

// details are the confusion and the curves of a classifier.
func details(of string, e *metric.Evaluator, t series.Target) *report.Scores {
	if e == nil || t.Task != series.Classify {
		return nil
	}
	c := e.Classification()
	s := &report.Scores{Of: of, Classes: t.Classes, Confusion: c.Confusion(), Threshold: t.Threshold}
	for _, b := range c.Reliability(10) {
		s.Reliability = append(s.Reliability, report.Calibration{Predicted: b.Predicted, Observed: b.Observed, Count: b.Rows})
	}
	if len(t.Classes) == 2 {
		roc, pr := curves(c)
		s.ROC, s.PR = []report.Curve{{Name: of, Points: roc}}, []report.Curve{{Name: of, Points: pr}}
	}
	return s
}

// curves walk down the scores of the positive class.
func curves(c *metric.Classification) (roc, pr []report.Point) {
	order := make([]int, len(c.Label))
	positives := 0.0
	for i := range order {
		order[i] = i
		positives += float64(c.Label[i])
	}
	negatives := float64(len(order)) - positives
	if positives == 0 || negatives == 0 {
		return nil, nil
	}
	sort.SliceStable(order, func(a, b int) bool { return c.Prob[order[a]][1] > c.Prob[order[b]][1] })
	tp, fp := 0.0, 0.0
	roc = append(roc, report.Point{})
	for k, i := range order {
		if c.Label[i] == 1 {
			tp++
		} else {
			fp++
		}
		last := k+1 == len(order)
		if !last && c.Prob[order[k+1]][1] == c.Prob[i][1] {
			continue // ties are taken together
		}
		roc = append(roc, report.Point{X: fp / negatives, Y: tp / positives})
		pr = append(pr, report.Point{X: tp / positives, Y: tp / (tp + fp)})
	}
	return thin(roc), thin(pr)
}

// thin keeps about shownPoints points, the ends always.
func thin(p []report.Point) []report.Point {
	if len(p) <= shownPoints {
		return p
	}
	var kept []report.Point
	for k := range shownPoints {
		kept = append(kept, p[k*(len(p)-1)/(shownPoints-1)])
	}
	return kept
}

// predictions of the best run along the test series.
func (x *Outcome) predictions(of string) (*report.Predictions, error) {
	m := x.Subject.Runs[x.Best].Model
	t := m.Schema().Target
	p := &report.Predictions{Of: of, Target: t.Name, Classes: t.Classes, Threshold: t.Threshold, Levels: t.Quantiles}
	list := x.Test.Whole[:min(shownSeries, len(x.Test.Whole))]
	if len(x.Test.Whole) != len(x.Test.Series) {
		p.Of += ", state carried along whole series; scores are of windows from the zero state"
	}
	traces := make([]report.Trace, len(list))
	for i := range list {
		n := list[i].Len()
		traces[i] = report.Trace{Name: list[i].Name, Time: list[i].Time, Truth: list[i].Y, Value: make([]float64, n)}
		for range bands(t) {
			traces[i].Bands = append(traces[i].Bands, make([]float64, n))
		}
	}
	err := m.Run(list, model.RunOptions{Output: "prediction"}, func(i, row int, y []float32) {
		fill(&traces[i], row, y, t)
	})
	p.Series = traces
	return p, err
}

// bands is how many values beside the point a prediction has.
func bands(t series.Target) int {
	switch {
	case t.Task == series.Classify:
		return len(t.Classes)
	case len(t.Quantiles) > 0:
		return len(t.Quantiles)
	}
	return 0
}

// fill writes one prediction: the class decided for, or the value or median.
func fill(trace *report.Trace, row int, y []float32, t series.Target) {
	wide := make([]float64, len(y))
	for k, v := range y {
		wide[k] = float64(v)
	}
	for k := range trace.Bands {
		trace.Bands[k][row] = wide[k]
	}
	switch {
	case t.Task == series.Classify:
		trace.Value[row] = float64(metric.Predicted(wide, t.Threshold))
	case len(t.Quantiles) > 0:
		trace.Value[row] = metric.Median(t.Quantiles, wide)
	default:
		trace.Value[row] = wide[0]
	}
}

// activity runs the model along the longest test series and records the states and effective time constants of its
// first layer.
func activity(m *model.Model, list []series.Series, of string) (*report.Activity, error) {
	if len(list) == 0 || len(m.Program().States) == 0 {
		return nil, nil
	}
	long := &list[0]
	for i := range list {
		if list[i].Len() > long.Len() {
			long = &list[i]
		}
	}
	part := long.Span(0, min(shownRows, long.Len()))
	seen, err := m.Observe(&part, "layer0.tau")
	if err != nil {
		return nil, err
	}
	unit := m.Schema().Clock.Unit
	a := &report.Activity{Series: part.Name, Of: of, Time: part.Time}
	labels := neurons(m, len(seen.States))
	for k, states := range seen.States {
		n := report.Neuron{Name: labels[k].name, Role: labels[k].role, State: states}
		if k < len(seen.Probe) {
			for _, tau := range seen.Probe[k] {
				n.Tau = append(n.Tau, tau*unit)
			}
		}
		a.Neurons = append(a.Neurons, n)
	}
	for i, in := range m.Schema().Inputs {
		if in.Kind != series.Numeric || len(a.Inputs) == shownInputs {
			continue
		}
		values := make([]float64, part.Len())
		for row := range values {
			values[row] = float64(part.At(row)[i])
		}
		a.Inputs = append(a.Inputs, report.Input{Name: in.Name, Values: values})
	}
	return a, nil
}

type neuron struct{ name, role string }

// neurons names the components of the first layer's first state after the wiring's units.
func neurons(m *model.Model, n int) []neuron {
	list := make([]neuron, n)
	for k := range list {
		list[k].name = fmt.Sprintf("h%d", k)
	}
	layer := m.Architecture().First()
	w, ok := layer.Wiring.(*wiring.Wiring)
	if !ok {
		return list
	}
	for k, id := range cell.Neurons(layer.Cell, w) {
		if k < n {
			list[k] = neuron{fmt.Sprintf("%d", id), w.Role(id).String()}
		}
	}
	return list
}

// Microseconds is the time of one row of the first run of a network, row by row along a series: the median of several
// rounds. 0 for baselines that are no networks, and for models that cannot be run row by row. It is a measurement of this machine at this moment.
func (e Entry) Microseconds(list []series.Series) float64 {
	if len(e.Runs) == 0 || e.Runs[0].Model == nil {
		return 0
	}
	return microseconds(e.Runs[0].Model, list)
}

func microseconds(m *model.Model, list []series.Series) float64 {
	const rounds, rows = 7, 512
	if len(list) == 0 || list[0].Len() == 0 {
		return 0
	}
	if m.Causal() != nil {
		return 0
	}
	stream, s := m.Stream(), &list[0]
	var took []float64
	for range rounds {
		begun := time.Now()
		for k := range rows {
			row := k % s.Len()
			if _, err := stream.Step(s.At(row), s.DT[row]); err != nil {
				return 0
			}
		}
		took = append(took, float64(time.Since(begun).Nanoseconds())/1000/rows)
	}
	sort.Float64s(took)
	return took[rounds/2]
}
