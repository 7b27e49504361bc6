package report

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"

	"github.com/elegans-nn/elegans/series"
)

// What the charts may cost: a page with everything on it stays below a megabyte.
const (
	mostPoints   = 10000 // points of one series of predictions
	mostNumbers  = 60000 // numbers of all predictions, or of all neurons, together
	leastPoints  = 200   // points of a series below which a chart says little
	mostSeries   = 40    // series of predictions in the selector
	mostLines    = 64    // neurons drawn as lines; the heat map has them all
	mostClasses  = 12    // classes whose probabilities are drawn
	neuronPoints = 1000  // points of the neurons' lines
)

// column is a list of numbers on its way to a chart: rounded to a fixed step, NaN and infinities as null.
type column struct {
	values   []float64
	decimals int
}

// rounded keeps about five significant digits of the column's range: the finest step is a ten-thousandth of it.
func rounded(values []float64) column {
	low, high := extremes(values, 0, len(values))
	if low < 0 || !finite(values[low]) || !finite(values[high]) {
		return column{values, 6}
	}
	span := values[high] - values[low]
	if span == 0 {
		span = max(math.Abs(values[low]), 1e-6)
	}
	return column{values, min(max(4-int(math.Floor(math.Log10(span))), 0), 12)}
}

// MarshalJSON writes the shortest decimal of each value.
func (c column) MarshalJSON() ([]byte, error) {
	out := []byte{'['}
	scale := math.Pow(10, float64(c.decimals))
	for i, v := range c.values {
		if i > 0 {
			out = append(out, ',')
		}
		r := math.Round(v*scale) / scale
		switch {
		case !finite(r):
			out = append(out, "null"...)
		case r == 0: // also −0
			out = append(out, '0')
		default:
			out = strconv.AppendFloat(out, r, 'g', -1, 64)
		}
	}
	return append(out, ']'), nil
}

// relative keeps four significant digits of each value, for columns that are read on a log axis.
type relative []float64

// MarshalJSON writes each value.
func (c relative) MarshalJSON() ([]byte, error) {
	out := []byte{'['}
	for i, v := range c {
		if i > 0 {
			out = append(out, ',')
		}
		if !finite(v) {
			out = append(out, "null"...)
			continue
		}
		out = strconv.AppendFloat(out, v, 'g', 4, 64)
	}
	return append(out, ']'), nil
}

// axis is a time axis: Start + Step·(sum of Delta so far), in the unit of the page's clock.
type axis struct {
	Start float64 `json:"start"`
	Step  float64 `json:"step"`
	Delta []int64 `json:"delta"`
}

// newAxis codes times as whole multiples of a tenth of the typical step or finer, which costs two or three characters a
// point.
func newAxis(time []float64) axis {
	if len(time) == 0 {
		return axis{Step: 1, Delta: []int64{}}
	}
	step := 1.0
	if typical := medianStep(time); finite(typical) {
		// at most a billion steps: a stray microsecond in years of data must not cost ten characters a point
		finest := max(typical, (time[len(time)-1]-time[0])/1e8)
		step = math.Pow(10, math.Floor(math.Log10(finest))-1)
	}
	a := axis{Start: time[0], Step: step, Delta: make([]int64, len(time))}
	last := int64(0)
	for i, t := range time {
		at := int64(math.Round((t - time[0]) / step))
		a.Delta[i], last = at-last, at
	}
	return a
}

// payload is everything the charts need, under the names that report.js uses.
type payload struct {
	Clock       string              `json:"clock"`
	Unit        string              `json:"unit"`
	Learning    *learningPayload    `json:"learning,omitempty"`
	Predictions *predictionsPayload `json:"predictions,omitempty"`
	Activity    *activityPayload    `json:"activity,omitempty"`
	Plots       []plotPayload       `json:"plots,omitempty"`
}

type learningPayload struct {
	Metric string       `json:"metric"`
	Scale  float64      `json:"scale"`
	Runs   []runPayload `json:"runs"`
}

type runPayload struct {
	Seed   string   `json:"seed"`
	Best   int      `json:"best"`
	Epoch  []int    `json:"epoch"`
	Train  relative `json:"train"`
	Valid  relative `json:"valid"`
	Metric column   `json:"metric"`
}

type predictionsPayload struct {
	Target    string         `json:"target"`
	Unit      string         `json:"unit"`
	Classes   []string       `json:"classes,omitempty"`
	Threshold float64        `json:"threshold,omitempty"`
	Levels    []float64      `json:"levels,omitempty"`
	Series    []tracePayload `json:"series"`
}

type tracePayload struct {
	Name  string   `json:"name"`
	Time  axis     `json:"time"`
	Truth column   `json:"truth"`
	Value column   `json:"value"`
	Bands []column `json:"bands"`
}

type activityPayload struct {
	Time    axis            `json:"time"`
	TauUnit string          `json:"tauUnit"`
	Neurons []neuronPayload `json:"neurons"`
	Inputs  []inputPayload  `json:"inputs"`
}

type neuronPayload struct {
	Name  string   `json:"name"`
	Role  string   `json:"role"`
	State column   `json:"state"`
	Tau   relative `json:"tau,omitempty"`
}

type inputPayload struct {
	Name   string `json:"name"`
	Values column `json:"values"`
}

// payload gathers the data of the charts; nil where the page has none.
func (r *Report) payload() ([]byte, error) {
	p := payload{Clock: string(r.Clock), Unit: "s"}
	if r.Learning != nil {
		p.Learning = r.Learning.payload(r)
	}
	p.Predictions = r.predictions()
	p.Activity = r.activity()
	for _, plot := range r.Plots {
		p.Plots = append(p.Plots, plot.payload())
	}
	if p.Learning == nil && p.Predictions == nil && p.Activity == nil && p.Plots == nil {
		return nil, nil
	}
	if r.Clock != series.Calendar {
		p.Unit = unitFor(r.Clock, r.span()/2).Name
	}
	return json.Marshal(p)
}

// span is the longest time that a chart covers.
func (r *Report) span() (longest float64) {
	each := func(time []float64) {
		if n := len(time); n > 0 {
			longest = max(longest, time[n-1]-time[0])
		}
	}
	if r.Predictions != nil {
		for _, t := range r.Predictions.Series {
			each(t.Time)
		}
	}
	if r.Activity != nil {
		each(r.Activity.Time)
	}
	return longest
}

// axis turns times into the unit that the charts show: seconds since 1970 for a calendar, else the unit of the span.
func (r *Report) axis(time []float64) axis {
	if r.Clock == series.Calendar {
		return newAxis(time)
	}
	unit := unitFor(r.Clock, r.span()/2)
	shown := make([]float64, len(time))
	for i, t := range time {
		shown[i] = t / unit.Sized
	}
	return newAxis(shown)
}

func (l *Learning) payload(r *Report) *learningPayload {
	m := Named(l.Metric)
	for _, own := range r.Metrics {
		if own.Key == l.Metric {
			m = own
		}
	}
	out := &learningPayload{Scale: m.scale()}
	if l.Metric != "" {
		out.Metric = m.head()
	}
	for _, run := range l.Runs {
		p := runPayload{Seed: strconv.FormatInt(run.Seed, 10), Best: run.Best}
		var metric []float64
		for _, e := range run.Epochs {
			p.Epoch = append(p.Epoch, e.Number)
			p.Train = append(p.Train, e.Train)
			p.Valid = append(p.Valid, e.Valid)
			metric = append(metric, e.Metric*m.scale())
		}
		p.Metric = rounded(metric)
		if len(p.Epoch) > 0 {
			out.Runs = append(out.Runs, p)
		}
	}
	if len(out.Runs) == 0 {
		return nil
	}
	return out
}

// predictions thins the series of predictions; nil where there are none.
func (r *Report) predictions() *predictionsPayload {
	if !r.Predictions.drawn() {
		return nil
	}
	p := *r.Predictions
	out := &predictionsPayload{Target: p.Target, Unit: p.Unit, Classes: p.Classes, Threshold: p.threshold(), Levels: p.Levels}
	shown := p.shown()
	for _, t := range shown {
		bands := t.Bands
		if len(p.Classes) > mostClasses {
			bands = nil
		}
		if len(p.Classes) == 2 && len(bands) == 2 {
			bands = bands[1:] // the other is its complement
		}
		columns := append([][]float64{t.Truth, t.Value, p.wrong(t)}, bands...)
		most := min(mostPoints, max(leastPoints, mostNumbers/(len(shown)*len(columns))))
		thin := pick(t.Time, columns, r.Gap, most)
		trace := tracePayload{Name: t.Name, Time: r.axis(thin.time), Bands: []column{},
			Truth: rounded(thin.columns[0]), Value: rounded(thin.columns[1])}
		for _, c := range thin.columns[3:] {
			trace.Bands = append(trace.Bands, rounded(c))
		}
		out.Series = append(out.Series, trace)
	}
	return out
}

func (p *Predictions) drawn() bool { return len(p.shown()) > 0 }

// shown are the series that have rows, at most mostSeries of them.
func (p *Predictions) shown() (shown []Trace) {
	if p == nil {
		return nil
	}
	for _, t := range p.Series {
		if len(t.Time) > 0 && len(shown) < mostSeries {
			shown = append(shown, t)
		}
	}
	return shown
}

func (p *Predictions) threshold() float64 {
	switch {
	case len(p.Classes) != 2:
		return 0
	case p.Threshold == 0:
		return 0.5
	}
	return p.Threshold
}

// wrong is 1 where a class is wrong and the error where a number is: the rows that thinning must not lose.
func (p *Predictions) wrong(t Trace) []float64 {
	out := make([]float64, len(t.Time))
	for i := range out {
		out[i] = t.Value[i] - t.Truth[i]
		if len(p.Classes) > 0 && out[i] != 0 && !math.IsNaN(out[i]) {
			out[i] = 1
		}
	}
	return out
}

// activity thins the courses of the neurons; nil where there are none.
func (r *Report) activity() *activityPayload {
	a := r.Activity
	if a == nil || len(a.Time) == 0 || len(a.Neurons) == 0 {
		return nil
	}
	neurons := a.ordered()[:min(len(a.Neurons), mostLines)]
	var columns [][]float64
	for _, n := range neurons {
		columns = append(columns, n.State)
		if len(n.Tau) > 0 {
			columns = append(columns, n.Tau)
		}
	}
	for _, in := range a.Inputs {
		columns = append(columns, in.Values)
	}
	thin := envelope(a.Time, columns, r.Gap, min(neuronPoints, max(leastPoints, mostNumbers/len(columns))))
	unit := unitFor(r.Clock, a.typicalTau())
	out := &activityPayload{Time: r.axis(thin.time), TauUnit: unit.Name, Inputs: []inputPayload{}}
	next := thin.columns
	for _, n := range neurons {
		p := neuronPayload{Name: n.Name, Role: n.Role, State: rounded(next[0])}
		next = next[1:]
		if len(n.Tau) > 0 {
			for _, v := range next[0] {
				if v <= 0 { // has no place on a log axis
					v = math.NaN()
				}
				p.Tau = append(p.Tau, v/unit.Sized)
			}
			next = next[1:]
		}
		out.Neurons = append(out.Neurons, p)
	}
	for i, in := range a.Inputs {
		out.Inputs = append(out.Inputs, inputPayload{in.Name, rounded(next[i])})
	}
	return out
}

// typicalTau is the median of all effective time constants.
func (a *Activity) typicalTau() float64 {
	var all []float64
	for _, n := range a.Neurons {
		all = append(all, positive(n.Tau)...)
	}
	return quantile(all, 0.5)
}

// positive are the values that are finite and above 0, sorted.
func positive(v []float64) (out []float64) {
	for _, x := range v {
		if finite(x) && x > 0 {
			out = append(out, x)
		}
	}
	slices.Sort(out)
	return out
}

// quantile of values in any order, by linear interpolation; NaN for none.
func quantile(values []float64, level float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	if !slices.IsSorted(values) {
		values = slices.Clone(values)
		slices.Sort(values)
	}
	at := level * float64(len(values)-1)
	i := int(at)
	if i+1 == len(values) {
		return values[i]
	}
	return values[i] + (at-float64(i))*(values[i+1]-values[i])
}
