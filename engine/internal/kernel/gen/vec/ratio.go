package vec

import (
	. "github.com/mmcloughlin/avo/build"
)

// tanh and erf are 2r/(1+r²), where r = y/(1+sqrt(1-y²)) is half-way to y as tanh(x/2) is to tanh(x). Near ±1, where
// numerators and denominators have the most roundings, y hardly depends on r, so that few of them are seen: a ratio for y
// itself errs by 5 to 6 ulp there. The numerators are 2r/x by powers of x². Both are best approximations (Remez), that of
// erf with seven times the weight on |x| >= 1 as at 0. With these coefficients and bounds no result is beyond ±1.
var (
	// tanhHalf is for |x| <= 9.02: 7.2e-9 of tanh.
	tanhHalf = [2][]float64{
		{1, 0.029768993059290872, 0.00011415855840279432},
		{1, 0.1131022779720986, 0.0012060574023547513, 1.2272129095266067e-06},
	}
	// erfHalf is for |x| <= 3.93: 3.2e-8 of erf.
	erfHalf = [2][]float64{
		{1.12837916198, 0.161776044627, 0.0200231933438, 0.000642913154136, -6.8719321697e-06},
		{1, 0.15839374428, 0.0357910411339, 0.00228596380295},
	}
)

// saturating is 2r/(1+r²) for r = N/2Q, N = x P(x²), Q = 1 + q, |x| <= bound, and beyond what it is there. It is computed as
// (N + N q) / (1 + q (q+2) + N²/4), where near 0 only the last sums have roundings that matter.
func saturating(x Many, bound float64, c [2][]float64) Many {
	v, z := atMost(x, bound), like(x)
	atLeast(v, -bound)
	each(VMULPS, v, v, z)
	n := leading(v, z, c[0])
	q, t := polynomial(z, c[1][1:]...), like(x)
	each(VMULPS, z, q, q)
	each(VADDPS, constant(x, 2), q, t)
	each(VMULPS, q, t, t)
	each(VFMADD213PS, n, n, q)
	each(VMULPS, constant(x, 0.5), n, n)
	each(VFMADD231PS, n, n, t)
	each(VADDPS, constant(x, 1), t, t)
	each(VDIVPS, t, q, q)
	return q
}

// leading is x P(z) as x + x (P(z) - 1), whose last sum has the only rounding that matters near 0; it clobbers x.
func leading(x, z Many, c []float64) Many {
	p := polynomial(z, c[1:]...)
	if c[0] == 1 {
		each(VMULPS, z, p, p)
	} else {
		each(VFMADD213PS, constant(x, c[0]-1), z, p)
	}
	each(VFMADD213PS, x, p, x)
	return x
}

// Tanh is the hyperbolic tangent: at most 4 ulp; ±1 at ±Inf.
func Tanh(x Many) Many { return saturating(x, 9.02, tanhHalf) }

// Erf is the error function: at most 4 ulp; ±1 at ±Inf.
func Erf(x Many) Many { return saturating(x, 3.93, erfHalf) }
