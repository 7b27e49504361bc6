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
// each time of dy is a number of blocks, which count as times of x. W is row by row, each of Width columns at least. It
// needs the assembly.
func (p *Panels) OuterAdd(a Matrix, dy []float32, times Times, blocks int) {
	if a.Rows < 1 || a.Cols < 1 || times.Count < 1 || blocks < 1 {
		return
	}
	size := a.Rows * p.lanes
	if a.Cols != p.rows || a.Col != 1 || a.Row < p.Width() || times.Count*blocks > p.times || times.DY < 0 {
		panic("kernel: a gradient that does not fit its panels")
	}
	need(a.W, (a.Rows-1)*a.Row+p.Width())
	need(dy, (times.Count-1)*times.DY+blocks*size)
	p.terms = p.terms[:0]
	for t := range times.Count {
		for o := range blocks {
			p.terms = append(p.terms, term{w: &dy[t*times.DY+o*size], x: &p.buf[(t*blocks+o)*p.lanes*panelWidth],
				wrow: 4 * p.lanes, wcol: 4, step: 4 * panelWidth, k: p.lanes})
		}
	}
	for j := 0; j < a.Cols; j += panelWidth {
		p.panel(a, j)
	}
}

// panel takes the columns of a panel, all rows one after the other, so that the panel stays in the first-level cache.
func (p *Panels) panel(a Matrix, j int) {
	t := tiling{y: a.W[j:], ystep: a.Row, terms: p.terms}
	f, off := tiles16, 4*j*p.times*p.lanes
	if p.Width()-j == vector {
		f = tiles8
	}
	for i := 0; i < a.Rows; {
		n := tallRows(a.Rows - i)
		tiles := max(1, (a.Rows-i-2*maxTile)/n)
		f[n](&t.y[i*t.ystep], t.first(), len(t.terms), 4*t.ystep, i, off, tiles, 4*n*t.ystep, n, 0, 0)
		i += n * tiles
	}
}
