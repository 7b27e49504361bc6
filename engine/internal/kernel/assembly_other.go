//go:build !amd64 || noasm

package kernel

const supported = false

func detect() bool { return false }

func detectWide() bool { return false }

func fused(string) Fused { return nil }

func has(string, int) bool { return false }

func bind(string, [][]float32, [][]float32, []Head, int, int) func() { panic(noKernel) }

type term struct{}

type tiling struct{}

func (p *Product) vector(_ []float32, _ int, _ bool) {}

func (p *Panels) turnVector(_, _ []float32) int { return 0 }

// OuterAdd needs the assembly.
func (p *Panels) OuterAdd(_ Matrix, _ []float32, _ Times, _ int) {}

func (r *rows) mulAddVector(_, _, _ []float32, _ int, _ bool) {}

func (e *Edges) outerAddVector(_, _ [][]float32, _ []float32, _ int, _ Times) bool { return false }

func addLanesVector(_, _ []float32, _, _, _ int) {}

func (b *SynapsesBack) runVector(_ Cotangent) {}

// MulAdd needs the assembly.
func (s *Slots) MulAdd(_, _ []float32) {}

// Run needs the assembly.
func (c *Columns) Run(_ []float32) {}

// Add needs the assembly.
func (c *Columns) Add(_ []float32) {}
