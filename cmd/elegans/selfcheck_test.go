package main

import (
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/internal/conform/example"
)

// TestNewCell: the commands that walk the registry take a cell that was added as CONTRIBUTING.md says. Its long gaps are
// split, so a check that forgets to split fails here, and the longest are errors of the data.
func TestNewCell(t *testing.T) {
	out := example.Test(t, "^TestScripts$/^(doctor|models|gap)$", "./cmd/elegans")
	for _, name := range []string{"doctor", "models", "gap"} {
		if !strings.Contains(out, "--- PASS: TestScripts/"+name) {
			t.Errorf("script %s did not run:\n%s", name, out)
		}
	}
}
