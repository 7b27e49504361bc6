package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/elegans-nn/elegans/engine/internal/kernel/gen/vec"
)

// backward is, for every edge, dv[from] += w s q and, into the edge's sums, Σ da z, Σ q v, Σ q, Σ dI z, where z is the gate,
// da = dG[to] + E dI[to] and q = da z (1 - z). Four vectors of lanes at a time, then two, then one, then the rest under a mask.
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
	Label("few") // the lower bits of n are those of what is left
	TESTQ(U32(2), n)
	JZ(LabelRef("single"))
	b.lanes(2, lanes{})
	Label("single")
	TESTQ(U32(1), n)
	JZ(LabelRef("rest"))
	b.lanes(1, lanes{})
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
	s := newSums(b.sums, n == most)
	for i := 0; i < n; i += 2 {
		b.share(z[i:min(i+2, n)], i, s, l)
	}
	s.store()
	ADDQ(Imm(uint64(8*n)), b.from)
	ADDQ(Imm(uint64(8*n)), b.to)
}

// share emits what follows from the gates z of vectors from first on.
func (b backwardEdge) share(z []VecVirtual, first int, s sums, l lanes) {
	at := func(base, index GPVirtual, i int) Mem {
		return Mem{Base: base, Index: index, Scale: 4, Disp: 32 * (first + i)}
	}
	e := b.number(3)
	da, t := vectors(len(z)), vectors(len(z))
	for i := range da {
		l.load(at(b.di, b.to, i), t[i])
		l.load(at(b.dg, b.to, i), da[i])
		s.addProduct(3, t[i], z[i])
		VFMADD231PS(t[i], e, da[i])
	}
	for i, a := range da {
		VMULPS(z[i], a, a)
		s.add(0, a)
	}
	for i, a := range da { // da z (1 - z)
		VFNMADD231PS(a, z[i], a)
		s.add(2, a)
	}
	ws := b.number(2)
	for i, q := range da {
		x := t[i]
		l.load(at(b.v, b.from, i), x)
		s.addProduct(1, x, q)
		l.load(at(b.dv, b.from, i), x)
		VFMADD231PS(ws, q, x)
		l.store(x, at(b.dv, b.from, i))
	}
}

// most is how many vectors have their gates computed at once: as many as the registers hold.
const most = 4

// sums are the four of an edge, of eight lanes each. Where there are most vectors, they are added up before they are added to
// memory; of fewer, each is added to what memory has.
type sums struct {
	at       GPVirtual
	together bool
	acc      []VecVirtual
}

func newSums(at GPVirtual, together bool) sums {
	s := sums{at, together, vectors(4)}
	if together {
		zero(s.acc...)
		return s
	}
	for k, a := range s.acc {
		VMOVUPS(s.memory(k), a)
	}
	return s
}

func (s sums) memory(k int) Mem { return Mem{Base: s.at, Disp: 32 * k} }

func (s sums) add(k int, v VecVirtual) { VADDPS(v, s.acc[k], s.acc[k]) }

// addProduct adds a product, rounded by itself unless it is added to the others first.
func (s sums) addProduct(k int, x Op, y VecVirtual) {
	if s.together {
		VFMADD231PS(x, y, s.acc[k])
		return
	}
	p := YMM()
	VMULPS(x, y, p)
	s.add(k, p)
}

func (s sums) store() {
	for k, a := range s.acc {
		if s.together {
			VADDPS(s.memory(k), a, a)
		}
		VMOVUPS(a, s.memory(k))
	}
}
