//go:build amd64 && !noasm

package kernel

import (
	"math/rand/v2"
	"testing"
)

// TestWeave holds both paths against the formula for all widths that end in each part of a block, with steps in every
// relation, at the edges of what may be touched.
func TestWeave(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 8))
	for width := 1; width <= 19; width++ {
		for _, times := range []int{1, 2, 5} {
			for _, end := range []bool{false, true} {
				lanes := vector * (1 + r.IntN(4))
				step := width*lanes + r.IntN(3)*vector
				var src [vector][]float32
				for l := range src {
					src[l] = fill(r, guarded(t, times*width, end))
				}
				dst := guarded(t, (times-1)*step+(width-1)*lanes+vector, end)
				weaves := func() { checkWeave(t, dst, step, lanes, &src, width, times) }
				weaves()
				onGo(weaves)
			}
		}
	}
}

func checkWeave(t *testing.T, dst []float32, step, lanes int, src *[vector][]float32, width, times int) {
	t.Helper()
	for i := range dst {
		dst[i] = guard
	}
	Weave(dst, step, lanes, src, width, times)
	seen := 0
	for l, s := range src {
		for i, v := range s {
			if at := i/width*step + i%width*lanes + l; dst[at] != v {
				t.Fatalf("width %d, times %d: component %d of row %d in lane %d is %g, want %g", width, times, i%width, i/width, l, dst[at], v)
			}
			seen++
		}
	}
	for _, v := range dst {
		if v == guard {
			seen++
		}
	}
	if seen != len(dst) {
		t.Errorf("width %d, times %d: %d numbers were written or kept, of %d", width, times, seen, len(dst))
	}
}
