package drift

import "math"

// ADWIN keeps a window of all values since the reset and cuts it where the means of its two sides differ by more than chance.
// With sides of n0 and n1 values and means u0/n0 and u1/n1, W = n0 + n1, V the sum of squared distances of all W values from
// their mean, and m = min_window_length, a cut is found where n0 ≥ m, n1 ≥ m and
//
//	|u0/n0 - u1/n1| > eps,   eps = sqrt(2 r dp V/W) + 2/3 r dp
//	r = 1/(n0 - m + 1) + 1/(n1 - m + 1),   dp = ln(2 ln(W)/delta)
//
// It is looked for at every clock-th value once W > grace_period. Values lie in an exponential histogram: row i holds at most
// max_buckets buckets of 2^i values each, with their total and their sum of squared distances, and cuts are tried between buckets
// only. While a cut is found, the oldest bucket goes.
//
// False alarms: delta bounds the probability at each test for values in [0, 1] (Bifet and Gavaldà, theorem 3.1); for others the
// term 2/3 r dp, which has the unit of the values, is too small or too large, so scale them to about that range. Far fewer are seen.
// Delay: until eps of the n1 values after a shift is below it, and until the clock's next tick.
//
// An Event describes the cut whose difference of means, Value, is the largest multiple of its eps, Threshold: Recent is n1, Before
// and After are both means. A value costs O(1) amortised, a test
// O(max_buckets log n); memory is O(max_buckets log n). Source: Bifet and Gavaldà, Learning from time-changing data with adaptive
// windowing, SDM 2007; r with m, and the reset after a drift, are River's.
type ADWIN struct {
	// Delta is the probability of a false alarm at a test.
	Delta float64 `json:"delta" default:"0.002" allowed:"(0, 1)"`
	// Clock is how many values there are from test to test.
	Clock int `json:"clock" default:"32" allowed:"[1, 1e9]"`
	// MaxBuckets is how many buckets of a size there may be; more place cuts more finely.
	MaxBuckets int `json:"max_buckets" default:"5" allowed:"[1, 1000]"`
	// MinWindowLength is the least number of values at each side of a cut.
	MinWindowLength int `json:"min_window_length" default:"5" allowed:"[1, 1e9]"`
	// GracePeriod is how many values come before the first test.
	GracePeriod int `json:"grace_period" default:"10" allowed:"[1, 1e9]"`
}

var adwinEntry = Entry{
	Name: "ADWIN", Summary: "two parts of an adaptive window with different means", Source: "Bifet and Gavaldà, SDM 2007",
	Statistic: "difference of the means at both sides of a cut > eps", Method: ADWIN{},
}

// Check implements Method.
func (o ADWIN) Check() error { return check(o) }

// maxRows is enough for 2^62 values: the last row then has a bucket of all of them.
const maxRows = 63

// Bytes implements Method.
func (o ADWIN) Bytes() int { return 128 + maxRows*(24+16*(Resolve(o).(ADWIN).MaxBuckets+1)) }

func (o ADWIN) begin() state { return &adwin{o: Resolve(o).(ADWIN)} }

type adwin struct {
	o        ADWIN
	w        int64 // values in the window
	total, v float64
	// rows[i] are the buckets of 2^i values, oldest first. A bucket of an older row is older than all of younger ones.
	rows [][]bucket
}

// bucket is the sum of some values and that of their squared distances from their own mean.
type bucket struct{ total, v float64 }

func (s *adwin) reset() { s.w, s.total, s.v, s.rows = 0, 0, 0, s.rows[:0] }

func (s *adwin) update(n int64, x float64) finding {
	s.insert(x)
	if n%int64(s.o.Clock) != 0 || s.w <= int64(s.o.GracePeriod) {
		return finding{}
	}
	f := s.cut()
	if f.level == Stable {
		return f
	}
	s.shrink()
	for s.cut().level != Stable {
		s.shrink()
	}
	return f
}

// insert puts a value as the youngest bucket and merges the two oldest of every row that is too long.
func (s *adwin) insert(x float64) {
	if s.w > 0 {
		d := x - s.total/float64(s.w)
		s.v += float64(s.w) * d * d / float64(s.w+1)
	}
	s.w++
	s.total += x
	s.push(0, bucket{total: x})
	for i := 0; len(s.rows[i]) > s.o.MaxBuckets; i++ {
		a, b := s.rows[i][0], s.rows[i][1]
		n := float64(int64(1) << i)
		d := a.total/n - b.total/n
		s.rows[i] = append(s.rows[i][:0], s.rows[i][2:]...)
		s.push(i+1, bucket{a.total + b.total, a.v + b.v + n*n*d*d/(2*n)})
	}
}

// push appends to a row, of which there may be none yet. Rows that a reset left behind lend their memory.
func (s *adwin) push(i int, b bucket) {
	if i == len(s.rows) {
		if i < cap(s.rows) && s.rows[:i+1][i] != nil {
			s.rows = s.rows[:i+1]
			s.rows[i] = s.rows[i][:0]
		} else {
			s.rows = append(s.rows, make([]bucket, 0, s.o.MaxBuckets+1))
		}
	}
	s.rows[i] = append(s.rows[i], b)
}

// cut looks for the cut with the largest |u0/n0 - u1/n1|/eps; its level is Stable where there is none. River stops at the first:
// whether there is one is the same, and the largest tells better where the change lies.
func (s *adwin) cut() (f finding) {
	largest := 0.0
	m := int64(s.o.MinWindowLength)
	n0, n1 := int64(0), s.w
	u0, u1 := 0.0, s.total
	dp := math.Log(2 * math.Log(float64(s.w)) / s.o.Delta)
	variance := s.v / float64(s.w)
	for i := len(s.rows) - 1; i >= 0; i-- {
		n := int64(1) << i
		for _, b := range s.rows[i] {
			n0, n1 = n0+n, n1-n
			u0, u1 = u0+b.total, u1-b.total
			if n0 < m || n1 < m {
				continue
			}
			d := u0/float64(n0) - u1/float64(n1)
			r := 1/float64(n0-m+1) + 1/float64(n1-m+1)
			eps := math.Sqrt(2*r*variance*dp) + float64(2./3*dp*r)
			if !(math.Abs(d) > eps && math.Abs(d)/eps > largest) { // also where v has been rounded below 0 and eps is NaN
				continue
			}
			largest = math.Abs(d) / eps
			f = finding{level: Drift, direction: Up, value: math.Abs(d), threshold: eps,
				recent: n1, before: u0 / float64(n0), after: u1 / float64(n1)}
			if d > 0 {
				f.direction = Down
			}
		}
	}
	return f
}

// shrink deletes the oldest bucket. A cut has been found, so others remain.
func (s *adwin) shrink() {
	last := len(s.rows) - 1
	b, n := s.rows[last][0], float64(int64(1)<<last)
	s.rows[last] = append(s.rows[last][:0], s.rows[last][1:]...)
	for len(s.rows[last]) == 0 {
		s.rows = s.rows[:last]
		last--
	}
	s.w -= int64(n)
	w := float64(s.w)
	s.total -= b.total
	d := b.total/n - s.total/w
	s.v -= b.v + float64(n*w*d*d)/(n+w)
}

func (s *adwin) code(c *coder, n int64) {
	rows := int64(len(s.rows))
	c.ints(&s.w, &rows)
	c.floats(&s.total, &s.v)
	c.demand(0 <= rows && rows <= maxRows && s.w <= n, "its window is longer than it can be")
	if c.err != nil {
		return
	}
	if c.reads {
		s.rows = make([][]bucket, rows)
	}
	var w int64
	for i := range s.rows {
		w += s.codeRow(c, i)
		c.demand(0 <= w && w <= s.w, "its buckets hold more than the window") // a sum that has overflowed is negative
	}
	c.demand(w == s.w && (rows == 0 || len(s.rows[rows-1]) > 0), "its buckets do not hold the window")
}

// codeRow returns how many values lie in the row.
func (s *adwin) codeRow(c *coder, i int) int64 {
	k := int64(len(s.rows[i]))
	c.ints(&k)
	c.demand(0 <= k && k <= int64(s.o.MaxBuckets) && k<<i>>i == k, "a row has too many buckets")
	if c.err != nil {
		return 0
	}
	if c.reads {
		s.rows[i] = make([]bucket, k, s.o.MaxBuckets+1)
	}
	for j := range s.rows[i] {
		c.floats(&s.rows[i][j].total, &s.rows[i][j].v)
	}
	return k << i
}
