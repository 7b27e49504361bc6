//go:build !amd64 || noasm

package kernel

import "github.com/elegans-nn/elegans/step"

const supported = false

func detect() bool { return false }

func single(step.Op, []byte) Fused { return nil }

func has(string, int) bool { return false }

func bind(string, [][]float32, [][]float32, []Head, int, int) func() { panic(noKernel) }

func (a Matrix) mulAddVector(_, _ []float32, _ int) {}

func (a Matrix) outerAddVector(_, _ []float32, _ int, _ Times) bool { return false }

func (r *rows) mulAddVector(_, _, _ []float32, _ int) {}

func (e *Edges) outerAddVector(_, _ [][]float32, _ []float32, _ int, _ Times) bool { return false }

func (b *SynapsesBack) runVector(_ Cotangent) {}

// MulAdd needs the assembly.
func (s *Slots) MulAdd(_, _ []float32) {}

// MulAdd needs the assembly.
func (c *Columns) MulAdd(_, _ []float32) {}
