package engine

import (
	"slices"

	"github.com/elegans-nn/elegans/engine/internal/kernel"
	"github.com/elegans-nn/elegans/step"
)

// block is how many numbers of a value a chain computes before it goes on with the next rows, so that what passes from
// operation to operation stays in the first-level cache.
const block = 1024

// chainCode runs a chain operation by operation over blocks of rows.
type chainCode struct {
	e           *Engine
	rows, lanes int
	places      []place // the inputs, then the stored values
	base        []int   // where they are at the time at hand
	code        []instr
	args, dst   [][]float32
}

// instr is one call of a kernel. Operands that are shorter than a row make it run row by row, unless the kernel takes them as
// they are.
type instr struct {
	f     kernel.Fused
	dst   operand
	args  []operand
	byRow bool
}

// operand is a buffer of the chain's own or one of its places.
type operand struct {
	kind byte // t: own buffer; else as in chainIn
	at   int
}

// chain compiles a chain as stage s runs it: as a whole if there is a kernel for it and its heads, or else the heads first.
func (c *compiler) chain(ch *chain, s stage) func(t int) {
	if w := c.whole(ch, s, ch.heads); w != nil {
		return w.run
	}
	var parts []func(t int)
	for _, i := range ch.heads {
		parts = append(parts, structured[c.p.Nodes[i].Op](c, s, i))
	}
	var rest func(t int)
	if w := c.whole(ch, s, nil); w != nil {
		rest = w.run
	} else {
		rest = c.newChainCode(ch, s).run
	}
	if parts == nil {
		return rest
	}
	return func(t int) {
		for _, f := range parts {
			f(t)
		}
		rest(t)
	}
}

// newChainCode compiles a chain whose operations run one by one.
func (c *compiler) newChainCode(ch *chain, s stage) *chainCode {
	cc := &chainCode{e: c.e, rows: ch.rows, lanes: c.width(s), args: make([][]float32, 5), dst: make([][]float32, 1)}
	for _, in := range ch.in {
		cc.places = append(cc.places, c.find(s, in.node))
	}
	stored := map[int]int{}
	for _, o := range ch.out {
		stored[o] = len(cc.places)
		cc.places = append(cc.places, c.stored(ch, o, s))
	}
	cc.base = make([]int, len(cc.places))
	as := assembler{chain: ch, lanes: cc.lanes, stored: stored, last: ch.lastUse(), filled: map[int]int{}}
	for k := range ch.ops {
		as.op(k)
	}
	cc.code = as.code
	c.e.buffers = max(c.e.buffers, as.buffers)
	return cc
}

// stored is where operation o of a chain stores its value; an accumulator too stands in lanes here.
func (c *compiler) stored(ch *chain, o int, s stage) place {
	i := ch.nodes[o]
	if n := &c.p.Nodes[i]; n.Op == step.OpAccum {
		i = n.In[0]
	}
	at := c.find(s, i)
	at.n = ch.rows * c.width(s)
	return at
}

// lastUse tells after which operation a value is dead.
func (c *chain) lastUse() []int {
	last := make([]int, len(c.ops))
	for k, o := range c.ops {
		last[k] = max(last[k], k)
		for _, r := range o.args {
			if r >= 0 {
				last[r] = k
			}
		}
	}
	return last
}

// assembler turns the operations of a chain into calls.
type assembler struct {
	*chain
	lanes   int
	stored  map[int]int // place of stored operations
	last    []int
	temp    map[int]int // buffer of other operations
	filled  map[int]int // buffer that repeats an input
	free    []int
	buffers int
	code    []instr
}

func (as *assembler) buffer() int {
	if n := len(as.free); n > 0 {
		b := as.free[n-1]
		as.free = as.free[:n-1]
		return b
	}
	as.buffers++
	return as.buffers - 1
}

func (as *assembler) op(k int) {
	if as.temp == nil {
		as.temp = map[int]int{}
	}
	o, row := as.ops[k], kernel.Elementwises[as.ops[k].op]
	var in instr
	if o.op == step.OpAccum {
		in.args = append(in.args, operand{'f', as.stored[k]})
	}
	for a, r := range o.args {
		in.args = append(in.args, as.arg(r, row.Scalar && (a > 0 || !as.short(o))))
	}
	as.kernel(&in, o.op)
	for _, r := range o.args {
		if b, ok := as.temp[max(r, -1)]; ok && r >= 0 && as.last[r] == k {
			as.free = append(as.free, b)
			delete(as.temp, r)
		}
	}
	if at, ok := as.stored[k]; ok {
		in.dst = operand{'f', at}
	} else {
		as.temp[k] = as.buffer()
		in.dst = operand{'t', as.temp[k]}
	}
	as.code = append(as.code, in)
}

// kernel chooses what an instruction calls.
func (as *assembler) kernel(in *instr, op step.Op) {
	kinds, row := make([]byte, len(in.args)), make([]byte, len(in.args))
	for k, a := range in.args {
		kinds[k], row[k] = a.kind, 'f'
		switch a.kind {
		case 't':
			kinds[k] = 'f'
		case 'u', 'k':
			row[k] = 'k'
		}
		in.byRow = in.byRow || a.kind == 'u' || a.kind == 'l'
	}
	if f := kernel.FindOperation(op, kinds); f != nil && (!in.byRow || as.lanes%8 == 0) {
		in.f, in.byRow = f, false
	}
	if in.byRow {
		in.f = kernel.FindOperation(op, row)
	}
}

// short reports whether all operands are single numbers: of one lane, a row for all is one too. A kernel needs one that
// is as long as its result.
func (as *assembler) short(o chainOp) bool {
	for _, r := range o.args {
		if as.lanes > 1 || r >= 0 || slices.Contains([]byte("fuh"), as.in[-1-r].kind) {
			return false
		}
	}
	return o.op != step.OpAccum
}

// arg is operand r of a call; kernels that take no short operands get them repeated into a buffer.
func (as *assembler) arg(r int, scalar bool) operand {
	if r >= 0 {
		if at, ok := as.stored[r]; ok {
			return operand{'f', at}
		}
		return operand{'t', as.temp[r]}
	}
	k := -1 - r
	kind := as.in[k].kind
	if kind == 'h' {
		kind = 'f'
	}
	if as.lanes == 1 { // a row is one number
		kind = map[byte]byte{'f': 'f', 'u': 'f', 'l': 'k', 'k': 'k'}[kind]
	}
	if kind == 'f' || scalar {
		return operand{kind, k}
	}
	b, ok := as.filled[k]
	if !ok {
		b = as.buffers
		as.buffers++
		as.filled[k] = b
		as.code = append(as.code, instr{f: kernel.Fill, dst: operand{'t', b}, args: []operand{{kind, k}}, byRow: kind != 'k'})
	}
	return operand{'t', b}
}

// run computes the chain at time t.
func (c *chainCode) run(t int) {
	for k := range c.places {
		c.base[k] = c.places[k].at(t)
	}
	step := max(1, block/c.lanes)
	for r := 0; r < c.rows; r += step {
		n := min(step, c.rows-r)
		for k := range c.code {
			if in := &c.code[k]; in.byRow {
				c.byRow(in, r, n)
			} else {
				c.flat(in, r, n)
			}
		}
	}
}

// flat runs a call over n rows at once.
func (c *chainCode) flat(in *instr, r, n int) {
	for k, a := range in.args {
		c.args[k] = c.slice(a, r, 0, n)
	}
	c.dst[0] = c.slice(in.dst, r, 0, n)
	in.f(c.dst, c.args[:len(in.args)], n, c.lanes)
}

func (c *chainCode) byRow(in *instr, r, n int) {
	for i := range n {
		for k, a := range in.args {
			c.args[k] = c.slice(a, r, i, 1)
		}
		c.dst[0] = c.slice(in.dst, r, i, 1)
		in.f(c.dst, c.args[:len(in.args)], c.lanes, 1)
	}
}

// slice is an operand's part for rows [r+i, r+i+n) of the block that starts at row r.
func (c *chainCode) slice(a operand, r, i, n int) []float32 {
	m := c.e.mem
	switch a.kind {
	case 't':
		return c.e.scratch[a.at*block+i*c.lanes:][:n*c.lanes]
	case 'f':
		return m[c.base[a.at]+(r+i)*c.lanes:][:n*c.lanes]
	case 'u':
		return m[c.base[a.at]+r+i:][:n]
	case 'l':
		return m[c.base[a.at]:][:c.lanes]
	}
	return m[c.base[a.at]:][:1]
}
