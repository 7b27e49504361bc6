package model

import (
	"sync"
	"sync/atomic"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/series"
)

// Adaptive tells whether a solver of the model chooses its own steps, see cell.Adapting. Each row is then taken in as many
// steps as the errors of all such layers ask, with the inputs held. Layers that take rows in parts go along side by side, and
// see what the layers below give at the end of each step; all else happens once a row, see step.Builder.Divide. The steps of a row depend on the parameters, the state before it and the row, and on nothing else, so that
// streams, batches and splits anywhere agree to the bit.
//
// Where every step would have to be too short, or there would be too many, there is a *StepError.
func (m *Model) Adaptive() bool { return len(m.errors) > 0 }

// Splitter prepares series for training: it splits their rows into the steps that the model takes, which of an adaptive model
// follow from the parameters. Gradients are those of the steps: discretise, then differentiate, with the lengths as constants.
// Dropout takes no part in the search. A Splitter belongs to one goroutine.
type Splitter struct {
	m       *Model
	workers int
	mu      sync.Mutex
	free    map[int][]*lanes // by their number
}

// Splitter runs on so many goroutines, at least 1. Results do not depend on it.
func (m *Model) Splitter(workers int) *Splitter {
	return &Splitter{m: m, workers: max(1, workers), free: map[int][]*lanes{}}
}

// Lanes are series as a training engine takes them, see Model.Lane, each from the zero state. The error is an *InputError or,
// of the first series that has one, a *StepError.
func (s *Splitter) Lanes(theta []float32, list []series.Series) ([]engine.Lane, error) {
	rows, err := s.rows(theta, list, nil)
	if err != nil {
		return nil, err
	}
	lanes := make([]engine.Lane, len(list))
	for i := range list {
		lanes[i] = laneOf(&list[i], rows[i])
	}
	return lanes, nil
}

// rows splits series that go on from given states; nil is zero.
func (s *Splitter) rows(theta []float32, list []series.Series, states [][]float32) ([]Rows, error) {
	rows := make([]Rows, len(list))
	for i := range list {
		if err := s.m.Check(&list[i]); err != nil {
			return nil, err
		}
	}
	if !s.m.Adaptive() {
		for i := range list {
			rows[i] = split(&list[i], s.m.limits)
		}
		return rows, nil
	}
	groups := (len(list) + streamLanes - 1) / streamLanes
	failed := make([]*StepError, groups)
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(s.workers, groups) {
		wait.Go(func() {
			for g := int(next.Add(1)) - 1; g < groups; g = int(next.Add(1)) - 1 {
				from, to := g*streamLanes, min((g+1)*streamLanes, len(list))
				w := march{list: list[from:to], rows: rows[from:to]}
				if states != nil {
					w.states = states[from:to]
				}
				failed[g] = s.group(theta, &w)
			}
		})
	}
	wait.Wait()
	for _, err := range failed {
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// march is a group of series that lanes go along, side by side and each at its own pace.
type march struct {
	list   []series.Series
	states [][]float32 // nil: zero
	rows   []Rows      // of each, so far
	next   []int       // the row that each is at
}

// group finds the steps of up to streamLanes series.
func (s *Splitter) group(theta []float32, w *march) *StepError {
	l := s.borrow(laneCount(len(w.list)))
	defer s.giveBack(l)
	l.e.SetParams(theta)
	w.next = make([]int, len(w.list))
	zero := make([]float32, s.m.program.StateWidth())
	for lane := range w.list {
		w.rows[lane].At = make([]int, 0, w.list[lane].Len())
		l.loadState(lane, zero)
		if w.states != nil && w.states[lane] != nil {
			l.loadState(lane, w.states[lane])
		}
		w.begin(l, lane)
	}
	for l.trials.run() {
		for lane := range w.list {
			w.note(l, lane)
		}
	}
	for lane, row := range w.next {
		if q := &l.trials.lanes[lane]; q.failed {
			return q.error(w.list[lane].Name, sourceRow(&w.list[lane], row))
		}
	}
	return nil
}

// begin gives a lane its next row, if there is one.
func (w *march) begin(l *lanes, lane int) {
	l.trials.lanes[lane] = trial{}
	if s, row := &w.list[lane], w.next[lane]; row < s.Len() {
		l.loadInput(lane, s.At(row))
		l.trials.begin(lane, s.DT[row])
	}
}

// note keeps the step that a lane has just taken, if any.
func (w *march) note(l *lanes, lane int) {
	q, r := &l.trials.lanes[lane], &w.rows[lane]
	if q.outcome < accepted {
		return
	}
	r.add(w.list[lane].At(w.next[lane]), q.tried)
	if q.outcome == finished {
		r.At = append(r.At, len(r.DT)-1)
		w.next[lane]++
		w.begin(l, lane)
	}
}

func (s *Splitter) borrow(n int) *lanes {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.free[n]
	if len(list) == 0 {
		return s.m.lanes(n)
	}
	s.free[n] = list[:len(list)-1]
	return list[len(list)-1]
}

func (s *Splitter) giveBack(l *lanes) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := l.e.Lanes()
	s.free[n] = append(s.free[n], l)
}
