package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/elegans-nn/elegans/step"
)

// thresholds are where the functions, of either path, change their way: the ends of their ranges, of their results and of
// their reductions.
var thresholds = []float64{0x1p-149, 0x1p-126, 0x1p-24, 1e-6, math.Ln2 / 2, math.Sqrt2 / 2, 1, math.Sqrt2, math.Pi / 4, math.Pi / 2,
	math.Pi, 2.5, 3.8, 3.93, 4, 9.02, 10, 16.6, 17.4, 20, 40, 87.33655, 88.02969, 88.72284, 89, 89.5, 103.27893, 103.97208, 104, 104.5,
	150, 1024 * math.Pi, 0x1p16, 1e5, 0x1p22, 0x1p30, 0x1p126, math.MaxFloat32}

// arguments are about a million: all exponents, more of those where the functions bend, and what lies around thresholds.
func arguments() (x []float32) {
	r := rand.New(rand.NewPCG(11, 3))
	n := 450
	if testing.Short() {
		n = 60
	}
	both := func(bits uint32) {
		v := math.Float32frombits(bits)
		x = append(x, v, -v)
	}
	for e := range uint32(255) {
		many := n
		if e > 127-14 && e < 127+8 {
			many = 40 * n
		}
		for range many {
			both(e<<23 | r.Uint32()>>9)
		}
	}
	for _, v := range thresholds {
		at := math.Float32bits(float32(v))
		for d := range uint32(300) {
			both(min(at+d, math.Float32bits(math.MaxFloat32)))
			both(max(at, d) - d)
		}
	}
	for k := 1; k < 2000; k++ { // where sines and cosines are small
		for d := range uint32(3) {
			both(math.Float32bits(float32(float64(k)*math.Pi/2)) - 1 + d)
		}
	}
	for _, special := range []uint32{0, 1, 0x7f800000, 0x7f800001, 0x7fc00000, 0x7fc00001, 0x7fffffff} {
		both(special)
	}
	return x
}

// documented finds the errors that the comments of functions state, by their names.
func documented(t *testing.T, files string) map[string]float64 {
	t.Helper()
	names, err := filepath.Glob(files)
	if err != nil || len(names) == 0 {
		t.Fatal("no files ", files, err)
	}
	stated, bounds := regexp.MustCompile(`(?m)^// (\w+) is [^:\n]*: at most ([0-9.]+) ulp`), map[string]float64{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range stated.FindAllStringSubmatch(string(text), -1) {
			if bounds[m[1]], err = strconv.ParseFloat(m[2], 64); err != nil {
				t.Fatal(err)
			}
		}
	}
	return bounds
}

// named are the functions in the sources; the other operations of one operand are exact or one or two rounded instructions.
var named = map[step.Op]string{
	step.OpExp: "Exp", step.OpExpm1: "Expm1", step.OpLog: "Log", step.OpTanh: "Tanh", step.OpSigmoid: "Sigmoid",
	step.OpSoftplus: "Softplus", step.OpSin: "Sin", step.OpCos: "Cos", step.OpErf: "Erf",
}

var instructions = map[step.Op]float64{
	step.OpSqrt: 0.5, step.OpRsqrt: 1.5, step.OpFloor: 0, step.OpAbs: 0, step.OpSign: 0, step.OpStep: 0, step.OpObserved: 0,
}

// Every function of one operand, on both paths, is as near to float64 as its comment says, at all kinds of arguments.
func TestAccuracy(t *testing.T) {
	inLines := documented(t, "*.go")
	inVec := documented(t, "gen/vec/*.go")
	inVec["Sigmoid"] = inVec["Sigmoids"]
	x := arguments()
	t.Log(len(x), "arguments")
	want, y := make([]float64, len(x)), make([]float32, len(x))
	for op := range step.Op(step.Ops) {
		if !op.Elementwise() || op.Row().Arity != 1 {
			continue
		}
		f := op.Row().F
		for i, v := range x {
			want[i] = f([]float64{float64(v)})
		}
		name, isNamed := named[op]
		bound := func(of map[string]float64) float64 {
			if !isNamed {
				return instructions[op]
			}
			if of[name] == 0 {
				t.Errorf("the comment of %s states no error", name)
			}
			return of[name]
		}
		inGo(op, y, [][]float32{x})
		accurate(t, fmt.Sprint(op, " in Go"), x, y, want, bound(inLines))
		if Accelerated {
			FindOperation(op, []byte("f"))([][]float32{y}, [][]float32{x}, len(x), 1)
			accurate(t, fmt.Sprint(op, " in assembly"), x, y, want, bound(inVec))
		}
	}
}

// accurate compares results with their exact values, signs of zero included, and keeps functions that end at ±1 within.
func accurate(t *testing.T, what string, x, y []float32, want []float64, bound float64) {
	t.Helper()
	worst, at, bounded := -1.0, float32(0), true
	for _, w := range want {
		bounded = bounded && !(math.Abs(w) > 1)
	}
	for i, v := range x {
		if d := ulps(y[i], want[i]); d > worst {
			worst, at = d, v
		}
		if y[i] == 0 && want[i] == 0 && math.Signbit(float64(y[i])) != math.Signbit(want[i]) {
			t.Fatalf("%s of %g: the sign of zero is wrong", what, v)
		}
		if bounded && math.Abs(float64(y[i])) > 1 {
			t.Fatalf("%s of %g is %.9g, beyond 1", what, v, y[i])
		}
	}
	t.Logf("%-24s %.3f ulp at %.9g, stated %g", what, worst, at, bound)
	if !(worst <= bound) {
		t.Errorf("%s of %.9g: %g ulp, stated %g", what, at, worst, bound)
	}
}
