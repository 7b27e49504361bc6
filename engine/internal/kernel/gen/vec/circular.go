package vec

import (
	"fmt"
	"math"
	"math/big"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The coefficients of (sin(r)/r - 1)/z and of (cos(r) - 1 + z/2)/z² by powers of z = r², |r| <= 0.79: 4e-9 and 1.3e-10 of
// the functions.
var (
	sinNear = []float64{-0.1666665417906956, 0.008332133460507637, -0.00019511521834372994}
	cosNear = []float64{0.04166664492057691, -0.001388727854322201, 2.442878583033372e-05}
)

// halfPi is π/2 in parts of 24 bits, all positive, so that the reduction of -0 is -0.
var halfPi = func() (c [3]float64) {
	const short = 1 << 23
	c[0] = math.Floor(math.Pi/2*short) / short
	left := math.Pi/2 - c[0] // exact
	c[1] = math.Floor(left*short*(1<<24)) / short / (1 << 24)
	c[2] = left - c[1] + 6.123233995736766e-17 // what float64 lacks of π/2
	return c
}()

// far is where the short reduction ends: below, quarters are less than 2^16, so that their products are exact enough.
const far = 0x1p16

// Sin is the sine: at most 3 ulp for every finite x; NaN at ±Inf.
func Sin(x Many) Many { return circular(x, 0) }

// Cos is the cosine: at most 3 ulp for every finite x; NaN at ±Inf.
func Cos(x Many) Many { return circular(x, 1) }

// circular is sin(x + ahead·π/2).
func circular(x Many, ahead uint32) Many {
	t, r, n := filled(x, 2/math.Pi), copied(x), like(x)
	var magic Op = Bits(whole + ahead)
	if len(x) > 1 {
		magic = Fetch(magic)
	}
	each(VFMADD213PS, magic, x, t)
	each(VSUBPS, magic, t, n)
	for _, c := range halfPi {
		each(VFNMADD231PS, constant(x, c), n, r)
	}
	beyond(x, r, t, ahead)
	z := n
	each(VMULPS, r, r, z)
	s := polynomial(z, sinNear...)
	each(VFMADD213PS, constant(x, 1), z, s)
	each(VMULPS, r, s, s)
	c := polynomial(z, cosNear...)
	each(VFMADD213PS, constant(x, -0.5), z, c)
	each(VFMADD213PS, constant(x, 1), z, c)
	each(VPSLLD, Imm(31), t, r)
	each(pick, r, c, s, s)
	each(VPSRLD, Imm(1), t, t)
	each(VPSLLD, Imm(31), t, t)
	each(VXORPS, t, s, s)
	return s
}

// beyond replaces r and t where |x| is large, in a branch.
func beyond(x, r, t Many, ahead uint32) {
	large, any := like(x), YMM()
	each(and, Bits(rest), x, large)
	limit := lit(far)
	each(compare(5), limit, large, large) // not less
	VMOVAPS(large[0], any)
	for _, v := range large[1:] {
		VORPS(v, any, any)
	}
	flags, done := GP32(), label()
	VMOVMSKPS(any, flags)
	TESTL(flags, flags)
	JZ(done.ref())
	// By way of the stack, so that the reduction has the registers.
	kept, at := []Many{x, r, t, large}, AllocLocal(32*4*len(x))
	slot := func(k, i int) Mem { return at.Offset(32 * (k*len(x) + i)) }
	for k, v := range kept {
		for i := range v {
			VMOVUPS(v[i], slot(k, i))
		}
	}
	for i := range x {
		reduceLarge(slot(0, i), slot(1, i), slot(2, i), slot(3, i), ahead)
	}
	for k, v := range kept[:3] {
		for i := range v {
			VMOVUPS(slot(k, i), v[i])
		}
	}
	done.here()
}

// reduceLarge is the reduction of |x| >= far, exact to 2^-56: x is m 2^k, m a whole number of 24 bits, and 2^k 2/π less
// multiples of 4 is found in a table, its upper part so short that the product with m is exact.
func reduceLarge(x, r, t, large Mem, ahead uint32) {
	index, m := Fetch(x), YMM()
	VPSRLD(Imm(23), index, index)
	VPAND(Bits(0xff), index, index)
	VPSUBD(Bits(firstTurn), index, index)
	VPMAXSD(Bits(0), index, index)
	VPADDD(index, index, index) // entries are pairs
	VMOVUPS(x, m)
	VANDPS(Bits(0x807fffff), m, m)
	VORPS(Lit(0x1p23), m, m)
	table, parts := GP64(), [2][2]VecVirtual{}
	LEAQ(turns(), table)
	for h := range 2 {
		i, f := XMM(), XMM()
		VEXTRACTF128(Imm(uint64(h)), index, i)
		VEXTRACTF128(Imm(uint64(h)), m, f)
		v := YMM()
		VCVTPS2PD(f, v)
		parts[h][0], parts[h][1] = turn(v, i, table)
	}
	y, q := together(VCVTPD2PSY, parts[0][0], parts[1][0]), together(VCVTPD2DQY, parts[0][1], parts[1][1])
	VPADDD(Bits(ahead), q, q)
	mask := Fetch(large)
	VBLENDVPS(mask, y, Fetch(r), y)
	VMOVUPS(y, r)
	VBLENDVPS(mask, q, Fetch(t), q)
	VMOVUPS(q, t)
}

// turn multiplies by an entry of the table: the quarters as whole numbers, and the angle that is left.
func turn(m VecVirtual, index VecVirtual, table GPVirtual) (angle, quarters VecVirtual) {
	hi, lo, mask, n := YMM(), YMM(), YMM(), YMM()
	for k, part := range []VecVirtual{hi, lo} {
		VPCMPEQD(mask, mask, mask)
		VXORPS(part, part, part)
		VGATHERDPD(mask, Mem{Base: table, Index: index, Scale: 8, Disp: 8 * k}, part)
	}
	VMULPD(m, hi, hi)
	VMOVAPS(hi, n)
	VFMADD231PD(m, lo, n)
	VROUNDPD(Imm(8), n, n)
	VSUBPD(n, hi, hi)
	VFMADD231PD(m, lo, hi)
	VMULPD(double(math.Pi/2), hi, hi)
	return hi, n
}

// together converts two halves to 32 bits.
func together(convert func(...Op), low, high VecVirtual) VecVirtual {
	y, l, h := YMM(), XMM(), XMM()
	convert(low, l)
	convert(high, h)
	VINSERTF128(Imm(1), h, l.AsY(), y)
	return y
}

// firstTurn is the exponent, as it stands in a number, of the first entry of turns.
const firstTurn = 127 + 16

var turnsTable *Mem

// turns has, for every exponent E from firstTurn on, 2^(E-150) 2/π less multiples of 4, its first 29 bits and the rest; NaN
// for the exponent of infinities.
func turns() Mem {
	if turnsTable != nil {
		return *turnsTable
	}
	const digits = "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798"
	pi, _, err := big.ParseFloat(digits, 10, 330, big.ToNearestEven)
	if err != nil {
		panic(err)
	}
	m := GLOBL("turns", RODATA|NOPTR)
	for e := firstTurn; e <= 255; e++ {
		v := new(big.Float).SetPrec(330).Quo(big.NewFloat(2), pi)
		v.SetMantExp(v, e-150)
		fours, _ := new(big.Float).Quo(v, big.NewFloat(4)).Int(nil)
		v.Sub(v, new(big.Float).SetPrec(330).SetInt(fours.Lsh(fours, 2)))
		hi, _ := new(big.Float).SetPrec(29).SetMode(big.ToZero).Set(v).Float64()
		lo, _ := v.Sub(v, big.NewFloat(hi)).Float64()
		if e == 255 {
			hi, lo = math.NaN(), math.NaN()
		}
		at := 16 * (e - firstTurn)
		DATA(at, U64(math.Float64bits(hi)))
		DATA(at+8, U64(math.Float64bits(lo)))
	}
	turnsTable = &m
	return m
}

// double is a float64 that fills a vector, in memory.
func double(f float64) Mem {
	name := fmt.Sprintf("double%016x", math.Float64bits(f))
	m, ok := doubles[name]
	if !ok {
		m = GLOBL(name, RODATA|NOPTR)
		for i := range 4 {
			DATA(8*i, U64(math.Float64bits(f)))
		}
		doubles[name] = m
	}
	return m
}

var doubles = map[string]Mem{}
