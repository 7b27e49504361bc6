package series

import "math"

// Quantile of ascending values at level q in [0, 1], on the straight line between neighbours (numpy's default); NaN
// without values.
func Quantile(ascending []float64, q float64) float64 {
	if len(ascending) == 0 {
		return math.NaN()
	}
	at := q * float64(len(ascending)-1)
	i := min(int(at), len(ascending)-1)
	if i == len(ascending)-1 {
		return ascending[i]
	}
	return ascending[i] + (at-float64(i))*(ascending[i+1]-ascending[i])
}
