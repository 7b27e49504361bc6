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

// Influence carries sensitivities on: y[i] += Σ_k s[i][lane_k] · x[row_k] for rows of lanes, summed in order of k.
type Influence struct {
	lanes, rows int
	pairs       []int32 // of each k: where its number stands in s[i], and its row in x, in bytes
}

// NewInfluence prepares a list of pairs lane, row.
func NewInfluence(lanes int, pairs ...[2]int) *Influence {
	f := &Influence{lanes: lanes}
	for _, p := range pairs {
		if p[0] < 0 || p[0] >= lanes || p[1] < 0 {
			panic("kernel: a lane or row out of range")
		}
		f.rows = max(f.rows, p[1]+1)
		f.pairs = append(f.pairs, int32(4*p[0]), int32(4*p[1]*lanes))
	}
	return f
}

// Add takes all rows of y and s. They must not overlap.
func (f *Influence) Add(y, s, x []float32) {
	if len(s) < len(y) || len(x) < f.rows*f.lanes {
		panic("kernel: a short operand of an influence")
	}
	if supported && Accelerated && f.vector(y, s, x) {
		return
	}
	for at := 0; at < len(y); at += f.lanes {
		for k := 0; k < len(f.pairs); k += 2 {
			axpy(y[at:][:f.lanes], s[at+int(f.pairs[k])/4], x[f.pairs[k+1]/4:])
		}
	}
}
