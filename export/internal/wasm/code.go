package wasm

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math/bits"
)

func (f *body) list(list []ast.Stmt) {
	for _, s := range list {
		f.statement(s)
	}
}

func (f *body) statement(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		f.assign(s)
	case *ast.IncDecStmt:
		o := f.object(s.X.(*ast.Ident))
		f.load(o)
		f.integer(1)
		f.emit(opI32Add)
		f.store(o)
	case *ast.DeclStmt: // an array of the function
		spec := s.Decl.(*ast.GenDecl).Specs[0].(*ast.ValueSpec)
		o := f.info.Defs[spec.Names[0]]
		f.reserve(o, o.Type())
	case *ast.ExprStmt:
		f.expression(s.X)
		if !f.info.Types[s.X].IsVoid() {
			f.emit(opDrop)
		}
	case *ast.BlockStmt:
		f.list(s.List)
	case *ast.IfStmt:
		f.expression(s.Cond)
		f.emit(opIf, opBlockEmpty)
		f.list(s.Body.List)
		if s.Else != nil {
			f.emit(opElse)
			f.statement(s.Else)
		}
		f.emit(opEnd)
	case *ast.ForStmt:
		f.loop(s)
	case *ast.ReturnStmt:
		for _, e := range s.Results {
			f.expression(e)
		}
		f.emit(opReturn)
	default:
		panic(fmt.Sprintf("wasm: statement %T", s))
	}
}

// loop compiles a loop. Where its first turn is certain the condition stands at the end.
func (f *body) loop(s *ast.ForStmt) {
	if s.Init != nil {
		f.statement(s.Init)
	}
	f.emit(opLoop, opBlockEmpty)
	if f.certain(s) {
		f.list(s.Body.List)
		f.statement(s.Post)
		f.expression(s.Cond)
		f.emit(opBrIf, 0, opEnd)
		return
	}
	f.expression(s.Cond)
	f.emit(opIf, opBlockEmpty)
	f.list(s.Body.List)
	f.statement(s.Post)
	f.emit(opBr, 1, opEnd, opEnd)
}

// certain tells whether a loop counts from a constant to a greater one.
func (f *body) certain(s *ast.ForStmt) bool {
	first, ok := s.Init.(*ast.AssignStmt)
	cond, less := s.Cond.(*ast.BinaryExpr)
	if !ok || !less || cond.Op != token.LSS {
		return false
	}
	x, ok := cond.X.(*ast.Ident)
	if !ok || f.object(x) != f.object(first.Lhs[0].(*ast.Ident)) {
		return false
	}
	from, to := f.info.Types[first.Rhs[0]].Value, f.info.Types[cond.Y].Value
	return from != nil && to != nil && constant.Compare(from, token.LSS, to)
}

var assigned = map[token.Token]token.Token{token.ADD_ASSIGN: token.ADD, token.SUB_ASSIGN: token.SUB, token.MUL_ASSIGN: token.MUL, token.QUO_ASSIGN: token.QUO}

func (f *body) assign(s *ast.AssignStmt) {
	to, from := s.Lhs[0], s.Rhs[0]
	value := func() {
		if op, ok := assigned[s.Tok]; ok {
			f.expression(to)
			f.expression(from)
			f.operator(op, f.typeOf(to))
			return
		}
		f.expression(from)
	}
	switch to := to.(type) {
	case *ast.StarExpr: // *s = State{}
		if lit, ok := from.(*ast.CompositeLit); !ok || lit.Elts != nil {
			panic("wasm: a struct is assigned that is not zero")
		}
		f.expression(to.X)
		f.integer(0)
		f.integer(int(f.sizes.Sizeof(f.typeOf(from))))
		f.emit(opPrefix, 0x0b, 0) // memory.fill
	case *ast.Ident:
		if s.Tok == token.DEFINE {
			f.variable(f.object(to))
		}
		value()
		f.store(f.object(to))
	case *ast.IndexExpr:
		offset := f.place(to)
		value()
		f.access(f.typeOf(to), true, offset)
	default:
		panic(fmt.Sprintf("wasm: assignment to %T", to))
	}
}

// place puts the address of an array's component on the stack, but for an offset.
func (f *body) place(e *ast.IndexExpr) (offset int) {
	size := int(f.sizes.Sizeof(f.typeOf(e)))
	based := false
	switch x := ast.Unparen(e.X).(type) {
	case *ast.Ident:
		o := f.object(x)
		at, fixed := f.address[o]
		if based = !fixed; based {
			f.load(o) // a pointer to an array
		}
		offset = at
	case *ast.SelectorExpr: // a field of what a pointer points to
		based = true
		f.expression(x.X)
		offset = f.field(f.info.Selections[x])
	default:
		panic(fmt.Sprintf("wasm: component of %T", x))
	}
	index := f.split(e.Index, size, &offset)
	switch {
	case index == nil && !based:
		f.integer(0)
	case index != nil:
		f.expression(index)
		if size > 1 {
			f.integer(bits.Len(uint(size)) - 1)
			f.emit(opI32Shl)
		}
		if based {
			f.emit(opI32Add)
		}
	}
	return offset
}

// split takes the constant part of an index into the offset and gives the rest, nil where there is none.
func (f *body) split(e ast.Expr, size int, offset *int) ast.Expr {
	if v := f.info.Types[e].Value; v != nil {
		n, _ := constant.Int64Val(v)
		*offset += int(n) * size
		return nil
	}
	if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.ADD {
		if v := f.info.Types[b.Y].Value; v != nil {
			f.split(b.Y, size, offset)
			return f.split(b.X, size, offset)
		}
	}
	return e
}

// field is the offset of a field in its struct.
func (f *body) field(s *types.Selection) int {
	t := s.Recv().Underlying().(*types.Pointer).Elem().Underlying().(*types.Struct)
	var fields []*types.Var
	for v := range t.Fields() {
		fields = append(fields, v)
	}
	return int(f.sizes.Offsetsof(fields)[s.Index()[0]])
}

// access loads or stores a value in memory.
func (f *body) access(t types.Type, store bool, offset int) {
	size := int(f.sizes.Sizeof(t))
	var load, save byte
	switch k := kind(t); {
	case k == f32:
		load, save = 0x2a, 0x38
	case k == f64:
		load, save = 0x2b, 0x39
	case size == 1:
		load, save = 0x2d, 0x3a // unsigned
	case size == 2:
		load, save = 0x2f, 0x3b
	default:
		load, save = 0x28, 0x36
	}
	if store {
		load = save
	}
	f.emit(append([]byte{load, byte(bits.Len(uint(size)) - 1)}, uleb(offset)...)...)
}

func (f *body) expression(e ast.Expr) {
	if tv := f.info.Types[e]; tv.Value != nil {
		f.value(tv)
		return
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		f.expression(e.X)
	case *ast.Ident:
		f.load(f.object(e))
	case *ast.IndexExpr:
		f.access(f.typeOf(e), false, f.place(e))
	case *ast.CallExpr:
		f.call(e)
	case *ast.UnaryExpr:
		f.unary(e)
	case *ast.BinaryExpr:
		f.expression(e.X)
		f.expression(e.Y)
		f.operator(e.Op, f.typeOf(e.X))
	default:
		panic(fmt.Sprintf("wasm: expression %T", e))
	}
}

// value is a constant.
func (f *body) value(tv types.TypeAndValue) {
	if tv.Value.Kind() == constant.Bool {
		n := 0
		if constant.BoolVal(tv.Value) {
			n = 1
		}
		f.integer(n)
		return
	}
	switch k := kind(tv.Type); k {
	case f32, f64:
		op := byte(opF32Const)
		if k == f64 {
			op = opF64Const
		}
		x, _ := constant.Float64Val(constant.ToFloat(tv.Value))
		if k == f32 {
			single, _ := constant.Float32Val(constant.ToFloat(tv.Value)) // rounded once
			x = float64(single)
		}
		f.emit(append([]byte{op}, number(k, x)...)...)
	default:
		n, _ := constant.Int64Val(constant.ToInt(tv.Value))
		f.integer(int(int32(n)))
	}
}

func (f *body) unary(e *ast.UnaryExpr) {
	switch {
	case e.Op == token.AND: // of an array of the function
		f.integer(f.address[f.object(e.X.(*ast.Ident))])
		return
	case e.Op == token.NOT:
		f.expression(e.X)
		f.emit(opI32Eqz)
		return
	case e.Op != token.SUB || kind(f.typeOf(e.X)) == i32:
		panic(fmt.Sprintf("wasm: operator %v", e.Op))
	}
	f.expression(e.X)
	if kind(f.typeOf(e.X)) == f32 {
		f.emit(opF32Neg)
	} else {
		f.emit(opF64Neg)
	}
}

// operators are the instructions of an operator: for f32, f64, signed and unsigned i32. 0 where there is none.
var operators = map[token.Token][4]byte{
	token.ADD: {0x92, 0xa0, opI32Add, opI32Add}, token.SUB: {0x93, 0xa1, 0x6b, 0x6b}, token.MUL: {0x94, 0xa2, 0x6c, 0x6c},
	token.QUO: {0x95, 0xa3, 0x6d, 0x6e}, token.REM: {0, 0, 0x6f, 0x70},
	token.AND: {0, 0, opI32And, opI32And}, token.OR: {0, 0, opI32Or, opI32Or}, token.SHL: {0, 0, opI32Shl, opI32Shl}, token.SHR: {0, 0, 0x75, 0x76},
	token.LAND: {0, 0, opI32And, opI32And}, token.LOR: {0, 0, opI32Or, opI32Or}, // nothing printed has an effect or stops
	token.EQL: {0x5b, 0x61, 0x46, 0x46}, token.NEQ: {0x5c, 0x62, 0x47, 0x47}, token.LSS: {0x5d, 0x63, 0x48, 0x49}, token.GTR: {0x5e, 0x64, 0x4a, 0x4b},
	token.LEQ: {0x5f, 0x65, 0x4c, 0x4d}, token.GEQ: {0x60, 0x66, 0x4e, 0x4f},
}

// operator applies one to two operands of a type.
func (f *body) operator(op token.Token, t types.Type) {
	column := 2
	switch {
	case kind(t) == f32:
		column = 0
	case kind(t) == f64:
		column = 1
	case unsigned(t):
		column = 3
	}
	code := operators[op][column]
	if code == 0 {
		panic(fmt.Sprintf("wasm: operator %v of %v", op, t))
	}
	f.emit(code)
}

// call compiles a call of a function, a method, the package math, or a conversion.
func (f *body) call(e *ast.CallExpr) {
	if f.info.Types[e.Fun].IsType() {
		f.expression(e.Args[0])
		f.convert(f.typeOf(e.Args[0]), f.info.Types[e.Fun].Type)
		return
	}
	var o types.Object
	switch fun := e.Fun.(type) {
	case *ast.Ident:
		o = f.object(fun)
	case *ast.SelectorExpr:
		if s := f.info.Selections[fun]; s != nil {
			f.expression(fun.X)
			o = s.Obj()
			break
		}
		f.expression(e.Args[0])
		f.emit(mathCode[fun.Sel.Name])
		return
	}
	for _, a := range e.Args {
		f.expression(a)
	}
	n, ok := f.numbers[o]
	if !ok {
		panic(fmt.Sprintf("wasm: call of %v", o))
	}
	f.emit(append([]byte{opCall}, uleb(n)...)...)
}

// convert changes the type of a number. From a fraction to a whole number it saturates, where Go leaves it open; what is
// printed asks before.
func (f *body) convert(from, to types.Type) {
	type pair struct{ from, to byte }
	s := unsigned(from)
	switch (pair{kind(from), kind(to)}) {
	case pair{i32, f32}:
		f.emit(map[bool]byte{false: 0xb2, true: 0xb3}[s])
	case pair{i32, f64}:
		f.emit(map[bool]byte{false: 0xb7, true: 0xb8}[s])
	case pair{f32, f64}:
		f.emit(0xbb)
	case pair{f64, f32}:
		f.emit(0xb6)
	case pair{f32, i32}:
		f.emit(opPrefix, 0)
	case pair{f64, i32}:
		f.emit(opPrefix, 2)
	}
}
