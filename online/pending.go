package online

import (
	"fmt"
	"slices"
	"sort"
)

// pendingOverhead is what a prediction that waits takes beside its numbers, in bytes: the record and its places in the
// map and the queues.
const pendingOverhead = 256

// pending is a prediction that waits for its label.
type pending struct {
	id        uint64
	track     *track
	time      float64
	epoch     uint64 // see Learner
	pair      uint64
	y, shown  []float32 // the program's output of the learning and of the serving copy
	served    []float32 // with what it is combined with
	mix       []float64 // what that was combined from; nil without
	low, high []float64
	grad      []float32 // ∂y/∂θ of the moment, one after the other; nil while it is still the stream's, or given up
	window    *segment  // what the gradient can be computed from where it was given up
	sample    *sample   // what is kept to be learned again, once the label is there
	answered  bool
}

// UnknownError is a label for a prediction that does not wait for one.
type UnknownError struct {
	// ID is the number asked for; 0 where Series and Time were.
	ID     uint64
	Series string
	Time   float64
	// Last is the number of the latest prediction.
	Last uint64
}

// Error is one line that says why.
func (e *UnknownError) Error() string {
	switch {
	case e.ID == 0:
		return fmt.Sprintf("online: no prediction of series %q at time %g waits for a label; it was never made, has its label, or has expired", e.Series, e.Time)
	case e.ID > e.Last:
		return fmt.Sprintf("online: prediction %d was never made; the last one is %d", e.ID, e.Last)
	}
	return fmt.Sprintf("online: prediction %d waits for no label; it has one, or has expired", e.ID)
}

// wait lets a prediction wait.
func (l *Learner) wait(p *pending) {
	for len(l.pending) >= l.o.Pending {
		l.makeRoom()
	}
	t := p.track
	t.last = p
	t.queue = append(t.queue, p)
	l.pending[p.id] = p
	l.order = append(l.order, p.id)
}

// makeRoom gives up the oldest prediction.
func (l *Learner) makeRoom() {
	for len(l.order) > 0 {
		p := l.pending[l.order[0]]
		l.order = l.order[1:]
		if p == nil {
			continue
		}
		l.counts.Expired++
		l.event(Event{Kind: Expired, Series: p.track.name, Time: p.time, ID: p.id, On: "count", Value: float64(len(l.pending) + 1), Threshold: float64(l.o.Pending)})
		l.forget(p)
		p.track.trim()
		return
	}
}

// expire gives up what has waited for too long when a row of its series comes.
func (l *Learner) expire(t *track, now float64) {
	for l.o.Live > 0 && len(t.queue) > 0 && (t.queue[0].answered || t.queue[0].time+l.o.Live < now) {
		p := t.queue[0]
		t.queue = t.queue[1:]
		if p.answered {
			continue
		}
		l.counts.Expired++
		l.event(Event{Kind: Expired, Series: t.name, Time: now, ID: p.id, On: "time", Value: now - p.time, Threshold: l.o.Live})
		l.forget(p)
	}
}

// forget takes a prediction out of all but the queue of its series.
func (l *Learner) forget(p *pending) {
	if p.answered {
		return
	}
	p.answered = true
	l.held -= p.bytes()
	p.grad, p.window = nil, nil
	if p.track.last == p {
		p.track.last = nil
	}
	delete(l.pending, p.id)
	for len(l.order) > 0 && l.pending[l.order[0]] == nil {
		l.order = l.order[1:]
	}
}

func (p *pending) bytes() int { return 4 * len(p.grad) }

// trim drops what was answered from the front of the queue, and all of it when that is most.
func (t *track) trim() {
	for len(t.queue) > 0 && t.queue[0].answered {
		t.queue = t.queue[1:]
	}
	if n := len(t.queue); n > 64 && t.queue[n/2].answered {
		t.queue = slices.DeleteFunc(t.queue, func(p *pending) bool { return p.answered })
	}
}

// settle keeps the derivative of the last prediction of a series before the next row makes it another one.
func (l *Learner) settle(t *track) {
	p := t.last
	if p == nil {
		return
	}
	t.last = nil
	if need := 4 * len(l.grad) * len(l.dy); l.held+need > l.o.PendingBytes {
		if t.recent != nil {
			p.window = t.recent.segment()
		}
		return
	}
	l.sync(t) // the rule tbptt goes back at the weights of today
	for o := range l.unity {
		clear(l.unity)
		l.unity[o] = 1
		p.grad = append(p.grad, t.learn.Gradient(l.unity)...)
	}
	l.held += p.bytes()
}

// gradient writes that of a loss with slope dy at the output of a prediction, by all parameters of its stream, to l.grad; false
// where there is none.
func (l *Learner) gradient(p *pending, dy []float32) bool {
	n := len(l.grad)
	switch {
	case p.track.last == p:
		l.sync(p.track)
		copy(l.grad, p.track.learn.Gradient(dy))
	case p.grad != nil:
		clear(l.grad)
		for o, d := range dy {
			for q, g := range p.grad[o*n:][:n] {
				l.grad[q] += float32(d * g)
			}
		}
	case p.window != nil:
		l.counts.Replayed++
		l.again(p.window, p.track.own[0])
		copy(l.grad, l.replay.Gradient(dy))
	default:
		return false
	}
	return true
}

// again runs a segment with the weights of today and what is personal, its state before taken for given.
func (l *Learner) again(s *segment, own []float32) {
	l.replay.SetParams(l.adapt.join(l.theta, own))
	l.replay.SetState(s.hidden)
	for k, dt := range s.dt {
		n := len(s.x) / len(s.dt)
		_, _ = l.replay.Step(s.x[k*n:][:n], dt) // it was taken once
	}
}

// find is the prediction of a series at a time, the latest where there are several.
func (t *track) find(time float64) *pending {
	i := sort.Search(len(t.queue), func(i int) bool { return t.queue[i].time > time })
	for i--; i >= 0 && t.queue[i].time == time; i-- {
		if !t.queue[i].answered {
			return t.queue[i]
		}
	}
	return nil
}

// segment is a state and the rows that follow it.
type segment struct {
	hidden []float32
	x, dt  []float32
}

// recent holds the last rows of a series and the states before them.
type recent struct {
	most, inputs int
	rows         []recentRow
}

type recentRow struct {
	hidden, x []float32
	dt        float32
}

// add notes a row before the stream takes it.
func (r *recent) add(s *RTRL, x []float32, dt float32) {
	var row recentRow
	if len(r.rows) == r.most {
		row = r.rows[0]
		r.rows = append(r.rows[:0], r.rows[1:]...)
	}
	row.hidden, row.x, row.dt = s.AppendHidden(row.hidden[:0]), append(row.x[:0], x...), dt
	r.rows = append(r.rows, row)
}

// segment is a copy of what is held.
func (r *recent) segment() *segment {
	if len(r.rows) == 0 {
		return nil
	}
	s := &segment{hidden: cloned(r.rows[0].hidden)}
	for _, row := range r.rows {
		s.x, s.dt = append(s.x, row.x...), append(s.dt, row.dt)
	}
	return s
}
