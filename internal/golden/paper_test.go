package golden

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/internal/require"
)

const papers = "testdata/cells"

// TestPapers runs every vector of a cell of a paper.
func TestPapers(t *testing.T) {
	results, err := RunDir(papers)
	if err != nil {
		t.Fatal(err)
	}
	run := map[string]bool{}
	for _, r := range results {
		name := strings.TrimSuffix(filepath.Base(r.File), ".safetensors")
		if run[name] = true; r.Cell != name {
			t.Errorf("%s: is of cell %s", r.File, r.Cell)
		}
		switch {
		case !r.Pass:
			t.Errorf("%s: error %.3g, %s", r.File, float64(r.MaxRelError), r.Problem)
		default:
			t.Logf("%-35s %.1e", r.File, float64(r.MaxRelError))
		}
	}
	for _, e := range cell.Registry() { // each form of a cell that knows vectors has one, here or among those of a library
		for _, name := range e.Foreign {
			if caseOfOne[name] == nil && name != "lstm" && name != "gru" && !run[name] {
				t.Errorf("%s: no vector of its form %s was run", e.Name, name)
			}
			delete(run, name)
		}
	}
	if len(run) > 0 {
		t.Errorf("vectors that belong to no registered cell: %v", run)
	}
}

// TestPapersAreAll: the vectors here are those that lie beside a checkout, every one of them and to the byte.
func TestPapersAreAll(t *testing.T) {
	const beside = "../../../shared/golden/cells"
	theirs, err := filepath.Glob(beside + "/*.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	if len(theirs) == 0 {
		require.Missing(t, "there are no vectors in %s", beside)
	}
	var names []string
	for _, file := range theirs {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".safetensors"))
		here, err := os.ReadFile(filepath.Join(papers, filepath.Base(file)))
		if err != nil {
			t.Error(err)
			continue
		}
		if want, err := os.ReadFile(file); err != nil || !bytes.Equal(here, want) {
			t.Errorf("%s is another one here (%v)", filepath.Base(file), err)
		}
	}
	if !slices.Equal(names, judged(t)) {
		t.Errorf("vectors beside the checkout are %v, here %v", names, judged(t))
	}
}

// judged are the vectors.
func judged(t *testing.T) (names []string) {
	files, err := filepath.Glob(papers + "/*.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".safetensors"))
	}
	return names
}

// refused runs a vector with one damage; it must fail, in one line that is not the fault of a panic.
func refused(t *testing.T, dir, file, what string, damage func(d *document)) {
	t.Helper()
	d := openIn(t, papers, file)
	damage(d)
	r, err := runIn(t, dir, d.bytes(t))
	switch problem := r.Problem; {
	case err != nil:
		t.Errorf("%s %s: %v", file, what, err)
	case r.Pass:
		t.Errorf("%s passes %s", file, what)
	case problem == "" || strings.Contains(problem, "\n") || strings.Contains(problem, "fault of elegans"):
		t.Errorf("%s %s: problem %q", file, what, problem)
	}
}

// eachPaper runs a test of changes on every vector and counts those that were tried.
func eachPaper(t *testing.T, least int, test func(t *testing.T, file string, whole *document, change func(what string, damage func(d *document)))) {
	files := judged(t)
	if len(files) == 0 {
		t.Error("no vectors")
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			tried, dir := 0, t.TempDir()
			test(t, file, openIn(t, papers, file), func(what string, damage func(d *document)) {
				tried++
				refused(t, dir, file, what, damage)
			})
			if tried < least {
				t.Errorf("only %d changes were tried", tried)
			}
		})
	}
}

// TestPaperNeedsAll: without any one tensor or key of the metadata a vector fails, and with a tensor more.
func TestPaperNeedsAll(t *testing.T) {
	eachPaper(t, 45, func(t *testing.T, file string, whole *document, change func(string, func(d *document))) {
		for name := range whole.tensors {
			change("without tensor "+name, func(d *document) { delete(d.tensors, name) })
			change("with a flat tensor "+name, func(d *document) {
				d.tensors[name].Shape = append([]int{1}, d.tensors[name].Shape...)
			})
		}
		for key := range whole.meta {
			change("without key "+key, func(d *document) { delete(d.meta, key) })
		}
		for _, name := range []string{"param.more", "grad.param.more", "hT.more", "loss", "mask"} {
			if whole.tensors[name] == nil {
				change("with a tensor "+name, func(d *document) { x := *d.tensors["x"]; d.tensors[name] = &x })
			}
		}
	})
}

// unused are parameters that an author's code has and does not compute with. Their values are free, their gradients are 0.
var unused = map[string]string{
	"lrcssm": "param.elastance_shift", "lrcssm_complex": "param.elastance_shift", "gru_d_code": "param.x_mean",
}

// unseen are what a cell does not look at: a time that has no effect.
var unseen = map[string][]string{"tcn_block": {"dt"}, "transformer_block": {"dt"}}

// TestPaperJudgesAll: with all values of a tensor changed, one result moved by 1e-9, or another value of a key, a vector
// fails.
func TestPaperJudgesAll(t *testing.T) {
	eachPaper(t, 80, func(t *testing.T, file string, whole *document, change func(string, func(d *document))) {
		for name, p := range whole.tensors {
			if name == unused[file] || slices.Contains(unseen[file], name) {
				continue
			}
			change("with another tensor "+name, func(d *document) {
				for i := range len(p.data) / 8 {
					d.at(name, i, func(v float64) float64 { return 1.1 + 3*v })
				}
			})
			if name == "y" || strings.HasPrefix(name, "hT.") || strings.HasPrefix(name, "grad.") {
				change("with a slightly wrong "+name, func(d *document) { d.at(name, len(p.data)/8-1, slightly) })
				change("with a NaN in "+name, func(d *document) { d.at(name, 0, to(math.NaN())) })
			}
		}
		for key, text := range whole.meta {
			for _, wrong := range wrongly(key, text) {
				change("with "+key+" "+wrong, func(d *document) { d.meta[key] = wrong })
			}
		}
	})
}

// wrongly are values that a key of the metadata must not have; none for an account of the vector's making, which no
// computation can contradict.
func wrongly(key, text string) (list []string) {
	switch key {
	case "dt_meaning", "gradient":
		return []string{""}
	case "seed", "central_difference_max_rel_err":
		return []string{"", "some", "-1"}
	case "cell":
		list = []string{"ltc", "gru", "perceptron"}
		for _, name := range []string{"ctrnn_euler", "ctrnn_rk4", "node_rk4", "gru_d", "ode_lstm", "linoss_im", "linoss_imex", "s5_zoh"} {
			if name != text {
				list = append(list, name)
			}
		}
		return list
	case "constants", "states":
		list = []string{"", "null", "[]", "{", "{}{}", `{"more": 1}`}
		if text != "{}" {
			list = append(list, "{}", strings.Replace(text, "{", `{"more": 1, `, 1))
		}
		for i, c := range text {
			if c >= '0' && c <= '9' && (i == 0 || strings.ContainsRune(" [", rune(text[i-1]))) {
				list = append(list, text[:i]+"9"+text[i:]) // 4 is 94
			}
		}
		return list
	}
	if n, err := strconv.Atoi(text); err == nil {
		return []string{strconv.Itoa(n + 1), strconv.Itoa(n - 1), "-1", "65536", "some", ""}
	}
	return nil
}
