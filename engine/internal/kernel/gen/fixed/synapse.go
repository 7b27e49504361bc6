package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/elegans-nn/elegans/engine/internal/kernel/gen/vec"
)

// backward is, for every edge, dv[from] += w s q and, into the edge's sums, Σ da z, Σ q v, Σ q, Σ dI z, where z is the gate,
// da = dG[to] + E dI[to] and q = da z (1 - z). Two vectors of lanes at a time, then one, then the rest under a mask.
func backward() {
	TEXT("synapsesBackward", NOSPLIT, "func(sums, dv, dg, di, v, params *float32, ends *int32, n, vecs int, mask *int32)")
	Pragma("noescape")
	b := backwardEdge{
		v: arg("v"), dv: arg("dv"), dg: arg("dg"), di: arg("di"), params: arg("params"),
		sums: arg("sums"), from: GP64(), to: GP64(), gate: vec.NewGate(2),
	}
	ends, n, rest := arg("ends"), GP64(), GP64()
	Label("edge")
	MOVLQSX(Mem{Base: ends}, b.from)
	MOVLQSX(Mem{Base: ends, Disp: 4}, b.to)
	Load(Param("vecs"), n)
	SUBQ(Imm(most), n)
	JL(LabelRef("few"))
	Label("many")
	b.lanes(most, lanes{})
	SUBQ(Imm(most), n)
	JGE(LabelRef("many"))
	Label("few")
	ADDQ(Imm(most), n)
	JZ(LabelRef("rest"))
	Label("single")
	b.lanes(1, lanes{})
	DECQ(n)
	JNZ(LabelRef("single"))
	Label("rest")
	Load(Param("mask"), rest)
	TESTQ(rest, rest)
	JZ(LabelRef("end"))
	l := lanes{mask: YMM()}
	VMOVDQU(Mem{Base: rest}, l.mask)
	b.lanes(1, l)
	Label("end")
	ADDQ(Imm(128), b.sums)
	ADDQ(Imm(16), b.params)
	ADDQ(Imm(8), ends)
	Load(Param("n"), n)
	DECQ(n)
	Store(n, Param("n"))
	JNZ(LabelRef("edge"))
	VZEROUPPER()
	RET()
}

// backwardEdge is what the reverse of an edge works with; from and to are the numbers of the lanes at hand.
type backwardEdge struct {
	v, dv, dg, di, params, sums, from, to GPVirtual
	gate                                  vec.Gate
}

func (b backwardEdge) number(k int) VecVirtual {
	v := YMM()
	VBROADCASTSS(Mem{Base: b.params, Disp: 4 * k}, v)
	return v
}

// lanes emits the reverse for n vectors and moves on.
func (b backwardEdge) lanes(n int, l lanes) {
	at := func(base, index GPVirtual, i int) Mem { return Mem{Base: base, Index: index, Scale: 4, Disp: 32 * i} }
	u := vectors(n)
	for i := range u {
		l.load(at(b.v, b.from, i), u[i])
	}
	slope, rest := b.number(0), b.number(1)
	for _, x := range u {
		VFMADD213PS(rest, slope, x)
	}
	z := b.gate.Run(u, nil)
	sums := vectors(4)
	zero(sums...)
	for i := 0; i < n; i += 2 {
		b.share(z[i:min(i+2, n)], i, sums, l)
	}
	for k, s := range sums {
		VADDPS(Mem{Base: b.sums, Disp: 32 * k}, s, s)
		VMOVUPS(s, Mem{Base: b.sums, Disp: 32 * k})
	}
	ADDQ(Imm(uint64(8*n)), b.from)
	ADDQ(Imm(uint64(8*n)), b.to)
}

// share emits what follows from the gates z of vectors from first on.
func (b backwardEdge) share(z []VecVirtual, first int, sums []VecVirtual, l lanes) {
	at := func(base, index GPVirtual, i int) Mem {
		return Mem{Base: base, Index: index, Scale: 4, Disp: 32 * (first + i)}
	}
	e := b.number(3)
	da, t := vectors(len(z)), vectors(len(z))
	for i := range da {
		l.load(at(b.di, b.to, i), t[i])
		l.load(at(b.dg, b.to, i), da[i])
		VFMADD231PS(t[i], z[i], sums[3])
		VFMADD231PS(t[i], e, da[i])
	}
	for i, a := range da {
		VMULPS(z[i], a, a)
		VADDPS(a, sums[0], sums[0])
	}
	for i, a := range da { // da z (1 - z)
		VFNMADD231PS(a, z[i], a)
		VADDPS(a, sums[2], sums[2])
	}
	ws := b.number(2)
	for i, q := range da {
		x := t[i]
		l.load(at(b.v, b.from, i), x)
		VFMADD231PS(x, q, sums[1])
		l.load(at(b.dv, b.from, i), x)
		VFMADD231PS(ws, q, x)
		l.store(x, at(b.dv, b.from, i))
	}
}

// most is how many vectors have their gates computed at once: as many as the registers hold.
const most = 4
