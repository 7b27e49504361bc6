package online

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-12*math.Max(1, math.Abs(want))) {
		t.Errorf("%s is %g, want %g", what, got, want)
	}
}

// The evidence of a few blocks by hand.
func TestGuardByHand(t *testing.T) {
	g, err := newGuard(GuardOptions{Alpha: 0.1, Block: 2, Reach: 2})
	if err != nil {
		t.Fatal(err)
	}
	// Block means 1, 2, -1: the first sets the scale 1; then u = 2/(2·1) = 1; then the scale is sqrt((1+4)/2), u = -1/(2·1.58…).
	for _, d := range []float64{0.5, 1.5, 3, 1, -2, 0} {
		if v := g.observe(7+d, 7); v != 0 {
			t.Fatalf("verdict %d", v)
		}
	}
	u := -1 / (2 * math.Sqrt(2.5))
	for i, b := range []float64{0.125, 0.25, 0.5} {
		near(t, "evidence for the learning copy", g.better[i], (1+b)*(1+b*u))
		near(t, "evidence against it", g.worse[i], 1*(1-b*u)) // 1 - b is below 1 and begins anew
	}
	near(t, "loss of the serving copy", g.serving/float64(g.labels), 7+4./6)
	if v := g.observe(math.Inf(1), 1); v != 0 || g.labels != 6 {
		t.Error("a loss that is not finite counts")
	}
}

// Copies that are equally good in the mean are told apart by mistake once in at least 1/Alpha blocks, in the mean over streams;
// one that is better by a quarter of a standard deviation is found soon, and one that is worse too.
func TestGuardRates(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	length := func(shift float64, want int) (mean float64) {
		const streams, most = 200, 20_000
		for range streams {
			g, _ := newGuard(GuardOptions{Alpha: 0.05, Block: 4})
			n := 0
			for n < most {
				n++
				// Skewed: large wins are rare, small losses frequent.
				d := r.ExpFloat64() - 1
				v := g.observe(5+d+shift, 5)
				if v == want || want == 0 && v != 0 {
					break
				}
				if v != 0 {
					g.restart()
				}
			}
			mean += float64(n) / 4 / streams
		}
		return mean
	}
	if m := length(0, 1); m < 20 {
		t.Errorf("a promotion by mistake after %.3g blocks, at least 20", m)
	}
	if better, worse := length(0.25, 1), length(-0.25, -1); better > 80 || worse > 80 {
		t.Errorf("a quarter of a standard deviation is found after %.3g and %.3g blocks", better, worse)
	} else {
		t.Logf("found after %.3g and %.3g blocks", better, worse)
	}
}

// The quantile of scores by hand.
func TestIntervalByHand(t *testing.T) {
	c, err := newConformal(IntervalOptions{Coverage: 0.9, Window: 19, Rate: 0.01}, series.Target{Task: series.Regress, SD: 1})
	if err != nil {
		t.Fatal(err)
	}
	for k := range 9 {
		if low, high := c.around([]float32{3}); low == low || high == high {
			t.Errorf("after %d scores there is an interval", k)
		}
		c.observe([]float32{0}, math.NaN(), math.NaN(), float64(2*k+1)) // odd scores 1 to 17
	}
	low, high := c.around([]float32{3})
	near(t, "low", low, 3-17) // ⌈10·0.9⌉ = 9th of 9
	near(t, "high", high, 3+17)
	for k := range 10 {
		c.observe([]float32{0}, math.NaN(), math.NaN(), -float64(2*k+2)) // even scores 2 to 20; the window is full
	}
	_, high = c.around([]float32{3})
	near(t, "high of 19", high, 3+18)   // ⌈20·0.9⌉ = 18th of 1 to 18 and 20
	c.observe([]float32{0}, -5, 5, 0.5) // covered; 0.5 replaces the oldest, 1
	near(t, "level after a hit", c.a, 0.1+0.01*0.1)
	c.observe([]float32{0}, -5, 5, 6) // missed
	near(t, "level after a miss", c.a, 0.1+0.01*0.1+0.01*(0.1-1))
	if got := c.coverage(); got.Intervals != 2 || got.Covered != 1 || got.Width != 10 || got.Share() != 0.5 {
		t.Errorf("coverage %+v", got)
	}
	c.a = -0.1
	if low, high := c.around([]float32{3}); !math.IsInf(low, -1) || !math.IsInf(high, 1) {
		t.Errorf("interval %g to %g at a level below 0", low, high)
	}
	c.a = 1.1
	if low, high := c.around([]float32{3}); low != 3 || high != 3 {
		t.Errorf("interval %g to %g at a level beyond 1", low, high)
	}
	if _, err := newConformal(IntervalOptions{}, series.Target{Task: series.Classify}); err == nil {
		t.Error("classes have intervals")
	}
}

// The coverage is held to within the bound of Gibbs and Candès although the scale of errors jumps, for each kind of prediction;
// without adaptation it is not.
func TestCoverageUnderShift(t *testing.T) {
	for _, k := range []struct {
		name   string
		target series.Target
		y      []float32
	}{
		{"a number", series.Target{Task: series.Regress, SD: 1}, []float32{2}},
		{"mean and sd", series.Target{Task: series.Regress, SD: 1, Gaussian: true}, []float32{2, 0.7}},
		{"quantiles", series.Target{Task: series.Regress, SD: 1, Quantiles: []float64{0.2, 0.5, 0.8}}, []float32{1, 2, 3}},
	} {
		for _, rate := range []float64{0.02, 1e-9} {
			c, err := newConformal(IntervalOptions{Coverage: 0.8, Window: 200, Rate: rate}, k.target)
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(4, 4))
			for i := range 4000 {
				scale := 1.0 + 0.002*float64(i) // grows without end, so that old scores are always too small
				low, high := c.around(k.y)
				c.observe(k.y, low, high, 2+scale*r.NormFloat64())
			}
			share, n := c.coverage().Share(), float64(c.given)
			bound := (0.8 + rate) / (rate * n)
			if miss := math.Abs(share - 0.8); rate > 0.01 && miss > math.Min(bound, 0.02) || rate < 0.01 && miss < 0.005 {
				t.Errorf("%s, rate %g: coverage %.4f of %g, the bound is %.4f", k.name, rate, share, n, bound)
			}
		}
	}
}

// Transfer of three tasks by hand.
func TestTransferByHand(t *testing.T) {
	score := [][]float64{{0.9, 0.3, 0.2}, {0.95, 0.8, 0.4}, {0.6, 0.7, 0.85}}
	got, err := NewTransfer(score, []float64{0.1, 0.25, 0.5})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "average", got.Average, (0.6+0.7+0.85)/3)
	near(t, "backward", got.Backward, ((0.6-0.9)+(0.7-0.8))/2)
	near(t, "forward", got.Forward, ((0.3-0.25)+(0.4-0.5))/2)
	near(t, "forgetting", got.Forgetting, ((0.95-0.6)+(0.8-0.7))/2)
	if got, err := NewTransfer(score[:1:1], nil); err == nil {
		t.Errorf("%v of one task with three scores", got)
	}
	if got, err := NewTransfer([][]float64{{0.5}}, nil); err != nil || got.Average != 0.5 || got.Backward != 0 || got.Forgetting != 0 || got.Forward == got.Forward {
		t.Errorf("%v, %v of one task", got, err)
	}
	for _, bad := range [][][]float64{nil, {{1, math.NaN()}, {0, 0}}} {
		if _, err := NewTransfer(bad, nil); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}
