package online

import (
	"errors"
	"fmt"
	"math"
)

// Transfer says what learning one task after the other has done to all of them.
type Transfer struct {
	// Average is the mean score over all tasks at the end.
	Average float64 `json:"average"`
	// Backward is what later tasks did to the score of earlier ones: below 0, something was forgotten.
	Backward float64 `json:"backward"`
	// Forward is what earlier tasks did to the score of later ones before those were learned, against a model that has
	// learned nothing; NaN without such a baseline.
	Forward float64 `json:"forward"`
	// Forgetting is how far earlier tasks fell from their best, 0 or below for none.
	Forgetting float64 `json:"forgetting"`
}

// NewTransfer measures transfer and forgetting over tasks 0 to T-1 that were learned in this order. score[i][j] is that on
// held-out data of task j after task i was learned, baseline[j] that of a model which has learned nothing (nil: not known); a
// higher score is better. With T tasks
//
//	Average    = 1/T     Σ_j score[T-1][j]
//	Backward   = 1/(T-1) Σ_{j<T-1} (score[T-1][j] - score[j][j])
//	Forward    = 1/(T-1) Σ_{j>0}   (score[j-1][j] - baseline[j])
//	Forgetting = 1/(T-1) Σ_{j<T-1} (max_{i<T-1} score[i][j] - score[T-1][j])
//
// which are 0 but for Average where T is 1. Sources: Lopez-Paz and Ranzato, NeurIPS 2017, equations 2 to 4; Forgetting is
// Chaudhry et al., ECCV 2018, equations 2 and 3. The error says that a list has the wrong length or a score is no number.
func NewTransfer(score [][]float64, baseline []float64) (Transfer, error) {
	n := len(score)
	if n == 0 {
		return Transfer{}, errors.New("online: there are no tasks to measure transfer between")
	}
	for i, row := range score {
		if len(row) != n {
			return Transfer{}, fmt.Errorf("online: after task %d there are %d scores of %d tasks", i, len(row), n)
		}
		for j, v := range row {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return Transfer{}, fmt.Errorf("online: the score of task %d after task %d is %g", j, i, v)
			}
		}
	}
	if baseline != nil && len(baseline) != n {
		return Transfer{}, fmt.Errorf("online: there are %d baselines of %d tasks", len(baseline), n)
	}
	t, last, pairs := Transfer{}, score[n-1], math.Max(1, float64(n-1))
	for j, v := range last {
		t.Average += v / float64(n)
		if j == n-1 {
			break
		}
		best := math.Inf(-1)
		for i := range n - 1 {
			best = math.Max(best, score[i][j])
		}
		t.Backward += (v - score[j][j]) / pairs
		t.Forgetting += (best - v) / pairs
		if baseline != nil {
			t.Forward += (score[j][j+1] - baseline[j+1]) / pairs
		}
	}
	if baseline == nil {
		t.Forward = math.NaN()
	}
	return t, nil
}
