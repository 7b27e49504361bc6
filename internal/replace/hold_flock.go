//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package replace

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// A hold is a lock of the file, which ends with the process that has it, however that ends. It has a descriptor of its
// own, so that the file can be closed before it is renamed.

// hold takes a temporary file that was just made. It fails where somebody else was faster and removes the file. A file
// system without locks gives no hold, and then nothing on it is ever taken for abandoned.
func hold(f *os.File) (release func(), ok bool) {
	release, err := lock(f.Name())
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK), errors.Is(err, fs.ErrNotExist):
		return nil, false
	case err != nil:
		return func() {}, true
	}
	made, err := f.Stat()
	if err == nil {
		var named os.FileInfo
		if named, err = os.Stat(f.Name()); err == nil && os.SameFile(made, named) {
			return release, true
		}
	}
	release()
	return nil, false
}

// abandoned says that nobody holds a temporary file; then it is held until release is called.
func abandoned(path string) (yes bool, release func()) {
	release, err := lock(path)
	return err == nil, release
}

// lock opens and locks a file, or fails at once where it is locked.
func lock(path string) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0) // some file systems lock for writers only
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

// holdPath locks the file, and makes sure that the file that it locked is still the one of that name: whoever held it before
// has removed it at the end.
func holdPath(path string) (release func(), held bool, err error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o644)
		if err != nil {
			return nil, false, err
		}
		switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
		case errors.Is(err, syscall.EWOULDBLOCK):
			return nil, false, f.Close()
		case err != nil:
			return func() { f.Close() }, true, nil
		}
		locked, err := f.Stat()
		named, gone := os.Stat(path)
		if err == nil && gone == nil && os.SameFile(locked, named) {
			return func() { os.Remove(path); f.Close() }, true, nil
		}
		f.Close()
		if err != nil {
			return nil, false, err
		}
	}
}
