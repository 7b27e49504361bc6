package engine

import (
	"github.com/elegans-nn/elegans/engine/internal/kernel"
	"github.com/elegans-nn/elegans/step"
)

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
	from   []source
	y, dy  []float32
	whole  []float32 // zeros, for rows that are one step
	drawn  []float32 // a row of an input that is drawn
	values [][]float32
	ends   []float32 // states where segments begin
	kept   []float32 // slopes of all rows but those of the last segment
}

// source is the series that feeds a lane.
type source struct {
	lane *Lane
	last int // its row after which it has no other
}

func newShard(p *step.Program, key engineKey, probes []int, e *Engine) *shard {
	width := p.Nodes[p.Outputs[0].Node].Shape.Len()
	s := &shard{p: p, key: key, e: e, probes: probes, length: make([]int, key.lanes),
		from: make([]source, key.lanes), y: make([]float32, width), dy: make([]float32, width)}
	for _, k := range probes {
		s.values = append(s.values, make([]float32, p.Nodes[p.Probes[k].Node].Shape.Len()))
	}
	return s
}

// load brings up to n rows of the series from time t on into the engine, and at t = 0 the initial states. It reports
// whether there were any.
func (s *shard) load(lanes []Lane, t, n int) bool {
	s.lanes, s.times = len(lanes), 0
	for l := range s.length {
		s.length[l] = 0
		if l < len(lanes) {
			s.length[l] = min(max(0, lanes[l].Rows(s.p)-t), n)
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
		from := l
		if l >= len(lanes) || lanes[l].Rows(s.p) == 0 {
			from = s.longest()
		}
		s.from[l] = s.source(&lanes[from], t, s.length[from])
	}
	s.fill(t)
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

// source checks a series that gives n rows from time t on; after them it gives the last one again (of the series, where n
// is 0).
func (s *shard) source(lane *Lane, t, n int) source {
	rows := lane.Rows(s.p)
	if len(lane.X) != len(s.p.Inputs) && lane.Draw == nil || s.p.Time >= 0 && len(lane.DT) != rows {
		panic("engine: a lane has no value for every input and row")
	}
	if lane.Part != nil && len(lane.Part) != step.PartWidth*rows {
		panic("engine: a lane does not say of every row which part it is")
	}
	for k, x := range lane.X {
		if len(x) != rows*s.p.Nodes[s.p.Inputs[k].Node].Shape.Len() {
			panic("engine: an input of a lane has a wrong length")
		}
	}
	return source{lane, min(t+max(n, 1), rows) - 1}
}

// fill writes the rows from time t on, a chunk of times after the other, so that what one lane after the other writes
// meets in the first-level cache.
func (s *shard) fill(t int) {
	for from := 0; from < s.times; from += chunk {
		to := min(from+chunk, s.times)
		for k, q := range s.p.Inputs {
			width, at := s.p.Nodes[q.Node].Shape.Len(), &s.e.inputs[k]
			if k < len(s.from[0].lane.X) {
				s.weave(at, t, from, to, width, func(l *Lane) []float32 { return l.X[k] })
			} else {
				s.draw(at, t, from, to, width, q.Name)
			}
		}
		if s.p.Time >= 0 {
			s.weave(&s.e.time, t, from, to, 1, func(l *Lane) []float32 { return l.DT })
		}
		if s.p.Part >= 0 {
			s.weave(&s.e.part, t, from, to, step.PartWidth, s.part)
		}
	}
	clear(s.from) // an engine that waits for its next use holds nobody's series
}

// part says of the rows of a lane which part of a longer one each is.
func (s *shard) part(l *Lane) []float32 {
	if l.Part != nil {
		return l.Part
	}
	if n := step.PartWidth * l.Rows(s.p); len(s.whole) < n {
		s.whole = make([]float32, n)
	}
	return s.whole
}

// weave writes the rows of one input, of the times [from, to) of the span that begins at time t.
func (s *shard) weave(at *place, t, from, to, width int, rows func(l *Lane) []float32) {
	for l := 0; l < len(s.from); l += lanesOfVector {
		group := s.from[l:min(l+lanesOfVector, len(s.from))]
		own := to // up to where all have rows of their own
		for _, f := range group {
			own = min(own, f.last-t+1)
		}
		if own > from && len(group) == lanesOfVector {
			var src [lanesOfVector][]float32
			for i, f := range group {
				src[i] = rows(f.lane)[(t+from)*width:]
			}
			kernel.Weave(s.e.mem[at.at(from)+l:], at.stride, len(s.from), &src, width, own-from)
		} else {
			own = from
		}
		for i := own; i < to; i++ {
			dst := s.e.get(*at, i)
			for j, f := range group {
				for c, v := range rows(f.lane)[min(t+i, f.last)*width:][:width] {
					dst[c*len(s.from)+l+j] = v
				}
			}
		}
	}
}

// lanesOfVector is how many lanes are woven at once.
const lanesOfVector = 8

// draw is weave for an input that the series draw row by row.
func (s *shard) draw(at *place, t, from, to, width int, name string) {
	s.drawn = room(s.drawn, lanesOfVector*width)
	var rows [lanesOfVector][]float32
	for j := range rows {
		rows[j] = s.drawn[j*width:][:width]
	}
	for i := from; i < to; i++ {
		dst := s.e.get(*at, i)
		for l := 0; l < len(s.from); l += lanesOfVector {
			group := s.from[l:min(l+lanesOfVector, len(s.from))]
			for j, f := range group {
				f.lane.Draw(name, f.lane.row(min(t+i, f.last)), rows[j])
			}
			if len(group) == lanesOfVector {
				kernel.Weave(dst[l:], 0, len(s.from), &rows, width, 1)
				continue
			}
			for j := range group {
				for c, v := range rows[j] {
					dst[c*len(s.from)+l+j] = v
				}
			}
		}
	}
}

// cotangents gives the series the cotangents of their inputs in the span that begins at time from.
func (s *shard) cotangents(lanes []Lane, from int) {
	for l := range lanes {
		for k, dst := range lanes[l].DX {
			width := s.p.Nodes[s.p.Inputs[k].Node].Shape.Len()
			for t := range s.length[l] {
				row := dst[(from+t)*width:][:width]
				if d := s.e.DInput(k, t); d != nil {
					s.pick(row, d, l)
				} else {
					clear(row) // nothing depends on it
				}
			}
		}
	}
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

// slopes calls loss for every row of the span that begins at time from, and adds up what it gives by lane. The first lane
// is number first of the batch.
func (s *shard) slopes(first, from int, sums []float64, loss Loss) {
	for t := range s.times {
		y, d := s.e.Output(0, t), s.e.DOutput(0, t)
		for l, n := range s.length[:s.lanes] {
			switch {
			case t >= n:
			case len(s.y) == 1: // the number itself; its slope is zero already
				sums[l] += loss(first+l, from+t, y[l:l+1:l+1], d[l:l+1:l+1])
			default:
				s.pick(s.y, y, l)
				clear(s.dy)
				sums[l] += loss(first+l, from+t, s.y, s.dy)
				for i, v := range s.dy {
					d[i*s.key.lanes+l] = v
				}
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
			if len(s.y) == 1 {
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
