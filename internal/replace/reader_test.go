package replace

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// While a new file is being written, and larger than any buffer, a reader finds the old one; afterwards all of the new.
func TestReadersNeverSeeHalf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	block := bytes.Repeat([]byte("0123456789abcdef"), 1<<10)
	err := File(path, func(w io.Writer) error {
		for range 40 {
			if _, err := w.Write(block); err != nil {
				return err
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
				t.Fatalf("a reader finds %d bytes (%v) while the file is written", len(got), err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, bytes.Repeat(block, 40)) {
		t.Errorf("%d bytes were kept (%v), want %d", len(got), err, 40*len(block))
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the file has mode %v (%v), want 0644 for others to read", info.Mode(), err)
	}
}
