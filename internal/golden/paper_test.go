package golden

import (
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const papers = "testdata/cells"

// notYet are the cells of papers without a registered cell. It must be empty in the end.
var notYet = strings.Fields(`
	ct_gru ode_lstm ode_lstm_node gru_d gru_d_code gru_d_nomask rnn_decay rnn_linear_decay phased_lstm phased_lstm_code gru_ode
	stc lrc_asym lrc_sym lrc_sym_hybrid lrc_tau lrc_exp lrcssm lrcssm_sym lrcssm_complex
	linoss_im linoss_imex dlinoss_imex1 dlinoss_imex2 dlinoss_im dlinoss_ex
	liquid_s4_rec liquid_s4_rec_diag liquid_s4_p2 liquid_s4_pb riccati_ssm lru s5_zoh s5_bilinear s6`)

// TestPapers runs every vector of a cell of a paper.
func TestPapers(t *testing.T) {
	results, err := RunDir(papers)
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 41 {
		t.Errorf("%d vectors were run, want 41", len(results))
	}
	for _, r := range results {
		if name := strings.TrimSuffix(filepath.Base(r.File), ".safetensors"); r.Cell != name {
			t.Errorf("%s: is of cell %s", r.File, r.Cell)
		}
		supported := !strings.Contains(r.Problem, "is not supported")
		switch wait := slices.Contains(notYet, r.Cell); {
		case wait && supported:
			t.Errorf("%s: cell %s is registered; take it from the table notYet", r.File, r.Cell)
		case wait:
			t.Logf("%s: no registered cell", r.File)
		case !r.Pass:
			t.Errorf("%s: error %.3g, %s", r.File, float64(r.MaxRelError), r.Problem)
		default:
			t.Logf("%-35s %.1e", r.File, float64(r.MaxRelError))
		}
	}
}

// judged are the vectors whose cells are registered.
func judged(t *testing.T) (names []string) {
	files, err := filepath.Glob(papers + "/*.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), ".safetensors"); !slices.Contains(notYet, name) {
			names = append(names, name)
		}
	}
	return names
}

// refused runs a vector with one damage; it must fail, in one line that is not the fault of a panic.
func refused(t *testing.T, file, what string, damage func(d *document)) {
	t.Helper()
	d := openIn(t, papers, file)
	damage(d)
	r, err := d.run(t)
	switch problem := r.Problem; {
	case err != nil:
		t.Errorf("%s %s: %v", file, what, err)
	case r.Pass:
		t.Errorf("%s passes %s", file, what)
	case problem == "" || strings.Contains(problem, "\n") || strings.Contains(problem, "fault of elegans"):
		t.Errorf("%s %s: problem %q", file, what, problem)
	}
}

// TestPaperNeedsAll: without any one tensor or key of the metadata a vector fails, and with a tensor more.
func TestPaperNeedsAll(t *testing.T) {
	tried := 0
	for _, file := range judged(t) {
		whole := openIn(t, papers, file)
		for name := range whole.tensors {
			refused(t, file, "without tensor "+name, func(d *document) { delete(d.tensors, name) })
			refused(t, file, "with a flat tensor "+name, func(d *document) {
				d.tensors[name].Shape = append([]int{1}, d.tensors[name].Shape...)
			})
			tried += 2
		}
		for key := range whole.meta {
			refused(t, file, "without key "+key, func(d *document) { delete(d.meta, key) })
			tried++
		}
		for _, name := range []string{"param.more", "grad.param.more", "hT.more", "loss", "mask"} {
			if whole.tensors[name] == nil {
				refused(t, file, "with a tensor "+name, func(d *document) { x := *d.tensors["x"]; d.tensors[name] = &x })
				tried++
			}
		}
	}
	if tried < 45*len(judged(t)) || tried == 0 {
		t.Errorf("only %d changes were tried", tried)
	}
}

// unseen are what a cell does not look at: a time that has no effect, and a width that follows from the constants.
var unseen = map[string][]string{"tcn_block": {"dt"}, "transformer_block": {"dt", "units"}}

// TestPaperJudgesAll: with all values of a tensor changed, one result moved by 1e-9, or another value of a key, a vector
// fails.
func TestPaperJudgesAll(t *testing.T) {
	tried := 0
	for _, file := range judged(t) {
		whole := openIn(t, papers, file)
		for name, p := range whole.tensors {
			if slices.Contains(unseen[file], name) {
				continue
			}
			refused(t, file, "with another tensor "+name, func(d *document) {
				for i := range len(p.data) / 8 {
					d.at(name, i, func(v float64) float64 { return 1.1 + 3*v })
				}
			})
			tried++
			if name == "y" || strings.HasPrefix(name, "hT.") || strings.HasPrefix(name, "grad.") {
				refused(t, file, "with a slightly wrong "+name, func(d *document) { d.at(name, len(p.data)/8-1, slightly) })
				refused(t, file, "with a NaN in "+name, func(d *document) { d.at(name, 0, to(math.NaN())) })
				tried += 2
			}
		}
		for key, text := range whole.meta {
			for _, wrong := range wrongly(key, text) {
				if n, err := strconv.Atoi(wrong); err == nil && n > 0 && slices.Contains(unseen[file], key) {
					continue
				}
				refused(t, file, "with "+key+" "+wrong, func(d *document) { d.meta[key] = wrong })
				tried++
			}
		}
	}
	if tried < 80*len(judged(t)) || tried == 0 {
		t.Errorf("only %d changes were tried", tried)
	}
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
