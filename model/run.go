package model

import (
	"slices"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/series"
)

// RunOptions of Model.Run.
type RunOptions struct {
	// Workers is the number of goroutines; 1 if zero. Results do not depend on it.
	Workers int
	// Output is "prediction" (class probabilities, values in raw units; the default) or "y" (logits, scaled values).
	Output string
	// State, where given, holds the state of each series before its first row, and receives the one after its last; nil
	// entries start from zero. See Stream.Snapshot for the bytes of one.
	State [][]float32
}

// Run runs the model along series, each from the zero state unless told otherwise, and shows every row's output to
// visit: rows of a series in order, different series at once where there are several workers. The slice is valid during
// the call. Beside the series, and the steps that long gaps are split into, memory does not grow with their length.
//
// Where the model is not Causal the rows are kept that its passes hand on, and a given state is an *OfflineError.
//
// The error is an *InputError, or a *StepError of an Adaptive model; nothing has been visited then. Run panics where a row has not one value per input of the
// schema, the program has no such output, or a given state has another width than the program's.
func (m *Model) Run(list []series.Series, o RunOptions, visit func(i, row int, y []float32)) error {
	if o.Output == "" {
		o.Output = "prediction"
	}
	if err := m.Causal(); err != nil && slices.ContainsFunc(o.State, func(s []float32) bool { return s != nil }) {
		return err
	}
	lanes := make([]engine.Lane, len(list))
	rows, err := m.Splitter(o.Workers).rows(m.theta, list, o.State)
	if err != nil {
		return err
	}
	for i, r := range rows {
		lanes[i] = engine.Lane{X: [][]float32{r.X}, DT: r.DT, Part: r.Part}
		if o.State != nil && o.State[i] != nil {
			lanes[i].State, lanes[i].Final = o.State[i], o.State[i]
		}
	}
	next := make([]int, len(list)) // the row whose step comes next, where gaps were split
	b := engine.NewPasses(m.to(o.Output), engine.BatchOptions{Workers: max(1, o.Workers)})
	b.Run(m.theta, lanes, func(lane, t int, y []float32) {
		if at := rows[lane].At; at != nil {
			if at[next[lane]] != t {
				return
			}
			t = next[lane]
			next[lane]++
		}
		visit(lane, t, y)
	})
	return nil
}

// Lane is a window of a series as a training engine takes it: the label of each row stands at the step that holds its
// result. The error is that of Rows; see Splitter for an Adaptive model whose parameters change.
func (m *Model) Lane(s *series.Series) (engine.Lane, error) {
	r, err := m.Rows(s)
	if err != nil {
		return engine.Lane{}, err
	}
	return laneOf(s, r), nil
}

// laneOf is the lane of a series whose rows are split.
func laneOf(s *series.Series, r Rows) engine.Lane {
	lane := engine.Lane{X: [][]float32{r.X}, DT: r.DT, Part: r.Part, Label: s.Y}
	if r.At != nil {
		n := s.Outputs()
		lane.Label = make([]float64, n*len(r.DT))
		for t := range lane.Label {
			lane.Label[t] = nan
		}
		for row, t := range r.At {
			for len(lane.Of) <= t {
				lane.Of = append(lane.Of, row)
			}
			copy(lane.Label[n*t:], s.Label(row))
		}
	}
	return lane
}
