// Package wasm compiles a small part of Go to WebAssembly, with nothing around it: no imports, no runtime, no allocation. It
// is what package export prints models with, and knows what that prints.
package wasm

import (
	"encoding/binary"
	"math"
)

// The part of WebAssembly's binary format (core specification 2.0, chapter 5) that printed models need. Instructions are named
// as there.
const (
	i32 byte = 0x7f
	f64 byte = 0x7c
	f32 byte = 0x7d

	opBlockEmpty = 0x40
	opLoop       = 0x03
	opIf         = 0x04
	opElse       = 0x05
	opEnd        = 0x0b
	opBr         = 0x0c
	opBrIf       = 0x0d
	opReturn     = 0x0f
	opCall       = 0x10
	opDrop       = 0x1a
	opLocalGet   = 0x20
	opLocalSet   = 0x21
	opLocalTee   = 0x22
	opI32Const   = 0x41
	opF32Const   = 0x43
	opF64Const   = 0x44
	opI32Eqz     = 0x45
	opI32Add     = 0x6a
	opI32And     = 0x71
	opI32Or      = 0x72
	opI32Shl     = 0x74
	opF32Neg     = 0x8c
	opF64Neg     = 0x9a
	opPrefix     = 0xfc // of the instructions from 1.1 on
)

// Module is a module that imports nothing. It exports its memory.
type Module struct {
	types     []string // function types, encoded
	functions []function
	globals   []global
	data      []byte // from address 0 on
	top       int    // the first free address
}

type function struct {
	exports []string // names; none where it is called from inside only
	kind    int
	locals  []byte // kinds of the locals after the parameters
	body    []byte
}

// global is an exported constant.
type global struct {
	name  string
	value int
}

// functionType is the number of a function type.
func (m *Module) functionType(params, results []byte) int {
	text := string(append([]byte{0x60}, append(counted(params), counted(results)...)...))
	for k, t := range m.types {
		if t == text {
			return k
		}
	}
	m.types = append(m.types, text)
	return len(m.types) - 1
}

// Constant exports a number under a name.
func (m *Module) Constant(name string, value int) { m.globals = append(m.globals, global{name, value}) }

// Reserve takes memory of a size for what may stand at multiples of align, and gives its address.
func (m *Module) Reserve(size, align int) (address int) {
	address = (m.top + align - 1) / align * align
	m.top = address + size
	return address
}

// pageSize is by what memory is counted.
const pageSize = 1 << 16

// Encode is the module's binary format, with as many pages of memory as it needs, and a custom section unless it is empty.
func (m *Module) Encode(name string, custom []byte) []byte {
	b := []byte("\x00asm\x01\x00\x00\x00")
	section := func(id byte, content []byte) { b = append(append(b, id), counted(content)...) }
	var types, functions, globals, code [][]byte
	for _, t := range m.types {
		types = append(types, []byte(t))
	}
	exports := [][]byte{append(counted([]byte("memory")), 2, 0)}
	for k, f := range m.functions {
		functions = append(functions, uleb(f.kind))
		code = append(code, counted(append(vector(grouped(f.locals)), f.body...)))
		for _, name := range f.exports {
			exports = append(exports, append(append(counted([]byte(name)), 0), uleb(k)...))
		}
	}
	for k, g := range m.globals {
		globals = append(globals, append(append([]byte{i32, 0, opI32Const}, sleb(g.value)...), opEnd))
		exports = append(exports, append(append(counted([]byte(g.name)), 3), uleb(k)...))
	}
	section(1, vector(types))
	section(3, vector(functions))
	section(5, vector([][]byte{append([]byte{0}, uleb((m.top+pageSize-1)/pageSize)...)}))
	section(6, vector(globals))
	section(7, vector(exports))
	section(10, vector(code))
	if len(m.data) > 0 {
		section(11, vector([][]byte{append([]byte{0, opI32Const, 0, opEnd}, counted(m.data)...)}))
	}
	if len(custom) > 0 {
		section(0, append(counted([]byte(name)), custom...))
	}
	return b
}

// grouped are the locals of a function by kind: how many of each follow each other.
func grouped(kinds []byte) (list [][]byte) {
	for k := 0; k < len(kinds); {
		n := 1
		for k+n < len(kinds) && kinds[k+n] == kinds[k] {
			n++
		}
		list = append(list, append(uleb(n), kinds[k]))
		k += n
	}
	return list
}

// vector is a list with its length before it, counted bytes with theirs.
func vector(list [][]byte) []byte {
	b := uleb(len(list))
	for _, e := range list {
		b = append(b, e...)
	}
	return b
}

func counted(b []byte) []byte { return append(uleb(len(b)), b...) }

// uleb is a number from 0 up in groups of seven bits.
func uleb(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

// sleb is a number of either sign in groups of seven bits; the last one has the sign.
func sleb(n int) (b []byte) {
	for {
		group := byte(n & 0x7f)
		n >>= 7
		if n == 0 && group&0x40 == 0 || n == -1 && group&0x40 != 0 {
			return append(b, group)
		}
		b = append(b, group|0x80)
	}
}

// number is a constant of single or double precision, for an instruction and in memory.
func number(kind byte, v float64) []byte {
	if kind == f32 {
		return binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(v)))
	}
	return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v))
}
