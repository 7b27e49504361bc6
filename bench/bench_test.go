package bench

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/elegans-nn/elegans/model"
)

// published are the names that reports, scripts and documents rely on.
var published = []string{
	"train/cfc-dense/B64T128", "train/ltc-ncp19/B64T128", "train/ltc-ncp32/B64T128", "train/ltc-fc32/B64T128",
	"train/cfc-ncp19/B64T128", "train/cfc-ncp19-masked/B64T128", "train/lstm64/B64T128", "train/gru64/B64T128",
	"train/cfc-dense/B32T32", "train/ltc-ncp19/B32T32", "train/ltc-ncp32/B32T32", "train/ltc-fc32/B32T32",
	"train/cfc-ncp19/B32T32", "train/cfc-ncp19-masked/B32T32", "train/lstm64/B32T32", "train/gru64/B32T32",
	"forward/cfc-dense/B64T128", "forward/ltc-ncp19/B64T128",
	"stream/ltc-ncp19", "stream/cfc-ncp19", "stream/cfc-ncp19-masked", "stream/cfc-dense64", "stream/lstm64",
	"streams/ltc-ncp19/N1", "streams/ltc-ncp19/N10000",
	"online/rtrl-ltc-ncp19", "online/rtrl-cfc-ncp19", "online/rtrl-ltc-ncp19-adam", "online/snap1-ltc-ncp19",
	"kernel/mm-64x136x128", "kernel/tanh", "kernel/sigmoid", "kernel/fma-peak",
	"long/diag-T16384",
}

func TestPublishedNames(t *testing.T) {
	var names []string
	for _, c := range Cases() {
		if slices.Contains(names, c.Name) {
			t.Errorf("two cases are called %s", c.Name)
		}
		names = append(names, c.Name)
	}
	usual, err := Select(nil, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range published {
		if !slices.ContainsFunc(usual, func(c Case) bool { return c.Name == want }) {
			t.Errorf("no case is called %s, or it runs with all only", want)
		}
	}
	for _, want := range []string{peakCase, memoryCase, cacheCase} {
		if _, err := lookup(want); err != nil {
			t.Errorf("the roofline needs %s: %v", want, err)
		}
	}
}

// TestEveryCase runs each case once, small: nothing allocated where the product promises it, a cost that the sizes explain.
func TestEveryCase(t *testing.T) {
	for _, c := range Cases() {
		m := &meter{w: c.open(setting{threads: 1, least: 3})}
		m.round(200 * time.Microsecond)
		m.round(200 * time.Microsecond)
		r := m.result(c.Name)
		if r.Repetitions < 2 || !(r.NsPerOp > 0) || !(r.MedianNs >= 0) || r.P99Ns < r.MedianNs*0.99 || r.P999Ns < r.P99Ns || len(r.RoundNs) != 2 {
			t.Errorf("%s: %+v", c.Name, r)
		}
		if r.NsPerOp > r.LoopMedianNs || r.Spread < 1 {
			t.Errorf("%s: the best, %v ns, is above the median %v ns, or the spread %v is below 1", c.Name, r.NsPerOp, r.LoopMedianNs, r.Spread)
		}
		if (strings.HasPrefix(c.Name, "stream") || strings.HasPrefix(c.Name, "online/")) && r.AllocsPerOp != 0 {
			t.Errorf("%s allocates %d times", c.Name, r.AllocsPerOp)
		}
		if r.FLOPs == 0 != strings.HasPrefix(c.Name, "kernel/copy") || r.Traffic == 0 != strings.HasPrefix(c.Name, "kernel/fma-") {
			t.Errorf("%s: %v FLOPs, %v bytes", c.Name, r.FLOPs, r.Traffic)
		}
		if (strings.HasPrefix(c.Name, "streams/") || strings.HasPrefix(c.Name, "online/")) != (r.BytesPerStream > 0) {
			t.Errorf("%s: %v bytes a stream", c.Name, r.BytesPerStream)
		}
	}
}

// The cost of a dense CfC by hand: matrix products of the forward pass, and twice as much back.
func TestTrainingFLOPs(t *testing.T) {
	const in, hidden, backbone, out = 8, 64, 128, 2
	products := 2.0 * ((in+hidden)*backbone + backbone*4*hidden + hidden*out)
	w := networks["cfc-dense"].training(setting{threads: 1}, 2, 3)
	got := w.flops / 6 / products
	// Backward has no product for the inputs' cotangent; functions and sums come on top of the products.
	if got < 3-2.0*in*backbone/products || got > 3.4 {
		t.Errorf("a step of training counts %.2f times the products of the forward pass", got)
	}
	if f := networks["cfc-dense"].training(setting{threads: 1}, 4, 9).flops; f != 6*w.flops {
		t.Errorf("6 times the rows count %v times the operations", f/w.flops)
	}
	// 64 series are two shards, 128 four, one after the other in the memory of one.
	two, four := networks["cfc-dense"].training(setting{threads: 1}, 64, 2), networks["cfc-dense"].training(setting{threads: 1}, 128, 2)
	two.op()
	four.op()
	if k := four.traffic() / two.traffic(); math.Abs(k-2) > 1e-9 {
		t.Errorf("twice the series move %v times the bytes", k)
	}
}

// What is timed trains: the loss on the batch falls step by step, from the variance of the labels and that of the outputs,
// which is about 1 where a cell passes its inputs on.
func TestTrainingStepTrains(t *testing.T) {
	for name, n := range networks {
		w := n.training(setting{threads: 2}, 5, 6)
		w.op()
		first := w.loss()
		if n.readout == model.Linear && math.Abs(first-1) > 1.2 || !(first > 0) {
			t.Errorf("%s begins at a loss of %v on standard normal labels", name, first)
		}
		for last, i := first, 0; i < 20; i++ {
			w.op()
			if now := w.loss(); !(now < last) {
				t.Errorf("%s: the loss goes from %v to %v in step %d", name, last, now, i+2)
			} else {
				last = now
			}
		}
	}
}

func TestSelect(t *testing.T) {
	names := func(list []Case) (names []string) {
		for _, c := range list {
			names = append(names, c.Name)
		}
		return names
	}
	every, err := Select(nil, false)
	if err != nil || len(every) != len(Cases())-len(longCases)+1-14 {
		t.Errorf("without a choice %d cases run (%v)", len(every), err)
	}
	if every, _ = Select(nil, true); len(every) != len(Cases()) {
		t.Errorf("all are %d cases of %d", len(every), len(Cases()))
	}
	two, err := Select([]string{"stream/lstm", "kernel/tanh"}, false)
	if err != nil || !slices.Equal(names(two), []string{"stream/lstm64", "kernel/tanh"}) {
		t.Errorf("two texts select %v (%v)", names(two), err)
	}
	if grown, err := Select([]string{"long/batch"}, true); err != nil || len(grown) != 4 {
		t.Errorf("long/batch selects %v (%v)", names(grown), err)
	}
	for _, c := range []struct {
		text, nearest string
		hidden        bool
	}{
		{"trian", "train", false},
		{"train/ltc-npc19/B64T128", "train/ltc-ncp19/B64T128", false},
		{"kernel/tahn", "kernel/tanh", false},
		{"cfc-densse", "cfc-dense", false},
		{"zzzzzz", "", false},
		{"", "", false},
		{"long/time", "", true},
	} {
		_, err := Select([]string{"stream", c.text}, false)
		var unknown *UnknownError
		if !errors.As(err, &unknown) || unknown.Text != c.text || unknown.Hidden != c.hidden || !c.hidden && unknown.Nearest != c.nearest {
			t.Errorf("%q gives %v, want nearest %q, hidden %v", c.text, err, c.nearest, c.hidden)
		}
	}
}

// Every class holds its values, and stands for one within 0.4 % of them.
func TestHistogramClasses(t *testing.T) {
	last := -1
	for _, ns := range []uint64{0, 1, 254, 255, 256, 257, 258, 511, 512, 515, 516, 1023, 1024, 99999, 1 << 20, 1<<20 + 8191, 1<<20 + 8192, 1 << 40, 1<<63 - 1} {
		k := class(ns)
		if k < last {
			t.Errorf("%d ns is in class %d, below a smaller value's %d", ns, k, last)
		}
		last = k
		if e := math.Abs(middle(k)-float64(ns)) / math.Max(1, float64(ns)); e > 0.004 || ns < 256 && e != 0 {
			t.Errorf("%d ns stands as %v", ns, middle(k))
		}
	}
	if last >= len(histogram{}.counts) {
		t.Error("the largest duration has no class")
	}
	seen := map[int]bool{}
	for ns := uint64(0); ns < 4096; ns++ {
		seen[class(ns)] = true
	}
	if want := 256 + 4*128; len(seen) != want {
		t.Errorf("durations below 4096 ns have %d classes, want %d", len(seen), want)
	}
}

func TestQuantiles(t *testing.T) {
	var h histogram
	if h.quantile(0.5) != 0 {
		t.Error("an empty histogram has a median")
	}
	for i := 1; i <= 200; i++ {
		h.add(time.Duration(i))
	}
	h.add(-5) // a clock that went back
	for q, want := range map[float64]float64{0.5: 100, 0.99: 198, 0.999: 200, 0: 0, 1: 200} {
		if got := h.quantile(q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if got := median([]float64{9, 1, 4, 2}); got != 3 {
		t.Errorf("the median is %v, want 3", got)
	}
}

// A meter of operations that sleep knows what it counted.
func TestMeterCounts(t *testing.T) {
	n, kept := 0, [][]byte{}
	m := &meter{w: work{op: func() { n++; time.Sleep(300 * time.Microsecond); kept = append(kept[:0], make([]byte, 1<<16)) },
		items: 7, flops: 1e6, traffic: func() float64 { return 5 }}}
	for range 3 {
		m.round(4 * time.Millisecond)
	}
	r := m.result("x")
	if warm := uint64(n) - r.Repetitions; warm < 1 || warm > uint64(n)/2 || len(r.RoundNs) != 3 {
		t.Errorf("%d of %d operations are in the result, in %d rounds", r.Repetitions, n, len(r.RoundNs))
	}
	if r.NsPerOp < 3e5 || r.GFLOPS != 1e6/r.NsPerOp || r.AllocsPerOp != 1 || r.BytesPerOp < 1<<16 || r.BytesPerOp > 1<<17 {
		t.Errorf("operations that sleep for 0.3 ms and keep 64 kB: %+v", r)
	}
	if r.ItemsPerSecond > 7/300e-6 || r.MedianNs != r.LoopMedianNs || len(kept) != 1 {
		t.Errorf("%v items a second", r.ItemsPerSecond)
	}
	calls := 0
	quick := &meter{w: work{op: func() { calls++ }, traffic: func() float64 { return 0 }}}
	quick.round(5 * time.Millisecond)
	warm := calls
	quick.round(5 * time.Millisecond)
	if q := quick.result("y"); q.Repetitions < 1000 || int(q.Repetitions) > calls || int(q.Repetitions) < calls-warm || q.AllocsPerOp != 0 || q.NsPerOp > 1e3 || q.MedianNs > 1e3 {
		t.Errorf("an operation of a nanosecond, %d times: %+v", calls, q)
	}
}

func TestPeakIsComputed(t *testing.T) {
	if math.Abs(float64(plainMultiplyAdd(1000)-8)) > 1e-2 {
		t.Errorf("8 chains of x*0.999 + 0.001 tend to %v, want 8", plainMultiplyAdd(1000))
	}
	multiplyAdd(0)
	multiplyAdd(-1)
	multiplyAdd(3)
	if k := PeakKernel(); k != "go" && k != "avx2" || vectors != (k == "avx2") {
		t.Errorf("the peak is measured with %q", k)
	}
}
