package suite

import (
	"math"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/series"
)

// simpleRow is a simple model of the independent evaluation: fit gives the predictions of the scored steps of a part, in the
// form of a model.
type simpleRow struct {
	task *Task
	name string
	fit  func(t *testing.T, d *Data) func(dataset.Part) func(i int) []float64
}

// The simple models of an independent evaluation, written anew, give its figures on our data: the proof that splits, windows,
// scaling, labels and measures are the same. They must agree in every digit that its tables print, with two exceptions:
// scikit-learn ends a logistic regression before its optimum (tolerance 1e-4), which ours is, and shows in the third digit; and
// the score of C-MAPSS is so steep that raw sensor values in single precision show in the fourth.
func TestSimpleRows(t *testing.T) {
	var simple = []simpleRow{
		{&occupancyChrono, "majority", constant(1, 0)}, {&occupancyChrono, "light", light}, {&occupancyChrono, "logistic", logit(lastRow)},
		{&occupancyPaper, "majority", constant(1, 0)}, {&occupancyPaper, "light", light}, {&occupancyPaper, "logistic", logit(lastRow)},
		{&cheetah, "mean", trainingMean}, {&cheetah, "lastvalue", raw(func(s *series.Series) []float64 { return float64s(s.At(s.Len() - 1)) })},
		{&cheetah, "linear", linear(lastRow)}, {&cheetah, "linear-8", linear(lastRows(8))},
		{&cheetahClip, "linear", linear(lastRow)}, {&cheetahClip, "linear-8", linear(lastRows(8))},
		{&ozoneChrono, "logistic", logit(lastRow)},
		{&trafficHour, "lastvalue", raw(func(s *series.Series) []float64 { return float64s(s.At(s.Len() - 1)[:1]) })},
		{&trafficHour, "seasonal", raw(weekBefore)}, {&trafficHour, "linear", linear(trafficRow)},
		{&vowels, "logistic", vowelLogistic},
		{&cgm, "lastvalue", constant(0, 0)}, {&cgm, "trend", linear(recentChange)}, {&cgm, "linear", linear(glucoseRow)},
		{&cmapss, "mean", trainingMean}, {&cmapss, "linear", linear(allRows)},
		{&lidar, "mean", trainingMean}, {&lidar, "linear", linear(lastRow, 1, 10, 100, 1e3)},
		{&physionet, "logistic", stayLogistic},
	}
	for _, c := range simple {
		t.Run(c.task.Name+" "+c.name, func(t *testing.T) {
			d := readTask(t, c.task)
			predict := c.fit(t, d)
			if c.task.Threshold != "" {
				p := predict(d.Valid)
				e := newEvaluator(d)
				for i := range d.Valid.Windows {
					s := d.Valid.Span(i)
					rows := make([][]float64, s.Len())
					rows[len(rows)-1] = p(i)
					e.Add(s.Y, rows, nil)
				}
				d = &Data{Schema: d.Schema, Train: d.Train, Valid: d.Valid, Test: d.Test}
				d.Schema.Target.Threshold = thresholdFor(e, c.task.Threshold)
			}
			got := score(c.task, d, d.Test, predict(d.Test))
			compared := 0
			for _, f := range c.task.Figures() {
				if f.Model != c.name || f.Source != Measured {
					continue
				}
				for name, want := range f.Values {
					v, ok := got.Get(name)
					if !ok {
						continue
					}
					compared++
					near := (c.name == "logistic" || name == "score") && math.Abs(v-want[0]) < 2e-3*want[0]
					if printed(v, want[0]) != printed(want[0], want[0]) && !near {
						t.Errorf("%s is %.6g, want %.6g", name, v, want[0])
					}
				}
			}
			if compared == 0 {
				t.Error("nothing was compared")
			}
		})
	}
}

// printed rounds a value as the tables print figures of such a size: four digits, of what is counted in hundreds whole numbers.
func printed(v, size float64) float64 {
	digits := 4.0
	switch {
	case math.Abs(size) >= 300:
		digits = 0
	case math.Abs(size) >= 10:
		digits = 2
	case math.Abs(size) >= 1:
		digits = 3
	}
	return math.Round(v*math.Pow(10, digits)) / math.Pow(10, digits)
}

type features1 = func(rows [][]float64, s *series.Series) []float64

func float64s(x []float32) (out []float64) {
	for _, v := range x {
		out = append(out, float64(v))
	}
	return out
}

func lastRow(rows [][]float64, _ *series.Series) []float64 { return rows[len(rows)-1] }

func allRows(rows [][]float64, _ *series.Series) []float64 { return slices.Concat(rows...) }

// lastRows are the last n rows, most recent first, the mean where a window has fewer.
func lastRows(n int) features1 {
	return func(rows [][]float64, _ *series.Series) (x []float64) {
		for k := range n {
			if at := len(rows) - 1 - k; at >= 0 {
				x = append(x, rows[at]...)
			} else {
				x = append(x, make([]float64, len(rows[0]))...)
			}
		}
		return x
	}
}

// constant predicts the same always.
func constant(p ...float64) func(*testing.T, *Data) func(dataset.Part) func(int) []float64 {
	return func(*testing.T, *Data) func(dataset.Part) func(int) []float64 {
		return func(dataset.Part) func(int) []float64 { return func(int) []float64 { return p } }
	}
}

// thresholdFor serves a metric of two classes best.
func thresholdFor(e *metric.Evaluator, name string) float64 {
	goal, _ := metric.GoalOf(name)
	c := e.Classification()
	positive, score := make([]bool, len(c.Label)), make([]float64, len(c.Label))
	for i := range c.Label {
		positive[i], score[i] = c.Label[i] == 1, c.Prob[i][1]
	}
	return metric.Threshold(positive, score, goal)
}

// raw predicts from the raw rows of a window.
func raw(of func(s *series.Series) []float64) func(*testing.T, *Data) func(dataset.Part) func(int) []float64 {
	return func(_ *testing.T, d *Data) func(dataset.Part) func(int) []float64 {
		return predicted(d, func(_ [][]float64, s *series.Series) []float64 { return of(s) }, func(x []float64) []float64 { return x })
	}
}

func predicted(d *Data, make features1, f func([]float64) []float64) func(dataset.Part) func(int) []float64 {
	return func(p dataset.Part) func(int) []float64 {
		a := sampled(d, p, make)
		return func(i int) []float64 { return f(a.x[i]) }
	}
}

func linear(make features1, penalties ...float64) func(*testing.T, *Data) func(dataset.Part) func(int) []float64 {
	return func(_ *testing.T, d *Data) func(dataset.Part) func(int) []float64 {
		return predicted(d, make, ridge(sampled(d, d.Train, make), sampled(d, d.Valid, make), penalties...))
	}
}

func logit(make features1, cs ...float64) func(*testing.T, *Data) func(dataset.Part) func(int) []float64 {
	return func(t *testing.T, d *Data) func(dataset.Part) func(int) []float64 {
		classes := len(d.Schema.Target.Classes)
		return predicted(d, make, logistic(t, sampled(d, d.Train, make), sampled(d, d.Valid, make), classes, cs...))
	}
}

func trainingMean(_ *testing.T, d *Data) func(dataset.Part) func(int) []float64 {
	var mean []float64
	if each := d.Schema.Target.Each; len(each) > 0 { // of the rows that scale the inputs
		for _, o := range each {
			mean = append(mean, o.Mean)
		}
	} else {
		mean = means(sampled(d, d.Train, lastRow).y)
	}
	return func(dataset.Part) func(int) []float64 { return func(int) []float64 { return mean } }
}

// light is 1 where the light is above the threshold with the best training accuracy.
func light(_ *testing.T, d *Data) func(dataset.Part) func(int) []float64 {
	of := func(_ [][]float64, s *series.Series) []float64 { return float64s(s.At(s.Len() - 1)[2:3]) }
	a := sampled(d, d.Train, of)
	values := column(a.x, 0)
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return int(math.Copysign(1, values[i]-values[j])) })
	ones := 0.0
	for _, y := range a.y {
		ones += y[0]
	}
	right, best, threshold := ones, -1.0, 0.0 // with all predicted 1
	for n, i := range order[:len(order)-1] {
		right += 1 - 2*a.y[i][0]
		if next := values[order[n+1]]; next != values[i] && right > best {
			best, threshold = right, (values[i]+next)/2
		}
	}
	return predicted(d, of, func(x []float64) []float64 {
		p := 1 / (1 + math.Exp(-(x[0]-threshold)/100))
		return []float64{1 - p, p}
	})
}

// weekBefore is the volume of the same hour one week earlier, the last one where that is absent.
func weekBefore(s *series.Series) []float64 {
	row := s.At(s.Len() - 1)
	if v := float64(row[13]); v == v {
		return []float64{v}
	}
	return []float64{float64(row[0])}
}

// trafficRow are the 24 volumes and what else is known in the last row.
func trafficRow(rows [][]float64, s *series.Series) (x []float64) {
	for _, row := range rows {
		x = append(x, row[0])
	}
	last := rows[len(rows)-1]
	known := 1.0
	if v := s.At(s.Len() - 1)[13]; v != v {
		known = 0
	}
	return append(append(x, last[1:]...), known)
}

func recentChange(rows [][]float64, _ *series.Series) []float64 {
	n := len(rows)
	return []float64{rows[n-3][1] + rows[n-2][1] + rows[n-1][1]}
}

func glucoseRow(rows [][]float64, _ *series.Series) (x []float64) {
	for _, row := range rows {
		x = append(x, row[0])
	}
	return append(x, rows[len(rows)-1][2])
}

// vowelLogistic is softmax regression on mean, deviation, first, last and weighed mean of each dimension.
func vowelLogistic(t *testing.T, d *Data) func(dataset.Part) func(int) []float64 {
	statistics := func(rows [][]float64, _ *series.Series) (x []float64) {
		n := float64(len(rows))
		mean, sd, slope := make([]float64, 12), make([]float64, 12), make([]float64, 12)
		for k := range 12 {
			for i, row := range rows {
				mean[k] += row[k] / n
				slope[k] += row[k] * float64(i) / (n - 1) / n
			}
			for _, row := range rows {
				sd[k] += (row[k] - mean[k]) * (row[k] - mean[k]) / n
			}
			sd[k] = math.Sqrt(sd[k])
		}
		return slices.Concat(mean, sd, rows[0], rows[len(rows)-1], slope)
	}
	return logit(standardisedBy(d, statistics), .01, .1, 1, 10)(t, d)
}

// standardisedBy z-scores features by the training part.
func standardisedBy(d *Data, make features1) features1 {
	a := sampled(d, d.Train, make)
	var mean, sd []float64
	for k := range a.x[0] {
		m, s := moments(column(a.x, k))
		mean, sd = append(mean, m), append(sd, s)
	}
	return func(rows [][]float64, s *series.Series) []float64 {
		x := make(rows, s)
		for k := range x {
			x[k] = (x[k] - mean[k]) / sd[k]
		}
		return x
	}
}

// stayLogistic is logistic regression on last, mean, least and greatest value and the number of hours of each variable, and
// the statics.
func stayLogistic(t *testing.T, d *Data) func(dataset.Part) func(int) []float64 {
	const n = 37
	of := func(rows [][]float64, s *series.Series) []float64 {
		x := make([]float64, 5*n)
		for k := range n {
			sum, least, most := 0.0, math.Inf(1), math.Inf(-1)
			for i, row := range rows {
				if v := s.At(i)[k]; v == v {
					x[k] = row[k]
					sum, least, most = sum+row[k], math.Min(least, row[k]), math.Max(most, row[k])
					x[4*n+k]++
				}
			}
			if hours := x[4*n+k]; hours > 0 {
				x[n+k], x[2*n+k], x[3*n+k] = sum/hours, least, most
			}
		}
		last := rows[len(rows)-1]
		x = append(x, last[n], last[n+1], last[n+2], last[n+3])
		for kind := range 4 {
			x = append(x, indicator(s.At(s.Len() - 1)[n+4] == float32(kind+1)))
		}
		return x
	}
	return logit(standardisedBy(d, of), 1e-3, 3e-3, 1e-2, 1e-1)(t, d)
}

func indicator(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
