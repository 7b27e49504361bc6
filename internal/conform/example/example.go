// Package example adds the cell that CONTRIBUTING.md shows to this module, as that page says: one file in cell/ and one
// word in the registry. It does so in an overlay of the go command, so that no file of the module changes, the example is
// compiled where it would stand, and it may stand there already.
package example

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/internal/require"
)

// Test runs the tests that a pattern names, of some packages, with the example in the registry, and gives what they
// printed. A test that fails fails t; where the go command or CONTRIBUTING.md is missing, see require.Missing.
func Test(t testing.TB, pattern string, packages ...string) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		require.Missing(t, "the example is built by the go command, which is not there")
	}
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := write(root, t.TempDir())
	if errors.Is(err, fs.ErrNotExist) {
		require.Missing(t, "CONTRIBUTING.md, which shows the example, is not there")
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", append([]string{"test", "-v", "-overlay", overlay, "-run", pattern}, packages...)...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("with the cell of CONTRIBUTING.md in the registry, %s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return string(out)
}

// moduleRoot is the folder of go.mod, from that of a package upwards.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod in this folder or above")
		}
		dir = up
	}
}

// write puts the example and the changed registry into dir, and gives the overlay that names them.
func write(root, dir string) (overlay string, err error) {
	document, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		return "", err
	}
	code, ok := Block(string(document))
	if !ok {
		return "", errors.New("CONTRIBUTING.md shows no cell: one go code block between two markers <!-- cell --> is needed")
	}
	source, err := os.ReadFile(filepath.Join(root, "cell", "cell.go"))
	if err != nil {
		return "", err
	}
	registry, err := register(string(source))
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for name, text := range map[string]string{"leaky.go": code, "cell.go": registry} {
		path := filepath.Join(dir, name)
		replace[filepath.Join(root, "cell", name)] = path
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o644)
}

// Block is the fenced code between the markers <!-- cell --> of a document.
func Block(document string) (code string, ok bool) {
	parts := strings.Split(document, "<!-- cell -->")
	if len(parts) != 3 {
		return "", false
	}
	text := strings.TrimSpace(parts[1])
	text, opened := strings.CutPrefix(text, "```go\n")
	text, closed := strings.CutSuffix(text, "```")
	return text, opened && closed
}

// register adds the example to the registry, unless it is there. It comes first, where nothing that counts on the order
// of the cells would go unnoticed.
func register(source string) (string, error) {
	const start = "var registry = []Entry{"
	at := strings.Index(source, start)
	if at < 0 {
		return "", fmt.Errorf("cell/cell.go has no line %q", start)
	}
	at += len(start)
	list, _, _ := strings.Cut(source[at:], "}")
	for name := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(name) == "leaky" {
			return source, nil
		}
	}
	return source[:at] + "leaky, " + source[at:], nil
}
