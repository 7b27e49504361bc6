package drift

import "fmt"

// Level says what a detector makes of a value.
type Level string

// Levels.
const (
	// Stable is no change that could be told from chance.
	Stable Level = ""
	// Warning is a change that may become a drift; of the detectors here, DDM gives it, for as long as it lasts.
	Warning Level = "warning"
	// Drift is a change. The detector forgets everything at the next value.
	Drift Level = "drift"
)

// levels by their number in snapshots.
var levels = []Level{Stable, Warning, Drift}

// Direction says where the values went, or, as an option, for which way to look.
type Direction string

// Directions. An event has Both where the distribution became wider or narrower and went neither way more than the other.
const (
	Both Direction = "both"
	Up   Direction = "up"
	Down Direction = "down"
)

// Event is what a detector found at a value: everything that is needed to judge the alarm and to act on it. It is the zero
// Event where it found nothing.
type Event struct {
	// Detector is its name in the registry.
	Detector string `json:"detector"`
	// Level is Warning or Drift, and Stable in the zero Event.
	Level Level `json:"level"`
	// First tells the first of a run of values with this level from those that follow, so that a warning can be told once.
	First bool `json:"first"`
	// Count numbers the value among all that the detector took, from 1. Since is the same from the last drift on.
	Count int64 `json:"count"`
	Since int64 `json:"since"`
	// Time is what Update was given with the value.
	Time float64 `json:"time"`
	// X is the value.
	X float64 `json:"x"`
	// Value is the detector's statistic, which is beyond Threshold: Value > Threshold in every event. Entry.Statistic says
	// what is compared.
	Value     float64 `json:"value"`
	Threshold float64 `json:"threshold"`
	// Direction is where the values went.
	Direction Direction `json:"direction"`
	// Recent is how many of the latest values, this one included, the detector takes to lie after the change. After is their
	// mean, Before that of those before them; DDM's are rates of errors. Each detector says how it estimates them.
	Recent int64   `json:"recent"`
	Before float64 `json:"before"`
	After  float64 `json:"after"`
	// P is the p value of the test, at most 1; 0 for detectors without one.
	P float64 `json:"p,omitempty"`
}

// String is one line.
func (e Event) String() string {
	if e.Level == Stable {
		return "stable"
	}
	text := fmt.Sprintf("%s: %s %s at value %d, time %g: mean %.4g before, %.4g over the latest %d; statistic %.4g > %.4g",
		e.Detector, e.Level, e.Direction, e.Count, e.Time, e.Before, e.After, e.Recent, e.Value, e.Threshold)
	if e.P > 0 {
		text += fmt.Sprintf(", p %.2g", e.P)
	}
	return text
}

// finding is the part of an Event that a state knows.
type finding struct {
	level            Level
	direction        Direction
	value, threshold float64
	recent           int64
	before, after    float64
	p                float64
}

// split gives the mean of the last n-k of n values from that of all and that of the first k, and how many they are.
func split(n int64, mean float64, k int64, first float64) (recent int64, after float64) {
	recent = n - k
	if recent < 1 { // nothing lies after k yet
		return 0, mean
	}
	return recent, mean + float64(float64(k)/float64(recent)*(mean-first))
}
