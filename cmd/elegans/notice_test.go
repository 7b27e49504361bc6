package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/internal/require"
)

// TestNoticeNamesEveryModule: what is compiled into the program is named with its licence, and nothing else is.
func TestNoticeNamesEveryModule(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", ".")
	out, err := list.Output()
	if err != nil {
		require.Missing(t, "go list cannot run here: %v", err)
	}
	compiled := map[string]bool{}
	for _, path := range strings.Fields(string(out)) {
		compiled[path] = true
	}
	if len(compiled) < 5 {
		t.Fatalf("go list finds %d modules", len(compiled))
	}
	notice, err := os.ReadFile("../../NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for line := range strings.Lines(string(notice)) {
		path, licence, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") || !strings.Contains(path, "/") || strings.Contains(path, " ") {
			continue
		}
		named[path] = true
		if strings.TrimSpace(licence) == "" {
			t.Errorf("NOTICE gives %s no licence", path)
		}
		if !compiled[path] && !strings.Contains(licence, "only") {
			t.Errorf("NOTICE names %s, which is not compiled in", path)
		}
	}
	for path := range compiled {
		if !named[path] {
			t.Errorf("%s is compiled in, and NOTICE does not name it", path)
		}
	}
}
