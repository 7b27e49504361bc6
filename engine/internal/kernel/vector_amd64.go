//go:build amd64 && !noasm

package kernel

//go:generate go run -tags noasm ./gen/fixed -out fixed_amd64.s -stubs fixed_stub_amd64.go -pkg kernel
//go:generate go run -tags noasm ./gen/fixed -wide -out fixed_wide_amd64.s -stubs fixed_wide_stub_amd64.go -pkg kernel

// addLanesVector is AddLanes of whole vectors.
func addLanesVector(dst, x []float32, lanes, times, stride int) {
	addLanes(&dst[0], &x[0], len(dst), lanes/vector, times, 4*stride)
}

// masks select the first lanes of a vector, by their number.
var masks = func() (m [vector][vector]int32) {
	for n := range m {
		for l := range n {
			m[n][l] = -1
		}
	}
	return m
}()

// maskOf is the mask of the lanes beyond whole vectors; nil where there are none.
func maskOf(lanes int) *int32 {
	if lanes%vector == 0 {
		return nil
	}
	return &masks[lanes%vector][0]
}
