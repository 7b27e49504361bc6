package suite

import (
	"math"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// Measure is one figure of a task.
type Measure struct {
	// Name as in files and JSON, and Title for people.
	Name, Title string
	// HigherIsBetter is the direction in which a model improves.
	HigherIsBetter bool
	// Of computes it from predictions.
	Of func(Predictions) float64
}

// Better reports whether value a is better than value b. A number is better than NaN.
func (m Measure) Better(a, b float64) bool {
	if math.IsNaN(a) || math.IsNaN(b) {
		return math.IsNaN(b) && !math.IsNaN(a)
	}
	return (a > b) == m.HigherIsBetter && a != b
}

// Predictions of a model on one part.
type Predictions struct {
	Data *Data
	// Test says that the part is the test part.
	Test bool
	// Evaluator holds one series a window.
	Evaluator *metric.Evaluator
}

// of is the measure that a metric is.
func of(name string) Measure {
	m := known(name)
	return Measure{Name: name, Title: m.Title, HigherIsBetter: m.HigherIsBetter, Of: func(p Predictions) float64 { return p.Evaluator.Score(m) }}
}

// known finds a metric that the tasks name.
func known(name string) metric.Metric {
	m, err := metric.ByName(name)
	if err != nil {
		panic(err.Error())
	}
	return m
}

// Predict gathers the predictions of a model on the windows of a part, each from the zero state. The error is a
// *model.InputError.
func Predict(m *model.Model, part dataset.Part, workers int) (*metric.Evaluator, error) {
	list := train.Spans(part)
	rows := make([][][]float64, len(list))
	for i := range list {
		rows[i] = make([][]float64, list[i].Len())
	}
	err := m.Run(list, model.RunOptions{Workers: workers}, func(i, row int, y []float32) {
		if !series.Labelled(list[i].Label(row)) {
			return
		}
		wide := make([]float64, len(y))
		for k, v := range y {
			wide[k] = float64(v)
		}
		rows[i][row] = wide
	})
	if err != nil {
		return nil, err
	}
	e := metric.NewEvaluator(m.Schema().Target)
	for i := range list {
		e.Add(list[i].Y, rows[i], nil)
	}
	return e, nil
}
