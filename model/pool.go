package model

import "github.com/elegans-nn/elegans/step"

// Pool says what the readout sees of the rows of a series. It is written causally, as states: at each row it is the pool of
// the rows so far, and so at the last row that of the series. A series with one label learns at its last row, and a stream
// gives there the same decision. A row counts once, however long its gap.
type Pool string

const (
	// Last is the last row alone. The default.
	Last Pool = "last"
	// Mean is Σ h / n over the n rows so far.
	Mean Pool = "mean"
	// Attention is Σ a h / Σ a over the rows so far, with a = exp(q · h) for a trained q, which is 0 at first: then it is
	// Mean. Sums are kept relative to the largest exponent so far, so that none overflows. Source: Raffel and Ellis,
	// Feed-forward networks with attention, 2015, eq. 1 to 3, with a linear score; running form: Milakov and Gimelshein 2018.
	Attention Pool = "attention"
)

// Pools lists the ways.
func Pools() []Pool { return []Pool{Last, Mean, Attention} }

// pool writes the states of a pool. Divisors are at least 1 by what they are, and bounded besides: in a batch a lane without
// rows has the zero state after each step too, and 0 / 0 there would spoil the gradient of the others.
func (s *stack) pool(p Pool, h step.Vec) step.Vec {
	switch p {
	case Mean:
		s.b.Scope("pool", func() { h = s.mean(h) })
	case Attention:
		s.b.Scope("pool", func() { h = s.attention(h) })
	}
	return h
}

func (s *stack) mean(h step.Vec) step.Vec {
	b := s.b
	sum, count := b.State("sum", h.Shape()), b.State("count", step.Vector(1))
	sum, count = step.Add(sum, h), step.Plus(count, 1)
	b.Next("sum", sum)
	b.Next("count", count)
	return step.Div(sum, step.Max(count, b.Const(1)))
}

// attention keeps top = max e, weight = Σ exp(e - top) and sum = Σ exp(e - top) h for the scores e. The weight is at least 1
// once there was a row, so that 0 tells the beginning, where the state of top means nothing.
func (s *stack) attention(h step.Vec) step.Vec {
	b := s.b
	score := b.Linear("query", 1, step.Values{0}, nil, step.Term{Name: "w", X: h})
	sum, weight, top := b.State("sum", h.Shape()), b.State("weight", step.Vector(1)), b.State("top", step.Vector(1))
	highest := step.Select(weight, step.Max(top, score), score)
	// At the beginning sum and weight are 0; a shift from a meaningless top could still overflow, hence the select; the minimum
	// is no more than what it says, for lanes without rows.
	old, new := step.Exp(step.Select(weight, step.Sub(top, highest), b.Const(0))), step.Exp(step.Min(step.Sub(score, highest), b.Const(0)))
	b.Probe("share", new)
	sum = step.Add(step.Mul(old, sum), step.Mul(new, h))
	weight = step.Add(step.Mul(old, weight), new)
	b.Next("sum", sum)
	b.Next("weight", weight)
	b.Next("top", highest)
	return step.Div(sum, step.Max(weight, b.Const(1)))
}
