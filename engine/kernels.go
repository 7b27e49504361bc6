package engine

import "github.com/elegans-nn/elegans/engine/internal/kernel"

// Kernels names the loops that programs run on: "avx2" for the assembly of processors that have AVX2 and FMA, "go"
// elsewhere. Results agree to rounding between the two, and to the bit within one of them.
func Kernels() string {
	if kernel.Accelerated {
		return "avx2"
	}
	return "go"
}
