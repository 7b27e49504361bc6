package engine_test

import (
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/engine/internal/kernel"
)

// kernels are the instructions that benchmarks and tests may ask for.
var kernels = []string{"go", "avx2", "avx512"}

// use switches kernels on, if they run here, and returns what switches back.
func use(instructions string) (back func(), ok bool) {
	wide, accelerated := kernel.Widen(instructions == "avx512"), kernel.Accelerate(instructions != "go")
	return func() { kernel.Accelerate(accelerated); kernel.Widen(wide) }, engine.Instructions() == instructions
}

func TestKernelPath(t *testing.T) {
	paths := map[string]string{"go": "go", "avx2": "avx2", "avx512": "avx2"}
	for _, instructions := range kernels {
		back, ok := use(instructions)
		if got := engine.KernelPath(); ok && got != paths[instructions] {
			t.Errorf("the path of %s is called %s, want %s", instructions, got, paths[instructions])
		}
		back()
	}
	if !slices.Contains(kernels, engine.Instructions()) {
		t.Errorf("the instructions are called %s", engine.Instructions())
	}
}

// TestInstructionsGiveTheSameBits: all that a batch gives, on AVX2 and on AVX-512, of shards of 32 lanes, of 16 and of fewer.
func TestInstructionsGiveTheSameBits(t *testing.T) {
	back, ok := use("avx512")
	back()
	if !ok {
		t.Skip("this processor or build has no AVX-512")
	}
	for _, name := range []string{"ltc-ncp19", "ltc-fc32", "cfc-ncp19-masked", "lrc-ncp19", "stc-32", "gru64"} {
		p := preset(t, name)
		for _, rows := range [][]int{lengths(70, 5, 5), lengths(40, 1, 6), ragged} {
			theta, lanes := initial(p, 5), series(p, rows, 11)
			var got []result
			for _, instructions := range []string{"avx2", "avx512"} {
				back, _ := use(instructions)
				got = append(got, train(engine.NewBatch(p, engine.BatchOptions{Workers: 2}), theta, lanes, 0))
				back()
			}
			if got[0].loss != got[1].loss || !same(got[0].grad, got[1].grad) {
				t.Errorf("%s, %d lanes: another loss or gradient on AVX-512", name, len(rows))
			}
			for key, y := range got[0].output {
				if !same(y, got[1].output[key]) {
					t.Fatalf("%s, %d lanes: the output at lane and row %s is %v on AVX2, %v on AVX-512", name, len(rows), key, y, got[1].output[key])
				}
			}
		}
	}
}
