package online

import (
	"errors"
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// Optimiser turns gradients into steps of the parameters and remembers what it needs for that; *train.Optimiser is one. It has
// more methods than an interface should, for its steps are taken back, kept and begun anew.
type Optimiser interface {
	// Update takes one step and keeps every parameter within its bounds, or changes nothing and says why. It may change grad.
	Update(theta, grad []float32) error
	// Undo forgets the steps since Keep.
	Keep()
	Undo()
	// Reset forgets all steps.
	Reset()
	// AppendBinary appends what the optimiser remembers, and UnmarshalBinary goes on from it.
	AppendBinary(b []byte) ([]byte, error)
	UnmarshalBinary(data []byte) error
}

// LearnerOptions of NewLearner. Loss and Optimiser are needed; the zero values of the others are stated.
type LearnerOptions struct {
	// Loss compares the program's output y of a row with its labels, one a value of the target, and writes the slope
	// dy = ∂loss/∂y; see train.NewRowLoss. It must keep neither list.
	Loss func(y []float32, labels []float64, dy []float32) float64
	// Optimiser serves this learner only.
	Optimiser Optimiser
	// Rule is the name of one of Rules, by which gradients are found; rtrl, which is exact, if empty.
	Rule string
	// Window is how many rows the rule tbptt goes back; 16 if 0.
	Window int
	// Live is how long a prediction waits for its label, in the unit of the stream's times (seconds, or rows); for ever if 0.
	Live float64
	// Pending is how many predictions wait at most; 10,000 if 0. The oldest has to make room.
	Pending int
	// PendingBytes bounds the gradients of waiting predictions; 64 MiB if 0. A prediction beyond it keeps a state and the rows
	// since instead, and its gradient, when the label comes, reaches back over those rows only; see Replay.
	PendingBytes int
	// Replay is how many rows that are; 32 if 0.
	Replay int
	// Series is how many series have a state at most; 1000 if 0. The one that was silent for longest has to make room.
	Series int
	// Memory bounds the bytes of the derivatives of one series; 1 GiB if 0.
	Memory int
	// AdapterRate is the learning rate of what each series has of its own beside the shared weights; nothing if 0.
	AdapterRate float64
	// Adapter is what that is, one of model.PersonalKinds: outputs (a scale and a bias of each, the default), readout or gains.
	Adapter string
	// Combine serves the model's forecast together with the last value; the forecast alone if nil.
	Combine *CombineOptions
	// Guard lets the learning copy run beside the one that serves; without it each update serves at once.
	Guard *GuardOptions
	// Watch lists what detectors watch.
	Watch []Watch
	// Interval asks for prediction intervals; none if nil.
	Interval *IntervalOptions
	// Protect keeps what was learned earlier; nothing if nil.
	Protect *ProtectOptions
	// Log is told of each event as it happens; may be nil.
	Log func(Event)
	// Setting describes the loss, the optimiser and whatever else a journal must not be continued without; see Open.
	Setting string
}

func (o LearnerOptions) filled() LearnerOptions {
	for _, d := range []struct {
		v     *int
		else_ int
	}{{&o.Pending, 10_000}, {&o.PendingBytes, 64 << 20}, {&o.Replay, 32}, {&o.Series, 1000}} {
		if *d.v == 0 {
			*d.v = d.else_
		}
	}
	return o
}

func (o LearnerOptions) check() error {
	for _, d := range []struct {
		name string
		v    float64
	}{{"Live", o.Live}, {"Pending", float64(o.Pending)}, {"PendingBytes", float64(o.PendingBytes)}, {"Replay", float64(o.Replay)},
		{"Series", float64(o.Series)}, {"AdapterRate", o.AdapterRate}} {
		if !(d.v >= 0) || math.IsInf(d.v, 0) {
			return fmt.Errorf("online: %s is %g; it must be a finite number from 0 up", d.name, d.v)
		}
	}
	if o.Adapter != "" && o.AdapterRate == 0 {
		return fmt.Errorf("online: Adapter %q without AdapterRate, which must be above 0 for it", o.Adapter)
	}
	if o.Loss == nil || o.Optimiser == nil {
		return errors.New("online: a learner needs a Loss and an Optimiser; package train makes both")
	}
	return nil
}

// Learner learns from many series that share their weights. Predicting and learning are two acts: Predict gives a
// prediction and its number and changes no weight; Learn takes the label of a number, at once, after any delay, in any
// order, or never. Weights that make a state infinite are taken back by the row that finds it; see Refused.
//
// A prediction that waits for its label keeps its output and ∂y/∂θ of its own moment. When the label comes, the slope of
// the loss there times that derivative is the gradient, and it moves the weights of today. It is exact for the weights of
// its moment and stale for those of today: what was learned in between is not seen by it.
//
// Memory is bounded by the options, see Memory. A Learner belongs to one goroutine.
type Learner struct {
	m      *model.Model // as released
	net    *model.Model // that streams run: m, with the personal part of a series where there is one
	adapt  *adapter
	o      LearnerOptions
	target series.Target
	unit   float64

	theta, serving []float32 // of the learning and the serving copy; the same list without a guard
	version        uint64    // counts what theta was, so that streams know whether theirs is old
	pair           uint64    // counts the pairs of copies: predictions of different ones are not compared
	epoch          uint64    // counts how often the learning copy was set back: what waits since before is not learned
	before         []float32 // theta before the change that a call makes
	good           []float32 // theta with which states were last finite
	moved          bool      // it has moved since
	undone         bool      // it was moved back in the call that runs
	grad           []float32 // by all parameters of net
	dy, unity      []float32
	hidden         []float32 // the state of the learning copy after a row

	tracks  map[string]*track
	clock   uint64 // of uses, to know the series that is silent for longest
	pending map[uint64]*pending
	order   []uint64 // their numbers, ascending; some may have been answered
	held    int      // bytes of their gradients
	id      uint64   // of the last prediction
	replay  *RTRL    // that computes gradients anew
	spare   *RTRL    // of the series that was given up last, for the next new one

	guard    *guard
	watch    []*watcher
	interval intervals
	protect  *protection
	combine  *combination
	counts   Counts
	events   []Event // of the call that runs
	keep     recorder
	failed   error // of the recorder: nothing more is done
}

// Counts says what a learner has done.
type Counts struct {
	Rows      uint64 `json:"rows"`
	Labels    uint64 `json:"labels"`
	Updates   uint64 `json:"updates"`
	Expired   uint64 `json:"expired"`
	Refused   uint64 `json:"refused"`
	Stale     uint64 `json:"stale"`    // labels of predictions made before the learning copy was set back: compared, not learned
	Replayed  uint64 `json:"replayed"` // gradients that were computed anew, over LearnerOptions.Replay rows
	Promoted  uint64 `json:"promoted"`
	Rollbacks uint64 `json:"rolled_back"`
	Drifts    uint64 `json:"drifts"`
	Dropped   uint64 `json:"dropped"` // series
}

// list is all counts in a fixed order.
func (c *Counts) list() []*uint64 {
	return []*uint64{&c.Rows, &c.Labels, &c.Updates, &c.Expired, &c.Refused, &c.Stale, &c.Replayed, &c.Promoted, &c.Rollbacks, &c.Drifts, &c.Dropped}
}

// recorder keeps what a learner does; see Open.
type recorder interface {
	// next is the number of the prediction that row will keep, at a time.
	next(at float64) (uint64, error)
	row(t *track, x []float32, u *updated, events []Event) error
	label(id uint64, labels []float64, u *updated, events []Event) error
	consolidated() error
}

// track is one series.
type track struct {
	name    string
	learn   *RTRL
	serve   *model.Stream // with a guard
	version uint64        // of the weights that learn has
	time    float64
	rows    uint64
	used    uint64
	cleared uint64       // the last prediction before the derivatives began anew
	last    *pending     // whose derivative is still that of the stream
	queue   []*pending   // by time; some may have been answered
	own     [2][]float32 // what is personal, of the learning and the serving copy
	mixed   *mixed       // with Combine
	recent  *recent      // what Replay needs; nil where nothing can be replayed
}

// NewLearner starts a learner with the weights of a model. The error is that of New, or of an option.
func NewLearner(m *model.Model, o LearnerOptions) (*Learner, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o = o.filled()
	l := &Learner{m: m, net: m, o: o, target: m.Schema().Target, unit: m.Schema().Clock.Unit, version: 1,
		tracks: map[string]*track{}, pending: map[uint64]*pending{}}
	l.theta = m.Params()
	l.serving = l.theta
	l.before, l.good = m.Params(), m.Params()
	if err := l.parts(); err != nil {
		return nil, err
	}
	// A stream that is made now finds at once what no stream could be made for.
	first, err := l.stream()
	if err != nil {
		return nil, err
	}
	l.replay, l.grad = first, make([]float32, l.net.Parameters())
	l.dy, l.unity = make([]float32, len(first.Y())), make([]float32, len(first.Y()))
	return l, nil
}

// parts makes what the options ask for.
func (l *Learner) parts() (err error) {
	if l.o.Guard != nil {
		l.serving = l.m.Params()
		if l.guard, err = newGuard(*l.o.Guard); err != nil {
			return err
		}
	}
	if l.o.AdapterRate > 0 {
		if l.adapt, err = newAdapter(l.m, l.o.Adapter, l.o.AdapterRate); err != nil {
			return fmt.Errorf("online: %w", err)
		}
		l.net = l.adapt.Model
	}
	if l.o.Combine != nil {
		if l.combine, err = newCombination(*l.o.Combine, l.m.Schema()); err != nil {
			return err
		}
	}
	if l.watch, err = l.watchers(); err != nil {
		return err
	}
	if l.o.Interval != nil {
		if l.interval, err = newIntervals(*l.o.Interval, l.target); err != nil {
			return err
		}
	}
	if l.o.Protect != nil {
		if l.protect, err = newProtection(*l.o.Protect, l.theta); err != nil {
			return err
		}
	}
	return nil
}

func (l *Learner) stream() (*RTRL, error) {
	return New(l.net.With(l.adapt.join(l.theta, l.adapt.start())), Options{Rule: l.o.Rule, Window: l.o.Window, Memory: l.o.Memory})
}

// Prediction is what Predict gives.
type Prediction struct {
	// ID is the number by which the label is learned later. Numbers ascend and none is given twice.
	ID uint64
	// Values are class probabilities, or values in raw units, as model.Stream.Step gives them.
	Values []float32
	// Forecast is what the model alone predicts: Values without Combine.
	Forecast []float32
	// Low and High bound each label with the coverage that IntervalOptions ask for; none without them, and NaN as long as too
	// little is known.
	Low, High []float64
}

// OrderError is a row that lies before the last one of its series.
type OrderError struct {
	Series     string
	Time, Last float64
}

// Error is one line with the fix.
func (e *OrderError) Error() string {
	of := ""
	if e.Series != "" {
		of = fmt.Sprintf(" of series %q", e.Series)
	}
	return fmt.Sprintf("online: time goes backwards: the row%s at time %g lies before its last one at %g; give rows in the order of their times", of, e.Time, e.Last)
}

// Predict advances a series by one row and predicts. It changes no weight. The time is that of the row, in seconds or rows as
// the clock of the model's schema counts, and must not go back within the series; x holds one value an input, in raw units,
// NaN where it was not observed. The first row of a series begins with the zero state.
//
// The error is an *OrderError or an *model.InputError, and nothing has changed then.
func (l *Learner) Predict(name string, time float64, x []float32) (Prediction, error) {
	if l.failed != nil {
		return Prediction{}, l.failed
	}
	l.events, l.undone = l.events[:0], false
	t, dt, err := l.at(name, time, x)
	if err != nil {
		return Prediction{}, err
	}
	id := l.id + 1
	if l.keep != nil {
		if id, err = l.keep.next(time); err != nil {
			return Prediction{}, l.fail(err)
		}
	}
	l.id = id
	out, err := l.predict(t, time, x, dt)
	if err != nil {
		return Prediction{}, err
	}
	if l.keep != nil {
		if err := l.keep.row(t, x, l.movedBack(), l.events); err != nil {
			return Prediction{}, l.fail(err)
		}
	}
	l.tell()
	return out, nil
}

// predict takes a checked row under the number l.id.
func (l *Learner) predict(t *track, time float64, x []float32, dt float32) (Prediction, error) {
	p, forecast, err := l.advance(t, time, x, dt)
	if err != nil {
		return Prediction{}, err
	}
	values := forecast
	if l.combine != nil {
		values = decode(l.target, p.served)
	}
	p.low, p.high = l.interval.around(values)
	return Prediction{ID: p.id, Values: values, Forecast: forecast, Low: p.low, High: p.high}, nil
}

// movedBack is what a row has done to the weights; nil for nothing.
func (l *Learner) movedBack() *updated {
	if !l.undone {
		return nil
	}
	return &updated{back: true, before: l.before, after: l.theta}
}

// fail ends a learner whose journal could not be written: what it did since is lost, and nothing must follow it.
func (l *Learner) fail(err error) error {
	l.failed = fmt.Errorf("online: the journal could not be written, so the learner has stopped; open the journal again to go on from its last record: %w", err)
	return l.failed
}

// tell hands the events of a call on.
func (l *Learner) tell() {
	if l.o.Log != nil {
		for _, e := range l.events {
			l.o.Log(e)
		}
	}
}

// at checks a row, finds its series, or starts it, and gives the time since its last row.
func (l *Learner) at(name string, time float64, x []float32) (*track, float32, error) {
	t, dt := l.tracks[name], l.m.Schema().Clock.FirstDT
	if math.IsNaN(time) || math.IsInf(time, 0) {
		return nil, 0, &model.InputError{Series: name, Row: -1, Column: "time", Value: time, Fix: "the time of a row must be finite"}
	}
	if t != nil && t.rows > 0 {
		if time < t.time {
			return nil, 0, &OrderError{name, time, t.time}
		}
		dt = (time - t.time) / l.unit
	}
	if _, err := l.m.Parts(x, float32(dt)); err != nil {
		return nil, 0, err
	}
	if t == nil {
		var err error
		if t, err = l.track(name); err != nil {
			return nil, 0, err
		}
	}
	return t, float32(dt), nil
}

// track starts a series.
func (l *Learner) track(name string) (*track, error) {
	for len(l.tracks) >= l.o.Series {
		l.drop()
	}
	t := &track{name: name, learn: l.spare} // of version 0, so that it gets the weights of today
	if l.spare = nil; t.learn != nil {
		t.learn.Reset()
	} else {
		var err error
		if t.learn, err = l.stream(); err != nil {
			return nil, err
		}
	}
	t.own = [2][]float32{l.adapt.start(), l.adapt.start()}
	if l.guard != nil {
		t.serve = l.server(t)
	}
	if l.combine != nil {
		t.mixed = l.combine.start()
	}
	if need := 4 * len(l.grad) * len(l.dy) * l.o.Pending; need > l.o.PendingBytes || l.protect.replays() {
		t.recent = &recent{most: l.o.Replay, inputs: len(l.m.Schema().Inputs)}
	}
	l.tracks[name] = t
	return t, nil
}

// server is a stream of the serving copy for a series, from the zero state.
func (l *Learner) server(t *track) *model.Stream {
	return l.net.With(l.adapt.join(l.serving, t.own[1])).Stream()
}

// drop gives up the series that was silent for longest.
func (l *Learner) drop() {
	var oldest *track
	for _, t := range l.tracks {
		if oldest == nil || t.used < oldest.used {
			oldest = t
		}
	}
	for _, p := range oldest.queue {
		l.forget(p)
	}
	delete(l.tracks, oldest.name)
	l.spare = oldest.learn
	l.counts.Dropped++
	l.event(Event{Kind: Dropped, Series: oldest.name, Time: oldest.time, Value: float64(len(l.tracks) + 1), Threshold: float64(l.o.Series)})
}

// event notes an event. Its numbers are finite, as a journal and JSON demand.
func (l *Learner) event(e Event) {
	for _, v := range []*float64{&e.Value, &e.Threshold, &e.Before, &e.After} {
		if *v = math.Max(-math.MaxFloat64, math.Min(math.MaxFloat64, *v)); *v != *v {
			*v = 0
		}
	}
	l.events = append(l.events, e)
}

// advance runs both copies over a checked row and lets the prediction wait for its label.
func (l *Learner) advance(t *track, time float64, x []float32, dt float32) (p *pending, forecast []float32, err error) {
	l.expire(t, time)
	l.settle(t)
	l.clock++
	t.time, t.used = time, l.clock
	t.rows++
	l.counts.Rows++
	l.sync(t)
	if t.recent != nil {
		t.recent.add(t.learn, x, dt)
	}
	if forecast, err = l.step(t, x, dt); err != nil {
		return nil, nil, err
	}
	p = &pending{id: l.id, track: t, time: time, epoch: l.epoch, pair: l.pair, y: cloned(t.learn.Y())}
	p.sample = l.protect.choose(t)
	p.shown = p.y
	if t.serve != nil {
		if forecast, err = t.serve.Step(x, dt); err != nil {
			return nil, nil, err
		}
		p.shown = cloned(t.serve.Y())
	}
	forecast, p.served = cloned(forecast), p.shown
	if l.combine != nil {
		p.mix = l.combine.features(t.mixed, forecast, x)
		p.served = t.mixed.predict(p.mix)
	}
	l.watchRow(t, x)
	l.wait(p)
	return p, forecast, nil
}

// sync gives a stream the weights of today.
func (l *Learner) sync(t *track) {
	if t.version != l.version {
		t.learn.SetParams(l.adapt.join(l.theta, t.own[0]))
		t.version = l.version
	}
}

// step advances the learning copy. Where the state would not be finite, the weights that were learned since the last row that
// was, of any series, are taken back; where that does not help, the state of the series begins anew.
func (l *Learner) step(t *track, x []float32, dt float32) ([]float32, error) {
	values, err := t.learn.Step(x, dt)
	if errors.Is(err, ErrState) && l.moved {
		l.takeBack(t)
		values, err = t.learn.Step(x, dt)
	}
	if errors.Is(err, ErrState) {
		t.learn.Reset()
		t.cleared = l.id - 1
		l.counts.Refused++
		l.event(Event{Kind: Refused, Series: t.name, Time: t.time, ID: l.id, On: "state"})
		values, err = t.learn.Step(x, dt)
	}
	if err != nil {
		return nil, err
	}
	l.moved = false
	l.hidden = t.learn.AppendHidden(l.hidden[:0])
	return values, nil
}

// takeBack returns to the weights with which states were last finite.
func (l *Learner) takeBack(t *track) {
	copy(l.before, l.theta)
	copy(l.theta, l.good)
	l.o.Optimiser.Undo()
	l.version++
	l.sync(t)
	l.moved, l.undone = false, true
	l.counts.Refused++
	l.event(Event{Kind: Refused, Series: t.name, Time: t.time, ID: l.id, On: "weights"})
}

// Model is the model that serves, with the weights learned so far; without a guard it is that of Learning. What a series
// has of its own is no part of it.
func (l *Learner) Model() *model.Model { return l.m.With(l.serving) }

// ModelOf is Model with what a series has of its own written into its linear readout, a model like any other. The error says that
// there is no such series, or no such readout.
func (l *Learner) ModelOf(name string) (*model.Model, error) {
	t := l.tracks[name]
	switch {
	case t == nil:
		return nil, fmt.Errorf("online: there is no series %q, or it was given up", name)
	case l.adapt == nil:
		return l.Model(), nil
	case l.guard != nil:
		return l.adapt.Fold(l.serving, t.own[1])
	}
	return l.adapt.Fold(l.theta, t.own[0])
}

// Learning is the model with the weights of the learning copy.
func (l *Learner) Learning() *model.Model { return l.m.With(l.theta) }

// Counts says what was done since the beginning.
func (l *Learner) Counts() Counts { return l.counts }

// Coverage is how the prediction intervals did, one a value of the target; none without them.
func (l *Learner) Coverage() (list []Coverage) {
	for _, c := range l.interval {
		list = append(list, c.coverage())
	}
	return list
}

// Memory is the bytes that a learner takes now, and what it can take at most.
type Memory struct {
	Now  int `json:"now"`
	Most int `json:"most"`
	// Series is that of one more series, Waiting of one more prediction with its gradient.
	Series  int `json:"series"`
	Waiting int `json:"waiting"`
}

// Memory adds up what grows with series and with predictions that wait, and the weights.
func (l *Learner) Memory() Memory {
	one := l.replay.Bytes() + 64
	if l.adapt != nil {
		one += 2 * 4 * len(l.adapt.Start)
	}
	if l.guard != nil {
		one += 4 * len(l.replay.AppendHidden(nil)) * 4 // a stream's values are a few times its state
	}
	outputs := len(l.dy)
	hidden := len(l.replay.AppendHidden(nil))
	inputs := len(l.m.Schema().Inputs)
	window := 4 * (l.o.Replay + 1) * (hidden + inputs + 1)
	numbers := 4 * 3 * outputs
	if l.combine != nil {
		one += l.combine.bytes()
		numbers += 8 * mixFeatures * outputs
	}
	numbers += 2 * 8 * len(l.interval)
	waiting := 4*outputs*len(l.grad) + numbers + pendingOverhead
	fixed := 4*4*len(l.theta) + one
	m := Memory{Series: one, Waiting: waiting}
	m.Now = fixed + len(l.tracks)*one + l.held + len(l.pending)*pendingOverhead
	perWaiting := pendingOverhead + numbers
	m.Most = fixed + l.o.Series*(one+window) + min(l.o.Pending*waiting, l.o.PendingBytes+l.o.Pending*(perWaiting+window))
	return m
}

func cloned(v []float32) []float32 { return append([]float32(nil), v...) }
