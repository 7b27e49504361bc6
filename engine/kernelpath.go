package engine

import "github.com/elegans-nn/elegans/engine/internal/kernel"

// KernelPath names the kernels that engines run on here: "avx2", assembly for AVX2 and FMA, or "go", plain Go. Results of
// the two differ in the last bits; on either they are the same bits on every machine.
func KernelPath() string {
	if kernel.Accelerated {
		return "avx2"
	}
	return "go"
}
