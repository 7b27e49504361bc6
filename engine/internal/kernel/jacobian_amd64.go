//go:build amd64 && !noasm

package kernel

type influenceFunc func(y, s, x *float32, pairs *int32, k, step int)

// The kernels by vectors of lanes, and those of Influence by rows.
var (
	rowSums    = [...]func(dst, x, coef *float32, terms, runs *int32, n, step int){nil, rows1, rows2, rows3, rows4}
	influences = [...][]influenceFunc{
		nil,
		{nil, influence1x1, influence2x1, influence3x1, influence4x1, influence5x1, influence6x1},
		{nil, influence1x2, influence2x2, influence3x2, influence4x2, influence5x2, influence6x2},
		{nil, influence1x3, influence2x3, influence3x3, influence4x3},
	}
)

// vector is Run with each product and sum rounded together; it reports false where it does not work on that number of
// lanes. The operands must have been checked.
func (r *Rows) vector(dst, x, coef []float32) bool {
	if r.lanes%vector != 0 {
		return false
	}
	if len(r.terms) == 0 {
		clear(dst[:r.count*r.lanes])
		return true
	}
	for l := 0; l < r.lanes; {
		n := min(len(rowSums)-1, (r.lanes-l)/vector)
		rowSums[n](&dst[l], &x[l], &coef[0], &r.terms[0], &r.runs[0], len(r.runs)/2, 4*r.lanes)
		l += n * vector
	}
	return true
}

// vector is Add with each product and sum rounded together. The operands must have been checked.
func (f *Influence) vector(y, s, x []float32) bool {
	if f.lanes%vector != 0 {
		return false
	}
	if len(f.pairs) == 0 {
		return true
	}
	rows := len(y) / f.lanes
	for l := 0; l < f.lanes; {
		n := (f.lanes - l) / vector
		if n > 3 {
			n = 2
		}
		tiles := influences[n]
		// The rows are cut evenly, so that no tile is small: small ones wait for their own sums.
		for count, i := (rows+len(tiles)-2)/(len(tiles)-1), 0; count > 0; count-- {
			m := (rows - i + count - 1) / count
			tiles[m](&y[i*f.lanes+l], &s[i*f.lanes], &x[l], &f.pairs[0], len(f.pairs)/2, 4*f.lanes)
			i += m
		}
		l += n * vector
	}
	return true
}
