package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func jacobian() {
	for vecs := 1; vecs <= 4; vecs++ {
		rowSums(vecs)
	}
	for vecs, most := range []int{0, 6, 6, 4} {
		for rows := 1; rows <= most; rows++ {
			influence(rows, vecs)
		}
	}
}

// rowSums is dst[i] = Σ coef[c] x[r] over the terms (c, r) of each sum. A run is a number of sums and of terms of each;
// terms have r in bytes.
func rowSums(vecs int) {
	TEXT(fmt.Sprintf("rows%d", vecs), NOSPLIT, "func(dst, x, coef *float32, terms, runs *int32, n, step int)")
	Pragma("noescape")
	dst, x, coef, terms, runs, n, step := arg("dst"), arg("x"), arg("coef"), arg("terms"), arg("runs"), arg("n"), arg("step")
	count, size, k, c, r := GP64(), GP64(), GP64(), GP64(), GP64()
	acc, b := vectors(vecs), YMM()
	Label("run")
	MOVLQSX(Mem{Base: runs}, count)
	MOVLQSX(Mem{Base: runs, Disp: 4}, size)
	Label("row")
	zero(acc...)
	MOVQ(size, k)
	TESTQ(k, k)
	JZ(LabelRef("store"))
	Label("term")
	MOVLQSX(Mem{Base: terms}, c)
	MOVLQSX(Mem{Base: terms, Disp: 4}, r)
	VBROADCASTSS(Mem{Base: coef, Index: c, Scale: 4}, b)
	for j, a := range acc {
		VFMADD231PS(Mem{Base: x, Index: r, Scale: 1, Disp: 32 * j}, b, a)
	}
	ADDQ(Imm(8), terms)
	DECQ(k)
	JNZ(LabelRef("term"))
	Label("store")
	for j, a := range acc {
		VMOVUPS(a, Mem{Base: dst, Disp: 32 * j})
	}
	ADDQ(step, dst)
	DECQ(count)
	JNZ(LabelRef("row"))
	ADDQ(Imm(8), runs)
	DECQ(n)
	JNZ(LabelRef("run"))
	VZEROUPPER()
	RET()
}

// influence is y[i] += Σ_k s[i][lane_k] x[row_k] for some rows i; pairs have lane and row of each k, in bytes.
func influence(rows, vecs int) {
	TEXT(fmt.Sprintf("influence%dx%d", rows, vecs), NOSPLIT, "func(y, s, x *float32, pairs *int32, k, step int)")
	Pragma("noescape")
	y, x, pairs, k, step := arg("y"), arg("x"), arg("pairs"), arg("k"), arg("step")
	_, row := strided(arg("s"), step, rows)
	acc, b, lane, at := vectors(rows*vecs), YMM(), GP64(), GP64()
	to := GP64()
	MOVQ(y, to)
	for i := range rows {
		for j := range vecs {
			VMOVUPS(Mem{Base: to, Disp: 32 * j}, acc[i*vecs+j])
		}
		ADDQ(step, to)
	}
	// Every row's numbers stand at the same place in it: the addresses move there and back.
	xs := vectors(vecs)
	Label("term")
	MOVLQSX(Mem{Base: pairs}, lane)
	MOVLQSX(Mem{Base: pairs, Disp: 4}, at)
	for j, v := range xs {
		VMOVUPS(Mem{Base: x, Index: at, Scale: 1, Disp: 32 * j}, v)
	}
	for i := range rows {
		m := row(i)
		p := lane
		if m.Index != nil {
			p = GP64()
			LEAQ(Mem{Base: lane, Index: m.Index, Scale: m.Scale}, p)
		}
		VBROADCASTSS(Mem{Base: m.Base, Index: p, Scale: 1}, b)
		for j, v := range xs {
			VFMADD231PS(v, b, acc[i*vecs+j])
		}
	}
	ADDQ(Imm(8), pairs)
	DECQ(k)
	JNZ(LabelRef("term"))
	for i := range rows {
		for j := range vecs {
			VMOVUPS(acc[i*vecs+j], Mem{Base: y, Disp: 32 * j})
		}
		ADDQ(step, y)
	}
	VZEROUPPER()
	RET()
}
