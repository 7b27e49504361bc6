package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/elegans-nn/elegans/engine/internal/kernel/gen/vec"
)

// everyLane emits body for n >= 0 vectors of eight and then, if there is a rest, once under its mask.
func everyLane(pointers []GPVirtual, body func(l lanes)) {
	n, rest := GP64(), GP64()
	Load(Param("vecs"), n)
	TESTQ(n, n)
	JZ(LabelRef("rest"))
	Label("lane")
	body(lanes{})
	for _, p := range pointers {
		ADDQ(Imm(32), p)
	}
	DECQ(n)
	JNZ(LabelRef("lane"))
	Label("rest")
	Load(Param("mask"), rest)
	TESTQ(rest, rest)
	JZ(LabelRef("end"))
	l := lanes{mask: YMM()}
	VMOVDQU(Mem{Base: rest}, l.mask)
	body(l)
	Label("end")
}

// rowOf is the address of row number disp/8 of the edge at hand.
func rowOf(edges GPVirtual, disp int, name string, to GPVirtual) {
	MOVQ(Mem{Base: edges, Disp: disp}, to)
	t := GP64()
	Load(Param("stride"), t)
	IMULQ(t, to)
	Load(Param(name), t)
	ADDQ(t, to)
}

// broadcast repeats one number of edge k.
func broadcast(name string, k GPVirtual) VecVirtual {
	t, v := GP64(), YMM()
	Load(Param(name), t)
	VBROADCASTSS(Mem{Base: t, Index: k, Scale: 4}, v)
	return v
}

// forward is g[to] += a, c[to] += a e with a = w sigmoid(s (v[from] - m)), edge by edge.
func forward() {
	TEXT("synapsesForward", 0, "func(conductance, current, v, w, s, m, e *float32, edges *int, n, stride, vecs int, mask *int32)")
	Pragma("noescape")
	edges, k := arg("edges"), GP64()
	pv, pg, pc := GP64(), GP64(), GP64()
	XORQ(k, k)
	Label("edge")
	rowOf(edges, 0, "v", pv)
	rowOf(edges, 8, "conductance", pg)
	rowOf(edges, 8, "current", pc)
	w, s, m, e := broadcast("w", k), broadcast("s", k), broadcast("m", k), broadcast("e", k)
	everyLane([]GPVirtual{pv, pg, pc}, func(l lanes) {
		u, x := YMM(), YMM()
		l.load(Mem{Base: pv}, u)
		VSUBPS(m, u, u)
		VMULPS(s, u, u)
		z := vec.Sigmoid(u)
		VMULPS(w, z, z)
		l.load(Mem{Base: pg}, x)
		VADDPS(z, x, x)
		l.store(x, Mem{Base: pg})
		VMULPS(e, z, z)
		l.load(Mem{Base: pc}, x)
		VADDPS(z, x, x)
		l.store(x, Mem{Base: pc})
	})
	ADDQ(Imm(edge), edges)
	INCQ(k)
	t := GP64()
	Load(Param("n"), t)
	CMPQ(k, t)
	JNE(LabelRef("edge"))
	VZEROUPPER()
	RET()
}

// backward is dv[from] += w s q and, into sums of each edge, Σ da z, Σ q (v - m), Σ q, Σ dI z, where z is the gate, da =
// dG[to] + e dI[to] and q = da z (1 - z).
func backward() {
	TEXT("synapsesBackward", 0, "func(sums, dv, dg, di, v, w, s, m, e *float32, edges *int, n, stride, vecs int, mask *int32)")
	Pragma("noescape")
	edges, k := arg("edges"), GP64()
	pv, pdv, pg, pi, to := GP64(), GP64(), GP64(), GP64(), arg("sums")
	XORQ(k, k)
	Label("edge")
	rowOf(edges, 0, "v", pv)
	rowOf(edges, 0, "dv", pdv)
	rowOf(edges, 8, "dg", pg)
	rowOf(edges, 8, "di", pi)
	ws := AllocLocal(32)
	w, s := broadcast("w", k), broadcast("s", k)
	VMULPS(s, w, w)
	VMOVUPS(w, ws)
	m, e := broadcast("m", k), broadcast("e", k)
	sums := vectors(4)
	zero(sums...)
	everyLane([]GPVirtual{pv, pdv, pg, pi}, func(l lanes) {
		d, u := YMM(), YMM()
		l.load(Mem{Base: pv}, d)
		VSUBPS(m, d, d)
		VMULPS(s, d, u)
		z := vec.Sigmoid(u)
		da, di := YMM(), YMM()
		l.load(Mem{Base: pi}, di)
		VFMADD231PS(di, z, sums[3])
		l.load(Mem{Base: pg}, da)
		VFMADD231PS(di, e, da)
		VMULPS(z, da, da)
		VADDPS(da, sums[0], sums[0])
		VFNMADD231PS(da, z, da) // da z (1 - z)
		VADDPS(da, sums[2], sums[2])
		VFMADD231PS(da, d, sums[1])
		l.load(Mem{Base: pdv}, u)
		VFMADD231PS(ws, da, u)
		l.store(u, Mem{Base: pdv})
	})
	VHADDPS(sums[1], sums[0], sums[0])
	VHADDPS(sums[3], sums[2], sums[2])
	VHADDPS(sums[2], sums[0], sums[0])
	h := XMM()
	VEXTRACTF128(Imm(1), sums[0], h)
	VADDPS(sums[0].AsX(), h, h)
	VMOVUPS(h, Mem{Base: to})
	ADDQ(Imm(16), to)
	ADDQ(Imm(edge), edges)
	INCQ(k)
	t := GP64()
	Load(Param("n"), t)
	CMPQ(k, t)
	JNE(LabelRef("edge"))
	VZEROUPPER()
	RET()
}
