package export

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/export/internal/wasm"
	"github.com/elegans-nn/elegans/step"
)

// wasmInstance runs a module whose memory is free from address free on.
func wasmInstance(t *testing.T, m *wasm.Module) (i api.Module, free uint32) {
	t.Helper()
	free = uint32(m.Reserve(1<<12, 8))
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	t.Cleanup(func() { r.Close(ctx) })
	i, err := r.Instantiate(ctx, m.Encode("test", nil))
	if err != nil {
		t.Fatal(err)
	}
	return i, free
}

// printedStep prints a program with an input x and a state h as the file of Go that models become.
func printedStep(t *testing.T, p *step.Program) string {
	t.Helper()
	pl, err := newPlan(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := newWriter(pl, syntaxOfGo)
	w.items(pl.body)
	helpers := goHelperText(w.used)
	text := "package p\n"
	if strings.Contains(helpers, "math.") {
		text += "import \"math\"\n"
	}
	return text + fmt.Sprintf("type State struct { H0 [%d]float32 }\nfunc (s *State) Step(x *[%d]float32, dt float32, y *[%d]float32) {\n",
		pl.len(p.States[0].Node), pl.len(p.Inputs[0].Node), pl.len(p.Outputs[0].Node)) + goSpace(w) + w.out.String() + "}\n" + w.tables.String() + helpers
}

// runsInWasm compares three steps of a program with an input x and a state h with the oracle.
func runsInWasm(t *testing.T, name string, p *step.Program) {
	t.Helper()
	text := printedStep(t, p)
	i, free := wasmInstance(t, wasm.Compile([]byte(text), map[string][]string{"Step": {"step"}}))
	o := engine.NewOracle(p, 1, nil)
	x := o.Value(p.Inputs[0].Node)
	for k := range x {
		x[k] = 0.3 + 0.2*float64(k)
		i.Memory().WriteFloat32Le(free+1024+4*uint32(k), float32(x[k]))
	}
	for n := range 3 {
		o.Step()
		if _, err := i.ExportedFunction("step").Call(context.Background(), uint64(free), uint64(free+1024), api.EncodeF32(1), uint64(free+2048)); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		for k, v := range o.Value(p.Outputs[0].Node) {
			if got, _ := i.Memory().ReadFloat32Le(free + 2048 + 4*uint32(k)); !(math.Abs(float64(got)-v) <= 1e-5*(1+math.Abs(v))) {
				t.Errorf("%s: step %d, component %d is %g, not %g", name, n, k, got, v)
			}
		}
		copy(o.Value(p.States[0].Node), append([]float64(nil), o.Value(p.States[0].Next)...))
	}
}

// TestOperationsInWasm prints every operation in Go, compiles it to WebAssembly and compares it with the oracle.
func TestOperationsInWasm(t *testing.T) {
	for name, f := range operations() {
		b := step.New()
		x, h := b.Input("x", 6), b.State("h", step.Vector(6))
		next := f(b, x, h)
		b.Next("h", next)
		b.Output("y", step.Add(next, h))
		runsInWasm(t, name, b.Build())
	}
}

// TestFunctionsInWasm holds the functions that printed Go calls to the bounds of those of C, and looks at extreme arguments.
func TestFunctionsInWasm(t *testing.T) {
	used, exports := map[string]bool{}, map[string][]string{}
	for _, f := range functions {
		used[f.name], exports[f.name] = true, []string{f.name}
	}
	i, _ := wasmInstance(t, wasm.Compile([]byte("package p\nimport \"math\"\n"+goHelperText(used)), exports))
	const points = 4001
	for _, f := range functions {
		call := func(x float32) float32 {
			y, err := i.ExportedFunction(f.name).Call(context.Background(), api.EncodeF32(x))
			if err != nil {
				t.Fatalf("%s(%g): %v", f.name, x, err)
			}
			return api.DecodeF32(y[0])
		}
		worst, at := 0.0, float32(0)
		for k := range 2 * points {
			x := float32(f.lo + (f.hi-f.lo)*float64(k)/(points-1))
			if k >= points { // near 0
				x = float32(math.Copysign(math.Pow(2, -30+float64(k-points)*30/points), float64(k%2)-0.5))
			}
			if float64(x) < f.lo || float64(x) > f.hi {
				continue
			}
			want := f.f(float64(x))
			size := float32(math.Abs(want))
			if f.absolute {
				size = 1
			}
			size = max(size, 0x1p-126)
			if u := math.Abs(float64(call(x))-want) / float64(math.Nextafter32(size, float32(math.Inf(1)))-size); !(u <= worst) {
				worst, at = u, x
			}
		}
		t.Logf("%s: %.2f ulp at %g", f.name, worst, at)
		if !(worst <= f.ulp) {
			t.Errorf("%s: %.2f ulp at %g, at most %g is said", f.name, worst, at, f.ulp)
		}
		for _, x := range special {
			outside(t, f.name, x, call(x), f.f(float64(x)))
		}
	}
}

// TestCompiledGo holds compiled text against values that Go has: what helpers and steps use, at places where instructions could
// be mistaken for one another.
func TestCompiledGo(t *testing.T) {
	const text = `package p

import "math"

var bytes = [5]uint8{1, 200, 3, 255, 0}
var words = [3]uint16{1, 65535, 3}
var longs = [2]uint32{7, 4000000000}
var doubles = [2]float64{0.1, -2.5}

func narrow(i int) int { return int(bytes[i+1]) + int(words[i]) }
func large(i int) float64 { return float64(longs[i]) + doubles[i] }
func shifts(a int32) int32 { return a>>3 + int32(uint32(a)>>30) }
func round(a float64) float32 { return float32(a) }
func toward(a float32) int { return int(a)/2 + int(a)%3 }
func bits(a float32) float32 { return math.Float32frombits(math.Float32bits(a) | 1) }
func nested(n int) int {
	sum := 0
	for i := 0; i < n; i++ {
		for k := 0; k < 3; k++ {
			if k == 1 && i > 1 || !(i != 0) {
				sum += 10
			} else if k == 2 {
				sum -= 1
			} else {
				sum = sum * 2
			}
			if sum > 1000 {
				return 0 - sum
			}
		}
	}
	return sum
}
`
	nested := func(n int) int32 { // the same here
		sum := int32(0)
		for i := range n {
			for k := range 3 {
				switch {
				case k == 1 && i > 1 || i == 0:
					sum += 10
				case k == 2:
					sum--
				default:
					sum *= 2
				}
				if sum > 1000 {
					return -sum
				}
			}
		}
		return sum
	}
	kinds := map[string][]string{}
	for _, f := range []string{"narrow", "large", "shifts", "round", "toward", "bits", "nested"} {
		kinds[f] = []string{f}
	}
	i, _ := wasmInstance(t, wasm.Compile([]byte(text), kinds))
	call := func(name string, arg uint64) uint64 {
		y, err := i.ExportedFunction(name).Call(context.Background(), arg)
		if err != nil {
			t.Fatal(err)
		}
		return y[0]
	}
	number := func(n int32) uint64 { return api.EncodeI32(n) }
	for _, c := range []struct {
		name      string
		arg, want uint64
	}{
		{"narrow", number(0), number(201)}, {"narrow", number(1), number(65538)}, {"narrow", number(2), number(258)},
		{"large", number(1), api.EncodeF64(4000000000 - 2.5)}, {"large", number(0), api.EncodeF64(7.1)},
		{"shifts", number(-17), number(-17>>3 + 3)}, {"shifts", number(17), number(2)},
		{"round", api.EncodeF64(0.1), api.EncodeF32(0.1)},
		{"toward", api.EncodeF32(-7.9), number(-4)}, {"toward", api.EncodeF32(7.9), number(4)},
		{"bits", api.EncodeF32(1), api.EncodeF32(math.Nextafter32(1, 2))},
		{"nested", number(0), number(nested(0))}, {"nested", number(1), number(nested(1))}, {"nested", number(3), number(nested(3))}, {"nested", number(9), number(nested(9))},
	} {
		if got := call(c.name, c.arg); got != c.want {
			t.Errorf("%s(%#x) is %#x (%d), not %#x (%d)", c.name, c.arg, got, int32(got), c.want, int32(c.want))
		}
	}
}
