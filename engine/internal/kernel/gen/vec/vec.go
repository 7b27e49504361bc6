// Package vec emits AVX2 and FMA code for the element-wise operations of the table, eight numbers at a time, for one vector
// or for several stage by stage: what one waits for, the others compute. A function leaves its operands as they are and
// returns registers of its own; every number is computed by the same instructions, so a result depends neither on its
// position nor on what stands beside it.
package vec

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Many is one value of several vectors.
type Many []VecVirtual

// wide has the constants that were asked for.
var wide = map[uint32]Mem{}

// Bits is a constant that fills a vector, in memory.
func Bits(u uint32) Mem {
	m, ok := wide[u]
	if !ok {
		m = GLOBL(fmt.Sprintf("wide%08x", u), RODATA|NOPTR)
		for i := range 8 {
			DATA(4*i, U32(u))
		}
		wide[u] = m
	}
	return m
}

// Lit is a float32 that fills a vector, in memory.
func Lit(f float64) Mem { return Bits(math.Float32bits(float32(f))) }

// Fetch brings a vector from memory into a register.
func Fetch(m Op) VecVirtual {
	r := YMM()
	VMOVUPS(m, r)
	return r
}

func lit(f float64) VecVirtual { return Fetch(Lit(f)) }

const (
	signBit = 1 << 31
	rest    = signBit - 1
)

// each emits an instruction for every vector; an operand that is not Many is the same for all of them.
func each(f func(...Op), operands ...any) {
	n := 0
	for _, o := range operands {
		if m, ok := o.(Many); ok {
			n = len(m)
		}
	}
	for i := range n {
		var list []Op
		for _, o := range operands {
			if m, ok := o.(Many); ok {
				list = append(list, m[i])
				continue
			}
			list = append(list, o.(Op))
		}
		f(list...)
	}
}

// The instructions that each could not take as they are.
func pick(o ...Op)  { VBLENDVPS(o[0], o[1], o[2], o[3]) }
func round(o ...Op) { VROUNDPS(o[0], o[1], o[2]) }
func and(o ...Op)   { VANDPS(o...) }

// like are as many registers.
func like(x Many) Many {
	y := make(Many, len(x))
	for i := range y {
		y[i] = YMM()
	}
	return y
}

func copied(x Many) Many {
	y := like(x)
	each(move, x, y)
	return y
}

func move(o ...Op) { VMOVAPS(o[0], o[1]) }

// filled are registers of a constant.
func filled(x Many, f float64) Many {
	y := make(Many, len(x))
	for i := range y {
		y[i] = lit(f)
	}
	return y
}

// constant is an operand for all vectors: in memory for one, fetched once for several.
func constant(x Many, f float64) Op {
	if len(x) == 1 {
		return Lit(f)
	}
	return lit(f)
}

// atMost and atLeast give x clamped, atLeast in place; a NaN stays, for the instructions give their second operand then.
func atMost(x Many, bound float64) Many {
	y, b := like(x), lit(bound)
	each(VMINPS, x, b, y)
	return y
}

func atLeast(x Many, bound float64) { each(VMAXPS, x, lit(bound), x) }

// polynomial is Σ c[k] x^k.
func polynomial(x Many, c ...float64) Many {
	y := filled(x, c[len(c)-1])
	for k := len(c) - 2; k >= 0; k-- {
		each(VFMADD213PS, constant(x, c[k]), x, y)
	}
	return y
}

// place is a label that no other code of the function has.
type place string

var places int

func label() place {
	places++
	return place(fmt.Sprintf("on%d", places))
}

func (p place) here() { Label(string(p)) }

func (p place) ref() LabelRef { return LabelRef(p) }
