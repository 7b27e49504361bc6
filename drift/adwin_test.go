package drift

import (
	"math"
	"testing"
)

// TestADWINWindow: width, total and sum of squares are those of the latest values, and buckets hold as many as they should, also
// where a cut has just been made, after which no other is left.
func TestADWINWindow(t *testing.T) {
	for _, m := range []ADWIN{{}, {Delta: 0.2, Clock: 1, MaxBuckets: 2, MinWindowLength: 1, GracePeriod: 1}, {MaxBuckets: 1, Clock: 5}, {MaxBuckets: 30}} {
		d := begin(t, m)
		s := d.state.(*adwin)
		xs := stream(false, 5000)
		for i := range xs {
			xs[i] += 40 // an offset that a difference of large sums would not bear
		}
		shrunk := 0
		for i, x := range xs {
			e, err := d.Update(x, 0)
			if err != nil {
				t.Fatal(err)
			}
			window := xs[i+1-int(s.w) : i+1]
			centre, v, held := mean(window), 0.0, int64(0)
			for _, x := range window {
				v += (x - centre) * (x - centre)
			}
			for k, row := range s.rows {
				held += int64(len(row)) << k
				if len(row) > d.method.(ADWIN).MaxBuckets {
					t.Fatalf("row %d has %d buckets", k, len(row))
				}
			}
			if held != s.w || math.Abs(s.total-centre*float64(s.w)) > 1e-9*s.total || math.Abs(s.v-v) > 1e-9*(1+v) {
				t.Fatalf("%s: after value %d the window of %d (%d in buckets) has total %g and v %g instead of %g and %g",
					Format(m), i, s.w, held, s.total, s.v, centre*float64(s.w), v)
			}
			if e.Level == Drift {
				shrunk++
				if s.w >= e.Since || s.cut().level != Stable {
					t.Errorf("a cut is left after %+v", e)
				}
			}
		}
		if shrunk < 5 {
			t.Errorf("%s was cut %d times", Format(m), shrunk)
		}
	}
}

// TestADWINCut by hand: three values of 0 and three of 1, each in a bucket of its own, have V/W = 1/4; in the middle r = 2/3, and
// with dp = ln(2 ln(6)/0.9) eps is 1.29: no cut. Values of 0 and 10 have eps 7.4: a cut.
func TestADWINCut(t *testing.T) {
	s := ADWIN{Delta: 0.9, Clock: 1, MaxBuckets: 10, MinWindowLength: 1, GracePeriod: 1}.begin().(*adwin)
	for i := range 6 {
		s.insert(float64(i / 3))
	}
	r, dp := 2./3, math.Log(2*math.Log(6)/0.9)
	eps := math.Sqrt(2*r*dp*0.25) + 2./3*r*dp
	if f := s.cut(); f.level != Stable || eps < 1 {
		t.Errorf("%+v, eps %g", f, eps)
	}
	s.reset()
	for i := range 6 {
		s.insert(float64(i / 3 * 10))
	}
	eps = math.Sqrt(2*r*dp*25) + 2./3*r*dp
	want := finding{level: Drift, direction: Up, value: 10, threshold: eps, recent: 3, before: 0, after: 10}
	f := s.cut()
	if math.Abs(f.threshold-eps) > 1e-12 {
		t.Errorf("eps is %g instead of %g", f.threshold, eps)
	}
	if f.threshold = eps; f != want {
		t.Errorf("%+v instead of %+v", f, want)
	}
}
