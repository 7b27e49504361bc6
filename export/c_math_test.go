package export

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/internal/require"
	"github.com/elegans-nn/elegans/step"
)

// functions are the helpers of one operand, with what they compute and their bounds: ulp of the value, or of 1 where
// absolute.
var functions = []struct {
	name     string
	f        func(float64) float64
	lo, hi   float64
	ulp      float64
	absolute bool
}{
	{"exp", math.Exp, -87, 88.7, 1, false},
	{"expm1", math.Expm1, -30, 87, 2, false},
	{"sigmoid", step.Logistic, -87, 30, 3, false},
	{"tanh", math.Tanh, -12, 12, 3, false},
	{"log", math.Log, 1e-38, 50, 2, false},
	{"softplus", func(x float64) float64 { return math.Log1p(math.Exp(x)) }, -80, 20, 4, false},
	{"sqrt", math.Sqrt, 0, 1e6, 1, false},
	{"sin", math.Sin, -8000, 8000, 1, true},
	{"cos", math.Cos, -8000, 8000, 1, true},
	{"erf", math.Erf, -5, 5, 3, false},
	{"floor", math.Floor, -1e6, 1e6, 0, false},
	{"abs", math.Abs, -5, 5, 0, false},
}

// special are arguments at which nothing may go wrong.
var special = []float32{0, float32(math.Copysign(0, -1)), 1e-40, -1e-40, 1e-10, -1e-10, 1, -1, 88.8, -104.5, 1e20, -1e20, 3e38, -3e38,
	float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())}

// mathProgram prints each function at each argument that it reads.
func mathProgram() string {
	used := map[string]bool{}
	var calls strings.Builder
	for k, f := range functions {
		used[f.name] = true
		fmt.Fprintf(&calls, "        y[%d] = m_%s(x);\n", k, f.name)
	}
	return "#include <stdint.h>\n#include <stdio.h>\n#define m_ROM\n#define m_RD(p) (*(p))\n" + strings.ReplaceAll(helperText(helpers, used), "@", "m_") + fmt.Sprintf(`
int main(void) {
    float x, y[%d];
    while (fread(&x, sizeof x, 1, stdin) == 1) {
%s        fwrite(y, sizeof y, 1, stdout);
    }
    return 0;
}
`, len(functions), calls.String())
}

// mathBinary compiles it.
func mathBinary(t *testing.T, gcc string) string {
	t.Helper()
	dir := t.TempDir()
	source, program := filepath.Join(dir, "m.c"), filepath.Join(dir, "m")
	if err := os.WriteFile(source, []byte(mathProgram()), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(gcc, "-std=c99", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fsanitize=undefined,float-cast-overflow",
		"-fno-sanitize-recover=all", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// TestFunctions holds the printed functions to their bounds, and looks at them where arguments are extreme.
func TestFunctions(t *testing.T) {
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		require.Missing(t, "no gcc; on Debian it is in the package gcc")
	}
	program := mathBinary(t, gcc)
	const points = 20001
	var x []float32
	for _, f := range functions {
		for k := range points {
			x = append(x, float32(f.lo+(f.hi-f.lo)*float64(k)/(points-1)))
		}
	}
	for k := range points { // and near 0
		x = append(x, float32(math.Pow(2, -30+float64(k)*30/points)), -float32(math.Pow(2, -30+float64(k)*30/points)))
	}
	x = append(x, special...)
	var in bytes.Buffer
	for _, v := range x {
		in.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)))
	}
	cmd := exec.Command(program)
	cmd.Stdin = &in
	out, err := cmd.Output()
	if err != nil || len(out) != 4*len(functions)*len(x) {
		t.Fatalf("%v, %d bytes", err, len(out))
	}
	for k, f := range functions {
		worst, at := 0.0, float32(0)
		for row, v := range x {
			got := math.Float32frombits(binary.LittleEndian.Uint32(out[4*(row*len(functions)+k):]))
			want := f.f(float64(v))
			if row >= len(x)-len(special) {
				outside(t, f.name, v, got, want)
				continue
			}
			if float64(v) < f.lo || float64(v) > f.hi {
				continue
			}
			size := float32(math.Abs(want))
			if f.absolute {
				size = 1
			}
			size = max(size, 0x1p-126)
			unit := float64(math.Nextafter32(size, float32(math.Inf(1))) - size)
			if u := math.Abs(float64(got)-want) / unit; !(u <= worst) {
				worst, at = u, v
			}
		}
		t.Logf("%s: %.2f ulp at %g", f.name, worst, at)
		if !(worst <= f.ulp) {
			t.Errorf("%s: %.2f ulp at %g, at most %g is said", f.name, worst, at, f.ulp)
		}
	}
}

// outside demands of an extreme argument what float64 gives, roughly: infinite, NaN or a number of that size. Sines of huge
// arguments may be NaN.
func outside(t *testing.T, name string, x, got float32, want float64) {
	t.Helper()
	if name == "softplus" && x > 20 {
		want = float64(x)
	}
	w := float32(want)
	if (name == "sin" || name == "cos") && !(math.Abs(float64(x)) < 1e6) && got != got {
		return
	}
	if got != got && w != w || got == w || math.Abs(float64(got)-want) <= 1e-6*math.Abs(want)+1e-44 {
		return
	}
	t.Errorf("%s(%g) is %g, not %g", name, x, got, w)
}
