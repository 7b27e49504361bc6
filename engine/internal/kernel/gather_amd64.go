//go:build amd64 && !noasm

package kernel

import "unsafe"

// gatheredAssembly is a generated chain with heads: the kinds of its inputs, its number of outputs, the numbers of an edge
// of each head, and its functions for several lanes and for one.
type gatheredAssembly struct {
	kinds string
	outs  int
	heads []headUse
	rows  gatheredRows
	flat  func(out, in *[]float32, heads *byte, n int)
}

// headUse is how a kernel reads the edges of a head: the numbers of an edge, and the halves of a window.
type headUse struct{ numbers, halves int }

// bind checks all operands, once: what it returns enters the assembly as it is, for several lanes by the function given.
func (a gatheredAssembly) bind(several gatheredRows, out, in [][]float32, heads []Head, rows, lanes int) func() {
	if len(in) != len(a.kinds) || len(out) != a.outs || len(heads) != len(a.heads) {
		panic("kernel: wrong number of operands of a chain")
	}
	check(out, in, a.kinds, rows, lanes)
	for k := range heads {
		heads[k].check(a.heads[k], rows, lanes)
	}
	results, operands, at := unsafe.SliceData(out), unsafe.SliceData(in), (*byte)(unsafe.Pointer(unsafe.SliceData(heads)))
	switch flat := a.flat; {
	case rows < 1 || lanes < 1:
		return func() {}
	case lanes == 1:
		return func() { flat(results, operands, at, rows) }
	default:
		return func() { several(results, operands, at, rows, lanes) }
	}
}

// check checks a head and fills in what the assembly reads.
func (h *Head) check(use headUse, rows, lanes int) {
	s := h.Slots
	if s.out != rows || s.numbers != use.numbers || s.halves != use.halves || (s.width == 1) != (lanes > 1) {
		panic("kernel: edges arranged for another use")
	}
	need(h.x, s.in*lanes)
	need(h.x[:cap(h.x)], s.reach(lanes))
	need(s.params, use.numbers*len(s.index))
	h.raw = rawHead{unsafe.SliceData(h.x), unsafe.SliceData(s.params), unsafe.SliceData(s.index), unsafe.SliceData(s.count), unsafe.SliceData(s.window)}
}
