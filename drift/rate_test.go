package drift

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// normal gives independent values with standard deviation 0.1 about a mean; errors01 gives 1 at a rate and else 0.
func normal(r *rand.Rand, mean float64) float64 { return mean + 0.1*r.NormFloat64() }

func errors01(r *rand.Rand, rate float64) float64 {
	if r.Float64() < rate {
		return 1
	}
	return 0
}

// drifts counts those of a detector over n values.
func drifts(t *testing.T, d *Detector, n int, draw func() float64) (found int) {
	t.Helper()
	for range n {
		e, err := d.Update(draw(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if e.Level == Drift {
			found++
		}
	}
	return found
}

// TestStationary: values whose distribution stays the same raise no more alarms than the documentation says.
func TestStationary(t *testing.T) {
	for _, c := range []struct {
		m                Method
		draw             func(*rand.Rand, float64) float64
		level            float64
		streams, n       int
		atLeast, allowed float64 // alarms a value
	}{
		// At most delta a test, which the bound is far from reaching: what is seen is none at all.
		{ADWIN{}, normal, 0.3, 1, 100000, 0, 0.002 / 32 / 10},
		{ADWIN{}, errors01, 0.3, 1, 100000, 0, 0.002 / 32 / 10},
		{ADWIN{Delta: 0.3, Clock: 1}, normal, 0.3, 1, 50000, 0, 0.3 / 100},
		// At most alpha a value; less because alarms come in runs.
		{KSWIN{}, normal, 0.3, 1, 100000, 0.0005, 0.005},
		{KSWIN{Alpha: 0.05}, normal, 0.3, 1, 50000, 0.004, 0.05},
		{KSWIN{Alpha: 0.0001}, normal, 0.3, 1, 50000, 0, 0.0001},
		// exp(-2 delta threshold/σ²) a value and side.
		{PageHinkley{Alpha: 1, Delta: 0.05, Threshold: 0.5}, normal, 0.3, 1, 100000, 0.0005, 2 * math.Exp(-5)},
		{PageHinkley{Alpha: 1, Delta: 0.05, Threshold: 0.5, Mode: Up}, normal, 0.3, 1, 100000, 0.00025, math.Exp(-5)},
		{PageHinkley{Alpha: 1, Delta: 0.03, Threshold: 1}, normal, 0.3, 1, 100000, 0, 2 * math.Exp(-6)},
		{PageHinkley{}, normal, 0.3, 10, 10000, 0, 0},
		// No bound, so as measured over the first 1000 values.
		{DDM{}, errors01, 0.05, 200, 1000, 0.0005, 0.002},
		{DDM{}, errors01, 0.2, 200, 1000, 0.0002, 0.001},
		{DDM{}, errors01, 0.4, 200, 1000, 0.00005, 0.0005},
	} {
		found := 0
		for s := range c.streams {
			r := rand.New(rand.NewPCG(21, uint64(s)))
			found += drifts(t, begin(t, c.m), c.n, func() float64 { return c.draw(r, c.level) })
		}
		rate := float64(found) / float64(c.streams*c.n)
		t.Logf("%s at %g: %.3g alarms a value, allowed %.3g", Format(c.m), c.level, rate, c.allowed)
		if rate > c.allowed || rate < c.atLeast {
			t.Errorf("%s at %g: %g alarms a value; expected %g to %g", Format(c.m), c.level, rate, c.atLeast, c.allowed)
		}
	}
}

// TestDelay: a shift is found as soon as the documentation says, in half of all streams and, in most, at the latest.
func TestDelay(t *testing.T) {
	for _, c := range []struct {
		m        Method
		draw     func(*rand.Rand, float64) float64
		from, to float64
		history  int
		median   int // values from the shift on, until it is found
		within   int // the same in all but `late` of 100 streams
		late     int
	}{
		{m: ADWIN{}, draw: normal, from: 0.3, to: 0.4, history: 1000, median: 160, within: 192, late: 2},
		{m: ADWIN{}, draw: normal, from: 0.3, to: 0.5, history: 1000, median: 64, within: 96},
		{m: ADWIN{}, draw: errors01, from: 0.1, to: 0.4, history: 1000, median: 96, within: 192},
		{m: KSWIN{}, draw: normal, from: 0.3, to: 0.5, history: 1000, median: 20, within: 30, late: 15},
		{m: KSWIN{Alpha: 0.0001}, draw: normal, from: 0.3, to: 0.6, history: 1000, median: 20, within: 30, late: 2},
		{m: PageHinkley{}, draw: normal, from: 0.3, to: 0.5, history: 5000, median: 260, within: 300},
		{m: PageHinkley{Alpha: 1, Delta: 0.05, Threshold: 1}, draw: normal, from: 0.3, to: 0.4, history: 1000, median: 20 + 2, within: 50, late: 2},
		{m: PageHinkley{Alpha: 1, Delta: 0.05, Threshold: 1}, draw: normal, from: 0.3, to: 0.1, history: 1000, median: 7 + 1, within: 20},
		{m: DDM{}, draw: errors01, from: 0.1, to: 0.4, history: 1000, median: 80, within: 150, late: 15},
		{m: DDM{}, draw: errors01, from: 0.2, to: 0.5, history: 1000, median: 100, within: 250, late: 15},
	} {
		const streams, most = 100, 5000
		delays, late := make([]int, 0, streams), 0
		for s := range streams {
			r := rand.New(rand.NewPCG(22, uint64(s)))
			d := begin(t, c.m)
			drifts(t, d, c.history, func() float64 { return c.draw(r, c.from) })
			delay := 1
			for delay < most && drifts(t, d, 1, func() float64 { return c.draw(r, c.to) }) == 0 {
				delay++
			}
			delays = append(delays, delay)
			if delay > c.within {
				late++
			}
		}
		slices.Sort(delays)
		median := delays[streams/2]
		t.Logf("%s from %g to %g: median %d values, later than %d in %d streams", Format(c.m), c.from, c.to, median, c.within, late)
		if median > c.median || late > c.late {
			t.Errorf("%s from %g to %g: median %d values, later than %d in %d of 100 streams; allowed: %d, %d streams",
				Format(c.m), c.from, c.to, median, c.within, late, c.median, c.late)
		}
	}
}

// TestForgetting: what the documentation of PageHinkley says of alpha below 1. Its sums are drawn back, so that the range over which
// they wander leaves the threshold behind in time, where alpha = 1 and the same options raise nothing.
func TestForgetting(t *testing.T) {
	o := PageHinkley{Delta: 0.05, Threshold: 3, Alpha: 0.999}
	count := func(o PageHinkley) int {
		r := rand.New(rand.NewPCG(23, 0))
		return drifts(t, begin(t, o), 200000, func() float64 { return normal(r, 0.3) })
	}
	forgets := count(o)
	o.Alpha = 1
	if keeps := count(o); forgets < 20 || keeps > 0 {
		t.Errorf("%d drifts with forgetting, %d without", forgets, keeps)
	}
}
