// Command fixed emits the AVX2 kernels of products and synapses. Strides are in bytes; a vector is 8 numbers. Sums over
// components go in order, one fused product after the other, so that a lane has the same bits in every tile.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/elegans-nn/elegans/engine/internal/kernel/gen/vec"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	for rows := 1; rows <= 6; rows++ {
		tile{rows: rows, vecs: 2}.emit()
		tile{rows: rows, vecs: 1}.emit()
		tile{rows: rows, vecs: 1, masked: true}.emit()
	}
	tile{rows: 1, vecs: 8}.emit()
	tile{rows: 1, vecs: 4}.emit()
	for _, size := range [][2]int{{3, 4}, {1, 4}, {3, 1}, {1, 1}} {
		dots(size[0], size[1])
	}
	sparse(4, false)
	sparse(1, false)
	sparse(1, true)
	sparseDots()
	forward()
	backward()
	synapsesByTarget()
	sparseByTarget()
	Generate()
}

func arg(name string) GPVirtual { return Load(Param(name), GP64()).(GPVirtual) }

func zero(v ...VecVirtual) {
	for _, r := range v {
		VXORPS(r, r, r)
	}
}

func vectors(n int) (v []VecVirtual) {
	for range n {
		v = append(v, YMM())
	}
	return v
}

// lanes reads and writes vectors of lanes, all eight or those of a mask.
type lanes struct{ mask VecVirtual }

func (l lanes) load(m Mem, v VecVirtual) {
	if l.mask != nil {
		VMASKMOVPS(m, l.mask, v)
		return
	}
	VMOVUPS(m, v)
}

func (l lanes) store(v VecVirtual, m Mem) {
	if l.mask != nil {
		VMASKMOVPS(v, l.mask, m)
		return
	}
	VMOVUPS(v, m)
}

// maskOf loads the mask parameter, the address of eight integers.
func maskOf(masked bool) (l lanes) {
	if masked {
		l.mask = YMM()
		VMOVDQU(Mem{Base: arg("mask")}, l.mask)
	}
	return l
}

// strided gives addresses base + i·stride for i < n from few registers, and those registers.
func strided(base, stride GPVirtual, n int) (bases []GPVirtual, at func(i int) Mem) {
	bases = []GPVirtual{base}
	if n > 3 {
		three := GP64()
		LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, three)
		for i := 3; i < n; i += 3 {
			b := GP64()
			LEAQ(Mem{Base: bases[len(bases)-1], Index: three, Scale: 1}, b)
			bases = append(bases, b)
		}
	}
	return bases, func(i int) Mem {
		m := Mem{Base: bases[i/3]}
		if i%3 > 0 {
			m.Index, m.Scale = stride, uint8(i%3)
		}
		return m
	}
}

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

// dots is c[i][j] += Σ over times and lanes of a[i] x[j], lanes a multiple of 8, c contiguous along j; nj is 4 or 1.
func dots(ni, nj int) {
	TEXT(fmt.Sprintf("dots%dx%d", ni, nj), NOSPLIT, "func(c, a, x *float32, crow, stride, atime, xtime, vecs, times int)")
	Pragma("noescape")
	a, x, stride := arg("a"), arg("x"), arg("stride")
	acc := vectors(ni * nj)
	zero(acc...)
	pa, px, n, t := GP64(), GP64(), GP64(), GP64()
	Label("time")
	MOVQ(a, pa)
	MOVQ(x, px)
	abase, arow := strided(pa, stride, ni)
	xbase, xrow := strided(px, stride, nj)
	Load(Param("vecs"), n)
	Label("lane")
	as, v := vectors(ni), YMM()
	for i, r := range as {
		VMOVUPS(arow(i), r)
	}
	for j := range nj {
		VMOVUPS(xrow(j), v)
		for i, r := range as {
			VFMADD231PS(v, r, acc[i*nj+j])
		}
	}
	for _, p := range append(abase, xbase...) {
		ADDQ(Imm(32), p)
	}
	DECQ(n)
	JNZ(LabelRef("lane"))
	Load(Param("atime"), t)
	ADDQ(t, a)
	Load(Param("xtime"), t)
	ADDQ(t, x)
	Load(Param("times"), t)
	DECQ(t)
	Store(t, Param("times"))
	JNZ(LabelRef("time"))
	c, crow := arg("c"), arg("crow")
	for i := range ni {
		if r := acc[i*nj:][:nj]; nj == 4 {
			four(r, Mem{Base: c})
		} else {
			s := total(r[0])
			VADDSS(Mem{Base: c}, s, s)
			VMOVSS(s, Mem{Base: c})
		}
		ADDQ(crow, c)
	}
	VZEROUPPER()
	RET()
}

// four adds the totals of four vectors, which it clobbers, to four numbers.
func four(v []VecVirtual, to Mem) {
	h := XMM()
	VHADDPS(v[1], v[0], v[0])
	VHADDPS(v[3], v[2], v[2])
	VHADDPS(v[2], v[0], v[0])
	VEXTRACTF128(Imm(1), v[0], h)
	VADDPS(v[0].AsX(), h, h)
	VADDPS(to, h, h)
	VMOVUPS(h, to)
}

// total adds the numbers of a vector; it clobbers it.
func total(v VecVirtual) VecVirtual {
	h := XMM()
	VEXTRACTF128(Imm(1), v, h)
	VADDPS(v.AsX(), h, h)
	VHADDPS(h, h, h)
	VHADDPS(h, h, h)
	return h
}

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

// targets emits body for every slot of every block of eight targets; a block has as many slots as the target with most
// edges, and an index below 0 where a target has fewer, whose source reads as 0. The last block has a mask, or none.
func targets(start func(l lanes), body func(source VecVirtual), end func(l lanes), pointers ...GPVirtual) {
	v, index, count, blocks, rest := arg("v"), arg("index"), arg("count"), arg("blocks"), arg("mask")
	k := GP64()
	l := lanes{mask: YMM()}
	VPCMPEQD(l.mask, l.mask, l.mask)
	Label("block")
	CMPQ(blocks, Imm(1))
	JNE(LabelRef("whole"))
	TESTQ(rest, rest)
	JZ(LabelRef("whole"))
	VMOVDQU(Mem{Base: rest}, l.mask)
	Label("whole")
	start(l)
	MOVLQSX(Mem{Base: count}, k)
	TESTQ(k, k)
	JZ(LabelRef("store"))
	Label("slot")
	at, mask, source := YMM(), YMM(), YMM()
	VMOVDQU(Mem{Base: index}, at)
	VPCMPEQD(mask, mask, mask)
	VPXOR(at, mask, mask)
	VXORPS(source, source, source)
	VGATHERDPS(mask, Mem{Base: v, Index: at, Scale: 4}, source)
	body(source)
	ADDQ(Imm(32), index)
	DECQ(k)
	JNZ(LabelRef("slot"))
	Label("store")
	end(l)
	for _, p := range pointers {
		ADDQ(Imm(32), p)
	}
	ADDQ(Imm(4), count)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// synapsesByTarget is synapsesForward of one lane from zero; params has, for every slot, eight each of s, m, w, e.
func synapsesByTarget() {
	TEXT("synapsesByTarget", NOSPLIT, "func(conductance, current, v, params *float32, index, count *int32, blocks int, mask *int32)")
	Pragma("noescape")
	pg, pc, params := arg("conductance"), arg("current"), arg("params")
	G, I := YMM(), YMM()
	targets(func(lanes) { zero(G, I) }, func(x VecVirtual) {
		VSUBPS(Mem{Base: params, Disp: 32}, x, x)
		VMULPS(Mem{Base: params}, x, x)
		z := vec.Sigmoid(x)
		VMULPS(Mem{Base: params, Disp: 64}, z, z)
		VADDPS(z, G, G)
		VMULPS(Mem{Base: params, Disp: 96}, z, z)
		VADDPS(z, I, I)
		ADDQ(Imm(128), params)
	}, func(l lanes) {
		l.store(G, Mem{Base: pg})
		l.store(I, Mem{Base: pc})
	}, pg, pc)
}

// sparseByTarget is sparse of one lane.
func sparseByTarget() {
	TEXT("sparseByTarget", NOSPLIT, "func(y, v, params *float32, index, count *int32, blocks int, mask *int32)")
	Pragma("noescape")
	y, params, acc := arg("y"), arg("params"), YMM()
	targets(func(l lanes) { l.load(Mem{Base: y}, acc) }, func(x VecVirtual) {
		VFMADD231PS(Mem{Base: params}, x, acc)
		ADDQ(Imm(32), params)
	}, func(l lanes) { l.store(acc, Mem{Base: y}) }, y)
}
