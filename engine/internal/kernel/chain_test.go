//go:build amd64 && !noasm

package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/step"
)

// chainTexts are the generated chains in order.
func chainTexts() (texts []string) {
	for text := range generated {
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return texts
}

// edged are n numbers at the end, or at the beginning, of memory whose neighbours must not be touched.
func edged(room []float32, n int, end bool) []float32 {
	if end {
		return room[len(room)-n:]
	}
	return room[:n]
}

// Every operation of the table has assembly, which for every length up to 67 gives the bits that its numbers have in a
// whole, and touches nothing beside them.
func TestEveryOperationAtEveryLength(t *testing.T) {
	needAssembly(t)
	const most = 67
	r := rand.New(rand.NewPCG(21, 1))
	rooms := make([][]float32, 6)
	for k := range rooms {
		rooms[k] = guarded(t, 1024, true) // a page, guarded on both sides
	}
	for op := range step.Op(step.Ops) {
		if !op.Elementwise() {
			continue
		}
		in, part := make([][]float32, op.Row().Arity), make([][]float32, op.Row().Arity)
		for k := range in {
			in[k] = mixed(r, most)
		}
		whole := make([]float32, most)
		if !alone(op, whole, in) {
			t.Errorf("%v has no assembly", op)
			continue
		}
		for n := range most + 1 {
			for _, end := range []bool{false, true} {
				for k := range in {
					part[k] = edged(rooms[k], n, end)
					copy(part[k], in[k])
				}
				y := edged(rooms[5], n, end)
				alone(op, y, part)
				for i, v := range y {
					if !equalBits(v, whole[i]) {
						t.Fatalf("%v: number %d of %d is %g, in the whole %g", op, i, n, v, whole[i])
					}
				}
			}
		}
	}
}

// FuzzChain runs a chain on rows and lanes of any number, against its operations one by one.
func FuzzChain(f *testing.F) {
	texts := chainTexts()
	for k := range uint16(40) {
		f.Add(k*7, byte(k), byte(3*k), uint64(k))
	}
	f.Fuzz(func(t *testing.T, chain uint16, rows, lanes byte, seed uint64) {
		needAssembly(t)
		text := texts[int(chain)%len(texts)]
		a, r := generated[text], rand.New(rand.NewPCG(seed, 5))
		n, m := 1+int(rows)%70, 1
		if lanes%4 != 0 {
			m = vector * (1 + int(lanes)%9)
		}
		var in, got, want [][]float32
		for _, kind := range []byte(a.kinds) {
			in = append(in, mixed(r, extent(kind, n, m)))
		}
		for range a.outs {
			y := append(mixed(r, n*m), guard)
			got, want = append(got, y), append(want, slices.Clone(y))
		}
		if !a.run(got, in, n, m) {
			t.Fatalf("%s: does nothing for %d lanes", text, m)
		}
		byOperation(text, a.kinds, want, in, n, m, inAssembly)
		for j := range got {
			sameBits(t, text, got[j], want[j])
		}
	})
}

// FuzzFunction compares a function in assembly with its Go twin at any bits: they may differ by their errors together.
func FuzzFunction(f *testing.F) {
	for k, bits := range []uint32{0, 1, 0x3f800000, 0x7f7fffff, 0x7f800000, 0x7fc00001, 0x42b17218, 0xc2cff1b4} {
		f.Add(byte(k), bits)
	}
	var ops []step.Op
	for op := range step.Op(step.Ops) {
		if _, ok := named[op]; ok {
			ops = append(ops, op)
		}
	}
	f.Fuzz(func(t *testing.T, which byte, bits uint32) {
		needAssembly(t)
		op, x, y, z := ops[int(which)%len(ops)], math.Float32frombits(bits), make([]float32, 1), make([]float32, 1)
		alone(op, y, [][]float32{{x}})
		inGo(op, z, [][]float32{{x}})
		if d := ulps(y[0], float64(z[0])); !(d <= 5) {
			t.Errorf("%v(%g) is %g, in Go %g: %g ulp", op, x, y[0], z[0], d)
		}
	})
}
