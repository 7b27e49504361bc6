//go:build amd64 && !noasm

package kernel

// turnVector turns the rows that come by eight, and tells how many.
func (p *Panels) turnVector(to, x []float32) (rows int) {
	for rows = 0; (rows+vector)*p.lanes <= len(x); rows += vector {
		transpose(&to[rows], &x[rows*p.lanes], 4*panelWidth, 4*p.lanes, p.lanes/vector)
	}
	return rows
}

// OuterAdd is W[i][j] += Σ dy[t][i] x[t][j] over the lanes and the times t of dy, in their order, where x is what Take took;
// W is row by row. It needs the assembly.
func (p *Panels) OuterAdd(a Matrix, dy [][]float32) {
	if a.Rows < 1 || a.Cols < 1 || len(dy) == 0 {
		return
	}
	if a.Cols != p.rows || a.Col != 1 || a.Row < a.Cols || len(dy) > p.times {
		panic("kernel: a gradient that does not fit its panels")
	}
	need(a.W, (a.Rows-1)*a.Row+a.Cols)
	p.terms = p.terms[:0]
	for t, d := range dy {
		need(d, a.Rows*p.lanes)
		p.terms = append(p.terms, term{w: &d[0], x: &p.buf[t*p.lanes*panelWidth], wrow: 4 * p.lanes, wcol: 4, step: 4 * panelWidth, k: p.lanes})
	}
	for j := 0; j < a.Cols; j += panelWidth {
		p.panel(a, j)
	}
}

// panel takes the columns of a panel, all rows one after the other, so that the panel stays in the first-level cache.
func (p *Panels) panel(a Matrix, j int) {
	t := tiling{y: a.W[j:], ystep: a.Row, terms: p.terms}
	width, off := min(a.Cols-j, panelWidth), 4*j*p.times*p.lanes
	for i := 0; i < a.Rows; {
		n := tallRows(a.Rows - i)
		tiles := max(1, (a.Rows-i-2*maxTile)/n)
		y, l := &t.y[i*t.ystep], 0
		if width == panelWidth {
			tiles16[n](y, t.first(), len(t.terms), 4*t.ystep, i, off, tiles, 4*n*t.ystep, n, 0, 0)
			l = panelWidth
		} else if width >= vector {
			tiles8[n](y, t.first(), len(t.terms), 4*t.ystep, i, off, tiles, 4*n*t.ystep, n, 0, 0)
			l = vector
		}
		if rest := width - l; rest > 0 {
			tilesMasked[n](&t.y[i*t.ystep+l], t.first(), len(t.terms), 4*t.ystep, i, off+4*l, tiles, 4*n*t.ystep, n, 0, 0, &masks[rest][0])
		}
		i += n * tiles
	}
}
