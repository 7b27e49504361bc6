package drift

import (
	"math/bits"

	"github.com/elegans-nn/elegans/internal/mersenne"
)

// twister draws in the manner of Python's random.Random, which River draws with.
type twister struct{ mersenne.Twister }

func (t *twister) seed(seed uint64) { t.Twister = mersenne.FromDigits(seed) }

// below is a whole number from 0 to n-1, n > 0: as many leading bits as n has, again until they are less.
func (t *twister) below(n int) int {
	shift := 32 - bits.Len(uint(n))
	for {
		if v := int(t.Next() >> shift); v < n {
			return v
		}
	}
}

func (t *twister) code(c *coder) {
	next := int64(t.At)
	c.ints(&next)
	c.demand(0 <= next && next <= mersenne.Words, "its generator has no such word")
	if c.err != nil {
		return
	}
	t.At = int(next)
	some := uint32(0)
	for i := 0; i < mersenne.Words; i += 2 {
		pair := c.word(uint64(t.State[i]) | uint64(t.State[i+1])<<32)
		t.State[i], t.State[i+1] = uint32(pair), uint32(pair>>32)
		some |= t.State[i] | t.State[i+1]
	}
	c.demand(some != 0, "its generator is all zero, from where nothing else follows")
}

// draw takes k of the positions 0 to n-1 without replacement, in the way of Python's random.sample: for a small n from a pool
// whose last member takes the place of who was drawn, else again where a position was drawn before.
type draw struct {
	n      int
	pooled bool
	pool   []int  // positions that are left
	taken  []bool // positions that are gone
	out    []int
}

func newDraw(n, k int) *draw {
	// Python takes what needs less memory there: a list of n, or a set whose table has setsize entries.
	setsize := 21
	if k > 5 {
		table := 1
		for table < 3*k {
			table *= 4
		}
		setsize += table
	}
	d := &draw{n: n, pooled: n <= setsize, out: make([]int, k)}
	if d.pooled {
		d.pool = make([]int, n)
	} else {
		d.taken = make([]bool, n)
	}
	return d
}

// sample draws. The next call overwrites the positions.
func (d *draw) sample(t *twister) []int {
	if d.pooled {
		for i := range d.pool {
			d.pool[i] = i
		}
		for i := range d.out {
			j, last := t.below(d.n-i), d.n-i-1
			d.out[i] = d.pool[j]
			d.pool[j] = d.pool[last]
		}
		return d.out
	}
	for i := range d.out {
		j := t.below(d.n)
		for d.taken[j] {
			j = t.below(d.n)
		}
		d.out[i], d.taken[j] = j, true
	}
	for _, j := range d.out {
		d.taken[j] = false
	}
	return d.out
}
