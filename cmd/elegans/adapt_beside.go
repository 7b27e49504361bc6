package main

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// beside is a model that the report shows beside the adapting one: it predicts the same rows and is told the same labels at
// the same moments. A prediction is a class index or the target's values in raw units; NaN where there is none yet.
type beside interface {
	predict(r *streamRow) (values []float64, memory any)
	// learn is told the labels of a row of a series, with what predict gave to be remembered.
	learn(name string, time float64, labels []float64, memory any)
}

// decided is the class, or the number of each value, of a prediction.
func decided(t series.Target, values []float32) []float64 {
	switch {
	case t.Task == series.Classify:
		return []float64{float64(metric.Predicted(wide(values), t.Threshold))}
	case t.Labels() > 1:
		return wide(values)
	}
	return []float64{pointOf(t, values)}
}

// nothing is no prediction.
func nothing(t series.Target) []float64 {
	return slices.Repeat([]float64{math.NaN()}, t.Labels())
}

// missBy is the squared error of a number, and 1 for a wrong class.
func missBy(t series.Target, value, label float64) float64 {
	if t.Task == series.Classify {
		if value == label {
			return 0
		}
		return 1
	}
	return (value - label) * (value - label)
}

// lastValue predicts the labels of the series that came last.
type lastValue struct {
	target series.Target
	last   map[string][]float64
}

func newLastValue(t series.Target) lastValue { return lastValue{t, map[string][]float64{}} }

func (b lastValue) of(name string) []float64 {
	if v, ok := b.last[name]; ok {
		return v
	}
	return nothing(b.target)
}

func (b lastValue) predict(r *streamRow) ([]float64, any) { return b.of(r.series), nil }

func (b lastValue) learn(name string, _ float64, labels []float64, _ any) {
	last := slices.Clone(b.of(name)) // what was predicted stays
	for k, label := range labels {
		if label == label {
			last[k] = label
		}
	}
	b.last[name] = last
}

// linear is recursive least squares on the inputs of the row and the last labels of its series, of each number in standard
// deviations or of an indicator of each class.
type linear struct {
	schema series.Schema
	last   lastValue
	fit    *online.RLS
	y      []float64
}

func newLinear(schema series.Schema) *linear {
	l := &linear{schema: schema, last: newLastValue(schema.Target), y: make([]float64, schema.Target.Labels())}
	if schema.Target.Task == series.Classify {
		l.y = make([]float64, len(schema.Target.Classes))
	}
	n := len(l.features(&streamRow{x: make([]float32, len(schema.Inputs))}))
	fit, err := online.NewRLS(n, len(l.y), nil, online.RLSOptions{Forget: 1 - 1./2000, Ridge: 0.1})
	if err != nil {
		panic(err) // the options are constants
	}
	l.fit = fit
	return l
}

// features are those of a row.
func (l *linear) features(r *streamRow) []float64 {
	f := []float64{1}
	for i, in := range l.schema.Inputs {
		v := float64(r.x[i])
		if in.Kind == series.Category {
			for k := range in.Levels {
				f = append(f, indicator(v == float64(k)))
			}
			continue
		}
		z := (v - in.Mean) / in.SD
		if z != z {
			z = 0
		}
		f = append(f, math.Max(-10, math.Min(10, z)))
	}
	last, t := l.last.of(r.series), l.schema.Target
	for k := range t.Classes {
		f = append(f, indicator(last[0] == float64(k)))
	}
	if t.Task == series.Classify {
		return f
	}
	for k, v := range last {
		z := (v - t.Of(k).Mean) / t.Of(k).SD
		if z != z {
			z = 0
		}
		f = append(f, z)
	}
	return f
}

func indicator(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func (l *linear) predict(r *streamRow) (values []float64, memory any) {
	f := l.features(r)
	l.fit.Predict(f, l.y)
	if t := l.schema.Target; t.Task != series.Classify {
		for k, v := range l.y {
			values = append(values, v*t.Of(k).SD+t.Of(k).Mean)
		}
		return values, f
	}
	best := 0
	for k, v := range l.y {
		if v > l.y[best] {
			best = k
		}
	}
	return []float64{float64(best)}, f
}

func (l *linear) learn(name string, time float64, labels []float64, memory any) {
	f, t := memory.([]float64), l.schema.Target
	l.fit.Predict(f, l.y) // a value that is not known is taken for what is predicted, which teaches nothing of it
	for k := range l.y {
		switch {
		case t.Task == series.Classify:
			l.y[k] = indicator(labels[0] == float64(k))
		case labels[k] == labels[k]:
			l.y[k] = (labels[k] - t.Of(k).Mean) / t.Of(k).SD
		}
	}
	_ = l.fit.Learn(f, l.y) // a label that is not finite is none
	l.last.learn(name, time, labels, nil)
}

// Retraining: after every part of the stream the model goes on to be trained on its last rows.
const (
	retrainRows   = 2000 // that are trained on
	retrainEpochs = 5
	retrainParts  = 10  // of a file of known length
	retrainEvery  = 500 // labels, where the length is not known
)

// retrained is the model trained again from time to time, on the labels that have come, from its own last weights.
type retrained struct {
	m       *model.Model
	options train.Options
	every   int
	labels  int // since the last training
	streams map[string]*frozenSeries
	rows    []keptRow
	count   int // trainings
}

// keptRow is a row with its labels, NaN until they come.
type keptRow struct {
	series string
	time   float64
	x      []float32
	dt     float32
	labels []float64
}

func (b *retrained) predict(r *streamRow) ([]float64, any) {
	s := b.streams[r.series]
	dt := b.m.Schema().Clock.FirstDT
	if s == nil {
		s = &frozenSeries{s: b.m.Stream()}
		b.streams[r.series] = s
	} else {
		dt = (r.time - s.time) / b.m.Schema().Clock.Unit
	}
	if s.m != b.m {
		state := s.s.AppendState(nil)
		s.s, s.m = b.m.Stream(), b.m
		s.s.SetState(state)
	}
	s.time = r.time
	b.rows = append(b.rows, keptRow{series: r.series, time: r.time, x: slices.Clone(r.x), dt: float32(math.Max(0, dt)), labels: nothing(b.m.Schema().Target)})
	if len(b.rows) > 2*retrainRows {
		b.rows = slices.Clone(b.rows[len(b.rows)-retrainRows:])
	}
	y, err := s.s.Step(r.x, float32(math.Max(0, dt)))
	if err != nil {
		return nothing(b.m.Schema().Target), nil
	}
	return decided(b.m.Schema().Target, y), nil
}

func (b *retrained) learn(name string, time float64, labels []float64, _ any) {
	for i := len(b.rows) - 1; i >= 0; i-- {
		if r := &b.rows[i]; r.series == name && r.time == time && !series.Labelled(r.labels) {
			r.labels = labels
			break
		}
	}
	if b.labels++; b.labels >= b.every {
		b.labels = 0
		b.train()
	}
}

// train trains on the last rows. Where that fails, as when it diverges, the weights stay.
func (b *retrained) train() {
	by := map[string]*series.Series{}
	var names []string
	for _, r := range b.rows[max(0, len(b.rows)-retrainRows):] {
		s := by[r.series]
		if s == nil {
			s = &series.Series{Name: r.series}
			by[r.series] = s
			names = append(names, r.series)
		}
		s.X, s.DT, s.Y, s.Time, s.Row = append(s.X, r.x...), append(s.DT, r.dt), append(s.Y, r.labels...), append(s.Time, r.time), append(s.Row, len(s.Row))
	}
	slices.Sort(names)
	split := &dataset.Split{Schema: b.m.Schema()}
	for _, name := range names {
		if by[name].Scored() > 0 {
			split.Train = append(split.Train, *by[name])
		}
	}
	result, err := train.Fit(context.Background(), b.m, train.DataOf(split, defaultWindow), b.options, train.Hooks{})
	if err != nil {
		return
	}
	b.m = result.Model
	b.count++
}

// besides are the models that stand beside the adapting one, in the order of the report.
type besides struct {
	names []string
	list  []beside
	about []string
	alone bool // the forecast without what it is combined with is shown after them
}

func (a *adapting) besides() besides {
	every, when := retrainEvery, "500 labels"
	if n := len(a.rows); n > 0 {
		every, when = max(1, n/retrainParts), "tenth of the stream"
	}
	o := a.f.options
	o.Epochs, o.Optimiser, o.LearningRate, o.Momentum, o.Groups = retrainEpochs, "", 0.005, 0, nil
	if recalled := recall(a.m.Info().Settings).options; recalled.Loss != "" {
		o.Loss, o.HuberDelta = recalled.Loss, recalled.HuberDelta
	}
	b := besides{
		names: []string{"retrained", "last value", "online linear"},
		list: []beside{
			&retrained{m: a.m, options: o, every: every, streams: map[string]*frozenSeries{}},
			newLastValue(a.m.Schema().Target),
			newLinear(a.m.Schema()),
		},
		about: []string{
			"the model trained again after every " + when + ", 5 passes over the last 2000 rows, from its last weights",
			"the label of the series that came last",
			"recursive least squares on the inputs of the row and the last label, which forgets over 2000 labels",
		},
	}
	if b.alone = a.f.combine != ""; b.alone {
		b.names = append(b.names, "forecast alone")
		b.about = append(b.about, "that of the adapting model, without the last value, which least squares combine with it")
	}
	return b
}

// scored is what a report keeps of a label. Each value of a target of several is one.
type scored struct {
	time   float64
	series string // with the name of the value, where there are several
	label  float64
	value  float64 // that was served
	low    float64
	high   float64
	miss   []float64 // of the adapting model, the frozen one, and those of besides; NaN for no prediction
}

// note keeps the labels of a row for the report.
func (a *adapting) note(w *waiting, out *online.Outcome, labels []float64) {
	t := a.schema.Target
	served, names := decided(t, w.values), valueNames(t)
	for k, label := range labels {
		if label != label {
			continue
		}
		s := scored{time: w.time, series: w.series, label: label, value: served[k], low: math.NaN(), high: math.NaN()}
		if len(labels) > 1 {
			s.series = strings.TrimSpace(w.series + " " + names[k])
		}
		if len(out.Low) > 0 {
			s.low, s.high = out.Low[k], out.High[k]
		}
		for _, values := range append([][]float64{served, decided(t, w.frozen)}, w.beside...) {
			miss := math.NaN()
			if v := values[k]; v == v {
				miss = missBy(t, v, label)
			}
			s.miss = append(s.miss, miss)
		}
		a.scored = append(a.scored, s)
	}
}
