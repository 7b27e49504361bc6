//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package replace

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain is also another process that writes a file: it says when it is half done and waits for standard input.
func TestMain(m *testing.M) {
	path := os.Getenv("REPLACE_PATH")
	if path == "" {
		os.Exit(m.Run())
	}
	err := File(path, func(w io.Writer) error {
		os.Stdout.WriteString("half\n")
		io.Copy(io.Discard, os.Stdin)
		_, err := io.WriteString(w, "other")
		return err
	})
	if err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	os.Exit(0)
}

// writer starts the other process and waits until it is half done. It ends with the test, at the latest after a minute.
func writer(t *testing.T, path string) (cmd *exec.Cmd, in io.Closer) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "REPLACE_PATH="+path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	bound := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	t.Cleanup(func() { bound.Stop(); cmd.Process.Kill() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "half\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	return cmd, in
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func word(text string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, text); return err }
}

// What a killed process leaves is removed by the next one that writes the same target, or only asks whether it could;
// files that look similar stay.
func TestKilledWriterLeavesNothingForLong(t *testing.T) {
	for name, next := range map[string]func(path string) error{
		"written": func(path string) error { return File(path, word("mine")) },
		"probed":  Probe,
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "model")
		similar := []string{".model.1", ".model.tmp-", ".model.tmp-1a", ".model2.tmp-17", "model", "model.tmp-17"}
		for _, s := range similar {
			if err := os.WriteFile(filepath.Join(dir, s), []byte("old"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		cmd, _ := writer(t, path)
		cmd.Process.Kill()
		cmd.Wait()
		if got := files(t, dir); len(got) != len(similar)+1 {
			t.Fatalf("%s: the killed process leaves %q; without a temporary file this test shows nothing", name, got)
		}
		if err := next(path); err != nil {
			t.Fatal(err)
		}
		if got := files(t, dir); !slices.Equal(got, similar) {
			t.Errorf("%s: %q are there, want %q", name, got, similar)
		}
	}
}

// Two processes write one target at once: both succeed, and the last one wins.
func TestTwoWriters(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "model")
	cmd, in := writer(t, path)
	for _, step := range []func() error{
		func() error { return Probe(path) },
		func() error { return File(path, word("mine")) },
		func() error { // and two in one process
			return File(path, func(w io.Writer) error { return errors.Join(File(path, word("inner")), word("outer")(w)) })
		},
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := os.ReadFile(path); string(got) != "outer" {
		t.Errorf("while the other process writes the file holds %q", got)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the other process: %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "other" {
		t.Errorf("the file holds %q, want what was written last", got)
	}
	if got := files(t, dir); strings.Join(got, " ") != "model" {
		t.Errorf("%q are left", got)
	}
}

// A temporary file that was swept away the moment it was made is made again.
func TestHoldOfAFileThatIsTaken(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "*")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	left, release := abandoned(f.Name())
	if !left {
		t.Fatal("nobody holds the file")
	}
	if _, ok := hold(f); ok {
		t.Error("it can be held twice")
	}
	os.Remove(f.Name())
	release()
	if _, ok := hold(f); ok {
		t.Error("it can be held when it is gone")
	}
	if err := os.WriteFile(f.Name(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := hold(f); ok {
		t.Error("another file of its name is held in its place")
	}
}
