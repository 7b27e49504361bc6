package main

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/internal/require"
)

var update = flag.Bool("update", false, "write testdata/BENCHMARKS.md")

// TestDocument compares the document of recorded sessions with the one that is kept; go test -update writes it.
func TestDocument(t *testing.T) {
	var out bytes.Buffer
	if err := compare(&out, "testdata/sessions"); err != nil {
		t.Fatal(err)
	}
	golden := "testdata/BENCHMARKS.md"
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v; go test -update writes it", err)
	}
	if out.String() != string(want) {
		t.Errorf("the document differs from %s; go test -update writes it:\n%s", golden, out.String())
	}
}

// The same by hand: what the recorded sessions mean.
func TestRecordedRatios(t *testing.T) {
	r, err := read("testdata/sessions")
	if err != nil {
		t.Fatal(err)
	}
	find := func(name string) row {
		for _, w := range rows {
			if w.name == name {
				return w
			}
		}
		t.Fatalf("no row %s", name)
		return row{}
	}
	ltc := find("train/ltc-ncp19/B64T128")
	if got := r.fastest(ltc, false); got != "jax-tuned" {
		t.Errorf("the fastest library is %q", got)
	}
	// Sessions took 5 and 6 ms, jax-tuned 120 and 150 ms: 24 and 25 times.
	if q := r.ratio(ltc, "jax-tuned"); len(q.best) != 2 || math.Abs(q.best[0]-24) > 1e-9 || math.Abs(q.best[1]-25) > 1e-9 {
		t.Errorf("ratios to jax-tuned: %v", q.best)
	}
	// The fair session: 5 ms against the better of 17.5 and 16 ms.
	if q := r.ratio(ltc, "JAX on edge lists"); len(q.best) != 1 || math.Abs(q.best[0]-3.2) > 1e-9 {
		t.Errorf("ratios to edge lists: %v", q.best)
	}
	if got := r.unmet(ltc); !slices.Equal(got, []string{"3.2× of JAX on edge lists, goal 4×"}) {
		t.Errorf("train/ltc-ncp19 misses %q", got)
	}
	stream := find("stream/ltc-ncp19")
	if q := r.ratio(stream, "onnxruntime with io binding"); len(q.best) != 1 || math.Abs(q.best[0]-100) > 1e-9 {
		t.Errorf("ratios to io binding: %v", q.best)
	}
	if got := r.unmet(stream); !slices.Equal(got, []string{"p99.9 4 µs, goal 3 µs"}) {
		t.Errorf("stream/ltc-ncp19 misses %q", got)
	}
	masked := find("train/cfc-ncp19-masked/B64T128")
	if q := r.ratio(masked, "jax"); len(q.best) != 1 || math.Abs(q.best[0]-0.5) > 1e-9 {
		t.Errorf("ratios of the masked cell: %v", q.best)
	}
	if got := r.unmet(masked); len(got) != 2 || !strings.Contains(got[1], "jax is faster: ratio 0.5×") {
		t.Errorf("a case where we are behind misses %q", got)
	}
	mm := find("kernel/mm-64x136x128")
	if q := r.ratio(mm, "torch"); len(q.best) != 1 || math.Abs(q.best[0]-1.25) > 1e-9 {
		t.Errorf("ratios of the product: %v", q.best)
	}
	// 19,000 updates a second at best, ours take 10 µs.
	if q := r.ratio(find("online/rtrl-ltc-ncp19"), "JAX on edge lists"); len(q.best) != 1 || math.Abs(q.best[0]-1e5/19000) > 1e-9 || math.Abs(q.median[0]-1e9/15000/12500) > 1e-9 {
		t.Errorf("ratios of real-time updates: %v", q)
	}
	// 8,192 numbers at 0.4 a nanosecond are 20.48 µs, ours 10.24.
	if q := r.ratio(find("kernel/tanh"), "torch"); len(q.best) != 1 || math.Abs(q.best[0]-2) > 1e-9 {
		t.Errorf("ratios of tanh: %v", q.best)
	}
}

func TestBadRecords(t *testing.T) {
	for files, want := range map[string]string{
		"":                                    "holds no SESSION.elegans.json",
		"a.elegans.json={":                    "a.elegans.json: ",
		"a.elegans.json={} a.peers.json=[]":   "a.peers.json: json: ",
		"a.elegans.json={} a.jax.txt=x":       "a.jax.txt: no line of the form",
		"a.elegans.json={} a.step.txt=x":      "a.step.txt: no line of the form",
		"a.elegans.json={} a.elegans2.json=x": "a.elegans2.json: ",
		"a.elegans.json={} a.plain.json=x":    "a.plain.json: ",
	} {
		dir := t.TempDir()
		for f := range strings.FieldsSeq(files) {
			name, text, _ := strings.Cut(f, "=")
			write(t, filepath.Join(dir, name), text, 0o644)
		}
		if err := compare(&bytes.Buffer{}, dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want %q", files, err, want)
		}
	}
}

func write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// fakeElegans prints a document whose times depend on nothing but the arguments; it fails on a wrong one.
const fakeElegans = `#!/usr/bin/env bash
echo "$*" >>"$CALLS"
[[ "$1 $2 $3 $4 $5" == "bench --quiet --json --rounds 3" ]] || exit 2
cat <<END
{"machine": {"cpu": "fake", "go": "go9"}, "roofline": {"peak_gflops": 100, "peak_kernel": "avx2"}, "failed": [],
 "cases": [{"name": "train/lstm64/B64T128", "ns_per_op": $((8000000 / $7)), "median_ns": 9000000, "peak_rss_mb": 20},
           {"name": "train/ltc-ncp19/B64T128", "ns_per_op": 5000000, "median_ns": 6000000, "peak_rss_mb": 20},
           {"name": "stream/ltc-ncp19", "ns_per_op": 600, "median_ns": 650, "p999_ns": 1000, "peak_rss_mb": 9}]}
END
exit $EXIT
`

// fakePython stands for the interpreter of the peers.
const fakePython = `#!/usr/bin/env bash
echo "python $*" >>"$CALLS"
if [[ $2 == */peer_jax*.py ]]; then
	echo "train ltc-ncp19 segment  recompute True  compile 3.0 s, median 22.0 ms, best 20.0 ms"
	exit
fi
while (($# > 1)); do
	[[ $1 == --json ]] && out=$2
	shift
done
echo '{"versions": {"torch": "9.9", "river": null}, "cases": {"lstm64/B64T128/torch-nn":
  {"ok": true, "train": {"median_ms": 39, "min_ms": 32}, "peak_rss_mb": 700}, "lstm64/B64T128/bad": {"ok": false, "error": "no\nluck"}}}' >"$out"
`

// script runs scripts/compare-peers with stand-ins that note their calls in a file and end with an exit code.
func script(calls string, exit int, args []string) (string, error) {
	cmd := exec.Command("bash", append([]string{"../compare-peers"}, args...)...)
	cmd.Env = append(os.Environ(), "CALLS="+calls, fmt.Sprintf("EXIT=%d", exit))
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// TestScript runs scripts/compare-peers with stand-ins for elegans and the peers.
func TestScript(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil || runtime.GOOS == "windows" {
		require.Missing(t, "no bash to run scripts/compare-peers with")
	}
	dir := t.TempDir()
	calls, out := filepath.Join(dir, "calls"), filepath.Join(dir, "out.md")
	write(t, filepath.Join(dir, "elegans"), fakeElegans, 0o755)
	write(t, filepath.Join(dir, "python"), fakePython, 0o755)
	write(t, filepath.Join(dir, "peer_bench.py"), "", 0o644)
	write(t, filepath.Join(dir, "peer_jax.py"), "", 0o644)
	run := func(exit int, args ...string) (string, error) { return script(calls, exit, args) }
	keep := filepath.Join(dir, "keep")
	text, err := run(1, "--peers", dir, "--python", filepath.Join(dir, "python"), "--elegans", filepath.Join(dir, "elegans"),
		"--rounds", "2", "--groups", "lstm64 fair", "--keep", keep, "--out", out)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	document, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"in 4 session(s)", "- peers: torch 9.9\n",
		"| `train/lstm64/B64T128` | 8 ms, 9 ms | 0 % | torch-nn: 32 ms, 39 ms | 4× (4× to 4×), medians 4.33× | – | – | – |",
		"JAX on edge lists: 20 ms, 22 ms | 4× (4× to 4×), medians 3.67× |",
		"- lstm64/B64T128/bad: no\n",
	} {
		if !strings.Contains(string(document), want) {
			t.Errorf("the document lacks %q:\n%s", want, document)
		}
	}
	again := filepath.Join(dir, "again.md")
	if text, err := run(0, "--recorded", keep, "--out", again); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if second, _ := os.ReadFile(again); !bytes.Equal(second, document) {
		t.Error("the kept sessions give another document")
	}
	log, _ := os.ReadFile(calls)
	turns := strings.Count(string(log), "--only train/lstm64,forward/lstm64\npython "+filepath.Join(dir, "peer_bench.py")+" --threads 1 --only lstm64/B ")
	if turns != 2 {
		t.Errorf("elegans and the library took turns %d times, want 2:\n%s", turns, log)
	}
	for want, args := range map[string][]string{
		"are needed":       {},
		"unknown":          {"--nosuch"},
		"no peer_bench":    {"--peers", keep, "--python", "x"},
		"--rounds is 0":    {"--peers", dir, "--python", "x", "--rounds", "0"},
		"holds no SESSION": {"--recorded", dir, "--out", out},
	} {
		text, err := run(0, args...)
		if err == nil || !strings.Contains(text, want) {
			t.Errorf("%v gives %v, %s; want %q", args, err, text, want)
		}
	}
	if kept, _ := os.ReadFile(out); !bytes.Equal(kept, document) {
		t.Error("a failed run replaced the document")
	}
}
