package export_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"math"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/export"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/wiring"
)

// hostile are names that somebody could write into a model file.
var hostile = []string{"../../x", "/etc/passwd", "a\\..\\b", "*/ int evil(void) { return 1; } /*", "??/\n#include \"/etc/passwd\"", "\n#error x\n",
	"\r#error x", "@evil", "%s%n", "\"); evil(\"", "int", "\x00", "\u2028#error", "\xff\xfe", "${HOME}", "`id`", strings.Repeat("x", 5000)}

// line finds lines with something of these names that no identifier can hold.
var line = regexp.MustCompile(`(?m)^.*(evil *\(|#error|/etc/|\?\?/|\.\./|\$\{).*$`)

// comment finds comments of C.
var comment = regexp.MustCompile(`(?s)/\*.*?\*/`)

// TestHostileNames: whatever a model file calls its inputs, classes, target and states, and whatever it is called itself, files
// stand in the directory, and the code is the same to the letter but for comments.
func TestHostileNames(t *testing.T) {
	gcc := compiler(t, "gcc", "gcc")
	export.Drifts(t, 20)
	for k, name := range hostile {
		s := sensors(2)
		s.Inputs[0].Name, s.Inputs[2].Name, s.Inputs[2].Levels[1] = name, name+"'", name
		s.Target.Name, s.Target.Classes[0], s.Clock.Column = name, name, name
		m, err := model.New(s, model.Liquid(cell.LTC{Unfolds: 2}, wiring.Auto(8, 1)))
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		plain, err := model.New(sensors(2), model.Liquid(cell.LTC{Unfolds: 2}, wiring.Auto(8, 1)))
		if err != nil {
			t.Fatal(err)
		}
		a := export.Arithmetics()[k%3]
		file := export.Name(name)
		if err := export.CheckName(file); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		got, err := export.C(m.Initial(5), export.Options{Name: file, Arithmetic: a, Calibration: drawn(m, 20)})
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		want, err := export.C(plain.Initial(5), export.Options{Name: file, Arithmetic: a, Calibration: drawn(plain, 20)})
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range got.Files {
			if f.Name != filepath.Base(f.Name) || strings.ContainsAny(f.Name, "/\\") {
				t.Errorf("%q: the file %q is not of the directory", name, f.Name)
			}
			if bad := line.Find(f.Data); bad != nil && i > 0 {
				t.Errorf("%q: %s has the line %.200q", name, f.Name, bad)
			}
			if i > 0 && string(f.Data) != string(want.Files[i].Data) {
				t.Errorf("%q: %s is another than with harmless names", name, f.Name)
			}
		}
		harmlessElsewhere(t, name, file, m.Initial(5), plain.Initial(5))
		if k%4 == 0 {
			if out, err := exec.Command(build(t, gcc, strict, got.Files)).CombinedOutput(); err != nil {
				t.Errorf("%q: %v\n%s", name, err, out)
			}
		}
	}
}

// harmlessElsewhere demands that a model with a hostile name becomes the Go package that it becomes without, but for comments, and
// the page, but for the module that it holds in base64; and that no file leaves its directory.
func harmlessElsewhere(t *testing.T, name, file string, m, plain *model.Model) {
	t.Helper()
	var code, page [2]string
	for k, m := range []*model.Model{m, plain} {
		text, err := export.Go(m, export.Options{Name: "net"})
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		files := token.NewFileSet()
		parsed, err := parser.ParseFile(files, "model.go", text.Files[0].Data, 0) // without comments
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		var b strings.Builder
		if err := format.Node(&b, files, parsed); err != nil {
			t.Fatal(err)
		}
		code[k] = b.String()
		site, err := export.Page(m, export.Options{Name: file})
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		for _, f := range slices.Concat(text.Files, site.Files) {
			if f.Name != filepath.Base(f.Name) || strings.ContainsAny(f.Name, "/\\") {
				t.Errorf("%q: the file %q is not of the directory", name, f.Name)
			}
		}
		page[k] = strings.Replace(string(site.Files[2].Data), base64.StdEncoding.EncodeToString(site.Files[0].Data), "MODULE", 1)
	}
	if code[0] != code[1] {
		t.Errorf("%q: the Go package is another than with harmless names", name)
	}
	if page[0] != page[1] || !strings.Contains(page[0], "MODULE") {
		t.Errorf("%q: the page is another than with harmless names", name)
	}
}

// TestHostileWeights: weights that are none are refused, and those at the ends of single precision become literals that read
// back to the bit, or are refused.
func TestHostileWeights(t *testing.T) {
	gcc := compiler(t, "gcc", "gcc")
	export.Drifts(t, 20)
	m, err := model.New(sensors(2), model.Liquid(cell.LTC{Unfolds: 2}, wiring.Auto(8, 1)))
	if err != nil {
		t.Fatal(err)
	}
	theta := m.Initial(5).Params()
	var no *export.RefusedError
	for at := 0; at < len(theta); at += 37 {
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat32, -math.MaxFloat32, 0x1p-149, math.Copysign(0, -1)} {
			bad := append([]float32(nil), theta...)
			bad[at] = float32(v)
			for _, a := range export.Arithmetics() {
				printed, err := export.C(m.With(bad), export.Options{Name: "net", Arithmetic: a, Calibration: drawn(m, 5)})
				if err != nil {
					if !errors.As(err, &no) || strings.Contains(err.Error(), "\n") {
						t.Errorf("parameter %d is %g in %s: %v", at, v, a, err)
					}
					continue
				}
				if v != v || math.IsInf(v, 0) {
					// An infinite capacitance, say, is refused; what no row reads need not be.
					if text := comment.ReplaceAllString(string(printed.Files[1].Data), ""); regexp.MustCompile(`(?i)[^a-z_](nan|inf)f?[^a-z_]`).MatchString(text) {
						t.Errorf("parameter %d is %g in %s, and printed", at, v, a)
					}
				}
				if at%74 == 0 && a != export.Float32 && v == math.MaxFloat32 {
					// Words are clamped, whatever the weights: nothing is undefined.
					if out, err := exec.Command(build(t, gcc, sanitized, printed.Files)).CombinedOutput(); err != nil {
						t.Errorf("parameter %d is %g in %s: %v\n%s", at, v, a, err, out)
					}
				}
			}
		}
	}
}

// FuzzName: whatever a model file is called, the name of the export is an identifier, and stays in its directory.
func FuzzName(f *testing.F) {
	for _, name := range hostile {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name := export.Name(text)
		if err := export.CheckName(name); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if filepath.Base(name) != name || name == "." || name == ".." {
			t.Fatalf("%q becomes %q", text, name)
		}
	})
}

// sealed is a model file with another manifest, and a bit of a weight flipped, whose checksum fits.
func sealed(t testing.TB, file []byte, edit func(manifest string) string, at int, by byte) []byte {
	t.Helper()
	n := 8 + int(binary.LittleEndian.Uint64(file))
	header, meta := map[string]json.RawMessage{}, map[string]string{}
	if err := errors.Join(json.Unmarshal(file[8:n], &header), json.Unmarshal(header["__metadata__"], &meta)); err != nil {
		t.Fatal(err)
	}
	data := slices.Clone(file[n:])
	data[(at%len(data)+len(data))%len(data)] ^= by
	meta["elegans"] = edit(meta["elegans"])
	delete(header, "__metadata__")
	h := sha256.New()
	h.Write([]byte(meta["elegans"]))
	for _, name := range slices.Sorted(maps.Keys(header)) {
		var tensor struct {
			Shape   []uint64
			Offsets [2]int `json:"data_offsets"`
		}
		if err := json.Unmarshal(header[name], &tensor); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(h, "\x00%s\x00%v\x00", name, tensor.Shape)
		h.Write(data[tensor.Offsets[0]:tensor.Offsets[1]])
	}
	meta["checksum"] = hex.EncodeToString(h.Sum(nil))
	text, err := json.Marshal(meta)
	if err != nil {
		t.Fatal(err)
	}
	header["__metadata__"] = text
	if text, err = json.Marshal(header); err != nil {
		t.Fatal(err)
	}
	text = append(text, strings.Repeat(" ", -len(text)&7)...)
	return slices.Concat(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text, data)
}

// FuzzModelFile: of a model file that somebody has changed, and that still loads for its checksum fits, an export is refused or
// stands in its directory and has no line of the file's own.
func FuzzModelFile(f *testing.F) {
	m, err := model.New(sensors(2), model.Liquid(cell.LTC{Unfolds: 2}, wiring.Auto(8, 1)))
	if err != nil {
		f.Fatal(err)
	}
	var whole bytes.Buffer
	if err := m.Initial(1).Write(&whole); err != nil {
		f.Fatal(err)
	}
	same := func(manifest string) string { return manifest }
	if _, err := model.Read(bytes.NewReader(sealed(f, whole.Bytes(), same, 100, 1))); err != nil {
		f.Fatalf("a weight that differs by one bit: %v", err)
	}
	for k, name := range hostile {
		f.Add("co2", name, 100+k*37, byte(k))
		f.Add("class 0", name, 100+k*37, byte(0x80))
	}
	f.Add("450", "1e999", 0, byte(0))
	f.Add("\"unfolds\":2", "\"unfolds\":2000000000", 0, byte(0))
	f.Fuzz(func(t *testing.T, old, name string, at int, by byte) {
		quoted, _ := json.Marshal(name)
		edit := func(manifest string) string {
			if strings.Contains(old, "\"") {
				return strings.ReplaceAll(manifest, old, name)
			}
			return strings.ReplaceAll(manifest, old, strings.Trim(string(quoted), "\""))
		}
		m, err := model.Read(bytes.NewReader(sealed(t, whole.Bytes(), edit, at, by)))
		if err != nil {
			return
		}
		for _, print := range []func(*model.Model, export.Options) (*export.Printed, error){export.C, export.Go, export.Page, export.ONNX} {
			printed, err := print(m, export.Options{Name: export.Name(name)})
			if err != nil {
				continue
			}
			for _, one := range printed.Files {
				text := strings.HasSuffix(one.Name, ".c") || strings.HasSuffix(one.Name, ".h") || strings.HasSuffix(one.Name, ".go")
				if filepath.Base(one.Name) != one.Name || text && line.Match(one.Data) {
					t.Errorf("%q: %s", name, one.Name)
				}
			}
		}
	})
}
