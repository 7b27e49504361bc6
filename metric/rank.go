package metric

import (
	"cmp"
	"math"
	"slices"
)

// AUROC is the probability that a row of the class gets a higher score than a row of another class, ties counting half:
// the area under the curve of hit rate over false alarm rate. Two classes: the score is p1. More: the mean over the
// classes, each against the rest, that have rows on both sides.
func (c *Classification) AUROC() float64 { return c.oneVersusRest(AUROC) }

// AUPRC is the average precision, the sum of precision times the increase of recall over all thresholds. Two classes: of
// class 1. More: the mean over the classes that occur.
func (c *Classification) AUPRC() float64 { return c.oneVersusRest(AUPRC) }

func (c *Classification) oneVersusRest(of func([]bool, []float64) float64) float64 {
	positive := make([]bool, len(c.Label))
	score := make([]float64, len(c.Label))
	one := func(k int) float64 {
		for i, y := range c.Label {
			positive[i], score[i] = y == k, c.Prob[i][k]
		}
		return of(positive, score)
	}
	if c.Classes() == 2 {
		return one(1)
	}
	return meanDefined(c.Classes(), one)
}

// AUROC is the area under the ROC curve of scores, where higher means more likely positive. Ties count half. It is NaN
// without a positive or without a negative row, or where a score is NaN.
func AUROC(positive []bool, score []float64) float64 {
	var wins, hits, misses float64 // pairs won; positives and negatives visited so far
	if !descend(positive, score, func(_, p, n float64) {
		wins += n * (hits + p/2)
		hits += p
		misses += n
	}) {
		return math.NaN()
	}
	return wins / (hits * misses) // 0/0 where a side is empty
}

// AUPRC is the average precision of scores, where higher means more likely positive: the sum over the distinct scores,
// from the highest, of precision times the increase of recall; it does not interpolate, which would flatter. It is NaN
// without a positive row, or where a score is NaN.
func AUPRC(positive []bool, score []float64) float64 {
	var sum, hits, rows float64
	if !descend(positive, score, func(_, p, n float64) {
		hits += p
		rows += p + n
		sum += p * hits / rows
	}) {
		return math.NaN()
	}
	return sum / hits
}

// descend calls visit once for every distinct score s, from the highest, with the numbers of positive and negative rows
// that have it. It reports false, having called nothing, where a score is NaN.
func descend(positive []bool, score []float64, visit func(s, positives, negatives float64)) bool {
	order := make([]int, len(score))
	for i, s := range score {
		if math.IsNaN(s) {
			return false
		}
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(score[b], score[a]) })
	for i := 0; i < len(order); {
		var p, n float64
		s := score[order[i]]
		for ; i < len(order) && score[order[i]] == s; i++ {
			if positive[order[i]] {
				p++
			} else {
				n++
			}
		}
		visit(s, p, n)
	}
	return true
}
