package engine

import (
	"testing"

	"github.com/elegans-nn/elegans/engine/internal/kernel"
)

// TestKernels: the name follows what runs, not what the machine could do.
func TestKernels(t *testing.T) {
	defer kernel.Accelerate(kernel.Accelerate(false))
	if got := Kernels(); got != "go" {
		t.Errorf("without assembly the kernels are %q", got)
	}
	if kernel.Accelerate(true); kernel.Accelerated != (Kernels() == "avx2") {
		t.Errorf("assembly in use: %v; the kernels are %q", kernel.Accelerated, Kernels())
	}
}
