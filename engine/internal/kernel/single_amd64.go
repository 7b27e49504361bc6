//go:build amd64 && !noasm

package kernel

// MulAdd is Edges.MulAdd of one lane. It needs the assembly.
func (s *Slots) MulAdd(y, x []float32) {
	need(y, s.out)
	if s.check(x) {
		sparseByTarget(&y[0], &x[0], &s.params[0], &s.index[0], &s.window[0], &s.count[0], len(s.count), maskOf(s.out))
	}
}

// MulAdd is Matrix.MulAdd of one lane. It needs the assembly.
func (c *Columns) MulAdd(y, x []float32) {
	need(y, c.rows)
	need(x, c.cols)
	step := 4 * c.rows
	for l := 0; l < c.rows && c.cols > 0; {
		y, x, w := &y[l], &x[0], &c.w[l]
		switch rest := c.rows - l; {
		case rest >= 8*vector:
			tile1x8(y, x, w, 0, 0, 4, step, c.cols)
			l += 8 * vector
		case rest >= 4*vector:
			tile1x4(y, x, w, 0, 0, 4, step, c.cols)
			l += 4 * vector
		case rest >= 2*vector:
			tile1x2(y, x, w, 0, 0, 4, step, c.cols)
			l += 2 * vector
		case rest >= vector:
			tile1x1(y, x, w, 0, 0, 4, step, c.cols)
			l += vector
		default:
			tile1x1masked(y, x, w, 0, 0, 4, step, c.cols, &masks[rest][0])
			l = c.rows
		}
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
