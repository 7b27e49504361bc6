//go:build amd64 && !noasm

package kernel

import (
	"strings"

	"golang.org/x/sys/cpu"

	"github.com/elegans-nn/elegans/step"
)

//go:generate go run -tags noasm,generate ./gen/chains -go chain_go.go -table chain_table_amd64.go -out chain_amd64.s -stubs chain_stub_amd64.go -pkg kernel

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

// assembled finds a generated chain by its text.
func assembled(text string) Fused {
	a, ok := generated[text]
	if !ok || !Accelerated {
		return nil
	}
	return a.run
}

// run checks all operands before assembly is entered.
func (a assembly) run(out, in [][]float32, rows, lanes int) bool {
	if a.rows == nil {
		rows, lanes = rows*lanes, 1
	}
	if lanes != 1 && lanes%vector != 0 {
		return false
	}
	if len(in) != len(a.kinds) || len(out) != a.outs {
		panic("kernel: wrong number of operands of a chain")
	}
	for k, x := range in {
		if len(x) < extent(a.kinds[k], rows, lanes) {
			panic("kernel: a short operand of a chain")
		}
	}
	for _, y := range out {
		if len(y) < rows*lanes {
			panic("kernel: a short result of a chain")
		}
	}
	switch {
	case rows < 1 || lanes < 1:
	case lanes == 1:
		a.flat(&out[0], &in[0], rows)
	default:
		a.rows(&out[0], &in[0], rows, lanes/vector)
	}
	return true
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
	}
	return 1
}

// single finds the assembly of an operation alone, by the kinds of its operands.
func single(op step.Op, kinds []byte) Fused {
	if op == step.OpAccum {
		op = step.OpAdd
	}
	var b strings.Builder
	b.WriteString(op.String())
	for k, kind := range kinds {
		b.WriteByte(' ')
		b.WriteByte(kind)
		b.WriteByte('0' + byte(k))
	}
	b.WriteString(" > [0]")
	return assembled(b.String())
}
