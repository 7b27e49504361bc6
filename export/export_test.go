package export

import "testing"

// Golden is the series of a self-test, longer.
var Golden = golden

// Drifts sets the numbers of steps after which a drift is told, and the rows of calibration to the last, for the time of a test.
func Drifts(t testing.TB, steps ...int) {
	old, rows := driftSteps, calibrationRows
	driftSteps, calibrationRows = steps, steps[len(steps)-1]
	t.Cleanup(func() { driftSteps, calibrationRows = old, rows })
}
