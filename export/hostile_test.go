package export_test

import (
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
		if k%4 == 0 {
			if out, err := exec.Command(build(t, gcc, strict, got.Files)).CombinedOutput(); err != nil {
				t.Errorf("%q: %v\n%s", name, err, out)
			}
		}
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

// FuzzModelFile: of a model file that somebody has changed, and that still loads, an export is refused or stands in its
// directory and has no line of the file's own.
func FuzzModelFile(f *testing.F) {
	m, err := model.New(sensors(2), model.Liquid(cell.LTC{Unfolds: 2}, wiring.Auto(8, 1)))
	if err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(f.TempDir(), "m")
	if err := m.Initial(1).Save(path); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	for k, name := range hostile {
		f.Add(name, 100+k*37, byte(k))
	}
	f.Fuzz(func(t *testing.T, name string, at int, by byte) {
		file := filepath.Join(t.TempDir(), "m")
		data := []byte(strings.ReplaceAll(string(whole), "co2", strings.Trim(name, "\"\\")))
		data[(at%len(data)+len(data))%len(data)] ^= by
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := model.Load(file)
		if err != nil {
			return
		}
		printed, err := export.C(m, export.Options{Name: export.Name(name)})
		if err != nil {
			return
		}
		for _, one := range printed.Files {
			if filepath.Base(one.Name) != one.Name || line.Match(one.Data) {
				t.Errorf("%q: %s", name, one.Name)
			}
		}
	})
}
