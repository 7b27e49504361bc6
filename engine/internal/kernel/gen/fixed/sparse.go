package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// sparse is y[row] = (y[row] & onto) + Σ over the row's edges of w[weight] x[from], in their order; rows of lanes. count has
// the edges of each row, pairs from and weight of each edge; onto is all ones to add to y, or all zeros.
func sparse(vecs int, masked bool) {
	name, mask := fmt.Sprintf("sparse%d", vecs), ""
	if masked {
		name, mask = name+"masked", ", mask *int32"
	}
	TEXT(name, NOSPLIT, "func(y, w, x *float32, pairs, count, onto *int32, rows, stride int"+mask+")")
	Pragma("noescape")
	y, w, x, pairs, count, rows, stride := arg("y"), arg("w"), arg("x"), arg("pairs"), arg("count"), arg("rows"), arg("stride")
	l := maskOf(masked)
	k, from, at := GP64(), GP64(), GP64()
	acc, b, old := vectors(vecs), YMM(), YMM()
	VBROADCASTSS(Mem{Base: arg("onto")}, old)
	Label("row")
	for j, a := range acc {
		l.load(Mem{Base: y, Disp: 32 * j}, a)
		VANDPS(old, a, a)
	}
	MOVLQSX(Mem{Base: count}, k)
	TESTQ(k, k)
	JZ(LabelRef("next"))
	Label("edge")
	MOVLQSX(Mem{Base: pairs}, from)
	IMULQ(stride, from)
	MOVLQSX(Mem{Base: pairs, Disp: 4}, at)
	VBROADCASTSS(Mem{Base: w, Index: at, Scale: 4}, b)
	for j, a := range acc {
		m := Mem{Base: x, Index: from, Scale: 1, Disp: 32 * j}
		if masked {
			v := YMM()
			l.load(m, v)
			VFMADD231PS(v, b, a)
			continue
		}
		VFMADD231PS(m, b, a)
	}
	ADDQ(Imm(8), pairs)
	DECQ(k)
	JNZ(LabelRef("edge"))
	Label("next")
	for j, a := range acc {
		l.store(a, Mem{Base: y, Disp: 32 * j})
	}
	ADDQ(stride, y)
	ADDQ(Imm(4), count)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// edge is the layout of step.Edge: source and target, 8 bytes each.
const edge = 16

// sparseDots is dw_r[k] += Σ over times and lanes of dy_r[to] x[from] of every edge, for several r, lanes a multiple of 8; a
// slice header of each dw and dy. Fewer than four sums are taken in two parts each, lest every addition wait for the last.
func sparseDots(siblings int) {
	TEXT(fmt.Sprintf("sparseDots%d", siblings), 0, "func(dw, dy *[]float32, x *float32, edges *int, n, stride, atime, xtime, vecs, times int)")
	Pragma("noescape")
	dy, x, edges := arg("dy"), arg("x"), arg("edges")
	k, from, to, times, t := AllocLocal(8), GP64(), GP64(), GP64(), GP64()
	a := make([]GPVirtual, siblings)
	for r := range a {
		a[r] = GP64()
	}
	acc, odd := vectors(siblings), vectors(siblings)
	MOVQ(U32(0), k)
	Label("edge")
	MOVQ(Mem{Base: edges}, from)
	MOVQ(Mem{Base: edges, Disp: 8}, to)
	Load(Param("stride"), t)
	IMULQ(t, from)
	IMULQ(t, to)
	ADDQ(x, from)
	for r := range a {
		MOVQ(Mem{Base: dy, Disp: 24 * r}, a[r])
		ADDQ(to, a[r])
	}
	zero(acc...)
	zero(odd...)
	Load(Param("times"), times)
	Label("time")
	alongLanes(from, a, acc, odd)
	Load(Param("atime"), t)
	for _, p := range a {
		ADDQ(t, p)
	}
	Load(Param("xtime"), t)
	ADDQ(t, from)
	DECQ(times)
	JNZ(LabelRef("time"))
	dw, at, n := arg("dw"), GP64(), GP64()
	MOVQ(k, t)
	for r, s := range acc {
		VADDPS(odd[r], s, s)
		h := total(s).AsX()
		MOVQ(Mem{Base: dw, Disp: 24 * r}, at)
		VADDSS(Mem{Base: at, Index: t, Scale: 4}, h, h)
		VMOVSS(h, Mem{Base: at, Index: t, Scale: 4})
	}
	INCQ(t)
	MOVQ(t, k)
	ADDQ(Imm(edge), edges)
	Load(Param("n"), n)
	CMPQ(t, n)
	JNE(LabelRef("edge"))
	VZEROUPPER()
	RET()
}

// alongLanes emits acc_r += a_r x over the lanes, vectors in turn into acc and odd.
func alongLanes(x GPVirtual, a []GPVirtual, acc, odd []VecVirtual) {
	at, n, v := GP64(), GP64(), YMM()
	XORQ(at, at)
	Load(Param("vecs"), n)
	SUBQ(Imm(2), n)
	JL(LabelRef("single"))
	Label("pair")
	for i, sums := range [][]VecVirtual{acc, odd} {
		VMOVUPS(Mem{Base: x, Index: at, Scale: 1, Disp: 32 * i}, v)
		for r, p := range a {
			VFMADD231PS(Mem{Base: p, Index: at, Scale: 1, Disp: 32 * i}, v, sums[r])
		}
	}
	ADDQ(Imm(64), at)
	SUBQ(Imm(2), n)
	JGE(LabelRef("pair"))
	Label("single")
	CMPQ(n, I8(-1))
	JNE(LabelRef("next"))
	VMOVUPS(Mem{Base: x, Index: at, Scale: 1}, v)
	for r, p := range a {
		VFMADD231PS(Mem{Base: p, Index: at, Scale: 1}, v, acc[r])
	}
	Label("next")
}
