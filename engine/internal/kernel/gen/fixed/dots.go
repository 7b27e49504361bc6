package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// dots is c[i][j] += Σ over times and lanes of a[i] x[j], lanes a multiple of 8, c contiguous along j; nj is 4 or 1.
func dots(ni, nj int) {
	TEXT(fmt.Sprintf("dots%dx%d", ni, nj), NOSPLIT, "func(c, a, x *float32, crow, stride, atime, xtime, vecs, times int)")
	Pragma("noescape")
	a, x, stride := arg("a"), arg("x"), arg("stride")
	acc := vectors(ni * nj)
	zero(acc...)
	pa, px, n, t := GP64(), GP64(), GP64(), GP64()
	Label("time")
	MOVQ(a, pa)
	MOVQ(x, px)
	abase, arow := strided(pa, stride, ni)
	xbase, xrow := strided(px, stride, nj)
	Load(Param("vecs"), n)
	Label("lane")
	as, v := vectors(ni), YMM()
	for i, r := range as {
		VMOVUPS(arow(i), r)
	}
	for j := range nj {
		VMOVUPS(xrow(j), v)
		for i, r := range as {
			VFMADD231PS(v, r, acc[i*nj+j])
		}
	}
	for _, p := range append(abase, xbase...) {
		ADDQ(Imm(32), p)
	}
	DECQ(n)
	JNZ(LabelRef("lane"))
	Load(Param("atime"), t)
	ADDQ(t, a)
	Load(Param("xtime"), t)
	ADDQ(t, x)
	Load(Param("times"), t)
	DECQ(t)
	Store(t, Param("times"))
	JNZ(LabelRef("time"))
	c, crow := arg("c"), arg("crow")
	for i := range ni {
		if r := acc[i*nj:][:nj]; nj == 4 {
			four(r, Mem{Base: c})
		} else {
			s := total(r[0])
			VADDSS(Mem{Base: c}, s, s)
			VMOVSS(s, Mem{Base: c})
		}
		ADDQ(crow, c)
	}
	VZEROUPPER()
	RET()
}

// four adds the totals of four vectors, which it clobbers, to four numbers.
func four(v []VecVirtual, to Mem) {
	h := XMM()
	VHADDPS(v[1], v[0], v[0])
	VHADDPS(v[3], v[2], v[2])
	VHADDPS(v[2], v[0], v[0])
	VEXTRACTF128(Imm(1), v[0], h)
	VADDPS(v[0].AsX(), h, h)
	VADDPS(to, h, h)
	VMOVUPS(h, to)
}

// total adds the numbers of a vector; it clobbers it.
func total(v VecVirtual) VecVirtual {
	h := XMM()
	VEXTRACTF128(Imm(1), v, h)
	VADDPS(v.AsX(), h, h)
	VHADDPS(h, h, h)
	VHADDPS(h, h, h)
	return h
}
