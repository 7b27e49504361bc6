package main

import (
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/internal/conform/example"
)

// TestNewCell: the commands that walk the registry take a cell that was added as CONTRIBUTING.md says. Its long gaps are
// split, so a check that forgets to split fails here.
func TestNewCell(t *testing.T) {
	out := example.Test(t, "^TestScripts$/^(doctor|models)$", "./cmd/elegans")
	for _, name := range []string{"doctor", "models"} {
		if !strings.Contains(out, "--- PASS: TestScripts/"+name) {
			t.Errorf("script %s did not run:\n%s", name, out)
		}
	}
}
