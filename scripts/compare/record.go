package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// timing is what one program took for one case, in nanoseconds; 0 where it is not known.
type timing struct {
	best, median, p999 float64
	rss                float64 // MB
	allocs             uint64
	share              float64 // of the measured peak of multiply-adds
	rate               float64 // rows or steps a second
	each               float64 // bytes that one more stream costs
}

// session is what ran within some minutes, so that its ratios can be trusted.
type session struct {
	name string
	// ours, with two threads, with the kernels of AVX2 alone, and in plain Go.
	ours, two, avx2, plain map[string]timing
	peers                  map[string]map[string]timing // case of ours → peer → what it took
}

// record is all sessions with what they ran on.
type record struct {
	sessions []session
	machine  machine
	peak     float64
	kernel   string
	versions map[string]string
	trends   []trend
	failed   []string
}

// trend is how time grows with a size.
type trend struct {
	Axis               string
	From, To, Exponent float64
}

type machine struct {
	CPU      string   `json:"cpu"`
	OS       string   `json:"os"`
	Arch     string   `json:"arch"`
	Features []string `json:"features"`
	Cores    int      `json:"cores"`
	Go       string   `json:"go"`
	Version  string   `json:"version"`
	Kernel   string   `json:"kernel"`
}

// read reads a directory of sessions.
func read(dir string) (*record, error) {
	names, err := sessions(dir)
	if err != nil {
		return nil, err
	}
	r := &record{versions: map[string]string{}}
	for _, name := range names {
		base, s := filepath.Join(dir, name), session{name: name, peers: map[string]map[string]timing{}}
		for _, kind := range []struct { // the first first: its machine is that of the document
			suffix string
			into   *map[string]timing
		}{{".elegans.json", &s.ours}, {".elegans2.json", &s.two}, {".avx2.json", &s.avx2}, {".plain.json", &s.plain}} {
			if *kind.into, err = r.elegans(base + kind.suffix); err != nil && !os.IsNotExist(err) {
				return nil, err
			}
		}
		for suffix, parse := range map[string]func(*session, []byte) error{
			".peers.json": r.libraries, ".jax.txt": r.jax, ".step.txt": r.plainC,
		} {
			data, err := os.ReadFile(base + suffix)
			if os.IsNotExist(err) {
				continue
			}
			if err == nil {
				err = parse(&s, data)
			}
			if err != nil {
				return nil, fmt.Errorf("%s%s: %w", base, suffix, err)
			}
		}
		r.sessions = append(r.sessions, s)
	}
	slices.Sort(r.failed)
	r.failed = slices.Compact(r.failed)
	return r, nil
}

// sessions are the names of those in a directory.
func sessions(dir string) (names []string, err error) {
	for _, suffix := range []string{".elegans.json", ".plain.json"} {
		files, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			names = append(names, strings.TrimSuffix(filepath.Base(file), suffix))
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s holds no SESSION.elegans.json; scripts/compare-peers writes them", dir)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// elegans reads what elegans bench --json printed.
func (r *record) elegans(file string) (map[string]timing, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Machine  machine `json:"machine"`
		Roofline struct {
			PeakGFLOPS float64 `json:"peak_gflops"`
			PeakKernel string  `json:"peak_kernel"`
		} `json:"roofline"`
		Cases []struct {
			Name     string  `json:"name"`
			NsPerOp  float64 `json:"ns_per_op"`
			MedianNs float64 `json:"median_ns"`
			P999Ns   float64 `json:"p999_ns"`
			RSS      float64 `json:"peak_rss_mb"`
			Allocs   uint64  `json:"allocs_per_op"`
			Share    float64 `json:"peak_share"`
			Rate     float64 `json:"items_per_second"`
			Each     float64 `json:"bytes_per_stream"`
		} `json:"cases"`
		Growth []trend                        `json:"growth"`
		Failed []struct{ Name, Error string } `json:"failed"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if r.machine.Kernel == "" || r.machine.Kernel == doc.Machine.Kernel { // a build without assembly is not what the document is about
		doc.Machine.Cores = max(doc.Machine.Cores, r.machine.Cores) // a process that is pinned to one core sees one
		r.machine, r.peak, r.kernel = doc.Machine, max(r.peak, doc.Roofline.PeakGFLOPS), doc.Roofline.PeakKernel
	}
	all := map[string]timing{}
	for _, c := range doc.Cases {
		all[c.Name] = timing{c.NsPerOp, c.MedianNs, c.P999Ns, c.RSS, c.Allocs, c.Share, c.Rate, c.Each}
	}
	r.trends = append(r.trends, doc.Growth...)
	for _, f := range doc.Failed {
		r.failed = append(r.failed, fmt.Sprintf("elegans %s: %s", f.Name, f.Error))
	}
	return all, nil
}

// add keeps what a peer took for a case of ours; of several forms under one name the best.
func (s *session) add(ours, peer string, t timing) {
	if s.peers[ours] == nil {
		s.peers[ours] = map[string]timing{}
	}
	if old, ok := s.peers[ours][peer]; !ok || t.best < old.best {
		s.peers[ours][peer] = t
	}
}

// measured is a time in a library's result; the unit is in the names of the keys.
type measured struct {
	MedianMs float64 `json:"median_ms"`
	MinMs    float64 `json:"min_ms"`
	MedianUs float64 `json:"median_us"`
	MinUs    float64 `json:"min_us"`
	P999Us   float64 `json:"p999_us"`
}

func (m *measured) timing(rss float64) timing {
	return timing{best: 1e6*m.MinMs + 1e3*m.MinUs, median: 1e6*m.MedianMs + 1e3*m.MedianUs, p999: 1e3 * m.P999Us, rss: rss}
}

// kernel is a product by its time, or a function by its rate.
type kernel struct {
	measured
	MedianRate float64 `json:"median_Gelem_s"`
	BestRate   float64 `json:"best_Gelem_s"`
}

// libraries reads what peer_bench.py wrote.
func (r *record) libraries(s *session, data []byte) error {
	var doc struct {
		Versions map[string]*string `json:"versions"`
		Cases    map[string]struct {
			OK                  bool
			Error               string
			Train, Fwd, Latency *measured
			Bound               *measured `json:"latency_iobinding"`
			Kernels             map[string]kernel
			RSS                 float64 `json:"peak_rss_mb"`
		} `json:"cases"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return err
	}
	for name, v := range doc.Versions {
		if v != nil {
			r.versions[name] = *v
		}
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Cases)) {
		c := doc.Cases[name]
		if !c.OK {
			r.failed = append(r.failed, fmt.Sprintf("%s: %s", name, firstLine(c.Error)))
			continue
		}
		at := strings.LastIndex(name, "/")
		what, peer := name[:max(0, at)], name[at+1:]
		for ours, m := range map[string]*measured{"train/" + what: c.Train, "forward/" + what: c.Fwd, what: c.Latency} {
			if m != nil {
				s.add(ours, peer, m.timing(c.RSS))
			}
		}
		if c.Bound != nil {
			s.add(what, peer+" with io binding", c.Bound.timing(c.RSS))
		}
		for k, m := range c.Kernels {
			s.kernel(k, peer, m)
		}
	}
	return nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

var (
	productName  = regexp.MustCompile(`^mm (\d+x\d+) \* \d+x(\d+)$`)
	functionName = regexp.MustCompile(`^(\w+) n=8192$`)
)

// kernel keeps a kernel that we time too: products by their shape, functions on 8,192 numbers.
func (s *session) kernel(name, peer string, k kernel) {
	if m := productName.FindStringSubmatch(name); m != nil {
		s.add("kernel/mm-"+m[1]+"x"+m[2], peer, k.timing(0))
	}
	if m := functionName.FindStringSubmatch(name); m != nil && k.BestRate > 0 && k.MedianRate > 0 {
		s.add("kernel/"+m[1], peer, timing{best: 8192 / k.BestRate, median: 8192 / k.MedianRate})
	}
}

var jaxTrain = regexp.MustCompile(`(?m)^train (cfc-dense|ltc-ncp19|ltc-ncp32) (.*?) *compile [\d.]+ s, median ([\d.]+) ms, best ([\d.]+) ms$`)

// jaxUpdates are exact updates in real time, many of them within one compiled loop.
var jaxUpdates = regexp.MustCompile(`(?m)^rtrl .* inside a scan ([\d,]+)/s \(best ([\d,]+)\)$`)

// rate reads a number with commas between thousands.
func rate(text string) float64 {
	v, _ := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
	return v
}

// jax reads what peer_jax.py printed; of its forms the best counts.
func (r *record) jax(s *session, data []byte) error {
	found := jaxTrain.FindAllStringSubmatch(string(data), -1)
	if found == nil {
		return fmt.Errorf("no line of the form %q", "train ltc-ncp19 … median 17.0 ms, best 16.0 ms")
	}
	for _, m := range found {
		peer := "JAX, best form"
		if strings.HasPrefix(m[1], "ltc-") {
			peer = "JAX on edge lists"
		}
		median, _ := strconv.ParseFloat(m[3], 64)
		best, _ := strconv.ParseFloat(m[4], 64)
		s.add("train/"+m[1]+"/B64T128", peer, timing{best: 1e6 * best, median: 1e6 * median})
	}
	for _, m := range jaxUpdates.FindAllStringSubmatch(string(data), -1) {
		s.add("online/rtrl-ltc-ncp19", "JAX on edge lists", timing{best: 1e9 / rate(m[2]), median: 1e9 / rate(m[1])})
	}
	return nil
}

var stepLine = regexp.MustCompile(`(?m)^(\d+) ns a step`)

// plainC reads what peer_step printed: some rounds of a loop.
func (r *record) plainC(s *session, data []byte) error {
	var rounds []float64
	for _, m := range stepLine.FindAllStringSubmatch(string(data), -1) {
		ns, _ := strconv.ParseFloat(m[1], 64)
		rounds = append(rounds, ns)
	}
	if rounds == nil {
		return fmt.Errorf("no line of the form %q", "2600 ns a step")
	}
	s.add("stream/ltc-ncp19", "plain C", timing{best: slices.Min(rounds), median: middle(rounds)})
	return nil
}
