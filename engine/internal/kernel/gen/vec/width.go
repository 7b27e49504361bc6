package vec

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// What a vector may hold.
const (
	Narrow = 8  // AVX2 and FMA
	Wide   = 16 // AVX-512: F, BW, DQ and VL
)

// Lanes is how many numbers a vector of the code at hand has. A program emits one width.
var Lanes = Narrow

// Bytes is the size of a vector.
func Bytes() int { return 4 * Lanes }

// Fresh is a register for a vector.
func Fresh() VecVirtual {
	if Lanes == Wide {
		return ZMM()
	}
	return YMM()
}

// Count is how many registers there are.
func Count() int { return 2 * Lanes }

// What follows is written differently for the two widths. A mask is a vector, all ones or all zeros a number: where the
// wide instructions take one bit a number, it is brought there and back.

// compare is a mask of the numbers for which a predicate, a constant of the instruction, holds.
func compare(predicate uint8) func(o ...Op) {
	return func(o ...Op) {
		if Lanes == Narrow {
			VCMPPS(Imm(uint64(predicate)), o[0], o[1], o[2])
			return
		}
		k := K()
		VCMPPS(Imm(uint64(predicate)), o[0], o[1], k)
		VPMOVM2D(k, o[2])
	}
}

// pick takes numbers of the second operand where the first has the highest bit, else of the third.
func pick(o ...Op) {
	if Lanes == Narrow {
		VBLENDVPS(o[0], o[1], o[2], o[3])
		return
	}
	k := K()
	VPMOVD2M(o[0], k)
	VBLENDMPS(o[1], o[2], k, o[3])
}

// round rounds to whole numbers.
func round(o ...Op) {
	if Lanes == Narrow {
		VROUNDPS(o[0], o[1], o[2])
		return
	}
	VRNDSCALEPS(o[0], o[1], o[2])
}
