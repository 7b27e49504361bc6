package export_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/export"
	"github.com/elegans-nn/elegans/internal/require"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

// subject is a model that a target prints, with the name of its preset.
type subject struct {
	name string
	m    *model.Model
}

// stacks have everything that can stand around cells.
func stacks(t *testing.T) (list []subject) {
	t.Helper()
	block := model.Block{Norm: model.LayerNorm, FeedForward: model.GLU, Residual: true, Dropout: 0.3}
	mixed := sensors(2) // masks, ages and categories before, between and after numbers, so that features are picked here and there
	mixed.Inputs = append(mixed.Inputs, mixed.Inputs[2], mixed.Inputs[1], mixed.Inputs[0])
	for k := range mixed.Inputs {
		mixed.Inputs[k].Name += fmt.Sprint(k)
	}
	mixed.Inputs[3].Missing, mixed.Inputs[3].Mask = true, true
	for name, c := range map[string]struct {
		s series.Schema
		a model.Architecture
	}{
		"stack": {sensors(3), model.Architecture{TimeInput: true, Encoder: 6, Pool: model.Attention, Layers: []model.Layer{
			{Cell: cell.GRU{Units: 6}, Block: block}, model.Liquid(cell.LTC{Unfolds: 2}, wiring.Auto(9, 3)), {Cell: cell.CTRNN{Units: 5}}}}},
		"two limits": {sensors(2), model.Architecture{Layers: []model.Layer{{Cell: cell.CTRNN{Units: 5}}, {Cell: cell.GRU{Units: 4}}, {Cell: cell.NeuralODE{Units: 4}}}}},
		"convolutions": {series.Plain(7), model.Architecture{Front: model.Front{Columns: 5, Conv: []model.Conv{{Channels: 2, Kernel: 2, Pool: 2}}},
			Layers: []model.Layer{{Cell: cell.GRU{Units: 4}}}}},
		"summaries": {mixed, model.Architecture{Summaries: model.Summaries(), InputDropout: 0.1, Pool: model.Mean, Layers: []model.Layer{{Cell: cell.GRU{Units: 4}}}}},
	} {
		m, err := c.a.Model(c.s)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		list = append(list, subject{name, m.Initial(3)})
	}
	return list
}

// subjects are the first preset of each cell, or all presets, and everything that can stand around cells; by turns values, two
// classes and three classes are predicted.
func subjects(t *testing.T, all bool) (list []subject) {
	t.Helper()
	first := map[string]bool{}
	for k, p := range cell.Presets() {
		kind := fmt.Sprintf("%T", p.Cell)
		if first[kind] && !all {
			continue
		}
		first[kind] = true
		list = append(list, subject{p.Name, preset(t, p, sensors([]int{0, 2, 3}[k%3]))})
	}
	list = append(list, stacks(t)...)
	slices.SortFunc(list, func(a, b subject) int { return strings.Compare(a.name, b.name) })
	return list
}

var words = regexp.MustCompile(`[^a-z0-9]`)

// traced is how many rows of a series are compared; every eighth is a long one.
const traced = 16

// goModule writes packages into a module of their own, with a program that runs the one that MODEL names.
func goModule(t *testing.T, packages map[string][]byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	var imports, cases strings.Builder
	files := map[string][]byte{"go.mod": []byte("module printed\n\ngo 1.21\n")}
	for name, text := range packages {
		files[filepath.Join(name, export.GoFile)] = text
		fmt.Fprintf(&imports, "%q\n", "printed/"+name)
		cases.WriteString(strings.ReplaceAll("case `@`:\nrun(@.States, @.Inputs, @.Outputs, func(s *@.State, x, y []float32, dt float32) bool {\n"+
			"return s.Step((*[@.Inputs]float32)(x), dt, (*[@.Outputs]float32)(y))\n}, (*@.State).Reset)\n", "@", name))
	}
	files["main.go"] = []byte(strings.NewReplacer("IMPORTS", imports.String(), "CASES", cases.String()).Replace(goDriver))
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// goDriver steps a model from states that it is given, one after the other, as driver does in C. It ends with 1 where a row is
// refused, 3 where a time below 0 is not, or leaves its trace, 4 where a step allocates, 5 where Reset leaves anything.
const goDriver = `package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"testing"
	"unsafe"

	IMPORTS
)

func main() {
	switch os.Getenv("MODEL") {
	CASES
	}
}

func run[S any](states, inputs, outputs int, step func(s *S, x, y []float32, dt float32) bool, reset func(*S)) {
	var s S
	h := unsafe.Slice((*float32)(unsafe.Pointer(&s)), states)
	x, y := make([]float32, inputs+1), make([]float32, outputs)
	in, _ := io.ReadAll(os.Stdin)
	r, w := bytes.NewReader(in), &bytes.Buffer{}
	for r.Len() > 0 {
		binary.Read(r, binary.LittleEndian, h)
		binary.Read(r, binary.LittleEndian, x)
		if !step(&s, x[:inputs], y, x[inputs]) {
			os.Exit(1)
		}
		binary.Write(w, binary.LittleEndian, y)
		binary.Write(w, binary.LittleEndian, h)
	}
	os.Stdout.Write(w.Bytes())
	old := s
	if step(&s, x[:inputs], y, -1) || !bytes.Equal(raw(&s), raw(&old)) {
		os.Exit(3)
	}
	if testing.AllocsPerRun(10, func() { step(&s, x[:inputs], y, x[inputs]) }) > 0 {
		os.Exit(4)
	}
	reset(&s)
	for _, v := range h {
		if v != 0 {
			os.Exit(5)
		}
	}
}

func raw[S any](s *S) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(s)), unsafe.Sizeof(*s)) }
`

// TestGo prints every cell in Go, formats, vets and compiles it, and compares it with the engine step by step, and to the bit
// with the module of WebAssembly.
func TestGo(t *testing.T) {
	tool := require.Program(t, "it comes with Go", "go")
	packages, models := map[string][]byte{}, map[string]*model.Model{}
	for _, s := range subjects(t, require.All()) {
		name := words.ReplaceAllString(s.name, "")
		printed, err := export.Go(s.m, export.Options{Name: name})
		if refusedAsAdaptive(t, s, err) {
			continue
		}
		text := printed.Files[0].Data
		if formatted, err := format.Source(text); err != nil || !bytes.Equal(text, formatted) {
			t.Errorf("%s: not formatted: %v", s.name, err)
		}
		packages[name], models[name] = text, s.m
	}
	dir := goModule(t, packages)
	program := filepath.Join(dir, "program")
	for _, args := range [][]string{{"vet", "./..."}, {"build", "-o", program}} {
		cmd := exec.Command(tool, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%.4000s", args[0], err, out)
		}
	}
	for name, m := range models {
		t.Run(name, func(t *testing.T) {
			list := trace(t, m, traced)
			y, g := goSteps(t, program, name, list, m)
			worst := apart(t, m.Schema(), list, y, g)
			t.Logf("%.1f ulp", worst)
			if !(worst <= bound) {
				t.Errorf("a step differs by %.1f ulp; at most %d is said", worst, bound)
			}
			v, f := instantiate(t, module(t, m)).steps(list)
			for k := range list {
				if !equalBits(y[k], v[k]) || !equalBits(g[k], f[k]) {
					t.Fatalf("row %d: in Go %v and state %v, in WebAssembly %v and %v", k, y[k], g[k], v[k], f[k])
				}
			}
		})
	}
}

// goSteps runs the program of goModule along a trace, each row from the state that the engine has there.
func goSteps(t *testing.T, program, name string, list []row, m *model.Model) (y, g [][]float32) {
	t.Helper()
	var in bytes.Buffer
	for _, r := range list {
		for _, part := range [][]float32{r.h, r.x, {r.dt}} {
			if err := binary.Write(&in, binary.LittleEndian, part); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := exec.Command(program)
	cmd.Stdin, cmd.Env = &in, append(os.Environ(), "MODEL="+name)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v (the driver says what its exit codes mean)", err)
	}
	numbers, outputs, states := floats(out), len(list[0].y), m.Program().StateWidth()
	if len(numbers) != len(list)*(outputs+states) {
		t.Fatalf("%d numbers", len(numbers))
	}
	for ; len(numbers) > 0; numbers = numbers[outputs+states:] {
		y, g = append(y, numbers[:outputs]), append(g, numbers[outputs:outputs+states])
	}
	return y, g
}

// refusedAsAdaptive tells whether a subject is refused because its solver has no fixed steps; any other error ends the test.
func refusedAsAdaptive(t *testing.T, s subject, err error) bool {
	t.Helper()
	var no *export.RefusedError
	if errors.As(err, &no) && s.m.Adaptive() {
		t.Logf("%s is refused: %v", s.name, err)
		return true
	}
	if err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	return false
}

// TestGoIsPlain: printed packages import nothing but math and have nothing that TinyGo or a heap would be asked for.
func TestGoIsPlain(t *testing.T) {
	for _, s := range subjects(t, false) {
		printed, err := export.Go(s.m, export.Options{Name: "net"})
		if refusedAsAdaptive(t, s, err) {
			continue
		}
		if list := extras(t, printed.Files[0].Data); list != nil {
			t.Errorf("%s has %q", s.name, list)
		}
	}
	planted := "package p\nimport \"fmt\"\nvar m = map[int]int{}\nfunc f(a any) { go f(append([]int{}, 1)); defer fmt.Println(a.(int)) }"
	if list := extras(t, []byte(planted)); len(list) != 8 {
		t.Errorf("of what was planted %q is found", list)
	}
}

// extras lists what a plain package does not have: imports besides math, slices, maps, interfaces, functions as values,
// goroutines, deferred calls, and calls that allocate.
func extras(t *testing.T, text []byte) (list []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "model.go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		found := ""
		switch n := n.(type) {
		case *ast.ImportSpec:
			if n.Path.Value != `"math"` {
				found = n.Path.Value
			}
		case *ast.ArrayType:
			if n.Len == nil {
				found = "a slice"
			}
		case *ast.MapType, *ast.InterfaceType, *ast.FuncLit, *ast.ChanType, *ast.GoStmt, *ast.DeferStmt, *ast.TypeAssertExpr, *ast.SliceExpr:
			found = fmt.Sprintf("%T", n)
		case *ast.Ident:
			if slices.Contains([]string{"any", "append", "make", "new", "string"}, n.Name) {
				found = n.Name
			}
		}
		if found != "" {
			list = append(list, found)
		}
		return true
	})
	return list
}

// TestGoProductsAreRounded: Go may fuse a product with a sum unless it stands in a conversion, and then machines differ.
func TestGoProductsAreRounded(t *testing.T) {
	products := 0
	for _, s := range subjects(t, false) {
		printed, err := export.Go(s.m, export.Options{Name: "net"})
		if refusedAsAdaptive(t, s, err) {
			continue
		}
		for _, p := range loose(t, printed.Files[0].Data, &products) {
			t.Errorf("%s: %s", s.name, p)
		}
	}
	if products < 1000 {
		t.Errorf("%d products were looked at", products)
	}
	if list := loose(t, []byte("package p\nfunc f(a, b, c float32) float32 { return a + b*c }"), &products); len(list) != 1 {
		t.Errorf("of a planted product %q is said", list)
	}
}

// mathPackage gives types of the standard library, each read once.
var mathPackage = importer.ForCompiler(token.NewFileSet(), "source", nil)

// loose lists the products of single precision that stand in no conversion.
func loose(t *testing.T, text []byte, products *int) (list []string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "model.go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	if _, err := (&types.Config{Importer: mathPackage}).Check("p", files, []*ast.File{file}, info); err != nil {
		t.Fatal(err)
	}
	rounded := map[ast.Expr]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "float32" {
				rounded[n.Args[0]] = true
			}
		case *ast.BinaryExpr:
			tv := info.Types[n]
			if n.Op == token.MUL && tv.Value == nil && tv.Type.Underlying() == types.Typ[types.Float32] {
				*products++
				if !rounded[n] {
					list = append(list, files.Position(n.Pos()).String())
				}
			}
		}
		return true
	})
	return list
}

// TestGoRefusals: names that are none of a package, and models that cannot be stepped.
func TestGoRefusals(t *testing.T) {
	l := model.Liquid(cell.LTC{}, wiring.Auto(8, 1))
	m, err := model.New(sensors(2), l)
	if err != nil {
		t.Fatal(err)
	}
	var wrong *export.NameError
	for _, name := range []string{"", "a-b", "../a", "func", "main", "con"} {
		if _, err := export.Go(m, export.Options{Name: name}); !errors.As(err, &wrong) {
			t.Errorf("name %q: %v", name, err)
		}
	}
	theta := m.Params()
	theta[0] = float32(math.Inf(1))
	var no *export.RefusedError
	if _, err := export.Go(m.With(theta), export.Options{Name: "net"}); !errors.As(err, &no) {
		t.Errorf("an infinite weight: %v", err)
	}
	adaptive := 0
	for _, p := range cell.Presets() {
		m := preset(t, p, sensors(0))
		if !m.Adaptive() {
			continue
		}
		adaptive++
		for target, f := range map[string]func(*model.Model, export.Options) (*export.Printed, error){
			"Go": export.Go, "WebAssembly": export.WebAssembly, "ONNX": export.ONNX, "ONNX of a series": export.ONNXSequence} {
			if _, err := f(m, export.Options{Name: "net"}); !errors.As(err, &no) || !strings.Contains(err.Error(), "solver") {
				t.Errorf("%s in %s: %v", p.Name, target, err)
			}
		}
	}
	if adaptive == 0 {
		t.Error("no preset has a solver that chooses its steps")
	}
	l.Block.Bidirectional = true
	if m, err = model.New(sensors(2), l); err != nil {
		t.Fatal(err)
	}
	if _, err := export.Go(m, export.Options{Name: "net"}); !errors.As(err, &no) || !strings.Contains(err.Error(), "bidirectional") {
		t.Errorf("bidirectional: %v", err)
	}
}
