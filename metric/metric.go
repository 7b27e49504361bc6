// Package metric scores predictions against labels: classification from class probabilities, regression in raw units,
// and the statistics by which two models are compared.
//
// A metric is one row of a table: its name, its direction, its unit and the function that computes it. Everything that
// chooses, prints or optimises a metric looks it up by name, so that a new one costs a row and no further code.
// Evaluator gathers the predictions of one series after the other; Scores is its result.
//
// A metric that the data do not define (AUROC of a single class, R² of constant labels) is NaN in Go and null in JSON.
// A metric that does not belong to the kind of prediction (a likelihood of point forecasts) is absent.
package metric

import (
	"fmt"
	"math"
	"strings"

	"github.com/elegans-nn/elegans/series"
)

// Unit says in what a metric is counted.
type Unit string

const (
	None          Unit = ""         // a pure number, such as R²
	Fraction      Unit = "fraction" // between 0 and 1
	Nats          Unit = "nats"     // natural logarithms of a probability or a density
	TargetUnit    Unit = "target"   // the unit of the target column
	TargetSquared Unit = "target²"  // the square of that unit
)

// Metric is one way to score predictions: one of the table, see ByName and For, or one that a published task defines, see OfNumbers.
type Metric struct {
	// Name as in flags, files and JSON: lower case with underscores.
	Name string
	// Title for people.
	Title string
	// Task that the metric belongs to.
	Task series.Task
	// HigherIsBetter is the direction in which a model improves.
	HigherIsBetter bool
	// Unit of the value.
	Unit Unit

	mean  meanOf
	form  form // of the predictions that define it
	class func(*Classification) float64
	value func(*Regression) float64
}

// meanOf says how a metric follows from its values of single rows, so that those of many samples of rows need not be
// computed anew.
type meanOf int

const (
	noMean   meanOf = iota
	rowsMean        // the mean
	rowsRoot        // the root of the mean of squares
)

// form is the kind of prediction that a metric can be computed from.
type form int

const (
	anyForm   form = iota
	quantiles      // one value a quantile
	gaussian       // mean and standard deviation
)

// table holds every metric, in the order in which they are shown. The first of a task is its default.
var table = []Metric{
	{Name: "accuracy", Title: "accuracy", Task: series.Classify, HigherIsBetter: true, Unit: Fraction, mean: rowsMean,
		class: (*Classification).Accuracy},
	{Name: "balanced_accuracy", Title: "balanced accuracy", Task: series.Classify, HigherIsBetter: true, Unit: Fraction,
		class: (*Classification).BalancedAccuracy},
	{Name: "f1", Title: "F1", Task: series.Classify, HigherIsBetter: true, Unit: Fraction,
		class: (*Classification).F1},
	{Name: "auroc", Title: "AUROC", Task: series.Classify, HigherIsBetter: true, Unit: Fraction,
		class: (*Classification).AUROC},
	{Name: "auprc", Title: "AUPRC", Task: series.Classify, HigherIsBetter: true, Unit: Fraction,
		class: (*Classification).AUPRC},
	{Name: "brier", Title: "Brier score", Task: series.Classify, mean: rowsMean,
		class: (*Classification).Brier},
	{Name: "log_loss", Title: "log loss", Task: series.Classify, Unit: Nats, mean: rowsMean,
		class: (*Classification).LogLoss},
	{Name: "ece", Title: "calibration error", Task: series.Classify, Unit: Fraction,
		class: (*Classification).ECE},

	{Name: "rmse", Title: "RMSE", Task: series.Regress, Unit: TargetUnit, mean: rowsRoot,
		value: (*Regression).RMSE},
	{Name: "mse", Title: "MSE", Task: series.Regress, Unit: TargetSquared, mean: rowsMean,
		value: (*Regression).MSE},
	{Name: "mae", Title: "MAE", Task: series.Regress, Unit: TargetUnit, mean: rowsMean,
		value: (*Regression).MAE},
	{Name: "r2", Title: "R²", Task: series.Regress, HigherIsBetter: true,
		value: (*Regression).R2},
	{Name: "skill", Title: "skill over last value", Task: series.Regress, HigherIsBetter: true,
		value: (*Regression).Skill},
	{Name: "pinball", Title: "pinball loss", Task: series.Regress, Unit: TargetUnit, form: quantiles, mean: rowsMean,
		value: (*Regression).Pinball},
	{Name: "coverage_error", Title: "coverage error", Task: series.Regress, Unit: Fraction, form: quantiles,
		value: (*Regression).CoverageError},
	{Name: "nll", Title: "negative log likelihood", Task: series.Regress, Unit: Nats, form: gaussian, mean: rowsMean,
		value: (*Regression).NLL},
}

// ByName finds a metric. The error lists the names there are.
func ByName(name string) (Metric, error) {
	names := make([]string, len(table))
	for i, m := range table {
		if m.Name == name {
			return m, nil
		}
		names[i] = m.Name
	}
	return Metric{}, fmt.Errorf("no metric is called %q; choose one of %s", name, strings.Join(names, ", "))
}

// OfNumbers is a metric of point forecasts that is in no table since one task alone is scored by it; lower is better.
func OfNumbers(name, title string, value func(*Regression) float64) Metric {
	return Metric{Name: name, Title: title, Task: series.Regress, value: value}
}

// For lists the metrics that can be computed for a target, in the order in which they are shown; the first is the
// default of the task (accuracy or rmse).
func For(t series.Target) []Metric {
	var list []Metric
	for _, m := range table {
		if m.Task == t.Task && (m.form == anyForm || m.form == formOf(t)) {
			list = append(list, m)
		}
	}
	return list
}

func formOf(t series.Target) form {
	switch {
	case t.Gaussian:
		return gaussian
	case len(t.Quantiles) > 0:
		return quantiles
	}
	return anyForm
}

// Better reports whether value a is better than value b. A number is better than NaN; NaN is better than nothing.
func (m Metric) Better(a, b float64) bool {
	switch {
	case math.IsNaN(a):
		return false
	case math.IsNaN(b):
		return true
	case m.HigherIsBetter:
		return a > b
	}
	return a < b
}
