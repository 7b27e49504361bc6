package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nlpodyssey/safetensors"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

func written(t testing.TB, m *Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// known is every preset and every variant of the registry as a layer.
func known(outputs int) map[string]Layer {
	all := map[string]Layer{}
	for _, p := range cell.Presets() {
		l := Layer{Cell: p.Cell}
		if p.Wiring != nil {
			l.Wiring = p.Wiring(outputs)
		}
		all["preset "+p.Name] = l
	}
	for _, e := range cell.Registry() {
		for _, v := range e.Variants {
			all[e.Name+" "+v.Name] = Layer{Cell: v.Cell, Wiring: v.Wiring}
		}
	}
	return all
}

func TestEveryCellSurvivesItsFile(t *testing.T) {
	s := rich()
	layers := known(s.Target.Width())
	if len(layers) < 15 {
		t.Fatalf("only %d presets and variants were found", len(layers))
	}
	w := walk(s, 12, 3)
	for name, layer := range layers {
		m := made(t, s, layer)
		data := written(t, m)
		again, err := Read(bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if row := differs(ran(t, m, &w, RunOptions{}), ran(t, again, &w, RunOptions{})); row != -1 {
			t.Errorf("%s: the prediction differs in row %d after loading", name, row)
		}
		if !bytes.Equal(data, written(t, m)) || !bytes.Equal(data, written(t, again)) {
			t.Errorf("%s: equal models give different files", name)
		}
		if again.Program().String() != m.Program().String() || again.MaxStep() != m.MaxStep() || again.Synapses() != m.Synapses() {
			t.Errorf("%s: the program or wiring is another one after loading", name)
		}
	}
}

// full is a model with everything a file can say.
func full(t testing.TB) *Model {
	t.Helper()
	s := rich()
	s.SeriesColumn, s.Target.Threshold, s.Clock.Column = "room", 0.375, "when"
	a := Architecture{Layers: []Layer{networks["CfC"], networks["LTC"]}, TimeInput: true}
	m, err := a.Model(s)
	if err != nil {
		t.Fatal(err)
	}
	return moved(m, 8).WithInfo(Info{Name: "two", Seed: 1<<63 + 5, Data: "abc", Version: "0.1", Protocol: "paper",
		Settings: map[string]string{"b": "2", "a": "1"}, Metrics: map[string]float64{"f1": 0.1, "accuracy": 0.9}})
}

func TestSaveAndLoad(t *testing.T) {
	m := full(t)
	path := filepath.Join(t.TempDir(), "m.elegans")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal([]any{m.Schema(), m.Info()})
	b, _ := json.Marshal([]any{again.Schema(), again.Info()})
	if !bytes.Equal(a, b) {
		t.Errorf("schema and info are\n%s\nwant\n%s", b, a)
	}
	if again.Architecture().TimeInput != true || len(again.Architecture().Layers) != 2 || !slices.Equal(again.theta, m.theta) {
		t.Error("architecture or parameters are others after loading")
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
	if err := m.Save(filepath.Join(t.TempDir(), "no", "such", "folder")); err == nil {
		t.Error("saving into a missing folder succeeded")
	}
	if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Load(path)
	oneLine(t, err, path, "not a model file", "; copy it again")
	var bad *FileError
	if !errors.As(err, &bad) || bad.Path != path {
		t.Errorf("%T does not name the file", err)
	}
}

// wrong checks that bytes are refused with a *FileError of one line.
func wrong(t *testing.T, what string, data []byte, words ...string) {
	t.Helper()
	m, err := Read(bytes.NewReader(data))
	var bad *FileError
	if !errors.As(err, &bad) || m != nil {
		t.Errorf("%s gives %v", what, err)
		return
	}
	oneLine(t, err, words...)
}

func TestCutFiles(t *testing.T) {
	data := written(t, full(t))
	for n := range data {
		if m, err := Read(bytes.NewReader(data[:n])); err == nil || m != nil {
			t.Fatalf("%d of %d bytes are a model", n, len(data))
		}
	}
	wrong(t, "a byte too many", append(slices.Clone(data), 0))
	wrong(t, "nothing", nil, "cut off", "copy it again")
}

// A flipped bit is noticed, or it changed nothing (the keys of JSON are read in any case).
func TestFlippedBits(t *testing.T) {
	m := made(t, series.Plain(1), Liquid(cell.LTC{}, wiring.Full(2)))
	data := written(t, m)
	header := 8 + int(data[0]) + int(data[1])<<8
	want := written(t, m)
	flips, harmless := 0, 0
	for bit := 0; bit < 8*len(data); bit++ {
		if bit > 8*header && bit%5 != 0 {
			continue // of the tensors a sample
		}
		flips++
		data[bit/8] ^= 1 << (bit % 8)
		again, err := Read(bytes.NewReader(data))
		if err == nil {
			harmless++
			if bit >= 8*header || !bytes.Equal(written(t, again), want) {
				t.Errorf("a flip of bit %d of byte %d went unnoticed", bit%8, bit/8)
			}
		}
		data[bit/8] ^= 1 << (bit % 8)
	}
	if harmless > flips/50 {
		t.Errorf("%d of %d flips went unnoticed", harmless, flips)
	}
}

// remade changes manifest and tensors of a file and seals it again, so that the checks behind the checksum are reached.
func remade(t testing.TB, data []byte, manifest func(string) string, tensor func(map[string]safetensors.TensorView)) []byte {
	t.Helper()
	tensors, meta, err := openTensors(data)
	if err != nil {
		t.Fatal(err)
	}
	if manifest != nil {
		text := manifest(meta[manifestKey])
		if text == meta[manifestKey] {
			t.Fatal("the manifest was not changed")
		}
		meta[manifestKey] = text
	}
	if tensor != nil {
		tensor(tensors)
	}
	meta[checksumKey] = checksum([]byte(meta[manifestKey]), tensors)
	out, err := safetensors.Serialize(tensors, meta)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestManifests(t *testing.T) {
	m := full(t)
	data := written(t, m)
	if again, err := Read(bytes.NewReader(remade(t, data, func(s string) string { return s + " " }, nil))); err != nil || !slices.Equal(again.theta, m.theta) {
		t.Fatalf("a sealed file is refused: %v", err)
	}
	for _, c := range []struct {
		old, new string
		words    []string
	}{
		{`"format":1`, `"format":3`, []string{"format 3", "formats 1 to 2", "update elegans"}},
		{`"format":1`, `"format":0`, []string{"format 0"}},
		{`"format":1`, `"format":"1"`, []string{"manifest", "damaged"}},
		{`"format":1`, `"format":1,"colour":"red"`, []string{"manifest", "colour"}},
		{`"readout":"linear"`, `"readout":"nearest"`, []string{"nearest", "linear, direct"}},
		{`"readout":"linear"`, `"readout":"direct"`, []string{"gives 2 values", "1"}},
		{`"cell":"LTC"`, `"cell":"LTD"`, []string{"layer 1", `"LTD"`, "LTC"}},
		{`"units":5,"mode"`, `"units":0,"mode"`, []string{"layer 0", "units is 0"}},
		{`"units":5,"mode"`, `"units":5,"colour":1,"mode"`, []string{"layer 0", "colour"}},
		{`"units":5,"mode"`, `"units":60000,"mode"`, []string{"layer 1", "60000"}},
		{`"backbone":[6]`, `"backbone":[6,6]`, []string{"tensors where the layers have"}},
		{`"backbone":[6]`, `"backbone":[7]`, []string{"layer0.backbone0", "F32"}},
		{`"sd":3.25`, `"sd":-3.25`, []string{`"temp"`, "sd -3.25"}},
		{`"sd":3.25`, `"sd":1e-60`, []string{`"temp"`, "single precision"}},
		{`"kind":"category"`, `"kind":"colour"`, []string{`"door"`, "colour"}},
		{`"task":"classify"`, `"task":"guess"`, []string{`"risk"`, "guess"}},
		{`"threshold":0.375`, `"threshold":1.5`, []string{"threshold 1.5"}},
		{`"unit":60`, `"unit":0`, []string{"time unit 0"}},
		{`"wiring":{`, `"wirings":{`, []string{"wirings"}},
		{`"inter`, `"seed`, nil}, // the description of a wiring has no effect
	} {
		if !strings.Contains(string(data), strings.ReplaceAll(c.old, `"`, `\"`)) && c.words != nil {
			t.Errorf("the manifest does not hold %s", c.old)
			continue
		}
		if c.words != nil {
			wrong(t, c.new, remade(t, data, func(s string) string { return strings.Replace(s, c.old, c.new, 1) }, nil), c.words...)
		}
	}
}

// TestOptionsInFiles: a file holds what its options meant when it was written, and one that names none is read as before.
func TestOptionsInFiles(t *testing.T) {
	m := made(t, rich(), Layer{Cell: cell.LTC{}, Wiring: wiring.Full(3)})
	data := written(t, m)
	const options = `{"unfolds":6,"epsilon":1e-8,"spread":1,"explicit":false,"input_map":"affine","output_map":"none"}`
	old := remade(t, data, func(s string) string { return strings.Replace(s, options, "{}", 1) }, nil)
	again, err := Read(bytes.NewReader(old))
	if err != nil {
		t.Fatal(err)
	}
	if again.Program().String() != m.Program().String() || !slices.Equal(again.theta, m.theta) {
		t.Error("a file without options is read as another model")
	}
	if !bytes.Equal(written(t, again), data) {
		t.Error("a file without options is written as another one than its model was")
	}
}

func TestManifestsOutOfBounds(t *testing.T) {
	data := written(t, full(t))
	// A wired layer without its wiring, or with one for other inputs.
	wrong(t, "no wiring", remade(t, data, func(s string) string {
		from := strings.Index(s, `,"wiring":{`)
		return s[:from] + s[strings.Index(s[from:], `}`)+from+1:]
	}, nil), "layer 1", "needs a wiring")
	wrong(t, "no layers", remade(t, data, func(s string) string {
		return s[:strings.Index(s, `"layers":`)] + `"layers":[]` + s[strings.Index(s, `,"readout"`):]
	}, nil), "no layers")
	wrong(t, "too many layers", remade(t, data, func(s string) string {
		return s[:strings.Index(s, `"layers":`)] + `"layers":[` + strings.Repeat(`{},`, 99) + `{}]` + s[strings.Index(s, `,"readout"`):]
	}, nil), "100 layers")
	wrong(t, "an empty layer", remade(t, data, func(s string) string {
		return s[:strings.Index(s, `"layers":`)] + `"layers":[{}]` + s[strings.Index(s, `,"readout"`):]
	}, nil), "layer 0")
	wrong(t, "a cell in a cell in a cell …", remade(t, data, func(s string) string {
		nested := strings.Repeat(`{"cell":"Mixed","options":{"cell":`, 3000) + `{"cell":"GRU","options":{"units":2}}` + strings.Repeat(`}}`, 3000)
		return s[:strings.Index(s, `"layers":`)] + `"layers":[{"cell":` + nested + `}]` + s[strings.Index(s, `,"readout"`):]
	}, nil), "layer 0", "allowed: up to 4096")
	wrong(t, "no manifest at all", remade(t, data, func(string) string { return "null" }, nil), "format 0")
	wrong(t, "a list", remade(t, data, func(string) string { return "[]" }, nil), "manifest")
	wrong(t, "nothing", remade(t, data, func(string) string { return "" }, nil), "manifest")
	wrong(t, "two manifests", remade(t, data, func(s string) string { return s + s }, nil), "manifest")
}

func view(t testing.TB, kind safetensors.DType, shape []uint64, data []byte) safetensors.TensorView {
	t.Helper()
	v, err := safetensors.NewTensorView(kind, shape, data)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTensors(t *testing.T) {
	m := full(t)
	data := written(t, m)
	const name = "layer1.vleak"
	type tensors = map[string]safetensors.TensorView
	spoiled := func(f func(all tensors)) []byte { return remade(t, data, nil, f) }
	with := func(v ...float32) []byte {
		return spoiled(func(all tensors) {
			old := all[name].Data()
			raw := append(littleEndian(v), old[4*len(v):]...)
			all[name] = view(t, safetensors.F32, all[name].Shape(), raw)
		})
	}
	if again, err := Read(bytes.NewReader(with(0.5))); err != nil || slices.Equal(again.theta, m.theta) {
		t.Fatalf("a changed and sealed parameter is refused or lost: %v", err)
	}
	wrong(t, "a NaN", with(0.5, float32(math.NaN())), name, "NaN at position 1", "finite")
	wrong(t, "an infinity", with(float32(math.Inf(-1))), name, "-Inf at position 0")
	wrong(t, "a missing tensor", spoiled(func(all tensors) { delete(all, name) }), "tensors where")
	wrong(t, "a tensor too many", spoiled(func(all tensors) { all["more"] = all[name] }), "tensors where")
	wrong(t, "another name", spoiled(func(all tensors) {
		all["layer1.vleaf"] = all[name]
		delete(all, name)
	}), name, "missing")
	wrong(t, "another shape", spoiled(func(all tensors) {
		all[name] = view(t, safetensors.F32, []uint64{2, 5}, all[name].Data())
	}), name, "[2 5]", "[10] is needed")
	wrong(t, "another type", spoiled(func(all tensors) {
		all[name] = view(t, safetensors.I32, all[name].Shape(), all[name].Data())
	}), name, "F32 [10] is needed")
	wrong(t, "no tensors", spoiled(func(all tensors) { clear(all) }), "0 tensors")
}

func TestForeignFiles(t *testing.T) {
	weights := map[string]safetensors.TensorView{"w": view(t, safetensors.F32, []uint64{2}, littleEndian([]float32{1, 2}))}
	for _, meta := range []map[string]string{nil, {"format": "pt"}} {
		data, err := safetensors.Serialize(weights, meta)
		if err != nil {
			t.Fatal(err)
		}
		wrong(t, "a foreign safetensors file", data, "not of elegans", "elegans import ncps")
	}
	for what, data := range map[string]string{
		"a gzip file": "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", "text": "date,temp\n2021-01-01,20.5\n", "zeros": strings.Repeat("\x00", 64),
		"a huge header": "\xff\xff\xff\xff\xff\xff\xff\xff{}", "an empty header": "\x02\x00\x00\x00\x00\x00\x00\x00{}",
		"a long shape": "\x4a\x00\x00\x00\x00\x00\x00\x00" + `{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`,
	} {
		wrong(t, what, []byte(data))
	}
}
