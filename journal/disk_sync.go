//go:build !windows

package journal

import (
	"errors"
	"os"
	"syscall"
)

// syncDirectory makes the entries of a directory durable, on file systems that know such a thing.
func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, d.Close())
}
