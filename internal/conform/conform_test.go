package conform

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/online"
)

// TestRegistry walks every registered cell, every variant and every check.
func TestRegistry(t *testing.T) {
	subjects, err := Subjects(cell.Registry())
	if err != nil {
		t.Fatal(err)
	}
	variants := 0
	for _, e := range cell.Registry() {
		variants += len(e.Variants)
	}
	if len(subjects) != variants {
		t.Errorf("%d subjects for the %d variants of the registry", len(subjects), variants)
	}
	suite(t, subjects)
}

// TestPresets holds the engine against the oracle, with the kernels that are generated for presets.
func TestPresets(t *testing.T) {
	subjects, err := Presets(cell.Registry())
	if err != nil {
		t.Fatal(err)
	}
	if len(subjects) != len(cell.Presets()) {
		t.Fatalf("%d presets, want %d", len(subjects), len(cell.Presets()))
	}
	for _, s := range subjects {
		t.Run(s.Variant.Name, func(t *testing.T) {
			t.Parallel()
			for _, c := range []Check{{"SinglePrecision", SinglePrecision}, {"Streaming", Streaming}, {"Workers", Workers}} {
				if err := c.Run(s); err != nil {
					t.Errorf("%s: %v", c.Name, err)
				}
			}
		})
	}
}

// checks are all; in short mode, which is for the race detector, only those that start goroutines or share an engine: the others
// take ten times as long under it, and nothing in them can race.
func checks() []Check {
	if !testing.Short() {
		return Checks()
	}
	return slices.DeleteFunc(Checks(), func(c Check) bool { return !slices.Contains([]string{"Streaming", "Workers", "Memory"}, c.Name) })
}

// suite runs all checks on some subjects, several at once, and counts them.
func suite(t *testing.T, subjects []Subject) {
	t.Helper()
	var walked, ran atomic.Int64
	t.Cleanup(func() { // when all subjects are done
		if walked.Load() == 0 || ran.Load() != walked.Load()*int64(len(checks())) { // fewer than all subjects where -run says so
			t.Errorf("%d checks ran on %d subjects, want %d on each", ran.Load(), walked.Load(), len(checks()))
		}
	})
	for _, s := range subjects {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			walked.Add(1)
			for _, c := range checks() {
				if err := c.Run(s); err != nil {
					t.Errorf("%s: %v", c.Name, err)
				}
				ran.Add(1)
			}
		})
	}
}

// TestWindows: the cells whose state is a window of earlier values are those that attend to the past or take rows of it, and
// real-time learning refuses these and no others.
func TestWindows(t *testing.T) {
	subjects, err := Subjects(cell.Registry())
	if err != nil {
		t.Fatal(err)
	}
	known, refused := map[string]bool{"TCN": true, "Transformer": true, "MLP": true, "Linear": true}, map[string]bool{}
	for _, s := range subjects {
		var history *online.HistoryError
		if _, err := online.Bytes(s.Model, online.Options{}); errors.As(err, &history) {
			refused[s.Entry.Name] = true
			if !known[s.Entry.Name] {
				t.Errorf("%v is refused: %v", s, err)
			}
		}
	}
	if len(refused) != len(known) {
		t.Errorf("%v are refused, of %v", refused, known)
	}
}
