//go:build amd64 && !noasm

package kernel

// mulAddVector is y[row] += Σ w x[from] over the edges of each row, or begins with zero; each product and sum rounded
// together.
func (r *rows) mulAddVector(y, w, x []float32, lanes int, zero bool) {
	if len(r.pairs) == 0 || lanes < 1 {
		if zero {
			clear(y)
		}
		return
	}
	onto := &ones
	if zero {
		onto = &zeros
	}
	need(y, len(r.count)*lanes)
	need(x, r.from*lanes)
	need(w, r.weights)
	for l := 0; l < lanes; {
		y, x := &y[l], &x[l]
		switch rest := lanes - l; {
		case rest >= 4*vector:
			sparse4(y, &w[0], x, &r.pairs[0], &r.count[0], onto, len(r.count), 4*lanes)
			l += 4 * vector
		case rest >= vector:
			sparse1(y, &w[0], x, &r.pairs[0], &r.count[0], onto, len(r.count), 4*lanes)
			l += vector
		default:
			sparse1masked(y, &w[0], x, &r.pairs[0], &r.count[0], onto, len(r.count), 4*lanes, &masks[rest][0])
			l = lanes
		}
	}
}

// ones and zeros are what sums begin with of what stands there.
var ones, zeros = int32(-1), int32(0)

// outers are the kernels of OuterAdd by their number of gradients.
var outers = [...]func(dw, dy *[]float32, x *float32, edges *int, n, stride, atime, xtime, vecs, times int){nil, sparseDots1, sparseDots2, sparseDots3, sparseDots4}

// outerAddVector reports false where it does not work on that number of lanes.
func (e *Edges) outerAddVector(dw, dy [][]float32, x []float32, lanes int, t Times) bool {
	if lanes < 1 || lanes%vector != 0 || len(dw) > MostSiblings || len(dw) == 0 || len(dy) != len(dw) {
		return false
	}
	if len(e.list) == 0 || t.Count < 1 {
		return true
	}
	for r := range dw {
		need(dw[r], len(e.list))
		need(dy[r], (t.Count-1)*t.DY+e.out*lanes)
	}
	need(x, (t.Count-1)*t.X+e.in*lanes)
	outers[len(dw)](&dw[0], &dy[0], &x[0], &e.list[0].From, len(e.list), 4*lanes, 4*t.DY, 4*t.X, lanes/vector, t.Count)
	return true
}
