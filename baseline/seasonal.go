package baseline

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/elegans-nn/elegans/series"
)

// season predicts the value of the target one period before the time in question, or as many periods as it takes to
// reach a time whose value is known; the last known value where nothing is known of that time.
type season struct {
	period float64 // seconds, or rows for a clock that counts them
	step   float64 // the usual distance of two rows, in the same unit
}

const (
	day  = 86400.0
	week = 7 * day
)

// fitSeasonal tries a day and a week where the clock is a calendar, else the peaks of the autocorrelation of the labels,
// and keeps the period that is best on the training part.
func fitSeasonal(schema *series.Schema, train, _ []series.Series) (Predictor, error) {
	step := medianStep(schema, train)
	periods := []float64{day, week}
	if schema.Clock.Kind != series.Calendar {
		periods = nil
		for _, lag := range seasonalLags(train, schema.Target.Task) {
			periods = append(periods, float64(lag)*step)
		}
	}
	best, least := season{}, math.Inf(1)
	for _, p := range periods {
		c := season{period: p, step: step}
		if p < 2*step {
			continue // a season of one row is the last value
		}
		if e := c.error(schema, train); e < least {
			best, least = c, e
		}
	}
	if best.period == 0 {
		return nil, fmt.Errorf("the training part shows no season; two periods at least are needed: %w", ErrNotApplicable)
	}
	return fitGuess(&guess{schema: *schema, value: best.values, learnt: 1, account: best.account(&schema.Clock)}, train)
}

func (c season) account(clock *series.Clock) string {
	switch {
	case clock.Kind == series.Index:
		return fmt.Sprintf("value %g rows earlier", c.period)
	case clock.Kind == series.Calendar && c.period == day:
		return "value one day earlier"
	case clock.Kind == series.Calendar && c.period == week:
		return "value one week earlier"
	}
	return fmt.Sprintf("value %.6g s earlier", c.period)
}

// leastFound is the share of scored rows for which a season must find a value to be one.
const leastFound = 0.25

// error is the mean squared error, or the share of wrong classes, over the rows for which a value one season earlier is
// known; +Inf where those are too few.
func (c season) error(schema *series.Schema, train []series.Series) float64 {
	sum, found, rows := 0.0, 0.0, 0.0
	for i := range train {
		value := c.earlier(schema, &train[i])
		for j, y := range train[i].Y {
			if math.IsNaN(y) {
				continue
			}
			rows++
			if math.IsNaN(value[j]) {
				continue
			}
			found++
			switch {
			case schema.Target.Task == series.Regress:
				sum += (y - value[j]) * (y - value[j])
			case y != value[j]:
				sum++
			}
		}
	}
	if found < leastFound*rows {
		return math.Inf(1)
	}
	return sum / found
}

// values are those of one season earlier, else the last known ones.
func (c season) values(schema *series.Schema, s *series.Series) []float64 {
	value := c.earlier(schema, s)
	for i, last := range lastValues(schema, s) {
		if math.IsNaN(value[i]) {
			value[i] = last
		}
	}
	return value
}

// earlier gives for each row the known value nearest to the time a whole number of periods before that of its label,
// NaN where none lies within half a step.
func (c season) earlier(schema *series.Schema, s *series.Series) []float64 {
	h, time := historyOf(schema, s), times(&schema.Clock, s)
	h0 := ahead(&schema.Target, c.step)
	// A value of the time of the row itself is known with a horizon only; 1e-9 forgives the rounding of the quotient.
	back := max(1, math.Ceil(h0/c.period-1e-9)) * c.period
	value := make([]float64, len(time))
	for i := range value {
		value[i] = h.nearest(time[i]+h0-back, c.step/2, i)
	}
	return value
}

// nearest is the value of the time nearest to t, at most reach away, among those known at the row; of equally near ones
// the earlier. NaN where there is none.
func (h *history) nearest(t, reach float64, row int) float64 {
	known := sort.SearchInts(h.from, row+1)
	after := min(sort.SearchFloat64s(h.when, t), known)
	value, distance := math.NaN(), math.Inf(1)
	for k := max(after-1, 0); k < min(after+1, known); k++ {
		if d := math.Abs(h.when[k] - t); d < distance && d <= reach {
			value, distance = h.value[k], d
		}
	}
	return value
}

// medianStep is the median positive distance of neighbouring rows.
func medianStep(schema *series.Schema, list []series.Series) float64 {
	var steps []float64
	for i := range list {
		time := times(&schema.Clock, &list[i])
		for j := 1; j < len(time); j++ {
			if d := time[j] - time[j-1]; d > 0 {
				steps = append(steps, d)
			}
		}
	}
	if len(steps) == 0 {
		return schema.Clock.Unit
	}
	slices.Sort(steps)
	return steps[len(steps)/2]
}
