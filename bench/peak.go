package bench

import "runtime"

// PeakKernel says how the peak of multiply-adds is measured: "avx2", with fused multiply-adds of vectors, or "go", plain
// float32 arithmetic without vectors, which is the most that a kernel in Go can reach.
func PeakKernel() string {
	if vectors {
		return "avx2"
	}
	return "go"
}

// peakFLOPs is the number of floating point operations of one round of multiplyAdd: twelve vectors of eight.
const peakFLOPs = 12 * 8 * 2

// multiplyAdd does rounds of multiply-adds that depend on nothing but themselves.
func multiplyAdd(rounds int) {
	if vectors {
		fusedMultiplyAdd(rounds)
		return
	}
	runtime.KeepAlive(plainMultiplyAdd(rounds))
}

// plainMultiplyAdd does in scalars what one round does in vectors: 96 multiply-adds on 8 chains.
func plainMultiplyAdd(rounds int) float32 {
	const k, c = 0.999, 1e-3
	a, b, d, e := float32(1), float32(2), float32(3), float32(4)
	f, g, h, i := float32(5), float32(6), float32(7), float32(8)
	for range 12 * rounds {
		a, b, d, e = a*k+c, b*k+c, d*k+c, e*k+c
		f, g, h, i = f*k+c, g*k+c, h*k+c, i*k+c
	}
	return a + b + d + e + f + g + h + i
}
