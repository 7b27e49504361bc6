package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// transpose is dst[l][i] = x[i][l] for 8 rows i and blocks of 8 lanes l; steps are those from one row to the next.
func transpose() {
	TEXT("transpose", NOSPLIT, "func(dst, x *float32, dstep, xstep, blocks int)")
	Pragma("noescape")
	dst, x, dstep, xstep, blocks := arg("dst"), arg("x"), arg("dstep"), arg("xstep"), arg("blocks")
	bases, row := strided(x, xstep, 8)
	Label("block")
	// Halves of rows i and i+4 side by side leave a 4x4 transposition within each half of the registers.
	q := vectors(8)
	for i := range 4 {
		for h := range 2 {
			v := q[4*h+i]
			VMOVUPS(offset(row(i), 16*h), v.AsX())
			VINSERTF128(Imm(1), offset(row(i+4), 16*h), v, v)
		}
	}
	for h := range 2 {
		a := q[4*h:][:4]
		t := vectors(4)
		VUNPCKLPS(a[1], a[0], t[0])
		VUNPCKHPS(a[1], a[0], t[1])
		VUNPCKLPS(a[3], a[2], t[2])
		VUNPCKHPS(a[3], a[2], t[3])
		for k := range 2 {
			lo, hi := YMM(), YMM()
			VUNPCKLPD(t[k+2], t[k], lo)
			VUNPCKHPD(t[k+2], t[k], hi)
			VMOVUPS(lo, Mem{Base: dst})
			ADDQ(dstep, dst)
			VMOVUPS(hi, Mem{Base: dst})
			ADDQ(dstep, dst)
		}
	}
	for _, p := range bases {
		ADDQ(Imm(32), p)
	}
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// offset is an address n bytes further.
func offset(m Mem, n int) Mem {
	m.Disp += n
	return m
}
