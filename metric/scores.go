package metric

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
)

// Score is the value of one metric.
type Score struct {
	Name  string
	Value float64 // NaN where the data do not define it
}

// Scores are the values of several metrics, in the order in which they are shown. In JSON they are one object in that
// order; what is not finite is null, and null is read back as NaN.
type Scores []Score

// Get is the value of a metric, and whether it is among the scores.
func (s Scores) Get(name string) (float64, bool) {
	for _, score := range s {
		if score.Name == name {
			return score.Value, true
		}
	}
	return math.NaN(), false
}

// MarshalJSON writes an object with the metrics in order.
func (s Scores) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, score := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(score.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(finite(score.Value))
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// finite is nil, which JSON writes as null, for what JSON has no number for.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// UnmarshalJSON reads an object of numbers and nulls and keeps its order.
func (s *Scores) UnmarshalJSON(data []byte) error {
	*s = nil
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return fmt.Errorf("scores: found %.20q where an object of metric names and numbers is expected", data)
	}
	list := Scores{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value *float64
		if err := d.Decode(&value); err != nil {
			return fmt.Errorf("scores: the value of %q is neither a number nor null", name)
		}
		score := Score{Name: name.(string), Value: math.NaN()}
		if value != nil {
			score.Value = *value
		}
		list = append(list, score)
	}
	*s = list
	return nil
}
