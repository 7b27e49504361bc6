package main

import (
	"context"
	"math"
	"slices"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// beside is a model that the report shows beside the adapting one: it predicts the same rows and is told the same labels at
// the same moments. A prediction is a class index or a value in raw units; NaN where there is none yet.
type beside interface {
	predict(r *streamRow) (value float64, memory any)
	// learn is told the label of a row of a series, with what predict gave to be remembered.
	learn(name string, time, label float64, memory any)
}

// decided is the class, or the one number, of a prediction.
func decided(t series.Target, values []float32) float64 {
	if t.Task == series.Classify {
		return float64(metric.Predicted(wide(values), t.Threshold))
	}
	return pointOf(t, values)
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

// lastValue predicts the label of the series that came last.
type lastValue struct{ last map[string]float64 }

func (b lastValue) predict(r *streamRow) (float64, any) {
	if v, ok := b.last[r.series]; ok {
		return v, nil
	}
	return math.NaN(), nil
}

func (b lastValue) learn(name string, _, label float64, _ any) { b.last[name] = label }

// linear is recursive least squares on the inputs of the row and the last label of its series, of the number in standard
// deviations or of an indicator of each class.
type linear struct {
	schema series.Schema
	last   lastValue
	fit    *online.RLS
	y      []float64
}

func newLinear(schema series.Schema) *linear {
	l := &linear{schema: schema, last: lastValue{map[string]float64{}}, y: make([]float64, 1)}
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
	last, ok := l.last.last[r.series]
	t := l.schema.Target
	if t.Task == series.Classify {
		for k := range t.Classes {
			f = append(f, indicator(ok && last == float64(k)))
		}
		return f
	}
	if !ok {
		last = t.Mean
	}
	return append(f, (last-t.Mean)/t.SD)
}

func indicator(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func (l *linear) predict(r *streamRow) (float64, any) {
	f := l.features(r)
	l.fit.Predict(f, l.y)
	if t := l.schema.Target; t.Task != series.Classify {
		return l.y[0]*t.SD + t.Mean, f
	}
	best := 0
	for k, v := range l.y {
		if v > l.y[best] {
			best = k
		}
	}
	return float64(best), f
}

func (l *linear) learn(name string, time, label float64, memory any) {
	for k := range l.y {
		l.y[k] = indicator(label == float64(k))
	}
	if t := l.schema.Target; t.Task != series.Classify {
		l.y[0] = (label - t.Mean) / t.SD
	}
	_ = l.fit.Learn(memory.([]float64), l.y) // a label that is not finite is none
	l.last.learn(name, time, label, nil)
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

// keptRow is a row with its label, NaN until that comes.
type keptRow struct {
	series string
	time   float64
	x      []float32
	dt     float32
	label  float64
}

func (b *retrained) predict(r *streamRow) (float64, any) {
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
	b.rows = append(b.rows, keptRow{series: r.series, time: r.time, x: slices.Clone(r.x), dt: float32(math.Max(0, dt)), label: math.NaN()})
	if len(b.rows) > 2*retrainRows {
		b.rows = slices.Clone(b.rows[len(b.rows)-retrainRows:])
	}
	y, err := s.s.Step(r.x, float32(math.Max(0, dt)))
	if err != nil {
		return math.NaN(), nil
	}
	return decided(b.m.Schema().Target, y), nil
}

func (b *retrained) learn(name string, time, label float64, _ any) {
	for i := len(b.rows) - 1; i >= 0; i-- {
		if r := &b.rows[i]; r.series == name && r.time == time && r.label != r.label {
			r.label = label
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
		s.X, s.DT, s.Y, s.Time, s.Row = append(s.X, r.x...), append(s.DT, r.dt), append(s.Y, r.label), append(s.Time, r.time), append(s.Row, len(s.Row))
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
			lastValue{map[string]float64{}},
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

// scored is what a report keeps of a label.
type scored struct {
	time   float64
	series string
	label  float64
	value  float64 // that was served
	low    float64
	high   float64
	miss   []float64 // of the adapting model, the frozen one, and those of besides; NaN for no prediction
}

// note keeps a label for the report.
func (a *adapting) note(w *waiting, out *online.Outcome, label float64) {
	t := a.schema.Target
	s := scored{time: w.time, series: w.series, label: label, value: decided(t, w.values), low: out.Low, high: out.High}
	s.miss = []float64{missBy(t, s.value, label), missBy(t, decided(t, w.frozen), label)}
	for _, v := range w.beside {
		miss := math.NaN()
		if v == v {
			miss = missBy(t, v, label)
		}
		s.miss = append(s.miss, miss)
	}
	a.scored = append(a.scored, s)
}
