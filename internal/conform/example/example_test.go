package example

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBlock(t *testing.T) {
	for document, want := range map[string]string{
		"a\n<!-- cell -->\n```go\ncode\n```\n<!-- cell -->\nb": "code\n",
		"a\n<!-- cell -->\n```go\ncode\n```\n":                 "", "no markers": "",
		"<!-- cell -->\ncode\n<!-- cell -->": "",
	} {
		if got, ok := Block(document); ok != (want != "") || ok && got != want {
			t.Errorf("block of %q is %q, %v", document, got, ok)
		}
	}
}

func TestRegister(t *testing.T) {
	for source, want := range map[string]string{
		"var registry = []Entry{ltc, leakyOnes}\n": "var registry = []Entry{leaky, ltc, leakyOnes}\n",
		"var registry = []Entry{ltc, leaky}\n":     "var registry = []Entry{ltc, leaky}\n",
		"var registry = []Entry{\n\tleaky,\n}\n":   "var registry = []Entry{\n\tleaky,\n}\n",
		"var cells = []Entry{}":                    "",
	} {
		if got, err := register(source); got != want || (err == nil) != (want != "") {
			t.Errorf("%q becomes %q, %v", source, got, err)
		}
	}
}

// TestLength: the cell is complete in under 60 lines, as the page says.
func TestLength(t *testing.T) {
	document, err := os.ReadFile(filepath.Join("..", "..", "..", "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	code, _ := Block(string(document))
	if n := strings.Count(code, "\n"); n == 0 || n >= 60 {
		t.Errorf("the example has %d lines; it is shown as one of under 60", n)
	}
}
