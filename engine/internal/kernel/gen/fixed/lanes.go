package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// addLanes is dst[row] += Σ over times and lanes of x[row][lane]; stride is that of times. Four vectors at a time have sums of
// their own, lest every addition wait for the last.
func addLanes() {
	TEXT("addLanes", NOSPLIT, "func(dst, x *float32, rows, vecs, times, stride int)")
	Pragma("noescape")
	dst, x, rows, stride := arg("dst"), arg("x"), arg("rows"), arg("stride")
	at, start, times, n := GP64(), GP64(), GP64(), GP64()
	acc := vectors(4)
	Label("row")
	zero(acc...)
	MOVQ(x, start)
	Load(Param("times"), times)
	Label("time")
	MOVQ(start, at)
	Load(Param("vecs"), n)
	SUBQ(Imm(4), n)
	JL(LabelRef("rest"))
	Label("four")
	for j, a := range acc {
		VADDPS(Mem{Base: at, Disp: 32 * j}, a, a)
	}
	ADDQ(Imm(128), at)
	SUBQ(Imm(4), n)
	JGE(LabelRef("four"))
	Label("rest")
	ADDQ(Imm(4), n)
	JZ(LabelRef("next"))
	Label("one")
	VADDPS(Mem{Base: at}, acc[0], acc[0])
	ADDQ(Imm(32), at)
	DECQ(n)
	JNZ(LabelRef("one"))
	Label("next")
	ADDQ(stride, start)
	DECQ(times)
	JNZ(LabelRef("time"))
	VADDPS(acc[1], acc[0], acc[0])
	VADDPS(acc[3], acc[2], acc[2])
	VADDPS(acc[2], acc[0], acc[0])
	h := total(acc[0]).AsX()
	VADDSS(Mem{Base: dst}, h, h)
	VMOVSS(h, Mem{Base: dst})
	ADDQ(Imm(4), dst)
	Load(Param("vecs"), n)
	SHLQ(Imm(5), n)
	ADDQ(n, x)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}
