package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// ratios are those of one pair of programs, one a session.
type ratios struct {
	best, median []float64
}

func (q ratios) empty() bool { return len(q.best) == 0 }

// text is the ratio of the best times, its range over sessions, and that of the medians.
func (q ratios) text() string {
	if q.empty() {
		return "–"
	}
	return ranged(q.best) + ", medians " + times(middle(q.median))
}

// ranged is the median with the range, where there is one.
func ranged(v []float64) string {
	text := times(middle(v))
	if len(v) > 1 {
		text += fmt.Sprintf(" (%s to %s)", times(slices.Min(v)), times(slices.Max(v)))
	}
	return text
}

// middle is the median.
func middle(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

func times(x float64) string {
	if x >= 100 {
		return fmt.Sprintf("%.0f×", x)
	}
	return strconv.FormatFloat(x, 'g', 3, 64) + "×"
}

// duration writes nanoseconds with three digits.
func duration(ns float64) string {
	switch {
	case ns >= 1e6:
		return strconv.FormatFloat(ns/1e6, 'g', 3, 64) + " ms"
	case ns >= 1e3:
		return strconv.FormatFloat(ns/1e3, 'g', 3, 64) + " µs"
	}
	return fmt.Sprintf("%.0f ns", ns)
}

// source is the case whose peers a row is held against.
func (w row) source() string {
	if w.as != "" {
		return w.as
	}
	return w.name
}

// ours is what we took: the best of all sessions, the median of their medians.
func (r *record) ours(name string) (timing, bool) {
	return over(r.sessions, func(s *session) (timing, bool) { t, ok := s.ours[name]; return t, ok })
}

func over(sessions []session, get func(*session) (timing, bool)) (sum timing, ok bool) {
	var medians, tails []float64
	for i := range sessions {
		t, there := get(&sessions[i])
		if !there {
			continue
		}
		if !ok || t.best < sum.best {
			sum.best = t.best
		}
		sum.rss, sum.allocs, ok = max(sum.rss, t.rss), max(sum.allocs, t.allocs), true
		sum.share, sum.rate, sum.each = max(sum.share, t.share), max(sum.rate, t.rate), max(sum.each, t.each)
		medians, tails = append(medians, t.median), append(tails, t.p999)
	}
	if ok {
		sum.median, sum.p999 = middle(medians), middle(tails)
	}
	return sum, ok
}

// ratio of a peer to us, where both ran in the same session.
func (r *record) ratio(w row, peer string) (q ratios) {
	for _, s := range r.sessions {
		a, have := s.ours[w.name]
		b, there := s.peers[w.source()][peer]
		if have && there && a.best > 0 && a.median > 0 {
			q.best, q.median = append(q.best, b.best/a.best), append(q.median, b.median/a.median)
		}
	}
	return q
}

// fastest is the peer of a kind with the best time that ran beside us; empty where there is none.
func (r *record) fastest(w row, wantFair bool) (name string) {
	least := 0.0
	for _, s := range r.sessions {
		if _, have := s.ours[w.name]; !have {
			continue
		}
		peers := s.peers[w.source()]
		for _, peer := range slices.Sorted(maps.Keys(peers)) {
			if t := peers[peer]; slices.Contains(fair, peer) == wantFair && (name == "" || t.best < least) {
				name, least = peer, t.best
			}
		}
	}
	return name
}

// rival names the peer that a goal is against.
func (r *record) rival(w row, of string) string {
	switch of {
	case "fair":
		return r.fastest(w, true)
	case "library":
		return r.fastest(w, false)
	}
	return of
}

// unmet says in words which goals a row misses, or which could not be judged.
func (r *record) unmet(w row) (list []string) {
	t, ok := r.ours(w.name)
	if !ok {
		return nil
	}
	for _, g := range w.goals {
		switch q := r.ratio(w, r.rival(w, g.of)); {
		case g.ratio > 0 && q.empty():
			list = append(list, fmt.Sprintf("goal %s of %s: no such peer in this run", times(g.ratio), g.of))
		case g.ratio > 0 && middle(q.best) < g.ratio:
			list = append(list, fmt.Sprintf("%s of %s, goal %s", times(middle(q.best)), r.rival(w, g.of), times(g.ratio)))
		case g.median > 0 && t.median > g.median:
			list = append(list, fmt.Sprintf("median %s, goal %s", duration(t.median), duration(g.median)))
		}
		if g.p999 > 0 && t.p999 > g.p999 {
			list = append(list, fmt.Sprintf("p99.9 %s, goal %s", duration(t.p999), duration(g.p999)))
		}
	}
	return append(list, r.behind(w)...)
}

// behind lists the peers that are faster than we are.
func (r *record) behind(w row) (list []string) {
	for _, wantFair := range []bool{false, true} {
		peer := r.fastest(w, wantFair)
		if q := r.ratio(w, peer); !q.empty() && middle(q.best) < 1 {
			list = append(list, fmt.Sprintf("%s is faster: ratio %s", peer, times(middle(q.best))))
		}
	}
	return list
}

func (r *record) write(w io.Writer) error {
	var b strings.Builder
	r.head(&b)
	r.speed(&b)
	r.parts(&b)
	r.cores(&b)
	r.plain(&b)
	r.streams(&b)
	r.growth(&b)
	r.memory(&b)
	r.open(&b)
	b.WriteString(limits)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *record) head(b *strings.Builder) {
	m := r.machine
	fmt.Fprintf(b, `# Benchmarks

Written by `+"`scripts/compare-peers`"+`; do not edit. elegans and its peers ran in turns in %d session(s) on one machine. A time is
the best of all repetitions, with the median behind it; a ratio is the peer's time over ours in the same session, the median over
sessions with its range, so that above 1 we are faster. One core unless a table says otherwise, float32. No library has the cell
of `+"`cfc-ncp19-masked`"+`, which computes the drawn graph only; it is held against their `+"`cfc-ncp19`"+`.

- machine: %s, %d cores, %s/%s, features %s; peak %.1f GFLOP/s of multiply-adds (%s)
- elegans %s, %s, kernels: %s
`, len(r.sessions), orUnknown(m.CPU), m.Cores, m.OS, m.Arch, orUnknown(strings.Join(m.Features, " ")), r.peak, r.kernel, m.Version, m.Go, m.Kernel)
	var versions []string
	for _, name := range slices.Sorted(maps.Keys(r.versions)) {
		versions = append(versions, name+" "+r.versions[name])
	}
	fmt.Fprintf(b, "- peers: %s\n", orUnknown(strings.Join(versions, ", ")))
}

func orUnknown(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}

// speed is the table of all cases, by group.
func (r *record) speed(b *strings.Builder) {
	titles := map[string]string{
		"train":   "Training steps: batch transposition, forward, squared loss, backward, Adam",
		"forward": "Forward passes",
		"stream":  "One step of one stream",
		"online":  "Exact real-time learning: step, reverse, derivatives of the state, optimiser",
		"kernel":  "Kernels",
	}
	group := ""
	for _, w := range rows {
		t, ok := r.ours(w.name)
		if !ok {
			continue
		}
		kind, _, _ := strings.Cut(w.name, "/")
		if kind != group {
			group = kind
			fmt.Fprintf(b, "\n## %s\n\n| case | elegans best, median | of peak | best library | ratio | fair peer | ratio | ratio to ncps |\n|---|---|---|---|---|---|---|---|\n", titles[kind])
		}
		library, rival := r.fastest(w, false), r.fastest(w, true)
		fmt.Fprintf(b, "| `%s` | %s, %s | %.0f %% | %s | %s | %s | %s | %s |\n", w.name, duration(t.best), duration(t.median), 100*t.share,
			r.peer(w, library), r.ratio(w, library).text(), r.peer(w, rival), r.ratio(w, rival).text(), r.ratio(w, ncps(w)).text())
	}
}

// ncps is the name of the library of the cells' authors among the peers: it steps by its eager form.
func ncps(w row) string {
	switch {
	case strings.Contains(w.name, "lstm") || strings.Contains(w.name, "gru"):
		return ""
	case strings.HasPrefix(w.name, "stream/"):
		return "eager"
	}
	return "ncps-eager"
}

// peer is a peer with its times.
func (r *record) peer(w row, name string) string {
	t, ok := over(r.sessions, func(s *session) (timing, bool) { t, ok := s.peers[w.source()][name]; return t, ok })
	if !ok {
		return "–"
	}
	how := ""
	if w.masked && !slices.Contains(fair, name) {
		how = ", dense with masks"
	}
	return fmt.Sprintf("%s%s: %s, %s", name, how, duration(t.best), duration(t.median))
}

// parts says how much of a ratio is sparsity, and how much engineering.
func (r *record) parts(b *strings.Builder) {
	written := false
	for _, w := range rows {
		library, rival := r.ratio(w, r.fastest(w, false)), r.ratio(w, r.fastest(w, true))
		if !w.masked || !strings.HasPrefix(w.name, "train/") || library.empty() || rival.empty() {
			continue
		}
		if !written {
			written = true
			b.WriteString("\n## Sparsity and engineering\n\nLibraries compute a wiring as dense matrices with masks; the fair peer computes its synapses only. The ratio to a library is\nthat between the two peers times that to the fair peer.\n\n")
		}
		all, own := middle(library.best), middle(rival.best)
		fmt.Fprintf(b, "- `%s`: %s in all, %s of it sparsity, %s engineering\n", w.name, times(all), times(all/own), times(own))
	}
}

// cores is the gain of a second core, by medians: the best of two cores is that of two lucky ones at once.
func (r *record) cores(b *strings.Builder) {
	written := false
	for _, w := range rows {
		var gain, best []float64
		for _, s := range r.sessions {
			one, two := s.ours[w.name], s.two[w.name]
			if one.median > 0 && two.median > 0 {
				gain, best = append(gain, one.median/two.median), append(best, one.best/two.best)
			}
		}
		if gain == nil {
			continue
		}
		if !written {
			written = true
			fmt.Fprintf(b, "\n## Two cores\n\nMedian time on one core over that on two; goal %s where one core takes more than 3 ms.\n\n| case | gain | of the best times |\n|---|---|---|\n", times(twoCoresGoal))
		}
		note := ""
		if one, _ := r.ours(w.name); one.best > twoCoresFrom && middle(gain) < twoCoresGoal {
			note = ", below the goal"
		}
		fmt.Fprintf(b, "| `%s` | %s%s | %s |\n", w.name, ranged(gain), note, times(middle(best)))
	}
}

// plain is what a processor without assembly of ours would take.
func (r *record) plain(b *strings.Builder) {
	written := false
	for _, w := range rows {
		var q ratios
		for _, s := range r.sessions {
			if fast, slow := s.avx2[w.name], s.plain[w.name]; fast.best > 0 && slow.best > 0 {
				q.best, q.median = append(q.best, slow.best/fast.best), append(q.median, slow.median/fast.median)
			}
		}
		if q.empty() {
			continue
		}
		if !written {
			written = true
			fmt.Fprintf(b, "\n## Plain Go\n\nTime of the same program built with `-tags noasm`, as other processors run it, over that with assembly for AVX2; goal: at most %s.\n\n| case | plain Go | times |\n|---|---|---|\n", times(plainGoal))
		}
		note := ""
		if middle(q.best) > plainGoal {
			note = ", above the goal"
		}
		t, _ := over(r.sessions, func(s *session) (timing, bool) { t, ok := s.plain[w.name]; return t, ok })
		fmt.Fprintf(b, "| `%s` | %s, %s | %s%s |\n", w.name, duration(t.best), duration(t.median), q.text(), note)
	}
}

// memory compares resident memory with the leanest form in PyTorch.
func (r *record) memory(b *strings.Builder) {
	written := false
	for _, w := range rows {
		t, ok := r.ours(w.name)
		name, least := r.leanest(w)
		if !ok || t.rss == 0 || name == "" {
			continue
		}
		if !written {
			written = true
			b.WriteString("\n## Resident memory\n\nPeak of a process that runs the case alone; goal: at most an eighth of PyTorch's.\n\n| case | elegans | leanest PyTorch | share |\n|---|---|---|---|\n")
		}
		note := ""
		if t.rss > least*memoryGoal {
			note = ", above the goal"
		}
		fmt.Fprintf(b, "| `%s` | %.0f MB | %s: %.0f MB | 1/%.1f%s |\n", w.name, t.rss, name, least, least/t.rss, note)
	}
}

// leanest is the form in PyTorch that needs the least memory, in MB.
func (r *record) leanest(w row) (name string, least float64) {
	for _, s := range r.sessions {
		peers := s.peers[w.source()]
		for _, peer := range slices.Sorted(maps.Keys(peers)) {
			torch := peer == "eager" || strings.HasPrefix(peer, "torch") || strings.HasPrefix(peer, "ncps")
			if p := peers[peer]; torch && p.rss > 0 && (name == "" || p.rss < least) {
				name, least = peer, p.rss
			}
		}
	}
	return name, least
}

// open lists where we are not ahead, where a goal is missed, and what failed.
func (r *record) open(b *strings.Builder) {
	b.WriteString("\n## Not ahead, or short of a goal\n\n")
	none := true
	for _, w := range rows {
		if list := r.unmet(w); len(list) > 0 {
			none = false
			fmt.Fprintf(b, "- `%s`: %s\n", w.name, strings.Join(list, "; "))
		}
	}
	if none {
		b.WriteString("None.\n")
	}
	if len(r.failed) > 0 {
		b.WriteString("\n## Failed\n\n")
		for _, line := range r.failed {
			fmt.Fprintf(b, "- %s\n", line)
		}
	}
}
