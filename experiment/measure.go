package experiment

import (
	"fmt"
	"strings"

	"github.com/elegans-nn/elegans/metric"
)

// Measure is a figure that a contest reports: a metric, or a metric of some view of the predictions, under a name of its own.
type Measure struct {
	// Metric is what is computed. Its name, title and unit are those of the measure.
	metric.Metric
	// View gives the predictions that the metric is of, such as those of one output, or in other units; nil: as they are. It
	// must give as many series as it is given, and labels that do not depend on predictions.
	View func(*metric.Evaluator) *metric.Evaluator
}

// view is what the metric is of.
func (m Measure) view(e *metric.Evaluator) *metric.Evaluator {
	if m.View == nil {
		return e
	}
	return m.View(e)
}

// Of is the measure of predictions; NaN where they do not define it.
func (m Measure) Of(e *metric.Evaluator) float64 { return m.view(e).Score(m.Metric) }

// NoThreshold is the Threshold of a contest that leaves it at one half.
const NoThreshold = "none"

// measured are the scores of predictions: the measures of the run, or all metrics of the target where it names none.
func (x *run) measured(e *metric.Evaluator) (scores metric.Scores) {
	if len(x.measures) == 0 {
		return e.Scores()
	}
	for _, m := range x.measures {
		scores = append(scores, metric.Score{Name: m.Name, Value: m.Of(e)})
	}
	return scores
}

// ranked is the measure that rows are ranked by.
func (x *run) ranked() Measure {
	for _, m := range x.measures {
		if m.Name == x.out.Metric.Name {
			return m
		}
	}
	return Measure{Metric: x.out.Metric}
}

// measure chooses what rows are ranked by: the measure or metric of a name, the first if empty.
func (x *run) measure(name string) (err error) {
	if len(x.measures) == 0 {
		if x.out.Metric = metric.For(x.schema.Target)[0]; name != "" {
			x.out.Metric, err = metricOf(x.schema.Target, name)
		}
		return err
	}
	x.out.Metric = x.measures[0].Metric
	if name == "" {
		return nil
	}
	var names []string
	for _, m := range x.measures {
		if names = append(names, m.Name); m.Name == name {
			x.out.Metric = m.Metric
			return nil
		}
	}
	return fmt.Errorf("metric %s is none of the measures; choose one of %s", name, strings.Join(names, ", "))
}
