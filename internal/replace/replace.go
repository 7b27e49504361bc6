// Package replace writes files so that a reader finds the old content or the new one, never half of it, whatever
// happens meanwhile: a full disk, a signal, a power cut.
package replace

import (
	"bufio"
	"errors"
	"io"
	"os"
)

// File writes path by way of a temporary file beside it, which is synced and renamed when write has succeeded and
// removed when not. What a process that was killed has left of its temporary file is removed too. A device or a pipe is
// written to as it is.
func File(path string, write func(w io.Writer) error) (err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return through(path, write)
	}
	f, err := newTemporary(path)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.remove()
		}
		f.release()
	}()
	w := bufio.NewWriterSize(f, 1<<16)
	if err = write(w); err != nil {
		return err
	}
	if err = w.Flush(); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// through writes to what is no regular file.
func through(path string, write func(w io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	err = errors.Join(write(w), w.Flush())
	return errors.Join(err, f.Close())
}
