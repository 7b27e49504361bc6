package online

import "math"

// Cosine is that of the angle between two gradients of one length, by which a rule is compared with the exact one:
//
//	cos = Σ a b / (‖a‖ ‖b‖)
//
// It is NaN where one of them is zero.
func Cosine(a, b []float32) float64 {
	ab, aa, bb := 0.0, 0.0, 0.0
	for i, x := range a {
		x, y := float64(x), float64(b[i])
		ab += x * y
		aa += x * x
		bb += y * y
	}
	return ab / (math.Sqrt(aa) * math.Sqrt(bb))
}
