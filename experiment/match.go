package experiment

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// Goal is a quantity of which all models are to have as much: the size of each is chosen for it.
type Goal struct {
	// Quantity is one of Quantities.
	Quantity string
	// Value is above 0.
	Value float64
}

// quantities that a size decides. Each grows with the size.
var quantities = []struct {
	name, of string
	count    func(a model.Architecture, s series.Schema) (float64, error)
}{
	{"params", "parameters", func(a model.Architecture, s series.Schema) (float64, error) {
		n, err := a.Count(s)
		return float64(n), err
	}},
	{"flops", "FLOPs a step", func(a model.Architecture, s series.Schema) (float64, error) {
		m, err := a.Model(s)
		if err != nil {
			return 0, err
		}
		return m.Program().FLOPs(), nil
	}},
}

// Quantities lists the names that a Goal can have.
func Quantities() (names []string) {
	for _, q := range quantities {
		names = append(names, q.name)
	}
	return names
}

// ParseGoal reads a text such as params=2000.
func ParseGoal(text string) (Goal, error) {
	name, value, _ := strings.Cut(text, "=")
	v, err := strconv.ParseFloat(value, 64)
	for _, known := range Quantities() {
		if known == name && err == nil && v > 0 && v < 1e12 {
			return Goal{name, v}, nil
		}
	}
	return Goal{}, fmt.Errorf("is no goal; write one of %s and a number above 0, such as params=2000", strings.Join(Quantities(), ", "))
}

// String is the text that ParseGoal reads.
func (g Goal) String() string {
	if g == (Goal{}) {
		return ""
	}
	return g.Quantity + "=" + strconv.FormatFloat(g.Value, 'f', -1, 64)
}

const (
	// mostUnits bounds the sizes that are tried.
	mostUnits = 1 << 14
	// leap is how many sizes in a row may not exist, such as those that a number of heads does not divide.
	leap = 64
	// around is how many sizes beside the one found are tried: a drawn wiring may have a few synapses less than a smaller one.
	around = 8
	// tolerated is how far from the goal, as a share of it, the nearest size may lie.
	tolerated = 0.25
)

// UnmatchedError says that a model cannot be given the size that was asked for.
type UnmatchedError struct{ Name, Reason, Fix string }

// Error is one line with the fix.
func (e *UnmatchedError) Error() string { return fmt.Sprintf("%s: %s; %s", e.Name, e.Reason, e.Fix) }

// Match is the architecture resized so that its quantity is as near to the goal as can be, and its size. The error is an
// *UnmatchedError where the architecture has no size, or the nearest lies further from the goal than a quarter of it.
func (g Goal) Match(name string, a model.Architecture, schema series.Schema) (model.Architecture, error) {
	if a.Size() == 0 {
		return a, &UnmatchedError{name, fmt.Sprintf("has no size that could be chosen for %s", g), "leave it out, or match nothing"}
	}
	s := sizes{g, a, schema}
	best, value, err := s.nearest()
	if err != nil {
		return a, err
	}
	if math.Abs(value-g.Value) > tolerated*g.Value {
		return a, &UnmatchedError{name, fmt.Sprintf("cannot have %s: the nearest that it can have are %.0f %s, with size %d", g, value, g.of(), best),
			"choose a number near to that, or leave it out"}
	}
	return a.Resized(best), nil
}

func (g Goal) of() string {
	for _, q := range quantities {
		if q.name == g.Quantity {
			return q.of
		}
	}
	panic("experiment: a goal has no quantity")
}

// sizes are those that an architecture can have.
type sizes struct {
	goal   Goal
	arch   model.Architecture
	schema series.Schema
}

// count is the quantity at a size.
func (s sizes) count(n int) (float64, error) {
	for _, q := range quantities {
		if q.name == s.goal.Quantity {
			return q.count(s.arch.Resized(n), s.schema)
		}
	}
	panic("experiment: a goal has no quantity")
}

// from is the first size at or above n that can be built, and its quantity.
func (s sizes) from(n int) (size int, value float64, err error) {
	for size = n; size < n+leap; size++ {
		var failed error
		if value, failed = s.count(size); failed == nil {
			return size, value, nil
		}
		if err == nil {
			err = failed
		}
	}
	return size, 0, err
}

// nearest finds the size whose quantity is nearest to the goal, the smallest of those that are as near: by doubling, by
// halving, and by trying the neighbours.
func (s sizes) nearest() (best int, value float64, err error) {
	low, high := 0, 1
	for {
		size, v, err := s.from(high)
		if err != nil && high == 1 {
			return 0, 0, err
		}
		if err != nil || v >= s.goal.Value || size >= mostUnits {
			break
		}
		low, high = size, 2*size
	}
	for high-low > 1 {
		middle := (low + high) / 2
		if _, v, err := s.from(middle); err != nil || v >= s.goal.Value {
			high = middle
		} else {
			low = middle
		}
	}
	for n := max(1, low-around); n <= high+around; n++ {
		v, err := s.count(n)
		if err == nil && (best == 0 || math.Abs(v-s.goal.Value) < math.Abs(value-s.goal.Value)) {
			best, value = n, v
		}
	}
	if best == 0 {
		best, value, err = s.from(max(1, low))
	}
	return best, value, err
}
