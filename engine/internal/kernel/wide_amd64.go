//go:build amd64 && !noasm

package kernel

import "golang.org/x/sys/cpu"

// wideVector is how many numbers a vector of AVX-512 holds. Where a chain gains by it, and so do the synapses of the reverse, there
// is a function of such vectors beside that of AVX2. It computes the same numbers by the same operations and adds them in the
// same order, so that results are the same bits, and it takes whole vectors alone: the lanes of a shard.
const wideVector = 2 * vector

// detectWide asks for VBMI2 too, which no generated function needs: processors without it slow down while they work on 512
// bits.
func detectWide() bool {
	x := &cpu.X86
	return detect() && x.HasAVX512 && x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasAVX512VBMI2
}

// wideAssembly are the functions of a chain without heads: that of several lanes where rows matter, else that of contiguous
// numbers; nil the other, or both.
type wideAssembly struct {
	rows func(out, in *[]float32, rows, vecs int)
	flat func(out, in *[]float32, n int)
}

// widened finds the functions of a chain as far as they are in use.
func widened(text string) (a wideAssembly) {
	if Wide {
		a = generatedWide[text]
	}
	return a
}

// gatheredRows is the function of a chain with heads for several lanes.
type gatheredRows func(out, in *[]float32, heads *byte, rows, lanes int)

// rowsOf is the function of a chain with heads for some lanes.
func rowsOf(text string, lanes int) gatheredRows {
	if f := generatedGatheredWide[text]; f != nil && Wide && lanes%wideVector == 0 {
		return f
	}
	return generatedGathered[text].rows
}
