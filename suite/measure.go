package suite

import (
	"slices"

	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/metric"
)

// Measure is one figure of a task: a metric, or a metric of a view of the predictions.
type Measure struct {
	// Metric is what is computed. Its name and title are those of the measure.
	metric.Metric
	// View gives the predictions that the metric is of; nil: as they are.
	View func(*Data, *metric.Evaluator) *metric.Evaluator
}

// on is the measure as a contest takes it.
func (m Measure) on(d *Data) experiment.Measure {
	on := experiment.Measure{Metric: m.Metric}
	if m.View != nil {
		on.View = func(e *metric.Evaluator) *metric.Evaluator { return m.View(d, e) }
	}
	return on
}

// of is the measure that a metric is.
func of(name string) Measure { return Measure{Metric: known(name)} }

// called is a metric under a name of its own, of a view.
func called(m metric.Metric, name, title string, view func(*Data, *metric.Evaluator) *metric.Evaluator) Measure {
	m.Name, m.Title = name, title
	return Measure{m, view}
}

// known finds a metric that the tasks name.
func known(name string) metric.Metric {
	m, err := metric.ByName(name)
	if err != nil {
		panic(err.Error())
	}
	return m
}

// sameLabels leaves labels as they are.
func sameLabels(y float64) float64 { return y }

// each changes all values of a prediction.
func each(f func(float64) float64) func([]float64) []float64 {
	return func(p []float64) []float64 {
		p = slices.Clone(p)
		for i := range p {
			p[i] = f(p[i])
		}
		return p
	}
}
