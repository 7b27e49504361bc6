package vec

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/elegans-nn/elegans/step"
)

// Table has the code of operations whose operands are in registers.
var Table = map[step.Op]func(in []VecVirtual) VecVirtual{
	step.OpMin:      minimum,
	step.OpMax:      maximum,
	step.OpSelect:   choose,
	step.OpRelax:    relax,
	step.OpObserved: one(func(x, y VecVirtual) { VCMPPS(Imm(7), x, x, y); VANDPS(Lit(1), y, y) }),
	step.OpAbs:      one(func(x, y VecVirtual) { VANDPS(Bits(rest), x, y) }),
	step.OpSign:     one(sign),
	step.OpStep:     one(heaviside),
	step.OpFloor:    one(func(x, y VecVirtual) { VROUNDPS(Imm(9), x, y) }),
	step.OpSqrt:     one(func(x, y VecVirtual) { VSQRTPS(x, y) }),
	step.OpRsqrt:    one(func(x, y VecVirtual) { VSQRTPS(x, y); VDIVPS(y, lit(1), y) }),
	step.OpExp:      function(Exp),
	step.OpExpm1:    function(Expm1),
	step.OpLog:      function(Log),
	step.OpTanh:     function(Tanh),
	step.OpSigmoid:  function(Sigmoid),
	step.OpSoftplus: function(Softplus),
}

// Two has the operations of two operands whose second one may stand in memory.
var Two = map[step.Op]func(b Op, a, y VecVirtual){
	step.OpAdd: func(b Op, a, y VecVirtual) { VADDPS(b, a, y) },
	step.OpSub: func(b Op, a, y VecVirtual) { VSUBPS(b, a, y) },
	step.OpMul: func(b Op, a, y VecVirtual) { VMULPS(b, a, y) },
	step.OpDiv: func(b Op, a, y VecVirtual) { VDIVPS(b, a, y) },
}

func function(f func(x VecVirtual) VecVirtual) func(in []VecVirtual) VecVirtual {
	return func(in []VecVirtual) VecVirtual { return f(in[0]) }
}

func one(f func(x, y VecVirtual)) func(in []VecVirtual) VecVirtual {
	return func(in []VecVirtual) VecVirtual {
		y := YMM()
		f(in[0], y)
		return y
	}
}

// minimum takes both orders, for the instruction gives its second operand where one is NaN or both are zeros; the union
// of the bits is then NaN, or -0 if one is.
func minimum(in []VecVirtual) VecVirtual {
	y, t := YMM(), YMM()
	VMINPS(in[0], in[1], y)
	VMINPS(in[1], in[0], t)
	VORPS(t, y, y)
	return y
}

// maximum takes the intersection, for +0 if one is, and makes NaN where one operand is.
func maximum(in []VecVirtual) VecVirtual {
	y, t := YMM(), YMM()
	VMAXPS(in[0], in[1], y)
	VMAXPS(in[1], in[0], t)
	VANDPS(t, y, y)
	VCMPPS(Imm(3), in[0], in[1], t)
	VORPS(t, y, y)
	return y
}

func choose(in []VecVirtual) VecVirtual {
	y := YMM()
	VXORPS(y, y, y)
	VCMPPS(Imm(4), y, in[0], y)
	VBLENDVPS(y, in[1], in[2], y)
	return y
}

// relax is v + h (I - G v) / (c + h G).
func relax(in []VecVirtual) VecVirtual {
	v, h, c, G, I := in[0], in[1], in[2], in[3], in[4]
	y, t := YMM(), YMM()
	VMULPS(v, G, y)
	VSUBPS(y, I, y)
	VMULPS(h, G, t)
	VADDPS(t, c, t)
	VDIVPS(t, y, y)
	VMULPS(h, y, y)
	VADDPS(v, y, y)
	return y
}

func sign(x, y VecVirtual) {
	mask := YMM()
	VXORPS(y, y, y)
	VCMPPS(Imm(12), y, x, mask) // neither 0 nor NaN
	VANDPS(Bits(signBit), x, y)
	VORPS(Lit(1), y, y)
	VBLENDVPS(mask, y, x, y)
}

func heaviside(x, y VecVirtual) {
	VXORPS(y, y, y)
	VCMPPS(Imm(30), y, x, y)
	VANDPS(Lit(1), y, y)
}
