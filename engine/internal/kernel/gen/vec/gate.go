package vec

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// power are the coefficients of 2^f on |f| <= 1/2 by powers of f, the first of them 1: 1.6e-7 of the value.
var power = func() []float64 {
	c := interpolate(5, -0.5, 0.5, func(f float64) float64 {
		if math.Abs(f) < 1e-6 {
			return math.Ln2 + f*math.Ln2*math.Ln2/2
		}
		return math.Expm1(f*math.Ln2) / f
	})
	return append([]float64{1}, c...)
}()

// Gate has the constants of gates.
type Gate struct {
	c   []Op
	one VecVirtual
}

// NewGate loads some of the constants into registers, the first of the polynomial and of those that are used early: an
// operation that waits for a load holds one of the few places of the scheduler. The others stay in memory.
func NewGate(registers int) (g Gate) {
	g.one = lit(1)
	for k, c := range power {
		switch {
		case k == 0:
			g.c = append(g.c, g.one)
		case len(power)-k < registers:
			g.c = append(g.c, lit(c))
		default:
			g.c = append(g.c, Lit(c))
		}
	}
	return g
}

// start gives a register with a constant that is about to be overwritten.
func start(c Op) VecVirtual {
	y := YMM()
	VMOVUPS(c, y)
	return y
}

// Run turns each u into a / (1 + 2^u), which is a sigmoid(x) for u = -x log2(e); a gives registers, or is nil for 1. For u within ±126 it
// has at most 3 ulp, beyond that the value there; NaN stays. It works on all vectors step by step, so that they fill the
// time that each waits, and clobbers u. The fraction of u is exact, so that no constant is split; the division is rounded
// alike on every machine, as an approximate reciprocal is not.
func (g Gate) Run(u []VecVirtual, a func() []VecVirtual) (z []VecVirtual) {
	n, p := make([]VecVirtual, len(u)), make([]VecVirtual, len(u))
	each := func(f func(i int)) {
		for i := range u {
			f(i)
		}
	}
	c := g.c
	each(func(i int) { n[i] = YMM(); VROUNDPS(Imm(8), u[i], n[i]) })
	each(func(i int) { VSUBPS(n[i], u[i], u[i]) })
	each(func(i int) { VMINPS(Lit(126), n[i], n[i]) })
	each(func(i int) { VMAXPS(Lit(-126), n[i], n[i]) })
	each(func(i int) { p[i] = start(c[5]); VFMADD213PS(c[4], u[i], p[i]) })
	each(func(i int) { VCVTPS2DQ(n[i], n[i]) })
	each(func(i int) { VFMADD213PS(c[3], u[i], p[i]) })
	each(func(i int) { VPSLLD(Imm(23), n[i], n[i]) })
	each(func(i int) { VFMADD213PS(c[2], u[i], p[i]) })
	each(func(i int) { VPADDD(g.one, n[i], n[i]) }) // 2^n; as a factor it lets NaN be
	each(func(i int) { VFMADD213PS(c[1], u[i], p[i]) })
	each(func(i int) { VFMADD213PS(c[0], u[i], p[i]) })
	each(func(i int) { VFMADD213PS(g.one, n[i], p[i]) })
	if a == nil {
		each(func(i int) { VDIVPS(p[i], g.one, p[i]) })
		return p
	}
	top := a()
	each(func(i int) { VDIVPS(p[i], top[i], p[i]) })
	return p
}

// Window takes eight numbers of a window of one or two vectors: at has for each its number in a half, the sign bit for the
// upper half, and 1<<30 for none, which reads as 0.
func Window(x Mem, at VecVirtual, halves int) VecVirtual {
	lo := YMM()
	VPERMPS(x, at, lo)
	if halves > 1 {
		hi := YMM()
		x.Disp += 32
		VPERMPS(x, at, hi)
		VBLENDVPS(at, hi, lo, lo)
	}
	VPCMPGTD(Bits(1<<30-1), at, at)
	VANDNPS(lo, at, lo)
	return lo
}
