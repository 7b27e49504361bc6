package baseline

import (
	"math"
	"slices"

	"github.com/elegans-nn/elegans/series"
)

// spread turns the values of a baseline into the quantiles, or mean and standard deviation, that the target asks for, by
// the errors that the baseline made where it could be watched: fair opponents for a network that predicts them.
type spread struct {
	Predictor
	offset []float64 // of each quantile; nil for a Gaussian
	sd     float64
}

// leastWatched is the number of validation rows from which their errors are used; those of the training part, which are
// too small where something was fitted, stand in for fewer.
const leastWatched = 30

func fitSpread(p Predictor, t series.Target, train, valid []series.Series) Predictor {
	errors := errorsOf(p, valid)
	if len(errors) < leastWatched {
		errors = errorsOf(p, train)
	}
	slices.Sort(errors)
	s := &spread{Predictor: p}
	if t.Gaussian {
		for _, e := range errors {
			s.sd += e * e / float64(len(errors))
		}
		s.sd = math.Sqrt(s.sd)
		if s.sd == 0 {
			s.sd = 1e-6 * t.SD // never wrong so far: a density needs a width all the same
		}
		return s
	}
	for _, q := range t.Quantiles {
		s.offset = append(s.offset, series.Quantile(errors, q))
	}
	return s
}

// errorsOf lists label - prediction over the rows that have both.
func errorsOf(p Predictor, list []series.Series) (errors []float64) {
	for i := range list {
		rows := p.Predict(list[i])
		for j, y := range list[i].Y {
			if e := y - rows[j][0]; !math.IsNaN(e) {
				errors = append(errors, e)
			}
		}
	}
	return errors
}

func (s *spread) Predict(x series.Series) [][]float64 {
	points := s.Predictor.Predict(x)
	if s.offset == nil {
		rows := grid(len(points), 2)
		for i, p := range points {
			if !math.IsNaN(p[0]) {
				rows[i][0], rows[i][1] = p[0], s.sd
			}
		}
		return rows
	}
	rows := grid(len(points), len(s.offset))
	for i, p := range points {
		for k, o := range s.offset {
			rows[i][k] = p[0] + o
		}
	}
	return rows
}

func (s *spread) Parameters() int { return s.Predictor.Parameters() + max(len(s.offset), 1) }
