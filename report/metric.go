package report

import (
	"math"

	"github.com/elegans-nn/elegans/metric"
)

// Metric describes one column of results. Named fills it for the usual ones.
type Metric struct {
	// Key of the value in SeedResult.Values; Label is what the page shows (empty: the key).
	Key, Label string
	// LowerIsBetter turns the comparison round; the zero value is for accuracies.
	LowerIsBetter bool
	// Percent shows a fraction as percent.
	Percent bool
	// Unit is shown beside the value, such as "vehicles/h"; not with Percent.
	Unit string
	// Explain is one line for the reader who does not know the metric.
	Explain string
}

// explained has one line for every metric of package metric, and Percent for the shares that people quote so.
var explained = []struct {
	key     string
	percent bool
	text    string
}{
	{"accuracy", true, "share of scored rows whose class is right"},
	{"balanced_accuracy", true, "mean over the classes of the share that is right: a rare class counts as much as a common one"},
	{"f1", false, "harmonic mean of precision and recall; 1 is perfect"},
	{"auroc", false, "chance that a positive row gets a higher probability than a negative one; 0.5 is guessing"},
	{"auprc", false, "mean precision over all recalls; guessing gives the share of positives"},
	{"brier", false, "mean squared error of the probabilities; lower is better"},
	{"log_loss", false, "mean negative log-probability of what came; lower is better"},
	{"ece", false, "mean distance between probability and observed share; lower is better"},
	{"mse", false, "mean squared error in raw units; lower is better"},
	{"rmse", false, "root of the mean squared error in raw units; lower is better"},
	{"mae", false, "mean absolute error in raw units; lower is better"},
	{"r2", false, "share of the variance explained; 0 is no better than the mean"},
	{"skill", false, "1 − error / error of repeating the last value; above 0 is better than repeating"},
	{"pinball", false, "error of the predicted quantiles; lower is better"},
	{"coverage_error", false, "how far the share of values below each quantile is from its level; lower is better"},
	{"nll", false, "negative log-likelihood of the predicted distribution; lower is better"},
}

// Named is the description of a metric of package metric by its name there. Another key is shown as it is, higher being
// better.
func Named(key string) Metric {
	known, err := metric.ByName(key)
	if err != nil {
		return Metric{Key: key, Label: key}
	}
	m := Metric{Key: key, Label: known.Title, LowerIsBetter: !known.HigherIsBetter}
	for _, e := range explained {
		if e.key == key {
			m.Percent, m.Explain = e.percent, e.text
		}
	}
	return m
}

func (m Metric) label() string {
	if m.Label == "" {
		return m.Key
	}
	return m.Label
}

// scale is what a value is multiplied with before it is shown.
func (m Metric) scale() float64 {
	if m.Percent {
		return 100
	}
	return 1
}

// suffix is what follows a shown value.
func (m Metric) suffix() string {
	switch {
	case m.Percent:
		return " %"
	case m.Unit != "":
		return " " + m.Unit
	}
	return ""
}

// gain is how much better a is than b, in shown units.
func (m Metric) gain(a, b float64) float64 {
	if m.LowerIsBetter {
		a, b = b, a
	}
	return (a - b) * m.scale()
}

// spread is the mean and the sample standard deviation of one metric over the seeds of an entry.
type spread struct {
	Mean, SD float64
	N        int
	Values   []float64
}

// Spread is the mean, the sample standard deviation and the number of the values an entry has for a metric. SD is NaN
// for fewer than two values, and both are NaN for none.
func (e Entry) Spread(key string) (mean, sd float64, n int) {
	s := e.spread(key)
	return s.Mean, s.SD, s.N
}

func (e Entry) spread(key string) spread {
	s := spread{Mean: math.NaN(), SD: math.NaN()}
	for _, seed := range e.Seeds {
		if v, ok := seed.Values[key]; ok && finite(v) {
			s.Values = append(s.Values, v)
		}
	}
	s.N = len(s.Values)
	if s.N == 0 {
		return s
	}
	s.Mean, s.SD = metric.Mean(s.Values), metric.SD(s.Values)
	return s
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
