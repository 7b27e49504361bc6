//go:build amd64 && !noasm

package kernel

import "unsafe"

// gatheredAssembly is a generated chain with heads: the kinds of its inputs, its number of outputs, the numbers of an edge
// of each head, and its functions for several lanes and for one.
type gatheredAssembly struct {
	kinds string
	outs  int
	heads []int
	rows  func(out, in *[]float32, heads *byte, rows, lanes int)
	flat  func(out, in *[]float32, heads *byte, n int)
}

func gathered(text string) Gathered {
	a, ok := generatedGathered[text]
	if !ok || !Accelerated {
		return nil
	}
	return a.run
}

// run checks all operands before assembly is entered.
func (a gatheredAssembly) run(out, in [][]float32, heads []Head, rows, lanes int) bool {
	if len(in) != len(a.kinds) || len(out) != a.outs || len(heads) != len(a.heads) {
		panic("kernel: wrong number of operands of a chain")
	}
	for k, x := range in {
		if a.kinds[k] != 'h' {
			need(x, extent(a.kinds[k], rows, lanes))
		}
	}
	for _, y := range out {
		need(y, rows*lanes)
	}
	if rows < 1 || lanes < 1 {
		return true
	}
	for k := range heads {
		heads[k].check(a.heads[k], rows, lanes)
	}
	var first *[]float32
	if len(in) > 0 {
		first = &in[0]
	}
	if at := (*byte)(unsafe.Pointer(&heads[0])); lanes == 1 {
		a.flat(&out[0], first, at, rows)
	} else {
		a.rows(&out[0], first, at, rows, lanes)
	}
	return true
}

// check checks a head and fills in what the assembly reads.
func (h *Head) check(numbers, rows, lanes int) {
	s := h.Slots
	if s.out != rows || s.numbers != numbers || (s.width == 1) != (lanes > 1) {
		panic("kernel: edges arranged for another use")
	}
	need(h.X, s.in*lanes)
	need(s.params, numbers*len(s.index))
	h.raw = rawHead{unsafe.SliceData(h.X), unsafe.SliceData(s.params), unsafe.SliceData(s.index), unsafe.SliceData(s.count)}
}
