package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/bench"
)

func TestDurationText(t *testing.T) {
	for ns, want := range map[float64]string{0.4: "0 ns", 12.6: "13 ns", 999: "999 ns", 1000: "1 µs", 12345: "12.3 µs", 4.567e6: "4.57 ms", 2.5e9: "2.5 s"} {
		if got := duration(ns); got != want {
			t.Errorf("%v ns is written %q, want %q", ns, got, want)
		}
	}
	for share, want := range map[float64]string{0.014: "1.4 %", 0.1: "10 %", 0.876: "88 %", 1.2: "120 %"} {
		if got := percent(share); got != want {
			t.Errorf("%v is written %q, want %q", share, got, want)
		}
	}
}

// TestPrintBench shows results, failures and growth together, and says that a peak without vectors is none.
func TestPrintBench(t *testing.T) {
	var out bytes.Buffer
	c := newConsole(strings.NewReader(""), &out, &bytes.Buffer{})
	r := &bench.Report{Threads: 1, Seconds: 4.4, Roofline: bench.Roofline{PeakGFLOPS: 3.21, PeakKernel: "go", MemoryGBs: 20, CacheGBs: 90},
		Cases: []bench.Result{{Name: "streams/x", NsPerOp: 1500, MedianNs: 1600, P999Ns: 9e6, Spread: 1.234, GFLOPS: 2.5, PeakShare: 0.78,
			BandwidthShare: 0.03, AllocsPerOp: 2, PeakRSSMB: 17.6, ItemsPerSecond: 66666, BytesPerStream: 80}},
		Failed: []bench.Failure{{Name: "kernel/y", Error: "panic: z"}},
		Trends: []bench.Trend{{Axis: "time", From: 32, To: 3200, Exponent: 0.987}},
	}
	if err := c.printBench(benchmarked{machine{Go: "go1", OS: "plan9", Arch: "mips", Cores: 3, Version: "1", Kernel: "go"}, r}); err != nil {
		t.Fatal(err)
	}
	if err := c.flush(); err != nil {
		t.Fatal(err)
	}
	want := `elegans 1, go1, plan9/mips, unknown processor, 1 thread of 3, kernels: go
peak of one core 3.2 GFLOP/s (plain Go: this machine has no vector kernels, so the share says little), memory 20.0 GB/s, cache 90.0 GB/s

CASE       BEST    MEDIAN  P99.9  SPREAD  GFLOP/S  OF PEAK  OF MEMORY  ALLOCS  RSS MB  PER SECOND
streams/x  1.5 µs  1.6 µs  9 ms   1.23    2.50     78 %     3.0 %      2       18      6.67e+04, 80 bytes a stream
kernel/y   failed: panic: z
growth with time from 32 to 3200: time ~ time^0.99

1 case in 4 s
`
	if out.String() != want {
		t.Errorf("printed:\n%s\nwant:\n%s", out.String(), want)
	}
}
