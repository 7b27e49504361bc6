//go:build amd64 && !noasm

package kernel

// weaveVectors is Weave in assembly, where that is in use.
func weaveVectors(dst []float32, step, lanes int, src *[vector][]float32, width, times int) bool {
	if !Accelerated {
		return false
	}
	var at [vector]*float32
	for l, s := range src {
		at[l] = &s[0]
	}
	weave(&dst[0], 4*step, 4*lanes, &at[0], width, times, &masks[0][0])
	return true
}
