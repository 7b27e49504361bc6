package bench

import "math"

// Result is what was measured of a case. Times are in nanoseconds per operation. An operation is a training step, a
// forward pass, a step of a stream, or a call of a kernel.
type Result struct {
	Name string `json:"name"`
	// NsPerOp is the best repetition: the shortest of all operations or, where they take less than 50 µs, the shortest mean
	// over a loop of about a millisecond.
	NsPerOp float64 `json:"ns_per_op"`
	// MedianNs, P99Ns and P999Ns are quantiles of operations timed one by one, less ClockNs, what reading the clock twice takes.
	MedianNs float64 `json:"median_ns"`
	P99Ns    float64 `json:"p99_ns"`
	P999Ns   float64 `json:"p999_ns"`
	ClockNs  float64 `json:"clock_ns"`
	// LoopMedianNs is the median over loops of short operations, without the clock; else it is MedianNs.
	LoopMedianNs float64 `json:"loop_median_ns"`
	// BytesPerOp and AllocsPerOp are what the operation allocates.
	BytesPerOp  uint64 `json:"bytes_per_op"`
	AllocsPerOp uint64 `json:"allocs_per_op"`
	// FLOPs of one operation by the cost table of its program; what an engine computes again to save memory counts once.
	FLOPs float64 `json:"flops"`
	// GFLOPS is FLOPs over NsPerOp.
	GFLOPS float64 `json:"gflops"`
	// PeakRSSMB is the most resident memory of the case's process, in MB of 2^20 bytes; 0 where the system does not say.
	PeakRSSMB float64 `json:"peak_rss_mb"`
	// Repetitions is the number of operations timed.
	Repetitions uint64 `json:"repetitions"`
	// RoundNs are the medians of the rounds, and Spread the largest over the smallest of them.
	RoundNs []float64 `json:"round_ns"`
	Spread  float64   `json:"spread"`
	// Items is how many rows, steps of streams or numbers an operation advances, ItemsPerSecond what follows from LoopMedianNs.
	Items          int     `json:"items_per_op"`
	ItemsPerSecond float64 `json:"items_per_second"`
	// Traffic is the bytes that must move at least in one operation: parameters, inputs, outputs, and in training what is
	// kept for the way back, written and read once.
	Traffic float64 `json:"traffic_bytes"`
	// BytesPerStream is the memory that one more stream costs, in cases of many streams.
	BytesPerStream float64 `json:"bytes_per_stream,omitempty"`
	// PeakShare is GFLOPS over the measured peak of the threads, BandwidthShare is Traffic over NsPerOp over the measured
	// bandwidth of one core: of the cache where Traffic is below 256 kB, else of the memory. It is above 1 where caches
	// serve much.
	PeakShare      float64 `json:"peak_share"`
	BandwidthShare float64 `json:"bandwidth_share"`
}

// Failure is a case that gave no result.
type Failure struct {
	Name  string `json:"name"`
	Error string `json:"error"`
}

// Roofline is what bounds this machine, measured in the same rounds.
type Roofline struct {
	// PeakGFLOPS of multiply-adds of one core, and how it was measured; see PeakKernel.
	PeakGFLOPS float64 `json:"peak_gflops"`
	PeakKernel string  `json:"peak_kernel"`
	// MemoryGBs and CacheGBs are bytes read and written per ns while copying 32 MB and 64 kB.
	MemoryGBs float64 `json:"memory_gb_s"`
	CacheGBs  float64 `json:"cache_gb_s"`
}

// Trend is how time grows with a size: ns ~ size^Exponent by least squares over the logarithms, from size From to To.
type Trend struct {
	Axis     string  `json:"axis"`
	From     float64 `json:"from"`
	To       float64 `json:"to"`
	Exponent float64 `json:"exponent"`
}

// Report is a whole run.
type Report struct {
	Threads  int       `json:"threads"`
	Rounds   int       `json:"rounds"`
	Seconds  float64   `json:"seconds"`
	Roofline Roofline  `json:"roofline"`
	Cases    []Result  `json:"cases"`
	Failed   []Failure `json:"failed"`
	Trends   []Trend   `json:"growth,omitempty"`
}

// inCache is the traffic up to which a case is held against the bandwidth of the cache: half of what the second level
// of most cores holds.
const inCache = 256 << 10

// roof fills in the shares of the roofline.
func (r *Report) roof(references map[string]Result) {
	rate := func(name string) float64 {
		if c, ok := references[name]; ok {
			return c.Traffic / c.NsPerOp
		}
		return 0
	}
	r.Roofline = Roofline{references[peakCase].GFLOPS, PeakKernel(), rate(memoryCase), rate(cacheCase)}
	for i := range r.Cases {
		c := &r.Cases[i]
		bandwidth := r.Roofline.MemoryGBs
		if c.Traffic < inCache {
			bandwidth = r.Roofline.CacheGBs
		}
		c.PeakShare = share(c.GFLOPS, r.Roofline.PeakGFLOPS*float64(r.Threads))
		c.BandwidthShare = share(c.Traffic/c.NsPerOp, bandwidth)
	}
}

// share is 0 where the whole is not known.
func share(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

// trends fits the growth of every axis of which there are at least two cases.
func trends(cases []Case, results map[string]Result) (list []Trend) {
	var axes []string
	sizes, times := map[string][]float64{}, map[string][]float64{}
	for _, c := range cases {
		r, ok := results[c.Name]
		if c.Growth == nil || !ok {
			continue
		}
		axis := c.Growth.Axis
		if sizes[axis] == nil {
			axes = append(axes, axis)
		}
		sizes[axis], times[axis] = append(sizes[axis], c.Growth.Size), append(times[axis], r.NsPerOp)
	}
	for _, axis := range axes {
		if n := len(sizes[axis]); n > 1 {
			list = append(list, Trend{axis, sizes[axis][0], sizes[axis][n-1], exponent(sizes[axis], times[axis])})
		}
	}
	return list
}

// exponent is the slope of log y over log x by least squares.
func exponent(x, y []float64) float64 {
	var sx, sy, sxx, sxy float64
	for i := range x {
		u, v := math.Log(x[i]), math.Log(y[i])
		sx, sy, sxx, sxy = sx+u, sy+v, sxx+u*u, sxy+u*v
	}
	n := float64(len(x))
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}
