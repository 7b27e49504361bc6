package main

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/export"
	"github.com/elegans-nn/elegans/internal/require"
)

// lost is what fixed point may lose of accuracy; flash and memory are what the LTC on a policy of 19 neurons may take on a
// Cortex-M4F in single precision, in bytes.
const lost, flash, memory = 0.005, 4096, 512

// TestPage measures again and holds docs/footprint.md to it, and the models to what they are meant to reach.
func TestPage(t *testing.T) {
	if name := missing(); name != "" {
		require.Missing(t, "no %s; .ci/run installs it", name)
	}
	l, err := newLab("../..")
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	r, err := l.measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range r.all {
		single := r.all[0].accuracy
		for _, s := range r.list {
			if s.name == e.name {
				single = s.accuracy
			}
		}
		if single < 0.95 || e.accuracy < single-lost {
			t.Errorf("%s in %s: accuracy %.4f, in single precision %.4f", e.name, e.arithmetic, e.accuracy, single)
		}
	}
	for k, target := range export.Targets() {
		if f, c := r.all[0].footprints[k], r.all[0].counts[k]; target.Name == "Cortex-M4F" && (f.Flash > flash || r.all[0].printed.State+c.stack > memory) {
			t.Errorf("%s takes %d bytes of flash, %d of state and %d of the stack", r.all[0].name, f.Flash, r.all[0].printed.State, c.stack)
		}
	}
	page, err := os.ReadFile("../../docs/footprint.md")
	if err != nil {
		t.Fatal(err)
	}
	if where := differ(string(page), r.text()); where != "" {
		t.Errorf("docs/footprint.md is another: %s; go run ./scripts/footprint writes it", where)
	}
}

var number = regexp.MustCompile(`[0-9]+(\.[0-9]+)?`)

// differ tells where two documents differ: in a word, or in a number by more than other compilers and kernels leave: 2 % of a whole
// number, or 2, and 0.15 of one with decimals, which are percent.
func differ(a, b string) string {
	if x, y := number.ReplaceAllString(a, "0"), number.ReplaceAllString(b, "0"); x != y {
		k := 0
		for k < min(len(x), len(y)) && x[k] == y[k] {
			k++
		}
		return strconv.Quote(x[k:min(len(x), k+80)]) + " against " + strconv.Quote(y[k:min(len(y), k+80)])
	}
	p, q := number.FindAllString(a, -1), number.FindAllString(b, -1)
	for k := range p {
		x, _ := strconv.ParseFloat(p[k], 64)
		y, _ := strconv.ParseFloat(q[k], 64)
		most := max(2, 0.02*math.Abs(x))
		if strings.Contains(p[k]+q[k], ".") {
			most = 0.15
		}
		if math.Abs(x-y) > most {
			return p[k] + " against " + q[k]
		}
	}
	return ""
}

func TestDiffer(t *testing.T) {
	for _, c := range []struct {
		a, b  string
		equal bool
	}{
		{"x 100 | 99.33", "x 101 | 99.40", true}, {"x 100", "y 100", false}, {"x 1000", "x 1030", false}, {"99.33", "99.53", false}, {"x 1", "x 1 2", false},
	} {
		if got := differ(c.a, c.b); (got == "") != c.equal {
			t.Errorf("%q and %q: %q", c.a, c.b, got)
		}
	}
}

// TestCosts: the fit gives back what made it.
func TestCosts(t *testing.T) {
	want := export.Work{50, 3, 2, 20, 60, 4, 0, 80, 1}
	var samples []sample
	for k := range 30 {
		var w export.Work
		for i := range w {
			w[i] = float64((k*k*7+i*i*13+k*i*5)%97 + 1)
		}
		samples = append(samples, sample{"", w, product(want, w)})
	}
	for k, c := range nonNegative(samples) {
		if math.Abs(c-want[k]) > 0.05*want[k]+0.1 {
			t.Errorf("%s costs %g, not %g", export.WorkKinds[k], c, want[k])
		}
	}
}
