package drift

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/elegans-nn/elegans/internal/mersenne"
)

// KSWIN compares the distribution of the latest values with that of older ones. Over the last window_size values, once there are as
// many:
//
//	R = the last stat_size values
//	A = stat_size values drawn without replacement from the window_size - stat_size before them
//	D = max |F_A - F_R|, the distance of their empirical distributions (Kolmogorov and Smirnov)
//	drift where P(D' ≥ D) ≤ alpha and D > 0.1
//
// P is the exact two-sided probability under equal distributions, see pValue. It falls as D grows, so the test is D > Threshold with
// the largest D that is no drift. Draws are those of Python's random.Random(seed).sample, as in River, begun anew after a drift, so
// that a stream gives the same events anywhere and at any time.
//
// False alarms: each value raises one with a probability of at most alpha, if values are independent. Successive tests share most
// of their values, so alarms come in runs, of which the reset keeps the first; by TestStationary 1.5 in 1000 values are left of 5.
// Delay: up to stat_size values for a shift that is large against alpha. One that is not found while older values are still in the
// window is never found, nor is one within window_size values of a drift.
//
// In an Event Recent is stat_size, After the mean of R and Before that of all older values in the window; Direction is the side to
// which F_R lies further off, and Both where that is neither, as when only the spread has changed. A value costs
// O(stat_size log stat_size), memory is O(window_size). Source: Raab, Heusinger and Schleif, Reactive soft prototype computing for
// concept drift streams, Neurocomputing 416, 2020.
type KSWIN struct {
	// Alpha is the level of the test.
	Alpha float64 `json:"alpha" default:"0.005" allowed:"(0, 1)"`
	// WindowSize is how many values are kept; at least 2 stat_size.
	WindowSize int `json:"window_size" default:"100" allowed:"[2, 100000]"`
	// StatSize is how many of the latest values are compared with as many older ones.
	StatSize int `json:"stat_size" default:"30" allowed:"[1, 10000]"`
	// Seed begins the draws. River's default is a seed of chance; here it is 0.
	Seed uint64 `json:"seed" default:"0" allowed:"[0, 18446744073709551615]"`
}

var kswinEntry = Entry{
	Name: "KSWIN", Summary: "latest values against older ones by a Kolmogorov-Smirnov test", Source: "Raab et al., Neurocomputing 416, 2020",
	Statistic: "distance of two empirical distributions > the largest with p above alpha", Method: KSWIN{},
}

// Check implements Method.
func (o KSWIN) Check() error {
	if err := check(o); err != nil {
		return err
	}
	o = Resolve(o).(KSWIN)
	if 2*o.StatSize > o.WindowSize {
		return fmt.Errorf("KSWIN: stat_size is %d; allowed: up to half of window_size, which is %d", o.StatSize, o.WindowSize)
	}
	if p := pValue(o.StatSize, o.StatSize); p > o.Alpha {
		return fmt.Errorf("KSWIN: alpha is %g, which samples of stat_size %d can never reach; allowed: at least %.2g, or a larger stat_size",
			o.Alpha, o.StatSize, 1.06*p) // which is above p with two digits too
	}
	return nil
}

// Bytes implements Method: the window, the twister, two samples, and the marks of the draw.
func (o KSWIN) Bytes() int {
	o = Resolve(o).(KSWIN)
	return 256 + 8*o.WindowSize + 4*(mersenne.Words+2) + 16*o.StatSize + 8*(o.WindowSize-o.StatSize) + 8*o.StatSize
}

func (o KSWIN) begin() state {
	o = Resolve(o).(KSWIN)
	s := &kswin{o: o, largest: critical(o.StatSize, o.Alpha) - 1, window: make([]float64, o.WindowSize),
		old: make([]float64, o.StatSize), recent: make([]float64, o.StatSize), draw: newDraw(o.WindowSize-o.StatSize, o.StatSize)}
	s.reset()
	return s
}

type kswin struct {
	o       KSWIN
	largest int // the largest distance, in units of 1/stat_size, that is no drift
	random  twister
	window  []float64 // a ring; value k since the reset, from 0, is at k mod window_size

	// What follows is overwritten at each value.
	old, recent []float64
	draw        *draw
}

func (s *kswin) reset() { s.random.seed(s.o.Seed) }

func (s *kswin) update(n int64, x float64) finding {
	w, size := int64(s.o.WindowSize), s.o.StatSize
	s.window[(n-1)%w] = x
	if n < w {
		return finding{}
	}
	for i, at := range s.draw.sample(&s.random) {
		s.old[i] = s.at(n, at)
	}
	for i := range s.recent {
		s.recent[i] = s.at(n, s.o.WindowSize-size+i)
	}
	slices.Sort(s.old)
	slices.Sort(s.recent)
	up, down := distances(s.old, s.recent)
	d := max(up, down)
	if d <= s.largest {
		return finding{}
	}
	f := finding{level: Drift, direction: Both, value: float64(d) / float64(size), threshold: float64(s.largest) / float64(size),
		recent: int64(size), p: max(pValue(size, d), math.SmallestNonzeroFloat64)}
	if up > down {
		f.direction = Up
	} else if down > up {
		f.direction = Down
	}
	for i := range s.window {
		if v := s.at(n, i); i < s.o.WindowSize-size {
			f.before += v / float64(s.o.WindowSize-size)
		} else {
			f.after += v / float64(size)
		}
	}
	return f
}

// at is value i of the full window, from the oldest on.
func (s *kswin) at(n int64, i int) float64 {
	return s.window[(n+int64(i))%int64(s.o.WindowSize)]
}

func (s *kswin) code(c *coder, n int64) {
	s.random.code(c)
	for i := range min(n, int64(len(s.window))) {
		c.floats(&s.window[i])
		c.demand(math.Abs(s.window[i]) <= MaxInput, "a value of its window is too large")
	}
}

// distances of two sorted samples of the same size n, in units of 1/n: how far the distribution function of the first lies above
// that of the second, which is where the second has larger values, and how far below.
func distances(a, b []float64) (up, down int) {
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		x := min(a[i], b[j])
		for i < len(a) && a[i] == x {
			i++
		}
		for j < len(b) && b[j] == x {
			j++
		}
		up, down = max(up, i-j), max(down, j-i)
	}
	return up, down
}

// pValue is the exact probability that two samples of n values each, from one continuous distribution, have a distance of k/n or
// more:
//
//	P = 2 Σ_{i≥1, ik≤n} (-1)^(i-1) C(2n, n-ik) / C(2n, n)
//
// by reflection of lattice paths (Gnedenko and Korolyuk, Doklady 80, 1951). The ratio of binomials is Π_{j<ik} (n-j)/(n+j+1). The
// cost is O(n), the relative error some 1e-15 n.
func pValue(n, k int) float64 {
	if k <= 0 {
		return 1
	}
	p, ratio, sign := 0.0, 1.0, 2.0
	for j := range n / k * k {
		ratio *= float64(n-j) / float64(n+j+1)
		if (j+1)%k == 0 {
			p += sign * ratio
			sign = -sign
		}
	}
	return min(max(p, 0), 1)
}

// critical is the smallest k for which a distance of k/n is a drift.
func critical(n int, alpha float64) int {
	return sort.Search(n, func(k int) bool { return pValue(n, k) <= alpha && 10*k > n })
}
