package export

import (
	"fmt"
	"slices"
	"strings"
)

// helper is a C function that printed code may call. In its text @ stands for the prefix and an underscore.
type helper struct {
	name  string
	needs []string
	text  string
}

// helpers are printed in this order, as far as they are used. All work in single precision, keep NaN, and are held to their
// bounds against float64 by a test. Coefficients are those of interpolation at Chebyshev nodes over the interval named.
var helpers = []helper{
	{name: "bits", text: `/* The number of some bits, and back. */
static float @number(uint32_t b) {
    union { uint32_t b; float f; } u;
    u.b = b;
    return u.f;
}
`},
	{name: "back", text: `static uint32_t @bits(float f) {
    union { uint32_t b; float f; } u;
    u.f = f;
    return u.b;
}
`},
	{name: "grow", needs: []string{"bits"}, text: `/* e^r - 1 for x = n ln2 + r and |r| <= ln2/2, to 1e-8 of e^r; *n is n. */
static float @grow(float x, int *n) {
    float r, p;
    *n = (int)(x * 0x1.715476p+0f + (x < 0.0f ? -0.5f : 0.5f));
    r = x - (float)*n * 0x1.62ep-1f;
    r = r - (float)*n * 0x1.0bfbe8p-15f;
    p = 0.00836323288f + r * 0.00139262508f;
    p = 0.0416665542f + r * p;
    p = 0.166665767f + r * p;
    p = 0.5f + r * p;
    return r + r * r * p;
}
`},
	{name: "exp", needs: []string{"grow"}, text: `/* e^x: 1 ulp; infinite above 88.73, 0 below -103.98. */
static float @exp(float x) {
    int n;
    float p;
    if (!(x < 89.0f)) return x > 0.0f ? @number(0x7f800000U) : x;
    if (x < -104.0f) return 0.0f;
    p = 1.0f + @grow(x, &n);
    return p * @number((uint32_t)(127 + n / 2) << 23) * @number((uint32_t)(127 + n - n / 2) << 23);
}
`},
	{name: "expm1", needs: []string{"grow"}, text: `/* e^x - 1: 2 ulp, also near 0. */
static float @expm1(float x) {
    int n;
    float p, s;
    if (!(x < 88.0f)) return x > 0.0f ? @number(0x7f800000U) : x;
    if (x < -18.0f) return -1.0f;
    p = @grow(x, &n);
    if (n == 0) return p;
    s = @number((uint32_t)(127 + n) << 23);
    return s * p + (s - 1.0f);
}
`},
	{name: "sigmoid", needs: []string{"exp"}, text: `/* 1 / (1 + e^-x): 3 ulp. */
static float @sigmoid(float x) { return 1.0f / (1.0f + @exp(-x)); }
`},
	{name: "tanh", needs: []string{"expm1"}, text: `/* The hyperbolic tangent: 3 ulp. */
static float @tanh(float x) {
    float a = x < 0.0f ? -x : x;
    if (a > 9.1f) return x < 0.0f ? -1.0f : 1.0f;
    a = @expm1(2.0f * a);
    a = a / (a + 2.0f);
    return x < 0.0f ? -a : a;
}
`},
	{name: "log", needs: []string{"bits", "back"}, text: `/* The natural logarithm: 2 ulp; -infinity at 0, NaN below. */
static float @log(float x) {
    uint32_t b;
    int e = 0;
    float s, z, h;
    if (!(x > 0.0f) || x > 0x1.fffffep+127f) return x > 0.0f ? x : x == 0.0f ? -@number(0x7f800000U) : @number(0x7fc00000U);
    if (x < 0x1p-126f) {
        x *= 0x1p+24f;
        e = -24;
    }
    b = @bits(x) - 0x3f3504f3U; /* sqrt(1/2) */
    e += (int)(b >> 23) - (b >> 31 != 0U ? 512 : 0);
    x = @number((b & 0x7fffffU) + 0x3f3504f3U) - 1.0f;
    s = x / (2.0f + x);
    z = s * s;
    h = 0.333333425f + z * (0.199943789f + z * 0.14790493f);
    h = 2.0f * s * z * h + (float)e * 0x1.0bfbe8p-15f;
    return (float)e * 0x1.62ep-1f + (2.0f * s + h);
}
`},
	{name: "softplus", needs: []string{"exp", "log"}, text: `/* log(1 + e^x), and x itself above 20: 4 ulp. */
static float @softplus(float x) {
    float e, u;
    if (!(x <= 20.0f)) return x;
    e = @exp(x);
    u = 1.0f + e;
    return u - 1.0f > 0.0f ? @log(u) * (e / (u - 1.0f)) : e;
}
`},
	{name: "sqrt", needs: []string{"bits", "back"}, text: `/* The square root by Heron's steps from half the exponent: 1 ulp. */
static float @sqrt(float x) {
    float y, s = 1.0f;
    int k;
    if (!(x > 0.0f) || x > 0x1.fffffep+127f) return x < 0.0f ? @number(0x7fc00000U) : x;
    if (x < 0x1p-100f) {
        x *= 0x1p+48f;
        s = 0x1p-24f;
    }
    y = @number((@bits(x) >> 1) + 0x1fbb4000U);
    for (k = 0; k < 3; k++) y = 0.5f * (y + x / y);
    return y * s;
}
`},
	{name: "turn", text: `/* sin x or, a quarter ahead, cos x: 1.2e-7 absolute for |x| up to 8000, NaN beyond 1e6. */
static float @turn(float x, int ahead) {
    int32_t n;
    float r, z;
    if (!(x < 1e6f && x > -1e6f)) return x - x != 0.0f ? x - x : (x - x) / (x - x);
    n = (int32_t)(x * 0x1.45f306p-1f + (x < 0.0f ? -0.5f : 0.5f));
    r = x - (float)n * 0x1.92p+0f;
    r = r - (float)n * 0x1.fb4p-12f;
    r = r - (float)n * 0x1.4442d2p-24f;
    n += ahead;
    z = r * r;
    if (n & 1) r = 1.0f + z * (-0.5f + z * (0.0416666646f + z * (-0.00138883007f + z * 2.45474372e-05f)));
    else r = r + r * z * (-0.166666647f + z * (0.00833274594f + z * -0.000195873871f));
    return n & 2 ? -r : r;
}
`},
	{name: "sin", needs: []string{"turn"}, text: `static float @sin(float x) { return @turn(x, 0); }
`},
	{name: "cos", needs: []string{"turn"}, text: `static float @cos(float x) { return @turn(x, 1); }
`},
	{name: "erf", text: `/* The error function: 3 ulp. By powers of x^2 below 1 (Taylor), and of (|x| - 2.5) / 1.5 up to 4; highest powers first. */
static const float @erfs[28] @ROM = {
        1.48071928e-08f, -1.63658447e-07f, 1.64621144e-06f, -1.49256504e-05f, 0.00012055333f, -0.000854832702f,
        0.00522397763f, -0.0268661706f, 0.112837917f, -0.376126389f, 1.12837917f,
        1.12538509e-05f, -0.000153772215f, 0.000214786763f, 0.000673680916f, -0.00196617532f, 0.000671234709f,
        0.00461450064f, -0.00974271525f, 0.00666016489f, 0.00930396518f, -0.0318733453f, 0.0464478179f,
        -0.0436510005f, 0.0281819664f, -0.0122528441f, 0.00326741772f, 0.999593048f,};

static float @erf(float x) {
    const float a = x < 0.0f ? -x : x, z = a < 1.0f ? x * x : (a - 2.5f) / 1.5f;
    float y = 0.0f;
    int k = a < 1.0f ? 0 : 11;
    const int end = a < 1.0f ? 11 : 28;
    if (!(a < 4.0f)) return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x;
    for (; k < end; k++) y = @RD(&@erfs[k]) + y * z;
    if (a < 1.0f) return x * y;
    return x < 0.0f ? -y : y;
}
`},
	{name: "copy", text: `/* Copies numbers; volatile keeps compilers from calling memcpy. */
static void @copy(volatile float *to, const float *from, unsigned n) {
    for (unsigned i = 0; i < n; i++) to[i] = from[i];
}
`},
	{name: "min", text: `static float @min(float a, float b) { return a < b || a != a ? a : b; }
`},
	{name: "max", text: `static float @max(float a, float b) { return a > b || a != a ? a : b; }
`},
	{name: "abs", text: `static float @abs(float x) { return x < 0.0f ? -x : x; }
`},
	{name: "sign", text: `static float @sign(float x) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x; }
`},
	{name: "floor", text: `static float @floor(float x) {
    float f;
    if (!(x < 8388608.0f && x > -8388608.0f)) return x;
    f = (float)(int32_t)x;
    return f > x ? f - 1.0f : f;
}
`},
	{name: "relax", text: `/* v + h (I - G v) / (c + h G): the semi-implicit step. */
static float @relax(float v, float h, float c, float G, float I) { return v + h * ((I - G * v) / (c + h * G)); }
`},
}

// helperText prints the helpers that are used, and those that they need.
func helperText(helpers []helper, used map[string]bool) string {
	for k := len(helpers) - 1; k >= 0; k-- {
		if used[helpers[k].name] {
			for _, n := range helpers[k].needs {
				if !slices.ContainsFunc(helpers[:k], func(h helper) bool { return h.name == n }) {
					panic(fmt.Sprintf("export: helper %s needs %s, which does not stand before it", helpers[k].name, n))
				}
				used[n] = true
			}
		}
	}
	var b strings.Builder
	for _, h := range helpers {
		if used[h.name] {
			b.WriteString(h.text)
			b.WriteByte('\n')
		}
	}
	return b.String()
}
