package main

import (
	"fmt"
	"slices"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/elegans-nn/elegans/engine/internal/kernel"
	"github.com/elegans-nn/elegans/engine/internal/kernel/gen/vec"
)

// head is a sum over the edges of each row whose results, one or two, a chain reads as they arise: inputs of kind h.
type head struct {
	name string
	into []int // inputs
}

// The words of a kernel.Head in memory.
const (
	headX      = 0
	headParams = 8
	headIndex  = 16
	headCount  = 24
	headWindow = 32
	headSize   = kernel.HeadSize
)

// gatherer emits the heads of a chain for some vectors at once.
type gatherer struct {
	*writer
	heads  GPVirtual
	stride Mem   // bytes of a row of lanes
	home   Mem   // where sums begin
	cursor []Mem // of each head: the number of its first slot of the row
}

// A head works on as many vectors of lanes at once as there are, four, two or one, so that one's waiting is filled with
// another's work and an edge is read once for all. The sums of four take more registers than there are and stand in memory.
const quad, pair = 4, 2

// sum is a sum of a head for a vector of lanes, in a register or in memory.
type sum struct {
	register VecVirtual
	memory   Mem
}

// add adds v.
func (s sum) add(v VecVirtual) {
	if s.register != nil {
		VADDPS(v, s.register, s.register)
		return
	}
	t := vec.Fresh()
	VADDPS(s.memory, v, t)
	VMOVUPS(t, s.memory)
}

// addProduct adds w v.
func (s sum) addProduct(w Op, v VecVirtual) {
	t := s.register
	if t == nil {
		t = vec.Fetch(s.memory)
		defer func() { VMOVUPS(t, s.memory) }()
	}
	VFMADD231PS(w, v, t)
}

func newGatherer(w *writer) *gatherer {
	g := &gatherer{writer: w, heads: GP64()}
	Load(Param("heads"), g.heads)
	if !w.flat {
		g.stride = AllocLocal(8)
		Load(Param("lanes"), w.tmp)
		SHLQ(Imm(2), w.tmp)
		MOVQ(w.tmp, g.stride)
	}
	for range w.chain.heads {
		m := AllocLocal(8)
		g.cursor = append(g.cursor, m)
		MOVQ(U32(0), m)
	}
	w.sums = make([]int, len(w.kinds))
	size := 0
	for k, kind := range w.kinds {
		if kind == 'h' {
			w.sums[k] = size
			size += vec.Bytes() * quad
		}
	}
	// Sums begin at a multiple of their size: one across two cache lines would be slow to read back.
	g.home, w.sum = AllocLocal(8), GP64()
	LEAQ(AllocLocal(size+vec.Bytes()).Offset(vec.Bytes()-1), w.sum)
	ANDQ(I8(-vec.Bytes()), w.sum)
	MOVQ(w.sum, g.home)
	return g
}

func (g *gatherer) field(j, word int) Mem { return Mem{Base: g.heads, Disp: headSize*j + word} }

// run emits the sums of all heads for n vectors and puts them where the chain reads them.
func (g *gatherer) run(n int, label string) {
	MOVQ(g.home, g.sum)
	for _, group := range g.chain.groups() {
		acc := map[int][]sum{}
		for _, k := range group.into {
			for i := range n {
				a := sum{register: vec.Fresh(), memory: Mem{Base: g.sum, Disp: g.sums[k] + vec.Bytes()*i}}
				VXORPS(a.register, a.register, a.register)
				if n > pair {
					VMOVUPS(a.register, a.memory)
					a.register = nil
				}
				acc[k] = append(acc[k], a)
			}
		}
		for _, j := range group.heads {
			g.head(j, n, acc, label)
		}
		for _, k := range group.into {
			for _, a := range acc[k] {
				if a.register != nil {
					VMOVUPS(a.register, a.memory)
				}
			}
		}
	}
}

// many are the numbers of vectors that heads work on at once. Products do too little for sums in memory to pay.
func (c *chain) many() []int {
	if c.synapses() && quad*vec.Lanes <= widest {
		return []int{quad, pair, 1}
	}
	return []int{pair, 1}
}

// synapses reports whether a head is one of synapses.
func (c *chain) synapses() bool {
	return slices.ContainsFunc(c.heads, func(h head) bool { return h.name == "synapses" })
}

// group are heads that share sums.
type group struct{ heads, into []int }

// groups finds the heads whose sums must be in registers together.
func (c *chain) groups() (list []group) {
	for j, h := range c.heads {
		g := group{into: slices.Clone(h.into)}
		rest := list[:0:0]
		for _, o := range list {
			if !slices.ContainsFunc(o.into, func(k int) bool { return slices.Contains(h.into, k) }) {
				rest = append(rest, o)
				continue
			}
			g.heads, g.into = append(g.heads, o.heads...), append(g.into, o.into...)
		}
		g.heads = append(g.heads, j)
		slices.Sort(g.heads)
		slices.Sort(g.into)
		g.into = slices.Compact(g.into)
		list = append(rest, g)
	}
	return list
}

// head emits the loop over the slots of head j: acc has n vectors of each input.
func (g *gatherer) head(j, n int, acc map[int][]sum, label string) {
	h := g.chain.heads[j]
	label = fmt.Sprint(label, h.name, j)
	index, params, k, x, window := GP64(), GP64(), GP64(), GP64(), GP64()
	t := g.tmp
	MOVQ(g.field(j, headCount), t)
	MOVLQSX(Mem{Base: t, Index: g.block(), Scale: 1}, k)
	TESTQ(k, k)
	JZ(LabelRef(label + "done"))
	width, numbers := 1, h.numbers()
	if g.flat {
		width = 8
	}
	MOVQ(g.cursor[j], t)
	MOVQ(g.field(j, headIndex), index)
	LEAQ(Mem{Base: index, Index: t, Scale: 4}, index)
	IMUL3Q(U8(4*numbers), t, t)
	MOVQ(g.field(j, headParams), params)
	ADDQ(t, params)
	MOVQ(g.field(j, headX), x)
	if g.flat {
		MOVQ(g.field(j, headWindow), window)
		MOVQ(g.cursor[j], t)
		SHRQ(Imm(3), t)
		LEAQ(Mem{Base: window, Index: t, Scale: 4}, window)
	} else {
		ADDQ(g.lane, x)
	}
	add := gathering[h.name](n)
	pass := func(slots int) {
		var into [][]sum
		for _, k := range h.into {
			v := acc[k]
			if slots > 1 { // both add to the same sums
				v = []sum{v[0], v[0]}
			}
			into = append(into, v)
		}
		add(g.sources(x, index, window, max(n, slots), h.halves()), slotParams{params, width, numbers}, into)
		ADDQ(U32(4*width*slots), index)
		if g.flat {
			ADDQ(U32(4*slots), window)
		}
		ADDQ(U32(4*width*numbers*slots), params)
	}
	if g.flat {
		pairs(k, label, pass)
	} else {
		Label(label + "slot")
		pass(1)
		DECQ(k)
		JNZ(LabelRef(label + "slot"))
	}
	Label(label + "done")
}

// pairs emits a pass over k > 0 slots by twos and, if their number is odd, the last.
func pairs(k GPVirtual, label string, pass func(slots int)) {
	SUBQ(Imm(2), k)
	JL(LabelRef(label + "odd"))
	Label(label + "two")
	pass(2)
	SUBQ(Imm(2), k)
	JGE(LabelRef(label + "two"))
	Label(label + "odd")
	CMPQ(k, I8(-1))
	JNE(LabelRef(label + "done"))
	pass(1)
}

// block is the distance of the row's, or block's, number of slots.
func (g *gatherer) block() GPVirtual {
	if !g.flat {
		return g.row
	}
	b := GP64()
	MOVQ(g.at, b)
	SHRQ(Imm(3), b)
	return b
}

// sources loads n vectors of the source of the slot at hand, those of lanes; or of n slots those of eight targets.
func (g *gatherer) sources(x, index, window GPVirtual, n, halves int) (v []VecVirtual) {
	if g.flat {
		for i := range n {
			MOVLQSX(Mem{Base: window, Disp: 4 * i}, g.tmp)
			v = append(v, vec.Window(Mem{Base: x, Index: g.tmp, Scale: 4}, vec.Fetch(Mem{Base: index, Disp: 32 * i}), halves))
		}
		return v
	}
	for range n {
		v = append(v, vec.Fresh())
	}
	from := g.tmp
	MOVLQSX(Mem{Base: index}, from)
	IMULQ(g.stride, from)
	for i := range n {
		m := Mem{Base: x, Index: from, Scale: 1, Disp: vec.Bytes() * i}
		if g.mask != nil {
			VMASKMOVPS(m, g.mask, v[i])
		} else {
			VMOVUPS(m, v[i])
		}
	}
	return v
}

// next moves the cursors on to the next row or block.
func (g *gatherer) next() {
	k, b := GP64(), g.block()
	for j := range g.chain.heads {
		MOVQ(g.field(j, headCount), k)
		MOVLQSX(Mem{Base: k, Index: b, Scale: 1}, k)
		if g.flat {
			SHLQ(Imm(3), k)
		}
		ADDQ(k, g.cursor[j])
	}
}

// slotParams are the numbers of the slots at hand: one for all lanes, or of each slot a vector for eight targets.
type slotParams struct {
	base           GPVirtual
	width, numbers int
}

// each is number k for n vectors.
func (p slotParams) each(k, n int) (v []Op) {
	for i := range n {
		v = append(v, Mem{Base: p.base, Disp: 4 * p.width * (k + i*p.numbers)})
	}
	if p.width > 1 {
		return v
	}
	y := vec.Fresh()
	VBROADCASTSS(v[0], y)
	for i := range v {
		v[i] = y
	}
	return v
}

// registers are those of each, in registers.
func (p slotParams) registers(k, n int) (list []VecVirtual) {
	for _, v := range p.each(k, n) {
		if _, memory := v.(Mem); memory {
			v = vec.Fetch(v)
		}
		list = append(list, v.(VecVirtual))
	}
	return list
}

// numbers is how many numbers an edge has: four of a synapse, or a weight for each of the sums of a product.
func (h head) numbers() int {
	if h.name == "synapses" {
		return 4
	}
	return len(h.into)
}

// halves is how many vectors a window has.
func (h head) halves() int {
	if h.name == "synapses" {
		return kernel.ForSynapses
	}
	return kernel.ForProducts
}

// uses is the Go text of how the heads are read.
func (c *chain) uses() string {
	var b strings.Builder
	for _, h := range c.heads {
		fmt.Fprintf(&b, "{%d, %d}, ", h.numbers(), h.halves())
	}
	return b.String()
}

// gathering emits what stands before the loop over slots and gives what adds a slot to the sums, which are vectors by
// result.
var gathering = map[string]func(n int) func(source []VecVirtual, p slotParams, acc [][]sum){
	// G += a, I += a E with a = w / (1 + 2^u), u = s v + b; the slope is in powers of 2 already. I is left out where nobody
	// reads it.
	"synapses": func(n int) func([]VecVirtual, slotParams, [][]sum) {
		constants := 6
		if n > pair { // which fill the registers themselves
			constants = 2
		}
		gate := vec.NewGate(constants)
		return func(v []VecVirtual, p slotParams, acc [][]sum) {
			n := len(v)
			s, b := p.registers(0, n), p.each(1, n)
			for i, u := range v {
				VFMADD213PS(b[i], s[i], u)
			}
			z := gate.Run(v, func() []VecVirtual { return p.registers(2, n) })
			for i, a := range z {
				acc[0][i].add(a)
			}
			if len(acc) == 1 {
				return
			}
			e := p.each(3, n)
			for i, a := range z {
				acc[1][i].addProduct(e[i], a)
			}
		}
	},
	// y += w x for every result.
	"product": func(int) func([]VecVirtual, slotParams, [][]sum) {
		return func(x []VecVirtual, p slotParams, acc [][]sum) {
			for r := range acc {
				w := p.each(r, len(x))
				for i, v := range x {
					acc[r][i].addProduct(w[i], v)
				}
			}
		}
	},
}

// rest emits the heads and the chain for the n < 8 numbers that are left, under a mask; n is negative afterwards.
func (g *gatherer) rest(n GPVirtual, tails Mem) {
	NEGQ(n)
	LEAQ(tails, g.tmp)
	g.mask = YMM()
	VMOVDQU(Mem{Base: g.tmp, Index: n, Scale: 4, Disp: 32}, g.mask)
	g.run(1, "rest")
	g.body(1)
}

// gatheredRows is the function for several lanes; for whole vectors of them where they are wide.
func gatheredRows(name string, c *chain, tails Mem) {
	TEXT(name, 0, "func(out, in *[]float32, heads *byte, rows, lanes int)")
	Pragma("noescape")
	w := newWriter(c, false)
	w.row, w.lane = GP64(), GP64()
	g, n := newGatherer(w), GP64()
	XORQ(w.row, w.row)
	Label("row")
	XORQ(w.lane, w.lane)
	Load(Param("lanes"), n)
	g.vectors(n)
	if vec.Lanes == vec.Narrow {
		TESTQ(n, n)
		JZ(LabelRef("end"))
		g.rest(n, tails)
		SHLQ(Imm(2), n)
		SUBQ(n, w.at)
		Label("end")
	}
	g.next()
	ADDQ(Imm(4), w.row)
	Load(Param("rows"), n)
	DECQ(n)
	Store(n, Param("rows"))
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// vectors emits what is done for whole vectors of n lanes: by fours, twos, then one. The chain takes as many of them at a
// time as its registers bear, with the same code for each.
func (g *gatherer) vectors(n GPVirtual) {
	g.left = GP64()
	for _, many := range g.many() {
		here, next := fmt.Sprint("by", many), fmt.Sprint("by", many/2)
		at := min(many, g.width())
		Label(here)
		CMPQ(n, Imm(uint64(vec.Lanes*many)))
		JL(LabelRef(next))
		g.run(many, here)
		if at < many {
			MOVQ(U32(many/at), g.left)
			Label(here + "chain")
		}
		g.body(at)
		ADDQ(Imm(uint64(vec.Bytes()*at)), g.at)
		ADDQ(Imm(uint64(vec.Bytes()*at)), g.lane)
		if at < many {
			ADDQ(Imm(uint64(vec.Bytes()*at)), g.sum)
			DECQ(g.left)
			JNZ(LabelRef(here + "chain"))
		}
		SUBQ(Imm(uint64(vec.Lanes*many)), n)
		JMP(LabelRef(here))
	}
	Label("by0")
}

// gatheredFlat is the function for one lane.
func gatheredFlat(name string, c *chain, tails Mem) {
	TEXT(name, 0, "func(out, in *[]float32, heads *byte, n int)")
	Pragma("noescape")
	w := newWriter(c, true)
	g, n := newGatherer(w), Load(Param("n"), GP64()).(GPVirtual)
	SUBQ(Imm(8), n)
	JL(LabelRef("tail"))
	Label("loop")
	g.run(1, "whole")
	w.body(1)
	g.next()
	ADDQ(Imm(32), w.at)
	SUBQ(Imm(8), n)
	JGE(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(8), n)
	JZ(LabelRef("done"))
	g.rest(n, tails)
	Label("done")
	VZEROUPPER()
	RET()
}
