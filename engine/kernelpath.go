package engine

import "github.com/elegans-nn/elegans/engine/internal/kernel"

// KernelPath names the kernels that engines run on here, as far as results depend on them: "avx2", assembly, or "go", plain
// Go. Results of the two differ in the last bits; on either they are the same bits on every machine. Where assembly uses
// AVX-512 it gives the bits of AVX2 and its Instructions have another name, the path has not.
func KernelPath() string {
	if kernel.Accelerated {
		return "avx2"
	}
	return "go"
}

// Instructions names the kernels that engines run on here, as far as their speed depends on them: "avx512", assembly for AVX2
// and FMA and where most is gained for AVX-512, "avx2", or "go".
func Instructions() string {
	if kernel.Accelerated && kernel.Wide {
		return "avx512"
	}
	return KernelPath()
}
