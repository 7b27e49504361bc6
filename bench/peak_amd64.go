//go:build amd64 && !noasm

package bench

import "golang.org/x/sys/cpu"

var vectors = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// fusedMultiplyAdd does rounds of twelve independent fused multiply-adds of eight float32: enough to hide their latency.
//
//go:noescape
func fusedMultiplyAdd(rounds int)
