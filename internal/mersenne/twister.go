// Package mersenne is the generator MT19937 (Matsumoto and Nishimura, Mersenne twister, ACM TOMACS 8, 1998; every constant is
// theirs), for what must draw the same numbers as other programs do. All else draws by generators of the standard library.
package mersenne

// Words is the size of the state.
const Words = 624

// Twister is the generator. Its fields are there to be kept and restored.
type Twister struct {
	State [Words]uint32
	At    int // the next word of State; Words where all are used
}

// New begins from one number, as numpy's legacy RandomState does (init_genrand in the authors' code).
func New(seed uint32) (t Twister) {
	t.At = Words
	for i := range t.State {
		t.State[i] = seed
		seed = 1812433253*(seed^seed>>30) + uint32(i) + 1
	}
	return t
}

// FromDigits begins from the 32-bit digits of a seed, the lowest first, as Python's random.Random does (init_by_array in the
// authors' code).
func FromDigits(seed uint64) Twister {
	key := [2]uint32{uint32(seed), uint32(seed >> 32)}
	digits := 1
	if key[1] != 0 {
		digits = 2
	}
	t := New(19650218)
	s, i := &t.State, 1
	step := func() {
		if i++; i == Words {
			s[0], i = s[Words-1], 1
		}
	}
	for k := range Words {
		j := k % digits
		s[i] = (s[i] ^ (s[i-1]^s[i-1]>>30)*1664525) + key[j] + uint32(j)
		step()
	}
	for range Words - 1 {
		s[i] = (s[i] ^ (s[i-1]^s[i-1]>>30)*1566083941) - uint32(i)
		step()
	}
	s[0] = 1 << 31
	return t
}

// Next is the next 32-bit word.
func (t *Twister) Next() uint32 {
	if t.At == Words {
		t.refill()
	}
	y := t.State[t.At]
	t.At++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

func (t *Twister) refill() {
	s := &t.State
	for i := range s {
		y := s[i]&0x80000000 | s[(i+1)%Words]&0x7fffffff
		s[i] = s[(i+397)%Words] ^ y>>1 ^ y&1*0x9908b0df
	}
	t.At = 0
}
