package kernel

import (
	"math"
	"slices"
	"testing"
)

// TestGatherAndScatter: rows singly and in runs, twice and never, forwards and backwards, against one number after the other.
func TestGatherAndScatter(t *testing.T) {
	const rows = 9
	for _, index := range [][]int{
		{4}, {0, 1, 2, 3, 4, 5, 6, 7, 8}, {2, 3, 4, 4, 5, 6, 6, 7, 8}, {8, 7, 6}, {0, 2, 4, 6, 7}, {5, 5, 5, 6, 0, 1}, {7, 8, 0, 1, 2, 0},
	} {
		for _, lanes := range []int{1, 3, 8, 32} {
			x, dy := make([]float32, rows*lanes), make([]float32, len(index)*lanes)
			for i := range x {
				x[i] = float32(math.Sin(float64(3*i + 1)))
			}
			for i := range dy {
				dy[i] = float32(math.Cos(float64(5*i + 2)))
			}
			y, dx := slices.Repeat([]float32{7}, len(dy)), slices.Repeat([]float32{7}, len(x))
			Gather(y, x, index, lanes)
			Scatter(dx, dy, index, lanes)
			sum := make([]float32, len(x))
			for k, i := range index {
				for l := range lanes {
					if got, want := y[k*lanes+l], x[i*lanes+l]; got != want {
						t.Fatalf("%v in %d lanes: row %d, lane %d is %v, want %v", index, lanes, k, l, got, want)
					}
					sum[i*lanes+l] += dy[k*lanes+l]
				}
			}
			if !slices.Equal(dx, sum) {
				t.Fatalf("%v in %d lanes: scattered to %v, want %v", index, lanes, dx, sum)
			}
		}
	}
}
