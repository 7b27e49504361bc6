package export

import "testing"

// Golden is the series of a self-test, longer.
var Golden = golden

// Drifts sets the numbers of steps after which a drift is told, for the time of a test.
func Drifts(t testing.TB, steps ...int) {
	old := driftSteps
	driftSteps = steps
	t.Cleanup(func() { driftSteps = old })
}
