//go:build amd64 && !noasm

package kernel

type carryFunc func(dst, s, x, coef *float32, heads, list, pairs *int32, n int)

// The kernels by vectors of lanes, and those of Carry by rows.
var (
	rowSums = [...]func(dst, x, coef *float32, terms, runs *int32, n, step int){nil, rows1, rows2, rows3, rows4}
	carries = [...][maxCarry + 1]carryFunc{
		{},
		{nil, carry1x1, carry2x1, carry3x1, carry4x1},
		{nil, carry1x2, carry2x2, carry3x2, carry4x2},
		{nil, carry1x3, carry2x3, carry3x3, carry4x3},
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

// none stands for a list without anything.
var none [1]int32

func first(list []int32) *int32 {
	if len(list) == 0 {
		return &none[0]
	}
	return &list[0]
}

// vector is Run with each product and sum rounded together. The operands must have been checked.
func (c *Carry) vector(dst, s, x, coef []float32) bool {
	if c.lanes%vector != 0 || len(x) == 0 || len(coef) == 0 {
		return false
	}
	for rows := range c.tiles {
		t := &c.tiles[rows]
		for _, g := range t.groups {
			for l := 0; l < c.lanes; {
				n := min(len(carries)-1, (c.lanes-l)/vector)
				carries[n][rows](&dst[l], &s[0], &x[l], &coef[0], &t.heads[g.head], first(t.list[g.list:]), first(c.pairs), g.count)
				l += n * vector
			}
		}
	}
	return true
}
