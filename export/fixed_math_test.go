package export

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/internal/require"
	"github.com/elegans-nn/elegans/step"
)

// fixedFunctions are those of one operand, with what they compute, and the error that their text states: of the value where
// relative, besides half a unit of the result.
var fixedFunctions = []struct {
	name     string
	f        func(x int32, fx, f int, top int32) int32
	want     func(float64) float64
	lo, hi   float64
	err      float64
	relative bool
	own      int // the exponent of the result where that is fixed
}{
	{"sigmoid", func(x int32, fx, _ int, _ int32) int32 { return sigmoid(x, fx) }, step.Logistic, -30, 30, 6e-5, false, 15},
	{"tanh", func(x int32, fx, _ int, _ int32) int32 { return tangent(x, fx) }, math.Tanh, -30, 30, 6e-5, false, 15},
	{"sin", func(x int32, fx, _ int, _ int32) int32 { return turn(x, fx, 0) }, math.Sin, -300, 300, 6e-5, false, 15},
	{"cos", func(x int32, fx, _ int, _ int32) int32 { return turn(x, fx, 1) }, math.Cos, -300, 300, 6e-5, false, 15},
	{"erf", func(x int32, fx, _ int, _ int32) int32 { return errorFunction(x, fx) }, math.Erf, -6, 6, 9e-5, false, 15},
	{"exp", exponential, math.Exp, -20, 8, 2e-5, true, 0},
	{"expm1", lessOne, math.Expm1, -20, 6, 1e-4, true, 0},
	{"log", logarithm, math.Log, 1e-3, 2000, 2e-5, false, 0},
	{"softplus", softened, func(x float64) float64 { return math.Log1p(math.Exp(x)) }, -20, 30, 2e-5, false, 0},
	{"sqrt", squareRoot, math.Sqrt, 0, 2000, 4e-5, true, 0},
	{"rsqrt", inverseRoot, func(x float64) float64 { return 1 / math.Sqrt(x) }, 1e-3, 2000, 7e-5, true, 0},
	{"floor", whole, math.Floor, -100, 100, 0, false, 0},
}

// fixedTrial is one call: of a function of one operand, or of ratio or relax.
type fixedTrial struct {
	which    int32
	x        [5]int32
	a        [4]int32
	expected int32
}

// fixedTrials draws calls, with what Go gives.
func fixedTrials() (list []fixedTrial) {
	r := rand.New(rand.NewPCG(3, 4))
	word := func() int32 {
		switch r.IntN(8) {
		case 0:
			return []int32{0, 1, -1, top16, -top16, top28, -top28, 12345}[r.IntN(8)]
		case 1, 2, 3:
			return int32(r.IntN(2*top16+1) - top16)
		}
		return int32(r.IntN(2*top28+1)-top28) >> r.IntN(27)
	}
	top := func() int32 { return []int32{top16, top28}[r.IntN(2)] }
	for range 60000 {
		k := r.IntN(len(fixedFunctions))
		t := fixedTrial{which: int32(k), x: [5]int32{word()}, a: [4]int32{int32(r.IntN(48) - 8), int32(r.IntN(40) - 8), top()}}
		t.expected = fixedFunctions[k].f(t.x[0], int(t.a[0]), int(t.a[1]), t.a[2])
		list = append(list, t)
	}
	for range 40000 {
		t := fixedTrial{which: -1, x: [5]int32{word(), word(), word(), word(), word()}, a: [4]int32{int32(r.IntN(60) - 25), int32(r.IntN(40) - 8), int32(r.IntN(20) - 10), top()}}
		switch r.IntN(4) {
		case 0:
			t.expected = ratio(t.x[0], t.x[1], int(t.a[0]), t.a[3])
		case 1:
			t.which, t.expected = -2, fit(t.x[0], int(t.a[0]), t.a[3])
		case 2:
			wide := int64(t.x[0]) * int64(t.x[1])
			t.which, t.expected = -3, fitWide(wide, int(t.a[0]), t.a[3])
		default:
			for k := 2; k < 5; k++ {
				t.x[k] >>= 12
			}
			t.a[0], t.a[1] = int32(r.IntN(50)-10), int32(r.IntN(50)-10)
			t.which, t.expected = -4, relaxed(t.x[0], t.x[1], t.x[2], t.x[3], t.x[4], int(t.a[0]), int(t.a[1]), int(t.a[2]), t.a[3])
		}
		list = append(list, t)
	}
	return list
}

// fixedProgram reads trials without their results and gives those of C.
func fixedProgram() string {
	used := map[string]bool{"ratio": true, "relax": true}
	var cases strings.Builder
	for k, f := range fixedFunctions {
		used[f.name] = true
		args := "(int)t[6], (int)t[7], t[8]"
		if f.own > 0 {
			args = "(int)t[6]"
		}
		fmt.Fprintf(&cases, "        case %d: y = m_%s(t[1], %s); break;\n", k, f.name, args)
	}
	return "#include <stdint.h>\n#include <stdio.h>\n#define m_ROM\n#define m_RD16(p) (*(p))\n" + strings.ReplaceAll(helperText(fixedHelpers, used), "@", "m_") + fmt.Sprintf(`
int main(void) {
    int32_t t[10], y = 0;
    while (fread(t, sizeof t, 1, stdin) == 1) {
        switch (t[0]) {
%s        case -1: y = m_ratio(t[1], t[2], (int)t[6], t[9]); break;
        case -2: y = m_fit(t[1], (int)t[6], t[9]); break;
        case -3: y = m_fit64((int64_t)t[1] * t[2], (int)t[6], t[9]); break;
        case -4: y = m_relax(t[1], t[2], t[3], t[4], t[5], (int)t[6], (int)t[7], (int)t[8], t[9]); break;
        default: return 1;
        }
        fwrite(&y, sizeof y, 1, stdout);
    }
    return 0;
}
`, cases.String())
}

// TestFixedFunctionsInC: the functions in C give what those in Go give, bit for bit, and nothing of them is undefined.
func TestFixedFunctionsInC(t *testing.T) {
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		require.Missing(t, "no gcc; on Debian it is in the package gcc")
	}
	dir := t.TempDir()
	source, program := filepath.Join(dir, "m.c"), filepath.Join(dir, "m")
	if err := os.WriteFile(source, []byte(fixedProgram()), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(gcc, "-std=c99", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wpedantic", "-Werror", "-fsanitize=undefined,address",
		"-fno-sanitize-recover=all", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	list := fixedTrials()
	var in bytes.Buffer
	for _, trial := range list {
		if err := binary.Write(&in, binary.LittleEndian, trial.which); err != nil {
			t.Fatal(err)
		}
		_ = binary.Write(&in, binary.LittleEndian, trial.x)
		_ = binary.Write(&in, binary.LittleEndian, trial.a)
	}
	cmd := exec.Command(program)
	var errs bytes.Buffer
	cmd.Stdin, cmd.Stderr = &in, &errs
	out, err := cmd.Output()
	if err != nil || len(out) != 4*len(list) {
		t.Fatalf("%v, %d results of %d\n%.2000s", err, len(out)/4, len(list), errs.String())
	}
	wrong := 0
	for k, trial := range list {
		if got := int32(binary.LittleEndian.Uint32(out[4*k:])); got != trial.expected && wrong < 10 {
			wrong++
			t.Errorf("%+v: C gives %d", trial, got)
		}
	}
}

// TestFixedFunctions holds the functions to the errors that their texts state, at several exponents.
func TestFixedFunctions(t *testing.T) {
	for _, f := range fixedFunctions {
		worst, at := 0.0, 0.0
		for fx := 4; fx <= 22; fx += 3 {
			for k := range 20001 {
				x := f.lo + (f.hi-f.lo)*float64(k)/20000
				q := math.Round(math.Ldexp(x, fx))
				if math.Abs(q) > top28 || q <= 0 && f.lo >= 0 {
					continue
				}
				x = math.Ldexp(q, -fx)
				want, out := f.want(x), f.own
				if out == 0 {
					out = exponent(math.Abs(want), top28, 27)
				}
				got := math.Ldexp(float64(f.f(int32(q), fx, out, top28)), -out)
				e := max(0, math.Abs(got-want)-math.Ldexp(0.5, -out))
				if f.relative {
					e /= math.Abs(want)
				}
				if e > worst {
					worst, at = e, x
				}
			}
		}
		t.Logf("%s: %.2g at %g", f.name, worst, at)
		if worst > f.err {
			t.Errorf("%s is off by %.2g at %g; its text says at most %g", f.name, worst, at, f.err)
		}
	}
	for k := range 20000 {
		a, b := int32(k*6007%top28+1), int32(k*7919%top28+1)
		want := float64(a) / float64(b)
		n := -exponent(want, top28, 27)
		got := math.Ldexp(float64(ratio(a, b, n, top28)), n)
		if math.Abs(got-want) > want/16000+math.Ldexp(1, n) {
			t.Fatalf("%d / %d is %g, not %g", a, b, got, want)
		}
	}
}
