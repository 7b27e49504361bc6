package online

import (
	"bytes"
	"fmt"
	"slices"
	"sort"

	"github.com/elegans-nn/elegans/model"
)

// stateFormat is the version of what appendAll writes.
const stateFormat = 2

// head is the beginning of a snapshot: all that is needed to rebuild the models without the learner.
type head struct {
	setting        string
	file           []byte // the model as released
	guarded        bool
	theta, serving []float32
}

// appendHead writes the head of a snapshot.
func (l *Learner) appendHead(e *encoder) error {
	var file bytes.Buffer
	if err := l.m.Write(&file); err != nil {
		return err
	}
	e.u(stateFormat)
	e.str(l.o.Setting)
	e.bytes(file.Bytes())
	e.flag(l.guard != nil)
	e.u(uint64(len(l.theta)))
	e.f32s(l.theta)
	e.f32s(l.serving)
	return nil
}

func readHead(d *decoder) (h head, err error) {
	if v := d.u(); d.err == nil && v != stateFormat {
		return h, fmt.Errorf("online: the journal has format %d, this build reads %d; begin another journal, or go on with the version that began this one", v, stateFormat)
	}
	h.setting, h.file, h.guarded = d.str(), d.bytes(), d.flag()
	n := d.count()
	h.theta, h.serving = d.f32s(n), d.f32s(n)
	return h, d.err
}

// model is the released one.
func (h *head) model() (*model.Model, error) { return model.Read(bytes.NewReader(h.file)) }

// appendAll writes the learner: what restore makes of it goes on as this one does, to the bit.
func (l *Learner) appendAll(e *encoder) error {
	if err := l.appendHead(e); err != nil {
		return err
	}
	memory, err := l.o.Optimiser.AppendBinary(nil)
	if err != nil {
		return err
	}
	e.bytes(memory)
	for _, v := range []uint64{l.pair, l.epoch, l.id, l.clock} {
		e.u(v)
	}
	for _, v := range l.counts.list() {
		e.u(*v)
	}
	names := make([]string, 0, len(l.tracks))
	for name := range l.tracks {
		names = append(names, name)
	}
	sort.Strings(names)
	e.u(uint64(len(names)))
	for _, name := range names {
		l.tracks[name].append(e)
	}
	e.u(uint64(len(l.pending)))
	for _, id := range l.order {
		if p := l.pending[id]; p != nil {
			p.append(e)
		}
	}
	for _, w := range l.watch {
		state, err := w.d.MarshalBinary()
		if err != nil {
			return err
		}
		e.bytes(state)
	}
	if l.guard != nil {
		l.guard.append(e)
	}
	for _, c := range l.interval {
		c.append(e)
	}
	if l.protect != nil {
		l.protect.append(e)
	}
	return nil
}

// restore makes the learner the one that appendAll has written. After an error it must not be used.
func (l *Learner) restore(d *decoder) error {
	h, err := readHead(d)
	if err != nil {
		return err
	}
	if len(h.theta) != len(l.theta) {
		return fmt.Errorf("online: the journal is of a model with %d parameters, this one has %d", len(h.theta), len(l.theta))
	}
	copy(l.theta, h.theta)
	if l.guard != nil {
		copy(l.serving, h.serving)
	}
	copy(l.good, l.theta)
	l.moved = true // as if they had just been learned: a state that is not finite leads back to them
	if err := l.o.Optimiser.UnmarshalBinary(d.bytes()); err != nil {
		return fmt.Errorf("online: %w", err)
	}
	l.version++
	for _, v := range []*uint64{&l.pair, &l.epoch, &l.id, &l.clock} {
		*v = d.u()
	}
	for _, v := range l.counts.list() {
		*v = d.u()
	}
	if err := l.restoreTracks(d); err != nil {
		return err
	}
	for _, w := range l.watch {
		if err := w.d.UnmarshalBinary(d.bytes()); err != nil && d.err == nil {
			return fmt.Errorf("online: %w", err)
		}
	}
	if l.guard != nil {
		l.guard.restore(d)
	}
	for _, c := range l.interval {
		c.restore(d)
	}
	if l.protect != nil {
		l.protect.restore(d, len(l.theta), l.target.Labels())
	}
	if d.err == nil && len(d.b) > 0 {
		return errShort
	}
	return d.err
}

// restoreTracks reads the series and what waits in them.
func (l *Learner) restoreTracks(d *decoder) error {
	l.tracks, l.pending, l.order, l.held = map[string]*track{}, map[uint64]*pending{}, nil, 0
	for range d.count() {
		t, err := l.track(d.str())
		if err != nil {
			return err
		}
		t.restore(d, l)
	}
	for range d.count() {
		p := readPending(d, l)
		if d.err != nil {
			return d.err
		}
		p.track.queue = append(p.track.queue, p)
		l.pending[p.id] = p
		l.order = append(l.order, p.id)
		l.held += p.bytes()
	}
	return d.err
}

func (t *track) append(e *encoder) {
	e.str(t.name)
	e.f64(t.time)
	for _, v := range []uint64{t.rows, t.used, t.cleared} {
		e.u(v)
	}
	e.f32s(t.learn.AppendState(nil))
	if t.serve != nil {
		e.f32s(t.serve.AppendState(nil))
	}
	for _, own := range t.own {
		e.f32s(own)
	}
	if t.mixed != nil {
		t.mixed.append(e)
	}
	if t.recent != nil {
		e.u(uint64(len(t.recent.rows)))
		for _, r := range t.recent.rows {
			e.f32s(r.hidden)
			e.f32s(r.x)
			e.f32s([]float32{r.dt})
		}
	}
}

// restore reads what append has written after the name, into a track of its options.
func (t *track) restore(d *decoder, l *Learner) {
	t.time = d.f64()
	for _, v := range []*uint64{&t.rows, &t.used, &t.cleared} {
		*v = d.u()
	}
	state := d.f32s(t.learn.StateSize())
	if d.err != nil {
		return
	}
	t.learn.SetState(state)
	hidden := len(t.learn.AppendHidden(nil))
	if t.serve != nil {
		state = d.f32s(hidden)
	}
	for i := range t.own {
		t.own[i] = d.f32s(len(t.own[i]))
	}
	if d.err != nil {
		return
	}
	if t.serve != nil {
		t.serve = l.server(t)
		t.serve.SetState(state)
	}
	if t.mixed != nil {
		t.mixed.restore(d)
	}
	if t.recent != nil {
		for range d.count() {
			t.recent.rows = append(t.recent.rows, recentRow{hidden: d.f32s(hidden), x: d.f32s(t.recent.inputs), dt: d.f32s(1)[0]})
		}
	}
}

// What a prediction keeps beside its numbers.
const (
	holdsGradient = 1 << iota
	holdsWindow
	holdsSample
	isLast
)

func (p *pending) append(e *encoder) {
	e.u(p.id)
	e.str(p.track.name)
	e.f64(p.time)
	e.u(p.epoch)
	e.u(p.pair)
	e.f32s(p.y)
	e.f32s(p.shown)
	e.f32s(p.served)
	e.f64s(p.mix)
	e.f64s(p.low)
	e.f64s(p.high)
	flags := uint64(0)
	for flag, is := range map[uint64]bool{holdsGradient: p.grad != nil, holdsWindow: p.window != nil, holdsSample: p.sample != nil, isLast: p.track.last == p} {
		if is {
			flags |= flag
		}
	}
	e.u(flags)
	e.f32s(p.grad)
	if p.window != nil {
		p.window.append(e)
	}
	if p.sample != nil {
		p.sample.append(e)
	}
}

func readPending(d *decoder, l *Learner) *pending {
	p := &pending{id: d.u()}
	if p.track = l.tracks[d.str()]; p.track == nil {
		d.err = errShort
		return nil
	}
	n := len(l.dy)
	p.time, p.epoch, p.pair = d.f64(), d.u(), d.u()
	p.y, p.shown, p.served = d.f32s(n), d.f32s(n), d.f32s(n)
	if l.combine != nil {
		p.mix = d.f64s(n * mixFeatures)
	}
	p.low, p.high = d.f64s(len(l.interval)), d.f64s(len(l.interval))
	flags := d.u()
	if flags&holdsGradient != 0 {
		p.grad = d.f32s(n * len(l.grad))
	}
	if flags&holdsWindow != 0 {
		p.window = readSegment(d, l)
	}
	if flags&holdsSample != 0 {
		p.sample = &sample{segment: *readSegment(d, l)}
	}
	if flags&isLast != 0 {
		p.track.last = p
	}
	return p
}

func (s *segment) append(e *encoder) {
	e.u(uint64(len(s.dt)))
	e.f32s(s.hidden)
	e.f32s(s.x)
	e.f32s(s.dt)
}

func readSegment(d *decoder, l *Learner) *segment {
	n := d.count()
	return &segment{hidden: d.f32s(l.m.Program().StateWidth()), x: d.f32s(n * len(l.m.Schema().Inputs)), dt: d.f32s(n)}
}

// append writes all that changes in a guard.
func (g *guard) append(e *encoder) {
	e.f64s(g.better[:])
	e.f64s(g.worse[:])
	e.f64s([]float64{g.sum, g.square, g.serving, g.learn})
	e.u(uint64(g.n))
	e.u(uint64(g.blocks))
	e.u(uint64(g.labels))
}

func (g *guard) restore(d *decoder) {
	for _, list := range []*[len(bets)]float64{&g.better, &g.worse} {
		for i := range list {
			list[i] = d.f64()
		}
	}
	for _, v := range []*float64{&g.sum, &g.square, &g.serving, &g.learn} {
		*v = d.f64()
	}
	for _, v := range []*int{&g.n, &g.blocks, &g.labels} {
		*v = int(d.u())
	}
}

func (c *conformal) append(e *encoder) {
	e.f64(c.a)
	e.f64(c.width)
	e.u(c.given)
	e.u(c.covered)
	e.u(c.finite)
	e.u(uint64(c.next))
	e.u(uint64(len(c.scores)))
	e.f64s(c.scores)
}

func (c *conformal) restore(d *decoder) {
	c.a, c.width = d.f64(), d.f64()
	c.given, c.covered, c.finite = d.u(), d.u(), d.u()
	c.next = int(d.u())
	c.scores = d.f64s(d.count())
	c.sorted = slices.Sorted(slices.Values(c.scores))
	if c.next > len(c.scores) {
		d.err = errShort
	}
}

func (p *protection) append(e *encoder) {
	for _, v := range []uint64{p.n, p.seen, p.random} {
		e.u(v)
	}
	e.flag(p.star != nil)
	e.f32s(p.star)
	e.f32s(p.fisher)
	e.f32s(p.square)
	e.u(uint64(len(p.kept)))
	for _, s := range p.kept {
		e.u(uint64(len(s.dt)))
		e.u(uint64(len(s.hidden)))
		e.u(uint64(len(s.x)))
		e.f32s(s.hidden)
		e.f32s(s.x)
		e.f32s(s.dt)
		e.f64s(s.labels)
	}
}

func (p *protection) restore(d *decoder, n, labels int) {
	for _, v := range []*uint64{&p.n, &p.seen, &p.random} {
		*v = d.u()
	}
	p.star = nil
	if d.flag() {
		p.star = d.f32s(n)
	}
	p.fisher, p.square = d.f32s(len(p.fisher)), d.f32s(len(p.square))
	p.kept = nil
	for range d.count() {
		rows, hidden, inputs := d.count(), d.count(), d.count()
		p.kept = append(p.kept, &sample{segment{d.f32s(hidden), d.f32s(inputs), d.f32s(rows)}, d.f64s(labels)})
		if d.err != nil {
			return
		}
	}
}
