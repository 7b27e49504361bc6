//go:build amd64 && !noasm

package kernel

import "unsafe"

// term is a product that tiles add up: w[i][k] x[k], steps in bytes.
type term struct {
	w, x                *float32
	wrow, wcol, step, k int
}

type (
	tileFunc   func(y *float32, terms *int, count, ystep, row, off, tiles, ymove, rowmove, offmove, fresh int)
	maskedFunc func(y *float32, terms *int, count, ystep, row, off, tiles, ymove, rowmove, offmove, fresh int, mask *int32)
)

// The tiles of products by their number of rows; those of one row may be wider.
var (
	tiles16     = [...]tileFunc{nil, tile1x2, tile2x2, tile3x2, tile4x2, tile5x2, tile6x2}
	tiles8      = [...]tileFunc{nil, tile1x1, tile2x1, tile3x1, tile4x1, tile5x1, tile6x1}
	tilesMasked = [...]maskedFunc{nil, tile1x1masked, tile2x1masked, tile3x1masked, tile4x1masked, tile5x1masked, tile6x1masked}
)

const maxTile = len(tiles16) - 1

// tiling is y[i][l] = Σ over terms of w[i][k] x[k][l], added to y unless fresh. The operands must have been checked.
type tiling struct {
	y           []float32
	ystep       int // numbers from one row of y to the next
	terms       []term
	rows, lanes int
	size        int // of y
	fresh       bool
}

// tallRows is how many rows the next tiles have where some are left: as many as fit, but so that no tile of few rows
// remains, whose sums are too few to hide the latency of an addition.
func tallRows(left int) int {
	switch {
	case left <= maxTile || left > 2*maxTile-3:
		return min(left, maxTile)
	}
	return (left + 1) / 2
}

// run goes through the tiles: rows outside, so that the part of w that a tile reads is read once for all lanes.
func (p *tiling) run() {
	for i := 0; i < p.rows; {
		n := tallRows(p.rows - i)
		p.across(i, n)
		i += n
	}
}

// across computes rows [i, i+n) of all lanes. The divisors are constants, for a division takes as long as a small tile.
func (p *tiling) across(i, n int) {
	for l := 0; l < p.lanes; {
		var f tileFunc
		width, tiles := 0, 0
		switch rest := p.lanes - l; {
		case rest < vector:
			p.masked(i, n, l, rest)
			return
		case rest < 2*vector:
			f, width, tiles = tiles8[n], vector, 1
		case n == 1 && rest >= 8*vector:
			f, width, tiles = tile1x8, 8*vector, rest/(8*vector)
		case n == 1 && rest >= 4*vector:
			f, width, tiles = tile1x4, 4*vector, 1
		default:
			f, width, tiles = tiles16[n], 2*vector, rest/(2*vector)
		}
		f(&p.y[i*p.ystep+l], p.first(), len(p.terms), 4*p.ystep, i, 4*l, tiles, 4*width, 0, 4*width, p.flag())
		l += tiles * width
	}
}

func (p *tiling) masked(i, n, l, rest int) {
	tilesMasked[n](&p.y[i*p.ystep+l], p.first(), len(p.terms), 4*p.ystep, i, 4*l, 1, 0, 0, 0, p.flag(), &masks[rest][0])
}

func (p *tiling) first() *int { return (*int)(unsafe.Pointer(&p.terms[0])) }

func (p *tiling) flag() int {
	if p.fresh {
		return 1
	}
	return 0
}

// vector is Run, or Add where not fresh, whose sums run singly, each product and sum rounded together.
func (p *Product) vector(y []float32, lanes int, fresh bool) {
	p.prepare(lanes)
	if len(p.terms) == 0 || p.rows < 1 || p.lanes < 1 {
		if fresh {
			clear(y)
		}
		return
	}
	need(y, p.size)
	p.y, p.fresh = y, fresh
	p.run()
}

// prepare checks the operands and describes them. Of one lane, matrices whose rows are contiguous stand upright: their
// rows are the lanes then, and what they are multiplied by is the matrix.
func (p *Product) prepare(lanes int) {
	upright := lanes == 1
	for k := range p.Terms {
		p.rows, upright = p.Terms[k].Rows, upright && p.Terms[k].Row == 1
	}
	p.terms = p.terms[:0]
	for k := range p.Terms {
		if a := &p.Terms[k]; a.Cols > 0 && a.Rows > 0 {
			p.terms = append(p.terms, a.term(p.X[k], lanes, upright))
		}
	}
	p.ystep, p.lanes, p.size = lanes, lanes, p.rows*lanes
	if upright {
		p.rows, p.lanes = 1, p.rows
	}
}

// term checks an operand of a product and describes it.
func (a *Matrix) term(x []float32, lanes int, upright bool) term {
	if a.Row < 0 || a.Col < 0 {
		panic("kernel: a matrix with negative steps")
	}
	need(a.W, (a.Rows-1)*a.Row+(a.Cols-1)*a.Col+1)
	need(x, a.Cols*lanes)
	if upright {
		return term{w: &x[0], x: &a.W[0], wcol: 4, step: 4 * a.Col, k: a.Cols}
	}
	return term{w: &a.W[0], x: &x[0], wrow: 4 * a.Row, wcol: 4 * a.Col, step: 4 * lanes, k: a.Cols}
}
