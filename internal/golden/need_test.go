package golden

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// oneOfEach is a case of every kind, and what comes beside the cases.
var oneOfEach = []string{"gru_h5", "lstm_h6", "cfc_proj3", "cfc_mixed_pure_proj2", "ltc_ncp_6_4_2", "ltc_explicit_fc5",
	"wired_ncp_proj3", "import_ltc_autoncp12_3.expected", "import_cfc_mixed_proj2.expected",
	"import_wired_ncp.expected", "wirings"}

// The metadata that say where a file comes from, which no computation can contradict.
var account = []string{"name", "set", "seed", "library", "torch", "numpy"}

// fails runs a file with one damage; it must fail, and be called judged only where numbers were compared.
func fails(t *testing.T, dir, file, what string, damage func(d *document)) {
	t.Helper()
	d := open(t, file)
	damage(d)
	r, err := runIn(t, dir, d.bytes(t))
	if err == nil && r.Pass {
		t.Errorf("%s passes %s", file, what)
	}
	if err == nil && r.Judged && math.IsInf(float64(r.MaxRelError), 0) && r.Problem == "" {
		t.Errorf("%s, %s: %+v", file, what, r)
	}
}

// TestNothingMayBeMissing: without any one tensor or key of the metadata a file fails. Nothing is skipped because it is
// not there.
func TestNothingMayBeMissing(t *testing.T) {
	tried, dir := 0, withWeights(t)
	for _, file := range oneOfEach {
		whole := open(t, file)
		for name := range whole.tensors {
			if strings.HasPrefix(name, "raw.") {
				continue // some cases have them
			}
			fails(t, dir, file, "without tensor "+name, func(d *document) { delete(d.tensors, name) })
			tried++
		}
		for key := range whole.meta {
			if file == "wirings" && slices.Contains(account, key) || key == "backbone_layers" && whole.meta["cell"] == "wired_cfc" {
				continue // not demanded by the format
			}
			fails(t, dir, file, "without key "+key, func(d *document) { delete(d.meta, key) })
			tried++
		}
	}
	if tried < 350 {
		t.Errorf("only %d omissions were tried", tried)
	}
}

// TestNothingMayBeWrong: with any one value of the metadata changed, or all values of any tensor, a file fails.
func TestNothingMayBeWrong(t *testing.T) {
	tried, dir := 0, withWeights(t)
	for _, file := range oneOfEach {
		whole := open(t, file)
		for name := range whole.tensors {
			if strings.HasSuffix(name, "_f32") {
				continue // for the record, not judged
			}
			fails(t, dir, file, "with another tensor "+name, func(d *document) {
				change := func(v float64) float64 { return 1 + 3*v }
				if p := d.tensors[name]; p.DType == "F64" {
					for i := range len(p.data) / 8 {
						d.at(name, i, change)
					}
				} else {
					d.at(name, 0, change)
				}
			})
			tried++
		}
		for key, text := range whole.meta {
			if slices.Contains(account, key) || key == "backbone_dropout" || key == "backbone_layers" && whole.meta["cell"] == "wired_cfc" ||
				whole.meta["backbone_layers"] == "0" && strings.HasPrefix(key, "backbone_") {
				continue
			}
			for _, wrong := range others(text) {
				fails(t, dir, file, "with "+key+" "+wrong, func(d *document) { d.meta[key] = wrong })
				tried++
			}
		}
	}
	if tried < 450 {
		t.Errorf("only %d changes were tried", tried)
	}
}

// others are values that a key might have had instead.
func others(text string) []string {
	if n, err := strconv.Atoi(text); err == nil {
		return []string{strconv.Itoa(n + 1), strconv.Itoa(n - 1), "-1", "some"}
	}
	list := []string{text + "x", "null", "[]", "{}"}
	for _, group := range [][]string{yesNo, closed, mapping, {"irregular", "ones"}, {"normal", "zeros"}, {"neuron", "layers"}, {"ltc", "cfc", "wired_cfc", "lstm", "gru"}} {
		if slices.Contains(group, text) {
			for _, other := range group {
				if other != text {
					list = append(list, other)
				}
			}
		}
	}
	return list
}

// TestJudged tells a build that is wrong from a file that cannot be judged.
func TestJudged(t *testing.T) {
	for _, c := range []struct {
		file   string
		damage func(d *document)
		judged bool
	}{
		{"gru_h5", func(d *document) { d.at("y", 1, slightly) }, true},
		{"gru_h5", func(d *document) { d.meta["cell"] = "s5" }, false},
		{"gru_h5", func(d *document) { delete(d.tensors, "ry") }, false},
	} {
		d := open(t, c.file)
		c.damage(d)
		if r, err := d.run(t); err != nil || r.Pass || r.Judged != c.judged || r.Problem == "" {
			t.Errorf("%s: %+v, %v; judged must be %v", c.file, r, err, c.judged)
		}
	}
}

func TestGuarded(t *testing.T) {
	err := guarded(func() error { panic("planted") })
	if err == nil || !strings.Contains(err.Error(), "planted") || !strings.Contains(err.Error(), "fault of elegans") {
		t.Errorf("a panic gives %v", err)
	}
}

// TestMoreVectors runs vectors that were made with the library for what its own do not cover: a wiring without synapses
// between neurons, whose tensors are there and have a gradient of zero.
func TestMoreVectors(t *testing.T) {
	results, err := RunDir("testdata/more")
	if err != nil || len(results) != 1 {
		t.Fatalf("%d results, %v", len(results), err)
	}
	for _, r := range results {
		if !r.Pass {
			t.Errorf("%s: %s", r.File, r.Problem)
		}
	}
}
