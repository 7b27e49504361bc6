package kernel

// Rows are sparse sums of rows of lanes, one after the other: each is Σ coef[c] · x[r] over its terms in their order. A
// sum may be a term of a later one where dst lies in x.
type Rows struct {
	lanes, count int
	coefs, rows  int     // what the terms reach at least
	runs         []int32 // pairs: how many sums follow, and the terms of each
	terms        []int32 // pairs: c, and where r begins, in bytes
}

// NewRows prepares for a number of lanes.
func NewRows(lanes int) *Rows { return &Rows{lanes: lanes} }

// Add appends a sum; terms are pairs c, r. Sums with equally many terms are best added together.
func (r *Rows) Add(terms ...[2]int) {
	if n := len(r.runs); n > 0 && int(r.runs[n-1]) == len(terms) {
		r.runs[n-2]++
	} else {
		r.runs = append(r.runs, 1, int32(len(terms)))
	}
	r.count++
	for _, t := range terms {
		r.coefs, r.rows = max(r.coefs, t[0]+1), max(r.rows, t[1]+1)
		r.terms = append(r.terms, int32(t[0]), int32(4*t[1]*r.lanes))
	}
}

// Terms is the number of products of a lane.
func (r *Rows) Terms() int { return len(r.terms) / 2 }

// Bytes is the memory of the lists.
func (r *Rows) Bytes() int { return 4 * (len(r.runs) + len(r.terms)) }

// Run computes the sums into consecutive rows of dst.
func (r *Rows) Run(dst, x, coef []float32) {
	if len(dst) < r.count*r.lanes || len(x) < r.rows*r.lanes || len(coef) < r.coefs {
		panic("kernel: a short operand of sums of rows")
	}
	if supported && Accelerated && r.vector(dst, x, coef) {
		return
	}
	terms := r.terms
	for i := 0; i < len(r.runs); i += 2 {
		for range r.runs[i] {
			y := dst[:r.lanes]
			dst = dst[r.lanes:]
			clear(y)
			for range r.runs[i+1] {
				axpy(y, coef[terms[0]], x[terms[1]/4:])
				terms = terms[2:]
			}
		}
	}
}

// Carry takes sensitivities one step on: row p of dst is
//
//	Σ coef[c] · x[r] + Σ_k s[p][lane_k] · x[row_k]
//
// over the terms (c, r) of the row, in their order, and then over the pairs (lane, row) of its block. Rows of one block
// whose terms have the same x[r] are taken together, up to four: then numbers in registers are used several times.
type Carry struct {
	lanes              int
	rows, coefs, terms int     // what is reached at least, and of how many products a lane is made
	last               int     // rows of x reached at least
	pairs              []int32 // of all blocks: where a number stands in its row, and a row of x, in bytes
	tiles              [maxCarry + 1]carryTiles
	sum                []float32
}

// maxCarry is the number of rows that are taken together at most.
const maxCarry = 4

// carryTiles are tiles of one number of rows. A head has the rows of s in bytes, the number of terms, the number of pairs
// and where they begin in bytes; a term has r in bytes and a c for every row.
type carryTiles struct {
	heads, list []int32
	groups      []carryGroup
}

// carryGroup are tiles that go through all lanes before the next ones do, so that their rows stay in the first-level cache:
// how many, and where their heads and terms begin.
type carryGroup struct{ count, head, list int }

// carryBytes bounds the rows of a group.
const carryBytes = 16 << 10

// Block are pairs that several rows share.
type Block struct{ from, count int }

// NewCarry prepares for a number of lanes.
func NewCarry(lanes int) *Carry { return &Carry{lanes: lanes, sum: make([]float32, lanes)} }

// Block adds pairs lane, row.
func (c *Carry) Block(pairs ...[2]int) Block {
	b := Block{len(c.pairs), len(pairs)}
	for _, p := range pairs {
		if p[0] < 0 || p[0] >= c.lanes || p[1] < 0 {
			panic("kernel: a lane or row out of range")
		}
		c.last = max(c.last, p[1]+1)
		c.pairs = append(c.pairs, int32(4*p[0]), int32(4*p[1]*c.lanes))
	}
	return b
}

// Add adds up to four rows of s with the same x[r], in the order of from; coefs has a c for every row and r. Rows with
// equally many terms and pairs are best added one after the other.
func (c *Carry) Add(b Block, rows, from []int, coefs [][]int) {
	t := &c.tiles[len(rows)]
	n := len(t.groups)
	if n == 0 || !InPlace(c.lanes) && 4*c.lanes*len(rows)*(t.groups[n-1].count+1) > carryBytes {
		t.groups = append(t.groups, carryGroup{head: len(t.heads), list: len(t.list)})
		n++
	}
	t.groups[n-1].count++
	for _, p := range rows {
		c.rows = max(c.rows, p+1)
		t.heads = append(t.heads, int32(4*p*c.lanes))
	}
	t.heads = append(t.heads, int32(len(from)), int32(b.count), int32(4*b.from))
	for k, r := range from {
		c.last = max(c.last, r+1)
		t.list = append(t.list, int32(4*r*c.lanes))
		for i := range rows {
			c.coefs = max(c.coefs, coefs[i][k]+1)
			t.list = append(t.list, int32(coefs[i][k]))
		}
	}
	c.terms += len(rows) * (len(from) + b.count)
}

// Terms is the number of products of a lane.
func (c *Carry) Terms() int { return c.terms }

// Bytes is the memory of the lists.
func (c *Carry) Bytes() (n int) {
	for _, t := range c.tiles {
		n += 4 * (len(t.heads) + len(t.list))
	}
	return n + 4*(len(c.pairs)+len(c.sum))
}

// InPlace reports whether dst may be s for a number of lanes.
func InPlace(lanes int) bool { return lanes <= 3*vector }

// Run computes dst from s; see InPlace.
func (c *Carry) Run(dst, s, x, coef []float32) {
	if len(dst) < c.rows*c.lanes || len(s) < c.rows*c.lanes || len(x) < c.last*c.lanes || len(coef) < c.coefs {
		panic("kernel: a short operand of a carry")
	}
	if supported && Accelerated && c.vector(dst, s, x, coef) {
		return
	}
	for n := range c.tiles {
		t := &c.tiles[n]
		list := t.list
		for heads := t.heads; len(heads) > 0; heads = heads[n+3:] {
			count, pairs := int(heads[n]), c.pairs[heads[n+2]/4:][:2*heads[n+1]]
			for i, at := range heads[:n] {
				clear(c.sum)
				for k := range count {
					axpy(c.sum, coef[list[k*(n+1)+1+i]], x[list[k*(n+1)]/4:])
				}
				for k := 0; k < len(pairs); k += 2 {
					axpy(c.sum, s[(at+pairs[k])/4], x[pairs[k+1]/4:])
				}
				copy(dst[at/4:], c.sum)
			}
			list = list[count*(n+1):]
		}
	}
}
