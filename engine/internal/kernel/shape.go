package kernel

import "math"

// Sum adds groups of rows: dst[i] = Σ_j x[i·outer + j·inner], i < rows, j < count, each a row of lanes.
type Sum struct{ Rows, Count, Outer, Inner int }

// Run computes the sums in order of j.
func (s Sum) Run(dst, x []float32, lanes int) {
	for i := range s.Rows {
		y := dst[i*lanes:][:lanes]
		clear(y)
		for j := range s.Count {
			v := x[(i*s.Outer+j*s.Inner)*lanes:][:lanes]
			for l := range y {
				y[l] += v[l]
			}
		}
	}
}

// Softmax is exp(x) / Σ exp(x) over each group of width rows, less their maximum first; a NaN makes its lane's group NaN.
// sum has room for one row of lanes.
func Softmax(dst, x, sum []float32, width, lanes int) {
	n := width * lanes
	sum = sum[:lanes]
	for at := 0; at+n <= len(dst); at += n {
		x, y := x[at:][:n], dst[at:][:n]
		for l := range sum {
			sum[l] = float32(math.Inf(-1))
		}
		for i := 0; i < n; i += lanes {
			row := x[i:][:lanes]
			for l := range sum {
				sum[l] = max(sum[l], row[l])
			}
		}
		for i := 0; i < n; i += lanes {
			row, v := y[i:][:lanes], x[i:][:lanes]
			for l := range row {
				row[l] = v[l] - sum[l]
			}
		}
		Exp(y, y)
		clear(sum)
		for i := 0; i < n; i += lanes {
			row := y[i:][:lanes]
			for l := range row {
				sum[l] += row[l]
			}
		}
		for i := 0; i < n; i += lanes {
			row := y[i:][:lanes]
			for l := range row {
				row[l] /= sum[l]
			}
		}
	}
}

// Gather is dst[k] = x[index[k]], rows of lanes. Positions that follow each other, as those under the window of a convolution
// do, are taken together.
func Gather(dst, x []float32, index []int, lanes int) {
	if lanes == 1 {
		dst = dst[:len(index)]
		for k, i := range index {
			dst[k] = x[i]
		}
		return
	}
	for k := 0; k < len(index); {
		n := following(index[k:])
		copy(dst[k*lanes:][:n*lanes], x[index[k]*lanes:])
		k += n
	}
}

// following is how many of the first positions follow each other.
func following(index []int) int {
	n := 1
	for n < len(index) && index[n] == index[0]+n {
		n++
	}
	return n
}

// Scatter is dst = 0, then dst[index[k]] += x[k] in order, rows of lanes.
func Scatter(dst, x []float32, index []int, lanes int) {
	clear(dst)
	for k := 0; k < len(index); {
		n := following(index[k:])
		y, v := dst[index[k]*lanes:][:n*lanes], x[k*lanes:][:n*lanes]
		for l := range y {
			y[l] += v[l]
		}
		k += n
	}
}

// Pad is dst = 0 but for x from row offset on.
func Pad(dst, x []float32, offset, lanes int) {
	clear(dst)
	copy(dst[offset*lanes:], x)
}

// Spread gives every lane of a row the row's one number.
func Spread(dst, x []float32, lanes int) {
	for k, v := range x {
		row := dst[k*lanes:][:lanes]
		for l := range row {
			row[l] = v
		}
	}
}

// AddLanes adds to dst[row] the lanes of the row at some times, stride numbers apart, in order of times and lanes; in assembly
// a vector's lanes apart.
func AddLanes(dst, x []float32, lanes, times, stride int) {
	if times < 1 || lanes < 1 || len(dst) == 0 {
		return
	}
	x = x[:(times-1)*stride+len(dst)*lanes]
	if supported && Accelerated && lanes%vector == 0 {
		addLanesVector(dst, x, lanes, times, stride)
		return
	}
	for k := range dst {
		s := dst[k]
		for t := range times {
			for _, v := range x[t*stride+k*lanes:][:lanes] {
				s += v
			}
		}
		dst[k] = s
	}
}

// Reduce adds the lanes of each row to dst[row], in order and in float64.
func Reduce(dst, x []float32, lanes int) {
	for k := range dst {
		s := float64(dst[k])
		for _, v := range x[k*lanes:][:lanes] {
			s += float64(v)
		}
		dst[k] = float32(s)
	}
}
