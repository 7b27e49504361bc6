package kernel

import "math"

// Pi/2 in three parts; the first two have 33 bits, so that their products with a quarter count below 2^20 are exact.
const (
	halfPi1 = 1.57079632673412561417e+00
	halfPi2 = 6.07710050630396597660e-11
	halfPi3 = 2.02226624879595063154e-21
	turns   = 2 / math.Pi
	wide    = 1e5 // beyond, package math reduces the argument
)

// Sin is the sine: at most 1 ulp for every finite x; NaN at ±Inf.
func Sin(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		v := float64(x[i])
		if !(math.Abs(v) < wide) {
			dst[i] = float32(math.Sin(v))
			continue
		}
		if v == 0 {
			dst[i] = x[i]
			continue
		}
		dst[i] = float32(quarter(v, 0))
	}
}

// Cos is the cosine: at most 1 ulp for every finite x; NaN at ±Inf.
func Cos(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		v := float64(x[i])
		if !(math.Abs(v) < wide) {
			dst[i] = float32(math.Cos(v))
			continue
		}
		dst[i] = float32(quarter(v, 1))
	}
}

// quarter is sin(x + ahead·π/2) by Taylor sums on |r| <= π/4 (the first terms left out are below 2e-9 of the value).
func quarter(x float64, ahead int64) float64 {
	n := math.RoundToEven(x * turns)
	r := x - float64(n*halfPi1)
	r -= float64(n * halfPi2)
	r -= float64(n * halfPi3)
	z, q := float64(r*r), int64(n)+ahead
	var y float64
	if q&1 == 0 {
		p := 1.0/362880 - float64(z*(1.0/39916800))
		p = -1.0/5040 + float64(z*p)
		p = 1.0/120 + float64(z*p)
		p = -1.0/6 + float64(z*p)
		y = r + float64(float64(r*z)*p)
	} else {
		p := -1.0/3628800 + float64(z*(1.0/479001600))
		p = 1.0/40320 + float64(z*p)
		p = -1.0/720 + float64(z*p)
		p = 1.0/24 + float64(z*p)
		p = -1.0/2 + float64(z*p)
		y = 1 + float64(z*p)
	}
	if q&2 != 0 {
		y = -y
	}
	return y
}

// erfNear are the coefficients of erf(x)/x by powers of x² (Taylor), for |x| < 1.
var erfNear = [...]float64{
	1.1283791670955126, -0.37612638903183754, 0.11283791670955126, -0.026866170645131252, 0.0052239776254421879,
	-0.00085483270234508522, 0.00012055332981789664, -1.492565035840625e-05, 1.6462114365889246e-06,
	-1.6365844691234924e-07, 1.4807192815879218e-08, -1.2290555301717926e-09,
}

// erfFar are those of erf by powers of (x - 2.5)/1.5 on [1, 4], interpolated at 17 Chebyshev nodes (error 7e-10).
var erfFar = [...]float64{
	0.99959304798255433, 0.0032674177157278961, -0.012252844094975584, 0.028181966383389108, -0.043651000464639489,
	0.046447817886904712, -0.031873345264944043, 0.0093039651785506335, 0.0066601648884209363, -0.0097427152519031779,
	0.004614500643958094, 0.00067123470871459129, -0.0019661753161498755, 0.00067368091631311367,
	0.00021478676300081562, -0.00015377221456326558, 1.1253850864116376e-05,
}

// Erf is the error function: at most 1 ulp; ±1 beyond ±4.
func Erf(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		v := float64(x[i])
		a := math.Abs(v)
		switch {
		case a < 1:
			v *= horner(erfNear[:], float64(v*v))
		case a < 4:
			v = math.Copysign(horner(erfFar[:], (a-2.5)/1.5), v)
		case a >= 4:
			v = math.Copysign(1, v)
		}
		dst[i] = float32(v)
	}
}

func horner(c []float64, x float64) (y float64) {
	for i := len(c) - 1; i >= 0; i-- {
		y = c[i] + float64(y*x)
	}
	return y
}
