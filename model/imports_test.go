package model_test

import (
	"fmt"
	"go/build"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/elegans-nn/elegans"

// layers lists, for each package of the library, what else of this module it may import: the arrows of ARCHITECTURE.md,
// which only point down.
var layers = map[string][]string{
	"step":                   {},
	"wiring":                 {"internal/mersenne"},
	"internal/mersenne":      {},
	"series":                 {},
	"internal/replace":       {},
	"internal/nearest":       {},
	"engine/internal/kernel": {"step"},
	"cell":                   {"internal/nearest", "step", "wiring"},
	"engine":                 {"step", "engine/internal/kernel"},
	"model":                  {"cell", "engine", "internal/replace", "series", "step", "wiring"},
	"table":                  {"internal/nearest", "internal/replace"},
	"dataset":                {"internal/nearest", "series", "table"},
	"metric":                 {"series"},
	"baseline":               {"series"},
	"stress":                 {"series"},
	"drift":                  {"internal/mersenne", "internal/nearest"},
	"online":                 {"drift", "engine", "internal/nearest", "journal", "model", "series", "step"},
	"online/evidence": {"bench", "cell", "dataset", "engine", "internal/replace", "metric", "model", "online", "series", "suite", "table",
		"train", "wiring"},
	"journal":              {"internal/replace"},
	"export/internal/wasm": {},
	"export":               {"engine", "export/internal/wasm", "model", "online", "series", "step"},
	"train":                {"dataset", "engine", "model", "series", "step"},
	"report":               {"internal/replace", "metric", "series"},
	"bench":                {"cell", "engine", "internal/nearest", "model", "online", "series", "step", "train", "wiring"},
	"suite":                {"baseline", "cell", "dataset", "engine", "experiment", "internal/nearest", "internal/replace", "metric", "model", "series", "table", "train"},
	"experiment": {"baseline", "cell", "dataset", "engine", "internal/replace", "metric", "model", "report", "series", "stress",
		"train", "wiring"},
}

// lean packages are what a service embeds: they import the standard library and the modules named here.
var lean = []string{"step", "wiring", "series", "internal/replace", "internal/nearest", "internal/mersenne", "engine/internal/kernel", "cell", "engine", "model", "drift", "online", "journal"}

var allowed = []string{"github.com/nlpodyssey/safetensors", "golang.org/x/sys/cpu"}

// imported lists the imports of a package of this module, without those of its tests: packages of the module, relative
// to it, and all others that are not of the standard library.
func imported(t *testing.T, name string) (own, others []string) {
	t.Helper()
	p, err := build.Default.ImportDir(filepath.Join("..", filepath.FromSlash(name)), 0)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, path := range p.Imports {
		first, _, _ := strings.Cut(path, "/")
		if rest, ok := strings.CutPrefix(path, module+"/"); ok {
			own = append(own, rest)
		} else if strings.Contains(first, ".") {
			others = append(others, path)
		}
	}
	return own, others
}

// upward names the imports that point up or out of what is allowed.
func upward(name string, own, others []string) (bad []string) {
	for _, path := range own {
		if !slices.Contains(layers[name], path) {
			bad = append(bad, fmt.Sprintf("%s imports %s", name, path))
		}
	}
	for _, path := range others {
		if slices.Contains(lean, name) && !slices.Contains(allowed, path) {
			bad = append(bad, fmt.Sprintf("%s imports %s", name, path))
		}
	}
	return bad
}

// apart are the folders that no package of the library may import: commands, generators, and what exists for tests.
var apart = []string{"cmd", "engine/internal/kernel/gen", "internal/conform", "internal/golden", "internal/require", "scripts"}

// TestEveryPackageHasItsPlace: a new package is entered above before anything can be built on it.
func TestEveryPackageHasItsPlace(t *testing.T) {
	seen := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, ".."+string(filepath.Separator)))
		if strings.HasPrefix(d.Name(), ".") && name != ".." || d.Name() == "testdata" || slices.Contains(apart, name) {
			return filepath.SkipDir
		}
		if p, err := build.Default.ImportDir(path, 0); err != nil || len(p.GoFiles) == 0 {
			return nil // no package
		}
		seen++
		if _, ok := layers[name]; !ok {
			t.Errorf("package %s is not among the layers of this test; enter it with what it may import", name)
		}
		return nil
	})
	if err != nil || seen != len(layers) {
		t.Errorf("%d packages were found, %d are listed (%v)", seen, len(layers), err)
	}
}

func TestArrowsPointDown(t *testing.T) {
	for name := range layers {
		own, others := imported(t, name)
		for _, bad := range upward(name, own, others) {
			t.Errorf("%s; a lower package must not, see ARCHITECTURE.md", bad)
		}
	}
	// What may be imported has no way back, and lean packages import lean ones only.
	for name := range layers {
		if path := back(name, name, nil); path != nil {
			t.Errorf("a circle: %v", path)
		}
		for _, below := range layers[name] {
			if slices.Contains(lean, name) && !slices.Contains(lean, below) {
				t.Errorf("%s is to stay lean and may import %s", name, below)
			}
		}
	}
	for _, bad := range [][3]string{{"step", "cell", ""}, {"model", "dataset", ""}, {"engine", "", "gonum.org/v1/gonum/mat"}} {
		if upward(bad[0], []string{bad[1]}, []string{bad[2]}) == nil {
			t.Errorf("an import of %s%s by %s goes unnoticed", bad[1], bad[2], bad[0])
		}
	}
}

// back is a way from a package to itself.
func back(from, to string, way []string) []string {
	if len(way) > len(layers) {
		return way
	}
	for _, next := range layers[from] {
		if next == to {
			return append(way, from, to)
		}
		if found := back(next, to, append(way, from)); found != nil {
			return found
		}
	}
	return nil
}
