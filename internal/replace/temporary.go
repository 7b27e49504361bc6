package replace

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// temporary is the file beside a target that becomes it. Its owner holds it from its making until it bears the name of
// the target or is gone, so one that nobody holds was left behind by a process that was killed, and may be removed.
// Names are drawn at random and made exclusively: nobody can put a link in their place, and two processes that write the
// same target do not meet.
type temporary struct {
	*os.File
	release func() // ends the hold; after Close and Rename
}

// tries is how often a temporary file is made anew when another process has just taken it for one left behind.
const tries = 100

// newTemporary makes the temporary file of a target and removes those that were left behind.
func newTemporary(path string) (*temporary, error) {
	sweep(path)
	for range tries {
		f, err := os.CreateTemp(filepath.Dir(path), prefix(path)+"*")
		if err != nil {
			return nil, err
		}
		if release, ok := hold(f); ok {
			return &temporary{f, release}, nil
		}
		f.Close()
		os.Remove(f.Name())
	}
	return nil, errors.New("temporary files of " + path + " vanish as soon as they are made")
}

func (t *temporary) remove() {
	t.Close() // twice where it was closed already: an error that says nothing
	os.Remove(t.Name())
}

// Probe finds out whether File could write path, without writing it.
func Probe(path string) error {
	t, err := newTemporary(path)
	if err != nil {
		return err
	}
	t.remove()
	t.release()
	return nil
}

func prefix(path string) string { return "." + filepath.Base(path) + ".tmp-" }

// sweep removes the temporary files of a target that nobody holds. What cannot be removed stays: it is no reason not to
// write.
func sweep(path string) {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		number, ok := strings.CutPrefix(name, prefix(path))
		if !ok || number == "" || strings.Trim(number, "0123456789") != "" {
			continue
		}
		if left, release := abandoned(filepath.Join(dir.Name(), name)); left {
			os.Remove(filepath.Join(dir.Name(), name))
			release()
		}
	}
}
