package online

import (
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/series"
)

// CombineOptions serve, for each value of the target, the forecast f of the model together with the last value v,
//
//	ŷ = w₀ + w₁ f + w₂ v
//
// where w is that of the series alone and follows its labels by RLS; it begins at the forecast, (0, 1, 0). All are in standard
// deviations of the target from its mean, and cut to ±10. v is the value of the row where the target's own past is an input of the
// model, else the label of the series that came last; 0 where there is none.
//
// The forecast is that of the copy that serves, and goes on learning by its own error: the network is not told of w. So the
// guard compares forecasts, and intervals, the watched error and Outcome.Loss are of what is served. Model and Learning hold no w.
type CombineOptions struct {
	// Ridge is δ of RLS: the weight of the forecast alone, in labels of 1 standard deviation; 10 if 0. Above 0.
	Ridge float64
	// Forget is λ of RLS; 1 - 1/2000 if 0, which looks back over 2000 labels. Above 0, at most 1.
	Forget float64
}

// mixFeatures are 1, the forecast and the last value.
const mixFeatures = 3

// combination is what all series have in common.
type combination struct {
	o      RLSOptions
	target series.Target
	past   []int // for each value, the input that is its own past; -1 for none
}

// mixed is the combination of one series.
type mixed struct {
	fits []*RLS    // of each value
	last []float64 // label; NaN before the first
}

func newCombination(o CombineOptions, schema series.Schema) (*combination, error) {
	if o.Ridge == 0 {
		o.Ridge = 10
	}
	if o.Forget == 0 {
		o.Forget = 1 - 1./2000
	}
	t := schema.Target
	if t.Task != series.Regress || t.Gaussian || len(t.Quantiles) > 0 {
		return nil, fmt.Errorf("online: target %q is no number that could be combined with its last value; leave Combine out", t.Name)
	}
	c := &combination{o: RLSOptions{Forget: o.Forget, Ridge: o.Ridge}, target: t}
	for k := range t.Labels() {
		at := -1
		for i, in := range schema.Inputs {
			if t.AsInput && in.Name == t.Of(k).Name {
				at = i
			}
		}
		c.past = append(c.past, at)
	}
	_, err := c.fit()
	return c, err
}

func (c *combination) fit() (*RLS, error) {
	return NewRLS(mixFeatures, 1, [][]float64{{0, 1, 0}}, c.o)
}

// start is what a new series has.
func (c *combination) start() *mixed {
	m := &mixed{}
	for range c.past {
		fit, err := c.fit()
		if err != nil {
			panic(err) // the options were checked
		}
		m.fits, m.last = append(m.fits, fit), append(m.last, math.NaN())
	}
	return m
}

// features are those of all values, by the decoded forecasts and the inputs of a row.
func (c *combination) features(m *mixed, forecast, x []float32) (z []float64) {
	for k, at := range c.past {
		last, t := m.last[k], c.target.Of(k)
		if at >= 0 {
			last = float64(x[at])
		}
		z = append(z, 1)
		for _, v := range []float64{float64(forecast[k]), last} {
			if v = (v - t.Mean) / t.SD; v != v {
				v = 0
			}
			z = append(z, math.Max(-10, math.Min(10, v)))
		}
	}
	return z
}

// predict is the combination in standard deviations.
func (m *mixed) predict(z []float64) (y []float32) {
	one := []float64{0}
	for k, fit := range m.fits {
		fit.Predict(z[k*mixFeatures:][:mixFeatures], one)
		y = append(y, float32(one[0]))
	}
	return y
}

// learn takes the labels of a row; false where one is too large to be learned.
func (c *combination) learn(m *mixed, z, labels []float64) (ok bool) {
	ok = true
	for k, label := range labels {
		if label != label {
			continue
		}
		m.last[k] = label
		t := c.target.Of(k)
		if m.fits[k].Learn(z[k*mixFeatures:][:mixFeatures], []float64{(label - t.Mean) / t.SD}) != nil {
			ok = false
		}
	}
	return ok
}

// bytes are those of one series.
func (c *combination) bytes() (n int) {
	for _, fit := range c.start().fits {
		n += fit.Bytes() + 8
	}
	return n
}

// append writes all that changes in a combination.
func (m *mixed) append(e *encoder) {
	e.f64s(m.last)
	for _, fit := range m.fits {
		for _, list := range fit.state() {
			e.f64s(list)
		}
	}
}

func (m *mixed) restore(d *decoder) {
	m.last = d.f64s(len(m.last))
	for _, fit := range m.fits {
		for _, list := range fit.state() {
			copy(list, d.f64s(len(list)))
		}
	}
}
