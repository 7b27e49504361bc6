package model

import (
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// Bins of a number let a small network treat its low, usual and high values differently, as a tree does. An input with knots
// K_0 < … < K_B is seen as its value x scaled, and as B components beside it,
//
//	e_k = (x - K_k) / (K_{k+1} - K_k) - 1/2, at least -1/2 and at most 1/2,
//
// and so is each summary that is a value of it: mean, min and max. Source: Gorishniy, Rubachev and Babenko, On embeddings for
// numerical features in tabular deep learning, 2022, piecewise linear encoding, there from 0 to 1. Centred, they
// add little to what a network that begins at random gives.

// binned tells whether an input is seen in bins.
func binned(in series.Input) bool { return counts(in) && len(in.Knots) > 1 }

// bins are the components of all inputs with knots, and those of their summaries; the zero Vec where no input has any.
func (h *head) bins(list []Summary) step.Vec {
	if !some(h.ins, binned) {
		return step.Vec{}
	}
	z, now := h.numbers()
	parts := []step.Vec{h.encode(z)}
	from := 0
	for _, one := range list {
		width := z.Len()
		switch one {
		case SummaryMean, SummaryMin, SummaryMax:
			parts = append(parts, h.encode(step.Slice(h.summary(list), from, from+width)))
		case SummaryCount:
			width = now.Len()
		case SummaryShape:
			width *= degrees
		}
		from += width
	}
	return step.Concat(parts...)
}

// encode gives the components of scaled numbers, one number after the other.
func (h *head) encode(z step.Vec) step.Vec {
	var which []int
	var slope, offset []float64
	at := 0
	for _, in := range h.ins {
		if !counts(in) {
			continue
		}
		for k := 1; k < len(in.Knots); k++ {
			lo, hi := (in.Knots[k-1]-in.Mean)/in.SD, (in.Knots[k]-in.Mean)/in.SD
			which, slope, offset = append(which, at), append(slope, 1/(hi-lo)), append(offset, (lo+hi)/2/(hi-lo))
		}
		at++
	}
	b := h.b
	e := step.Sub(step.Mul(step.Gather(z, which...), b.Const(slope...)), b.Const(offset...))
	return step.Max(step.Min(e, b.Const(0.5)), b.Const(-0.5))
}
