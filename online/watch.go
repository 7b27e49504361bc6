package online

import (
	"fmt"
	"math"
	"strings"

	"github.com/elegans-nn/elegans/drift"
	"github.com/elegans-nn/elegans/series"
)

// What can be watched. What goes to a detector is squeezed into 0 to 1, so that detectors which need that range can be used
// on all of it:
//
//	error   of a number e/(1+e), e = |label - prediction| in standard deviations of the target, the mean of that over several
//	        values; of a class 1 where it was
//	        wrong and 0 where it was right; of what is served, when the label comes
//	inputs  (1 + z/(1+|z|))/2 for each numeric input, z its value in standard deviations of the training data from their
//	        mean; missing values are left out
//	state   r/(1+r), r the root mean square of the state of the learning copy
const (
	OnError  = "error"
	OnInputs = "inputs"
	OnState  = "state"
)

// Watch is a detector and what it is to watch. The rows of all series go to one detector, in the order of the calls.
type Watch struct {
	// On is OnError, OnInputs (a detector for each numeric input) or OnState.
	On string
	// Method is that of package drift; drift.ADWIN{} if nil.
	Method drift.Method
}

type watcher struct {
	on    string // OnError, OnState, or the name of the input
	input int    // -1 for others
	d     *drift.Detector
}

// watchers makes a detector for each thing that is watched.
func (l *Learner) watchers() (list []*watcher, err error) {
	add := func(on string, input int, m drift.Method) error {
		if m == nil {
			m = drift.ADWIN{}
		}
		d, err := drift.New(m)
		if err != nil {
			return err
		}
		list = append(list, &watcher{on, input, d})
		return nil
	}
	for _, w := range l.o.Watch {
		switch w.On {
		case OnError, OnState:
			err = add(w.On, -1, w.Method)
		case OnInputs:
			for i, in := range l.m.Schema().Inputs {
				if in.Kind == series.Numeric && err == nil {
					err = add(in.Name, i, w.Method)
				}
			}
		default:
			err = fmt.Errorf("online: cannot watch %q; allowed: %s", w.On, strings.Join([]string{OnError, OnInputs, OnState}, ", "))
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// see hands a value to a detector. One that the detector is not for is left out.
func (l *Learner) see(w *watcher, t *track, id uint64, value float64) {
	found, err := w.d.Update(value, t.time)
	if err != nil || found.Level != drift.Drift {
		return
	}
	l.counts.Drifts++
	l.event(Event{Kind: Drifted, Series: t.name, Time: t.time, ID: id, On: w.on, Value: found.Value, Threshold: found.Threshold,
		Before: found.Before, After: found.After, Detector: found.Detector})
}

// watchRow watches inputs and state after a row.
func (l *Learner) watchRow(t *track, x []float32) {
	for _, w := range l.watch {
		switch {
		case w.input >= 0:
			in := &l.m.Schema().Inputs[w.input]
			if z := (float64(x[w.input]) - in.Mean) / in.SD; z == z {
				l.see(w, t, l.id, (1+z/(1+math.Abs(z)))/2)
			}
		case w.on == OnState:
			sum := 0.0
			for _, h := range l.hidden {
				sum += float64(h) * float64(h)
			}
			r := math.Sqrt(sum / math.Max(1, float64(len(l.hidden))))
			l.see(w, t, l.id, r/(1+r))
		}
	}
}

// watchLabel watches the error.
func (l *Learner) watchLabel(p *pending, labels []float64) {
	for _, w := range l.watch {
		if w.input < 0 && w.on == OnError {
			before := l.counts.Drifts
			l.see(w, p.track, p.id, l.squeezed(decode(l.target, p.served), labels))
			if l.counts.Drifts > before && l.protect != nil && l.protect.o.OnDrift {
				l.protect.consolidate(l.theta)
			}
		}
	}
}

// squeezed is the error of a decoded prediction, from 0 to 1.
func (l *Learner) squeezed(y []float32, labels []float64) float64 {
	if l.target.Task == series.Classify {
		best := 0
		for k, v := range y {
			if v > y[best] {
				best = k
			}
		}
		if len(y) == 2 && l.target.Threshold > 0 {
			best = 0
			if float64(y[1]) > l.target.Threshold {
				best = 1
			}
		}
		if best == int(labels[0]) {
			return 0
		}
		return 1
	}
	if n := len(l.target.Quantiles); n > 0 {
		y = y[n/2:]
	}
	sum, known := 0.0, 0.0
	for k, label := range labels {
		if label == label {
			e := math.Abs(label-float64(y[k])) / l.target.Of(k).SD
			sum, known = sum+e/(1+e), known+1
		}
	}
	return sum / known
}
