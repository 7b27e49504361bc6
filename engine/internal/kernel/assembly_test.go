//go:build amd64 && !noasm

package kernel

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/internal/require"
	"github.com/elegans-nn/elegans/step"
)

// beyondAVX2 are the registers of AVX-512.
var beyondAVX2 = regexp.MustCompile(`\b([XY](1[6-9]|2\d|3[01])|Z\d+|K\d)\b`)

// The assembler's generator hands out the registers of AVX-512 without a word; an AVX2 machine dies of them. Files for
// AVX-512 are named so.
func TestNoRegistersBeyondAVX2(t *testing.T) {
	if !beyondAVX2.MatchString("VADDPS Y16, Y2, Y3") || beyondAVX2.MatchString("VADDPS Y15, Y2, Y3") {
		t.Fatal("the pattern does not bite")
	}
	files, err := filepath.Glob("*_amd64.s")
	if err != nil || len(files) == 0 {
		t.Fatal("no assembly found", err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_wide_amd64.s") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if r := beyondAVX2.Find(text); r != nil {
			t.Errorf("%s uses register %s", name, r)
		}
	}
}

func needAssembly(t *testing.T) {
	if !Accelerated {
		require.Missing(t, "this processor has no AVX2 or no FMA")
	}
}

// alone computes one operation by its generated function for contiguous numbers.
func alone(op step.Op, dst []float32, in [][]float32) bool {
	f := FindOperation(op, []byte(strings.Repeat("f", len(in))))
	return f != nil && f([][]float32{dst}, in, len(dst), 1)
}

// inAssembly runs functions by their assembly alone, which has bounds of its own, and everything else by the plain Go loops.
func inAssembly(op step.Op, dst []float32, in [][]float32) {
	if _, function := named[op]; function || op == step.OpRsqrt {
		alone(op, dst, in)
		return
	}
	inGo(op, dst, in)
}

// Every generated chain gives the bits of its operations one by one, for rows and lanes of all kinds, and writes nothing
// else.
func TestGeneratedChainsEqualTheirOperations(t *testing.T) {
	needAssembly(t)
	r := rand.New(rand.NewPCG(7, 7))
	for text, a := range generated {
		for _, size := range [][2]int{{1, 1}, {3, 8}, {7, 1}, {8, 1}, {21, 1}, {5, 24}, {2, 5}} {
			rows, lanes := size[0], size[1]
			var in, got, want [][]float32
			for k := range a.kinds {
				in = append(in, mixed(r, extent(a.kinds[k], rows, lanes)))
			}
			for range a.outs {
				y := append(mixed(r, rows*lanes), guard)
				got, want = append(got, y), append(want, append([]float32(nil), y...))
			}
			if !a.run(got, in, rows, lanes) {
				if lanes != 5 {
					t.Fatalf("%s: does nothing for %d lanes", text, lanes)
				}
				continue
			}
			byOperation(text, a.kinds, want, in, rows, lanes, inAssembly)
			for j := range got {
				for i := range got[j] {
					if !equalBits(got[j][i], want[j][i]) {
						t.Fatalf("%s: %d rows of %d lanes: number %d of output %d is %g, by operations %g", text, rows, lanes, i, j, got[j][i], want[j][i])
					}
				}
			}
		}
	}
}

// A number's function does not depend on where it stands, nor on how many there are.
func TestPositionDoesNotMatter(t *testing.T) {
	needAssembly(t)
	r := rand.New(rand.NewPCG(8, 1))
	for op := range step.Op(step.Ops) {
		if !op.Elementwise() || op.Row().Arity != 1 || FindOperation(op, []byte("f")) == nil {
			continue
		}
		x := mixed(r, 40)
		whole := make([]float32, len(x))
		alone(op, whole, [][]float32{x})
		for from := range 9 {
			for n := range 20 {
				y := make([]float32, n+1)
				y[n] = guard
				alone(op, y[:n], [][]float32{x[from:][:n]})
				for i := range n {
					if !equalBits(y[i], whole[from+i]) {
						t.Fatalf("%v: number %d of %d from %d is %g, in the whole %g", op, i, n, from, y[i], whole[from+i])
					}
				}
				if y[n] != guard {
					t.Fatalf("%v: wrote beyond %d numbers", op, n)
				}
			}
		}
	}
}

func TestShortOperandsAreRefused(t *testing.T) {
	needAssembly(t)
	a := generated["add f0 u1 > [0]"]
	x := make([]float32, 24)
	for name, f := range map[string]func(){
		"operand":  func() { a.run([][]float32{x}, [][]float32{x[:23], x[:3]}, 3, 8) },
		"per row":  func() { a.run([][]float32{x}, [][]float32{x, x[:2]}, 3, 8) },
		"result":   func() { a.run([][]float32{x[:23]}, [][]float32{x, x[:3]}, 3, 8) },
		"operands": func() { a.run([][]float32{x}, [][]float32{x}, 3, 8) },
	} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.HasPrefix(text, "kernel: ") {
					t.Errorf("short %s: panic %q", name, text)
				}
			}()
			f()
		}()
	}
}
