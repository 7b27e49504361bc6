package online

import (
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/series"
)

// Outcome is what came of a label.
type Outcome struct {
	// ID, Series and Time are those of the prediction.
	ID     uint64
	Series string
	Time   float64
	// Loss is that of the prediction that was served, Learning that of the learning copy: the same without Guard and Combine.
	Loss, Learning float64
	// Low and High are the intervals that were given with the prediction, one a value of the target.
	Low, High []float64
	// Learned says that weights have moved. Where they have not, Refused says what was not finite (gradient or weights), or is
	// empty where there was nothing to learn from: a prediction made before the learning copy was set back.
	Learned bool
	Refused string
}

// updated is what a recorder keeps of a label beside what the learner was given.
type updated struct {
	learned, promoted, back bool
	loss                    float64
	before, after           []float32 // the weights of the learning copy
	ownBefore, ownAfter     []float32 // what is personal to the series
}

// LabelError is a label that the target cannot have.
type LabelError struct {
	ID      uint64
	Label   float64
	Allowed string
}

// Error is one line with the allowed range.
func (e *LabelError) Error() string {
	return fmt.Sprintf("online: the label of prediction %d is %g; allowed: %s", e.ID, e.Label, e.Allowed)
}

// checkLabels refuses what no row can be labelled with. One of several values may be unknown, but not all.
func (l *Learner) checkLabels(id uint64, labels []float64) error {
	if n := l.target.Labels(); len(labels) != n {
		return fmt.Errorf("online: prediction %d is given %d labels; the target %q has %d, NaN for one that is not known", id, len(labels), l.target.Name, n)
	}
	known := 0
	for _, v := range labels {
		if v != v && len(labels) > 1 {
			continue
		}
		if err := l.checkLabel(id, v); err != nil {
			return err
		}
		known++
	}
	if known == 0 {
		return &LabelError{id, labels[0], "at least one value that is known"}
	}
	return nil
}

func (l *Learner) checkLabel(id uint64, label float64) error {
	n := len(l.target.Classes)
	switch {
	case math.IsNaN(label) || math.IsInf(label, 0) || math.Abs(label) > math.MaxFloat32:
		return &LabelError{id, label, "a finite number; leave a label that is not known out"}
	case l.target.Task == series.Classify && !(label >= 0 && int(label) < n && label == math.Trunc(label)):
		return &LabelError{id, label, fmt.Sprintf("the index of a class, a whole number from 0 to %d", n-1)}
	}
	return nil
}

// Learn takes the label of a prediction: a class index, or a value in raw units; of a target of several values all of them, NaN
// for one that is not known. The error is an *UnknownError for a number that waits for no label, a *LabelError, or says that there
// are too few or too many, and nothing has changed then.
func (l *Learner) Learn(id uint64, labels ...float64) (Outcome, error) {
	p := l.pending[id]
	if p == nil {
		return Outcome{}, &UnknownError{ID: id, Last: l.id}
	}
	return l.take(p, labels)
}

// LearnAt is Learn for the prediction of a series at a time; the latest one that has no label where there are several.
func (l *Learner) LearnAt(name string, time float64, labels ...float64) (Outcome, error) {
	if t := l.tracks[name]; t != nil {
		if p := t.find(time); p != nil {
			return l.take(p, labels)
		}
	}
	return Outcome{}, &UnknownError{Series: name, Time: time}
}

func (l *Learner) take(p *pending, labels []float64) (Outcome, error) {
	if l.failed != nil {
		return Outcome{}, l.failed
	}
	if err := l.checkLabels(p.id, labels); err != nil {
		return Outcome{}, err
	}
	l.events = l.events[:0]
	out, u := l.answer(p, labels, nil)
	if l.keep != nil {
		if err := l.keep.label(p.id, labels, u, l.events); err != nil {
			return Outcome{}, l.fail(err)
		}
	}
	l.tell()
	return out, nil
}

// answer does all that checked labels ask for. The verdict of the guard is its own unless one is given, as by a journal.
func (l *Learner) answer(p *pending, labels []float64, verdict *int) (Outcome, *updated) {
	out := Outcome{ID: p.id, Series: p.track.name, Time: p.time, Low: p.low, High: p.high}
	clear(l.dy)
	serving := l.o.Loss(p.shown, labels, l.dy)
	if out.Loss = serving; l.combine != nil {
		out.Loss = l.o.Loss(p.served, labels, l.dy)
	}
	clear(l.dy)
	out.Learning = l.o.Loss(p.y, labels, l.dy)
	copy(l.before, l.theta)
	l.counts.Labels++
	l.interval.observe(decode(l.target, p.served), p.low, p.high, labels)
	own := p.track.own[0]
	u := &updated{loss: out.Loss, before: l.before, after: l.theta, ownBefore: cloned(own), ownAfter: own}
	if p.epoch != l.epoch {
		l.counts.Stale++
	} else {
		out.Refused = l.update(p, labels)
		out.Learned = out.Refused == ""
	}
	if l.combine != nil && !l.combine.learn(p.track.mixed, p.mix, labels) {
		l.refuse(p, "combination")
	}
	l.watchLabel(p, labels)
	if l.guard != nil {
		l.judge(p, serving, out.Learning, u, verdict)
	}
	l.forget(p)
	p.track.trim()
	u.learned = out.Learned
	return out, u
}

// update moves the weights by the gradient of a prediction, whose slope stands in l.dy. It says what was not finite, and has
// changed no weight then.
func (l *Learner) update(p *pending, labels []float64) (refused string) {
	t := p.track
	if !engine.Finite(l.dy) {
		return l.refuse(p, "gradient")
	}
	switch {
	case !l.gradient(p, l.dy):
		return l.refuse(p, "gradient")
	case !engine.Finite(l.grad):
		l.clearDerivatives(t, p.id)
		return l.refuse(p, "gradient")
	}
	grad := l.adapt.split(l.grad)
	l.protect.add(l, grad, p, labels)
	if !engine.Finite(grad) {
		return l.refuse(p, "gradient")
	}
	if !l.moved {
		copy(l.good, l.theta)
		l.o.Optimiser.Keep()
	}
	switch err := l.o.Optimiser.Update(l.theta, grad); {
	case err != nil:
		copy(l.theta, l.before)
		return l.refuse(p, "weights")
	case !engine.Finite(l.theta):
		copy(l.theta, l.before)
		l.o.Optimiser.Reset() // its memory holds what has led here
		return l.refuse(p, "weights")
	}
	l.adapt.learn(t.own[0])
	l.moved = true
	l.version++
	l.counts.Updates++
	return ""
}

func (l *Learner) refuse(p *pending, what string) string {
	l.counts.Refused++
	l.event(Event{Kind: Refused, Series: p.track.name, Time: p.time, ID: p.id, On: what})
	return what
}

// clearDerivatives lets those of a series begin anew, its state kept, where the label is of a row since they last did.
func (l *Learner) clearDerivatives(t *track, id uint64) {
	if id > t.cleared {
		t.learn.SetState(t.learn.AppendHidden(nil))
		t.cleared = l.id
		t.last = nil
	}
}
