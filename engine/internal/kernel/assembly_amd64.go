//go:build amd64 && !noasm

package kernel

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:generate go run -tags noasm,generate ./gen/chains -go chain_go.go -table chain_table_amd64.go -out chain_amd64.s -stubs chain_stub_amd64.go -pkg kernel
//go:generate go run -tags noasm,generate ./gen/chains -wide -table chain_wide_table_amd64.go -out chain_wide_amd64.s -stubs chain_wide_stub_amd64.go -pkg kernel

const supported = true

func detect() bool { return cpu.X86.HasAVX2 && cpu.X86.HasFMA }

// assembly is a generated chain: the kinds of its inputs, its number of outputs, and its functions for several lanes (nil
// where every input is full or one number, so that rows do not matter) and for contiguous numbers.
type assembly struct {
	kinds string
	outs  int
	rows  func(out, in *[]float32, rows, vecs int)
	flat  func(out, in *[]float32, n int)
}

func has(text string, lanes int) bool {
	if _, ok := generatedGathered[text]; ok {
		return Accelerated
	}
	a, ok := generated[text]
	return ok && Accelerated && a.works(lanes)
}

func bind(text string, out, in [][]float32, heads []Head, rows, lanes int) func() {
	if a, ok := generatedGathered[text]; ok {
		return a.bind(rowsOf(text, lanes), out, in, heads, rows, lanes)
	}
	a, ok := generated[text]
	if !ok || len(heads) > 0 {
		panic(noKernel)
	}
	return a.bind(out, in, rows, lanes)
}

// works reports whether the chain can run on that number of lanes: where rows do not matter on any.
func (a assembly) works(lanes int) bool { return a.rows == nil || lanes == 1 || lanes%vector == 0 }

// run computes the chain once.
func (a assembly) run(out, in [][]float32, rows, lanes int) bool {
	if !a.works(lanes) {
		return false
	}
	a.check(out, in, rows, lanes)
	a.enter(out, in, rows, lanes)
	return true
}

// bind checks all operands, once: what it returns enters the assembly as it is.
func (a assembly) bind(out, in [][]float32, rows, lanes int) func() {
	a.check(out, in, rows, lanes)
	return func() { a.enter(out, in, rows, lanes) }
}

func (a assembly) check(out, in [][]float32, rows, lanes int) {
	if len(in) != len(a.kinds) || len(out) != a.outs || !a.works(lanes) {
		panic("kernel: wrong operands of a chain")
	}
	check(out, in, a.kinds, rows, lanes)
}

func (a assembly) enter(out, in [][]float32, rows, lanes int) {
	switch results, operands := unsafe.SliceData(out), unsafe.SliceData(in); {
	case rows < 1 || lanes < 1:
	case lanes == 1 || a.rows == nil:
		a.flat(results, operands, rows*lanes)
	default:
		a.rows(results, operands, rows, lanes/vector)
	}
}

// check checks the lengths of the operands of a chain by their kinds.
func check(out, in [][]float32, kinds string, rows, lanes int) {
	for k, x := range in {
		need(x, extent(kinds[k], rows, lanes))
	}
	for _, y := range out {
		need(y, rows*lanes)
	}
}

// extent is how many numbers an operand of a kind has.
func extent(kind byte, rows, lanes int) int {
	switch kind {
	case 'f':
		return rows * lanes
	case 'u':
		return rows
	case 'l':
		return lanes
	case 'h':
		return 0
	}
	return 1
}

// fused finds the assembly of a chain without heads.
func fused(text string) Fused {
	if a, ok := generated[text]; ok && Accelerated {
		return a.run
	}
	return nil
}
