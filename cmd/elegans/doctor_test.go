package main

import (
	"testing"

	"github.com/elegans-nn/elegans/bench"
)

// What doctor and bench print as kernels in use follows from this machine and this build; package bench finds out for its
// peak by itself.
func TestMachineNamesItsKernels(t *testing.T) {
	if got, want := describeMachine().Kernel, bench.PeakKernel(); got != want {
		t.Errorf("kernels: %s, but vectors of this machine and build: %s", got, want)
	}
}
