// Package baseline holds the simple models that every network is compared with: class frequencies, the mean, the last
// known value, the value of one season ago, one threshold on one column, and linear or logistic regression. Each of them
// is fitted to series as a network is, in a fraction of a second, and each could win.
//
// A baseline never sees more than it could have known. The label of a row with horizon h is the target at t + h, so it
// is known from the row on that lies there, and a label with horizon 0 from the next row on. Last and seasonal values
// are built on this rule alone (see history), and tests change the future to see that no earlier prediction moves.
//
// A new baseline is one file and one row of the table below.
package baseline

import (
	"errors"
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/series"
)

// Predictor is a fitted baseline. It is immutable and may be shared between goroutines.
type Predictor interface {
	// Predict gives a row of predictions for every row of the series: the probability of each class of the target; or the
	// value in raw units; or one value a quantile, or mean and standard deviation, where the target asks for them. A row
	// of NaN says that nothing can be predicted yet. The rows may share memory with each other, not with the predictor.
	Predict(s series.Series) [][]float64
	// Parameters is the number of numbers that were learnt.
	Parameters() int
	// String says in a few words what was learnt, such as "Light > 365.125".
	String() string
}

// ErrNotApplicable is wrapped by the error of a Fit that can mean nothing for these data, such as a season where there is
// none: leave the baseline out and go on.
var ErrNotApplicable = errors.New("not applicable")

// Baseline is a simple model that can be fitted. Baselines are made by For.
type Baseline struct {
	// Name as in tables and JSON.
	Name string
	// About says in one line what it predicts.
	About string
	// SeesLabels says that it reads the true labels of earlier rows when it predicts, as soon as they are known. A network
	// without the target among its inputs does not: the comparison then shows what those labels are worth.
	SeesLabels bool

	suits func(*series.Schema) bool
	fit   func(*series.Schema, []series.Series, []series.Series) (Predictor, error)
}

// table holds every baseline in the order in which they are shown.
var table = []Baseline{
	{Name: "majority", About: "the share of each class in the training part", suits: classify, fit: fitPrior},
	{Name: "mean", About: "the mean of the training part", suits: regress, fit: fitPrior},
	{Name: "last-value", About: "the last value of the target that is known", SeesLabels: true, suits: stepwise, fit: fitLast},
	{Name: "seasonal", About: "the value of one season earlier, else the last", SeesLabels: true, suits: stepwise, fit: fitSeasonal},
	{Name: "rule", About: "one threshold on one column", suits: classify, fit: fitRule},
	{Name: "logistic", About: "logistic regression on the current row", suits: classify, fit: fitLogistic(1)},
	{Name: "logistic-window", About: "logistic regression on the last 8 rows", suits: classify, fit: fitLogistic(window)},
	{Name: "linear", About: "ridge regression on the current row", suits: regress, fit: fitLinear(1)},
	{Name: "linear-window", About: "ridge regression on the last 8 rows", suits: regress, fit: fitLinear(window)},
}

// window is the number of rows that the windowed regressions see.
const window = 8

func classify(s *series.Schema) bool { return s.Target.Task == series.Classify }
func regress(s *series.Schema) bool  { return s.Target.Task == series.Regress }

// stepwise targets have labels along the series; where a series has a single one, at its end, there is no earlier value.
func stepwise(s *series.Schema) bool { return !s.Target.LastStep }

// For lists the baselines that make sense for a schema, in the order in which they are shown.
func For(schema series.Schema) []Baseline {
	var list []Baseline
	for _, b := range table {
		if b.suits(&schema) {
			b.SeesLabels = b.SeesLabels && targetInput(&schema) == nil
			list = append(list, b)
		}
	}
	return list
}

// Names lists all baselines, whatever they suit, in the order in which they are shown.
func Names() (names []string) {
	for _, b := range table {
		names = append(names, b.Name)
	}
	return names
}

// Fit fits the baseline to the training part; the validation part, which may be empty, chooses penalties and measures
// the spread of errors. The schema's scalers, filling of gaps and classes are used as they are. An error that wraps
// ErrNotApplicable says that the baseline means nothing for these data.
func (b Baseline) Fit(schema series.Schema, train, valid []series.Series) (Predictor, error) {
	if scored(train) == 0 {
		return nil, fmt.Errorf("baseline %s: the training part has no row with a label", b.Name)
	}
	fit := b.fit
	if schema.Target.Labels() > 1 {
		fit = each(b.fit)
	}
	p, err := fit(&schema, train, valid)
	if err != nil {
		return nil, fmt.Errorf("baseline %s: %w", b.Name, err)
	}
	if t := schema.Target; t.Task == series.Regress && (t.Gaussian || len(t.Quantiles) > 0) {
		return fitSpread(p, t, train, valid), nil
	}
	return p, nil
}

func scored(list []series.Series) (n int) {
	for i := range list {
		n += list[i].Scored()
	}
	return n
}

// grid makes rows of the given width that share one block of memory, all NaN.
func grid(rows, width int) [][]float64 {
	block := make([]float64, rows*width)
	for i := range block {
		block[i] = math.NaN()
	}
	list := make([][]float64, rows)
	for i := range list {
		list[i] = block[i*width : (i+1)*width : (i+1)*width]
	}
	return list
}
