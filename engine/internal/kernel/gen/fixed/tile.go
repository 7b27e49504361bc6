package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tile is y[rows][8 vecs] = Σ over terms and k of w[rows][k] x[k][8 vecs], in order of terms and of k, for a row of
// tiles: the next one is ymove further in y, rowmove rows in w and offmove in x. fresh 0 adds to y instead. All terms and
// all k pass while the sums are in registers, so that y is touched once.
type tile struct {
	rows, vecs int
	masked     bool
}

// The layout of a term, see product_amd64.go.
const (
	termW, termX, termRow, termCol, termStep, termK = 0, 8, 16, 24, 32, 40
	termSize                                        = 48
)

func (t tile) emit() {
	name, mask := fmt.Sprintf("tile%dx%d", t.rows, t.vecs), ""
	if t.masked {
		name, mask = name+"masked", ", mask *int32"
	}
	TEXT(name, NOSPLIT, "func(y *float32, terms *int, count, ystep, row, off, tiles, ymove, rowmove, offmove, fresh int"+mask+")")
	Pragma("noescape")
	row, off := arg("row"), arg("off")
	l := maskOf(t.masked)
	acc := make([][]VecVirtual, t.rows)
	for i := range acc {
		acc[i] = vectors(t.vecs)
	}
	at := GP64()
	Label("tile")
	Load(Param("fresh"), at)
	TESTQ(at, at)
	JZ(LabelRef("add"))
	for _, a := range acc {
		zero(a...)
	}
	JMP(LabelRef("start"))
	Label("add")
	t.each(acc, func(v VecVirtual, m Mem) { l.load(m, v) })
	Label("start")
	t.terms(acc, l, row, off)
	t.each(acc, l.store)
	for _, move := range []struct {
		name string
		to   GPVirtual
	}{{"rowmove", row}, {"offmove", off}} {
		Load(Param(move.name), at)
		ADDQ(at, move.to)
	}
	y := arg("y")
	Load(Param("ymove"), at)
	ADDQ(at, y)
	Store(y, Param("y"))
	Load(Param("tiles"), at)
	DECQ(at)
	Store(at, Param("tiles"))
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// each moves the sums between registers and y.
func (t tile) each(acc [][]VecVirtual, move func(v VecVirtual, m Mem)) {
	at, ystep := arg("y"), arg("ystep")
	for i := range acc {
		for j, a := range acc[i] {
			move(a, Mem{Base: at, Disp: 32 * j})
		}
		if i+1 < len(acc) {
			ADDQ(ystep, at)
		}
	}
}

// terms adds everything up.
func (t tile) terms(acc [][]VecVirtual, l lanes, index, off GPVirtual) {
	term, left := arg("terms"), arg("count")
	w, x, wrow, wcol, xstep, k := GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	Label("term")
	MOVQ(Mem{Base: term, Disp: termRow}, wrow)
	MOVQ(index, w)
	IMULQ(wrow, w)
	ADDQ(Mem{Base: term, Disp: termW}, w)
	MOVQ(off, x)
	ADDQ(Mem{Base: term, Disp: termX}, x)
	MOVQ(Mem{Base: term, Disp: termCol}, wcol)
	MOVQ(Mem{Base: term, Disp: termStep}, xstep)
	MOVQ(Mem{Base: term, Disp: termK}, k)
	bases, row := strided(w, wrow, t.rows)
	body := func() {
		t.products(acc, l, x, row)
		ADDQ(xstep, x)
		for _, p := range bases {
			ADDQ(wcol, p)
		}
	}
	if t.vecs == 2 { // two at a time: the wide tiles gain 1 to 2 %, four at a time no more
		SHRQ(Imm(1), k)
		JZ(LabelRef("odd"))
		Label("pairs")
		body()
		body()
		DECQ(k)
		JNZ(LabelRef("pairs"))
		Label("odd")
		MOVQ(Mem{Base: term, Disp: termK}, k)
		TESTQ(U32(1), k)
		JZ(LabelRef("next"))
		body()
		Label("next")
	} else {
		Label("loop")
		body()
		DECQ(k)
		JNZ(LabelRef("loop"))
	}
	ADDQ(Imm(termSize), term)
	DECQ(left)
	JNZ(LabelRef("term"))
}

// products adds those of one k.
func (t tile) products(acc [][]VecVirtual, l lanes, x GPVirtual, row func(i int) Mem) {
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
}
