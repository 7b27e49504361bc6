package kernel

import (
	"math/rand/v2"
	"testing"

	"github.com/elegans-nn/elegans/step"
)

// In plain Go the edges of a row are taken several at a time, with the bits of one after the other.
func TestEdgesInGroups(t *testing.T) {
	defer Accelerate(Accelerate(false))
	r := rand.New(rand.NewPCG(31, 1))
	for _, count := range []int{0, 1, 3, 4, 5, 9, 40} {
		for _, lanes := range []int{1, 7, 32} {
			const in, out = 6, 5
			var list []step.Edge
			for range count {
				list = append(list, step.Edge{From: r.IntN(in), To: r.IntN(out)})
			}
			e, w, x, dy := NewEdges(list), normals(r, count), normals(r, in*lanes), normals(r, out*lanes)
			y, dx, dw := normals(r, out*lanes), normals(r, in*lanes), normals(r, count)
			yWant, dxWant, dwWant := append([]float32(nil), y...), append([]float32(nil), dx...), append([]float32(nil), dw...)
			for k, f := range list {
				var sum float32
				for l := range lanes {
					from, to := f.From*lanes+l, f.To*lanes+l
					yWant[to] += float32(w[k] * x[from])
					dxWant[from] += float32(w[k] * dy[to])
					sum += float32(dy[to] * x[from])
				}
				dwWant[k] += sum
			}
			e.MulAdd(y, w, x, lanes)
			e.MulAddT(dx, w, dy, lanes)
			e.OuterAdd([][]float32{dw}, [][]float32{dy}, x, lanes, Times{Count: 1})
			for name, pair := range map[string][2][]float32{"product": {y, yWant}, "turned": {dx, dxWant}, "outer": {dw, dwWant}} {
				for i, v := range pair[1] {
					if pair[0][i] != v {
						t.Fatalf("%s of %d edges: number %d is %g, edge by edge %g", name, count, i, pair[0][i], v)
					}
				}
			}
		}
	}
}
