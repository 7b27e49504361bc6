package bench

import (
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// brief operations take less than this: they are timed in loops, where the clock does not count, and one by one, where
// the slow ones show.
const brief = 50 * time.Microsecond

// loop is how long a loop of brief operations is.
const loop = time.Millisecond

// meter times one case over several rounds.
type meter struct {
	w        work
	cost     time.Duration // of one operation at its fastest, roughly; 0 before the first round
	singles  histogram
	loops    []float64 // ns per operation of every loop, or of every operation that is not brief
	rounds   []float64 // median of each round
	ops      uint64
	bytes    uint64
	mallocs  uint64
	overhead float64
}

// round measures for about as long as slice, at least once.
func (m *meter) round(slice time.Duration) {
	if m.cost == 0 {
		m.warm(slice)
	}
	from := len(m.loops)
	m.loops = slices.Grow(m.loops, 2*int(slice/max(m.cost, brief))+64) // so that no growth is counted below
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begun := time.Now()
	if m.cost >= brief {
		for done := false; !done; done = time.Since(begun) >= slice {
			m.loops = append(m.loops, float64(m.single()))
		}
	} else {
		m.briefly(begun, slice)
	}
	runtime.ReadMemStats(&after)
	m.bytes += after.TotalAlloc - before.TotalAlloc
	m.mallocs += after.Mallocs - before.Mallocs
	m.rounds = append(m.rounds, median(m.loops[from:]))
}

// warm runs the operation until what it keeps for the next time is there, and learns its cost.
func (m *meter) warm(slice time.Duration) {
	m.overhead = clock()
	begun := time.Now()
	m.w.op()
	if m.cost = time.Since(begun); m.cost >= slice/10 {
		return // slow enough to be known from one
	}
	for done := false; !done; done = time.Since(begun) >= slice/10 {
		start := time.Now()
		m.w.op()
		m.cost = max(1, min(m.cost, time.Since(start)))
	}
}

// briefly takes turns of loops and of operations one by one, equally long.
func (m *meter) briefly(begun time.Time, slice time.Duration) {
	n := int(max(1, loop/m.cost))
	for done := false; !done; done = time.Since(begun) >= slice {
		start := time.Now()
		for range n {
			m.w.op()
		}
		m.loops = append(m.loops, float64(time.Since(start))/float64(n))
		for range n {
			m.single()
		}
		m.ops += uint64(n)
	}
}

func (m *meter) single() time.Duration {
	start := time.Now()
	m.w.op()
	d := time.Since(start)
	m.singles.add(d)
	m.ops++
	return d
}

// clock is what reading the clock twice adds to an operation timed by itself, in ns: the median of 1,000.
func clock() float64 {
	var h histogram
	for range 1000 {
		start := time.Now()
		h.add(time.Since(start))
	}
	return h.quantile(0.5)
}

func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	if len(v) == 0 {
		return math.NaN()
	}
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// result is what is known after the rounds so far.
func (m *meter) result(name string) Result {
	single := func(q float64) float64 { return max(0, m.singles.quantile(q)-m.overhead) }
	r := Result{
		Name: name, NsPerOp: slices.Min(m.loops), LoopMedianNs: median(m.loops),
		MedianNs: single(0.5), P99Ns: single(0.99), P999Ns: single(0.999), ClockNs: m.overhead,
		BytesPerOp: m.bytes / m.ops, AllocsPerOp: m.mallocs / m.ops, Repetitions: m.ops, RoundNs: m.rounds,
		FLOPs: m.w.flops, Items: m.w.items, Traffic: m.w.traffic(), BytesPerStream: m.w.perStream, PeakRSSMB: peakRSS(),
	}
	if m.cost >= brief {
		r.MedianNs = r.LoopMedianNs
	}
	r.GFLOPS = r.FLOPs / r.NsPerOp
	r.Spread = slices.Max(m.rounds) / slices.Min(m.rounds)
	r.ItemsPerSecond = 1e9 * float64(r.Items) / r.LoopMedianNs
	return r
}

// peakRSS is the most memory that this process has had resident, in MB of 2^20 bytes; 0 where the system does not say.
func peakRSS() float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kB, _ := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return math.Round(10*kB/1024) / 10
		}
	}
	return 0
}
