package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tile is y[rows][8 vecs] += Σ_k w[rows][k] x[k][8 vecs], k >= 1, in order of k.
type tile struct {
	rows, vecs int
	masked     bool
}

func (t tile) emit() {
	name, mask := fmt.Sprintf("tile%dx%d", t.rows, t.vecs), ""
	if t.masked {
		name, mask = name+"masked", ", mask *int32"
	}
	TEXT(name, NOSPLIT, "func(y, w, x *float32, ystep, wrow, wcol, xstep, k int"+mask+")")
	Pragma("noescape")
	x, y, ystep, wcol, xstep, k := arg("x"), arg("y"), arg("ystep"), arg("wcol"), arg("xstep"), arg("k")
	bases, row := strided(arg("w"), arg("wrow"), t.rows)
	l := maskOf(t.masked)
	acc := make([][]VecVirtual, t.rows)
	at := GP64()
	MOVQ(y, at)
	for i := range acc {
		acc[i] = vectors(t.vecs)
		for j, a := range acc[i] {
			l.load(Mem{Base: at, Disp: 32 * j}, a)
		}
		ADDQ(ystep, at)
	}
	Label("loop")
	xs, b := make([]Op, t.vecs), YMM()
	for j := range xs {
		xs[j] = Mem{Base: x, Disp: 32 * j}
		if t.rows > 1 || t.masked {
			v := YMM()
			l.load(xs[j].(Mem), v)
			xs[j] = v
		}
	}
	for i := range acc {
		VBROADCASTSS(row(i), b)
		for j, a := range acc[i] {
			VFMADD231PS(xs[j], b, a)
		}
	}
	ADDQ(xstep, x)
	for _, p := range bases {
		ADDQ(wcol, p)
	}
	DECQ(k)
	JNZ(LabelRef("loop"))
	for i := range acc {
		for j, a := range acc[i] {
			l.store(a, Mem{Base: y, Disp: 32 * j})
		}
		ADDQ(ystep, y)
	}
	VZEROUPPER()
	RET()
}
