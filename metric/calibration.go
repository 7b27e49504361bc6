package metric

import "math"

// Bin is one interval of predicted probability: how sure the model was there, and how often it was right.
type Bin struct {
	// Lower and Upper bounds of the probability; Lower is outside the bin, but for the first bin.
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
	// Rows in the bin. Bins without rows are left out.
	Rows int `json:"rows"`
	// Predicted is the mean probability of those rows.
	Predicted float64 `json:"predicted"`
	// Observed is the share of them for which the prediction came true.
	Observed float64 `json:"observed"`
}

// Reliability sorts the rows into n bins of equal width over [0, 1]. Two classes: by p1, Observed being the share of
// class 1. More: by the highest probability, Observed being the share of rows where that class is the true one. A
// calibrated model has Predicted = Observed in every bin. Empty bins are left out; n below 1 panics.
func (c *Classification) Reliability(n int) []Bin {
	if n < 1 {
		panic("metric: reliability needs at least one bin")
	}
	bins := make([]Bin, n)
	for i, y := range c.Label {
		p, hit := confidence(c.Prob[i], y)
		b := &bins[min(max(int(math.Ceil(p*float64(n)))-1, 0), n-1)]
		b.Rows++
		b.Predicted += p
		if hit {
			b.Observed++
		}
	}
	var full []Bin
	for k, b := range bins {
		if b.Rows == 0 {
			continue
		}
		b.Lower, b.Upper = float64(k)/float64(n), float64(k+1)/float64(n)
		b.Predicted /= float64(b.Rows)
		b.Observed /= float64(b.Rows)
		full = append(full, b)
	}
	return full
}

// confidence is the probability that a row is sorted by, and whether what it speaks of came true.
func confidence(p []float64, y int) (float64, bool) {
	if len(p) == 2 {
		return p[1], y == 1
	}
	k := Predicted(p, 0)
	return p[k], y == k
}

// eceBins is the number of bins of ECE, the usual one since Guo et al., On Calibration of Modern Neural Networks, 2017.
const eceBins = 15

// ECE is the expected calibration error: the mean over rows of |Predicted - Observed| of their bin, with 15 bins.
func (c *Classification) ECE() float64 {
	sum := 0.0
	for _, b := range c.Reliability(eceBins) {
		sum += float64(b.Rows) * math.Abs(b.Predicted-b.Observed)
	}
	return sum / float64(len(c.Label))
}
