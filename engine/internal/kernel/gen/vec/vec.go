// Package vec emits code for the element-wise operations of the table, eight numbers at a time for AVX2 and FMA or sixteen
// for AVX-512, see Lanes, for one vector or for several stage by stage: what one waits for, the others compute. A function
// leaves its operands as they are and returns registers of its own; every number is computed by the same operations, so a
// result depends neither on its position nor on what stands beside it, nor on the width.
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

// filling has the constants that were asked for, each eight times.
var filling = map[uint32]Mem{}

// Bits is a constant that fills a vector: in memory, or in a register where that has twice as many.
func Bits(u uint32) Op {
	m, ok := filling[u]
	if !ok {
		m = GLOBL(fmt.Sprintf("wide%08x", u), RODATA|NOPTR)
		for i := range 8 {
			DATA(4*i, U32(u))
		}
		filling[u] = m
	}
	if Lanes == Narrow {
		return m
	}
	r := Fresh()
	VBROADCASTSS(m, r)
	return r
}

// Lit is a float32 that fills a vector, as Bits.
func Lit(f float64) Op { return Bits(math.Float32bits(float32(f))) }

// Fetch brings a vector from memory into a register; a constant may be in one.
func Fetch(m Op) VecVirtual {
	if r, ok := m.(VecVirtual); ok {
		return r
	}
	r := Fresh()
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
func and(o ...Op) { VANDPS(o...) }

// like are as many registers.
func like(x Many) Many {
	y := make(Many, len(x))
	for i := range y {
		y[i] = Fresh()
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
