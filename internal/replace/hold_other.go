//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package replace

import (
	"os"
	"time"
)

// old is the age from which a temporary file counts as left behind where files cannot be locked. Windows does not remove
// a younger one that is in use either.
const old = time.Hour

func hold(*os.File) (release func(), ok bool) { return func() {}, true }

func abandoned(path string) (yes bool, release func()) {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > old, func() {}
}
