package metric

import "math"

// Regression holds the labels and predictions of scored rows, in the raw unit of the target. All its metrics are NaN
// without rows.
type Regression struct {
	// Y is the true value of each row.
	Y []float64
	// Pred is the predicted value of each row: the mean of a Gaussian, the median of quantiles.
	Pred []float64
	// Last is the last value known at each row, NaN where none was; nil where nobody asks for Skill.
	Last []float64
	// Levels of the quantiles, ascending in (0, 1), and their values, [row][level]; nil for other predictions.
	Levels    []float64
	Quantiles [][]float64
	// SD is the predicted standard deviation of each row, for a Gaussian; nil for other predictions.
	SD []float64
}

// MSE is the mean of (y - prediction)².
func (r *Regression) MSE() float64 {
	sum := 0.0
	for i, y := range r.Y {
		sum += (y - r.Pred[i]) * (y - r.Pred[i])
	}
	return sum / float64(len(r.Y))
}

// RMSE is the root of MSE.
func (r *Regression) RMSE() float64 { return math.Sqrt(r.MSE()) }

// MAE is the mean of |y - prediction|.
func (r *Regression) MAE() float64 {
	sum := 0.0
	for i, y := range r.Y {
		sum += math.Abs(y - r.Pred[i])
	}
	return sum / float64(len(r.Y))
}

// R2 is 1 - MSE / variance of the labels of these rows: 1 is perfect, 0 no better than their mean, and it has no lower
// bound. NaN where all labels are equal.
func (r *Regression) R2() float64 {
	mean, total := Mean(r.Y), 0.0
	for _, y := range r.Y {
		total += (y - mean) * (y - mean)
	}
	return ratio(r.MSE(), total/float64(len(r.Y)))
}

// Skill is 1 - MSE / MSE of the last known value, both over the rows where a last value was known: 1 is perfect, 0 no
// better than repeating it. NaN where no row has a last value or it is always right.
func (r *Regression) Skill() float64 {
	var model, last float64
	for i, v := range r.Last {
		if !math.IsNaN(v) {
			model += (r.Y[i] - r.Pred[i]) * (r.Y[i] - r.Pred[i])
			last += (r.Y[i] - v) * (r.Y[i] - v)
		}
	}
	return ratio(model, last)
}

// ratio is 1 - a/b, NaN where there is nothing to compare with.
func ratio(a, b float64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return 1 - a/b
}

// Pinball is the quantile loss, max(q (y - v), (q - 1)(y - v)) for the value v predicted for level q, mean over rows and
// levels. At the single level 0.5 it is half of MAE.
func (r *Regression) Pinball() float64 {
	sum := 0.0
	for i, y := range r.Y {
		for k, q := range r.Levels {
			d := y - r.Quantiles[i][k]
			sum += max(q*d, (q-1)*d)
		}
	}
	return sum / float64(len(r.Y)*len(r.Levels))
}

// Coverage is the share of labels that are at most the predicted quantile, one a level: close to the level where the
// model is calibrated.
func (r *Regression) Coverage() []float64 {
	share := make([]float64, len(r.Levels))
	for k := range share {
		for i, y := range r.Y {
			if y <= r.Quantiles[i][k] {
				share[k]++
			}
		}
		share[k] /= float64(len(r.Y))
	}
	return share
}

// CoverageError is the mean over levels of |coverage - level|.
func (r *Regression) CoverageError() float64 {
	sum := 0.0
	for k, share := range r.Coverage() {
		sum += math.Abs(share - r.Levels[k])
	}
	return sum / float64(len(r.Levels))
}

// NLL is the mean negative log density of the labels under Gaussians: log sd + (y - mean)²/(2 sd²) + log(2 pi)/2. It
// depends on the unit of the target.
func (r *Regression) NLL() float64 {
	sum := 0.0
	for i, y := range r.Y {
		z := (y - r.Pred[i]) / r.SD[i]
		sum += math.Log(r.SD[i]) + z*z/2
	}
	return sum/float64(len(r.Y)) + math.Log(2*math.Pi)/2
}
