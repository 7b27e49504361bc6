package online

import (
	"errors"
	"fmt"
)

// ErrNotFinite is what every Refusal is, for errors.Is.
var ErrNotFinite = errors.New("online: not finite, so nothing was learned")

// ErrState is what Step says where the state would be infinite or not a number although nothing was learned since it was
// finite. State and derivatives stay as they were; of a row that is taken in parts, as after the last of them that was finite.
var ErrState = errors.New("online: the state would not be finite; the row was not taken: Reset, or give parameters with which the network is stable")

// Refusal is why a learning step was not taken: a number would have been infinite or not a number. Everything is as before it.
type Refusal struct {
	// What is not finite: "gradient", "parameters" or "state".
	What string
	// Count is the number of refusals so far, this one included.
	Count int
}

// Error is one line with the remedy.
func (e *Refusal) Error() string {
	remedy := map[string]string{
		"gradient":   "if it stays so, the derivatives have overflowed: Reset and use a smaller learning rate",
		"parameters": "use a smaller learning rate, or clip the gradient",
		"state":      "the parameters learned since the row before are taken back; use a smaller learning rate",
	}[e.What]
	return fmt.Sprintf("online: the %s would not be finite, so nothing was learned (refusal %d); %s", e.What, e.Count, remedy)
}

// Is reports whether target is ErrNotFinite.
func (e *Refusal) Is(target error) bool { return target == ErrNotFinite }

// checked keeps what must be known to take a learning step back.
type checked struct {
	before  []float32 // the parameters before an update
	good    []float32 // those that the state was last finite with
	learned bool      // since then
	refused Refusal
}

// Refused counts the learning steps that were not taken, or taken back by Step, and tells the last of them; nil where all
// were.
func (l *RTRL) Refused() (count int, last error) {
	if l.refused.Count == 0 {
		return 0, nil
	}
	r := l.refused
	return r.Count, &r
}

func (l *RTRL) refuse(what string) error {
	l.refused.What = what
	l.refused.Count++
	r := l.refused
	return &r
}

// takeBack returns to the parameters that the state was last finite with.
func (l *RTRL) takeBack() {
	copy(l.theta, l.good)
	if l.o.Undo != nil {
		l.o.Undo()
	}
	l.r.SetParams(l.theta)
	l.learned = false
	_ = l.refuse("state")
}
