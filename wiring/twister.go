package wiring

import (
	"math/bits"

	"github.com/elegans-nn/elegans/internal/mersenne"
)

// twister draws in the manner of numpy's legacy RandomState. NCP wirings are drawn with it.
type twister struct{ mersenne.Twister }

func newTwister(seed uint32) *twister { return &twister{mersenne.New(seed)} }

// upTo is uniform in 0 to n: words masked to the bit length of n until one is small enough. n = 0 takes no word.
func (t *twister) upTo(n int) int {
	if n == 0 {
		return 0
	}
	mask := uint32(1)<<bits.Len(uint(n)) - 1
	for {
		if v := int(t.Next() & mask); v <= n {
			return v
		}
	}
}

// sign is -1 or +1 with equal odds.
func (t *twister) sign() int8 { return int8(2*t.upTo(1) - 1) }

// some draws k different numbers out of 0 to n-1. The whole list is shuffled whatever k, as the reference does.
func (t *twister) some(n, k int) []int {
	order := span{0, n}.ids()
	for i := n - 1; i > 0; i-- {
		j := t.upTo(i)
		order[i], order[j] = order[j], order[i]
	}
	return order[:k]
}
