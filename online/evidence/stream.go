package evidence

import (
	"cmp"
	"fmt"
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
	rate      float64 // of plain gradient descent on the shared weights, unless another optimiser is named
	adapter   float64 // of a scale and a bias of the output
	readout   bool    // the rate is that of the readout alone, and all else stays
	optimiser string
	// least, where it is not 0, is the ridge of online.CombineOptions: least squares of the label on the forecast and the value of
	// now.
	least float64
}

// String names what is not as usual.
func (s setting) String() string {
	text := fmt.Sprintf("%s %g", cmp.Or(s.optimiser, "sgd"), s.rate)
	if s.readout {
		text += " of the readout"
	}
	if s.adapter > 0 {
		text += fmt.Sprintf(", scale and bias %g", s.adapter)
	}
	if s.least > 0 {
		text += fmt.Sprintf(", least squares %g", s.least)
	}
	return text
}

// settings that are chosen from, on data that are not those of the test.
var settings = []setting{
	{rate: 1e-5}, {rate: 1e-4}, {rate: 1e-3}, {rate: 1e-2},
	{rate: 1e-5, adapter: 3e-4}, {rate: 1e-4, adapter: 3e-4}, {rate: 1e-4, adapter: 3e-3}, {rate: 1e-3, adapter: 1e-3},
	{rate: 1e-4, readout: true}, {rate: 1e-3, readout: true}, {rate: 1e-2, readout: true},
	{rate: 1e-4, optimiser: "adam"}, {rate: 1e-3, optimiser: "adam"},
	{rate: 1e-5, least: 10}, {rate: 1e-5, least: 100}, {rate: 1e-4, least: 10}, {rate: 1e-4, least: 100}, {rate: 1e-3, least: 10},
}

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

// score adds the errors of a label, where all have said something.
func (e *errorSums) score(said [4]float64, label float64) {
	for _, v := range said {
		if v != v {
			return
		}
	}
	e.n++
	for k, v := range said {
		e.sum[k] += (v - label) * (v - label)
	}
}

// rmse is the root of the mean of one.
func (e *errorSums) rmse(k int) float64 { return math.Sqrt(e.sum[k] / float64(e.n)) }

// followed is a stream of one series with all that is compared on it.
type followed struct {
	m      *model.Model
	l      *online.Learner
	frozen *model.Stream
	linear *online.RLS
	queue  []unanswered
	sums   errorSums
}

// unanswered is a row whose label is still to come.
type unanswered struct {
	id         uint64
	due, label float64
	said       [4]float64 // by compared
	z          []float64  // of linear
}

// follow takes a series to its end: each row is predicted, and each label is learned at the first row at or after the time at
// which it is known, by the model's horizon.
func follow(m *model.Model, s *series.Series, how setting) (errorSums, error) {
	f := &followed{m: m, frozen: m.Stream()}
	var err error
	if f.l, err = streamLearner(m, how); err != nil {
		return f.sums, err
	}
	if f.linear, err = online.NewRLS(len(m.Schema().Inputs)+1, 1, nil, online.RLSOptions{Forget: 1 - 1./2000, Ridge: 0.1}); err != nil {
		return f.sums, err
	}
	for row := range s.Len() {
		if err := f.answer(s.Time[row]); err != nil {
			return f.sums, err
		}
		if err := f.predict(s, row); err != nil {
			return f.sums, err
		}
	}
	return f.sums, nil
}

// answer learns and scores the labels that are known by now.
func (f *followed) answer(now float64) error {
	t := f.m.Schema().Target
	for len(f.queue) > 0 && f.queue[0].due <= now+1e-6 {
		u := f.queue[0]
		f.queue = f.queue[1:]
		if u.label != u.label {
			continue
		}
		if _, err := f.l.Learn(u.id, u.label); err != nil {
			return err
		}
		if err := f.linear.Learn(u.z, []float64{(u.label - t.Mean) / t.SD}); err != nil {
			return err
		}
		f.sums.score(u.said, u.label)
	}
	return nil
}

// predict lets all predict a row.
func (f *followed) predict(s *series.Series, row int) error {
	x, t := s.At(row), f.m.Schema().Target
	p, err := f.l.Predict(s.Name, s.Time[row], x)
	if err != nil {
		return err
	}
	frozen, err := f.frozen.Step(x, s.DT[row])
	if err != nil {
		return err
	}
	u := unanswered{id: p.ID, label: s.Y[row], due: due(t, s, row), z: linearFeatures(f.m.Schema(), x)}
	y := []float64{0}
	f.linear.Predict(u.z, y)
	u.said = [4]float64{float64(frozen[0]), float64(p.Values[0]), ownPast(f.m.Schema(), x), y[0]*t.SD + t.Mean}
	f.queue = append(f.queue, u)
	return nil
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
	if how.optimiser != "" {
		o = train.Options{Optimiser: how.optimiser, LearningRate: how.rate}
	}
	if how.readout {
		o.Groups = map[string]float64{"": 0, "readout": 1}
	}
	loss, err := train.NewRowLoss(m.Schema().Target, o.Filled())
	if err != nil {
		return nil, err
	}
	optimiser, err := train.NewOptimiser(m.Program(), o)
	if err != nil {
		return nil, err
	}
	lo := online.LearnerOptions{Loss: loss, Optimiser: optimiser, AdapterRate: how.adapter}
	if how.least > 0 {
		lo.Combine = &online.CombineOptions{Ridge: how.least}
	}
	return online.NewLearner(m, lo)
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
