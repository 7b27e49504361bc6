package table

import (
	"bytes"
	"io"
	"os"
	"runtime"
	"testing"
)

// What a stream is spooled to is gone with the process, whenever that ends.
func TestSpoolHasNoName(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	text := bytes.Repeat([]byte("0123456789,\n"), spoolLimit/12+7)
	var s source
	if err := s.spool(bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	named := 0
	if runtime.GOOS == "windows" {
		named = 1 // an open file keeps its name there
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != named || len(s.cleanup) != 1 {
		t.Errorf("%d files have a name (%v), want %d; %d are open, want 1", len(entries), err, named, len(s.cleanup))
	}
	if got, err := s.head(len(text)); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%d bytes come back (%v), want %d", len(got), err, len(text))
	}
	s.close()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("%d files are left (%v)", len(entries), err)
	}
	if _, err := s.at.ReadAt(make([]byte, 1), 0); err == io.EOF || err == nil {
		t.Errorf("the file is still open: %v", err)
	}
}
