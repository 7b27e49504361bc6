package kernel

// Columns are the dense matrices of y = W0 x0 + W1 x1 + … in one lane, by their columns: blocks of 64 rows, each with the
// columns of all its terms one after the other, so that the weights are read as one stream, which the second-level cache
// delivers faster than rows of it that are apart (96 against 80 to 92 GB/s, 256 rows). The rest has narrower blocks. Sums
// run singly with fused products, as those of Product do.
type Columns struct {
	X     [][]float32
	Fixed bool // X is that of the last run
	cols  []int
	rows  int
	depth int // columns of all terms
	w     []float32
	width int // of the block that terms describe
	terms []term
}

// NewColumns prepares matrices of zeros: their rows, and the columns of each.
func NewColumns(rows int, cols ...int) *Columns {
	c := &Columns{X: make([][]float32, len(cols)), cols: cols, rows: rows}
	for _, n := range cols {
		c.depth += n
	}
	c.w = make([]float32, rows*c.depth)
	return c
}

// Pack takes rows of term k, from one on, row by row; to be called when they change.
func (c *Columns) Pack(k, from int, w []float32) {
	before, n := 0, c.cols[k]
	for _, m := range c.cols[:k] {
		before += m
	}
	for i := range len(w) / max(n, 1) {
		at := 0
		for at+blockWidth(c.rows-at) <= from+i {
			at += blockWidth(c.rows - at)
		}
		block, width := c.w[at*c.depth:], blockWidth(c.rows-at)
		for j, v := range w[i*n:][:n] {
			block[(before+j)*width+from+i-at] = v
		}
	}
}

// blockWidth is how many of the rows that are left a block takes.
func blockWidth(rest int) int {
	for _, n := range []int{8 * vector, 4 * vector, 2 * vector, vector} {
		if rest >= n {
			return n
		}
	}
	return rest
}
