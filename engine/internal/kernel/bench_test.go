package kernel

import (
	"math/rand/v2"
	"testing"

	"github.com/elegans-nn/elegans/step"
)

// BenchmarkElementwise times every element-wise operation on 512 numbers.
func BenchmarkElementwise(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for op := range step.Op(step.Ops) {
		if !op.Elementwise() {
			continue
		}
		b.Run(op.String(), func(b *testing.B) {
			dst, in := make([]float32, 512), make([][]float32, op.Row().Arity)
			for k := range in {
				in[k] = normals(r, 512)
			}
			for b.Loop() {
				Elementwises[op].Map(dst, in)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/512, "ns/number")
		})
	}
}

// BenchmarkMatrix times dense products of a recurrent layer.
func BenchmarkMatrix(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	m := Matrix{W: normals(r, 128*64), Rows: 128, Cols: 64, Row: 64, Col: 1}
	x, y := normals(r, 64*32), normals(r, 128*32)
	flops := 2 * 128 * 64 * 32.0
	run := func(name string, f func()) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f()
			}
			b.ReportMetric(flops*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
	run("product", func() { m.MulAdd(y, x, 32) })
	run("outer", func() { m.OuterAdd(y, x, 32, Times{Count: 1}) })
}
