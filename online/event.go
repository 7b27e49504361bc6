package online

import (
	"fmt"
	"strings"
)

// EventKind says what has happened.
type EventKind string

// Kinds of events.
const (
	// Expired is a prediction whose label has not come within LearnerOptions.Live, or that had to make room.
	Expired EventKind = "expired"
	// Refused is an update that would have made weights or a state something that is not finite.
	Refused EventKind = "refused"
	// Dropped is a series whose state was given up since there were more than LearnerOptions.Series.
	Dropped EventKind = "dropped"
	// Drifted is a change that a detector has found.
	Drifted EventKind = "drift"
	// Promoted is the learning copy that has become the serving one, RolledBack the one that was set back to it.
	Promoted   EventKind = "promoted"
	RolledBack EventKind = "rolled_back"
)

// Event is something that happened to a learner and that its user should know of.
type Event struct {
	Kind EventKind `json:"event"`
	// Series and Time are those of the row at which it was found, in the units of the stream's times.
	Series string  `json:"series,omitempty"`
	Time   float64 `json:"time"`
	// ID is the prediction that it is about; 0 where it is about none.
	ID uint64 `json:"id,omitempty"`
	// On is what was watched: error, state, or the name of an input. Of Refused: gradient, weights, state or combination.
	On string `json:"on,omitempty"`
	// Value is the statistic and Threshold the bound that it has passed.
	Value     float64 `json:"value"`
	Threshold float64 `json:"threshold"`
	// Before and After are means of what a detector watched before and since the change; of a guard the mean losses of the
	// serving and of the learning copy.
	Before float64 `json:"before"`
	After  float64 `json:"after"`
	// Detector is the name of the method.
	Detector string `json:"detector,omitempty"`
}

// String is one line.
func (e Event) String() string { return e.Text(fmt.Sprintf("time %g", e.Time)) }

// Text is String with another spelling of its time.
func (e Event) Text(when string) string {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(string(e.Kind), "_", " "))
	if e.Series != "" {
		fmt.Fprintf(&b, " of series %q", e.Series)
	}
	fmt.Fprintf(&b, " at %s", when)
	switch e.Kind {
	case Drifted:
		fmt.Fprintf(&b, ": %s of %s: %.4g before, %.4g since; %.4g > %.4g", e.Detector, e.On, e.Before, e.After, e.Value, e.Threshold)
	case Promoted, RolledBack:
		fmt.Fprintf(&b, ": loss %.4g serving, %.4g learning; evidence %.4g > %.4g", e.Before, e.After, e.Value, e.Threshold)
	case Expired:
		fmt.Fprintf(&b, ": prediction %d, older than %.4g > %.4g", e.ID, e.Value, e.Threshold)
	case Refused:
		fmt.Fprintf(&b, ": the %s is not finite", e.On)
	}
	return b.String()
}
