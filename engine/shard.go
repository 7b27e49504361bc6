package engine

import "github.com/elegans-nn/elegans/step"

// shard is an engine with what feeds it from series. Lanes without rows, be they padding, take the inputs of another
// series, so that what is computed there is as finite as elsewhere, and have length 0, so that it counts for nothing.
type shard struct {
	p      *step.Program
	key    engineKey
	e      *Engine
	probes []int
	lanes  int   // series
	times  int   // of the span at hand
	length []int // of each lane, from the beginning of the span
	source []int // the series that each lane reads
	rows   []int // and its row, at the time at hand
	widths []int // of the inputs
	width  int   // of the output
	y, dy  []float32
	values [][]float32
}

func newShard(p *step.Program, key engineKey, probes []int, e *Engine) *shard {
	width := p.Nodes[p.Outputs[0].Node].Shape.Len()
	s := &shard{p: p, width: width, key: key, e: e, probes: probes, length: make([]int, key.lanes), source: make([]int, key.lanes), rows: make([]int, key.lanes), y: make([]float32, width), dy: make([]float32, width)}
	for _, q := range p.Inputs {
		s.widths = append(s.widths, p.Nodes[q.Node].Shape.Len())
	}
	for _, k := range probes {
		s.values = append(s.values, make([]float32, p.Nodes[p.Probes[k].Node].Shape.Len()))
	}
	return s
}

// load brings the rows of the series from time t on into the engine, and at t = 0 the initial states. It reports whether
// there were any.
func (s *shard) load(lanes []Lane, t int) bool {
	s.lanes, s.times = len(lanes), 0
	for l := range s.length {
		s.length[l] = 0
		if l < len(lanes) {
			s.length[l] = min(max(0, lanes[l].Rows(s.p)-t), s.key.steps)
		}
		s.times = max(s.times, s.length[l])
	}
	if t == 0 {
		s.setStates(lanes)
	}
	if s.times == 0 {
		return false
	}
	s.e.SetLengths(nil)
	for _, n := range s.length {
		if n < s.times {
			s.e.SetLengths(s.length)
		}
	}
	for l := range s.length {
		s.source[l] = l
		if l >= len(lanes) || lanes[l].Rows(s.p) == 0 {
			s.source[l] = s.longest()
		}
		s.check(&lanes[s.source[l]])
	}
	for i := range s.times {
		s.loadRow(lanes, t, i)
	}
	return true
}

// longest is the first series that runs to the end of the span.
func (s *shard) longest() int {
	for l, n := range s.length {
		if n == s.times {
			return l
		}
	}
	return 0
}

// check refuses a lane that has no value for every input and row.
func (s *shard) check(lane *Lane) {
	rows := lane.Rows(s.p)
	if len(lane.X) != len(s.p.Inputs) || s.p.Time >= 0 && len(lane.DT) != rows {
		panic("engine: a lane has no value for every input and row")
	}
	for k, x := range lane.X {
		if len(x) != rows*s.widths[k] {
			panic("engine: an input of a lane has a wrong length")
		}
	}
}

// loadRow writes row t+i of all series; of one that has ended, the last of the span again.
func (s *shard) loadRow(lanes []Lane, t, i int) {
	for l, from := range s.source {
		s.rows[l] = s.row(&lanes[from], from, t, i)
	}
	dt := s.e.DT(i)
	for k, width := range s.widths {
		dst, n := s.e.Input(k, i), s.key.lanes
		for l, from := range s.source {
			at := l
			for _, v := range lanes[from].X[k][s.rows[l]*width:][:width] {
				dst[at] = v
				at += n
			}
		}
	}
	if dt == nil {
		return
	}
	for l, from := range s.source {
		dt[l] = lanes[from].DT[s.rows[l]]
	}
}

// row is the row of a series that time i of the span reads.
func (s *shard) row(lane *Lane, l, t, i int) int {
	return min(t+min(i, max(s.length[l], 1)-1), lane.Rows(s.p)-1)
}

// setStates takes the initial states of the series; padding has the first one's.
func (s *shard) setStates(lanes []Lane) {
	for l := range s.key.lanes {
		from := lanes[0].State
		if l < len(lanes) {
			from = lanes[l].State
		}
		s.setState(l, from)
	}
}

// setState takes the initial state of one lane, zero if nil.
func (s *shard) setState(l int, from []float32) {
	if from != nil && len(from) != s.p.StateWidth() {
		panic("engine: the state of a lane has a wrong length")
	}
	at := 0
	for k := range s.p.States {
		h := s.e.State(k)
		for i := l; i < len(h); i += s.key.lanes {
			h[i] = 0
			if from != nil {
				h[i] = from[at]
			}
			at++
		}
	}
}

// store gives the series their final states.
func (s *shard) store(lanes []Lane) {
	for l := range lanes {
		final := lanes[l].Final
		if final == nil {
			continue
		}
		if len(final) != s.p.StateWidth() {
			panic("engine: the state of a lane has a wrong length")
		}
		final = final[:0]
		for k := range s.p.States {
			h := s.e.State(k)
			for i := l; i < len(h); i += s.key.lanes {
				final = append(final, h[i])
			}
		}
	}
}

// slopes calls loss for every row, with y and dy in the shard's buffers, and adds up what it gives by lane.
func (s *shard) slopes(sums []float64, loss func(lane, t int) float64) {
	for t := range s.times {
		y, d := s.e.Output(0, t), s.e.DOutput(0, t)
		for l := range s.lanes {
			if t >= s.length[l] {
				continue
			}
			if s.width == 1 { // the number itself; its slope is zero already
				s.y, s.dy = y[l:l+1:l+1], d[l:l+1:l+1]
				sums[l] += loss(l, t)
				continue
			}
			s.pick(s.y, y, l)
			clear(s.dy)
			sums[l] += loss(l, t)
			for i, v := range s.dy {
				d[i*s.key.lanes+l] = v
			}
		}
	}
}

// visit calls f for every row with its values in the shard's buffers.
func (s *shard) visit(f func(lane, t int)) {
	for t := range s.times {
		y := s.e.Output(0, t)
		for l := range s.lanes {
			if t >= s.length[l] {
				continue
			}
			if s.width == 1 {
				s.y = y[l : l+1 : l+1]
			} else {
				s.pick(s.y, y, l)
			}
			for k, v := range s.values {
				s.pick(v, s.e.Probe(s.probes[k], t), l)
			}
			f(l, t)
		}
	}
}

// pick takes lane l out of a value.
func (s *shard) pick(dst, v []float32, l int) {
	for i := range dst {
		dst[i] = v[i*s.key.lanes+l]
	}
}
