package online

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/elegans-nn/elegans/series"
)

// IntervalOptions ask for prediction intervals that hold their coverage although the data change: adaptive conformal
// inference (Gibbs and Candès, NeurIPS 2021). Of each label the score s says how far it lay from the prediction:
//
//	a number         s = |label - y|                        interval  y ± q
//	mean and sd      s = |label - mean| / sd                interval  mean ± q sd
//	quantiles        s = max(lowest - label, label - highest)  interval  [lowest - q, highest + q]
//
// q is the (1 - a) quantile of the latest Window scores, ⌈(n+1)(1-a)⌉-th of n, and a follows the misses:
//
//	a ← a + Rate (1 - Coverage - miss),   miss = 1 where the label lay outside of the interval that was given, else 0
//
// Then over n labels the share of misses is 1 - Coverage to within (max(a₁, 1-a₁) + Rate)/(Rate n), whatever the data do
// (their proposition 4.1). a ≤ 0 makes an interval infinite, a ≥ 1 makes it the point y. Labels that come late are counted
// when they come. Each value of a target of several has an interval, scores and a level of its own: all of them together hold less
// often than one.
type IntervalOptions struct {
	// Coverage is the share of labels that are to lie inside; 0.9 if 0. In (0, 1).
	Coverage float64
	// Rate of adaptation; 0.005 if 0, that of the paper. Above 0 and below 1.
	Rate float64
	// Window is how many scores there are; 500 if 0.
	Window int
}

// Coverage is how intervals did.
type Coverage struct {
	// Intervals is how many were given and got their label; Covered is how many of those held it.
	Intervals, Covered uint64
	// Width is the mean width of the finite ones.
	Width float64
	// Level is 1 - a now.
	Level float64
}

// Share is Covered / Intervals; NaN where there are none.
func (c Coverage) Share() float64 { return float64(c.Covered) / float64(c.Intervals) }

type conformal struct {
	o       IntervalOptions
	target  series.Target
	a       float64
	scores  []float64 // in the order in which they came, the next to be replaced at next
	next    int
	sorted  []float64
	given   uint64
	covered uint64
	finite  uint64
	width   float64 // sum
}

func newConformal(o IntervalOptions, t series.Target) (*conformal, error) {
	for _, d := range []struct {
		v     *float64
		else_ float64
	}{{&o.Coverage, 0.9}, {&o.Rate, 0.005}} {
		if *d.v == 0 {
			*d.v = d.else_
		}
	}
	if o.Window == 0 {
		o.Window = 500
	}
	switch {
	case t.Task == series.Classify:
		return nil, errors.New("online: classes have no interval; leave Interval out")
	case !(o.Coverage > 0 && o.Coverage < 1):
		return nil, fmt.Errorf("online: Coverage is %g; allowed: above 0 and below 1", o.Coverage)
	case !(o.Rate > 0 && o.Rate < 1):
		return nil, fmt.Errorf("online: Rate of the intervals is %g; allowed: above 0 and below 1", o.Rate)
	case o.Window < 1 || float64(o.Window+1)*(1-o.Coverage) < 1:
		return nil, fmt.Errorf("online: Window is %d; a coverage of %g needs at least %g scores", o.Window, o.Coverage, math.Ceil(1/(1-o.Coverage))-1)
	}
	return &conformal{o: o, target: t, a: 1 - o.Coverage}, nil
}

// intervals are those of each value of the target, apart from each other.
type intervals []*conformal

func newIntervals(o IntervalOptions, t series.Target) (list intervals, err error) {
	for k := range t.Labels() {
		of := t
		if t.Labels() > 1 {
			of = t.Of(k)
		}
		c, err := newConformal(o, of)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// of is what a decoded prediction says of value k.
func (list intervals) of(y []float32, k int) []float32 {
	if len(list) > 1 {
		return y[k : k+1]
	}
	return y
}

func (list intervals) around(y []float32) (low, high []float64) {
	for k, c := range list {
		l, h := c.around(list.of(y, k))
		low, high = append(low, l), append(high, h)
	}
	return low, high
}

// observe takes the labels that are known.
func (list intervals) observe(y []float32, low, high, labels []float64) {
	for k, c := range list {
		if labels[k] == labels[k] {
			c.observe(list.of(y, k), low[k], high[k], labels[k])
		}
	}
}

// ready says that there are enough scores for an interval of the coverage that is asked for.
func (c *conformal) ready() bool { return float64(len(c.sorted)+1)*(1-c.o.Coverage) >= 1-1e-9 }

// around is the interval for a decoded prediction; NaN where nothing is known yet.
func (c *conformal) around(y []float32) (low, high float64) {
	if !c.ready() {
		return math.NaN(), math.NaN()
	}
	q := c.quantile()
	switch n := len(y) - 1; {
	case q < 0 && math.IsInf(q, -1):
		m := float64(y[n/2])
		return m, m
	case c.target.Gaussian:
		return float64(y[0]) - q*float64(y[1]), float64(y[0]) + q*float64(y[1])
	case len(c.target.Quantiles) > 0:
		low, high = float64(y[0])-q, float64(y[n])+q
		if low > high {
			low = (low + high) / 2
			high = low
		}
		return low, high
	}
	return float64(y[0]) - q, float64(y[0]) + q
}

// quantile of the scores at the level of now; ±Inf beyond 0 and 1.
func (c *conformal) quantile() float64 {
	n := len(c.sorted)
	k := int(math.Ceil(float64(n+1)*(1-c.a) - 1e-9))
	switch {
	case c.a >= 1:
		return math.Inf(-1)
	case c.a <= 0 || k > n:
		return math.Inf(1)
	}
	return c.sorted[max(0, k-1)]
}

// score of a label for a decoded prediction.
func (c *conformal) score(y []float32, label float64) float64 {
	switch {
	case c.target.Gaussian:
		return math.Abs(label-float64(y[0])) / float64(y[1])
	case len(c.target.Quantiles) > 0:
		return math.Max(float64(y[0])-label, label-float64(y[len(y)-1]))
	}
	return math.Abs(label - float64(y[0]))
}

// observe takes a label with the prediction and the interval that were given.
func (c *conformal) observe(y []float32, low, high, label float64) {
	if low == low {
		c.given++
		miss := 0.0
		if label < low || label > high {
			miss = 1
		} else {
			c.covered++
		}
		if w := high - low; !math.IsInf(w, 0) {
			c.finite++
			c.width += w
		}
		c.a += c.o.Rate * (1 - c.o.Coverage - miss)
	}
	s := c.score(y, label)
	if math.IsNaN(s) || math.IsInf(s, 0) {
		return
	}
	c.insert(s)
}

func (c *conformal) insert(s float64) {
	if len(c.scores) < c.o.Window {
		c.scores = append(c.scores, s)
	} else {
		i := sort.SearchFloat64s(c.sorted, c.scores[c.next])
		c.sorted = slices.Delete(c.sorted, i, i+1)
		c.scores[c.next] = s
		c.next = (c.next + 1) % c.o.Window
	}
	c.sorted = slices.Insert(c.sorted, sort.SearchFloat64s(c.sorted, s), s)
}

func (c *conformal) coverage() Coverage {
	return Coverage{Intervals: c.given, Covered: c.covered, Width: c.width / math.Max(1, float64(c.finite)), Level: 1 - c.a}
}
