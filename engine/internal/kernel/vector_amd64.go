//go:build amd64 && !noasm

package kernel

//go:generate go run -tags noasm ./gen/fixed -out fixed_amd64.s -stubs fixed_stub_amd64.go -pkg kernel

type (
	tileFunc   func(y, w, x *float32, ystep, wrow, wcol, xstep, k int)
	maskedFunc func(y, w, x *float32, ystep, wrow, wcol, xstep, k int, mask *int32)
	dotsFunc   func(c, a, x *float32, crow, stride, atime, xtime, vecs, times int)
)

// The tiles of products by their number of rows; those of one row may be wider.
var (
	tiles16     = [...]tileFunc{nil, tile1x2, tile2x2, tile3x2, tile4x2, tile5x2, tile6x2}
	tiles8      = [...]tileFunc{nil, tile1x1, tile2x1, tile3x1, tile4x1, tile5x1, tile6x1}
	tilesMasked = [...]maskedFunc{nil, tile1x1masked, tile2x1masked, tile3x1masked, tile4x1masked, tile5x1masked, tile6x1masked}
)

const maxTile = len(tiles16) - 1

// masks select the first lanes of a vector, by their number.
var masks = func() (m [vector][vector]int32) {
	for n := range m {
		for l := range n {
			m[n][l] = -1
		}
	}
	return m
}()

// maskOf is the mask of the lanes beyond whole vectors; nil where there are none.
func maskOf(lanes int) *int32 {
	if lanes%vector == 0 {
		return nil
	}
	return &masks[lanes%vector][0]
}

// tiling is y[i][l] += Σ_k w[i][k] x[k][l] with steps in numbers between rows and, for w, between columns.
type tiling struct {
	y, w, x                 []float32
	ystep, wrow, wcol, step int
	rows, terms, lanes      int
}

// run goes through the tiles. The operands must have been checked.
func (p *tiling) run() {
	for i := 0; i < p.rows; i += maxTile {
		n := min(maxTile, p.rows-i)
		for l := 0; l < p.lanes; {
			l += p.tile(i, n, l)
		}
	}
}

// tile computes rows [i, i+n) of some lanes from l on, and tells how many.
func (p *tiling) tile(i, n, l int) int {
	y, w, x := &p.y[i*p.ystep+l], &p.w[i*p.wrow], &p.x[l]
	f, width := tiles16[n], 2*vector
	switch rest := p.lanes - l; {
	case rest < vector:
		tilesMasked[n](y, w, x, 4*p.ystep, 4*p.wrow, 4*p.wcol, 4*p.step, p.terms, &masks[rest][0])
		return rest
	case rest < 2*vector:
		f, width = tiles8[n], vector
	case n == 1 && rest >= 8*vector:
		f, width = tile1x8, 8*vector
	case n == 1 && rest >= 4*vector:
		f, width = tile1x4, 4*vector
	}
	f(y, w, x, 4*p.ystep, 4*p.wrow, 4*p.wcol, 4*p.step, p.terms)
	return width
}

// mulAddVector is MulAdd where the sums run singly, each product and sum rounded together.
func (a Matrix) mulAddVector(y, x []float32, lanes int) {
	if a.Rows < 1 || a.Cols < 1 || lanes < 1 {
		return
	}
	a.check()
	need(y, a.Rows*lanes)
	need(x, a.Cols*lanes)
	p := tiling{y: y, w: a.W, x: x, ystep: lanes, wrow: a.Row, wcol: a.Col, step: lanes, rows: a.Rows, terms: a.Cols, lanes: lanes}
	if lanes == 1 && a.Row == 1 { // the rows are the lanes
		p = tiling{y: y, w: x, x: a.W, wcol: 1, step: a.Col, rows: 1, terms: a.Cols, lanes: a.Rows}
	}
	p.run()
}

func (a Matrix) check() {
	if a.Row < 0 || a.Col < 0 {
		panic("kernel: a matrix with negative steps")
	}
	need(a.W, (a.Rows-1)*a.Row+(a.Cols-1)*a.Col+1)
}

// outerAddVector is OuterAdd over several times; it reports false where it does not work on that number of lanes.
func (a Matrix) outerAddVector(dy, x []float32, lanes int, t Times) bool {
	if a.Rows < 1 || a.Cols < 1 || t.Count < 1 {
		return true
	}
	if a.Col != 1 || lanes != 1 && lanes%vector != 0 {
		return false
	}
	a.check()
	need(dy, (t.Count-1)*t.DY+a.Rows*lanes)
	need(x, (t.Count-1)*t.X+a.Cols*lanes)
	if lanes == 1 {
		for k := range t.Count {
			p := tiling{y: a.W, w: dy[k*t.DY:], x: x[k*t.X:], ystep: a.Row, wrow: 1, rows: a.Rows, terms: 1, lanes: a.Cols}
			p.run()
		}
		return true
	}
	for j := 0; j < a.Cols; j += columns {
		a.outerColumns(j, min(j+columns, a.Cols), dy, x, lanes, t)
	}
	return true
}

// columns are those of a block, whose part of x stays in the first-level cache.
const columns = 16

// outerColumns takes the columns from j to end.
func (a Matrix) outerColumns(j, end int, dy, x []float32, lanes int, t Times) {
	for i, n := 0, 0; i < a.Rows; i += n {
		n = 3
		wide, thin := dotsFunc(dots3x4), dotsFunc(dots3x1)
		if i+3 > a.Rows {
			n, wide, thin = 1, dots1x4, dots1x1
		}
		for j, m := j, 0; j < end; j += m {
			f := wide
			if m = 4; j+4 > end {
				m, f = 1, thin
			}
			f(&a.W[i*a.Row+j], &dy[i*lanes], &x[j*lanes], 4*a.Row, 4*lanes, 4*t.DY, 4*t.X, lanes/vector, t.Count)
		}
	}
}

// mulAddVector is y[row] += Σ w x[from] over the edges of each row, each product and sum rounded together.
func (r *rows) mulAddVector(y, w, x []float32, lanes int) {
	if len(r.pairs) == 0 || lanes < 1 {
		return
	}
	need(y, len(r.count)*lanes)
	need(x, r.from*lanes)
	need(w, len(r.pairs)/2)
	for l := 0; l < lanes; {
		y, x := &y[l], &x[l]
		switch rest := lanes - l; {
		case rest >= 4*vector:
			sparse4(y, &w[0], x, &r.pairs[0], &r.count[0], len(r.count), 4*lanes)
			l += 4 * vector
		case rest >= vector:
			sparse1(y, &w[0], x, &r.pairs[0], &r.count[0], len(r.count), 4*lanes)
			l += vector
		default:
			sparse1masked(y, &w[0], x, &r.pairs[0], &r.count[0], len(r.count), 4*lanes, &masks[rest][0])
			l = lanes
		}
	}
}

// outerAddVector reports false where it does not work on that number of lanes.
func (e *Edges) outerAddVector(dw, dy, x []float32, lanes int, t Times) bool {
	if lanes < 1 || lanes%vector != 0 {
		return false
	}
	if len(e.list) == 0 || t.Count < 1 {
		return true
	}
	need(dw, len(e.list))
	need(dy, (t.Count-1)*t.DY+e.out*lanes)
	need(x, (t.Count-1)*t.X+e.in*lanes)
	sparseDots(&dw[0], &dy[0], &x[0], &e.list[0].From, len(e.list), 4*lanes, 4*t.DY, 4*t.X, lanes/vector, t.Count)
	return true
}

// forwardVector is Forward with the gates of the assembly.
func (y Synapse) forwardVector(G, I, v []float32, lanes int) {
	n := len(y.Edges.list)
	if n == 0 || lanes < 1 {
		return
	}
	y.check(v, lanes)
	need(G, y.Edges.out*lanes)
	need(I, y.Edges.out*lanes)
	synapsesForward(&G[0], &I[0], &v[0], &y.W[0], &y.S[0], &y.M[0], &y.E[0], &y.Edges.list[0].From, n, 4*lanes, lanes/vector, maskOf(lanes))
}

func (y Synapse) check(v []float32, lanes int) {
	need(v, y.Edges.in*lanes)
	for _, p := range [...][]float32{y.W, y.S, y.M, y.E} {
		need(p, len(y.Edges.list))
	}
}

// backVector is Back; the sums over the lanes are added eight at a time.
func (y Synapse) backVector(d Synapse, c Cotangent, lanes int) {
	list := y.Edges.list
	if len(list) == 0 || lanes < 1 {
		return
	}
	y.check(c.V, lanes)
	need(c.DV, y.Edges.in*lanes)
	need(c.DG, y.Edges.out*lanes)
	need(c.DI, y.Edges.out*lanes)
	var sums [group]float32
	for k := 0; k < len(list); k += group / 4 {
		n := min(group/4, len(list)-k)
		synapsesBackward(&sums[0], &c.DV[0], &c.DG[0], &c.DI[0], &c.V[0], &y.W[k], &y.S[k], &y.M[k], &y.E[k],
			&list[k].From, n, 4*lanes, lanes/vector, maskOf(lanes))
		for i := range n {
			s, w := sums[4*i:][:4], y.W[k+i]
			d.W[k+i] += s[0]
			d.S[k+i] += float32(w * s[1])
			d.M[k+i] -= float32(float32(w*y.S[k+i]) * s[2])
			d.E[k+i] += float32(w * s[3])
		}
	}
}

// Forward is Synapse.Forward of one lane into G and I, which it overwrites. It needs the assembly.
func (s *Slots) Forward(G, I, v []float32) {
	need(G, s.out)
	need(I, s.out)
	if !s.check(v, 4) {
		clear(G[:s.out])
		clear(I[:s.out])
		return
	}
	synapsesByTarget(&G[0], &I[0], &v[0], &s.params[0], &s.index[0], &s.count[0], len(s.count), maskOf(s.out))
}

// MulAdd is Edges.MulAdd of one lane. It needs the assembly.
func (s *Slots) MulAdd(y, x []float32) {
	need(y, s.out)
	if s.check(x, 1) {
		sparseByTarget(&y[0], &x[0], &s.params[0], &s.index[0], &s.count[0], len(s.count), maskOf(s.out))
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

// check checks the operands; each edge has some numbers. It reports whether there is anything to do.
func (s *Slots) check(v []float32, numbers int) bool {
	need(v, s.in)
	need(s.params, numbers*len(s.index))
	return len(s.index) > 0
}

// need checks the length of an operand before assembly is entered.
func need(x []float32, n int) {
	if len(x) < n {
		panic("kernel: a short operand")
	}
}
