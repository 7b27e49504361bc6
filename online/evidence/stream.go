package evidence

import (
	"math"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// What is compared on a stream, in the order of the columns.
var compared = []string{"frozen", "adapting", "last value", "online linear"}

// setting is how a learner learns.
type setting struct {
	rate    float64 // of plain gradient descent on the shared weights
	adapter float64 // of a scale and a bias of the output
}

// settings that are chosen from, on data that are not those of the test.
var settings = []setting{{1e-5, 0}, {1e-4, 0}, {1e-3, 0}, {1e-2, 0}, {1e-5, 3e-4}, {1e-4, 3e-4}, {1e-3, 1e-3}}

// errors of one stream: sums of squares over the labels for which all have a prediction, by compared.
type errorSums struct {
	n   int
	sum [4]float64
}

func (e *errorSums) add(o errorSums) {
	e.n += o.n
	for k := range e.sum {
		e.sum[k] += o.sum[k]
	}
}

// rmse is the root of the mean of one.
func (e *errorSums) rmse(k int) float64 { return math.Sqrt(e.sum[k] / float64(e.n)) }

// follow takes a series to its end: each row is predicted, and each label is learned at the first row at or after the time at
// which it is known, by the model's horizon. horizon is that in the time of the series, 0 for the next row.
func follow(m *model.Model, s *series.Series, how setting) (e errorSums, err error) {
	l, err := streamLearner(m, how)
	if err != nil {
		return e, err
	}
	still, fit := m.Stream(), (*online.RLS)(nil)
	target := m.Schema().Target
	n := len(m.Schema().Inputs) + 1
	if fit, err = online.NewRLS(n, 1, nil, online.RLSOptions{Forget: 1 - 1./2000, Ridge: 0.1}); err != nil {
		return e, err
	}
	type waiting struct {
		id         uint64
		due, label float64
		said       [4]float64
		z          []float64
	}
	var queue []waiting
	y := make([]float64, 1)
	for row := range s.Len() {
		now := s.Time[row]
		for len(queue) > 0 && queue[0].due <= now+1e-6 {
			w := queue[0]
			queue = queue[1:]
			if w.label != w.label {
				continue
			}
			if _, err := l.Learn(w.id, w.label); err != nil {
				return e, err
			}
			if err := fit.Learn(w.z, []float64{(w.label - target.Mean) / target.SD}); err != nil {
				return e, err
			}
			known := true
			for _, v := range w.said {
				known = known && v == v
			}
			for k, v := range w.said {
				if known {
					e.sum[k] += (v - w.label) * (v - w.label)
				}
			}
			if known {
				e.n++
			}
		}
		p, err := l.Predict(s.Name, now, s.At(row))
		if err != nil {
			return e, err
		}
		frozen, err := still.Step(s.At(row), s.DT[row])
		if err != nil {
			return e, err
		}
		w := waiting{id: p.ID, label: s.Y[row], due: due(target, s, row), z: linearFeatures(m.Schema(), s.At(row))}
		fit.Predict(w.z, y)
		w.said = [4]float64{float64(frozen[0]), float64(p.Values[0]), ownPast(m.Schema(), s.At(row)), y[0]*target.SD + target.Mean}
		queue = append(queue, w)
	}
	return e, nil
}

// due is when the label of a row is known.
func due(t series.Target, s *series.Series, row int) float64 {
	if t.HorizonRows {
		if i := row + int(t.Horizon); i < s.Len() {
			return s.Time[i]
		}
		return math.Inf(1)
	}
	return s.Time[row] + t.Horizon
}

// ownPast is the value of the target now, which is among the inputs: what repeating the last value predicts.
func ownPast(schema series.Schema, x []float32) float64 {
	for i, in := range schema.Inputs {
		if in.Name == schema.Target.Name {
			return float64(x[i])
		}
	}
	return math.NaN()
}

// linearFeatures are the inputs of a row in standard deviations, and a constant.
func linearFeatures(schema series.Schema, x []float32) []float64 {
	z := []float64{1}
	for i, in := range schema.Inputs {
		v := (float64(x[i]) - in.Mean) / in.SD
		if v != v {
			v = 0
		}
		z = append(z, math.Max(-10, math.Min(10, v)))
	}
	return z
}

func streamLearner(m *model.Model, how setting) (*online.Learner, error) {
	o := train.Options{Optimiser: "sgd", Momentum: -1, LearningRate: how.rate}
	loss, err := train.NewLoss(m.Schema().Target, o.Filled())
	if err != nil {
		return nil, err
	}
	optimiser, err := train.NewOptimiser(m.Program(), o)
	if err != nil {
		return nil, err
	}
	return online.NewLearner(m, online.LearnerOptions{Loss: loss, Optimiser: optimiser, AdapterRate: how.adapter})
}

// choose is the setting whose adapting model is best over some series.
func choose(m *model.Model, list []series.Series) (best setting, err error) {
	least := math.Inf(1)
	for _, how := range settings {
		var all errorSums
		for i := range list {
			e, err := follow(m, &list[i], how)
			if err != nil {
				return best, err
			}
			all.add(e)
		}
		if all.sum[1] < least {
			best, least = how, all.sum[1]
		}
	}
	return best, nil
}
