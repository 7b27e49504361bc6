//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package replace

func holdPath(string) (release func(), held bool, err error) { return func() {}, true, nil }
