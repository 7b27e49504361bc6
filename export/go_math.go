package export

import (
	"fmt"
	"slices"
	"strings"
)

// goHelpers are the functions that printed Go may call, in the order in which they are printed, as far as they are used. They
// are those of C (see helpers, where bounds and coefficients are explained) with two differences: roots and whole parts are
// the processor's, which are exact, and every product stands in a conversion, without which Go may fuse it with a sum on some
// processors. So all machines compute the same numbers, to the bit, and WebAssembly, which is compiled from this text, too.
var goHelpers = []helper{
	{name: "power", text: `// power is 2^n.
func power(n int32) float32 { return math.Float32frombits(uint32(127+n) << 23) }
`},
	{name: "inf", text: `func infinity() float32 { return math.Float32frombits(0x7f800000) }
`},
	{name: "nan", text: `func nan() float32 { return math.Float32frombits(0x7fc00000) }
`},
	{name: "grow", text: `// turns is n for x = n ln2 + r and |r| <= ln2/2.
func turns(x float32) int32 {
	half := float32(0.5)
	if x < 0 {
		half = -0.5
	}
	return int32(float32(x*0x1.715476p+0) + half)
}

// grow is e^r - 1, to 1e-8 of e^r.
func grow(x float32, n int32) float32 {
	r := x - float32(float32(n)*0x1.62ep-1)
	r = r - float32(float32(n)*0x1.0bfbe8p-15)
	p := 0.00836323288 + float32(r*0.00139262508)
	p = 0.0416665542 + float32(r*p)
	p = 0.166665767 + float32(r*p)
	p = 0.5 + float32(r*p)
	return r + float32(float32(r*r)*p)
}
`},
	{name: "exp", needs: []string{"power", "inf", "grow"}, text: `// exp is e^x: 1 ulp; infinite above 88.73, 0 below -103.98.
func exp(x float32) float32 {
	if !(x < 89) {
		if x > 0 {
			return infinity()
		}
		return x
	}
	if x < -104 {
		return 0
	}
	n := turns(x)
	p := 1 + grow(x, n)
	return float32(float32(p*power(n/2)) * power(n-n/2))
}
`},
	{name: "expm1", needs: []string{"power", "inf", "grow"}, text: `// expm1 is e^x - 1: 2 ulp, also near 0.
func expm1(x float32) float32 {
	if !(x < 88) {
		if x > 0 {
			return infinity()
		}
		return x
	}
	if x < -18 {
		return -1
	}
	n := turns(x)
	p := grow(x, n)
	if n == 0 {
		return p
	}
	s := power(n)
	return float32(s*p) + (s - 1)
}
`},
	{name: "sigmoid", needs: []string{"exp"}, text: `// sigmoid is 1 / (1 + e^-x): 3 ulp.
func sigmoid(x float32) float32 { return 1 / (1 + exp(-x)) }
`},
	{name: "tanh", needs: []string{"expm1"}, text: `// tanh is the hyperbolic tangent: 3 ulp.
func tanh(x float32) float32 {
	a := x
	if x < 0 {
		a = -x
	}
	if a > 9.1 {
		a = 1
	} else {
		a = expm1(a + a)
		a = a / (a + 2)
	}
	if x < 0 {
		return -a
	}
	return a
}
`},
	{name: "log", needs: []string{"inf", "nan"}, text: `// log is the natural logarithm: 2 ulp; -infinity at 0, NaN below.
func log(x float32) float32 {
	if x != x || x > 0x1.fffffep+127 {
		return x
	}
	if x < 0 {
		return nan()
	}
	if x == 0 {
		return -infinity()
	}
	e := int32(0)
	if x < 0x1p-126 {
		x = float32(x * 0x1p+24)
		e = -24
	}
	b := math.Float32bits(x) - 0x3f3504f3 // sqrt(1/2)
	e += int32(b) >> 23
	x = math.Float32frombits((b&0x7fffff)+0x3f3504f3) - 1
	s := x / (2 + x)
	z := float32(s * s)
	h := 0.333333425 + float32(z*(0.199943789+float32(z*0.14790493)))
	h = float32(float32((s+s)*z)*h) + float32(float32(e)*0x1.0bfbe8p-15)
	return float32(float32(e)*0x1.62ep-1) + ((s + s) + h)
}
`},
	{name: "softplus", needs: []string{"exp", "log"}, text: `// softplus is log(1 + e^x), and x itself above 20: 4 ulp.
func softplus(x float32) float32 {
	if !(x <= 20) {
		return x
	}
	e := exp(x)
	u := 1 + e
	if u-1 > 0 {
		return float32(log(u) * (e / (u - 1)))
	}
	return e
}
`},
	{name: "sqrt", text: `// sqrt is the square root, correctly rounded.
func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }
`},
	{name: "turn", needs: []string{"nan"}, text: `// turn is sin x or, a quarter ahead, cos x: 1.2e-7 absolute for |x| up to 8000, NaN beyond 1e6.
func turn(x float32, ahead int32) float32 {
	if !(x < 1e6 && x > -1e6) {
		return nan()
	}
	half := float32(0.5)
	if x < 0 {
		half = -0.5
	}
	n := int32(float32(x*0x1.45f306p-1) + half)
	r := x - float32(float32(n)*0x1.92p+0)
	r = r - float32(float32(n)*0x1.fb4p-12)
	r = r - float32(float32(n)*0x1.4442d2p-24)
	n += ahead
	z := float32(r * r)
	if n&1 != 0 {
		r = 1 + float32(z*(-0.5+float32(z*(0.0416666646+float32(z*(-0.00138883007+float32(z*2.45474372e-05)))))))
	} else {
		r = r + float32(float32(r*z)*(-0.166666647+float32(z*(0.00833274594+float32(z*-0.000195873871)))))
	}
	if n&2 != 0 {
		return -r
	}
	return r
}
`},
	{name: "sin", needs: []string{"turn"}, text: `func sin(x float32) float32 { return turn(x, 0) }
`},
	{name: "cos", needs: []string{"turn"}, text: `func cos(x float32) float32 { return turn(x, 1) }
`},
	{name: "erf", text: `// erfs are powers of x^2 below 1 (Taylor), and of (|x| - 2.5) / 1.5 up to 4; highest powers first.
var erfs = [28]float32{
	1.48071928e-08, -1.63658447e-07, 1.64621144e-06, -1.49256504e-05, 0.00012055333, -0.000854832702,
	0.00522397763, -0.0268661706, 0.112837917, -0.376126389, 1.12837917,
	1.12538509e-05, -0.000153772215, 0.000214786763, 0.000673680916, -0.00196617532, 0.000671234709,
	0.00461450064, -0.00974271525, 0.00666016489, 0.00930396518, -0.0318733453, 0.0464478179,
	-0.0436510005, 0.0281819664, -0.0122528441, 0.00326741772, 0.999593048,
}

// erf is the error function: 3 ulp.
func erf(x float32) float32 {
	a := x
	if x < 0 {
		a = -x
	}
	if !(a < 4) {
		if x > 0 {
			return 1
		}
		if x < 0 {
			return -1
		}
		return x
	}
	z := (a - 2.5) / 1.5
	k := 11
	end := 28
	if a < 1 {
		z = float32(x * x)
		k = 0
		end = 11
	}
	y := float32(0)
	for ; k < end; k++ {
		y = erfs[k] + float32(y*z)
	}
	if a < 1 {
		return float32(x * y)
	}
	if x < 0 {
		return -y
	}
	return y
}
`},
	{name: "minimum", text: `func minimum(a, b float32) float32 {
	if a < b || a != a {
		return a
	}
	return b
}
`},
	{name: "maximum", text: `func maximum(a, b float32) float32 {
	if a > b || a != a {
		return a
	}
	return b
}
`},
	{name: "pick", text: `// pick is a where the condition is not 0, else b.
func pick(condition, a, b float32) float32 {
	if condition != 0 {
		return a
	}
	return b
}
`},
	{name: "observed", text: `// observed is 1 where x is a number, 0 where it is NaN.
func observed(x float32) float32 {
	if x == x {
		return 1
	}
	return 0
}
`},
	{name: "above", text: `// above is 1 where x > 0, else 0.
func above(x float32) float32 {
	if x > 0 {
		return 1
	}
	return 0
}
`},
	{name: "abs", text: `func abs(x float32) float32 {
	if x < 0 {
		return -x
	}
	return x
}
`},
	{name: "sign", text: `func sign(x float32) float32 {
	if x > 0 {
		return 1
	}
	if x < 0 {
		return -1
	}
	return x
}
`},
	{name: "floor", text: `func floor(x float32) float32 { return float32(math.Floor(float64(x))) }
`},
	{name: "relax", text: `// relax is v + h (I - G v) / (c + h G): the semi-implicit step.
func relax(v, h, c, g, i float32) float32 {
	return v + float32(h*((i-float32(g*v))/(c+float32(h*g))))
}
`},
}

// helperOrder lists those of the helpers that are used, and those that they need, in their order.
func helperOrder(helpers []helper, used map[string]bool) (list []helper) {
	for k := len(helpers) - 1; k >= 0; k-- {
		h := helpers[k]
		if !used[h.name] {
			continue
		}
		for _, n := range h.needs {
			if !slices.ContainsFunc(helpers[:k], func(h helper) bool { return h.name == n }) {
				panic(fmt.Sprintf("export: helper %s needs %s, which does not stand before it", h.name, n))
			}
			used[n] = true
		}
		list = append(list, h)
	}
	slices.Reverse(list)
	return list
}

// goHelperText prints the helpers that are used.
func goHelperText(used map[string]bool) string {
	var b strings.Builder
	for _, h := range helperOrder(goHelpers, used) {
		b.WriteString("\n" + h.text)
	}
	return b.String()
}
