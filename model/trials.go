package model

import (
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/engine"
)

// How the next step follows from the error of the last one, as in Hairer, Nørsett and Wanner, II.4, eq. 4.13: by the root of
// the order of the error, with a margin, and within bounds. A row begins with a trial of all of its time, so that nothing but
// the state is carried from row to row.
const (
	margin, shrink, grow = 0.9, 0.2, 5
	errorOrder           = 5
)

// A row ends with an error where a rejected step is followed by one below floorStep of its elapsed time, or after maxTrials.
const (
	floorStep = 1e-6
	maxTrials = 1000
)

// StepError says that an adaptive solver cannot take a row: its step would be too short, or its steps too many.
type StepError struct {
	Series string // as in InputError, and so is Row
	Row    int
	// DT is the elapsed time of the row, Done how much of it was taken.
	DT, Done float64
	// Step is the length of the last trial and Excess its error over what the tolerances allow, NaN where numbers are not finite.
	Step, Excess float64
	// Trials is the number of steps that were tried.
	Trials int
}

// Error is one line with the fix.
func (e *StepError) Error() string { return place(e.Series, e.Row) + e.Problem() }

// Problem is the error without its place.
func (e *StepError) Problem() string {
	return fmt.Sprintf("the adaptive solver stays behind: after %d trials %.4g of dt %g is done, and a step of %.4g has %.4g times the error that is allowed; "+
		"loosen rtol or atol, use a method with fixed steps, or cut the series here", e.Trials, e.Done, e.DT, e.Step, e.Excess)
}

// trials takes the lanes of an engine through rows in steps whose errors are allowed, each lane by itself: what a lane gives
// and how it is split depends on that lane alone, to the bit.
type trials struct {
	e              *engine.Engine
	limit          float64 // of a step; 0 for none
	probes         []int   // the errors
	dt, part       []float32
	states, before [][]float32
	lanes          []trial
}

// trial is where a lane stands in its row.
type trial struct {
	outcome   outcome // of the last run
	busy      bool    // the row is not over
	failed    bool
	row, left float64     // elapsed time, and what of it is still to be taken
	step      float64     // that may be tried next
	tried     engine.Part // the last one
	last      bool        // it would end the row
	excess    float64
	count     int
}

// outcome of a trial.
type outcome uint8

const (
	none outcome = iota
	rejected
	accepted // and there is more of the row
	finished // accepted, and the row is over
)

// trialsOf prepares trials on an engine that has the probes of errors; nil where the model is not adaptive.
func (m *Model) trialsOf(e *engine.Engine, states [][]float32) *trials {
	if !m.Adaptive() {
		return nil
	}
	t := &trials{e: e, limit: m.longest, probes: m.errors, dt: e.DT(0), part: e.Part(0), states: states, lanes: make([]trial, e.Lanes())}
	for _, s := range states {
		t.before = append(t.before, make([]float32, len(s)))
	}
	return t
}

// begin gives a lane a row, whose inputs stand in the engine.
func (t *trials) begin(lane int, dt float32) {
	d := float64(dt)
	t.lanes[lane] = trial{busy: true, row: d, left: d, step: d}
}

// run tries one step in each lane that has a row, and keeps the state of those that are accepted only. It reports false where
// no lane has one.
func (t *trials) run() bool {
	busy := false
	for l := range t.lanes {
		busy = busy || t.lanes[l].busy
	}
	if !busy {
		return false
	}
	for l := range t.lanes {
		q := &t.lanes[l]
		t.dt[l] = q.next(t.limit)
		q.tried.Write(t.part, l)
	}
	for k, s := range t.states {
		copy(t.before[k], s)
	}
	t.e.Forward(1)
	for l := range t.lanes {
		if q := &t.lanes[l]; q.busy {
			q.judge(t.excess(l))
		}
		if t.lanes[l].outcome < accepted {
			t.restore(l)
		}
	}
	return true
}

// next is the step to try; 0 for a lane without a row. Where little more than a step is left it is cut in halves, for a step
// and a sliver cost as much.
func (q *trial) next(limit float64) float32 {
	q.outcome, q.tried = none, engine.Part{}
	if !q.busy {
		return 0
	}
	h := q.step
	if limit > 0 {
		h = min(h, limit)
	}
	q.last = h >= q.left
	switch {
	case q.last:
		h = q.left
	case 2*h > q.left:
		h = q.left / 2
	}
	q.count++
	q.tried = engine.Part{DT: float32(h), Before: float32(q.row - q.left)}
	if !q.last {
		q.tried.After = float32(q.left - h)
	}
	return q.tried.DT
}

// judge decides on the step that was tried. An error that is no number is too large.
func (q *trial) judge(excess float64) {
	q.excess = excess
	factor := float64(shrink)
	if !math.IsNaN(excess) {
		factor = min(max(margin*math.Pow(excess, -1./errorOrder), shrink), grow)
	}
	q.step = float64(q.tried.DT) * factor
	stuck := q.count >= maxTrials
	switch {
	case !(excess <= 1):
		q.outcome = rejected
		stuck = stuck || q.step < floorStep*q.row || q.step == 0
	case q.last:
		q.outcome, q.busy, stuck = finished, false, false
	default:
		q.outcome = accepted
		q.left -= float64(q.tried.DT)
	}
	if stuck {
		q.busy, q.failed = false, true
	}
}

// error is why a lane has failed.
func (q *trial) error(series string, row int) *StepError {
	return &StepError{Series: series, Row: row, DT: q.row, Done: q.row - q.left, Step: float64(q.tried.DT), Excess: q.excess, Trials: q.count}
}

// excess is the largest error of a lane over what is allowed.
func (t *trials) excess(lane int) (worst float64) {
	for _, k := range t.probes {
		worst = math.Max(worst, float64(t.e.Probe(k, 0)[lane]))
	}
	return worst
}

// restore gives a lane the state before the last run.
func (t *trials) restore(lane int) {
	for k, s := range t.states {
		for i := lane; i < len(s); i += len(t.lanes) {
			s[i] = t.before[k][i]
		}
	}
}
