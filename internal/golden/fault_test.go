package golden

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// document is a safetensors file taken apart, so that it can be damaged and written again.
type document struct {
	meta    map[string]string
	tensors map[string]*part
}

type part struct {
	DType   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets [2]int `json:"data_offsets"`
	data    []byte
}

func open(t *testing.T, name string) *document {
	t.Helper()
	return openIn(t, vectors, name)
}

func openIn(t *testing.T, dir, name string) *document {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	n := 8 + binary.LittleEndian.Uint64(raw)
	var header map[string]json.RawMessage
	if err := json.Unmarshal(raw[8:n], &header); err != nil {
		t.Fatal(err)
	}
	d := &document{tensors: map[string]*part{}}
	for key, text := range header {
		if key == "__metadata__" {
			err = json.Unmarshal(text, &d.meta)
		} else {
			p := &part{}
			err = json.Unmarshal(text, p)
			p.data = slices.Clone(raw[n:][p.Offsets[0]:p.Offsets[1]])
			d.tensors[key] = p
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func (d *document) bytes(t *testing.T) []byte {
	t.Helper()
	header := map[string]any{}
	if d.meta != nil {
		header["__metadata__"] = d.meta
	}
	var data []byte
	names := make([]string, 0, len(d.tensors))
	for name := range d.tensors {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		p := d.tensors[name]
		p.Offsets = [2]int{len(data), len(data) + len(p.data)}
		data = append(data, p.data...)
		header[name] = p
	}
	text, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	return append(append(out, text...), data...)
}

// run writes the document and runs it, in a folder that holds the weights of the imports too.
func (d *document) run(t *testing.T) (Result, error) {
	t.Helper()
	return runBytes(t, d.bytes(t))
}

func runBytes(t *testing.T, data []byte) (Result, error) {
	t.Helper()
	dir := t.TempDir()
	if bytes.Contains(data, []byte(`"weights"`)) {
		dir = withWeights(t)
	}
	return runIn(t, dir, data)
}

// withWeights is a folder that holds the weights of the imports.
func withWeights(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	weights, _ := filepath.Glob(vectors + "/import_*[a-z0-9].safetensors")
	for _, w := range weights {
		raw, err := os.ReadFile(w)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(w)), raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// runIn runs a file in a folder.
func runIn(t *testing.T, dir string, data []byte) (Result, error) {
	t.Helper()
	path := filepath.Join(dir, "file.safetensors")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return Run(path)
}

// at changes one value of a tensor.
func (d *document) at(name string, i int, f func(float64) float64) {
	p := d.tensors[name]
	if p.DType == "I32" {
		v := float64(int32(binary.LittleEndian.Uint32(p.data[4*i:])))
		binary.LittleEndian.PutUint32(p.data[4*i:], uint32(int32(f(v))))
		return
	}
	v := math.Float64frombits(binary.LittleEndian.Uint64(p.data[8*i:]))
	binary.LittleEndian.PutUint64(p.data[8*i:], math.Float64bits(f(v)))
}

// present finds the first nonzero (or zero) entry of a tensor.
func (d *document) present(name string, nonzero bool) int {
	p := d.tensors[name]
	size := len(p.data) / (p.Shape[0] * p.Shape[1])
	for i := range p.Shape[0] * p.Shape[1] {
		if bytes.Equal(p.data[i*size:(i+1)*size], make([]byte, size)) != nonzero {
			return i
		}
	}
	return -1
}

func slightly(v float64) float64 { return v + 1e-9*(1+math.Abs(v)) }

func flip(v float64) float64 { return 1 - math.Abs(v) }

func to(x float64) func(float64) float64 { return func(float64) float64 { return x } }

// faults are single damages to a good vector and what the problem must say.
var faults = []struct {
	name, file string
	damage     func(d *document)
	says       string
}{
	{"a parameter off by 1e-9", "ltc_ncp_6_4_2", func(d *document) { d.at("rnn_cell.gleak", 2, slightly) }, "] is "},
	{"a weight off by 1e-9", "cfc_default_tanh_l2", func(d *document) { d.at("rnn_cell.ff1.weight", 3, slightly) }, "] is "},
	{"an output off by 1e-9", "lstm_h6", func(d *document) { d.at("y", 7, slightly) }, "y[7] is"},
	{"a final state off by 1e-9", "gru_h5", func(d *document) { d.at("hT", 3, slightly) }, "hT[3] is"},
	{"a final memory off by 1e-9", "ltc_mixed", func(d *document) { d.at("cT", 3, slightly) }, "cT[3] is"},
	{"a gradient off by 1e-9", "ltc_fc5", func(d *document) { d.at("grad.rnn_cell.sigma", 4, slightly) }, "grad.rnn_cell.sigma[4] is"},
	{"a gradient of an absent synapse", "ltc_ncp_6_4_2", func(d *document) {
		d.at("grad.rnn_cell.w", d.present("rnn_cell.sparsity_mask", false), to(1e-9))
	}, "grad.rnn_cell.w["},
	{"a gradient of an input", "wired_ncp_mixed", func(d *document) { d.at("grad.x", 5, slightly) }, "grad.x[5] is"},
	{"a gradient of a time", "cfc_pure_l0", func(d *document) { d.at("grad.dt", 5, slightly) }, "grad.dt[5] is"},
	{"a gradient of an initial state", "cfc_mixed", func(d *document) { d.at("grad.c0", 1, slightly) }, "grad.c0[1] is"},
	{"a mask entry of an LTC", "ltc_ncp_6_4_2", func(d *document) { d.at("rnn_cell.sparsity_mask", 5, flip) }, "rnn_cell.sparsity_mask[0, 5]"},
	{"a sensory mask entry", "ltc_ncp_6_4_2", func(d *document) { d.at("rnn_cell.sensory_sparsity_mask", 4, flip) }, "rnn_cell.sensory_sparsity_mask[0, 4]"},
	{"a mask entry of a wired CfC", "wired_ncp_default", func(d *document) { d.at("rnn_cell.layer_1.sparsity_mask", 3, flip) }, "rnn_cell.layer_1.sparsity_mask[0, 3]"},
	{"an absent synapse", "ltc_ncp_6_4_2", func(d *document) { d.at("adjacency", d.present("adjacency", true), to(0)) }, "synapses is"},
	{"another polarity", "ltc_ncp_6_4_2", func(d *document) {
		d.at("adjacency", d.present("adjacency", true), func(v float64) float64 { return -v })
	}, "adjacency differs from the drawing"},
	{"a polarity that is none", "ltc_ncp_6_4_2", func(d *document) { d.at("adjacency", d.present("adjacency", true), to(257)) }, "adjacency"},
	{"a count of synapses", "wired_ncp_default", func(d *document) { d.meta["sensory_synapses"] = "7" }, "sensory_synapses is 7"},
	{"a wiring of the list", "wirings", func(d *document) {
		for name := range d.tensors {
			if strings.HasSuffix(name, ".sensory_adjacency") {
				d.at(name, d.present(name, true), func(v float64) float64 { return -v })
				return
			}
		}
	}, "sensory_adjacency differs from the drawing"},
	{"a wiring without its arguments", "wirings", func(d *document) {
		for key, text := range d.meta {
			if strings.HasPrefix(text, "{") {
				delete(d.meta, key)
				return
			}
		}
	}, ": metadata: "},
	{"a wiring of an unknown kind", "ltc_ncp_6_4_2", func(d *document) { d.meta["wiring"] = "Star" }, `wiring "Star"; known:`},
	{"wiring arguments that are no JSON", "ltc_ncp_6_4_2", func(d *document) { d.meta["wiring_args"] = "{" }, "wiring_args"},
	{"layers that are no JSON", "wired_ncp_default", func(d *document) { d.meta["layers"] = "none" }, "layers"},
	{"an output of an import", "import_ltc_autoncp12_3.expected", func(d *document) { d.at("y", 7, slightly) }, "y[7] is"},
	{"an input of an import", "import_wired_ncp.expected", func(d *document) { d.at("x", 2, slightly) }, "] is"},
	{"an import without inputs", "import_wired_ncp.expected", func(d *document) { delete(d.tensors, "x") }, "tensor x is missing"},
	{"an import with other inputs", "import_wired_ncp.expected", func(d *document) {
		d.tensors["x"].Shape[0], d.tensors["x"].Shape[2] = d.tensors["x"].Shape[2], d.tensors["x"].Shape[0]
	}, "tensor x has"},
	{"an import with a short single-precision state", "import_wired_ncp.expected", func(d *document) { d.short("hT_f32") }, "tensor hT_f32 has shape [2 12]; [3 12] is needed"},
	{"an import without weights", "import_wired_ncp.expected", func(d *document) { d.meta["weights"] = "gone.safetensors" }, "gone.safetensors"},
	{"an import that does not say its unfolds", "import_ltc_autoncp12_3.expected", func(d *document) { delete(d.meta, "unfolds") }, "key unfolds is missing"},
	{"no metadata", "cfc_b1", func(d *document) { d.meta = nil }, `cell "" is not supported; supported: ltc, cfc`},
	{"an unknown cell", "cfc_b1", func(d *document) { d.meta["cell"] = "perceptron" }, `"perceptron"`},
	{"a cell of another kind", "cfc_b1", func(d *document) { d.meta["cell"] = "lstm" }, "tensor"},
	{"an unknown mode", "cfc_b1", func(d *document) { d.meta["mode"] = "fast" }, `mode "fast"; allowed:`},
	{"another mode", "cfc_b1", func(d *document) { d.meta["mode"] = "no_gate" }, "] is "},
	{"units that are no number", "gru_h5", func(d *document) { d.meta["units"] = "five" }, `units is "five"`},
	{"too many units", "gru_h5", func(d *document) { d.meta["units"] = "60000" }, "[4 60000] is needed"},
	{"too many layers", "cfc_default_tanh_l2", func(d *document) {
		d.meta["backbone_layers"], d.meta["backbone_units"] = "100", "900"
	}, "parameters, but the file holds"},
	{"other units", "gru_h5", func(d *document) { d.meta["units"] = "6" }, "[4 6] is needed"},
	{"other unfolds", "ltc_fc5", func(d *document) { d.meta["unfolds"] = "5" }, "] is "},
	{"unfolds out of range", "ltc_fc5", func(d *document) { d.meta["unfolds"] = "-2" }, "unfolds is -2; allowed: 1 to 1000"},
	{"another epsilon", "ltc_epsilon_large", func(d *document) { d.meta["epsilon"] = "1e-8" }, "] is "},
	{"a missing parameter", "gru_h5", func(d *document) { delete(d.tensors, "weight_hh_l0") }, "tensor weight_hh_l0 is missing"},
	{"a short parameter", "ltc_fc5", func(d *document) { d.short("rnn_cell.cm") }, "tensor rnn_cell.cm has"},
	{"a missing gradient", "ltc_fc5", func(d *document) { delete(d.tensors, "grad.rnn_cell.mu") }, "tensor grad.rnn_cell.mu is missing"},
	{"a gradient of something else", "gru_h5", func(d *document) {
		x := *d.tensors["grad.x"]
		d.tensors["grad.weight"] = &x
	}, "tensor grad.weight is no part"},
	{"a short gradient of the initial state", "gru_h5", func(d *document) { d.short("grad.h0") }, "tensor grad.h0 has"},
	{"a short cotangent", "gru_h5", func(d *document) { d.short("ry") }, "tensor ry has"},
	{"a missing cotangent of the state", "lstm_h6", func(d *document) { delete(d.tensors, "rc") }, "tensor rc is missing"},
	{"a short initial state", "lstm_h6", func(d *document) { d.short("c0") }, "tensor c0 has"},
	{"short times", "cfc_b1", func(d *document) { d.short("dt") }, "tensor dt has"},
	{"a flat input", "cfc_b1", func(d *document) { d.tensors["x"].Shape = []int{len(d.tensors["x"].data) / 8} }, "tensor x has shape"},
	{"an empty batch", "cfc_b1", func(d *document) {
		d.tensors["x"].Shape, d.tensors["x"].data = []int{0, 1 << 40, 3}, nil
	}, "tensor x has shape"},
	{"outputs of another batch", "gru_h5", func(d *document) { d.short("y") }, "tensor y has"},
	{"no inputs", "cfc_b1", func(d *document) { delete(d.tensors, "x") }, "tensor x is missing"},
	{"a NaN parameter", "cfc_b1", func(d *document) { d.at("rnn_cell.ff2.bias", 1, to(math.NaN())) }, "is NaN"},
	{"a NaN input", "ltc_fc5", func(d *document) { d.at("x", 1, to(math.NaN())) }, "is NaN"},
	{"a NaN output", "gru_h5", func(d *document) { d.at("y", 1, to(math.NaN())) }, "want NaN"},
	{"an infinite output", "gru_h5", func(d *document) { d.at("y", 1, to(math.Inf(-1))) }, "want -Inf"},
	{"a NaN in the adjacency", "ltc_fc5", func(d *document) {
		a := d.tensors["adjacency"]
		a.DType, a.data = "F64", make([]byte, 8*a.Shape[0]*a.Shape[1])
		d.at("adjacency", 0, to(math.NaN()))
	}, "adjacency"},
	{"a wrong loss", "lstm_h6", func(d *document) { d.at("loss", 0, slightly) }, "loss[0] is"},
	{"mixed memory of an LSTM", "lstm_h6", func(d *document) { d.meta["mixed_memory"] = "true" }, "more than one state"},
	{"another format", "gru_h5", func(d *document) { d.meta["format"] = "2" }, `format "2"; allowed: 1`},
	{"wirings of another format", "wirings", func(d *document) { d.meta["format"] = "2" }, `format "2"; allowed: 1`},
	{"a description without a wiring", "wirings", func(d *document) { d.meta["more"] = "{}" }, "more.adjacency"},
	{"a gradient of an unused time", "gru_h5", func(d *document) {
		dt := *d.tensors["dt"]
		d.tensors["grad.dt"] = &dt
	}, "grad.dt is"},
	{"a parameter that the cell does not have", "gru_h5", func(d *document) {
		x := *d.tensors["x"]
		d.tensors["weight_hh_l1"] = &x
	}, "tensor weight_hh_l1 is no part"},
	{"a parameter that is not its clipped raw value", "ltc_explicit_fc5", func(d *document) {
		cm := *d.tensors["rnn_cell.cm"]
		cm.data = slices.Clone(cm.data)
		d.tensors["raw.rnn_cell.cm"] = &cm
		d.at("raw.rnn_cell.cm", 0, slightly)
	}, "rnn_cell.cm[0] is"},
	{"raw values where nothing was clipped", "ltc_fc5", func(d *document) {
		cm := *d.tensors["rnn_cell.cm"]
		d.tensors["raw.rnn_cell.cm"] = &cm
	}, "nothing was clipped"},
	{"arguments without a seed", "wired_fc5_out2", func(d *document) { d.meta["wiring_args"] = `{"units": 5}` }, "lack erev_init_seed"},
	{"another cell than that of the weights", "import_ltc_autoncp12_3.expected", func(d *document) { d.meta["output_mapping"] = "none" }, "the weights are those of"},
	{"a tensor of halves", "gru_h5", func(d *document) { d.tensors["h0"].DType, d.tensors["h0"].Shape[1] = "F16", 20 }, "allowed: F64, F32, I32"},
}

// short cuts the last row from a tensor.
func (d *document) short(name string) {
	p := d.tensors[name]
	row := len(p.data) / p.Shape[0]
	if p.Shape[0] == 1 { // the last column of the only row
		row = len(p.data) / p.Shape[1]
		p.Shape[1]--
	} else {
		p.Shape[0]--
	}
	p.data = p.data[:len(p.data)-row]
}

func TestFaults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			d := open(t, f.file)
			if r, err := d.run(t); err != nil || !r.Pass {
				t.Fatalf("the vector fails before the damage: %v, %s", err, r.Problem)
			}
			f.damage(d)
			r, err := d.run(t)
			problem := r.Problem
			if err != nil {
				problem = err.Error()
			}
			if r.Pass || !strings.Contains(problem, f.says) || strings.Contains(problem, "\n") {
				t.Errorf("pass %v, problem %q; it must fail and say %q in one line", r.Pass, problem, f.says)
			}
			if e := float64(r.MaxRelError); err == nil && !(e > Tolerance) {
				t.Errorf("fails with error %g", e)
			}
			if _, err := json.Marshal(r); err != nil {
				t.Errorf("the result has no JSON: %v", err)
			}
		})
	}
}

// TestForeignFiles: what is no vector at all is an error that names the file, and never a pass.
func TestForeignFiles(t *testing.T) {
	raw := open(t, "gru_h5").bytes(t)
	huge := binary.LittleEndian.AppendUint64(nil, 1<<62)
	for name, data := range map[string][]byte{
		"empty": nil, "text": []byte("a,b,c\n1,2,3\n"), "truncated header": raw[:300], "truncated data": raw[:len(raw)-1],
		"longer": append(slices.Clone(raw), 0), "huge header": append(huge, raw...), "header only": raw[:8],
		"foreign safetensors": (&document{meta: map[string]string{"format": "pt"}, tensors: map[string]*part{
			"embedding": {DType: "F32", Shape: []int{2}, data: make([]byte, 8)}}}).bytes(t),
		"no tensors": (&document{meta: map[string]string{"format": "pt"}}).bytes(t),
	} {
		r, err := runBytes(t, data)
		var fault *FileError
		if r.Pass || !errors.As(err, &fault) || fault.Err != nil {
			t.Errorf("%s: %+v, %v; want a *FileError", name, r, err)
			continue
		}
		if !strings.Contains(err.Error(), "file.safetensors") || strings.Contains(err.Error(), "\n") || !strings.Contains(fault.Problem, "; ") {
			t.Errorf("%s: the error %q does not name the file and the fix in one line", name, err)
		}
	}
	if _, err := Run(filepath.Join(t.TempDir(), "none.safetensors")); err == nil || !strings.Contains(err.Error(), "none.safetensors") {
		t.Errorf("a missing file gives %v", err)
	}
}

func TestRunDir(t *testing.T) {
	dir := t.TempDir()
	var fault *FileError
	if _, err := RunDir(dir); !errors.As(err, &fault) || !strings.Contains(err.Error(), "holds no golden vectors") {
		t.Errorf("an empty folder gives %v", err)
	}
	if _, err := RunDir(filepath.Join(dir, "none")); err == nil {
		t.Error("a missing folder is no error")
	}
	good, bad := open(t, "lstm_t1"), open(t, "lstm_t1")
	bad.at("y", 0, slightly)
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("b.safetensors", good.bytes(t))
	write("a.safetensors", bad.bytes(t))
	write("c.safetensors", []byte("no"))
	write("notes.txt", []byte("no"))
	weights, err := os.ReadFile(vectors + "/import_wired_ncp.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	write("weights.safetensors", weights)
	if err := os.Mkdir(filepath.Join(dir, "d.safetensors"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "below"), 0o755); err != nil {
		t.Fatal(err)
	}
	write("below/a.safetensors", good.bytes(t))
	results, err := RunDir(dir)
	if err != nil || len(results) != 4 {
		t.Fatalf("%d results, %v", len(results), err)
	}
	for i, want := range []struct {
		file string
		pass bool
	}{{"a.safetensors", false}, {"b.safetensors", true}, {"below/a.safetensors", true}, {"c.safetensors", false}} {
		if r := results[i]; r.File != want.file || r.Pass != want.pass || r.Pass != (r.Problem == "") || r.Unreadable != (i == 3) {
			t.Errorf("result %d is %+v, want %v", i, r, want)
		}
	}
	text, err := json.Marshal(results[3])
	if err != nil || !strings.Contains(string(text), `"max_rel_error":null`) {
		t.Errorf("a file that cannot be read is %s, %v", text, err)
	}
}

// FuzzRun: no bytes make the runner panic, and none pass that do not hold a vector.
func FuzzRun(f *testing.F) {
	for _, name := range []string{"gru_h5", "cfc_pure_l0", "ltc_fc5", "wired_fc5_out2", "import_wired_ncp.expected"} {
		raw, err := os.ReadFile(filepath.Join(vectors, name+".safetensors"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	for _, name := range []string{"gru_d", "ct_gru", "phased_lstm_code"} {
		raw, err := os.ReadFile(filepath.Join(papers, name+".safetensors"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	dir := f.TempDir()
	weights, err := os.ReadFile(vectors + "/import_wired_ncp.safetensors")
	if err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "import_wired_ncp.safetensors"), weights, 0o644); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			t.Skip("larger than any seed")
		}
		path := filepath.Join(dir, "file.safetensors")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if r, err := Run(path); err == nil && r.Pass != (r.Problem == "") {
			t.Errorf("pass %v with problem %q", r.Pass, r.Problem)
		}
	})
}

// TestStructuredMutations damages metadata and tensors at random where blind bytes rarely reach: nothing may panic.
func TestStructuredMutations(t *testing.T) {
	values := []string{"", "-1", "0", "1", "4", "65536", "1e9", "NaN", "null", "[]", "{}", "true", "[[0],[0]]", "pure", "ltc", "wired_cfc"}
	r := rand.New(rand.NewPCG(1, 2))
	failed := 0
	for _, file := range []string{"gru_h5", "cfc_pure_l0", "cfc_mixed", "ltc_fc5", "wired_ncp_default", "import_wired_ncp.expected", "wirings"} {
		for range 30 {
			d := open(t, file)
			keys, names := slices.Sorted(maps.Keys(d.meta)), slices.Sorted(maps.Keys(d.tensors))
			key, name := keys[r.IntN(len(keys))], names[r.IntN(len(names))]
			p := d.tensors[name]
			switch r.IntN(6) {
			case 0, 1, 2:
				d.meta[key] = values[r.IntN(len(values))]
			case 3:
				delete(d.tensors, name)
			case 4:
				p.Shape, p.data = []int{0, 3, 2}[:max(1, len(p.Shape))], nil
			case 5:
				p.Shape = append([]int{1}, p.Shape...)
			}
			if res, err := d.run(t); err != nil || !res.Pass {
				failed++
			}
		}
	}
	if failed < 60 {
		t.Errorf("only %d of 210 damages were seen; most keys and tensors matter", failed)
	}
}
