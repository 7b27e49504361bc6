package model

import (
	"strconv"

	"github.com/elegans-nn/elegans/engine"
)

// Streams are stepped streamLanes at once; wider groups gain little more. What remains takes the next multiple of vector
// lanes, because empty lanes are computed in vain; a stream alone takes one.
const streamLanes, vector = 32, 8

// Streams runs many streams of one model: what a server that hears thousands of sensors needs. A stream costs the bytes
// of its state; streams that have a row at the same time are stepped together, in lanes of one engine, with the results
// of [Stream] to the bit. It belongs to one goroutine; a server with several cores gives each a part of the streams.
type Streams struct {
	m          *Model
	n, width   int
	states     []float32                      // [stream][component], all states in their order
	engines    [streamLanes/vector + 1]*lanes // by their lanes over vector; the first has one lane
	stepped    []uint32                       // the call that stepped a stream last, to see one that is named twice
	call       uint32
	prediction []float32
	kept       []float32 // of an adaptive model: the states that a call steps, before it
}

// lanes is an engine that steps up to as many streams as it has lanes.
type lanes struct {
	e          *engine.Engine
	x, dt      []float32
	part       []float32
	states     [][]float32
	prediction []float32
	runs       []int // the number of parts of the row of each lane
	lengths    []int
	trials     *trials // of an adaptive model
}

// Streams starts n >= 1 streams from the zero state. It panics where the model is not Causal.
func (m *Model) Streams(n int) *Streams {
	m.mustBeCausal()
	if n < 1 {
		panic("model: Streams needs at least one stream")
	}
	width := m.program.StateWidth()
	return &Streams{m: m, n: n, width: width, states: make([]float32, n*width), stepped: make([]uint32, n)}
}

// Len is the number of streams.
func (s *Streams) Len() int { return s.n }

// State is the state of stream i, all states in their order, as memory of its own: what is written there is where the
// stream goes on, and zeros start it afresh. [RunOptions] takes and gives the same layout.
func (s *Streams) State(i int) []float32 {
	return s.states[i*s.width:][:s.width:s.width]
}

// Bytes is the memory of one more stream.
func (s *Streams) Bytes() int { return 4 * (s.width + 1) }

// StepMany advances some streams by one row each: which lists their numbers, none twice; nil is all of them in order. x
// holds their rows one after the other, in raw units, and dt the elapsed time of each, as [Stream.Step] takes them. The
// result is the predictions one after the other; the next call overwrites it. Once each size of a group was seen, nothing is allocated.
//
// The error is an *InputError, or a *StepError of an Adaptive model, that names the stream; all states are as before then. It panics where the lengths do not
// fit, or a number in which is out of range or occurs twice.
func (s *Streams) StepMany(which []int, x, dt []float32) ([]float32, error) {
	n, inputs := len(which), len(s.m.schema.Inputs)
	if which == nil {
		n = s.n
	}
	if len(x) != n*inputs || len(dt) != n {
		panic("model: StepMany needs one row and one elapsed time per stream")
	}
	s.call++
	for i, d := range dt {
		k := s.number(which, i)
		if s.stepped[k] == s.call {
			panic("model: StepMany was given a stream twice")
		}
		s.stepped[k] = s.call
		if err := s.m.check(x[i*inputs:][:inputs], d); err != nil {
			err.Series = strconv.Itoa(k)
			return nil, err
		}
	}
	outputs := s.m.program.Nodes[s.m.program.Outputs[s.m.program.Output("prediction")].Node].Shape.Len()
	if cap(s.prediction) < n*outputs {
		s.prediction = make([]float32, n*outputs)
	}
	s.prediction = s.prediction[:n*outputs]
	if s.kept = s.kept[:0]; s.m.Adaptive() {
		for i := range n {
			s.kept = append(s.kept, s.State(s.number(which, i))...)
		}
	}
	for from := 0; from < n; {
		l := s.lanesFor(n - from)
		to := min(n, from+l.e.Lanes())
		if err := s.step(l, which, from, x[from*inputs:to*inputs], dt[from:to]); err != nil {
			for i := range n {
				copy(s.State(s.number(which, i)), s.kept[i*s.width:])
			}
			return nil, err
		}
		from = to
	}
	return s.prediction, nil
}

// number is the number of the stream that row i is for.
func (s *Streams) number(which []int, i int) int {
	if which == nil {
		return i
	}
	if k := which[i]; k < 0 || k >= s.n {
		panic("model: StepMany was given a stream that is not there")
	}
	return which[i]
}

// lanesFor is the engine for n streams, or for the first of them.
func (s *Streams) lanesFor(n int) *lanes {
	k := laneCount(n)
	if s.engines[k/vector] == nil {
		s.engines[k/vector] = s.m.lanes(k)
	}
	return s.engines[k/vector]
}

// laneCount is the number of lanes for n streams, or for the first of them.
func laneCount(n int) int {
	if n == 1 {
		return 1
	}
	return min(n+vector-1, streamLanes) / vector * vector
}

func (m *Model) lanes(n int) *lanes {
	p := m.program
	e := engine.Compile(p, engine.Options{Steps: 1, Lanes: n, Probes: m.errors})
	e.SetParams(m.theta)
	l := &lanes{e: e, x: e.Input(0, 0), dt: e.DT(0), part: e.Part(0), prediction: e.Output(p.Output("prediction"), 0), runs: make([]int, n), lengths: make([]int, n)}
	for k := range p.States {
		l.states = append(l.states, e.State(k))
	}
	l.trials = m.trialsOf(e, l.states)
	return l
}

// step takes the rows of some streams through an engine. Lanes beyond them repeat the last one, and their results are
// left alone. The error names the stream; nothing is written back then.
func (s *Streams) step(l *lanes, which []int, from int, x, dt []float32) error {
	n := len(dt)
	for lane := range l.runs {
		i := min(lane, n-1)
		l.loadInput(lane, x[i*len(x)/n:][:len(x)/n])
		l.loadState(lane, s.State(s.number(which, from+i)))
	}
	if l.trials == nil {
		s.run(l, from, dt)
	} else {
		s.attempt(l, from, dt)
		for lane := range n {
			if q := &l.trials.lanes[lane]; q.failed {
				return q.error(strconv.Itoa(s.number(which, from+lane)), -1)
			}
		}
	}
	for lane := range n {
		at := s.State(s.number(which, from+lane))
		for _, state := range l.states {
			width := len(state) / len(l.runs)
			pick(at[:width], state, lane)
			at = at[width:]
		}
	}
	return nil
}

// run takes the lanes through their rows, long ones in parts.
func (s *Streams) run(l *lanes, from int, dt []float32) {
	most := 1
	for lane := range l.runs {
		l.runs[lane] = s.m.limits.Parts(dt[min(lane, len(dt)-1)])
		most = max(most, l.runs[lane])
	}
	for run := range most {
		for lane, n := range l.runs {
			p := s.m.limits.Part(dt[min(lane, len(dt)-1)], n, min(run, n-1))
			if l.dt != nil {
				l.dt[lane] = p.DT
			}
			p.Write(l.part, lane)
		}
		l.end(run)
		l.e.Forward(1)
		for lane := range dt {
			if run == l.runs[lane]-1 {
				s.predict(l, from, lane)
			}
		}
	}
}

// attempt takes the lanes through their rows in as many steps as errors ask.
func (s *Streams) attempt(l *lanes, from int, dt []float32) {
	for lane, d := range dt {
		l.trials.begin(lane, d)
	}
	for l.trials.run() {
		for lane := range dt {
			if l.trials.lanes[lane].outcome == finished {
				s.predict(l, from, lane)
			}
		}
	}
}

// predict takes the prediction of a lane out of the engine.
func (s *Streams) predict(l *lanes, from, lane int) {
	outputs := len(l.prediction) / len(l.runs)
	pick(s.prediction[(from+lane)*outputs:][:outputs], l.prediction, lane)
}

// loadInput brings a row into a lane.
func (l *lanes) loadInput(lane int, x []float32) {
	count := len(l.runs)
	for i, v := range x {
		l.x[i*count+lane] = v
	}
}

// loadState brings a state into a lane.
func (l *lanes) loadState(lane int, state []float32) {
	count := len(l.runs)
	for _, to := range l.states {
		for i := lane; i < len(to); i += count {
			to[i] = state[0]
			state = state[1:]
		}
	}
}

// end lets the lanes rest whose row needs no more steps.
func (l *lanes) end(run int) {
	rest := false
	for lane, runs := range l.runs {
		l.lengths[lane] = 1
		if run >= runs {
			l.lengths[lane], rest = 0, true
		}
	}
	if rest {
		l.e.SetLengths(l.lengths)
	} else {
		l.e.SetLengths(nil)
	}
}

// pick takes a lane out of a value.
func pick(dst, v []float32, lane int) {
	count := len(v) / len(dst)
	for i := range dst {
		dst[i] = v[i*count+lane]
	}
}
