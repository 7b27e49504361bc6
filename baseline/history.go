package baseline

import (
	"math"
	"slices"
	"strconv"

	"github.com/elegans-nn/elegans/series"
)

// history is what becomes known of the target along a series: value k was that of time when[k] and is known at row
// from[k] and after. Both ascend.
type history struct {
	when  []float64 // seconds, or rows for a clock that counts them
	value []float64 // class index, or raw value
	from  []int
}

// historyOf reads the target's own column where that is an input: what it holds at a row is known at that row.
// Otherwise it reads the labels: with horizon 0 the label of a row is known from the next row on, since it is what is
// asked at the row itself; with a horizon it is known from the row on that it was taken from.
func historyOf(schema *series.Schema, s *series.Series) (h history) {
	add := func(when, value float64, from int) {
		h.when, h.value, h.from = append(h.when, when), append(h.value, value), append(h.from, from)
	}
	time := times(&schema.Clock, s)
	if in := targetInput(schema); in != nil {
		for i := range s.Len() {
			if v := in.value(float64(s.At(i)[in.column])); !math.IsNaN(v) {
				add(time[i], v, i)
			}
		}
		return h
	}
	row := 0
	for i, y := range s.Y {
		if row = labelRow(schema, time, i, row); row >= len(time) {
			break
		}
		if math.IsNaN(y) {
			continue
		}
		known := row
		if row == i {
			known = i + 1
		}
		add(time[row], y, known)
	}
	return h
}

// labelSlack is how much too early, in time units, a row may lie and still be at t + h: the rounding of time stamps.
const labelSlack = 1e-6

// labelRow is the row that the label of row i was taken from, len(time) where it lies beyond the series. It is at or
// after the row found for i - 1.
func labelRow(schema *series.Schema, time []float64, i, before int) int {
	t := &schema.Target
	switch {
	case t.Horizon == 0:
		return i
	case t.HorizonRows:
		return min(i+int(math.Round(t.Horizon)), len(time))
	}
	row := max(before, i+1)
	for due := time[i] + t.Horizon - labelSlack*schema.Clock.Unit; row < len(time) && time[row] < due; {
		row++
	}
	return row
}

// times are the time stamps of a series, added up from dt where it has none.
func times(clock *series.Clock, s *series.Series) []float64 {
	if s.Time != nil {
		return s.Time
	}
	list, t := make([]float64, s.Len()), 0.0
	for i, dt := range s.DT {
		t += float64(dt) * clock.Unit
		list[i] = t
	}
	return list
}

// ahead is how far the label of a row lies ahead of it, in seconds or, for a clock that counts rows, in rows; step is the
// usual distance of two rows.
func ahead(t *series.Target, step float64) float64 {
	if t.HorizonRows {
		return t.Horizon * step
	}
	return t.Horizon
}

// ownInput is the target's own past among the inputs.
type ownInput struct {
	column int
	class  []float64           // class index of each level of a category, NaN for none; nil for a number
	number map[float64]float64 // class index of each number; nil where the target is a number itself
}

// targetInput finds the target among the inputs: nil where it is none, or where its classes cannot be told from its
// values.
func targetInput(schema *series.Schema) *ownInput {
	t := &schema.Target
	column := slices.IndexFunc(schema.Inputs, func(in series.Input) bool { return in.Name == t.Name })
	if !t.AsInput || t.Horizon == 0 || column < 0 {
		return nil
	}
	in := &ownInput{column: column}
	switch {
	case t.Task == series.Regress && schema.Inputs[column].Kind == series.Numeric:
		return in
	case t.Task == series.Regress:
		return nil
	case schema.Inputs[column].Kind == series.Category:
		for _, level := range schema.Inputs[column].Levels {
			k := slices.Index(t.Classes, level)
			if k < 0 {
				in.class = append(in.class, math.NaN())
				continue
			}
			in.class = append(in.class, float64(k))
		}
		return in
	}
	in.number = map[float64]float64{}
	for k, name := range t.Classes {
		v, err := strconv.ParseFloat(name, 32) // as the inputs are kept
		if err != nil {
			return nil
		}
		in.number[v] = float64(k)
	}
	return in
}

// value of the target for what its column holds, NaN where that says nothing.
func (in *ownInput) value(x float64) float64 {
	switch {
	case math.IsNaN(x):
		return x
	case in.class != nil:
		if x < 0 || int(x) >= len(in.class) {
			return math.NaN()
		}
		return in.class[int(x)]
	case in.number != nil:
		if k, ok := in.number[x]; ok {
			return k
		}
		return math.NaN()
	}
	return x
}
