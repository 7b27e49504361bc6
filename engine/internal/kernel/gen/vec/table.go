package vec

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/elegans-nn/elegans/step"
)

// Code emits an operation whose operands are in registers. It needs Regs registers a vector, its operands included where
// it needs them to the end, and Shared ones for constants; at least Least in all, for what it computes vector by vector.
type Code struct {
	Emit                func(in []Many) Many
	Regs, Shared, Least int
}

// Table has the code of the operations that are not in Two.
var Table = map[step.Op]Code{
	step.OpMin:      {minimum, 4, 0, 0},
	step.OpMax:      {maximum, 4, 0, 0},
	step.OpSelect:   {choose, 4, 0, 0},
	step.OpRelax:    {relax, 7, 0, 0},
	step.OpObserved: {one(observed), 2, 0, 0},
	step.OpAbs:      {one(func(x, y Many) { each(and, Bits(rest), x, y) }), 2, 0, 0},
	step.OpSign:     {one(sign), 3, 0, 0},
	step.OpStep:     {one(heaviside), 2, 0, 0},
	step.OpFloor:    {one(func(x, y Many) { each(round, Imm(9), x, y) }), 2, 0, 0},
	step.OpSqrt:     {one(func(x, y Many) { each(VSQRTPS, x, y) }), 2, 0, 0},
	step.OpRsqrt:    {one(rsqrt), 2, 1, 0},
	step.OpExp:      {function(Exp), 4, 1, 0},
	step.OpExpm1:    {function(Expm1), 4, 1, 0},
	step.OpLog:      {function(Log), 5, 1, 8},
	step.OpSin:      {function(Sin), 5, 1, 11},
	step.OpCos:      {function(Cos), 5, 1, 11},
	step.OpTanh:     {function(Tanh), 3, 1, 0},
	step.OpSigmoid:  {function(Sigmoids), 3, 1, 0},
	step.OpSoftplus: {function(Softplus), 4, 1, 0},
	step.OpErf:      {function(Erf), 3, 1, 0},
}

// Long reports whether the result of an operation is waited for: a function, a quotient or a root.
func Long(op step.Op) bool {
	return op == step.OpDiv || op == step.OpSqrt || op == step.OpRelax || Table[op].Shared > 0
}

// Widens reports whether there is code of an operation for AVX-512 too: of all but those that take another way for some of
// their arguments.
func Widens(op step.Op) bool { return op != step.OpLog && op != step.OpSin && op != step.OpCos }

// Two has the operations of two operands whose second one may stand in memory.
var Two = map[step.Op]func(b Op, a, y VecVirtual){
	step.OpAdd: func(b Op, a, y VecVirtual) { VADDPS(b, a, y) },
	step.OpSub: func(b Op, a, y VecVirtual) { VSUBPS(b, a, y) },
	step.OpMul: func(b Op, a, y VecVirtual) { VMULPS(b, a, y) },
	step.OpDiv: func(b Op, a, y VecVirtual) { VDIVPS(b, a, y) },
}

func function(f func(x Many) Many) func(in []Many) Many {
	return func(in []Many) Many { return f(in[0]) }
}

func one(f func(x, y Many)) func(in []Many) Many {
	return func(in []Many) Many {
		y := like(in[0])
		f(in[0], y)
		return y
	}
}

// minimum takes both orders, for the instruction gives its second operand where one is NaN or both are zeros; the union
// of the bits is then NaN, or -0 if one is.
func minimum(in []Many) Many {
	y, t := like(in[0]), like(in[0])
	each(VMINPS, in[0], in[1], y)
	each(VMINPS, in[1], in[0], t)
	each(VORPS, t, y, y)
	return y
}

// maximum takes the intersection, for +0 if one is, and makes NaN where one operand is.
func maximum(in []Many) Many {
	y, t := like(in[0]), like(in[0])
	each(VMAXPS, in[0], in[1], y)
	each(VMAXPS, in[1], in[0], t)
	each(and, t, y, y)
	each(compare(3), in[0], in[1], t)
	each(VORPS, t, y, y)
	return y
}

func choose(in []Many) Many {
	y := like(in[0])
	each(VXORPS, y, y, y)
	each(compare(4), y, in[0], y)
	each(pick, y, in[1], in[2], y)
	return y
}

// relax is v + h (I - G v) / (c + h G).
func relax(in []Many) Many {
	v, h, c, G, I := in[0], in[1], in[2], in[3], in[4]
	y, t := like(v), like(v)
	each(VMULPS, v, G, y)
	each(VSUBPS, y, I, y)
	each(VMULPS, h, G, t)
	each(VADDPS, t, c, t)
	each(VDIVPS, t, y, y)
	each(VMULPS, h, y, y)
	each(VADDPS, v, y, y)
	return y
}

func observed(x, y Many) {
	each(compare(7), x, x, y)
	each(and, Lit(1), y, y)
}

func rsqrt(x, y Many) {
	each(VSQRTPS, x, y)
	each(VDIVPS, y, lit(1), y)
}

func sign(x, y Many) {
	mask := like(x)
	each(VXORPS, y, y, y)
	each(compare(12), y, x, mask) // neither 0 nor NaN
	each(and, Bits(signBit), x, y)
	each(VORPS, Lit(1), y, y)
	each(pick, mask, y, x, y)
}

func heaviside(x, y Many) {
	each(VXORPS, y, y, y)
	each(compare(30), y, x, y)
	each(and, Lit(1), y, y)
}
