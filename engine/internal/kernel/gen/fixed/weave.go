package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// weave is dst[t][c][l] = src[l][t][c] for eight lanes l, the rows of a source one after the other; steps are those from
// one time and from one component to the next. Eight components make a block; the last one of a row may have fewer, which
// masks, by their number, select.
func weave() {
	TEXT("weave", NOSPLIT, "func(dst *float32, tstep, cstep int, src **float32, width, times int, masks *int32)")
	Pragma("noescape")
	dst, tstep, cstep, src, times, masks := arg("dst"), arg("tstep"), arg("cstep"), arg("src"), arg("times"), arg("masks")
	at, off, left, n, p := GP64(), GP64(), GP64(), GP64(), GP64()
	XORQ(off, off)
	Label("time")
	MOVQ(dst, at)
	Load(Param("width"), left)
	Label("block")
	mask := YMM()
	MOVQ(left, n)
	CMPQ(n, Imm(8))
	JLT(LabelRef("part"))
	MOVQ(U32(8), n)
	VPCMPEQD(mask, mask, mask)
	JMP(LabelRef("load"))
	Label("part")
	MOVQ(n, p)
	SHLQ(Imm(5), p)
	VMOVDQU(Mem{Base: masks, Index: p, Scale: 1}, mask)
	Label("load")
	q := vectors(8)
	for i, v := range q {
		MOVQ(Mem{Base: src, Disp: 8 * i}, p)
		VMASKMOVPS(Mem{Base: p, Index: off, Scale: 1}, mask, v)
	}
	for c, v := range transposed(q) {
		VMOVUPS(v, Mem{Base: at})
		ADDQ(cstep, at)
		if c < 7 {
			CMPQ(n, Imm(uint64(c+1)))
			JEQ(LabelRef("stored"))
		}
	}
	Label("stored")
	LEAQ(Mem{Base: off, Index: n, Scale: 4}, off)
	SUBQ(n, left)
	JNZ(LabelRef("block"))
	ADDQ(tstep, dst)
	DECQ(times)
	JNZ(LabelRef("time"))
	VZEROUPPER()
	RET()
}
