//go:build amd64 && !noasm

package kernel

import "golang.org/x/sys/cpu"

// wideVector is how many numbers a vector of AVX-512 holds. Where most is gained, in chains with heads and in the reverse of
// synapses, there is a function of such vectors beside that of AVX2. It computes every number by the same operations and adds
// in the same order, so that results are the same bits, and it takes whole vectors only, which the lanes of a shard are.
const wideVector = 2 * vector

// detectWide asks for VBMI2 too, which no function needs: processors without it slow down while they work on 512 bits.
func detectWide() bool {
	x := &cpu.X86
	return detect() && x.HasAVX512 && x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasAVX512VBMI2
}

// gatheredRows is the function of a chain with heads for several lanes.
type gatheredRows func(out, in *[]float32, heads *byte, rows, lanes int)

// rowsOf is the function of a chain with heads for some lanes.
func rowsOf(text string, lanes int) gatheredRows {
	if f := generatedWide[text]; f != nil && Wide && lanes%wideVector == 0 {
		return f
	}
	return generatedGathered[text].rows
}
