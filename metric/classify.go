package metric

import "math"

// Classification holds the labels and the predicted probabilities of scored rows. All its metrics are NaN without rows.
type Classification struct {
	// Label is the class index of each row, 0 <= Label < len(Prob[row]).
	Label []int
	// Prob holds the class probabilities, [row][class]: at least two classes, the same number in every row.
	Prob [][]float64
	// Threshold above which Prob[row][1] predicts class 1, two classes only. 0 means 0.5.
	Threshold float64
}

// Classes is the number of classes, 0 without rows.
func (c *Classification) Classes() int {
	if len(c.Prob) == 0 {
		return 0
	}
	return len(c.Prob[0])
}

// Predicted is the class that a row of probabilities stands for: with two classes 1 where p[1] > threshold (0 means
// 0.5), else the most probable one, the first of equals.
func Predicted(p []float64, threshold float64) int {
	if len(p) == 2 {
		if threshold == 0 {
			threshold = 0.5
		}
		if p[1] > threshold {
			return 1
		}
		return 0
	}
	best := 0
	for k, v := range p {
		if v > p[best] {
			best = k
		}
	}
	return best
}

// Confusion counts rows, [true class][predicted class].
func (c *Classification) Confusion() [][]int {
	count := make([][]int, c.Classes())
	for k := range count {
		count[k] = make([]int, len(count))
	}
	for i, y := range c.Label {
		count[y][Predicted(c.Prob[i], c.Threshold)]++
	}
	return count
}

// Accuracy is the share of rows whose class is predicted.
func (c *Classification) Accuracy() float64 {
	hits := 0
	for i, y := range c.Label {
		if Predicted(c.Prob[i], c.Threshold) == y {
			hits++
		}
	}
	return float64(hits) / float64(len(c.Label))
}

// BalancedAccuracy is the mean over the classes that occur of the share of their rows that is predicted (recall), so
// that a rare class counts as much as a common one.
func (c *Classification) BalancedAccuracy() float64 {
	confusion := c.Confusion()
	return meanDefined(len(confusion), func(k int) float64 {
		rows := 0
		for _, n := range confusion[k] {
			rows += n
		}
		return float64(confusion[k][k]) / float64(rows)
	})
}

// F1 is the harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN): of class 1 where there are two classes, else
// the mean over classes (macro). A class that neither occurs nor is predicted has no F1.
func (c *Classification) F1() float64 {
	confusion := c.Confusion()
	of := func(k int) float64 {
		both := 0 // 2 TP + FP + FN
		for j := range confusion {
			both += confusion[k][j] + confusion[j][k]
		}
		return 2 * float64(confusion[k][k]) / float64(both)
	}
	if len(confusion) == 2 {
		return of(1)
	}
	return meanDefined(len(confusion), of)
}

// Brier is the mean squared distance between probabilities and the truth: (p1 - y)² where there are two classes (0 to
// 1), else the sum of (p_k - [y = k])² over the classes (0 to 2).
func (c *Classification) Brier() float64 {
	sum := 0.0
	for i, y := range c.Label {
		p := c.Prob[i]
		if len(p) == 2 {
			sum += (p[1] - float64(y)) * (p[1] - float64(y))
			continue
		}
		for k, v := range p {
			d := v
			if k == y {
				d--
			}
			sum += d * d
		}
	}
	return sum / float64(len(c.Label))
}

// epsilon is the smallest probability that LogLoss believes: the spacing of float64 at 1, as scikit-learn has it. One
// certain and wrong row would otherwise make the loss of all rows infinite.
const epsilon = 0x1p-52

// LogLoss is the mean of -log p(true class), each p taken as at least 2^-52.
func (c *Classification) LogLoss() float64 {
	sum := 0.0
	for i, y := range c.Label {
		sum -= math.Log(max(c.Prob[i][y], epsilon))
	}
	return sum / float64(len(c.Label))
}

// meanDefined is the mean of those values of f(0), ..., f(n-1) that are not NaN; NaN where all are.
func meanDefined(n int, f func(int) float64) float64 {
	sum, count := 0.0, 0
	for k := range n {
		if v := f(k); !math.IsNaN(v) {
			sum += v
			count++
		}
	}
	return sum / float64(count)
}
