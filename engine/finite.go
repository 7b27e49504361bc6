package engine

import "math"

// Finite reports whether no number is infinite or not a number. It takes about a cycle a number: an exponent of ones, which is
// what such numbers have, carries into the sign when one more is added.
func Finite(v []float32) bool {
	const rest, one = 1<<31 - 1, 1 << 23
	all := uint32(0)
	for _, x := range v {
		all |= math.Float32bits(x)&rest + one
	}
	return all>>31 == 0
}
