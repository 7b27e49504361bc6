package export

import "math"

// Fixed point: a word q with the exponent f stands for q 2^-f. Words are 32 bits wide in computations; narrow ones are held
// in 16 bits and are at most top16, wide ones in 32 and are at most top28, so that a few of them can be added. Both are
// clamped there, on either side, so that the most negative word is free to say that a value is missing.
//
// The functions of this file are those of fixed_helpers.go in Go, bit for bit; a test compares the two.
const (
	top16 = 1<<15 - 1
	top28 = 1<<27 - 1
	top32 = math.MaxInt32
	gone  = math.MinInt32
)

// fit is x 2^-n, rounded to the nearest word (halves up) and clamped to top.
func fit(x int32, n int, top int32) int32 { return fitWide(int64(x), n, top) }

func fitWide(x int64, n int, top int32) int32 {
	switch {
	case n > 0:
		n = min(n, 63)
		x = (x>>(n-1) + 1) >> 1
	case n < 0:
		n = max(n, -30)
		most := int64(top >> -n)
		switch {
		case x > most:
			x = int64(top)
		case x < -most:
			x = -int64(top)
		default:
			x <<= -n
		}
	}
	return int32(max(-int64(top), min(x, int64(top))))
}

// shift is x 2^n in 64 bits; what falls off is rounded.
func shift(x int32, n int) int64 {
	if n >= 0 {
		return int64(x) << n
	}
	return int64(fit(x, -n, top32))
}

// normal shifts u > 0 until least <= u < 2 least, and adds the shifts to the left to e.
func normal(u, least uint32, e int) (uint32, int) {
	for ; u < least>>8; e += 8 {
		u <<= 8
	}
	for ; u < least; e++ {
		u <<= 1
	}
	for ; u >= 2*least; e-- {
		u >>= 1
	}
	return u, e
}

func size(x int32) uint32 {
	if x < 0 {
		return -uint32(x)
	}
	return uint32(x)
}

// ratio is a / b 2^-n, to 1 part in 16,000; top where b is 0.
func ratio(a, b int32, n int, top int32) int32 {
	if a == 0 {
		return 0
	}
	if b == 0 {
		if a < 0 {
			return -top
		}
		return top
	}
	u, e := normal(size(a), 1<<30, 0)
	v, d := normal(size(b), 1<<15, 0)
	q := fit(int32(u/v), n+e-d, top)
	if (a < 0) != (b < 0) {
		return -q
	}
	return q
}

// relaxed is v + h (I - G v) / (c + h G), with the shifts i and k that bring I to the exponent of G v and c to that of h G, and
// n from the exponent of v to that of the result.
func relaxed(v, h, c, G, I int32, i, k, n int, top int32) int32 {
	num, den := shift(I, i)-int64(G)*int64(v), shift(c, k)+int64(h)*int64(G)
	y := fit(v, n, top)
	if num == 0 || den <= 0 {
		return y
	}
	a, b, e, d := num, den, 0, 0
	if a < 0 {
		a = -a
	}
	for ; a > top32; e -= 4 {
		a >>= 4
	}
	for ; b > top32; d -= 4 {
		b >>= 4
	}
	u, e := normal(uint32(a), 1<<30, e)
	w, d := normal(uint32(b), 1<<15, d)
	q := int64(u/w) * int64(h)
	if num < 0 {
		q = -q
	}
	return fit(y+fitWide(q, n+e-d, top28), 0, top)
}

// curve interpolates a table quadratically; a step of it is 4096.
func curve(table []int16, at int32) int32 {
	k, t := at>>12, at&4095
	p := int32(table[k])
	d := int32(table[k+1]) - p
	dd := int32(table[k+2]) - int32(table[k+1]) - d
	return p + (t*d-(t*(4096-t)>>13)*dd+2048)>>12
}

// curves are the tables: f at 0, 1/steps, 2/steps, …, n of them, at the exponent bits.
var curves = map[string]struct {
	f              func(float64) float64
	steps, n, bits int
}{
	"sigma": {func(x float64) float64 { return 1/(1+math.Exp(-x)) - 0.5 }, 8, 99, 16},
	"exps":  {func(x float64) float64 { return math.Exp2(x) - 1 - x }, 32, 35, 18},
	"logs":  {func(x float64) float64 { return math.Log2(1+x) - x }, 32, 35, 18},
	"sines": {func(x float64) float64 { return math.Sin(math.Pi / 2 * x) }, 32, 35, 15},
	"erfs":  {math.Erf, 16, 67, 15},
}

// tabled are the numbers of the tables, as they are printed.
var tabled = func() map[string][]int16 {
	m := map[string][]int16{}
	for name, c := range curves {
		for k := range c.n {
			v := math.Round(math.Ldexp(c.f(float64(k)/float64(c.steps)), c.bits))
			m[name] = append(m[name], int16(min(v, top16)))
		}
	}
	return m
}()

// half is |sigmoid(x) - 1/2| at the exponent 16.
func half(x int32, fx int) int32 {
	at := fitWide(int64(size(x)), fx-15, top32)
	if at >= 12<<15 {
		return top16
	}
	return curve(tabled["sigma"], at)
}

// sigmoid has the exponent 15.
func sigmoid(x int32, fx int) int32 {
	r := half(x, fx)
	if x < 0 {
		r = -r
	}
	return (32768 + r + 1) >> 1
}

// tangent is tanh at the exponent 15.
func tangent(x int32, fx int) int32 {
	r := half(x, fx-1)
	if x < 0 {
		return -r
	}
	return r
}

const (
	log2e  = 1549082005 // at the exponent 30, as all of these but
	ln2    = 744261118
	turns  = 683565276 // 1 / 2 pi at 32
	toExp  = 18        // the exponent of what power gives
	inStep = 17        // that of positions in the tables exps, logs and sines
)

// power is e^x as m 2^(n - 18), with m from 2^18 to 2^19.
func power(x int32, fx int) (m int32, n int) {
	y := fitWide(int64(x)*log2e, fx+30-inStep, top28)
	t := y & (1<<inStep - 1)
	return 1<<toExp + t<<1 + curve(tabled["exps"], t), int(y >> inStep)
}

// exponential is e^x at the exponent f.
func exponential(x int32, fx, f int, top int32) int32 {
	m, n := power(x, fx)
	return fit(m, toExp-n-f, top)
}

// lessOne is e^x - 1 at the exponent f.
func lessOne(x int32, fx, f int, top int32) int32 {
	if z := fit(x, fx-28, top28); z < 1<<24 && z > -(1<<24) {
		zz := int64(z) * int64(z) >> 28
		return fit(z+int32(zz>>1)+int32(zz*int64(z)>>28)/6, 28-f, top)
	}
	g := min(f, 24)
	m, n := power(x, fx)
	one := int32(0)
	if g >= 0 {
		one = 1 << g
	}
	return fit(fit(m, toExp-n-g, 1<<30)-one, g-f, top)
}

// logarithm is the natural one at the exponent f; -top where x <= 0.
func logarithm(x int32, fx, f int, top int32) int32 {
	if x <= 0 {
		return -top
	}
	m, k := normal(uint32(x), 1<<inStep, 0)
	t := int32(m) - 1<<inStep
	l := int64(inStep-k-fx)<<toExp + int64(t<<1+curve(tabled["logs"], t))
	return fitWide(l*ln2, toExp+30-f, top)
}

// softened is log(1 + e^x) at the exponent f.
func softened(x int32, fx, f int, top int32) int32 {
	e, positive := exponential(-int32(size(x)), fx, inStep, 1<<inStep), int32(0)
	if x > 0 {
		positive = fit(x, fx-f, top)
	}
	l := int64(e<<1 + curve(tabled["logs"], e))
	return fit(positive+fitWide(l*ln2, toExp+30-f, top), 0, top)
}

// root is sqrt(x 2^-f) as r 2^-n, with r from 2^15 to 2^16; x > 0.
func root(x int32, f int) (r uint32, n int) {
	u, k := normal(uint32(x), 1<<30, f)
	if k&1 != 0 {
		u, k = u<<1, k+1
	}
	for bit := uint32(1 << 15); bit > 0; bit >>= 1 {
		if s := r | bit; s*s <= u {
			r = s
		}
	}
	return r, k / 2
}

// squareRoot is that of x at the exponent f; 0 where x <= 0.
func squareRoot(x int32, fx, f int, top int32) int32 {
	if x <= 0 {
		return 0
	}
	r, n := root(x, fx)
	return fit(int32(r), n-f, top)
}

// inverseRoot is 1 / sqrt(x) at the exponent f; top where x <= 0.
func inverseRoot(x int32, fx, f int, top int32) int32 {
	if x <= 0 {
		return top
	}
	r, n := root(x, fx)
	return fit(int32((1<<31)/r), 31-n-f, top)
}

// turn is sin x or, a quarter ahead, cos x, at the exponent 15.
func turn(x int32, fx, ahead int) int32 {
	p := int64(x) * turns
	if n := fx + 32 - inStep - 2; n >= 0 {
		p >>= min(n, 63)
	} else {
		p = 0 // a step of x is more than a turn
	}
	q, t := (int(p>>inStep)+ahead)&3, int32(p&(1<<inStep-1))
	if q&1 != 0 {
		t = 1<<inStep - t
	}
	if r := curve(tabled["sines"], t); q < 2 {
		return r
	} else {
		return -r
	}
}

// errorFunction has the exponent 15.
func errorFunction(x int32, fx int) int32 {
	r := int32(top16)
	if at := fitWide(int64(size(x)), fx-16, top32); at < 4<<16 {
		r = curve(tabled["erfs"], at)
	}
	if x < 0 {
		return -r
	}
	return r
}

// whole is the largest integer not above x, at the exponent f.
func whole(x int32, fx, f int, top int32) int32 {
	if fx <= 0 {
		return fit(x, fx-f, top)
	}
	return fit(x>>min(fx, 31), -f, top)
}
