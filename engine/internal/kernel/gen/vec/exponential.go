package vec

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The coefficients of this file and of ratio.go are of the best approximations (Remez) of relative error, lowest power
// first; the tests hold the functions as a whole.
var (
	// power is 2^r for |r| <= 1/2: 1.9e-9.
	power = []float64{1.000000000554016, 0.6931472057381856, 0.24022646891231558, 0.055503287754654504,
		0.009618488908877298, 0.0013399931696088186, 0.0001534582285955722}
	// growth is (2^r - 1)/r there: 1.1e-8.
	growth = []float64{0.6931471879271957, 0.24022649795586534, 0.055503574308029005, 0.009618237369790578,
		0.0013390736963135982, 0.00015403561999846632}
	// logUnit are the numerator and the denominator of log(1+e)/e for 0 <= e <= 1: 1.9e-8. Of both
	// numerators the first was a float32 next to 1.
	logUnit = [2][]float64{{1, 0.8671949008550245, 0.12376479583424525},
		{1, 1.3671929545391435, 0.47406006747965573, 0.031094686133711073}}
	// logNear are those for sqrt(1/2) <= 1+e <= sqrt(2): 1.9e-8.
	logNear = [2][]float64{{1, 1.0000012140176924, 0.1825635064844845},
		{1, 1.5000011950459229, 0.5992336370266786, 0.049616418800006154}}
)

const (
	whole  = 0x4b400000             // the bits of 1.5·2^23: a sum with it is rounded to a whole number, found in its low bits
	log2E  = 1.44269502162933349609 // of 24 bits, less than the value
	log2Lo = math.Log2E - log2E
	ln2Hi  = 0.693359375 // few bits: its product with a small whole number is exact
	ln2Lo  = math.Ln2 - ln2Hi
)

// reduced splits sign·x·log2(e) into r, |r| <= 1/2, and a whole number, which stands in the low bits of t with bias added.
// Bias is at least 0 and less than 2^9.
func reduced(x Many, sign float64, bias uint32) (r, t Many) {
	t, r = filled(x, sign*log2E), like(x)
	var magic Op = Bits(whole + bias)
	if len(x) > 1 {
		magic = Fetch(magic)
	}
	each(VFMADD213PS, magic, x, t)
	each(VSUBPS, magic, t, r)
	each(VFMSUB231PS, constant(x, sign*log2E), x, r)
	each(VFMADD231PS, constant(x, sign*log2Lo), x, r)
	return r, t
}

// powers turns the low bits of t, the exponents with their bias, into powers of 2.
func powers(t Many) { each(VPSLLD, Imm(23), t, t) }

// Exp is e^x: at most 2 ulp; +Inf above 88.73, denormal and then 0 below -87.34.
func Exp(x Many) Many {
	v := atMost(x, 89.5)
	atLeast(v, -104.5)
	// In two factors, for the power alone may be beyond the range: the second is 2^64 or, for negative x, 2^-64. Their
	// exponents together have the bias twice.
	r, t := reduced(v, 1, 2*127)
	each(pick, v, Lit(0x1p-64), lit(0x1p64), v)
	powers(t)
	each(VPSUBD, v, t, t)
	y := polynomial(r, power...)
	each(VMULPS, t, y, y)
	each(VMULPS, v, y, y)
	return y
}

// Expm1 is e^x - 1: at most 3 ulp, also near 0, whose sign it keeps.
func Expm1(x Many) Many {
	v, s := atMost(x, 89), like(x)
	atLeast(v, -20)
	r, t := reduced(v, 1, 126)
	powers(t) // halves, which are finite
	y := polynomial(r, growth...)
	each(VMULPS, r, y, y)
	each(VADDPS, constant(x, -0.5), t, r)
	each(VFMADD213PS, r, t, y)
	each(VADDPS, y, y, y)
	each(and, Bits(signBit), x, s)
	each(VORPS, s, y, y)
	return y
}

// Sigmoids is 1 / (1 + e^-x): at most 3 ulp, also where it is denormal; 0 and 1 at ∓Inf. Both sums are scaled by 2^-24, so
// that e^104 is finite.
func Sigmoids(x Many) Many {
	v := atMost(x, 40)
	atLeast(v, -104)
	r, t := reduced(v, -1, 127-24)
	y := polynomial(r, power...)
	powers(t)
	one := lit(0x1p-24)
	each(VFMADD213PS, one, t, y)
	each(VDIVPS, y, one, y)
	return y
}

// ratio is x P(x)/Q(x); it clobbers x.
func ratio(x Many, c [2][]float64) Many {
	q := polynomial(x, c[1]...)
	x = leading(x, x, c[0])
	each(VDIVPS, q, x, x)
	return x
}

// Softplus is log(1 + e^x): at most 4 ulp; 0 at -Inf. Above 20 the sum below is x in float32.
func Softplus(x Many) Many {
	v := like(x)
	each(VORPS, Bits(signBit), x, v)
	atLeast(v, -104)
	r, t := reduced(v, 1, 127+64) // scaled, for e may be denormal
	e := polynomial(r, power...)
	powers(t)
	each(VMULPS, t, e, e)
	each(VMULPS, constant(x, 0x1p-64), e, e)
	y := ratio(e, logUnit)
	zero := lit(0)
	each(VMAXPS, zero, x, v)
	each(VADDPS, v, y, y)
	return y
}

// Log is the natural logarithm: at most 3 ulp; -Inf at 0, NaN below. What is not normal, positive and finite goes a longer
// way, with the same results for the rest.
func Log(x Many) Many {
	m, bad := copied(x), like(x)
	each(VPADDD, Bits(-0x80800000&(1<<32-1)), x, bad)
	edge := Fetch(Bits(0xfeffffff))
	each(VPCMPGTD, edge, bad, bad)
	any := YMM()
	VMOVAPS(bad[0], any)
	for _, v := range bad[1:] {
		VORPS(v, any, any)
	}
	less := like(x)
	each(VXORPS, less, less, less)
	flags, after := GP32(), label()
	VMOVMSKPS(any, flags)
	TESTL(flags, flags)
	JZ(after.ref())
	denormals(m, less)
	after.here()
	y := logarithm(m, less)
	done := label()
	TESTL(flags, flags)
	JZ(done.ref())
	for i := range x {
		logEdges(x[i], y[i])
	}
	done.here()
	return y
}

// denormals scales m up where it is small and says so in less.
func denormals(m, less Many) {
	t, small := YMM(), YMM()
	for i := range m {
		VCMPPS(Imm(17), Lit(0x1p-126), m[i], small)
		VMULPS(Lit(0x1p23), m[i], t)
		VBLENDVPS(small, t, m[i], m[i])
		VANDPS(Lit(23), small, less[i])
	}
}

// logarithm is log(m) - less·log 2, where m is normal; it clobbers both.
func logarithm(m, less Many) Many {
	t, e := like(m), like(m)
	each(VPSUBD, Bits(0x3f3504f3), m, t) // the bits of sqrt(1/2)
	each(VPSRAD, Imm(23), t, e)
	each(VPSLLD, Imm(23), e, t)
	each(VPSUBD, t, m, m)
	each(VCVTDQ2PS, e, e)
	each(VSUBPS, less, e, e)
	each(VADDPS, constant(m, -1), m, m)
	y := ratio(m, logNear)
	each(VFMADD231PS, constant(m, ln2Lo), e, y)
	each(VFMADD231PS, constant(m, ln2Hi), e, y)
	return y
}

// logEdges replaces the logarithms of 0, of negative numbers, of +Inf and of NaN.
func logEdges(x, y VecVirtual) {
	zero, mask := YMM(), YMM()
	VCMPPS(Imm(0), Lit(math.Inf(1)), x, mask)
	VBLENDVPS(mask, x, y, y)
	VXORPS(zero, zero, zero)
	VCMPPS(Imm(25), zero, x, mask) // not >= 0
	VORPS(mask, y, y)
	VCMPPS(Imm(0), zero, x, mask)
	VBLENDVPS(mask, Lit(math.Inf(-1)), y, y)
}
