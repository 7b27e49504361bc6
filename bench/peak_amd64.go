//go:build amd64 && !noasm

package bench

import "golang.org/x/sys/cpu"

var vectors = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// fusedMultiplyAdd does rounds of twelve independent fused multiply-adds of eight float32: enough to hide their latency.
//
//go:noescape
func fusedMultiplyAdd(rounds int)

// wideMultiplyAdd does the same with vectors of sixteen float32.
//
//go:noescape
func wideMultiplyAdd(rounds int)

// wideCases say what vectors of 512 bits would give on a processor that has them.
func wideCases() []Case {
	if !vectors || !cpu.X86.HasAVX512F {
		return nil
	}
	return []Case{{Name: "kernel/fma-peak-512", open: multiplyAdds(wideMultiplyAdd, 20000, 2*peakFLOPs)}}
}
