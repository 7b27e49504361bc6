// Command fixed emits the AVX2 kernels of products and synapses; with -wide it emits those that gain by it for AVX-512. Strides
// are in bytes; a vector is 8 numbers. Sums over components go in order, one fused product after the other, so that a lane
// has the same bits in every tile.
package main

import (
	"flag"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/elegans-nn/elegans/engine/internal/kernel/gen/vec"
)

func main() {
	wide := flag.Bool("wide", false, "emit for AVX-512")
	flag.Parse()
	ConstraintExpr("amd64,!noasm")
	if *wide {
		emitWide()
	} else {
		emit()
	}
	Generate()
}

func emitWide() {
	vec.Lanes = vec.Wide
	for vecs := 1; vecs <= 2; vecs++ {
		backwardWide(vecs)
	}
}

func emit() {
	for rows := 1; rows <= 6; rows++ {
		tile{rows: rows, vecs: 2}.emit()
		tile{rows: rows, vecs: 1}.emit()
		tile{rows: rows, vecs: 1, masked: true}.emit()
	}
	tile{rows: 1, vecs: 8}.emit()
	tile{rows: 1, vecs: 4}.emit()
	transpose()
	weave()
	sparse(4, false)
	sparse(1, false)
	sparse(1, true)
	for siblings := 1; siblings <= 4; siblings++ {
		sparseDots(siblings)
	}
	backward()
	addLanes()
	sparseByTarget()
	jacobian()
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

// total adds the numbers of a vector; it clobbers it.
func total(v VecVirtual) VecVirtual {
	h := XMM()
	VEXTRACTF128(Imm(1), v, h)
	VADDPS(v.AsX(), h, h)
	VHADDPS(h, h, h)
	VHADDPS(h, h, h)
	return h
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
