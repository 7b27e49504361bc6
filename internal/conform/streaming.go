package conform

import (
	"fmt"

	"github.com/elegans-nn/elegans/internal/conform/trial"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// Streaming: what a stream gives row by row is what a run gives of the whole series, to the bit, and finite. A cell that is not
// registered has no model and is not checked.
func Streaming(s Subject) error {
	if s.Model == nil {
		return nil
	}
	t := s.draw(s.Model.Program(), 9, 1, 33)
	theta, w := make([]float32, len(t.Theta)), series.Series{X: make([]float32, len(t.X[0])), DT: make([]float32, len(t.DT))}
	narrow(theta, t.Theta)
	narrow(w.X, t.X[0])
	narrow(w.DT, t.DT)
	w.DT[4] = 0
	m := s.Model.With(theta)
	return asRun(m, m.Stream(), w)
}

// asRun compares a stream with a run along a series.
func asRun(m *model.Model, stream *model.Stream, w series.Series) error {
	var broken error
	err := m.Run([]series.Series{w}, model.RunOptions{}, func(_, row int, y []float32) {
		one, err := stream.Step(w.X[row*inputs:][:inputs], w.DT[row])
		switch {
		case broken != nil:
		case err != nil:
			broken = err
		case !bits(one, y):
			broken = fmt.Errorf("row %d is %v in a stream and %v in a run of the whole series", row, one, y)
		default:
			broken = finite(trial.Result{Y: [][]float64{widen(y)}})
		}
	})
	if err != nil {
		return err
	}
	return broken
}
