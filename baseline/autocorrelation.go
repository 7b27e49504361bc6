package baseline

import (
	"cmp"
	"math"
	"slices"

	"github.com/elegans-nn/elegans/series"
)

const (
	longestLag    = 2000   // rows; a longer season needs a calendar
	lagRows       = 100000 // rows that the autocorrelation reads
	leastPeak     = 0.1    // autocorrelation of a season; noise of a thousand rows stays below
	leastRise     = 0.1    // of a peak above the lowest value before it, so that a wiggle on the first slope is none
	testedSeasons = 3      // peaks that are tried
)

// seasonalLags are the lags in rows, highest peak first, at which labels resemble themselves again after they have
// ceased to.
func seasonalLags(list []series.Series, task series.Task) []int {
	labels, longest, rows := [][]float64{}, 0, 0
	for i := range list {
		if rows += len(list[i].Y); rows > lagRows && i > 0 {
			break
		}
		y := list[i].Y[:min(len(list[i].Y), lagRows)]
		labels, longest = append(labels, y), max(longest, len(y))
	}
	r := autocorrelation(labels, min(longest/2, longestLag), task)
	var peaks []int
	lowest := 1.0
	for lag := 1; lag+1 < len(r); lag++ {
		lowest = min(lowest, r[lag])
		if r[lag] > r[lag-1] && r[lag] >= r[lag+1] && r[lag] >= max(leastPeak, lowest+leastRise) {
			peaks = append(peaks, lag)
		}
	}
	slices.SortStableFunc(peaks, func(a, b int) int { return cmp.Compare(r[b], r[a]) })
	return peaks[:min(len(peaks), testedSeasons)]
}

// autocorrelation of the labels at the lags 0 to longest, over all pairs of rows of a series that both have one: the
// covariance over the variance; for classes the agreement beyond chance, (share - chance) / (1 - chance). It is 0 where
// there are no pairs or the labels are constant.
func autocorrelation(labels [][]float64, longest int, task series.Task) []float64 {
	alike, chance, scale := covariance(labels)
	if task == series.Classify {
		alike, chance, scale = agreement(labels)
	}
	r := make([]float64, longest+1)
	for lag := range r {
		sum, pairs := 0.0, 0.0
		for _, y := range labels {
			likeness, n := compare(y, lag, alike)
			sum, pairs = sum+likeness, pairs+n
		}
		if pairs > 0 && scale > 0 {
			r[lag] = (sum/pairs - chance) / scale
		}
	}
	return r
}

// compare adds up the likeness of the labels of one series that are lag rows apart, and counts the pairs.
func compare(y []float64, lag int, alike func(a, b float64) float64) (sum, pairs float64) {
	for i := lag; i < len(y); i++ {
		if a, b := y[i], y[i-lag]; a == a && b == b { // neither is NaN
			sum += alike(a, b)
			pairs++
		}
	}
	return sum, pairs
}

// covariance is the likeness of two numbers, what independent ones have of it, and what equal ones have beyond that.
func covariance(labels [][]float64) (alike func(a, b float64) float64, chance, scale float64) {
	mean, square, n := 0.0, 0.0, 0.0
	eachOf(labels, func(y float64) { n++; mean += (y - mean) / n })
	eachOf(labels, func(y float64) { square += (y - mean) * (y - mean) })
	return func(a, b float64) float64 { return (a - mean) * (b - mean) }, 0, square / n
}

// agreement is the same for two classes.
func agreement(labels [][]float64) (alike func(a, b float64) float64, chance, scale float64) {
	var count []float64
	n := 0.0
	eachOf(labels, func(y float64) {
		for int(y) >= len(count) {
			count = append(count, 0)
		}
		count[int(y)]++
		n++
	})
	for _, c := range count {
		chance += c / n * (c / n)
	}
	return func(a, b float64) float64 {
		if a == b {
			return 1
		}
		return 0
	}, chance, 1 - chance
}

func eachOf(labels [][]float64, visit func(y float64)) {
	for _, list := range labels {
		for _, y := range list {
			if !math.IsNaN(y) {
				visit(y)
			}
		}
	}
}
