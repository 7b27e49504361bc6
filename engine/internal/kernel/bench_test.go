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
		in := make([][]float32, op.Row().Arity)
		b.Run(op.String()+"/go", func(b *testing.B) {
			dst := make([]float32, 512)
			for k := range in {
				in[k] = normals(r, 512)
			}
			for b.Loop() {
				inGo(op, dst, in)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/512, "ns/number")
		})
		f := FindOperation(op, []byte("fffff")[:len(in)])
		if f == nil {
			continue
		}
		b.Run(op.String()+"/avx2", func(b *testing.B) {
			out, in := [][]float32{make([]float32, 512)}, make([][]float32, len(in))
			for k := range in {
				in[k] = normals(r, 512)
			}
			for b.Loop() {
				f(out, in, 512, 1)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/512, "ns/number")
		})
	}
}

// BenchmarkMatrix times dense products of a recurrent layer, over a chunk of 8 times, on the plain Go path and in assembly.
func BenchmarkMatrix(b *testing.B) {
	const rows, cols, lanes, times = 128, 64, 32, 8
	r := rand.New(rand.NewPCG(1, 1))
	m := Matrix{W: normals(r, rows*cols), Rows: rows, Cols: cols, Row: cols, Col: 1}
	xstep, ystep := cols*lanes+32, rows*lanes+32
	x, y := normals(r, times*xstep), normals(r, times*ystep)
	run := func(name string, flops float64, f func()) {
		for _, path := range []string{"go", "avx2"} {
			was := Accelerate(path == "avx2")
			if Accelerated == (path == "avx2") {
				b.Run(name+"/"+path, func(b *testing.B) {
					for b.Loop() {
						f()
					}
					b.ReportMetric(flops*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
				})
			}
			Accelerate(was)
		}
	}
	p := Product{Terms: []Matrix{m}, X: [][]float32{x}}
	run("product", 2*rows*cols*lanes, func() { p.Run(y, lanes) })
	panels := NewPanels(cols, lanes, times)
	run("outer", 2*rows*cols*lanes*times, func() {
		if !Panelled(lanes) {
			m.OuterAdd(y, x, lanes, Times{times, ystep, xstep})
			return
		}
		for t := range times {
			panels.Take(t, x[t*xstep:])
		}
		panels.OuterAdd(m, y, Times{Count: times, DY: ystep}, 1)
	})
}
