package drift

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// inside counts the lattice paths from (0, 0) to (n, n) that stay where |i - j| < k: the definition of 1 - P, in whole numbers.
func inside(n, k int) *big.Int {
	paths := make([]*big.Int, n+1) // of column i, by j
	for i := range n + 1 {
		for j := range n + 1 {
			sum := new(big.Int)
			switch {
			case i-j >= k || j-i >= k:
			case i == 0 && j == 0:
				sum.SetInt64(1)
			default:
				if i > 0 {
					sum.Add(sum, paths[j])
				}
				if j > 0 {
					sum.Add(sum, paths[j-1])
				}
			}
			paths[j] = sum
		}
	}
	return paths[n]
}

// TestPValue against the count of paths, relative to P, so that small ones are judged too. TestRiver has values of SciPy.
func TestPValue(t *testing.T) {
	cases, worst := 0, 0.0
	for _, n := range []int{1, 2, 7, 10, 30, 47, 100} {
		for k := 0; k <= n; k++ {
			all := new(big.Int).Binomial(int64(2*n), int64(n))
			out := new(big.Int).Sub(all, inside(n, k))
			want, _ := new(big.Rat).SetFrac(out, all).Float64()
			got := pValue(n, k)
			worst = max(worst, math.Abs(got-want)/want)
			cases++
		}
	}
	if cases != 204 || worst > 1e-13 {
		t.Errorf("%d cases, the largest relative error is %.2g; allowed: 1e-13", cases, worst)
	}
}

// TestCritical: the smallest distance that is a drift by the two conditions themselves.
func TestCritical(t *testing.T) {
	for _, n := range []int{3, 30, 50, 999, 1000, 10000} {
		for _, alpha := range []float64{0.5, 0.2, 0.1, 0.005, 1e-4} {
			want := 1
			for want < n && !(pValue(n, want) <= alpha && float64(want) > float64(n)/10) {
				want++
			}
			if got := critical(n, alpha); got != want {
				t.Errorf("n %d, alpha %g: %d instead of %d", n, alpha, got, want)
			}
		}
	}
	if got := critical(10000, 0.005); got != 1001 {
		t.Errorf("%d: a distance of 0.1 is no drift, one beyond is", got)
	}
}

// TestDistances against distribution functions at every value, with ties.
func TestDistances(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	share := func(sample []float64, x float64) (n int) {
		for _, v := range sample {
			if v <= x {
				n++
			}
		}
		return n
	}
	unlike := 0
	for range 500 {
		n := 1 + r.IntN(20)
		a, b := make([]float64, n), make([]float64, n)
		for i := range n {
			a[i], b[i] = float64(r.IntN(15)), float64(r.IntN(12)+r.IntN(5))
		}
		up, down := 0, 0
		for _, x := range append(slices.Clone(a), b...) {
			up, down = max(up, share(a, x)-share(b, x)), max(down, share(b, x)-share(a, x))
		}
		slices.Sort(a)
		slices.Sort(b)
		if u, d := distances(a, b); u != up || d != down {
			t.Fatalf("%v and %v: %d up, %d down instead of %d, %d", a, b, u, d, up, down)
		}
		if up != down {
			unlike++
		}
	}
	if unlike < 300 {
		t.Errorf("only %d pairs have a direction", unlike)
	}
}
