package vec

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// gate is 2^f for |f| <= 1/2, lowest power first: 2.1e-7 of the value; the first is 1, so that one register serves it and
// the sum of the gate.
var gate = []float64{1, 0.6931471805599453, 0.24022349038020385, 0.055503810137964744, 0.009666368515384533, 0.0013381302537304018}

// Gate has the constants of gates.
type Gate struct {
	c     []Op
	one   VecVirtual
	bound Op // of exponents
}

// NewGate loads some of the constants into registers, the first of the polynomial and of those that are used early: an
// operation that waits for a load holds one of the few places of the scheduler. The others stay in memory. AVX-512 has
// registers for all.
func NewGate(registers int) (g Gate) {
	g.one = lit(1)
	for k, c := range gate {
		switch {
		case k == 0:
			g.c = append(g.c, g.one)
		case len(gate)-k < registers || Lanes == Wide:
			g.c = append(g.c, lit(c))
		default:
			g.c = append(g.c, Lit(c))
		}
	}
	g.bound = Lit(126)
	return g
}

// start gives a register with a constant that is about to be overwritten.
func start(c Op) VecVirtual {
	y := Fresh()
	VMOVUPS(c, y)
	return y
}

// Run turns each u into a / (1 + 2^u), which is a sigmoid(x) for u = -x log2(e); a gives registers, or is nil for 1. Beyond
// ±126 u counts as that; NaN stays. It works on all vectors step by step, so that they fill the time that each waits, and
// clobbers u. The fraction of u is exact, so that no constant is split; the division is rounded
// alike on every machine, as an approximate reciprocal is not.
func (g Gate) Run(u []VecVirtual, a func() []VecVirtual) (z []VecVirtual) {
	n, p := make([]VecVirtual, len(u)), make([]VecVirtual, len(u))
	all := func(f func(i int)) {
		for i := range u {
			f(i)
		}
	}
	all(func(i int) { n[i] = Fresh(); round(Imm(8), u[i], n[i]) })
	all(func(i int) { VSUBPS(n[i], u[i], u[i]) })
	bound, power, onePlus := g.power()
	all(func(i int) { bound(n[i]) })
	for k := len(g.c) - 2; k >= 0; k-- { // the polynomial, with what makes the power in between
		if len(power) > 0 {
			all(func(i int) { power[0](n[i]) })
			power = power[1:]
		}
		if k == len(g.c)-2 {
			all(func(i int) { p[i] = start(g.c[k+1]); VFMADD213PS(g.c[k], u[i], p[i]) })
			continue
		}
		all(func(i int) { VFMADD213PS(g.c[k], u[i], p[i]) })
	}
	all(func(i int) { onePlus(n[i], p[i]) })
	if a == nil {
		all(func(i int) { VDIVPS(p[i], g.one, p[i]) })
		return p
	}
	top := a()
	all(func(i int) { VDIVPS(p[i], top[i], p[i]) })
	return p
}

// power gives the first step on n, those that make it a power of two, and that from p to 1 + 2^n p. AVX-512 bounds n in one
// instruction, to the smaller of its size and 126 with its sign, and has another for 2^n p, exact like the product within the
// sum of AVX2: where it may not be, at the lower bound, it is lost in the sum.
func (g Gate) power() (bound func(n VecVirtual), steps []func(n VecVirtual), onePlus func(n, p VecVirtual)) {
	if Lanes == Wide {
		bound = func(n VecVirtual) { VRANGEPS(Imm(2), g.bound, n, n) }
		return bound, nil, func(n, p VecVirtual) { VSCALEFPS(n, p, p); VADDPS(g.one, p, p) }
	}
	bound = func(n VecVirtual) { VMINPS(g.bound, n, n) }
	steps = []func(n VecVirtual){
		func(n VecVirtual) { VMAXPS(Lit(-126), n, n) },
		func(n VecVirtual) { VCVTPS2DQ(n, n) },
		func(n VecVirtual) { VPSLLD(Imm(23), n, n) },
		func(n VecVirtual) { VPADDD(g.one, n, n) }, // as a factor it lets NaN be
	}
	return bound, steps, func(n, p VecVirtual) { VFMADD213PS(g.one, n, p) }
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
