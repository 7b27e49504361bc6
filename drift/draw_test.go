package drift

import (
	"math/bits"
	"testing"
)

// TestTwister: values of Python 3: r = random.Random(seed); [r.getrandbits(32) for _ in range(10000)].
func TestTwister(t *testing.T) {
	for _, c := range []struct {
		seed  uint64
		first [3]uint32
		last  uint32
	}{
		{0, [3]uint32{3626764237, 1654615998, 3255389356}, 3292398474},
		{42, [3]uint32{2746317213, 478163327, 107420369}, 3981887252},
		{1<<40 + 5, [3]uint32{2166296868, 2220160828, 1153647273}, 3959114100},
	} {
		var r twister
		r.seed(c.seed)
		for i := range 10000 {
			v := r.Next()
			if i < 3 && v != c.first[i] || i == 9999 && v != c.last {
				t.Errorf("seed %d: number %d is %d", c.seed, i, v)
			}
		}
	}
}

// TestDraw: values of Python 3: r = random.Random(seed); r.sample(range(n), k) 41 times, of which the first and the last begin so,
// and the last, read as digits to the base 1000003, is hash modulo 2^61-1.
func TestDraw(t *testing.T) {
	for _, c := range []struct {
		seed        uint64
		n, k        int
		first, last [4]int
		hash        uint64
		pooled      bool
	}{
		{0, 70, 30, [4]int{49, 53, 5, 33}, [4]int{63, 27, 30, 16}, 1107790997611491289, true},
		{1 << 32, 70, 30, [4]int{14, 44, 53, 2}, [4]int{54, 48, 4, 67}, 1919809961941852177, true},
		{12345678901234567, 600, 40, [4]int{99, 584, 575, 282}, [4]int{92, 179, 190, 270}, 773758142004486199, false},
		{7, 40, 4, [4]int{20, 9, 25, 3}, [4]int{35, 25, 6, 30}, 412694862895591953, false},
		{3, 10000, 150, [4]int{3898, 9709, 8916, 2136}, [4]int{9925, 3135, 8772, 8841}, 484276756487012791, false},
	} {
		var r twister
		r.seed(c.seed)
		d := newDraw(c.n, c.k)
		if d.pooled != c.pooled {
			t.Errorf("%d of %d: pooled is %v", c.k, c.n, d.pooled)
		}
		for i := range 41 {
			out := d.sample(&r)
			if first := [4]int(out); i == 0 && first != c.first || i == 40 && first != c.last {
				t.Errorf("seed %d: draw %d of %d from %d begins with %v", c.seed, i, c.k, c.n, first)
			}
		}
		hash := uint64(0)
		for _, v := range d.out {
			hash = mulmod(hash, 1000003, uint64(v))
		}
		if hash != c.hash {
			t.Errorf("seed %d: the last draw has hash %d", c.seed, hash)
		}
	}
}

// mulmod is a b + c modulo 2^61-1.
func mulmod(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	lo, carry := bits.Add64(lo, c, 0)
	_, rest := bits.Div64(hi+carry, lo, 1<<61-1)
	return rest
}
