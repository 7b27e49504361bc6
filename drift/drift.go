package drift

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/internal/nearest"
)

// Method is one of the detectors with its options: a small struct whose zero value works. An option at its zero value has its
// default, which is the tag "default" of the field, as the allowed range is the tag "allowed"; see Options.
type Method interface {
	// Check reports the first option that is out of range, in one line with its value and the allowed range.
	Check() error
	// Bytes bounds the memory of a detector, whatever the length of its stream.
	Bytes() int

	begin() state
}

// state is what a method remembers of the values since the last reset.
type state interface {
	// reset returns to the state before the first value, keeping the memory.
	reset()
	// update takes value number n since the reset, counted from 1. It is finite and within MaxInput.
	update(n int64, x float64) finding
	// code writes every number of the state, or reads it back and checks it, n values after the reset.
	code(c *coder, n int64)
}

// Entry describes a method.
type Entry struct {
	Name    string // in texts, events and messages
	Summary string // one line
	Source  string // paper
	// Statistic says what an event's Value > Threshold compares.
	Statistic string
	// Binary says that the values must be 0 or 1.
	Binary bool
	// Method has the default options.
	Method Method
}

// Registry lists every method.
func Registry() []Entry { return slices.Clone(registry) }

// registry: one line a method.
var registry = []Entry{adwinEntry, kswinEntry, pageHinkleyEntry, ddmEntry}

// find is the entry that is described by a name, letter case aside.
func find(name string) (Entry, error) {
	var names []string
	for _, e := range registry {
		if strings.EqualFold(e.Name, name) {
			return e, nil
		}
		names = append(names, e.Name)
	}
	hint := ""
	if near := nearest.Name(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return Entry{}, fmt.Errorf("unknown drift detector %q%s (known: %s)", name, hint, strings.Join(names, ", "))
}

// entryOf is the entry of a method. It panics where there is none, as for nil.
func entryOf(m Method) Entry {
	for _, e := range registry {
		if reflect.TypeOf(e.Method) == reflect.TypeOf(m) {
			return e
		}
	}
	panic(fmt.Sprintf("drift: %T is no method of the registry", m))
}

// MaxInput bounds the absolute value of what a detector takes. The sum of 2^62 of its squares is finite.
const MaxInput = 1e100

// InputError says why a value was refused.
type InputError struct {
	Detector, Name string // Name is "value" or "time"
	Value          float64
	Fix            string
}

// Error is one line with the fix.
func (e *InputError) Error() string {
	return fmt.Sprintf("%s: %s is %g: %s", e.Detector, e.Name, e.Value, e.Fix)
}

// Detector watches one stream of numbers. It belongs to one goroutine. A zero Detector is only good for UnmarshalBinary.
type Detector struct {
	entry  Entry
	method Method
	state  state
	// count is how many values were taken, n how many of them since the last reset, level that of the last one.
	count, n int64
	level    Level
}

// New makes a detector that has seen nothing. The error is that of Check. It panics where m is nil or a pointer.
func New(m Method) (*Detector, error) {
	e := entryOf(m)
	if err := m.Check(); err != nil {
		return nil, err
	}
	m = Resolve(m)
	return &Detector{entry: e, method: m, state: m.begin()}, nil
}

// Update takes the next value of the stream and says what that tells. The time is in whatever unit the caller keeps, goes into
// the Event and has no other effect. The error is an *InputError where the value is NaN, infinite, beyond ±MaxInput or not one
// that the detector is for, or where the time is not finite; the detector is then as it was before.
func (d *Detector) Update(x, time float64) (Event, error) {
	if err := d.refuse(x, time); err != nil {
		return Event{}, err
	}
	if d.level == Drift {
		d.state.reset()
		d.n = 0
	}
	d.count++
	d.n++
	f := d.state.update(d.n, x)
	before := d.level
	d.level = f.level
	if f.level == Stable {
		return Event{}, nil
	}
	return Event{
		Detector: d.entry.Name, Level: f.level, First: f.level != before, Count: d.count, Since: d.n, Time: time, X: x,
		Value: f.value, Threshold: f.threshold, Direction: f.direction, Recent: f.recent, Before: f.before, After: f.after, P: f.p,
	}, nil
}

// refuse says why a value cannot be taken.
func (d *Detector) refuse(x, time float64) error {
	switch {
	case !(math.Abs(x) <= MaxInput):
		return &InputError{d.entry.Name, "value", x, fmt.Sprintf("values must be numbers from -%g to %g; leave out what is missing", MaxInput, MaxInput)}
	case d.entry.Binary && x != 0 && x != 1:
		return &InputError{d.entry.Name, "value", x, "values must be 1 for an error and 0 for none; ADWIN, KSWIN and PageHinkley take any number"}
	case math.IsNaN(time) || math.IsInf(time, 0):
		return &InputError{d.entry.Name, "time", time, "times must be finite; the number of the value will do"}
	}
	return nil
}

// Reset forgets every value, as after a drift. The count goes on.
func (d *Detector) Reset() {
	d.state.reset()
	d.n, d.level = 0, Stable
}

// Name is that of the registry.
func (d *Detector) Name() string { return d.entry.Name }

// Method is the method with its options resolved.
func (d *Detector) Method() Method { return d.method }

// Count is how many values were taken, resets or not.
func (d *Detector) Count() int64 { return d.count }

// Since is how many of them came after the last reset; just after a drift, those that led to it.
func (d *Detector) Since() int64 { return d.n }

// Bytes bounds the memory of the detector's state, whatever the length of the stream.
func (d *Detector) Bytes() int { return d.method.Bytes() }
