package conform

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/internal/require"
)

// TestExampleCell: the cell that CONTRIBUTING.md shows passes the suite as it stands, by one line in a list of entries.
func TestExampleCell(t *testing.T) {
	subjects, err := Subjects([]cell.Entry{leaky})
	if err != nil {
		t.Fatal(err)
	}
	suite(t, subjects)
}

// quoted is the example as it would stand in package cell.
func quoted(t *testing.T) string {
	t.Helper()
	file, err := os.ReadFile("example_cell_test.go")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(file), "package conform\n", "package cell\n", 1)
	return strings.Replace(text, "\t. \"github.com/elegans-nn/elegans/cell\"\n", "", 1)
}

// block is the fenced code between the markers <!-- cell --> of a document.
func block(document string) (string, bool) {
	parts := strings.Split(document, "<!-- cell -->")
	if len(parts) != 3 {
		return "", false
	}
	text := strings.TrimSpace(parts[1])
	text, opened := strings.CutPrefix(text, "```go\n")
	text, closed := strings.CutSuffix(text, "```")
	return text, opened && closed
}

// TestContributing: the cell in CONTRIBUTING.md is this package's example, word by word, in under 60 lines.
func TestContributing(t *testing.T) {
	want := quoted(t)
	if n := strings.Count(want, "\n"); n >= 60 {
		t.Errorf("the example has %d lines; it is shown as one of under 60", n)
	}
	if strings.Contains(want, "conform") {
		t.Error("the example speaks of the package that it is tested in")
	}
	document, err := os.ReadFile("../../CONTRIBUTING.md")
	if errors.Is(err, fs.ErrNotExist) {
		require.Missing(t, "CONTRIBUTING.md is not there")
	}
	if err != nil {
		t.Fatal(err)
	}
	got, ok := block(string(document))
	if !ok {
		t.Fatal("CONTRIBUTING.md shows no cell: one go code block between two markers <!-- cell --> is needed")
	}
	if got != want {
		t.Errorf("the cell in CONTRIBUTING.md is not internal/conform/example_cell_test.go; it must read:\n%s", want)
	}
}

func TestBlock(t *testing.T) {
	for document, want := range map[string]string{
		"a\n<!-- cell -->\n```go\ncode\n```\n<!-- cell -->\nb": "code\n",
		"a\n<!-- cell -->\n```go\ncode\n```\n":                 "", "no markers": "",
		"<!-- cell -->\ncode\n<!-- cell -->": "",
	} {
		if got, ok := block(document); ok != (want != "") || ok && got != want {
			t.Errorf("block of %q is %q, %v", document, got, ok)
		}
	}
}
