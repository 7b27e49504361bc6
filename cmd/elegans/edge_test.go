package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/internal/require"
)

// TestEdgePage runs the commands of docs/edge.md, in a copy of what they name.
func TestEdgePage(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, need := range [][2]string{{"bash", "bash"}, {"arm-none-eabi-gcc", "gcc-arm-none-eabi"}, {"qemu-system-arm", "qemu-system-arm"}} {
		if _, err := exec.LookPath(need[0]); err != nil {
			require.Missing(t, "no %s; on Debian it is in the package %s", need[0], need[1])
		}
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "edge.md"))
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllSubmatch(page, -1) {
		script.Write(block[1])
	}
	dir := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "elegans"), root+"/cmd/elegans").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.MkdirAll(filepath.Join(dir, "export", "testdata"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "export", "testdata", "arm"), os.DirFS(filepath.Join(root, "export", "testdata", "arm"))); err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(script.String(), "go build -o elegans ./cmd/elegans\n", "", 1)
	if strings.Count(text, "qemu-system-arm") < 2 || text == script.String() {
		t.Fatalf("the page has other commands than this test knows:\n%s", text)
	}
	cmd := exec.Command("bash", "-e", "-o", "pipefail", "-c", text)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "passed\n") != 2 {
		t.Fatalf("%v\n%s", err, out)
	}
	firmware := regexp.MustCompile("(?s)```c\n(#include \"room.h\".*?)```").FindSubmatch(page)
	if firmware == nil {
		t.Fatal("the page has no firmware")
	}
	cmd = exec.Command("arm-none-eabi-gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-Ifirmware", "-xc", "-")
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(firmware[1])
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("the firmware of the page: %v\n%s", err, out)
	}
}
