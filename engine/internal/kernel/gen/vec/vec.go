// Package vec emits AVX2 and FMA code for the element-wise operations of the table, eight numbers at a time. A function
// leaves its operands as they are and returns a register of its own; every number is computed by the same instructions,
// so a result depends neither on its position nor on what stands beside it. Sums and products are rounded one by one.
package vec

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// wide has the constants that were asked for.
var wide = map[uint32]Mem{}

// Bits is a constant that fills a vector, in memory.
func Bits(u uint32) Mem {
	m, ok := wide[u]
	if !ok {
		m = GLOBL(fmt.Sprintf("wide%08x", u), RODATA|NOPTR)
		for i := range 8 {
			DATA(4*i, U32(u))
		}
		wide[u] = m
	}
	return m
}

// Lit is a float32 that fills a vector, in memory.
func Lit(f float64) Mem { return Bits(math.Float32bits(float32(f))) }

// Fetch brings a vector from memory into a register.
func Fetch(m Op) VecVirtual {
	r := YMM()
	VMOVUPS(m, r)
	return r
}

func lit(f float64) VecVirtual { return Fetch(Lit(f)) }

const (
	signBit = 1 << 31
	rest    = signBit - 1
	ln2Hi   = 0.693359375 // few bits: its product with a small whole number is exact
	ln2Lo   = math.Ln2 - ln2Hi
)

// atMost and atLeast clamp x; a NaN stays, for the instructions give their second operand then.
func atMost(x VecVirtual, bound float64) { VMINPS(x, lit(bound), x) }

func atLeast(x VecVirtual, bound float64) { VMAXPS(x, lit(bound), x) }

// curve are the coefficients of (e^r - 1 - r)/r² by powers of r on |r| <= ln2/2, interpolated: 2e-8 of e^r - 1.
var curve = interpolate(5, -math.Ln2/2, math.Ln2/2, func(r float64) float64 {
	sum, term := 0.0, 0.5
	for k := 3.0; k < 20; k++ {
		sum += term
		term *= r / k
	}
	return sum
})

// arc are those of atanh(s)/s by powers of z = s² on [0, 1/9]: 3e-9.
var arc = interpolate(5, 0, 1./9, func(z float64) float64 {
	sum, term := 0.0, 1.0
	for k := 1.0; k < 60; k += 2 {
		sum += term / k
		term *= z
	}
	return sum
})

// interpolate finds the polynomial of n coefficients through the Chebyshev nodes of [a, b], lowest power first.
func interpolate(n int, a, b float64, f func(float64) float64) []float64 {
	m := make([][]float64, n)
	for i := range m {
		x := (a+b)/2 + (b-a)/2*math.Cos(math.Pi*(float64(i)+0.5)/float64(n))
		m[i] = make([]float64, n+1)
		for j, p := 0, 1.0; j < n; j, p = j+1, p*x {
			m[i][j] = p
		}
		m[i][n] = f(x)
	}
	for i := range n {
		for k := range n {
			for j := n; k != i && j >= i; j-- {
				m[k][j] -= m[k][i] / m[i][i] * m[i][j]
			}
		}
	}
	c := make([]float64, n)
	for i := range c {
		c[i] = m[i][n] / m[i][i]
	}
	return c
}

// reduced splits x, which it turns into p = e^r - 1, so that e^x = 2^n (1 + p); n is a vector of integers.
func reduced(x VecVirtual) (p, n VecVirtual) {
	n = YMM()
	VMULPS(Lit(math.Log2E), x, n)
	VROUNDPS(Imm(8), n, n)
	VFNMADD231PS(Lit(ln2Hi), n, x)
	VFNMADD231PS(Lit(ln2Lo), n, x)
	VCVTPS2DQ(n, n)
	r2, a, b := YMM(), lit(curve[1]), lit(curve[3])
	VMULPS(x, x, r2)
	VFMADD213PS(Lit(curve[0]), x, a)
	VFMADD213PS(Lit(curve[2]), x, b)
	VFMADD231PS(Lit(curve[4]), r2, b)
	VFMADD213PS(a, r2, b)
	VFMADD213PS(x, r2, b)
	return b, n
}

// decay is e^x for -104 <= x <= 0, also where it is denormal; it clobbers x.
func decay(x VecVirtual) VecVirtual {
	p, n := reduced(x)
	big := lit(0x1p64)
	VFMADD213PS(big, big, p)
	VPSLLD(Imm(23), n, n)
	VPADDD(n, p, p)
	VMULPS(Lit(0x1p-64), p, p)
	return p
}

// Exp is e^x: at most 2 ulp; +Inf above 88.73, denormal and then 0 below -87.34.
func Exp(x VecVirtual) VecVirtual {
	v, half := copied(x), YMM()
	atMost(v, 89.5)
	atLeast(v, -104.5)
	p, n := reduced(v)
	VADDPS(Lit(1), p, p)
	VPSRAD(Imm(1), n, half)
	VPSUBD(half, n, n)
	VPSLLD(Imm(23), half, half)
	VPADDD(half, p, p)
	VPSLLD(Imm(23), n, n)
	VPADDD(Lit(1), n, n)
	VMULPS(n, p, p)
	return p
}

// Expm1 is e^x - 1: at most 3 ulp, also near 0, whose sign it keeps.
func Expm1(x VecVirtual) VecVirtual {
	v, t := copied(x), YMM()
	atMost(v, 89)
	atLeast(v, -20)
	p, s := reduced(v)
	VPSLLD(Imm(23), s, s)
	VPADDD(Lit(0.5), s, s) // half the power, which is finite
	VADDPS(Lit(-0.5), s, t)
	VFMADD213PS(t, s, p)
	VADDPS(p, p, p)
	VXORPS(t, t, t)
	VCMPPS(Imm(0), t, x, t)
	VBLENDVPS(t, x, p, p)
	return p
}

// Tanh is the hyperbolic tangent: at most 3 ulp; ±1 at ±Inf.
func Tanh(x VecVirtual) VecVirtual {
	a, t := YMM(), YMM()
	VANDPS(Bits(rest), x, a)
	atMost(a, 10)
	VADDPS(a, a, a)
	p, s := reduced(a)
	VPSLLD(Imm(23), s, s)
	VPADDD(Lit(1), s, s)
	VADDPS(Lit(-1), s, t)
	VFMADD213PS(t, s, p)
	VADDPS(Lit(2), p, t)
	VDIVPS(t, p, p)
	VANDPS(Bits(signBit), x, t)
	VORPS(t, p, p)
	return p
}

// Sigmoid is 1 / (1 + e^-x): at most 3 ulp, also where it is denormal; 0 and 1 at ∓Inf.
func Sigmoid(x VecVirtual) VecVirtual {
	a := YMM()
	VORPS(Bits(signBit), x, a)
	atLeast(a, -104)
	e, one, y := decay(a), lit(1), YMM()
	VBLENDVPS(x, e, one, y)
	VADDPS(one, e, e)
	VDIVPS(e, y, y)
	return y
}

// atanh2 is 2 atanh(num/den), |num/den| <= 1/3; it clobbers both.
func atanh2(num, den VecVirtual) VecVirtual {
	VDIVPS(den, num, num)
	z := YMM()
	VMULPS(num, num, z)
	q := lit(arc[4])
	for k := 3; k >= 1; k-- {
		VFMADD213PS(Lit(arc[k]), z, q)
	}
	VADDPS(num, num, num)
	VMULPS(z, q, q)
	VFMADD213PS(num, num, q)
	return q
}

// Softplus is log(1 + e^x): at most 3 ulp; 0 at -Inf. Above 20 the sum below is x in float32.
func Softplus(x VecVirtual) VecVirtual {
	a, t := YMM(), YMM()
	VORPS(Bits(signBit), x, a)
	atLeast(a, -104)
	e := decay(a)
	VADDPS(Lit(2), e, t)
	y := atanh2(e, t)
	VXORPS(t, t, t)
	VMAXPS(t, x, t)
	VADDPS(t, y, y)
	return y
}

// Log is the natural logarithm: at most 3 ulp; -Inf at 0, NaN below.
func Log(x VecVirtual) VecVirtual {
	m, e, small, t := copied(x), YMM(), YMM(), YMM()
	VCMPPS(Imm(17), Lit(0x1p-126), m, small) // denormals and what is not positive
	VMULPS(Lit(0x1p23), m, t)
	VBLENDVPS(small, t, m, m)
	VPSUBD(Bits(0x3f3504f3), m, t) // the bits of sqrt(1/2)
	VPSRAD(Imm(23), t, e)
	VPSLLD(Imm(23), e, t)
	VPSUBD(t, m, m)
	VCVTDQ2PS(e, e)
	VANDPS(Lit(23), small, small)
	VSUBPS(small, e, e)
	VADDPS(Lit(1), m, t)
	VADDPS(Lit(-1), m, m)
	y := atanh2(m, t)
	VFMADD231PS(Lit(ln2Lo), e, y)
	VFMADD231PS(Lit(ln2Hi), e, y)
	return logEdges(x, y)
}

// logEdges replaces the logarithms of 0, of negative numbers, of +Inf and of NaN.
func logEdges(x, y VecVirtual) VecVirtual {
	zero, mask := YMM(), YMM()
	VCMPPS(Imm(0), Lit(math.Inf(1)), x, mask)
	VBLENDVPS(mask, x, y, y)
	VXORPS(zero, zero, zero)
	VCMPPS(Imm(25), zero, x, mask) // not >= 0
	VORPS(mask, y, y)
	VCMPPS(Imm(0), zero, x, mask)
	VBLENDVPS(mask, Lit(math.Inf(-1)), y, y)
	return y
}

func copied(x VecVirtual) VecVirtual {
	y := YMM()
	VMOVAPS(x, y)
	return y
}
