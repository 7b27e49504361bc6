//go:build !amd64 || noasm

package kernel

import "github.com/elegans-nn/elegans/step"

// Accelerated says whether assembly is in use.
const Accelerated = false

func assembled(string) Fused { return nil }

func single(step.Op, []byte) Fused { return nil }
