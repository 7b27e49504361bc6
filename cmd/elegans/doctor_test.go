package main

import (
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/bench"
)

// What doctor and bench print as kernels in use follows from this machine and this build; package bench finds out for its
// peak by itself, which is as high with vectors of AVX2.
func TestMachineNamesItsKernels(t *testing.T) {
	m := describeMachine()
	got, want := m.Kernel, bench.PeakKernel()
	if got == "avx512" && slices.Contains(m.Features, "AVX-512F") {
		got = "avx2"
	}
	if got != want {
		t.Errorf("kernels: %s, but vectors of this machine and build: %s", got, want)
	}
}
