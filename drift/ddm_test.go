package drift

import (
	"math"
	"testing"
)

// TestDDMNoErrors: no error is no drift, however long; then s_min = 0 and the first error is one at once, dated from the latest
// of the equal minima.
func TestDDMNoErrors(t *testing.T) {
	d := begin(t, DDM{})
	if n := drifts(t, d, 100, func() float64 { return 0 }); n > 0 || d.level != Stable {
		t.Fatalf("%d drifts without an error, level %q", n, d.level)
	}
	e, err := d.Update(1, 7)
	p := 1. / 101
	want := Event{Detector: "DDM", Level: Drift, First: true, Count: 101, Since: 101, Time: 7, X: 1, Value: p + math.Sqrt(p*(1-p)/101),
		Direction: Up, Recent: 1, After: 1}
	if err != nil || math.Abs(e.Value-want.Value) > 1e-15 || math.Abs(e.After-1) > 1e-12 {
		t.Errorf("%+v, %v", e, err)
	}
	if e.Value, e.After = want.Value, want.After; e != want {
		t.Errorf("%+v instead of %+v", e, want)
	}
}
