package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/elegans-nn/elegans/engine/internal/kernel/gen/vec"
)

// targets emits body for every slot of every block of eight targets; a block has as many slots as the target with most
// edges. The sources of a slot are in its window.
// The last block has a mask, or none.
func targets(start func(l lanes), body func(source VecVirtual), end func(l lanes), pointers ...GPVirtual) {
	v, index, window, count, blocks, rest := arg("v"), arg("index"), arg("window"), arg("count"), arg("blocks"), arg("mask")
	k, from := GP64(), GP64()
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
	MOVLQSX(Mem{Base: window}, from)
	body(vec.Window(Mem{Base: v, Index: from, Scale: 4}, vec.Fetch(Mem{Base: index}), 1))
	ADDQ(Imm(32), index)
	ADDQ(Imm(4), window)
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

// sparseByTarget is sparse of one lane.
func sparseByTarget() {
	TEXT("sparseByTarget", NOSPLIT, "func(y, v, params *float32, index, window, count *int32, blocks int, mask *int32)")
	Pragma("noescape")
	y, params, acc := arg("y"), arg("params"), YMM()
	targets(func(l lanes) { l.load(Mem{Base: y}, acc) }, func(x VecVirtual) {
		VFMADD231PS(Mem{Base: params}, x, acc)
		ADDQ(Imm(32), params)
	}, func(l lanes) { l.store(acc, Mem{Base: y}) }, y)
}
