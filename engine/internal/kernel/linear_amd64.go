//go:build amd64 && !noasm

package kernel

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
