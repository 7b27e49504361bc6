package model

import (
	"fmt"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// Summary is a statistic of what was observed of a number so far, which the first layer sees beside the number itself. It is
// kept row by row, as states, so that a stream has it as a batch does; at the last row it is that of the series. With n rows
// that observed the number, scaled values z at times t, and n0 = max(n, 1), each is 0 before the first one, and sd 1e-6:
//
//	mean   m = Σ z / n0
//	sd     sqrt(Σ (z - m)² / n0), at least 1e-6
//	min    the least z
//	max    the greatest z
//	count  log(1 + n); a single one for all where no input may be missing
//	trend  Σ (t - mean t)(z - m) / sqrt(n0 Σ (t - mean t)²): the slope of a straight line times the deviation of t, at most sd
//	shape  sqrt(2k + 1)/T ∫ z(s) P_k(2s/T - 1) ds from 0 to T for k = 1 to 4, all inputs of k = 1 first: the coefficients of the
//	       Legendre polynomials P_k on the time T until the latest observation, z(s) being the first one at s or later; what is observed
//	       while T is 0 is not in it
//
// Sums of squares are updated around the means, which keeps their digits far from 0. Source: Welford, Note on a method for
// calculating corrected sums of squares and products, 1962. Counts and times are single numbers of 24 bits: after 16 million rows, or as many
// smallest steps, they grow no more. The shape is what a history has been in shares of its own length,
// however long it is; source: Gu, Dao, Ermon, Rudra and Ré, HiPPO: recurrent memory with optimal polynomial projections, 2020,
// LegS.
type Summary string

// The statistics; see Summary.
const (
	SummaryMean  Summary = "mean"
	SummarySD    Summary = "sd"
	SummaryMin   Summary = "min"
	SummaryMax   Summary = "max"
	SummaryCount Summary = "count"
	SummaryTrend Summary = "trend"
	SummaryShape Summary = "shape"
)

// Summaries lists them.
func Summaries() []Summary {
	return []Summary{SummaryMean, SummarySD, SummaryMin, SummaryMax, SummaryCount, SummaryTrend, SummaryShape}
}

// ParseSummaries reads a list such as mean,sd,min. The error is one line.
func ParseSummaries(text string) (list []Summary, err error) {
	for one := range strings.SplitSeq(text, ",") {
		list = append(list, Summary(strings.TrimSpace(one)))
	}
	return list, checkSummaries(list)
}

// checkSummaries refuses what is unknown or named twice.
func checkSummaries(list []Summary) error {
	for i, one := range list {
		if err := oneOf("summary", one, Summaries()); err != nil {
			return err
		}
		if slices.Contains(list[:i], one) {
			return fmt.Errorf("summary %s is named twice; name each once", one)
		}
	}
	return nil
}

// least is the smallest sum of squares that is divided by, and the smallest variance of which a root is taken.
const least = 1e-12

// summary are the features of a list of statistics: all inputs of the first, all of the second, and so on. Members of an average
// that have the same list share them.
func (h *head) summary(list []Summary) step.Vec {
	key := fmt.Sprint(list)
	if v, ok := h.summaries[key]; ok {
		return v
	}
	scope := "summary"
	if n := len(h.summaries); n > 0 {
		scope = fmt.Sprintf("summary%d", n)
	}
	var v step.Vec
	h.b.Scope(scope, func() { v = h.statistics(list) })
	h.summaries[key] = v
	return v
}

// summarised refuses statistics of inputs of which none is a number.
func summarised(list []Summary, ins []series.Input) error {
	if len(list) > 0 && !some(ins, counts) {
		return fmt.Errorf("model: summaries are of numbers, and all inputs are categories; leave them out")
	}
	return nil
}

// counts tells whether an input is a number that the model sees.
func counts(in series.Input) bool { return in.Kind == series.Numeric && !in.Hidden }

// numbers are the scaled numeric inputs, and whether each was observed: 1 for all where nothing is ever missing.
func (h *head) numbers() (z, now step.Vec) {
	var wanted []int
	for i, in := range h.ins {
		if counts(in) {
			wanted = append(wanted, i)
		}
	}
	now = h.b.Const(1)
	if h.observed.OK() {
		now = components(h.observed, wanted)
	}
	return components(scale(h.b, h.filled, h.ins), wanted), now
}

// statistics writes the states that some statistics need, and gives these.
func (h *head) statistics(list []Summary) step.Vec {
	b := h.b
	z, now := h.numbers()
	before := b.State("count", now.Shape())
	count := step.Add(before, now)
	b.Next("count", count)
	n := step.Max(count, b.Const(1))
	share := step.Div(now, n) // of the present row in a mean
	mean := b.State("mean", z.Shape())
	away := step.Sub(z, mean)
	next := step.Add(mean, step.Mul(share, away))
	b.Next("mean", next)
	rest := step.Mul(now, step.Sub(z, next))
	of := map[Summary]func() step.Vec{
		SummaryMean: func() step.Vec { return next },
		SummarySD: func() step.Vec {
			squares := h.sum("squares", step.Mul(away, rest))
			return step.Sqrt(step.Max(step.Div(squares, n), b.Const(least)))
		},
		SummaryMin:   func() step.Vec { return h.extreme("least", step.Min, z, now, before) },
		SummaryMax:   func() step.Vec { return h.extreme("greatest", step.Max, z, now, before) },
		SummaryCount: func() step.Vec { return step.Log(step.Plus(count, 1)) },
		SummaryTrend: func() step.Vec { return h.trend(now, share, n, rest) },
		SummaryShape: func() step.Vec { return h.shape(z, now) },
	}
	var parts []step.Vec
	for _, one := range list {
		parts = append(parts, of[one]())
	}
	return step.Concat(parts...)
}

// trend is that of the present row's share in the means, of n, and of rest, its distance from the new mean. What matters of the
// times is how long ago their mean is, which stays small in a long stream.
func (h *head) trend(now, share, n, rest step.Vec) step.Vec {
	b := h.b
	past := step.Add(b.State("ago", now.Shape()), b.DT())
	since := step.Sub(past, step.Mul(share, past))
	b.Next("ago", since)
	spread := h.sum("spread", step.Mul(now, step.Mul(past, since)))
	both := h.sum("both", step.Mul(past, rest))
	return step.Div(both, step.Sqrt(step.Mul(n, step.Max(spread, b.Const(least)))))
}

// sum is a state to which something is added at each row.
func (h *head) sum(name string, more step.Vec) step.Vec {
	next := step.Add(h.b.State(name, more.Shape()), more)
	h.b.Next(name, next)
	return next
}

// extreme is the least or greatest value that was observed; the state means nothing before the first one.
func (h *head) extreme(name string, of func(a, b step.Vec) step.Vec, z, now, before step.Vec) step.Vec {
	old := h.b.State(name, z.Shape())
	next := step.Select(now, step.Select(before, of(old, z), z), old)
	h.b.Next(name, next)
	return next
}
