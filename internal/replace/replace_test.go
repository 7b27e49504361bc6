package replace

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/elegans-nn/elegans/internal/require"
)

func TestFailureKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "model")
	write := func(text string, fail error) error {
		return File(path, func(w io.Writer) error {
			if _, err := io.WriteString(w, text); err != nil {
				return err
			}
			return fail
		})
	}
	if err := write("old", nil); err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	if err := write("new but incomplete", full); err != full {
		t.Fatalf("error is %v, want the writer's own", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "old" {
		t.Errorf("file holds %q after a failed write, want the old content", got)
	}
	if err := write("new", nil); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "new" {
		t.Errorf("file holds %q, want the new content", got)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files are left (%v), want only the one written: %v", len(entries), err, entries)
	}
	if err := File(filepath.Join(dir, "no such folder", "f"), func(io.Writer) error { return nil }); err == nil {
		t.Error("writing into a missing folder succeeded")
	}
}

func TestDevicesAreWrittenTo(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		require.Missing(t, "needs /dev/full: %v", err)
	}
	err := File("/dev/full", func(w io.Writer) error { _, err := io.WriteString(w, "model"); return err })
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("writing to a full device gives %v, want that there is no space", err)
	}
	if info, err := os.Stat("/dev/full"); err != nil || info.Mode().IsRegular() {
		t.Fatalf("the device was replaced: %v, %v", info, err)
	}
}
