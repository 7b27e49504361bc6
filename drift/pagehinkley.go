package drift

// PageHinkley is the test of Page and Hinkley, a cumulative sum of the distances from the running mean, with forgetting. With n
// values x since the reset:
//
//	mean += (x - mean)/n
//	up   = alpha up + (x - mean) - delta,     down = alpha down + (x - mean) + delta
//	drift up where  up - min up > threshold,  drift down where  max down - down > threshold,  for n ≥ min_instances
//
// min and max run over all values since the reset. delta and threshold are in units of x: of values with standard deviation σ,
// a usual choice is delta = σ/2 for a shift of about σ and a threshold of several σ. The default values are those of River and
// suit values of the order of 1 over long streams only.
//
// False alarms: with alpha = 1 and independent normal values of standard deviation σ, a value raises one side with a probability
// of at most exp(-2 delta threshold/σ²) (Lundberg's inequality: x - mean are then independent, of variance below σ²). A smaller
// alpha draws both sums back to 0, against delta, and after some 1/(1-alpha) values the bound no longer holds. Delay: about
// threshold/(Δ-delta) values for a shift by Δ > delta after a much longer time; it grows as the mean follows.
//
// In an Event Value is the sum's distance from its extreme, and Recent counts the values after that extreme, the usual estimate
// of where the change lies. A value costs O(1). Source: Page, Continuous inspection schemes, Biometrika 41, 1954; Hinkley,
// Inference about the change-point from cumulative sum tests, Biometrika 58, 1971; forgetting as in River.
type PageHinkley struct {
	// MinInstances is how many values come before the first test.
	MinInstances int `json:"min_instances" default:"30" allowed:"[1, 1e9]"`
	// Delta is how far the mean may wander, in units of the values. For none, take a very small one.
	Delta float64 `json:"delta" default:"0.005" allowed:"(0, 1e100]"`
	// Threshold is what the sums must exceed, in units of the values.
	Threshold float64 `json:"threshold" default:"50" allowed:"(0, 1e100]"`
	// Alpha is the part of the sums that stays at each value.
	Alpha float64 `json:"alpha" default:"0.9999" allowed:"(0, 1]"`
	// Mode is the side to watch.
	Mode Direction `json:"mode" default:"both" allowed:"both, up, down"`
}

var pageHinkleyEntry = Entry{
	Name: "PageHinkley", Summary: "cumulative distance from the running mean", Source: "Page 1954, Hinkley 1971",
	Statistic: "distance of the cumulative sum from its extreme > threshold", Method: PageHinkley{},
}

// Check implements Method.
func (o PageHinkley) Check() error { return check(o) }

// Bytes implements Method.
func (o PageHinkley) Bytes() int { return 256 }

func (o PageHinkley) begin() state {
	return &pageHinkley{o: Resolve(o).(PageHinkley)}
}

type pageHinkley struct {
	o              PageHinkley
	mean           float64
	up, down       float64
	minUp, maxDown extreme
}

// extreme is that of a sum, with the mean of the values up to where it was.
type extreme struct {
	sum, mean float64
	at        int64
}

func (s *pageHinkley) reset() {
	// River starts the maximum at -1. Here the first value is the first extreme, with the same outcome: down is then delta > -1.
	*s = pageHinkley{o: s.o}
}

func (s *pageHinkley) update(n int64, x float64) finding {
	s.mean += (x - s.mean) / float64(n)
	dev := x - s.mean
	// The conversions keep compilers from fusing product and sum, so that all machines agree.
	s.up = float64(s.o.Alpha*s.up) + dev - s.o.Delta
	s.down = float64(s.o.Alpha*s.down) + dev + s.o.Delta
	if n == 1 || s.up < s.minUp.sum {
		s.minUp = extreme{s.up, s.mean, n}
	}
	if n == 1 || s.down > s.maxDown.sum {
		s.maxDown = extreme{s.down, s.mean, n}
	}
	if n < int64(s.o.MinInstances) {
		return finding{}
	}
	up, down := s.up-s.minUp.sum, s.maxDown.sum-s.down
	inc := s.o.Mode != Down && up > s.o.Threshold
	dec := s.o.Mode != Up && down > s.o.Threshold
	switch {
	case inc && (!dec || up >= down):
		return s.found(n, up, Up, s.minUp)
	case dec:
		return s.found(n, down, Down, s.maxDown)
	}
	return finding{}
}

func (s *pageHinkley) found(n int64, value float64, to Direction, from extreme) finding {
	f := finding{level: Drift, direction: to, value: value, threshold: s.o.Threshold, before: from.mean}
	f.recent, f.after = split(n, s.mean, from.at, from.mean)
	return f
}

func (s *pageHinkley) code(c *coder, n int64) {
	c.floats(&s.mean, &s.up, &s.down)
	for _, e := range []*extreme{&s.minUp, &s.maxDown} {
		c.floats(&e.sum, &e.mean)
		c.ints(&e.at)
		c.demand(0 <= e.at && e.at <= n, "an extreme lies outside of its values")
	}
}
