package golden

import (
	"path/filepath"
	"strings"
	"testing"
)

const vectors = "testdata/ncps"

// TestVectors runs every vector that came with the reference: 55 cases, 3 imports and one file of wirings.
func TestVectors(t *testing.T) {
	results, err := RunDir(vectors)
	if err != nil {
		t.Fatal(err)
	}
	cells := map[string]int{}
	for _, r := range results {
		cells[r.Cell]++
		if !r.Pass {
			t.Errorf("%s: error %.3g, %s", r.File, float64(r.MaxRelError), r.Problem)
		}
		t.Logf("%-45s %-10s %.1e %.1e", r.File, r.Cell, float64(r.MaxRelError), float64(r.MaxRelErrorF32))
		if strings.HasSuffix(r.File, ".expected.safetensors") != (r.MaxRelErrorF32 > 0) || r.MaxRelErrorF32 > 2e-6 {
			t.Errorf("%s: error %.3g in single precision", r.File, float64(r.MaxRelErrorF32))
		}
	}
	if want := 55 + 3 + 1; len(results) != want {
		t.Errorf("%d vectors were run, want %d", len(results), want)
	}
	files, err := filepath.Glob(vectors + "/*.safetensors")
	if err != nil || len(files) != 55+2*3+1 {
		t.Errorf("%d files, %v", len(files), err)
	}
	for cell, least := range map[string]int{"ltc": 20, "cfc": 15, "wired_cfc": 8, "lstm": 2, "gru": 2, "wiring": 1} {
		if cells[cell] < least {
			t.Errorf("%d vectors of %s, want at least %d", cells[cell], cell, least)
		}
	}
}
