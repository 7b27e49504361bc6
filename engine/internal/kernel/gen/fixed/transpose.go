package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
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

// transposed are the columns of eight rows, in order.
func transposed(q []VecVirtual) []VecVirtual {
	pairs := func(v []VecVirtual) (lo, hi [4]VecVirtual) { // of rows 2k and 2k+1
		for k := range lo {
			lo[k], hi[k] = YMM(), YMM()
			VUNPCKLPS(v[2*k+1], v[2*k], lo[k])
			VUNPCKHPS(v[2*k+1], v[2*k], hi[k])
		}
		return lo, hi
	}
	lo, hi := pairs(q)
	var half [2][4]VecVirtual // column c and c+4 of rows 0 to 3, and of rows 4 to 7
	for r := range half {
		for k, t := range [2][4]VecVirtual{lo, hi} {
			half[r][2*k], half[r][2*k+1] = YMM(), YMM()
			VUNPCKLPD(t[2*r+1], t[2*r], half[r][2*k])
			VUNPCKHPD(t[2*r+1], t[2*r], half[r][2*k+1])
		}
	}
	columns := vectors(8)
	for c := range 4 {
		VPERM2F128(Imm(0x20), half[1][c], half[0][c], columns[c])
		VPERM2F128(Imm(0x31), half[1][c], half[0][c], columns[c+4])
	}
	return columns
}
