package baseline

import (
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/series"
)

// outputs predicts a target of several values, each by a predictor of its own; nil where nothing was known of one.
type outputs []Predictor

// each fits a predictor to every output by itself.
func each(fit func(*series.Schema, []series.Series, []series.Series) (Predictor, error)) func(*series.Schema, []series.Series, []series.Series) (Predictor, error) {
	return func(schema *series.Schema, train, valid []series.Series) (Predictor, error) {
		list := make(outputs, schema.Target.Labels())
		for k := range list {
			one := *schema
			one.Target = schema.Target.Of(k)
			taught := outputOf(train, k)
			if scored(taught) == 0 {
				continue
			}
			p, err := fit(&one, taught, outputOf(valid, k))
			if err != nil {
				return nil, fmt.Errorf("output %d: %w", k, err)
			}
			list[k] = p
		}
		return list, nil
	}
}

// outputOf are the series with the labels of output k alone. Where the first alone is labelled, the others have none.
func outputOf(list []series.Series, k int) []series.Series {
	some := make([]series.Series, len(list))
	for i, s := range list {
		some[i] = s
		n := s.Outputs()
		some[i].Y = make([]float64, s.Len())
		for row := range some[i].Y {
			some[i].Y[row] = math.NaN()
			if k < n {
				some[i].Y[row] = s.Y[row*n+k]
			}
		}
	}
	return some
}

func (o outputs) Predict(s series.Series) [][]float64 {
	rows := grid(s.Len(), len(o))
	for k, p := range o {
		if p == nil {
			continue
		}
		for i, row := range p.Predict(outputOf([]series.Series{s}, k)[0]) {
			rows[i][k] = row[0]
		}
	}
	return rows
}

func (o outputs) Parameters() (n int) {
	for _, p := range o {
		if p != nil {
			n += p.Parameters()
		}
	}
	return n
}

// String speaks for all by the first that learnt something.
func (o outputs) String() string {
	for k, p := range o {
		if p != nil {
			return fmt.Sprintf("%d outputs, of which number %d: %s", len(o), k, p)
		}
	}
	return "nothing"
}
