package metric

import "math"

// Goal is what a threshold is chosen for.
type Goal func(tp, fp, fn, tn float64) float64

// MaxAccuracy chooses the threshold with the most rows right.
func MaxAccuracy(tp, fp, fn, tn float64) float64 { return (tp + tn) / (tp + fp + fn + tn) }

// MaxBalancedAccuracy chooses the threshold with the best mean of the two recalls.
func MaxBalancedAccuracy(tp, fp, fn, tn float64) float64 { return (tp/(tp+fn) + tn/(tn+fp)) / 2 }

// MaxF1 chooses the threshold with the best F1 of the positive class.
func MaxF1(tp, fp, fn, _ float64) float64 { return 2 * tp / (2*tp + fp + fn) }

// goals maps the metrics that depend on a threshold to the goal that is best for them.
var goals = map[string]Goal{"accuracy": MaxAccuracy, "balanced_accuracy": MaxBalancedAccuracy, "f1": MaxF1}

// GoalOf is the goal that serves a metric, and whether the metric depends on a threshold at all: AUROC does not.
func GoalOf(metric string) (Goal, bool) {
	goal, ok := goals[metric]
	return goal, ok
}

// Threshold chooses, on validation rows, the threshold t in (0, 1) for which "score > t means positive" is best. Scores
// are probabilities of the positive class. Candidates are the midpoints between neighbouring distinct scores, and a
// value beyond either end of them; of equally good ones the nearest to 0.5 is taken, then the lower. Without rows of both
// kinds nothing can be learnt and the result is 0.5.
func Threshold(positive []bool, score []float64, goal Goal) float64 {
	var positives, negatives float64
	for _, p := range positive {
		if p {
			positives++
		} else {
			negatives++
		}
	}
	best, bestValue := 0.5, math.Inf(-1)
	if positives == 0 || negatives == 0 {
		return best
	}
	consider := func(t, tp, fp float64) {
		if !(t > 0 && t < 1) {
			return
		}
		v := goal(tp, fp, positives-tp, negatives-fp)
		near, bestNear := math.Abs(t-0.5), math.Abs(best-0.5)
		if v > bestValue || v == bestValue && (near < bestNear || near == bestNear && t < best) {
			best, bestValue = t, v
		}
	}
	var tp, fp float64
	above := 1.0 // the next higher score; at first the end of the range
	descend(positive, score, func(s, p, n float64) {
		consider(between(s, above), tp, fp)
		tp += p
		fp += n
		above = s
	})
	consider(between(0, above), tp, fp)
	return best
}

// between is a t with low <= t < high: the midpoint, unless rounding makes it the upper end.
func between(low, high float64) float64 {
	if mid := low + (high-low)/2; mid < high {
		return mid
	}
	return low
}
