package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain makes this binary the process of a case where the environment names one, or a planted fault.
func TestMain(m *testing.M) {
	name := os.Getenv("BENCH_TEST_CASE")
	if name == "" {
		os.Exit(m.Run())
	}
	faults := map[string]func(){
		"kernel/exp":     func() { panic("planted") },
		"kernel/tanh":    func() { fmt.Println("no JSON"); time.Sleep(time.Minute) },
		"kernel/sigmoid": func() { time.Sleep(time.Minute) },
		"stream/lstm64":  func() { os.Exit(3) },
	}
	if fault := faults[name]; fault != nil && os.Getenv("BENCH_TEST_FAULTS") != "" {
		bufio.NewScanner(os.Stdin).Scan()
		fault()
	}
	if err := serve(name, setting{threads: 1, least: 3}, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// selfAs is a command that runs this binary as the process of a case.
func selfAs(env ...string) func(string, int) *exec.Cmd {
	return func(name string, threads int) *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(append(os.Environ(), "BENCH_TEST_CASE="+name), env...)
		return cmd
	}
}

func selected(t *testing.T, only ...string) []Case {
	t.Helper()
	cases, err := Select(only, true)
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

func TestSuite(t *testing.T) {
	var told []string
	s := Suite{Cases: selected(t, "stream/ltc-ncp19", "kernel/copy-128kB", "long/batch"), Rounds: 3, Budget: 20 * time.Millisecond, Command: selfAs(),
		Progress: func(round int, name string, done float64) {
			told = append(told, fmt.Sprint(round, name))
			if done < float64(round-1) || done >= float64(round) {
				t.Errorf("in round %d the share done is %v", round, done)
			}
		}}
	r, err := s.Run(t.Context())
	if err != nil || len(r.Failed) > 0 || r.Threads != 1 || r.Rounds != 3 || !(r.Seconds > 0) {
		t.Fatalf("%+v, %v", r, err)
	}
	if len(r.Cases) != len(s.Cases) {
		t.Fatalf("%d results for %d cases", len(r.Cases), len(s.Cases))
	}
	for i, c := range r.Cases {
		if c.Name != s.Cases[i].Name || c.NsPerOp <= 0 || c.PeakShare < 0 || c.BandwidthShare <= 0 {
			t.Errorf("case %d: %+v", i, c)
		}
	}
	if r.Roofline.PeakGFLOPS <= 0 || r.Roofline.CacheGBs <= 0 || r.Roofline.MemoryGBs <= 0 || r.Roofline.PeakKernel != PeakKernel() {
		t.Errorf("the roofline is %+v", r.Roofline)
	}
	if c := r.Cases[slices.IndexFunc(r.Cases, func(c Result) bool { return c.Name == cacheCase })]; c.BandwidthShare != 1 {
		t.Errorf("copying within the cache has a share of %v of itself", c.BandwidthShare)
	}
	if len(r.Trends) != 1 || r.Trends[0].Axis != "batch" || r.Trends[0].From != 16 || r.Trends[0].To != 1600 {
		t.Errorf("growth: %+v", r.Trends)
	}
	// All cases begin before one has its second turn.
	first := slices.IndexFunc(told, func(s string) bool { return strings.HasPrefix(s, "2") })
	if first != 2+len(s.Cases) {
		t.Errorf("the second round begins after %d turns of %d processes: %v", first, 2+len(s.Cases), told)
	}
}

// A case that fails says why, once, and the others go on.
func TestFailuresAreReported(t *testing.T) {
	s := Suite{Cases: selected(t, "kernel/exp", "kernel/tanh", "kernel/sigmoid", "stream/l"), Rounds: 2, Budget: 20 * time.Millisecond,
		Limit: 5 * time.Second, Command: selfAs("BENCH_TEST_FAULTS=1")}
	r, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"kernel/exp": "panic: planted", "kernel/tanh": "invalid character", "kernel/sigmoid": "a round took longer than 5s",
		"stream/lstm64": "the process ended: exit status 3",
	}
	for _, f := range r.Failed {
		if !strings.Contains(f.Error, want[f.Name]) || strings.Contains(f.Error, "\n") || want[f.Name] == "" {
			t.Errorf("%s failed with %q, want %q", f.Name, f.Error, want[f.Name])
		}
	}
	if len(r.Failed) != len(want) || len(r.Cases) != 1 || r.Cases[0].Name != "stream/ltc-ncp19" {
		t.Errorf("%d failed, and %+v did not", len(r.Failed), r.Cases)
	}
	s.Command = func(string, int) *exec.Cmd { return exec.Command("/no/such/program") }
	if r, err = s.Run(t.Context()); err != nil || len(r.Failed) != len(s.Cases) || !strings.Contains(r.Failed[0].Error, "no such file") {
		t.Errorf("without a program: %+v, %v", r, err)
	}
}

func TestSuiteStops(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	turns := 0
	s := Suite{Cases: selected(t, "kernel/sigmoid"), Command: selfAs("BENCH_TEST_FAULTS=1"), Progress: func(int, string, float64) {
		if turns++; turns == 4 {
			time.AfterFunc(50*time.Millisecond, stop)
		}
	}, Budget: 20 * time.Millisecond}
	if _, err := s.Run(ctx); !errors.Is(err, context.Canceled) || turns != 4 {
		t.Errorf("after an interruption Run gives %v, after %d turns", err, turns)
	}
}

// TestSchema is what readers of --json rely on.
func TestSchema(t *testing.T) {
	text, err := json.Marshal(Report{Cases: []Result{{Name: "x", BytesPerStream: 1}}, Failed: []Failure{{}}, Trends: []Trend{{}}})
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]json.RawMessage
	var cases []map[string]any
	if err := errors.Join(json.Unmarshal(text, &doc), json.Unmarshal(doc["cases"], &cases)); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"threads", "rounds", "seconds", "roofline", "cases", "failed", "growth"} {
		if doc[key] == nil {
			t.Errorf("the report has no %s", key)
		}
	}
	for _, key := range []string{"name", "ns_per_op", "median_ns", "p99_ns", "p999_ns", "bytes_per_op", "allocs_per_op", "flops", "gflops",
		"peak_rss_mb", "repetitions", "round_ns", "spread", "clock_ns", "loop_median_ns", "items_per_op", "items_per_second",
		"traffic_bytes", "bytes_per_stream", "peak_share", "bandwidth_share"} {
		if _, ok := cases[0][key]; !ok {
			t.Errorf("a case has no %s", key)
		}
	}
}

func TestServe(t *testing.T) {
	var out bytes.Buffer
	if err := serve("stream/cfc-ncp19", setting{threads: 1, least: 3}, strings.NewReader("1ms\n2ms\n"), &out); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(&out)
	for n := 1; n <= 2; n++ {
		var r Result
		if !lines.Scan() || json.Unmarshal(lines.Bytes(), &r) != nil || len(r.RoundNs) != n || r.Name != "stream/cfc-ncp19" {
			t.Errorf("line %d is %s", n, lines.Text())
		}
	}
	if err := Serve("stream/cfc-ncp91", 1, strings.NewReader(""), &out); err == nil || !strings.Contains(err.Error(), `"stream/cfc-ncp19"`) {
		t.Errorf("an unknown case gives %v", err)
	}
	if err := Serve("kernel/tanh", 1, strings.NewReader("soon\n"), &out); err == nil || !strings.Contains(err.Error(), "a duration is needed") {
		t.Errorf("a wrong duration gives %v", err)
	}
}

func TestRoofline(t *testing.T) {
	r := Report{Threads: 2, Cases: []Result{
		{Name: "small", NsPerOp: 10, GFLOPS: 30, Traffic: 400},
		{Name: "large", NsPerOp: 1e6, GFLOPS: 150, Traffic: 1e7},
	}}
	r.roof(map[string]Result{peakCase: {GFLOPS: 100}, memoryCase: {Traffic: 200, NsPerOp: 10}, cacheCase: {Traffic: 800, NsPerOp: 10}})
	if r.Cases[0].PeakShare != 0.15 || r.Cases[0].BandwidthShare != 0.5 || r.Cases[1].PeakShare != 0.75 || r.Cases[1].BandwidthShare != 0.5 {
		t.Errorf("shares: %+v", r.Cases)
	}
	r.roof(map[string]Result{})
	if r.Cases[0].PeakShare != 0 || r.Cases[0].BandwidthShare != 0 {
		t.Errorf("shares of what was not measured: %+v", r.Cases[0])
	}
}

func TestExponent(t *testing.T) {
	x := []float64{3, 10, 70, 300}
	for _, want := range []float64{1, 2, 0.5} {
		var y []float64
		for _, v := range x {
			y = append(y, 7*math.Pow(v, want))
		}
		if got := exponent(x, y); math.Abs(got-want) > 1e-12 {
			t.Errorf("the exponent of x^%v is %v", want, got)
		}
	}
	cases := []Case{{Name: "a", Growth: &Growth{"time", 2}}, {Name: "b"}, {Name: "c", Growth: &Growth{"time", 8}}, {Name: "d", Growth: &Growth{"batch", 8}}}
	list := trends(cases, map[string]Result{"a": {NsPerOp: 5}, "b": {NsPerOp: 1}, "c": {NsPerOp: 80}, "d": {NsPerOp: 80}})
	if len(list) != 1 || list[0].Axis != "time" || math.Abs(list[0].Exponent-2) > 1e-12 {
		t.Errorf("growth: %+v", list)
	}
}
