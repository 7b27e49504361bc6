package conform

import (
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/internal/conform/example"
)

// TestExampleCell: the cell that CONTRIBUTING.md shows passes this suite and the tests of its package, by being there.
func TestExampleCell(t *testing.T) {
	out := example.Test(t, "^Test(Registry|Check|EncodeDecode|DecodeIsStrict|Presets|PresetNames|RegistryIsComplete)$/^Leaky", "./cell", "./internal/conform")
	for _, line := range []string{"--- PASS: TestRegistry/Leaky_5_units", "--- PASS: TestDecodeIsStrict"} {
		if !strings.Contains(out, line) {
			t.Errorf("the output lacks %q:\n%s", line, out)
		}
	}
}
