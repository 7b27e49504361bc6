package journal

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// storage is the directory of a journal. It exists so that tests can put a disk in its place which is full, which tears
// writes and which forgets what was not synced; hence one method for each thing that such a disk can fail at.
type storage interface {
	list() ([]string, error)
	open(name string, write bool) (file, error)
	create(name string) (file, error) // empty, also where it is there
	rename(from, to string) error     // in place of what is there
	remove(name string) error
	sync() error // what was renamed and removed is durable afterwards
}

// file is a segment.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Truncate(size int64) error
	Sync() error
	size() (int64, error)
}

// directory is storage on a real disk.
type directory string

func (d directory) path(name string) string { return filepath.Join(string(d), name) }

func (d directory) list() ([]string, error) {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}

func (d directory) open(name string, write bool) (file, error) {
	flag := os.O_RDONLY
	if write {
		flag = os.O_RDWR
	}
	return opened(os.OpenFile(d.path(name), flag, 0))
}

func (d directory) create(name string) (file, error) {
	return opened(os.OpenFile(d.path(name), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644))
}

func (d directory) rename(from, to string) error { return os.Rename(d.path(from), d.path(to)) }
func (d directory) remove(name string) error     { return os.Remove(d.path(name)) }
func (d directory) sync() error                  { return syncDirectory(string(d)) }

type osFile struct{ *os.File }

func opened(f *os.File, err error) (file, error) {
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (f osFile) size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// segments are the numbers of the first records of all segments, ascending.
func segments(d storage) ([]uint64, error) {
	names, err := d.list()
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	var firsts []uint64
	for _, name := range names {
		if first, ok := segmentNumber(name); ok {
			firsts = append(firsts, first)
		}
	}
	slices.Sort(firsts)
	return firsts, nil
}
