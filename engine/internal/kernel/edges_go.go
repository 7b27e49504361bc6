package kernel

// mulAdd adds the products of each row's edges, in their order, four at a time.
func (r *rows) mulAdd(y, w, x []float32, lanes int) {
	pairs := r.pairs
	for to, n := range r.count {
		row := y[to*lanes:][:lanes]
		for ; n >= 4; n -= 4 {
			p := pairs[:8]
			axpy4(row, [4]float32{w[p[1]], w[p[3]], w[p[5]], w[p[7]]},
				x[int(p[0])*lanes:], x[int(p[2])*lanes:], x[int(p[4])*lanes:], x[int(p[6])*lanes:])
			pairs = pairs[8:]
		}
		for ; n > 0; n-- {
			axpy(row, w[pairs[1]], x[int(pairs[0])*lanes:])
			pairs = pairs[2:]
		}
	}
}

// axpy4 is y += w0 x0, then y += w1 x1, and so on.
func axpy4(y []float32, w [4]float32, x0, x1, x2, x3 []float32) {
	n := len(y)
	x0, x1, x2, x3 = x0[:n], x1[:n], x2[:n], x3[:n]
	a, b, c, d := w[0], w[1], w[2], w[3]
	for l := range y {
		y[l] = (((y[l] + float32(a*x0[l])) + float32(b*x1[l])) + float32(c*x2[l])) + float32(d*x3[l])
	}
}

// outerAdd is OuterAdd of one time. Four edges are summed at once, for a sum in order waits for every addition.
func (e *Edges) outerAdd(dw, dy, x []float32, lanes int) {
	k := 0
	for ; k+4 <= len(e.list); k += 4 {
		f := e.list[k:][:4]
		s := dot4(dy[f[0].To*lanes:][:lanes], x[f[0].From*lanes:], dy[f[1].To*lanes:], x[f[1].From*lanes:],
			dy[f[2].To*lanes:], x[f[2].From*lanes:], dy[f[3].To*lanes:], x[f[3].From*lanes:])
		for i, v := range s {
			dw[k+i] += v
		}
	}
	for ; k < len(e.list); k++ {
		f := e.list[k]
		dw[k] += dot(dy[f.To*lanes:][:lanes], x[f.From*lanes:])
	}
}

// dot4 are four dots of pairs of rows as long as the first.
func dot4(a0, b0, a1, b1, a2, b2, a3, b3 []float32) [4]float32 {
	n := len(a0)
	b0, a1, b1, a2, b2, a3, b3 = b0[:n], a1[:n], b1[:n], a2[:n], b2[:n], a3[:n], b3[:n]
	var s, t, u, v float32
	for l := range a0 {
		s += float32(a0[l] * b0[l])
		t += float32(a1[l] * b1[l])
		u += float32(a2[l] * b2[l])
		v += float32(a3[l] * b3[l])
	}
	return [4]float32{s, t, u, v}
}
