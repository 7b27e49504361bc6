package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/elegans-nn/elegans/engine/internal/kernel/gen/vec"
	"github.com/elegans-nn/elegans/step"
)

// chain is a chain as its text says: operands >= 0 are operations, others (-1-k) inputs.
type chain struct {
	ops   []op
	kinds []byte // of the inputs
	out   []int
	heads []head
}

type op struct {
	op   step.Op
	args []int
}

// registers are the values that stay in registers besides what a function needs.
const registers = 7

// pointers are the operands whose addresses stay in registers.
const pointers = 6

// parse reads a chain; it reports whether all operations have code.
func parse(text string) (c chain, ok bool) {
	text, heads, _ := strings.Cut(text, " < ")
	code, outs, _ := strings.Cut(text, " > ")
	for _, part := range words(code, "; ") {
		w := strings.Fields(part)
		o := op{op: named(w[0])}
		if _, two := vec.Two[o.op]; !two && vec.Table[o.op] == nil && o.op != step.OpAccum {
			return c, false
		}
		for _, w := range w[1:] {
			k := number(w[1:])
			if w[0] == 't' {
				o.args = append(o.args, k)
				continue
			}
			c.kind(k, w[0])
			o.args = append(o.args, -1-k)
		}
		c.ops = append(c.ops, o)
	}
	for _, w := range strings.Fields(strings.Trim(outs, "[]")) {
		c.out = append(c.out, number(w))
	}
	for _, part := range words(heads, "; ") {
		w := strings.Fields(part)
		h := head{name: w[0]}
		for _, k := range w[1:] {
			c.kind(number(k), 'h')
			h.into = append(h.into, number(k))
		}
		c.heads = append(c.heads, h)
	}
	return c, true
}

// words splits a text, none if it is empty.
func words(text, separator string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, separator)
}

func number(word string) int {
	k, err := strconv.Atoi(word)
	if err != nil {
		panic("the text of a chain has " + word)
	}
	return k
}

// kind notes what input k is.
func (c *chain) kind(k int, kind byte) {
	for len(c.kinds) <= k {
		c.kinds = append(c.kinds, 0)
	}
	c.kinds[k] = kind
}

func named(name string) step.Op {
	for o := range step.Op(step.Ops) {
		if o.String() == name {
			return o
		}
	}
	panic("no operation is called " + name)
}

// rowwise reports whether an input is neither full nor one number, so that rows matter.
func (c *chain) rowwise() bool {
	return slices.Contains(c.kinds, 'u') || slices.Contains(c.kinds, 'l')
}

// writer emits one function of a chain.
type writer struct {
	*chain
	flat          bool // one lane: rows are contiguous
	in, out       GPVirtual
	at, row, lane GPVirtual
	tmp           GPVirtual
	ptr           []GPVirtual
	slots         Mem
	held          map[int]VecVirtual
	mask          VecVirtual // of the lanes that count; nil: all
	stack         Mem        // the results of heads
	sums          []int      // where those of each input of kind h begin
	sum, left     GPVirtual  // where those of the vector at hand begin; how many vectors are left
}

// newWriter loads what all functions need.
func newWriter(c *chain, flat bool) *writer {
	w := &writer{chain: c, flat: flat, in: GP64(), out: GP64(), at: GP64(), tmp: GP64()}
	Load(Param("in"), w.in)
	Load(Param("out"), w.out)
	w.slots = AllocLocal(32 * len(c.ops))
	for k := range w.pointers() {
		w.ptr = append(w.ptr, GP64())
		MOVQ(w.header(k), w.ptr[k])
	}
	XORQ(w.at, w.at)
	return w
}

// pointers is how many operands have their addresses in registers; heads need registers of their own.
func (w *writer) pointers() int {
	most := pointers
	if w.chain.heads != nil {
		most = 2
	}
	return min(most, len(w.kinds)+len(w.chain.out))
}

// header is where the address of operand k stands: inputs first, then outputs, each a slice header of three words.
func (w *writer) header(k int) Mem {
	if k < len(w.kinds) {
		return Mem{Base: w.in, Disp: 24 * k}
	}
	return Mem{Base: w.out, Disp: 24 * (k - len(w.kinds))}
}

// mem is operand k at the position at hand, and whether it is one number for all.
func (w *writer) mem(k int) (m Mem, broadcast bool) {
	if w.head(k) {
		return Mem{Base: w.sum, Disp: w.sums[k]}, false
	}
	if k < len(w.ptr) {
		m.Base = w.ptr[k]
	} else {
		MOVQ(w.header(k), w.tmp)
		m.Base = w.tmp
	}
	m.Index, m.Scale = w.at, 1
	kind := byte('f')
	if k < len(w.kinds) {
		kind = w.kinds[k]
	}
	switch {
	case kind == 'k' || w.flat && kind == 'l':
		return Mem{Base: m.Base}, true
	case kind == 'u' && !w.flat:
		m.Index = w.row
		return m, true
	case kind == 'l':
		m.Index = w.lane
	}
	return m, false
}

// head reports whether operand k is a sum that stands on the stack.
func (w *writer) head(k int) bool { return k < len(w.kinds) && w.kinds[k] == 'h' }

// load brings operand k into a register.
func (w *writer) load(k int) VecVirtual {
	m, broadcast := w.mem(k)
	y := YMM()
	switch {
	case broadcast:
		VBROADCASTSS(m, y)
	case w.mask != nil && !w.head(k):
		VMASKMOVPS(m, w.mask, y)
	default:
		VMOVUPS(m, y)
	}
	return y
}

func (w *writer) store(v VecVirtual, k int) {
	m, _ := w.mem(k)
	if w.mask != nil {
		VMASKMOVPS(v, w.mask, m)
		return
	}
	VMOVUPS(v, m)
}

// operand is an operand of an operation as an instruction takes it; reg asks for a register.
func (w *writer) operand(r int, reg bool) Op {
	if r >= 0 {
		if v, ok := w.held[r]; ok {
			return v
		}
		m := w.slots.Offset(32 * r)
		if !reg {
			return m
		}
		return vec.Fetch(m)
	}
	if m, broadcast := w.mem(-1 - r); !reg && !broadcast && (w.mask == nil || w.head(-1-r)) {
		return m
	}
	return w.load(-1 - r)
}

// next is the first operation after k that uses the value of operation r; the number of operations if none does.
func (w *writer) next(r, k int) int {
	for j := k + 1; j < len(w.ops); j++ {
		if slices.Contains(w.ops[j].args, r) {
			return j
		}
	}
	return len(w.ops)
}

// body emits all operations for the vector at hand.
func (w *writer) body() {
	w.held = map[int]VecVirtual{}
	for k := range w.ops {
		v := w.apply(k)
		if j := slices.Index(w.chain.out, k); j >= 0 {
			w.store(v, len(w.kinds)+j)
		}
		w.held[k] = v
		for r := range len(w.ops) {
			if _, ok := w.held[r]; ok && w.next(r, k) == len(w.ops) {
				delete(w.held, r)
			}
		}
		if len(w.held) > registers {
			w.spill(k)
		}
	}
	for j, r := range w.chain.out {
		if r < 0 {
			w.store(w.load(-1-r), len(w.kinds)+j)
		}
	}
}

// spill puts the value that is used last on the stack.
func (w *writer) spill(k int) {
	worst := -1
	for r := range len(w.ops) {
		if _, ok := w.held[r]; ok && (worst < 0 || w.next(r, k) > w.next(worst, k)) {
			worst = r
		}
	}
	VMOVUPS(w.held[worst], w.slots.Offset(32*worst))
	delete(w.held, worst)
}

// apply emits one operation.
func (w *writer) apply(k int) VecVirtual {
	o := w.ops[k]
	if o.op == step.OpAccum {
		a := w.load(len(w.kinds) + slices.Index(w.chain.out, k))
		y := YMM()
		VADDPS(w.operand(o.args[0], false), a, y)
		return y
	}
	if two := vec.Two[o.op]; two != nil {
		a := w.operand(o.args[0], true).(VecVirtual)
		y := YMM()
		two(w.operand(o.args[1], false), a, y)
		return y
	}
	var in []VecVirtual
	for _, r := range o.args {
		in = append(in, w.operand(r, true).(VecVirtual))
	}
	return vec.Table[o.op](in)
}

// emitRows is the function for several lanes, a multiple of 8.
func emitRows(name string, c *chain) {
	TEXT(name, 0, "func(out, in *[]float32, rows, vecs int)")
	Pragma("noescape")
	w := newWriter(c, false)
	w.row, w.lane = GP64(), GP64()
	n := GP64()
	XORQ(w.row, w.row)
	Label("row")
	XORQ(w.lane, w.lane)
	Load(Param("vecs"), n)
	Label("loop")
	w.body()
	ADDQ(Imm(32), w.at)
	ADDQ(Imm(32), w.lane)
	DECQ(n)
	JNZ(LabelRef("loop"))
	ADDQ(Imm(4), w.row)
	Load(Param("rows"), n)
	DECQ(n)
	Store(n, Param("rows"))
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// emitFlat is the function for n contiguous numbers.
func emitFlat(name string, c *chain, tails Mem) {
	TEXT(name, 0, "func(out, in *[]float32, n int)")
	Pragma("noescape")
	w := newWriter(c, true)
	n, base := Load(Param("n"), GP64()).(GPVirtual), GP64()
	SUBQ(Imm(8), n)
	JL(LabelRef("tail"))
	Label("loop")
	w.body()
	ADDQ(Imm(32), w.at)
	SUBQ(Imm(8), n)
	JGE(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(8), n)
	JZ(LabelRef("done"))
	NEGQ(n)
	LEAQ(tails, base)
	w.mask = YMM()
	VMOVDQU(Mem{Base: base, Index: n, Scale: 4, Disp: 32}, w.mask)
	w.body()
	Label("done")
	VZEROUPPER()
	RET()
}

// singles are the chains of one operation each, which stand in for chains that have no function of their own.
func singles() (texts []string) {
	for o := range step.Op(step.Ops) {
		switch {
		case vec.Two[o] != nil:
			for _, kinds := range []string{"f0 f1", "f0 k1", "k0 f1", "f0 u1", "u0 f1", "f0 l1", "l0 f1"} {
				texts = append(texts, fmt.Sprintf("%v %s > [0]", o, kinds))
			}
		case vec.Table[o] != nil:
			text := o.String()
			for k := range o.Row().Arity {
				text += fmt.Sprintf(" f%d", k)
			}
			texts = append(texts, text+" > [0]")
		}
	}
	return texts
}
