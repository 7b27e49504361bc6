package drift

import "math/bits"

// words is the size of a twister's state.
const words = 624

// twister is the generator MT19937 (Matsumoto and Nishimura, Mersenne twister, ACM TOMACS 8, 1998), begun from a seed as Python's
// random.Random is, which River draws with. It is here so that the same values are drawn; nothing else needs it.
type twister struct {
	state [words]uint32
	next  int // the word that is given next; words where all are used
}

// seed begins by the 32-bit digits of a seed, the lowest first (init_by_array in the authors' code).
func (t *twister) seed(seed uint64) {
	key := [2]uint32{uint32(seed), uint32(seed >> 32)}
	digits := 1
	if key[1] != 0 {
		digits = 2
	}
	s := &t.state
	s[0] = 19650218
	for i := 1; i < words; i++ {
		s[i] = 1812433253*(s[i-1]^s[i-1]>>30) + uint32(i)
	}
	i := 1
	step := func() {
		if i++; i == words {
			s[0], i = s[words-1], 1
		}
	}
	for k := range words {
		j := k % digits
		s[i] = (s[i] ^ (s[i-1]^s[i-1]>>30)*1664525) + key[j] + uint32(j)
		step()
	}
	for range words - 1 {
		s[i] = (s[i] ^ (s[i-1]^s[i-1]>>30)*1566083941) - uint32(i)
		step()
	}
	s[0] = 1 << 31
	t.next = words
}

// refill makes the next words.
func (t *twister) refill() {
	const middle = 397
	s := &t.state
	for i := range s {
		y := s[i]&(1<<31) | s[(i+1)%words]&(1<<31-1)
		v := s[(i+middle)%words] ^ y>>1
		if y&1 == 1 {
			v ^= 0x9908b0df
		}
		s[i] = v
	}
	t.next = 0
}

func (t *twister) uint32() uint32 {
	if t.next == words {
		t.refill()
	}
	y := t.state[t.next]
	t.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// below is a whole number from 0 to n-1, n > 0: as many leading bits as n has, again until they are less.
func (t *twister) below(n int) int {
	shift := 32 - bits.Len(uint(n))
	for {
		if v := int(t.uint32() >> shift); v < n {
			return v
		}
	}
}

func (t *twister) code(c *coder) {
	next := int64(t.next)
	c.ints(&next)
	c.demand(0 <= next && next <= words, "its generator has no such word")
	if c.err != nil {
		return
	}
	t.next = int(next)
	some := uint32(0)
	for i := 0; i < words; i += 2 {
		pair := c.word(uint64(t.state[i]) | uint64(t.state[i+1])<<32)
		t.state[i], t.state[i+1] = uint32(pair), uint32(pair>>32)
		some |= t.state[i] | t.state[i+1]
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
