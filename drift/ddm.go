package drift

import (
	"fmt"
	"math"
)

// DDM watches the rate p of errors of a classifier and takes it to have changed where it lies far above its best. With n values x
// since the reset, 1 for an error and 0 for none:
//
//	p += (x - p)/n,   s = sqrt(p (1 - p)/n)
//	from n > warm_start on:  where p + s ≤ p_min + s_min:  p_min = p, s_min = s
//	warning where p + s > p_min + warning_threshold s_min
//	drift   where p + s > p_min + drift_threshold s_min
//
// Only a rise is found. If no error came before the end of the warm-up, s_min is 0 and the first error is a drift: start it on a
// model that makes some.
//
// False alarms: the minimum is taken over time, so thresholds are no quantiles and there is no bound. On independent errors of a
// constant rate, default options give about 1.1 false drifts in the first 1000 values at a rate of 0.05, 0.3 at 0.2 and 0.1 at 0.4,
// by TestStationary, and fewer later, as the minimum settles.
//
// In an Event Value is p + s, Recent counts the values after the minimum, Before is p_min and After the rate of errors since. A
// value costs O(1). Source: Gama, Medas, Castillo and Rodrigues, Learning with drift detection, SBIA 2004; comparisons are strict
// as in River.
type DDM struct {
	// WarmStart is how many values come before the first test.
	WarmStart int `json:"warm_start" default:"30" allowed:"[1, 1e9]"`
	// WarningThreshold is in standard deviations; at most DriftThreshold.
	WarningThreshold float64 `json:"warning_threshold" default:"2" allowed:"(0, 1000]"`
	// DriftThreshold is in standard deviations.
	DriftThreshold float64 `json:"drift_threshold" default:"3" allowed:"(0, 1000]"`
}

var ddmEntry = Entry{
	Name: "DDM", Summary: "rate of errors against its minimum", Source: "Gama et al., SBIA 2004",
	Statistic: "rate of errors and its standard deviation > their minimum with several of it", Binary: true, Method: DDM{},
}

// Check implements Method.
func (o DDM) Check() error {
	if err := check(o); err != nil {
		return err
	}
	if o = Resolve(o).(DDM); o.WarningThreshold > o.DriftThreshold {
		return fmt.Errorf("DDM: warning_threshold is %g; allowed: up to drift_threshold, which is %g", o.WarningThreshold, o.DriftThreshold)
	}
	return nil
}

// Bytes implements Method.
func (o DDM) Bytes() int { return 128 }

func (o DDM) begin() state {
	return &ddm{o: Resolve(o).(DDM)}
}

type ddm struct {
	o          DDM
	p          float64
	pMin, sMin float64
	best       float64 // p + s at the minimum
	at         int64   // its n; 0 where there is none yet
}

func (s *ddm) reset() { *s = ddm{o: s.o} }

func (s *ddm) update(n int64, x float64) finding {
	s.p += (x - s.p) / float64(n)
	sd := math.Sqrt(s.p * (1 - s.p) / float64(n))
	if n <= int64(s.o.WarmStart) {
		return finding{}
	}
	if s.at == 0 || s.p+sd <= s.best {
		s.pMin, s.sMin, s.best, s.at = s.p, sd, s.p+sd, n
	}
	f := finding{direction: Up, value: s.p + sd, before: s.pMin}
	drift := s.pMin + float64(s.o.DriftThreshold*s.sMin)
	warning := s.pMin + float64(s.o.WarningThreshold*s.sMin)
	switch {
	case f.value > drift:
		f.level, f.threshold = Drift, drift
	case f.value > warning:
		f.level, f.threshold = Warning, warning
	default:
		return finding{}
	}
	f.recent, f.after = split(n, s.p, s.at, s.pMin)
	return f
}

func (s *ddm) code(c *coder, n int64) {
	c.floats(&s.p, &s.pMin, &s.sMin, &s.best)
	c.ints(&s.at)
	c.demand(0 <= s.p && s.p <= 1 && 0 <= s.pMin && s.pMin <= 1, "a rate lies outside of 0 to 1")
	c.demand(0 <= s.at && s.at <= n, "the minimum lies outside of its values")
}
