package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/elegans-nn/elegans/engine/internal/kernel/gen/vec"
)

// backwardWide is backward for some vectors of 16 lanes, with the same sums in the same order: each has eight lanes, to which
// those of vectors of eight are added one after the other. There are registers enough to compute the gates of an edge while
// those of the one before are used, so that nothing waits for them.
func backwardWide(vecs int) {
	TEXT(fmt.Sprintf("synapsesBackward%d", vec.Wide*vecs), NOSPLIT, "func(sums, dv, dg, di, v, params *float32, ends *int32, n int)")
	Pragma("noescape")
	b := wideEdge{
		v: arg("v"), dv: arg("dv"), dg: arg("dg"), di: arg("di"), params: arg("params"), sums: arg("sums"), ends: arg("ends"),
		from: GP64(), to: GP64(), gate: vec.NewGate(0), z: fresh(vecs),
	}
	n := arg("n")
	b.keep(b.gates(0))
	DECQ(n)
	JZ(LabelRef("last"))
	Label("edge")
	next := b.gates(1)
	b.share()
	b.keep(next)
	ADDQ(Imm(128), b.sums)
	ADDQ(Imm(edgeParams), b.params)
	ADDQ(Imm(edgeEnds), b.ends)
	DECQ(n)
	JNZ(LabelRef("edge"))
	Label("last")
	b.share()
	VZEROUPPER()
	RET()
}

// The bytes of an edge's parameters and ends.
const edgeParams, edgeEnds = 16, 8

// wideEdge is what the reverse of an edge works with; z are its gates.
type wideEdge struct {
	v, dv, dg, di, params, sums, ends, from, to GPVirtual
	gate                                        vec.Gate
	z                                           []VecVirtual
}

func fresh(n int) (v []VecVirtual) {
	for range n {
		v = append(v, vec.Fresh())
	}
	return v
}

// number is number k of the edge after some others.
func (b wideEdge) number(after, k int) VecVirtual {
	v := vec.Fresh()
	VBROADCASTSS(Mem{Base: b.params, Disp: edgeParams*after + 4*k}, v)
	return v
}

// gates are those of the edge after some others.
func (b wideEdge) gates(after int) []VecVirtual {
	MOVLQSX(Mem{Base: b.ends, Disp: edgeEnds * after}, b.from)
	u := fresh(len(b.z))
	slope, rest := b.number(after, 0), b.number(after, 1)
	for i, x := range u {
		VMOVUPS(vectorAt(b.v, b.from, i), x)
		VFMADD213PS(rest, slope, x)
	}
	return b.gate.Run(u, nil)
}

func (b wideEdge) keep(z []VecVirtual) {
	for i, v := range z {
		VMOVAPS(v, b.z[i])
	}
}

func vectorAt(base, index GPVirtual, i int) Mem {
	return Mem{Base: base, Index: index, Scale: 4, Disp: vec.Bytes() * i}
}

// share emits what follows from the gates.
func (b wideEdge) share() {
	MOVLQSX(Mem{Base: b.ends}, b.from)
	MOVLQSX(Mem{Base: b.ends, Disp: 4}, b.to)
	e, ws, s := b.number(0, 3), b.number(0, 2), newSums(b.sums, len(b.z) == 2)
	for i, z := range b.z {
		da, q, x := vec.Fresh(), vec.Fresh(), vec.Fresh()
		v, dI := vectorAt(b.v, b.from, i), vectorAt(b.di, b.to, i)
		VMOVUPS(vectorAt(b.dg, b.to, i), da)
		VFMADD231PS(dI, e, da)
		VMULPS(z, da, da)
		VMOVAPS(da, q) // da z (1 - z)
		VFNMADD231PS(da, z, q)
		VMOVUPS(vectorAt(b.dv, b.from, i), x)
		VFMADD231PS(ws, q, x)
		VMOVUPS(x, vectorAt(b.dv, b.from, i))
		for h := range 2 {
			g := half(q, h)
			s.add(0, half(da, h))
			s.addProduct(1, offset(v, 32*h), g)
			s.add(2, g)
			s.addProduct(3, offset(dI, 32*h), half(z, h))
		}
	}
	s.store()
}

// half is the lower or the upper half of a wide vector.
func half(v VecVirtual, h int) VecVirtual {
	if h == 0 {
		return v.AsY().(VecVirtual)
	}
	high := YMM()
	VEXTRACTF32X8(Imm(1), v, high)
	return high
}
