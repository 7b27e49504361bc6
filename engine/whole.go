package engine

import "github.com/elegans-nn/elegans/engine/internal/kernel"

// whole is a chain, with its heads, that one kernel computes. The kernel is bound at the first run, when all values have
// their memory; afterwards only operands that differ from time to time are found anew.
type whole struct {
	e           *Engine
	key         string
	rows, lanes int
	in, out     [][]float32
	heads       []kernel.Head
	operands    []moving
	call        func()
}

// moving is an operand: where it stands, and who reads it.
type moving struct {
	p    place
	kind int // of its slots
	to   *[]float32
	head *kernel.Head
}

// whole compiles a chain, with or without its heads, for the kernel that computes it as a whole; it gives nil where there
// is none.
func (c *compiler) whole(ch *chain, s stage, heads []int) *whole {
	key := ch.text()
	if heads != nil {
		key = ch.key(c.plan)
	}
	w := c.newWhole(key, s, ch.rows, len(ch.in), len(ch.out))
	if w == nil {
		return nil
	}
	for k, in := range ch.in {
		if heads == nil || in.kind != 'h' {
			w.operands = append(w.operands, moving{p: c.find(s, in.node), to: &w.in[k]})
		}
	}
	for k, o := range ch.out {
		w.operands = append(w.operands, moving{p: c.stored(ch, o, s), to: &w.out[k]})
	}
	if heads != nil {
		for _, h := range ch.passes(c.plan) {
			c.addHead(w, s, h)
		}
	}
	return w
}

func (c *compiler) newWhole(key string, s stage, rows, in, out int) *whole {
	if !kernel.Has(key, c.width(s)) {
		return nil
	}
	return &whole{e: c.e, key: key, rows: rows, lanes: c.width(s), in: make([][]float32, in), out: make([][]float32, out)}
}

// addHead adds a pass over edges.
func (c *compiler) addHead(w *whole, s stage, h head) {
	w.heads = append(w.heads, kernel.Head{Slots: c.arranged(s, h, w.rows)})
	w.operands = append(w.operands, moving{p: c.inLane(s, h.x)})
}

// run computes the chain at time t.
func (w *whole) run(t int) {
	if w.call == nil {
		w.bind()
	}
	slots := w.e.slotsAt(t)
	for k := range w.operands {
		w.operands[k].set(w.e, slots)
	}
	w.call()
}

func (m *moving) set(e *Engine, slots *[slotKinds]int) {
	v := e.mem[m.p.off+slots[m.kind]*m.p.stride:][:m.p.n]
	if m.head != nil {
		m.head.Read(v)
		return
	}
	*m.to = v
}

// bind finds all operands, and keeps those that move.
func (w *whole) bind() {
	first := len(w.operands) - len(w.heads)
	for k := range w.heads {
		w.operands[first+k].head = &w.heads[k]
	}
	var rest []moving
	for k := range w.operands {
		m := &w.operands[k]
		m.kind = m.p.kind()
		m.set(w.e, w.e.slotsAt(0))
		if w.e.moves(&m.p) {
			rest = append(rest, *m)
		}
	}
	w.operands = rest
	w.call = kernel.Bind(w.key, w.out, w.in, w.heads, w.rows, w.lanes)
}
