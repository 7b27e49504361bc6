package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/internal/require"
	"github.com/elegans-nn/elegans/model"
)

// In docs/export.md: commands that export, and programs with the names of their files.
var (
	documentCommand = regexp.MustCompile(`(?m)^    elegans (export .*)$`)
	documentProgram = regexp.MustCompile("(?s)```[a-z]+ ([a-z]+\\.[a-z]+)\n(.*?)```")
)

// occupancyModel writes a model of the occupancy data that nothing has trained.
func occupancyModel(t *testing.T, path string) {
	t.Helper()
	d, err := dataset.Open("occupancy", dataset.Roles{})
	if err != nil {
		t.Fatal(err)
	}
	split, err := d.Split(d.DefaultSplit())
	if err != nil {
		t.Fatal(err)
	}
	p, err := cell.LookupPreset("ltc-ncp19")
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.New(split.Schema, model.Liquid(p.Cell, p.Wiring(split.Schema.Target.Width())))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Initial(5).Save(path); err != nil {
		t.Fatal(err)
	}
}

// TestExportDocument runs what docs/export.md shows: its commands, and then its programs, which all decide the same.
func TestExportDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/export.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	occupancyModel(t, "occupancy.elegans")
	commands := documentCommand.FindAllStringSubmatch(string(text), -1)
	for _, c := range commands {
		var out, errs bytes.Buffer
		if code := run(t.Context(), strings.Fields(c[1]), nil, &out, &errs); code != 0 {
			t.Fatalf("elegans %s: %d\n%s", c[1], code, errs.String())
		}
	}
	programs := map[string]string{}
	for _, p := range documentProgram.FindAllStringSubmatch(string(text), -1) {
		programs[p[1]] = p[2]
	}
	if len(commands) != 3 || len(programs) != 3 {
		t.Fatalf("%d commands, %d programs", len(commands), len(programs))
	}
	programs["go.mod"] = "module example\n\ngo 1.21\n"
	for name, text := range programs {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	decisions := map[string]string{}
	for name, program := range map[string]func(t *testing.T) []string{
		"main.go": func(t *testing.T) []string { return []string{require.Program(t, "it comes with Go", "go"), "run", "."} },
		"step.mjs": func(t *testing.T) []string {
			return []string{require.Program(t, "on Debian it is in the package nodejs", "node"), "step.mjs"}
		},
		"step.py": func(t *testing.T) []string { return []string{require.Python(t, "numpy", "onnxruntime"), "step.py"} },
	} {
		t.Run(name, func(t *testing.T) {
			args := program(t)
			cmd := exec.Command(args[0], args[1:]...)
			cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			decisions[name] = decidedLines(string(out))
			if lines := strings.Count(decisions[name], "\n"); lines != 3 {
				t.Errorf("%d lines:\n%s", lines, out)
			}
		})
	}
	for name, d := range decisions {
		for other, e := range decisions {
			if d != e {
				t.Errorf("%s decides\n%sand %s\n%s", name, d, other, e)
			}
		}
	}
	if _, err := os.Stat(filepath.Join("site", "index.html")); err != nil {
		t.Error(err)
	}
}

// decidedLines are the lines of an output that begin with the number of a row and a class, and of these the two and the first digits of
// the first probability.
func decidedLines(out string) string {
	var b strings.Builder
	for _, m := range regexp.MustCompile(`(?m)^([0-9]) ([01]) \[ ?([0-9]\.[0-9]{3})`).FindAllStringSubmatch(out, -1) {
		b.WriteString(m[1] + " " + m[2] + " " + m[3] + "\n")
	}
	return b.String()
}
