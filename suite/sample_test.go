package suite

import (
	"errors"
	"math"
	"sync"
	"testing"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/internal/require"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/series"
)

// shared is where the data lie beside a checkout, if anywhere.
const shared = Folder("../../shared/data")

var (
	reads sync.Mutex
	kept  = map[string]*Data{}
)

// readTask reads a task's data once for all tests; the test is skipped where they are absent.
func readTask(t *testing.T, task *Task) *Data {
	t.Helper()
	reads.Lock()
	defer reads.Unlock()
	if d := kept[task.Name]; d != nil {
		return d
	}
	d, err := task.Read(shared)
	var missing *MissingError
	if errors.As(err, &missing) {
		require.Missing(t, "%v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	kept[task.Name] = d
	return d
}

// features are the rows of a series scaled as a model's head scales them, but for what only a head can do: nothing is held.
func features(schema series.Schema, s *series.Series) [][]float64 {
	rows := make([][]float64, s.Len())
	for i := range rows {
		for k, in := range schema.Inputs {
			v := float64(s.At(i)[k])
			if math.IsNaN(v) {
				v = in.Impute
			}
			if len(in.Range) > 0 {
				v = math.Max(in.Range[0], math.Min(in.Range[1], v))
			}
			v = (v - in.Mean) / in.SD
			if in.Clip > 0 {
				v = math.Max(-in.Clip, math.Min(in.Clip, v))
			}
			rows[i] = append(rows[i], v)
		}
	}
	return rows
}

// samples are one row of features and its label for every scored step of a part.
type samples struct {
	x      [][]float64
	y      [][]float64
	window []int
	step   []int
}

// sampled gathers what a simple model sees of each scored step: make turns the scaled rows of its window up to and with the
// step into features.
func sampled(d *Data, p dataset.Part, make func(rows [][]float64, s *series.Series) []float64) (a samples) {
	for i := range p.Windows {
		s := p.Span(i)
		rows := features(d.Schema, &s)
		for row := range rows {
			if series.Labelled(s.Label(row)) {
				seen := s.Span(0, row+1)
				a.x, a.y = append(a.x, make(rows[:row+1], &seen)), append(a.y, s.Label(row))
				a.window, a.step = append(a.window, i), append(a.step, row)
			}
		}
	}
	return a
}

// score measures predictions, one a scored step in the order of sampled.
func score(task *Task, d *Data, p dataset.Part, of func(i int) []float64) metric.Scores {
	e := newEvaluator(d)
	n := 0
	for i := range p.Windows {
		s := p.Span(i)
		rows := make([][]float64, s.Len())
		for row := range rows {
			if series.Labelled(s.Label(row)) {
				rows[row] = of(n)
				n++
			}
		}
		e.Add(s.Y, rows, nil)
	}
	return task.measured(d, e)
}

// measured are all measures of predictions.
func (t *Task) measured(d *Data, e *metric.Evaluator) (scores metric.Scores) {
	for _, m := range t.Measures {
		scores = append(scores, metric.Score{Name: m.Name, Value: m.on(d).Of(e)})
	}
	return scores
}
