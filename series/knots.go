package series

import (
	"math"
	"slices"
)

// MaxBins is the largest number of bins of an input.
const MaxBins = 256

// Knots are the edges of n bins that hold about as many values each: the quantiles k/n of the values, NaN left out, k from 0 to n.
// Equal ones are one, so that there may be fewer bins; there are none where fewer than two would be left, which would say
// no more than the number itself.
func Knots(values []float64, n int) (knots []float64) {
	values = slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	if len(values) == 0 || n < 2 {
		return nil
	}
	slices.Sort(values)
	for k := range n + 1 {
		v := Quantile(values, float64(k)/float64(n))
		// Two edges must differ in single precision, in which programs run.
		if len(knots) == 0 || float32(v) > float32(knots[len(knots)-1]) {
			knots = append(knots, v)
		}
	}
	if len(knots) < 3 {
		return nil
	}
	return knots
}

// checkKnots tells whether an input may have such knots.
func checkKnots(in Input) bool {
	if len(in.Knots) == 0 {
		return true
	}
	for i, k := range in.Knots {
		if !finite(k) || i > 0 && !(float32(in.Knots[i-1]) < float32(k)) {
			return false
		}
	}
	return in.Kind == Numeric && len(in.Knots) >= 2 && len(in.Knots) <= MaxBins+1
}
