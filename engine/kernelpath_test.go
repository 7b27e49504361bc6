package engine_test

import (
	"testing"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/engine/internal/kernel"
)

func TestKernelPath(t *testing.T) {
	defer kernel.Accelerate(kernel.Accelerated)
	for on, want := range map[bool]string{true: "avx2", false: "go"} {
		kernel.Accelerate(on)
		if kernel.Accelerated != on {
			continue // no assembly here
		}
		if got := engine.KernelPath(); got != want {
			t.Errorf("accelerated %v: the path is called %s, want %s", on, got, want)
		}
	}
}
