package export

import (
	"fmt"
	"strings"
)

// curveText is a table of fixed_math.go in C.
func curveText(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "static const int16_t @%s[%d] @ROM = {", name, len(tabled[name]))
	for k, v := range tabled[name] {
		if k%16 == 0 {
			b.WriteString("\n   ")
		}
		fmt.Fprintf(&b, " %d,", v)
	}
	b.WriteString("};\n\n")
	return b.String()
}

// fixedHelpers are the functions of fixed_math.go in C99, where neither a shift of a negative number to the left nor an
// overflow is defined. They stand in the order in which they are printed.
var fixedHelpers = []helper{
	{name: "asr", text: `/* Fixed point: a word q with the exponent f stands for q 2^-f. Shifts to the right round down. */
static int32_t @asr(int32_t x, int n) { return x < 0 ? ~(~x >> n) : x >> n; }
`},
	{name: "asr64", text: `static int64_t @asr64(int64_t x, int n) { return x < 0 ? ~(~x >> n) : x >> n; }
`},
	{name: "fit", needs: []string{"asr"}, text: `/* x 2^-n, rounded to the nearest and clamped to top. */
static int32_t @fit(int32_t x, int n, int32_t top) {
    if (n > 0) {
        x = @asr(@asr(x, n < 32 ? n - 1 : 31) + 1, 1);
    } else if (n < 0) {
        const int by = n < -30 ? 30 : -n;
        const int32_t most = top >> by;
        if (x > most) return top;
        if (x < -most) return -top;
        x *= (int32_t)1 << by;
    }
    return x > top ? top : x < -top ? -top : x;
}
`},
	{name: "fit64", needs: []string{"asr64"}, text: `static int32_t @fit64(int64_t x, int n, int32_t top) {
    if (n > 0) {
        x = @asr64(@asr64(x, n < 64 ? n - 1 : 62) + 1, 1);
    } else if (n < 0) {
        const int by = n < -30 ? 30 : -n;
        const int32_t most = top >> by;
        if (x > most) return top;
        if (x < -most) return -top;
        x *= (int32_t)1 << by;
    }
    return x > top ? top : x < -top ? -top : (int32_t)x;
}
`},
	{name: "size", text: `static uint32_t @size(int32_t x) { return x < 0 ? 0U - (uint32_t)x : (uint32_t)x; }
`},
	{name: "normal", text: `/* Shifts u > 0 until least <= u < 2 least, and adds the shifts to the left to e. */
static uint32_t @normal(uint32_t u, uint32_t least, int *e) {
    for (; u < least >> 8; *e += 8) u <<= 8;
    for (; u < least; *e += 1) u <<= 1;
    for (; u >= 2U * least; *e -= 1) u >>= 1;
    return u;
}
`},
	{name: "ratio", needs: []string{"fit", "size", "normal"}, text: `/* a / b 2^-n, to 1 part in 16,000; top where b is 0. */
static int32_t @ratio(int32_t a, int32_t b, int n, int32_t top) {
    int e = 0, d = 0;
    uint32_t u, v;
    int32_t q;
    if (a == 0) return 0;
    if (b == 0) return a < 0 ? -top : top;
    u = @normal(@size(a), (uint32_t)1 << 30, &e);
    v = @normal(@size(b), (uint32_t)1 << 15, &d);
    q = @fit((int32_t)(u / v), n + e - d, top);
    return (a < 0) != (b < 0) ? -q : q;
}
`},
	{name: "shift", needs: []string{"fit"}, text: `/* x 2^n in 64 bits. */
static int64_t @shift(int32_t x, int n) { return n < 0 ? @fit(x, -n, 2147483647) : (int64_t)x * ((int64_t)1 << n); }
`},
	{name: "relax", needs: []string{"fit", "fit64", "normal", "shift"}, text: `/* v + h (I - G v) / (c + h G): the semi-implicit step. */
static int32_t @relax(int32_t v, int32_t h, int32_t c, int32_t G, int32_t I, int i, int k, int n, int32_t top) {
    const int64_t num = @shift(I, i) - (int64_t)G * v;
    int64_t a = num < 0 ? -num : num, b = @shift(c, k) + (int64_t)h * G, q;
    const int32_t y = @fit(v, n, top);
    int e = 0, d = 0;
    uint32_t u, w;
    if (num == 0 || b <= 0) return y;
    for (; a > 2147483647; e -= 4) a >>= 4;
    for (; b > 2147483647; d -= 4) b >>= 4;
    u = @normal((uint32_t)a, (uint32_t)1 << 30, &e);
    w = @normal((uint32_t)b, (uint32_t)1 << 15, &d);
    q = (int64_t)(u / w) * h;
    return @fit(y + @fit64(num < 0 ? -q : q, n + e - d, 134217727), 0, top);
}
`},
	{name: "curve", needs: []string{"asr"}, text: `/* Interpolates a table quadratically; a step of it is 4096. */
static int32_t @curve(const int16_t *table, int32_t at) {
    const int32_t k = at >> 12, t = at & 4095, p = (int16_t)@RD16(&table[k]), q = (int16_t)@RD16(&table[k + 1]);
    const int32_t d = q - p, dd = (int16_t)@RD16(&table[k + 2]) - q - d;
    return p + @asr(t * d - (t * (4096 - t) >> 13) * dd + 2048, 12);
}
`},
	{name: "half", needs: []string{"curve", "fit", "size"}, text: curveText("sigma") + `/* |1 / (1 + e^-x) - 1/2| at the exponent 16, by a table of steps of 1/8. */
static int32_t @half(int32_t x, int fx) {
    const int32_t at = @fit((int32_t)@size(x), fx - 15, 2147483647);
    return at < (int32_t)12 << 15 ? @curve(@sigma, at) : 32767;
}
`},
	{name: "sigmoid", needs: []string{"half"}, text: `/* 1 / (1 + e^-x) at the exponent 15, to 6e-5. */
static int32_t @sigmoid(int32_t x, int fx) {
    const int32_t r = @half(x, fx);
    return @asr(32769 + (x < 0 ? -r : r), 1);
}
`},
	{name: "tanh", needs: []string{"half"}, text: `/* tanh x at the exponent 15, to 6e-5. */
static int32_t @tanh(int32_t x, int fx) {
    const int32_t r = @half(x, fx - 1);
    return x < 0 ? -r : r;
}
`},
	{name: "power", needs: []string{"curve", "fit64", "asr"}, text: curveText("exps") + `/* e^x = m 2^(n - 18), with m from 2^18 to 2^19, to 2e-5 of it, by a table of 2^x. */
static int32_t @power(int32_t x, int fx, int *n) {
    const int32_t y = @fit64((int64_t)x * 1549082005, fx + 13, 134217727), t = y & 0x1ffff;
    *n = (int)@asr(y, 17);
    return 262144 + t * 2 + @curve(@exps, t);
}
`},
	{name: "exp", needs: []string{"power", "fit"}, text: `/* e^x at the exponent f. */
static int32_t @exp(int32_t x, int fx, int f, int32_t top) {
    int n;
    const int32_t m = @power(x, fx, &n);
    return @fit(m, 18 - n - f, top);
}
`},
	{name: "expm1", needs: []string{"power", "fit", "asr64"}, text: `/* e^x - 1 at the exponent f, to 1e-4 of it. */
static int32_t @expm1(int32_t x, int fx, int f, int32_t top) {
    const int32_t z = @fit(x, fx - 28, 134217727);
    const int g = f < 24 ? f : 24;
    int n;
    int32_t m;
    if (z < 16777216 && z > -16777216) {
        const int64_t zz = @asr64((int64_t)z * z, 28);
        return @fit(z + (int32_t)@asr64(zz, 1) + (int32_t)@asr64(zz * z, 28) / 6, 28 - f, top);
    }
    m = @power(x, fx, &n);
    return @fit(@fit(m, 18 - n - g, 1073741824) - (g < 0 ? 0 : (int32_t)1 << g), g - f, top);
}
`},
	{name: "logs", text: curveText("logs")},
	{name: "log", needs: []string{"logs", "curve", "normal", "fit64"}, text: `/* The natural logarithm at the exponent f, to 2e-5, by a table; -top where x <= 0. */
static int32_t @log(int32_t x, int fx, int f, int32_t top) {
    int k = 0;
    int32_t t;
    if (x <= 0) return -top;
    t = (int32_t)@normal((uint32_t)x, 131072U, &k) - 131072;
    return @fit64(((int64_t)(17 - k - fx) * 262144 + (t * 2 + @curve(@logs, t))) * 744261118, 48 - f, top);
}
`},
	{name: "softplus", needs: []string{"logs", "curve", "exp", "fit64", "size"}, text: `/* log(1 + e^x) at the exponent f, to 2e-5. */
static int32_t @softplus(int32_t x, int fx, int f, int32_t top) {
    const int32_t e = @exp(-(int32_t)@size(x), fx, 17, 131072), y = x > 0 ? @fit(x, fx - f, top) : 0;
    return @fit(y + @fit64((int64_t)(e * 2 + @curve(@logs, e)) * 744261118, 48 - f, top), 0, top);
}
`},
	{name: "root", needs: []string{"normal"}, text: `/* sqrt(x 2^-n) = r 2^-n, with r from 2^15 to 2^16, for x > 0; n changes. */
static uint32_t @root(int32_t x, int *n) {
    uint32_t u = @normal((uint32_t)x, (uint32_t)1 << 30, n), r = 0;
    if (*n & 1) {
        u <<= 1;
        *n += 1;
    }
    *n /= 2;
    for (uint32_t bit = 32768; bit > 0U; bit >>= 1) {
        const uint32_t s = r | bit;
        if (s * s <= u) r = s;
    }
    return r;
}
`},
	{name: "sqrt", needs: []string{"root", "fit"}, text: `/* The square root at the exponent f, to 4e-5 of it; 0 where x <= 0. */
static int32_t @sqrt(int32_t x, int fx, int f, int32_t top) {
    int n = fx;
    uint32_t r;
    if (x <= 0) return 0;
    r = @root(x, &n);
    return @fit((int32_t)r, n - f, top);
}
`},
	{name: "rsqrt", needs: []string{"root", "fit"}, text: `/* 1 / sqrt(x) at the exponent f, to 7e-5 of it; top where x <= 0. */
static int32_t @rsqrt(int32_t x, int fx, int f, int32_t top) {
    int n = fx;
    uint32_t r;
    if (x <= 0) return top;
    r = @root(x, &n);
    return @fit((int32_t)(((uint32_t)1 << 31) / r), 31 - n - f, top);
}
`},
	{name: "turn", needs: []string{"curve", "asr64"}, text: curveText("sines") + `/* sin x or, a quarter ahead, cos x, at the exponent 15, to 6e-5. */
static int32_t @turn(int32_t x, int fx, int ahead) {
    const int64_t p = fx < -13 ? 0 : @asr64((int64_t)x * 683565276, fx < 50 ? fx + 13 : 63);
    const int q = ((int)((uint64_t)p >> 17 & 3U) + ahead) & 3;
    const int32_t t = (int32_t)((uint64_t)p & 0x1ffffU), r = @curve(@sines, q & 1 ? 131072 - t : t);
    return q < 2 ? r : -r;
}
`},
	{name: "sin", needs: []string{"turn"}, text: `static int32_t @sin(int32_t x, int fx) { return @turn(x, fx, 0); }
`},
	{name: "cos", needs: []string{"turn"}, text: `static int32_t @cos(int32_t x, int fx) { return @turn(x, fx, 1); }
`},
	{name: "erf", needs: []string{"curve", "fit", "size"}, text: curveText("erfs") + `/* The error function at the exponent 15, to 9e-5. */
static int32_t @erf(int32_t x, int fx) {
    const int32_t at = @fit((int32_t)@size(x), fx - 16, 2147483647), r = at < (int32_t)4 << 16 ? @curve(@erfs, at) : 32767;
    return x < 0 ? -r : r;
}
`},
	{name: "floor", needs: []string{"asr", "fit"}, text: `/* The largest integer not above x, at the exponent f. */
static int32_t @floor(int32_t x, int fx, int f, int32_t top) {
    return fx > 0 ? @fit(@asr(x, fx < 31 ? fx : 31), -f, top) : @fit(x, fx - f, top);
}
`},
	{name: "min", text: `static int32_t @min(int32_t a, int32_t b) { return a < b ? a : b; }
`},
	{name: "max", text: `static int32_t @max(int32_t a, int32_t b) { return a > b ? a : b; }
`},
	{name: "copy16", text: `/* Copies numbers; volatile keeps compilers from calling memcpy. */
static void @copy16(volatile int16_t *to, const int16_t *from, unsigned n) {
    for (unsigned i = 0; i < n; i++) to[i] = from[i];
}
`},
	{name: "copy32", text: `static void @copy32(volatile int32_t *to, const int32_t *from, unsigned n) {
    for (unsigned i = 0; i < n; i++) to[i] = from[i];
}
`},
}
