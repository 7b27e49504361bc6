package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/elegans-nn/elegans/engine/internal/kernel"
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

// registers is how many values and the code of an operation share; the allocator of avo gets by with one more.
func registers() int { return vec.Count() - 1 }

// widest is the most numbers at a time: the lanes of a shard.
const widest = 32

// pointers are the operands whose addresses stay in registers.
const pointers = 6

// parse reads a chain; it reports whether all operations have code, for AVX2 and in Go.
func parse(text string) (c chain, ok bool) {
	text, heads, _ := strings.Cut(text, " < ")
	code, outs, _ := strings.Cut(text, " > ")
	for _, part := range words(code, "; ") {
		w := strings.Fields(part)
		o := op{op: named(w[0])}
		if _, two := vec.Two[o.op]; !two && vec.Table[o.op].Emit == nil && o.op != step.OpAccum {
			return c, false
		}
		if kernel.Elementwises[o.op] == (kernel.Elementwise{}) {
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
	n             int // vectors at a time
	held          map[int]vec.Many
	mask          VecVirtual // of the lanes that count; nil: all
	sums          []int      // where the results of heads for each input of kind h begin
	sum, left     GPVirtual  // where those of the vector at hand begin; how many vectors are left
}

// newWriter loads what all functions need.
func newWriter(c *chain, flat bool) *writer {
	w := &writer{chain: c, flat: flat, in: GP64(), out: GP64(), at: GP64(), tmp: GP64()}
	Load(Param("in"), w.in)
	Load(Param("out"), w.out)
	w.slots = AllocLocal(vec.Bytes() * len(c.ops) * c.width())
	for k := range w.pointers() {
		w.ptr = append(w.ptr, GP64())
		MOVQ(w.header(k), w.ptr[k])
	}
	XORQ(w.at, w.at)
	return w
}

// width is how many vectors the function computes at a time: one where nothing takes long, else as many as the registers
// hold of every operation by itself, a power of two since the vectors of a row mostly are.
func (c *chain) width() int {
	if !slices.ContainsFunc(c.ops, func(o op) bool { return vec.Long(o.op) }) {
		return 1
	}
	for n := widest / vec.Lanes; n > 1; n /= 2 {
		fits := true
		for k, o := range c.ops {
			kept := 0 // operands that are used later too
			for _, r := range o.args {
				if r >= 0 && c.next(r, k) < len(c.ops) {
					kept++
				}
			}
			fits = fits && c.need(o, n)+n*kept <= registers()
		}
		if fits {
			return n
		}
	}
	return 1
}

// widens reports whether the chain is emitted for AVX-512 too: where it has heads, which gain most by it.
func (c *chain) widens() bool {
	return c.heads != nil && !slices.ContainsFunc(c.ops, func(o op) bool { return !vec.Widens(o.op) })
}

// need is how many registers an operation takes for n vectors.
func (c *chain) need(o op, n int) int {
	code := vec.Table[o.op]
	return max(n*max(code.Regs, len(o.args)+1, 2)+code.Shared, code.Least)
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

// vector is vector i of an operand; those of a single number, or of one for all lanes, are one vector.
func (w *writer) vector(m Mem, i int) Mem {
	if m.Base != w.sum && (m.Index == nil || m.Index == w.row) {
		return m
	}
	return m.Offset(vec.Bytes() * i)
}

// load brings operand k into registers, into one if it is the same for all lanes.
func (w *writer) load(k int) vec.Many {
	m, broadcast := w.mem(k)
	y := make(vec.Many, w.n)
	for i := range y {
		switch {
		case broadcast && i > 0:
			y[i] = y[0]
			continue
		case broadcast:
			y[i] = vec.Fresh()
			VBROADCASTSS(m, y[i])
			continue
		}
		y[i] = vec.Fresh()
		if w.mask != nil && !w.head(k) {
			VMASKMOVPS(w.vector(m, i), w.mask, y[i])
			continue
		}
		VMOVUPS(w.vector(m, i), y[i])
	}
	return y
}

func (w *writer) store(v vec.Many, k int) {
	m, _ := w.mem(k)
	for i := range v {
		if w.mask != nil {
			VMASKMOVPS(v[i], w.mask, w.vector(m, i))
			continue
		}
		VMOVUPS(v[i], w.vector(m, i))
	}
}

// slot is where vector i of operation r is spilled.
func (w *writer) slot(r, i int) Mem { return w.slots.Offset(vec.Bytes() * (r*w.width() + i)) }

// register is an operand of an operation in registers.
func (w *writer) register(r int) vec.Many {
	if r < 0 {
		return w.load(-1 - r)
	}
	if v, ok := w.held[r]; ok {
		return v
	}
	v := make(vec.Many, w.n)
	for i := range v {
		v[i] = vec.Fetch(w.slot(r, i))
	}
	return v
}

// operand is an operand as an instruction takes it, in memory if it is there.
func (w *writer) operand(r int) []Op {
	list := make([]Op, w.n)
	if r >= 0 && w.held[r] == nil {
		for i := range list {
			list[i] = w.slot(r, i)
		}
		return list
	}
	if r < 0 && (w.mask == nil || w.head(-1-r)) {
		if m, broadcast := w.mem(-1 - r); !broadcast {
			for i := range list {
				list[i] = w.vector(m, i)
			}
			return list
		}
	}
	for i, v := range w.register(r) {
		list[i] = v
	}
	return list
}

// next is the first operation after k that uses the value of operation r; the number of operations if none does.
func (c *chain) next(r, k int) int {
	for j := k + 1; j < len(c.ops); j++ {
		if slices.Contains(c.ops[j].args, r) {
			return j
		}
	}
	return len(c.ops)
}

// body emits all operations for n vectors at hand.
func (w *writer) body(n int) {
	w.n, w.held = n, map[int]vec.Many{}
	for k := range w.ops {
		w.room(k)
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
	}
	for j, r := range w.chain.out {
		if r < 0 {
			w.store(w.load(-1-r), len(w.kinds)+j)
		}
	}
}

// room puts values on the stack, those first that are used last, until the registers suffice for operation k.
func (w *writer) room(k int) {
	o := w.ops[k]
	left := registers() - w.need(o, w.n)
	if w.mask != nil {
		left--
	}
	for {
		kept, worst := 0, -1 // besides operands that end here
		for r := range len(w.ops) {
			if _, ok := w.held[r]; !ok || slices.Contains(o.args, r) && w.next(r, k) == len(w.ops) {
				continue
			}
			kept++
			if !slices.Contains(o.args, r) && (worst < 0 || w.next(r, k) > w.next(worst, k)) {
				worst = r
			}
		}
		if worst < 0 || w.n*kept <= left {
			return
		}
		for i, v := range w.held[worst] {
			VMOVUPS(v, w.slot(worst, i))
		}
		delete(w.held, worst)
	}
}

// apply emits one operation.
func (w *writer) apply(k int) vec.Many {
	o := w.ops[k]
	args := o.args
	var in []vec.Many
	two := vec.Two[o.op]
	if o.op == step.OpAccum {
		two = vec.Two[step.OpAdd]
		in = append(in, w.load(len(w.kinds)+slices.Index(w.chain.out, k)))
	}
	if two == nil {
		for _, r := range args {
			in = append(in, w.register(r))
		}
		return vec.Table[o.op].Emit(in)
	}
	if in == nil {
		in, args = append(in, w.register(args[0])), args[1:]
	}
	y := make(vec.Many, w.n)
	for i, b := range w.operand(args[0]) {
		y[i] = vec.Fresh()
		two(b, in[0][i], y[i])
	}
	return y
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
	w.loop(n, 1)
	ADDQ(Imm(4), w.row)
	Load(Param("rows"), n)
	DECQ(n)
	Store(n, Param("rows"))
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// loop emits the loops over n, which counts vectors in units: as many at a time as there is room for, then one by one. It
// leaves in n what is less than a vector.
func (w *writer) loop(n GPVirtual, unit int) {
	for width := w.width(); width >= 1; width /= w.width() {
		loop, end := fmt.Sprintf("by%d", width), fmt.Sprintf("by%dend", width)
		SUBQ(Imm(uint64(unit*width)), n)
		JL(LabelRef(end))
		Label(loop)
		w.body(width)
		ADDQ(Imm(uint64(32*width)), w.at)
		if !w.flat {
			ADDQ(Imm(uint64(32*width)), w.lane)
		}
		SUBQ(Imm(uint64(unit*width)), n)
		JGE(LabelRef(loop))
		Label(end)
		ADDQ(Imm(uint64(unit*width)), n)
		if width == 1 {
			return
		}
	}
}

// emitFlat is the function for n contiguous numbers.
func emitFlat(name string, c *chain, tails Mem) {
	TEXT(name, 0, "func(out, in *[]float32, n int)")
	Pragma("noescape")
	w := newWriter(c, true)
	n, base := Load(Param("n"), GP64()).(GPVirtual), GP64()
	w.loop(n, 8)
	TESTQ(n, n)
	JZ(LabelRef("done"))
	NEGQ(n)
	LEAQ(tails, base)
	w.mask = YMM()
	VMOVDQU(Mem{Base: base, Index: n, Scale: 4, Disp: 32}, w.mask)
	w.body(1)
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
		case vec.Table[o].Emit != nil:
			text := o.String()
			for k := range o.Row().Arity {
				text += fmt.Sprintf(" f%d", k)
			}
			texts = append(texts, text+" > [0]")
		}
	}
	return texts
}
