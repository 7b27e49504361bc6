package metric

import (
	"math"

	"github.com/elegans-nn/elegans/series"
)

// Evaluator gathers labels and predictions, one series after the other, and scores them. It copies what it is given.
type Evaluator struct {
	target series.Target
	width  int         // of a row of predictions
	y      []float64   // labels of the labelled rows
	p      [][]float64 // predictions for them; nil where the model made none
	last   []float64   // last known values; NaN where none
	ends   []int       // labelled rows up to and with each series
	output []int       // which output a label is of; nil for a target of one
}

// NewEvaluator is an evaluator for predictions of the target in their decoded form: class probabilities (also for two
// classes), one value, one value a quantile, or mean and standard deviation. The target's Threshold decides between two
// classes. Each output of a target of several counts as a row of its own; see Output.
func NewEvaluator(target series.Target) *Evaluator {
	e := &Evaluator{target: target, width: target.Width()}
	if target.Task == series.Classify {
		e.width = len(target.Classes)
	}
	if target.Labels() > 1 {
		e.width = 1 // one output after the other
	}
	return e
}

// Output is the evaluator of one output of a target of several.
func (e *Evaluator) Output(k int) *Evaluator {
	one := &Evaluator{target: e.target.Of(k), width: 1}
	from := 0
	for _, end := range e.ends {
		for i := from; i < end; i++ {
			if e.output == nil || e.output[i] == k {
				one.y, one.p, one.last = append(one.y, e.y[i]), append(one.p, e.p[i]), append(one.last, e.last[i])
			}
		}
		one.ends, from = append(one.ends, len(one.y)), end
	}
	return one
}

// Map is the evaluator with every label and every prediction changed: for a metric that is not of the values as they are. Both
// functions return new values; a label is changed whether its row has a prediction or not.
func (e *Evaluator) Map(label func(y float64) float64, prediction func(p []float64) []float64) *Evaluator {
	c := *e
	c.y, c.p = make([]float64, len(e.y)), make([][]float64, len(e.p))
	for i, p := range e.p {
		c.y[i] = label(e.y[i])
		if p != nil {
			c.p[i] = prediction(p)
		}
	}
	return &c
}

// Add takes one series: its labels y, [row][output] or of the first output alone, NaN where one is not scored; a row of predictions for each, nil or with a NaN
// where the model makes none; and for regression the value last known at each row, nil where nobody asks for skill. It
// panics where lengths differ, a row of predictions has another width than the target asks for (one value is always
// allowed where the target is a number: a point forecast), or a label is no class index.
func (e *Evaluator) Add(y []float64, rows [][]float64, last []float64) {
	n := e.target.Labels()
	if len(y) == len(rows) {
		n = 1
	}
	if len(rows)*n != len(y) || last != nil && len(last) != len(y) {
		panic("metric: labels, predictions and last values must have the same number of rows")
	}
	for i, label := range y {
		if math.IsNaN(label) {
			continue
		}
		row := rows[i/n]
		if k := e.target.Labels(); k > 1 {
			e.output = append(e.output, i%n)
			if len(row) == k {
				row = row[i%n : i%n+1]
			}
		}
		if e.target.Task == series.Classify && !(label >= 0 && label < float64(e.width) && label == math.Trunc(label)) {
			panic("metric: a label is no class index of the target")
		}
		e.y = append(e.y, label)
		e.p = append(e.p, e.prediction(row))
		e.last = append(e.last, math.NaN())
		if last != nil {
			e.last[len(e.last)-1] = last[i]
		}
	}
	e.ends = append(e.ends, len(e.y))
}

// prediction is a copy of the row in full width, nil where it says nothing.
func (e *Evaluator) prediction(row []float64) []float64 {
	for _, v := range row {
		if math.IsNaN(v) {
			return nil
		}
	}
	switch {
	case len(row) == 0:
		return nil
	case len(row) == e.width:
		return append([]float64(nil), row...)
	case len(row) == 1 && e.target.Task == series.Regress:
		// A point forecast is certain: every quantile is the point, and its standard deviation is unknown.
		wide := make([]float64, e.width)
		for k := range wide {
			wide[k] = row[0]
		}
		if e.target.Gaussian {
			wide[1] = math.NaN()
		}
		return wide
	}
	panic("metric: a row of predictions has another width than the target asks for")
}

// Rows is the number of rows that have both a label and a prediction; missed is the number of those that have a label
// only, which no metric counts.
func (e *Evaluator) Rows() (rows, missed int) {
	for _, p := range e.p {
		if p == nil {
			missed++
		}
	}
	return len(e.p) - missed, missed
}

// Scores are all metrics of the target over the rows with label and prediction.
func (e *Evaluator) Scores() Scores {
	scores := Scores{}
	value := e.valuer(e.predicted())
	for _, m := range For(e.target) {
		scores = append(scores, Score{m.Name, value(m)})
	}
	return scores
}

// Score is one metric over the rows with label and prediction; NaN where it is not one of the target's.
func (e *Evaluator) Score(m Metric) float64 { return e.valuer(e.predicted())(m) }

// Classification is what the classification metrics are computed from; it shares memory with the evaluator. It panics
// where the target is a number.
func (e *Evaluator) Classification() *Classification {
	if e.target.Task != series.Classify {
		panic("metric: the target of this evaluator is not a class")
	}
	return e.classification(e.predicted())
}

// Regression is what the regression metrics are computed from; it shares memory with the evaluator. It panics where the
// target is a class.
func (e *Evaluator) Regression() *Regression {
	if e.target.Task != series.Regress {
		panic("metric: the target of this evaluator is not a number")
	}
	return e.regression(e.predicted())
}

// predicted lists the rows that have a prediction.
func (e *Evaluator) predicted() (rows []int) {
	for i, p := range e.p {
		if p != nil {
			rows = append(rows, i)
		}
	}
	return rows
}

// valuer computes metrics over the given rows, a row as often as it is listed.
func (e *Evaluator) valuer(rows []int) func(Metric) float64 {
	if e.target.Task == series.Classify {
		c := e.classification(rows)
		return func(m Metric) float64 {
			if m.class == nil || len(rows) == 0 {
				return math.NaN()
			}
			return m.class(c)
		}
	}
	r := e.regression(rows)
	return func(m Metric) float64 {
		if m.value == nil || len(rows) == 0 || m.form != anyForm && m.form != formOf(e.target) {
			return math.NaN()
		}
		return m.value(r)
	}
}

func (e *Evaluator) classification(rows []int) *Classification {
	c := &Classification{Threshold: e.target.Threshold}
	for _, i := range rows {
		c.Label = append(c.Label, int(e.y[i]))
		c.Prob = append(c.Prob, e.p[i])
	}
	return c
}

func (e *Evaluator) regression(rows []int) *Regression {
	r := &Regression{}
	if !e.target.Gaussian {
		r.Levels = e.target.Quantiles
	}
	for _, i := range rows {
		p := e.p[i]
		r.Y = append(r.Y, e.y[i])
		r.Last = append(r.Last, e.last[i])
		switch formOf(e.target) {
		case gaussian:
			r.Pred, r.SD = append(r.Pred, p[0]), append(r.SD, p[1])
		case quantiles:
			r.Pred, r.Quantiles = append(r.Pred, Median(e.target.Quantiles, p)), append(r.Quantiles, p)
		default:
			r.Pred = append(r.Pred, p[0])
		}
	}
	return r
}

// Median reads the value at level 0.5 off predicted quantiles, on the straight line between the two levels around it;
// where 0.5 lies outside the levels, the value of the nearest level. Levels ascend.
func Median(levels, values []float64) float64 {
	for k, q := range levels {
		if q < 0.5 {
			continue
		}
		if k == 0 || q == 0.5 {
			return values[k]
		}
		w := (0.5 - levels[k-1]) / (q - levels[k-1])
		return values[k-1] + w*(values[k]-values[k-1])
	}
	return values[len(values)-1]
}
