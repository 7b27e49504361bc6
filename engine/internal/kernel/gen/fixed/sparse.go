package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// sparse is y[row] += Σ over the row's edges of w[weight] x[from], in their order; rows of lanes. count has the edges of
// each row, pairs from and weight of each edge.
func sparse(vecs int, masked bool) {
	name, mask := fmt.Sprintf("sparse%d", vecs), ""
	if masked {
		name, mask = name+"masked", ", mask *int32"
	}
	TEXT(name, NOSPLIT, "func(y, w, x *float32, pairs, count *int32, rows, stride int"+mask+")")
	Pragma("noescape")
	y, w, x, pairs, count, rows, stride := arg("y"), arg("w"), arg("x"), arg("pairs"), arg("count"), arg("rows"), arg("stride")
	l := maskOf(masked)
	k, from, at := GP64(), GP64(), GP64()
	acc, b := vectors(vecs), YMM()
	Label("row")
	MOVLQSX(Mem{Base: count}, k)
	TESTQ(k, k)
	JZ(LabelRef("next"))
	for j, a := range acc {
		l.load(Mem{Base: y, Disp: 32 * j}, a)
	}
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
	for j, a := range acc {
		l.store(a, Mem{Base: y, Disp: 32 * j})
	}
	Label("next")
	ADDQ(stride, y)
	ADDQ(Imm(4), count)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// edge is the layout of step.Edge: source and target, 8 bytes each.
const edge = 16

// sparseDots is dw[k] += Σ over times and lanes of dy[to] x[from] of every edge, lanes a multiple of 8.
func sparseDots() {
	TEXT("sparseDots", NOSPLIT, "func(dw, dy, x *float32, edges *int, n, stride, atime, xtime, vecs, times int)")
	Pragma("noescape")
	dw, dy, x, edges, count, stride := arg("dw"), arg("dy"), arg("x"), arg("edges"), arg("n"), arg("stride")
	a, b, pa, pb, n, times := GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	acc, v, t := YMM(), YMM(), GP64()
	Label("edge")
	MOVQ(Mem{Base: edges}, b)
	IMULQ(stride, b)
	ADDQ(x, b)
	MOVQ(Mem{Base: edges, Disp: 8}, a)
	IMULQ(stride, a)
	ADDQ(dy, a)
	zero(acc)
	Load(Param("times"), times)
	Label("time")
	MOVQ(a, pa)
	MOVQ(b, pb)
	Load(Param("vecs"), n)
	Label("lane")
	VMOVUPS(Mem{Base: pa}, v)
	VFMADD231PS(Mem{Base: pb}, v, acc)
	ADDQ(Imm(32), pa)
	ADDQ(Imm(32), pb)
	DECQ(n)
	JNZ(LabelRef("lane"))
	Load(Param("atime"), t)
	ADDQ(t, a)
	Load(Param("xtime"), t)
	ADDQ(t, b)
	DECQ(times)
	JNZ(LabelRef("time"))
	s := total(acc)
	VADDSS(Mem{Base: dw}, s, s)
	VMOVSS(s, Mem{Base: dw})
	ADDQ(Imm(4), dw)
	ADDQ(Imm(edge), edges)
	DECQ(count)
	JNZ(LabelRef("edge"))
	VZEROUPPER()
	RET()
}
