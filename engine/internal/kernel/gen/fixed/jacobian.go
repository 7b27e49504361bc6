package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func jacobian() {
	for vecs := 1; vecs <= 4; vecs++ {
		rowSums(vecs)
	}
	for vecs := 1; vecs <= 3; vecs++ {
		for rows := 1; rows <= 4; rows++ {
			carry(rows, vecs)
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

// carry is Σ coef[c] x[r] + Σ s[lane] x[row] for n tiles of some rows of s. A head has the rows of s, the number of terms,
// the number of pairs and where they begin; a term has r and a c for every row; a pair has lane and row. All but c are in
// bytes. Results go to the same rows of dst, which may be s: a tile is read before it is written.
func carry(rows, vecs int) {
	TEXT(fmt.Sprintf("carry%dx%d", rows, vecs), NOSPLIT, "func(dst, s, x, coef *float32, heads, list, pairs *int32, n int)")
	Pragma("noescape")
	to, coef, heads, list := arg("dst"), arg("coef"), arg("heads"), arg("list")
	p := product{x: arg("x"), at: GP64(), acc: vectors(rows * vecs), xs: vectors(vecs), b: YMM()}
	t, k, pair, s := GP64(), GP64(), GP64(), make([]GPVirtual, rows)
	Load(Param("s"), t)
	SUBQ(t, to) // from a row of s to that of dst
	Label("tile")
	Load(Param("s"), t)
	for i := range s {
		s[i] = GP64()
		MOVLQSX(Mem{Base: heads, Disp: 4 * i}, s[i])
		ADDQ(t, s[i])
	}
	zero(p.acc...)
	MOVLQSX(Mem{Base: heads, Disp: 4 * rows}, k)
	times("term", k, func() {
		p.load(Mem{Base: list})
		for i := range rows {
			MOVLQSX(Mem{Base: list, Disp: 4 + 4*i}, t)
			p.add(i, Mem{Base: coef, Index: t, Scale: 4})
		}
		ADDQ(Imm(uint64(4+4*rows)), list)
	})
	MOVLQSX(Mem{Base: heads, Disp: 4*rows + 8}, pair)
	Load(Param("pairs"), t)
	ADDQ(t, pair)
	MOVLQSX(Mem{Base: heads, Disp: 4*rows + 4}, k)
	times("pair", k, func() {
		MOVLQSX(Mem{Base: pair}, t)
		p.load(Mem{Base: pair, Disp: 4})
		for i := range s {
			p.add(i, Mem{Base: s[i], Index: t, Scale: 1})
		}
		ADDQ(Imm(8), pair)
	})
	for i := range s {
		for j := range vecs {
			VMOVUPS(p.acc[i*vecs+j], Mem{Base: s[i], Index: to, Scale: 1, Disp: 32 * j})
		}
	}
	ADDQ(Imm(uint64(4*rows+12)), heads)
	Load(Param("n"), t)
	DECQ(t)
	Store(t, Param("n"))
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// product adds numbers times one row of x to several rows.
type product struct {
	x, at   GPVirtual
	acc, xs []VecVirtual // [row][vector], [vector]
	b       VecVirtual
}

// load takes the row of x whose place is given.
func (p *product) load(place Mem) {
	MOVLQSX(place, p.at)
	for j, v := range p.xs {
		VMOVUPS(Mem{Base: p.x, Index: p.at, Scale: 1, Disp: 32 * j}, v)
	}
}

// add adds it to row i.
func (p *product) add(i int, number Mem) {
	VBROADCASTSS(number, p.b)
	for j, v := range p.xs {
		VFMADD231PS(v, p.b, p.acc[i*len(p.xs)+j])
	}
}

// times runs body k >= 0 times.
func times(name string, k GPVirtual, body func()) {
	TESTQ(k, k)
	JZ(LabelRef(name + "s"))
	Label(name)
	body()
	DECQ(k)
	JNZ(LabelRef(name))
	Label(name + "s")
}
