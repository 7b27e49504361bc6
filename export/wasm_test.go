package export_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"math"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/elegans-nn/elegans/export"
	"github.com/elegans-nn/elegans/internal/require"
	"github.com/elegans-nn/elegans/model"
)

// instance is a module that runs in wazero.
type instance struct {
	t        *testing.T
	m        api.Module
	compiled wazero.CompiledModule
}

// instantiate loads a module, which may import nothing. An interpreter is enough and starts at once.
func instantiate(t *testing.T, code []byte) instance {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCustomSections(true))
	t.Cleanup(func() { r.Close(ctx) })
	c, err := r.CompileModule(ctx, code)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(c.ImportedFunctions()) + len(c.ImportedMemories()); n > 0 {
		t.Errorf("%d imports", n)
	}
	m, err := r.InstantiateModule(ctx, c, wazero.NewModuleConfig())
	if err != nil {
		t.Fatal(err)
	}
	return instance{t, m, c}
}

// constant is an exported constant.
func (i instance) constant(name string) uint32 {
	i.t.Helper()
	g := i.m.ExportedGlobal(name)
	if g == nil {
		i.t.Fatalf("no constant %s", name)
	}
	return uint32(g.Get())
}

func (i instance) call(name string, args ...uint64) uint64 {
	i.t.Helper()
	result, err := i.m.ExportedFunction(name).Call(context.Background(), args...)
	if err != nil {
		i.t.Fatalf("%s: %v", name, err)
	}
	if len(result) == 0 {
		return 0
	}
	return result[0]
}

func (i instance) write(at uint32, list []float32) {
	i.t.Helper()
	var b []byte
	for _, v := range list {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	if !i.m.Memory().Write(at, b) {
		i.t.Fatalf("memory ends before %d", int(at)+len(b))
	}
}

func (i instance) read(at, n uint32) []float32 {
	i.t.Helper()
	b, ok := i.m.Memory().Read(at, 4*n)
	if !ok {
		i.t.Fatalf("memory ends before %d", at+4*n)
	}
	return floats(b)
}

// step takes one row from a state at an address.
func (i instance) step(state uint32, x []float32, dt float32) (y []float32, ok bool) {
	i.t.Helper()
	i.write(i.constant("input"), x)
	taken := i.call("step", uint64(state), uint64(i.constant("input")), api.EncodeF32(dt), uint64(i.constant("output")))
	return i.read(i.constant("output"), i.constant("outputs")), taken == 1
}

// steps takes the rows of a trace, each from the state that the engine has there.
func (i instance) steps(list []row) (y, g [][]float32) {
	i.t.Helper()
	state, n := i.constant("state"), i.constant("states")
	for k, r := range list {
		i.write(state, r.h)
		out, ok := i.step(state, r.x, r.dt)
		if !ok {
			i.t.Fatalf("row %d is refused", k)
		}
		y, g = append(y, out), append(g, i.read(state, n))
	}
	return y, g
}

// module prints a model as a module named net.
func module(t *testing.T, m *model.Model) []byte {
	t.Helper()
	printed, err := export.WebAssembly(m, export.Options{Name: "net"})
	if err != nil {
		t.Fatal(err)
	}
	return printed.Files[0].Data
}

// TestWebAssemblyInterface: two series beside each other, what is refused leaves no trace, reset returns to the beginning, and
// the module says what it takes.
func TestWebAssemblyInterface(t *testing.T) {
	list := subjects(t, false)
	s := list[0]
	for _, one := range list {
		if one.name == "ltc-ncp19" {
			s = one
		}
	}
	i := instantiate(t, module(t, s.m))
	rows, n := trace(t, s.m, 6), i.constant("states")
	first, second := i.constant("state"), i.constant("heap")
	i.call("init", uint64(first))
	i.call("init", uint64(second))
	for k, r := range rows { // the second series is one row behind
		y, ok := i.step(first, r.x, r.dt)
		if !ok || apart(t, s.m.Schema(), []row{r}, [][]float32{y}, [][]float32{i.read(first, n)}) > 10*bound {
			t.Errorf("row %d: %v", k, y)
		}
		if k > 0 {
			i.step(second, rows[k-1].x, rows[k-1].dt)
		}
	}
	y, _ := i.step(second, rows[5].x, rows[5].dt)
	if again := i.read(first, n); !equalBits(again, i.read(second, n)) {
		t.Errorf("the second series ends at %v, not %v (%v)", i.read(second, n), again, y)
	}
	before, x := i.read(first, n), rows[0].x
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, c := range map[string]struct {
		x  []float32
		dt float32
	}{
		"negative time": {x, -1}, "no time": {x, nan}, "endless time": {x, inf}, "an input that is not observed": {[]float32{nan, x[1], x[2]}, 1},
		"infinite": {[]float32{x[0], inf, x[2]}, 1}, "no level": {[]float32{x[0], x[1], 3}, 1}, "half a level": {[]float32{x[0], x[1], 0.5}, 1},
		"below": {[]float32{x[0], x[1], -1}, 1},
	} {
		if _, ok := i.step(first, c.x, c.dt); ok {
			t.Errorf("%s is taken", name)
		}
		if !equalBits(before, i.read(first, n)) {
			t.Errorf("%s leaves a trace", name)
		}
	}
	if _, ok := i.step(first, []float32{x[0], nan, 2}, 0); !ok {
		t.Error("what may be missing is refused")
	}
	i.call("reset", uint64(first))
	for k, v := range i.read(first, n) {
		if v != 0 {
			t.Errorf("after reset component %d is %g", k, v)
		}
	}
	var about struct {
		Name   string
		Inputs []struct{ Name string }
		States []struct{ Width int }
	}
	sections := i.compiled.CustomSections()
	if len(sections) != 1 || sections[0].Name() != "elegans" {
		t.Fatalf("%d custom sections", len(sections))
	}
	if err := json.Unmarshal(sections[0].Data(), &about); err != nil || about.Name != "net" || len(about.Inputs) != 3 || about.Inputs[0].Name != "temp */" {
		t.Errorf("%v: %+v", err, about)
	}
}

func equalBits(a, b []float32) bool {
	if len(a) != len(b) {
		return false
	}
	for k := range a {
		if math.Float32bits(a[k]) != math.Float32bits(b[k]) && !(a[k] == 0 && b[k] == 0) && (a[k] == a[k] || b[k] == b[k]) {
			return false
		}
	}
	return true
}

// TestWebAssemblyDecides: by the threshold, and for the most probable of several classes.
func TestWebAssemblyDecides(t *testing.T) {
	p := subjects(t, false)[0]
	for classes, cases := range map[int][]struct {
		y    []float32
		want uint64
	}{2: {{[]float32{0.75, 0.25}, 0}, {[]float32{0.65, 0.35}, 1}, {[]float32{0.1, 0.9}, 1}},
		3: {{[]float32{0.3, 0.3, 0.4}, 2}, {[]float32{0.5, 0.3, 0.2}, 0}, {[]float32{0.1, 0.6, 0.3}, 1}}} {
		s := sensors(classes)
		if classes == 2 {
			s.Target.Threshold = 0.3
		}
		m, err := p.m.Architecture().Model(s)
		if err != nil {
			t.Fatal(err)
		}
		i := instantiate(t, module(t, m.Initial(1)))
		for _, c := range cases {
			i.write(i.constant("output"), c.y)
			if got := i.call("class", uint64(i.constant("output"))); got != c.want {
				t.Errorf("%v is class %d, not %d", c.y, got, c.want)
			}
		}
	}
}

// TestWebAssembly compares every preset with the engine, step by step: the first of each cell, and all where nothing may be
// skipped.
func TestWebAssembly(t *testing.T) {
	for _, s := range subjects(t, require.All()) {
		t.Run(s.name, func(t *testing.T) {
			printed, err := export.WebAssembly(s.m, export.Options{Name: "net"})
			if refusedAsAdaptive(t, s, err) {
				return
			}
			code, list := printed.Files[0].Data, trace(t, s.m, traced)
			y, g := instantiate(t, code).steps(list)
			worst := apart(t, s.m.Schema(), list, y, g)
			t.Logf("%d bytes, %.1f ulp", len(code), worst)
			if !(worst <= bound) {
				t.Errorf("a step differs by %.1f ulp; at most %d is said", worst, bound)
			}
		})
	}
}

// wasmSize is what the module of the liquid network on a policy of 19 neurons may have, in bytes.
const wasmSize = 5000

// TestWebAssemblyIsSmall, and equal for equal models.
func TestWebAssemblyIsSmall(t *testing.T) {
	for _, s := range subjects(t, false) {
		if s.name != "ltc-ncp19" {
			continue
		}
		code := module(t, s.m)
		t.Logf("%d bytes", len(code))
		if len(code) > wasmSize {
			t.Errorf("%d bytes; at most %d are said", len(code), wasmSize)
		}
		if !bytes.Equal(code, module(t, s.m)) {
			t.Error("a second export is another")
		}
	}
}
