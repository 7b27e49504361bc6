package kernel

// Matrix is a dense matrix by its elements W[i·Row + j·Col], i < Rows, j < Cols; a transposed one swaps the strides.
type Matrix struct {
	W                    []float32
	Rows, Cols, Row, Col int
}

// Product is y = W0 x0 + W1 x1 + …: dense matrices of equal height, each with its operand.
type Product struct {
	Terms []Matrix
	X     [][]float32
	tiling
}

// Run computes the product over the lanes. The sum runs over the terms and their columns j in groups of four, ((w0 x0 +
// w1 x1) + w2 x2) + w3 x3, then singly, whatever the number of lanes; in assembly singly, with fused products.
func (p *Product) Run(y []float32, lanes int) {
	if supported && Accelerated {
		p.vector(y, lanes, true)
		return
	}
	clear(y)
	p.Add(y, lanes)
}

// Add is Run that begins with what is in y.
func (p *Product) Add(y []float32, lanes int) {
	if supported && Accelerated {
		p.vector(y, lanes, false)
		return
	}
	for k, a := range p.Terms {
		a.mulAdd(y, p.X[k], lanes)
	}
}

func (a Matrix) mulAdd(y, x []float32, lanes int) {
	if lanes == 1 {
		a.mulAdd1(y, x)
		return
	}
	i := 0
	for ; i+2 <= a.Rows; i += 2 {
		y0, y1 := y[i*lanes:][:lanes], y[(i+1)*lanes:][:lanes]
		w0, w1 := a.W[i*a.Row:], a.W[(i+1)*a.Row:]
		j := 0
		for ; j+4 <= a.Cols; j += 4 {
			four2(y0, y1, a.four(w0, j), a.four(w1, j), x[j*lanes:][:4*lanes])
		}
		for ; j < a.Cols; j++ {
			axpy(y0, w0[j*a.Col], x[j*lanes:])
			axpy(y1, w1[j*a.Col], x[j*lanes:])
		}
	}
	for ; i < a.Rows; i++ {
		y0, w0 := y[i*lanes:][:lanes], a.W[i*a.Row:]
		j := 0
		for ; j+4 <= a.Cols; j += 4 {
			four1(y0, a.four(w0, j), x[j*lanes:][:4*lanes])
		}
		for ; j < a.Cols; j++ {
			axpy(y0, w0[j*a.Col], x[j*lanes:])
		}
	}
}

// four are the weights of columns j to j+3 of a row.
func (a Matrix) four(row []float32, j int) [4]float32 {
	return [4]float32{row[j*a.Col], row[(j+1)*a.Col], row[(j+2)*a.Col], row[(j+3)*a.Col]}
}

// axpy is y += w x over the lanes of y.
func axpy(y []float32, w float32, x []float32) {
	x = x[:len(y)]
	for l := range y {
		y[l] += float32(w * x[l])
	}
}

// four1 adds four columns to one row.
func four1(y []float32, w [4]float32, x []float32) {
	n := len(y)
	x0, x1, x2, x3 := x[:n], x[n:][:n], x[2*n:][:n], x[3*n:][:n]
	a, b, c, d := w[0], w[1], w[2], w[3]
	for l := range y {
		y[l] += ((float32(a*x0[l]) + float32(b*x1[l])) + float32(c*x2[l])) + float32(d*x3[l])
	}
}

// four2 adds four columns to two rows.
func four2(y, z []float32, w, v [4]float32, x []float32) {
	n := len(y)
	z = z[:n]
	x0, x1, x2, x3 := x[:n], x[n:][:n], x[2*n:][:n], x[3*n:][:n]
	a, b, c, d := w[0], w[1], w[2], w[3]
	e, f, g, h := v[0], v[1], v[2], v[3]
	for l := range y {
		p, q, r, s := x0[l], x1[l], x2[l], x3[l]
		y[l] += ((float32(a*p) + float32(b*q)) + float32(c*r)) + float32(d*s)
		z[l] += ((float32(e*p) + float32(f*q)) + float32(g*r)) + float32(h*s)
	}
}

func (a Matrix) mulAdd1(y, x []float32) {
	x = x[:a.Cols]
	for i := range y[:a.Rows] {
		w, s := a.W[i*a.Row:], y[i]
		j := 0
		for ; j+4 <= len(x); j += 4 {
			u := a.four(w, j)
			s += ((float32(u[0]*x[j]) + float32(u[1]*x[j+1])) + float32(u[2]*x[j+2])) + float32(u[3]*x[j+3])
		}
		for ; j < len(x); j++ {
			s += float32(w[j*a.Col] * x[j])
		}
		y[i] = s
	}
}

// OuterAdd is W[i][j] += Σ dy[i] x[j] over lanes and times: the gradient of a dense map, each sum over the lanes of a time
// in order. Panels are for many times at once.
func (a Matrix) OuterAdd(dy, x []float32, lanes int, t Times) {
	for k := range t.Count {
		a.outerAdd(dy[k*t.DY:], x[k*t.X:], lanes)
	}
}

// outerAdd is OuterAdd of one time.
func (a Matrix) outerAdd(dy, x []float32, lanes int) {
	i := 0
	for ; i+2 <= a.Rows; i += 2 {
		d, w, v := dy[i*lanes:][:2*lanes], a.W[i*a.Row:], a.W[(i+1)*a.Row:]
		j := 0
		for ; j+4 <= a.Cols; j += 4 {
			s := dot8(d, x[j*lanes:][:4*lanes])
			for k := range 4 {
				w[(j+k)*a.Col] += s[k]
				v[(j+k)*a.Col] += s[4+k]
			}
		}
		for ; j < a.Cols; j++ {
			w[j*a.Col] += dot(d[:lanes], x[j*lanes:])
			v[j*a.Col] += dot(d[lanes:], x[j*lanes:])
		}
	}
	for ; i < a.Rows; i++ {
		d, w := dy[i*lanes:][:lanes], a.W[i*a.Row:]
		for j := range a.Cols {
			w[j*a.Col] += dot(d, x[j*lanes:])
		}
	}
}

// dot is Σ a b, in order.
func dot(a, b []float32) (s float32) {
	b = b[:len(a)]
	for l := range a {
		s += float32(a[l] * b[l])
	}
	return s
}

// dot8 are the products of two rows with four.
func dot8(d, x []float32) [8]float32 {
	n := len(x) / 4
	d0, d1 := d[:n], d[n:][:n]
	x0, x1, x2, x3 := x[:n], x[n:][:n], x[2*n:][:n], x[3*n:][:n]
	var a, b, c, e, f, g, h, k float32
	for l, v := range d0 {
		u := d1[l]
		p, q, r, s := x0[l], x1[l], x2[l], x3[l]
		a += float32(v * p)
		b += float32(v * q)
		c += float32(v * r)
		e += float32(v * s)
		f += float32(u * p)
		g += float32(u * q)
		h += float32(u * r)
		k += float32(u * s)
	}
	return [8]float32{a, b, c, e, f, g, h, k}
}
