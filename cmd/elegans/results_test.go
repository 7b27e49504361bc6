package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// The page of results is what the result files say, and nothing on it was typed.
func TestResultsPage(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(root) // the page names the folder as it was named to the command
	written, err := os.ReadFile("RESULTS.md")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if code := run(t.Context(), []string{"results", "--kept"}, nil, &out, io.Discard); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	if !bytes.Equal(out.Bytes(), written) {
		t.Error("RESULTS.md is not what the files in results say; write it with: elegans results --kept --out RESULTS.md")
	}
}
