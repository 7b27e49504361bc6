package baseline

import (
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/series"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// linear is ridge regression: the weights w and intercept b that minimise
//
//	mean over rows of (y - b - w·x)²  +  penalty · |w|²
//
// with y in raw units and x scaled as a network's head scales it; the unit of y does not matter to the penalty.
type linear struct {
	features *features
	w        []float64
	b        float64
	penalty  float64
}

// ridgePenalties are tried on the validation part. Features are of order 1, so a penalty of 1 halves a lone weight.
var ridgePenalties = []float64{1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1}

const (
	// plainPenalty is taken where there is no validation part to choose with: little, but enough for collinear columns.
	plainPenalty = 1e-3
	// ridgeValues bounds the numbers that a fit reads (64 MB); beyond, it takes every second row, or third.
	ridgeValues = 1 << 23
	// widest is the number of features up to which a regression is fitted: the work of the normal equations grows with its
	// square, and a baseline is to be ready in seconds.
	widest = 1024
)

// fitLinear is the fit on windows of the given rows. A windowed one shortens its window where rows are wide.
func fitLinear(rows int) func(*series.Schema, []series.Series, []series.Series) (Predictor, error) {
	return func(schema *series.Schema, train, valid []series.Series) (Predictor, error) {
		f, err := windowOf(schema, rows, widest)
		if err != nil {
			return nil, err
		}
		t := f.training(train, ridgeValues)
		v := f.samples(valid, ridgeValues)
		return fitRidge(f, t, v)
	}
}

// windowOf are the features of a window of at most the given rows, and at most limit numbers. A window of one row is no window.
func windowOf(schema *series.Schema, rows, limit int) (*features, error) {
	f := newFeatures(schema, 1)
	f.rows = min(rows, limit/f.row)
	if f.rows < 1 || rows > 1 && f.rows < 2 {
		return nil, fmt.Errorf("%d features a row are more than %d in %d rows: %w", f.row, limit, min(rows, 2), ErrNotApplicable)
	}
	return f, nil
}

func fitRidge(f *features, t, v *samples) (Predictor, error) {
	centre, mean := centred(t)
	variance := 0.0
	for i := range t.y {
		t.y[i] -= mean
		variance += t.y[i] * t.y[i] / float64(len(t.y))
	}
	if t.width == 0 || variance == 0 {
		return &linear{features: f, w: make([]float64, t.width), b: mean}, nil
	}
	gram, moment := normal(t)
	var best *linear
	least := math.Inf(1)
	for _, penalty := range candidates(ridgePenalties, plainPenalty, v) {
		w, ok := solve(gram, moment, penalty)
		if !ok {
			continue
		}
		m := &linear{features: f, w: w, b: mean - floats.Dot(w, centre), penalty: penalty}
		if e := m.mse(v); best == nil || e < least {
			best, least = m, e
		}
	}
	if best == nil {
		return nil, fmt.Errorf("the normal equations of %d features have no solution: %w", t.width, ErrNotApplicable)
	}
	return best, nil
}

// candidates are the penalties to try: all, from the strongest, where a validation part can choose.
func candidates(penalties []float64, plain float64, v *samples) (list []float64) {
	if len(v.y) == 0 {
		return []float64{plain}
	}
	for i := range penalties {
		list = append(list, penalties[len(penalties)-1-i])
	}
	return list
}

// centred takes the mean off every feature, and returns these means and that of the labels.
func centred(t *samples) (centre []float64, mean float64) {
	centre = make([]float64, t.width)
	n := float64(len(t.y))
	for i, y := range t.y {
		floats.AddScaled(centre, 1/n, t.at(i))
		mean += y / n
	}
	for i := range t.y {
		floats.Sub(t.at(i), centre)
	}
	return centre, mean
}

// normal is XᵀX/n and Xᵀy/n.
func normal(t *samples) (*mat.Dense, []float64) {
	n := float64(len(t.y))
	x := mat.NewDense(len(t.y), t.width, t.x)
	var gram mat.Dense
	gram.Mul(x.T(), x)
	gram.Scale(1/n, &gram)
	moment := make([]float64, t.width)
	for i, y := range t.y {
		floats.AddScaled(moment, y/n, t.at(i))
	}
	return &gram, moment
}

// solve finds w with (gram + penalty·1) w = moment; false where rounding leaves no solution.
func solve(gram *mat.Dense, moment []float64, penalty float64) ([]float64, bool) {
	d := len(moment)
	a := mat.NewSymDense(d, nil)
	for i := range d {
		for j := i; j < d; j++ {
			a.SetSym(i, j, gram.At(i, j))
		}
		a.SetSym(i, i, gram.At(i, i)+penalty)
	}
	var c mat.Cholesky
	if !c.Factorize(a) {
		return nil, false
	}
	w := make([]float64, d)
	if err := c.SolveVecTo(mat.NewVecDense(d, w), mat.NewVecDense(d, moment)); err != nil {
		return nil, false
	}
	return w, !floats.HasNaN(w)
}

func (m *linear) mse(v *samples) float64 {
	sum := 0.0
	for i, y := range v.y {
		d := y - m.b - floats.Dot(m.w, v.at(i))
		sum += d * d / float64(len(v.y))
	}
	return sum
}

func (m *linear) Predict(s series.Series) [][]float64 {
	rows := grid(s.Len(), 1)
	m.features.each(&s, func(i int, x []float64) { rows[i][0] = m.b + floats.Dot(m.w, x) })
	return rows
}

func (m *linear) Parameters() int { return len(m.w) + 1 }

func (m *linear) String() string { return account(m.features, m.penalty) }

// account of a regression, the same for numbers and classes.
func account(f *features, penalty float64) string {
	of := "the row"
	if f.rows > 1 {
		of = fmt.Sprintf("%d rows", f.rows)
	}
	return fmt.Sprintf("features of %s: %d, penalty %g", of, len(f.keep), penalty)
}
