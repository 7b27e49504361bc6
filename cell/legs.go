package cell

import (
	"math"
	"math/cmplx"
	"math/rand/v2"

	"github.com/elegans-nn/elegans/step"
)

// The normal part of the HiPPO-LegS matrix of size N is -I/2 + K with K real and skew: A[n,k] = -sqrt(2n+1) sqrt(2k+1)
// below the diagonal and -(n+1) on it, plus p pᵀ with p = sqrt(n + 1/2), leaves
//
//	K[n,k] = ∓ sqrt(2n+1) sqrt(2k+1) / 2        - below the diagonal, + above it
//
// Its eigenvalues are ±i ω, and its eigenvectors need no general solver. With v_n = w_n / sqrt(2n+1), row n of K v = iω v
// reads Σ_{k>n} w_k - Σ_{k<n} w_k = 2iω w_n / (2n+1). The difference of two rows that follow each other is
//
//	w_{n+1} = -w_n (1 - 2iω/(2n+1)) / (1 + 2iω/(2n+3)),
//
// and the sum of the first and the last row closes the circle: Π (1 - 2iω/(2n+1)) / (1 + 2iω/(2n+1)) = (-1)^(N-1), where
// all factors have modulus 1. Taking their angles, for N even the positive ω are the roots of
//
//	Φ(ω) = Σ_{n<N} arctan(2ω/(2n+1)) = (m - 1/2) π,   m = 1 … N/2.
//
// Φ grows and is concave for ω > 0, so that Newton's method from the left climbs to a root without passing it.

// legsFrequencies are the first ω of N = 2·units, from the smallest to the largest. Cost: about 10 sums of N arctangents each.
func legsFrequencies(units int) []float64 {
	w, omega := make([]float64, units), 0.0
	for m := range w {
		target := (float64(m) + 0.5) * math.Pi
		for {
			phi, slope := 0.0, 0.0
			for n := range 2 * units {
				a := 2 / float64(2*n+1)
				phi += math.Atan(a * omega)
				slope += a / (1 + a*omega*a*omega)
			}
			next := omega + (target-phi)/slope
			if !(next > omega*(1+4e-16)) { // rounding has the last word
				break
			}
			omega = next
		}
		w[m] = omega
	}
	return w
}

// legsVector is the eigenvector for i ω, of norm 1; its phase is such that the first component is real and positive.
func legsVector(omega float64, size int) []complex128 {
	v, w, norm := make([]complex128, size), complex(1, 0), 0.0
	for n := range v {
		odd := float64(2*n + 1)
		v[n] = w / complex(math.Sqrt(odd), 0)
		norm += real(v[n])*real(v[n]) + imag(v[n])*imag(v[n])
		w *= -complex(1, -2*omega/odd) / complex(1, 2*omega/(odd+2))
	}
	for n := range v {
		v[n] /= complex(math.Sqrt(norm), 0)
	}
	return v
}

// legsPoles starts a parameter from the frequencies.
type legsPoles struct{}

// Fill implements step.Init.
func (legsPoles) Fill(dst []float64, _ step.Shape, _ *rand.Rand) {
	copy(dst, legsFrequencies(len(dst)))
}

// String implements step.Init.
func (legsPoles) String() string { return "frequencies of HiPPO-LegS" }

// legsInput draws one part of V* R [units][inputs], R [2·units][inputs] real.
type legsInput struct{ imaginary bool }

// Fill implements step.Init.
func (p legsInput) Fill(dst []float64, s step.Shape, r *rand.Rand) {
	size := 2 * s.Outer
	R := make([]float64, size*s.Inner)
	for i := range R {
		R[i] = truncated(r) / math.Sqrt(float64(size))
	}
	for u, omega := range legsFrequencies(s.Outer) {
		v := legsVector(omega, size)
		for k := range s.Inner {
			var sum complex128
			for n := range v {
				sum += cmplx.Conj(v[n]) * complex(R[n*s.Inner+k], 0)
			}
			dst[u*s.Inner+k] = part(sum, p.imaginary)
		}
	}
}

// String implements step.Init.
func (legsInput) String() string { return "normal on eigenvectors of HiPPO-LegS" }

// legsOutput draws one part of R V [inputs][units], R [inputs][2·units] complex.
type legsOutput struct{ imaginary bool }

// Fill implements step.Init.
func (p legsOutput) Fill(dst []float64, s step.Shape, r *rand.Rand) {
	size := 2 * s.Inner
	R := make([]complex128, s.Outer*size)
	for i := range R {
		R[i] = complex(truncated(r), truncated(r)) / complex(math.Sqrt(float64(size)), 0)
	}
	for u, omega := range legsFrequencies(s.Inner) {
		v := legsVector(omega, size)
		for k := range s.Outer {
			var sum complex128
			for n := range v {
				sum += R[k*size+n] * v[n]
			}
			dst[k*s.Inner+u] = part(sum, p.imaginary)
		}
	}
}

// String implements step.Init.
func (legsOutput) String() string { return "complex normal on eigenvectors of HiPPO-LegS" }

func part(z complex128, imaginary bool) float64 {
	if imaginary {
		return imag(z)
	}
	return real(z)
}

// truncated is a normal number within two deviations, scaled to have deviation 1 again: the constant is the deviation of
// the standard normal distribution that is cut off there, sqrt(1 - 4 φ(2) / (2 Φ(2) - 1)).
func truncated(r *rand.Rand) float64 {
	x := r.NormFloat64()
	for math.Abs(x) > 2 {
		x = r.NormFloat64()
	}
	return x / 0.87962566103423978
}
