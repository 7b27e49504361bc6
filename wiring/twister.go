package wiring

import "math/bits"

// twister is the Mersenne twister MT19937 (Matsumoto and Nishimura, 1998; every constant below is theirs), seeded with one
// number and drawn from in the manner of numpy's legacy RandomState. NCP wirings are drawn with it.
type twister struct {
	state [624]uint32
	at    int // next word of state; 624 means that all are used up
}

func newTwister(seed uint32) *twister {
	t := &twister{at: len(twister{}.state)}
	for i := range t.state {
		t.state[i] = seed
		seed = 1812433253*(seed^seed>>30) + uint32(i) + 1
	}
	return t
}

// next returns the next 32-bit word.
func (t *twister) next() uint32 {
	if t.at == len(t.state) {
		t.refill()
	}
	y := t.state[t.at]
	t.at++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

func (t *twister) refill() {
	s := &t.state
	for i := range s {
		y := s[i]&0x80000000 | s[(i+1)%len(s)]&0x7fffffff
		s[i] = s[(i+397)%len(s)] ^ y>>1 ^ y&1*0x9908b0df
	}
	t.at = 0
}

// upTo is uniform in 0 to n: words masked to the bit length of n until one is small enough. n = 0 takes no word.
func (t *twister) upTo(n int) int {
	if n == 0 {
		return 0
	}
	mask := uint32(1)<<bits.Len(uint(n)) - 1
	for {
		if v := int(t.next() & mask); v <= n {
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
