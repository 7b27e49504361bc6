//go:build amd64 && !noasm

package kernel

// MulAdd is Edges.MulAdd of one lane. It needs the assembly.
func (s *Slots) MulAdd(y, x []float32) {
	need(y, s.out)
	if s.check(x) {
		sparseByTarget(&y[0], &x[0], &s.params[0], &s.index[0], &s.window[0], &s.count[0], len(s.count), maskOf(s.out))
	}
}

// check checks the operands of a product of one lane. It reports whether there is anything to do.
func (s *Slots) check(x []float32) bool {
	if s.width != vector || s.halves != ForProducts || s.numbers != 1 {
		panic("kernel: edges arranged for another use")
	}
	need(x, s.in)
	need(x[:cap(x)], s.reach(1))
	need(s.params, len(s.index))
	return len(s.index) > 0
}
