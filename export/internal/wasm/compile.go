package wasm

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
)

// compiler compiles the part of Go that models are printed in: functions and methods of numbers, arrays and one struct;
// if, for, assignment, return. Arrays and structs stand in memory, at the addresses that types.Sizes gives them for words of
// four bytes, those of a function at fixed ones: no function that has any calls itself, and each writes before it reads.
// Numbers are locals; int is i32. What is not of that part panics, since nobody else's text is compiled.
type compiler struct {
	m       *Module
	info    *types.Info
	sizes   types.Sizes
	numbers map[types.Object]int // of functions
	address map[types.Object]int // of arrays
}

// mathText declares what printed Go takes of the package math. The bodies are never looked at.
const mathText = `package math

func Float32bits(x float32) uint32
func Float32frombits(b uint32) float32
func Sqrt(x float64) float64
func Floor(x float64) float64
`

// mathCode are the instructions of mathText.
var mathCode = map[string]byte{"Float32bits": 0xbc, "Float32frombits": 0xbe, "Sqrt": 0x9f, "Floor": 0x9c}

// importerOf gives one package.
type importerOf struct{ p *types.Package }

// Import implements types.Importer.
func (i importerOf) Import(path string) (*types.Package, error) {
	if path != i.p.Path() {
		return nil, fmt.Errorf("no package %s", path)
	}
	return i.p, nil
}

// Compile compiles a package of one file. Functions and methods are exported by the names that exports has for them. It
// panics where the text is not of the part of Go that it knows.
func Compile(text []byte, exports map[string][]string) *Module {
	files := token.NewFileSet()
	parse := func(name string, text any) *ast.File {
		f, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
		if err != nil {
			panic(fmt.Sprintf("wasm: %v", err))
		}
		return f
	}
	sizes := &types.StdSizes{WordSize: 4, MaxAlign: 8}
	check := func(path string, f *ast.File, config types.Config, info *types.Info) *types.Package {
		config.Sizes = sizes
		p, err := config.Check(path, files, []*ast.File{f}, info)
		if err != nil {
			panic(fmt.Sprintf("wasm: %v", err))
		}
		return p
	}
	standard := check("math", parse("math.go", mathText), types.Config{IgnoreFuncBodies: true}, nil)
	c := &compiler{m: &Module{}, sizes: sizes, numbers: map[types.Object]int{}, address: map[types.Object]int{},
		info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
			Selections: map[*ast.SelectorExpr]*types.Selection{}}}
	file := parse("model.go", text)
	check("model", file, types.Config{Importer: importerOf{standard}}, c.info)
	var functions []*ast.FuncDecl
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			c.numbers[c.info.Defs[d.Name]] = len(functions)
			functions = append(functions, d)
		case *ast.GenDecl:
			if d.Tok == token.VAR {
				c.tables(d)
			}
		}
	}
	for _, d := range functions {
		f := c.function(d)
		f.exports = exports[d.Name.Name]
		c.m.functions = append(c.m.functions, f)
	}
	return c.m
}

// tables places arrays of constants in memory, filled.
func (c *compiler) tables(d *ast.GenDecl) {
	for _, s := range d.Specs {
		s := s.(*ast.ValueSpec)
		array := c.info.Defs[s.Names[0]].Type().Underlying().(*types.Array)
		at := c.reserve(c.info.Defs[s.Names[0]], array)
		c.m.data = append(c.m.data, make([]byte, at-len(c.m.data))...)
		for _, e := range s.Values[0].(*ast.CompositeLit).Elts {
			c.m.data = append(c.m.data, c.constant(c.info.Types[e].Value, array.Elem())...)
		}
	}
}

// reserve gives an array a place in memory.
func (c *compiler) reserve(o types.Object, t types.Type) (at int) {
	at = c.m.Reserve(int(c.sizes.Sizeof(t)), int(c.sizes.Alignof(t)))
	c.address[o] = at
	return at
}

// constant is a number as it stands in memory.
func (c *compiler) constant(v constant.Value, t types.Type) (b []byte) {
	if k := kind(t); k != i32 {
		x, _ := constant.Float64Val(constant.ToFloat(v))
		return number(k, x)
	}
	n, _ := constant.Int64Val(constant.ToInt(v))
	for range c.sizes.Sizeof(t) {
		b = append(b, byte(n))
		n >>= 8
	}
	return b
}

// kind is the kind of local that a value is.
func kind(t types.Type) byte {
	if b, ok := t.Underlying().(*types.Basic); ok {
		switch {
		case b.Kind() == types.Float32:
			return f32
		case b.Kind() == types.Float64:
			return f64
		}
	}
	return i32
}

// unsigned tells whether a number is from 0 up.
func unsigned(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsUnsigned != 0
}

// body is a function that is being compiled.
type body struct {
	*compiler
	f      *function
	local  map[types.Object]int
	params int
	set    int // where the last instruction begins, if it is local.set; else -1
}

func (c *compiler) function(d *ast.FuncDecl) function {
	s := c.info.Defs[d.Name].Type().(*types.Signature)
	f := &body{compiler: c, f: &function{}, local: map[types.Object]int{}, set: -1}
	var params, results []byte
	parameter := func(v *types.Var) {
		f.local[v] = len(params)
		params = append(params, kind(v.Type()))
	}
	if s.Recv() != nil {
		parameter(s.Recv())
	}
	for v := range s.Params().Variables() {
		parameter(v)
	}
	for v := range s.Results().Variables() {
		results = append(results, kind(v.Type()))
	}
	f.params = len(params)
	f.f.kind = c.m.functionType(params, results)
	f.list(d.Body.List)
	if n := len(f.f.body); len(results) > 0 && f.f.body[n-1] == opReturn && returns(d) {
		f.f.body = f.f.body[:n-1] // its end returns too
	}
	f.emit(opEnd)
	return *f.f
}

// returns tells whether a function ends with a return.
func returns(d *ast.FuncDecl) bool {
	_, ok := d.Body.List[len(d.Body.List)-1].(*ast.ReturnStmt)
	return ok
}

func (f *body) emit(code ...byte) { f.f.body, f.set = append(f.f.body, code...), -1 }

func (f *body) integer(n int) { f.emit(append([]byte{opI32Const}, sleb(n)...)...) }

// variable declares a local.
func (f *body) variable(o types.Object) {
	f.local[o] = f.params + len(f.f.locals)
	f.f.locals = append(f.f.locals, kind(o.Type()))
}

func (f *body) store(o types.Object) {
	at := len(f.f.body)
	f.emit(append([]byte{opLocalSet}, uleb(f.local[o])...)...)
	f.set = at
}

// load reads a local. One that has just been written is still there.
func (f *body) load(o types.Object) {
	k, ok := f.local[o]
	if !ok {
		panic(fmt.Sprintf("wasm: no local %s", o.Name()))
	}
	n := uleb(k)
	if f.set >= 0 && string(f.f.body[f.set+1:]) == string(n) {
		f.f.body[f.set], f.set = opLocalTee, -1
		return
	}
	f.emit(append([]byte{opLocalGet}, n...)...)
}

func (f *body) object(e *ast.Ident) types.Object {
	if o := f.info.Defs[e]; o != nil {
		return o
	}
	return f.info.Uses[e]
}

func (f *body) typeOf(e ast.Expr) types.Type {
	if id, ok := e.(*ast.Ident); ok {
		return f.object(id).Type()
	}
	return f.info.Types[e].Type
}
