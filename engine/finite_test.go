package engine_test

import (
	"math"
	"testing"

	"github.com/elegans-nn/elegans/engine"
)

// Every kind of number, at every place.
func TestFinite(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	fine := []float32{0, float32(math.Copysign(0, -1)), 1, -1, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, -1e-40}
	if !engine.Finite(fine) || !engine.Finite(nil) {
		t.Error("finite numbers are not")
	}
	for i := range fine {
		for _, bad := range []float32{inf, -inf, nan, math.Float32frombits(0xffffffff), math.Float32frombits(0x7f800001)} {
			was := fine[i]
			fine[i] = bad
			if engine.Finite(fine) {
				t.Errorf("%v at place %d is finite", bad, i)
			}
			fine[i] = was
		}
	}
}
