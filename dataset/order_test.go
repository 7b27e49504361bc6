package dataset

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestMedian holds selection against sorting, with equal values and with values in every order.
func TestMedian(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for n := 1; n < 300; n++ {
		values := make([]float64, n)
		for i := range values {
			values[i] = math.Round(r.NormFloat64()*float64(1+n%7)) / 4
		}
		switch n % 5 {
		case 0:
			slices.Sort(values)
		case 1:
			slices.Sort(values)
			slices.Reverse(values)
		}
		sorted := slices.Clone(values)
		slices.Sort(sorted)
		if got, want := median(values, -1), (sorted[(n-1)/2]+sorted[n/2])/2; got != want {
			t.Fatalf("median of %d values is %v, want %v", n, got, want)
		}
		if slices.Sort(values); !slices.Equal(values, sorted) {
			t.Fatalf("%d values are not the same after their median was found", n)
		}
	}
	if median(nil, 7.5) != 7.5 {
		t.Error("the median of nothing is not what was asked for")
	}
}

// TestSortByX holds the radix sort against the library's stable one.
func TestSortByX(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for n := range 200 {
		list := make([]pair, n)
		for i := range list {
			x := float32(r.NormFloat64() * math.Pow(10, float64(r.IntN(60)-30)))
			if n%3 == 0 {
				x = float32(r.IntN(9) - 4)
			}
			list[i] = pair{float64(x), float64(i)}
		}
		want := slices.Clone(list)
		slices.SortStableFunc(want, func(a, b pair) int {
			switch {
			case a.x < b.x:
				return -1
			case a.x > b.x:
				return 1
			}
			return 0
		})
		if got := sortByX(list, nil); !slices.Equal(got, want) {
			t.Fatalf("%d pairs in the order %v\nwant %v", n, got, want)
		}
	}
}
