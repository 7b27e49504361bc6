package kernel

import "math"

// The functions work in float64 inside, so that a short polynomial and no correction terms leave less than 1 ulp of
// float32. dst may be x. The error bounds are those the tests hold the functions to, against package math.

const (
	log2E   = 1.44269504088896340735992468100189214
	ln2     = 0.693147180559945309417232121458176568
	parts   = 128     // of an octave, each with its own power in a table
	shifter = 3 << 51 // adding and subtracting it rounds a float64 to a whole number, which it leaves in the low bits
	far     = 150     // e^±150 is beyond float32; NaN passes the comparisons
)

// Exp is e^x: at most 1 ulp; +Inf above 88.73, denormal and then 0 below -87.34, NaN for NaN.
func Exp(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		r, s := split(clamp(float64(x[i])) * (parts * log2E))
		dst[i] = float32(s * power(r))
	}
}

// Expm1 is e^x - 1: at most 1 ulp, also near 0; -1 far below.
func Expm1(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		p, s := expm1(clamp(float64(x[i])))
		v := float32(float64(s*p) + (s - 1))
		if x[i] == 0 {
			v = x[i] // keeps the sign of zero
		}
		dst[i] = v
	}
}

// Tanh is the hyperbolic tangent: at most 1 ulp; ±1 at ±Inf. It is the best ratio of polynomials of these degrees up to 9.02
// (Remez), which differs from it by 1.4e-9.
func Tanh(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		v := float64(x[i])
		if v > 9.1 {
			v = 9.1
		}
		if v < -9.1 {
			v = -9.1
		}
		z := float64(v * v)
		p := 2.8007442423631992e-05 + float64(z*(3.058496613014818e-08-float64(z*1.2203408383791194e-11)))
		p = 0.13679914609702606 + float64(z*(0.003868327115967466+float64(z*p)))
		p = 0.9999999986914722 + float64(z*p)
		q := 0.0003938629876828538 + float64(z*1.2873652313820656e-06)
		q = 0.47013246670516223 + float64(z*(0.027245836642828394+float64(z*q)))
		dst[i] = float32(float64(v*p) / (1 + float64(z*q)))
	}
}

// Sigmoid is 1 / (1 + e^-x): at most 1 ulp, also where it is denormal; 0 and 1 at ∓Inf.
func Sigmoid(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		r, s := split(clamp(-float64(x[i])) * (parts * log2E))
		dst[i] = float32(1 / (1 + float64(s*power(r))))
	}
}

// Softplus is log(1 + e^x), and x itself above 20: at most 1 ulp; 0 at -Inf.
func Softplus(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		v := float64(x[i])
		if !(v <= 20) { // NaN too
			dst[i] = x[i]
			continue
		}
		r, s := split(clamp(v) * (parts * log2E))
		e := float64(s * power(r))
		y := e - float64(e*e)*0.5 // 1 + e would lose e
		if !(e < 1e-6) {
			y = logarithm(1 + e)
		}
		dst[i] = float32(y)
	}
}

// Log is the natural logarithm: at most 1 ulp; -Inf at 0, NaN below.
func Log(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		v := float64(x[i])
		if v > 0 && v <= math.MaxFloat32 {
			dst[i] = float32(logarithm(v))
			continue
		}
		dst[i] = float32(math.Log(v)) // 0, negative, +Inf, NaN
	}
}

// clamp keeps the exponent of e^x within that of float64; NaN stays.
func clamp(x float64) float64 {
	if x > far {
		return far
	}
	if x < -far {
		return -far
	}
	return x
}

// split gives r and s with 2^(y/parts) = s 2^(r/parts), s from the table and |r| <= 1/2.
func split(y float64) (r, s float64) {
	k := y + shifter
	b := math.Float64bits(k)
	return y - (k - shifter), math.Float64frombits(powers[b%parts] + b<<(52-7))
}

// powers are 2^(i/parts), less what the shift of i in split adds to the exponent. They are products of square roots, which
// are the same bits on every processor, as those of math.Exp2 are not.
var powers = func() (table [parts]uint64) {
	for i := range table {
		v, root := 1.0, math.Sqrt2
		for bit := parts / 2; bit > 0; bit /= 2 {
			if i&bit != 0 {
				v = float64(v * root)
			}
			root = math.Sqrt(root)
		}
		table[i] = math.Float64bits(v) - uint64(i)<<(52-7)
	}
	return table
}()

// power is 2^(r/parts) for |r| <= 1/2, to 4e-9: the Taylor sum. It and split are small enough for the compiler to put them into
// the loops, which a call would slow down by a third; with a table they take two thirds of the time of a polynomial over an octave.
func power(r float64) float64 {
	const l = ln2 / parts
	return 1 + float64(r*(l+float64(r*(l*l/2))))
}

// expm1 gives p and s with e^x = s (1 + p), s a power of two, and p exact relative to itself: the Taylor sum of e^r - 1
// for |r| <= ln2/2 up to r^8 (the next term is 2e-10 of it).
func expm1(x float64) (p, s float64) {
	k := float64(x*log2E) + shifter
	n := k - shifter
	r := x - float64(n*ln2)
	s = math.Float64frombits((math.Float64bits(k) + 1023) << 52)
	r2 := float64(r * r)
	a := 1.0/2 + float64(r*(1.0/6))
	b := 1.0/24 + float64(r*(1.0/120))
	c := 1.0/720 + float64(r*(1.0/5040))
	c += float64(r2 * (1.0 / 40320))
	b += float64(r2 * c)
	a += float64(r2 * b)
	return r + float64(r2*a), s
}

// logarithm takes a normal, positive, finite x = m 2^e with m in [sqrt(1/2), sqrt(2)): log m = 2 atanh((m-1)/(m+1)).
func logarithm(x float64) float64 {
	const half = 0x3fe6a09e667f3bcd // the bits of sqrt(1/2)
	b := math.Float64bits(x) - half
	e := float64(int64(b) >> 52)
	m := math.Float64frombits(b&(1<<52-1) + half)
	s := (m - 1) / (m + 1)
	z := float64(s * s)
	q := 1.0/7 + float64(z*(1.0/9+float64(z*(1.0/11))))
	q = 1.0/3 + float64(z*(1.0/5+float64(z*q)))
	return float64(e*ln2) + float64(2*(s+float64(float64(s*z)*q)))
}
