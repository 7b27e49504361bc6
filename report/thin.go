package report

import (
	"math"
	"slices"
)

// gapFactor is the pause, in median steps, that interrupts a line when the report does not say: loggers commonly drop a
// few rows, and a line over ten of them claims knowledge that nobody has.
const gapFactor = 10

// breaks lists the rows that follow a pause longer than gap (0: gapFactor × the median positive step), in order. If
// there are more than most, only the longest count, so that a thinned line has room for points.
func breaks(time []float64, gap float64, most int) []int {
	if gap <= 0 {
		gap = gapFactor * medianStep(time)
	}
	var rows []int
	for i := 1; i < len(time); i++ {
		if time[i]-time[i-1] > gap {
			rows = append(rows, i)
		}
	}
	if len(rows) <= most {
		return rows
	}
	slices.SortStableFunc(rows, func(a, b int) int {
		la, lb := time[a]-time[a-1], time[b]-time[b-1]
		switch {
		case la > lb:
			return -1
		case la < lb:
			return 1
		}
		return a - b
	})
	rows = rows[:most]
	slices.Sort(rows)
	return rows
}

// medianStep is the median positive time between rows; +Inf where there is none, so that nothing counts as a gap.
func medianStep(time []float64) float64 {
	var steps []float64
	for i := 1; i < len(time); i++ {
		if d := time[i] - time[i-1]; d > 0 {
			steps = append(steps, d)
		}
	}
	if len(steps) == 0 {
		return math.Inf(1)
	}
	slices.Sort(steps)
	return steps[len(steps)/2]
}

// lines are columns over one time axis, with NaN where a line is interrupted.
type lines struct {
	time    []float64
	columns [][]float64
}

// pick thins rows to at most most (at least 64), keeping whole rows at their true times: of every stretch the lowest and
// the highest value of every column, and the rows at both sides of a gap. A row of NaN stands in each gap. It suits few
// columns that must be compared row by row, such as truth and prediction.
func pick(time []float64, columns [][]float64, gap float64, most int) lines {
	most = max(most, 64)
	cuts := breaks(time, gap, most/8)
	keep := make([]bool, len(time))
	room := most - 3*len(cuts) - 2
	for buckets := room; ; buckets = buckets * 3 / 4 {
		clear(keep)
		kept := keepExtremes(keep, columns, max(buckets, 1))
		if kept <= room || buckets <= 1 {
			break
		}
	}
	if len(time) > 0 {
		keep[0], keep[len(time)-1] = true, true
	}
	for _, c := range cuts {
		keep[c-1], keep[c] = true, true
	}
	return gather(time, columns, keep, cuts)
}

// keepExtremes marks, in each of the given number of buckets of equally many rows, the rows with the lowest and the
// highest value of each column, and returns how many are marked. With as many buckets as rows it marks every row.
func keepExtremes(keep []bool, columns [][]float64, buckets int) (kept int) {
	n := len(keep)
	buckets = min(buckets, n)
	for b := range buckets {
		from, to := b*n/buckets, (b+1)*n/buckets
		keep[from] = true
		for _, column := range columns {
			if low, high := extremes(column, from, to); low >= 0 {
				keep[low], keep[high] = true, true
			}
		}
	}
	for _, k := range keep {
		if k {
			kept++
		}
	}
	return kept
}

// extremes finds the first lowest and the first highest value in [from, to); -1 where all are NaN.
func extremes(v []float64, from, to int) (low, high int) {
	low, high = -1, -1
	for i := from; i < to; i++ {
		if math.IsNaN(v[i]) {
			continue
		}
		if low < 0 || v[i] < v[low] {
			low = i
		}
		if high < 0 || v[i] > v[high] {
			high = i
		}
	}
	return low, high
}

// gather copies the kept rows and puts a row of NaN before each cut.
func gather(time []float64, columns [][]float64, keep []bool, cuts []int) lines {
	out := lines{columns: make([][]float64, len(columns))}
	for i, k := range keep {
		if !k {
			continue
		}
		if len(cuts) > 0 && i == cuts[0] {
			out.interrupt((time[i-1] + time[i]) / 2)
			cuts = cuts[1:]
		}
		out.time = append(out.time, time[i])
		for c := range columns {
			out.columns[c] = append(out.columns[c], columns[c][i])
		}
	}
	return out
}

func (l *lines) interrupt(at float64) {
	l.time = append(l.time, at)
	for c := range l.columns {
		l.columns[c] = append(l.columns[c], math.NaN())
	}
}

// envelope thins rows to at most most (at least 64) points, however many columns there are: each stretch of rows
// becomes two points, at which every column shows its own lowest and highest value in the order in which they came.
// Values are exact, times are off by at most one stretch. It suits many columns that are looked at, such as neurons.
func envelope(time []float64, columns [][]float64, gap float64, most int) lines {
	most = max(most, 64)
	cuts := breaks(time, gap, most/8)
	if len(time)+len(cuts) <= most {
		keep := make([]bool, len(time))
		for i := range keep {
			keep[i] = true
		}
		return gather(time, columns, keep, cuts)
	}
	out := lines{columns: make([][]float64, len(columns))}
	width := stretch(len(time), len(cuts), most)
	start := 0
	for _, end := range append(cuts, len(time)) {
		for from := start; from < end; from += width {
			out.bucket(time, columns, from, min(from+width, end))
		}
		if end < len(time) {
			out.interrupt((time[end-1] + time[end]) / 2)
		}
		start = end
	}
	return out
}

// stretch is the number of rows per bucket such that the buckets, each run between gaps rounded up to whole ones, make
// at most most points: 2·(rows/width + runs) + gaps ≤ most.
func stretch(rows, gaps, most int) int {
	buckets := (most-gaps)/2 - (gaps + 1)
	return (rows + buckets - 1) / buckets
}

// bucket adds the two points that stand for rows [from, to), or the one row there is.
func (l *lines) bucket(time []float64, columns [][]float64, from, to int) {
	l.time = append(l.time, time[from])
	single := to-from == 1
	if !single {
		l.time = append(l.time, time[from+(to-from)/2])
	}
	for c, column := range columns {
		low, high := extremes(column, from, to)
		first, second := math.NaN(), math.NaN()
		if low >= 0 {
			first, second = column[min(low, high)], column[max(low, high)]
		}
		l.columns[c] = append(l.columns[c], first)
		if !single {
			l.columns[c] = append(l.columns[c], second)
		}
	}
}
