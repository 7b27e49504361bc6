package replace

import (
	"errors"
	"os"
	"syscall"
)

// sharingViolation is what Windows says when a file is open that is not to be shared.
const sharingViolation = syscall.Errno(32)

// holdPath opens the file without sharing it, which ends with the process, however that ends.
func holdPath(path string) (release func(), held bool, err error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, false, err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, sharingViolation) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return func() {
		syscall.CloseHandle(h)
		os.Remove(path) // fails where somebody has it already, and then it is theirs
	}, true, nil
}
