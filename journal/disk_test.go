package journal

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"syscall"
)

// disk is storage in memory that can be full, fail, be killed at any byte, and lose power.
type disk struct {
	mu     sync.Mutex
	names  map[string]*blob // as a process sees it
	stable map[string]*blob // as the platter has it
	moves  []func(map[string]*blob)
	room   int // bytes that are free; none if negative
	life   int // bytes and calls until the process is killed; for ever if negative
	sick   int // that many syncs of files fail
	lame   int // and that many of the directory
}

// blob is the content of a file, and what was done to it since it was synced.
type blob struct {
	data, stable []byte
	writes       []write
}

type write struct {
	at   int64
	data []byte // nil: the file was cut off at at
}

var errKilled = errors.New("the process is dead")

func newDisk() *disk {
	return &disk{names: map[string]*blob{}, stable: map[string]*blob{}, room: -1, life: -1}
}

// act costs one of life; lived says how much of n it lasts for.
func (d *disk) act(n int) (lived int, err error) {
	if d.life < 0 {
		return n, nil
	}
	if d.life < n {
		lived, d.life = d.life, 0
		return lived, errKilled
	}
	d.life -= n
	return n, nil
}

func (d *disk) used() (n int) {
	seen := map[*blob]bool{}
	for _, b := range d.names {
		if !seen[b] {
			n += len(b.data)
		}
		seen[b] = true
	}
	return n
}

func (d *disk) list() ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.names)), nil
}

func (d *disk) open(name string, write bool) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	b, ok := d.names[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &handle{d: d, b: b, write: write}, nil
}

// move changes the directory.
func (d *disk) move(change func(map[string]*blob)) error {
	if _, err := d.act(1); err != nil {
		return err
	}
	change(d.names)
	d.moves = append(d.moves, change)
	return nil
}

func (d *disk) create(name string) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	b := &blob{}
	if err := d.move(func(m map[string]*blob) { m[name] = b }); err != nil {
		return nil, err
	}
	return &handle{d: d, b: b, write: true}, nil
}

func (d *disk) rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.move(func(m map[string]*blob) {
		if m[from] != nil { // it is not where the platter has lost its making
			m[to] = m[from]
			delete(m, from)
		}
	})
}

func (d *disk) remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[name] == nil {
		return fs.ErrNotExist
	}
	return d.move(func(m map[string]*blob) { delete(m, name) })
}

func (d *disk) sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.act(1); err != nil {
		return err
	}
	if d.lame > 0 {
		d.lame--
		return syscall.EIO
	}
	for _, change := range d.moves {
		change(d.stable)
	}
	d.moves = nil
	return nil
}

// killed is the disk as the next process finds it.
func (d *disk) killed() *disk {
	d.life, d.room, d.sick, d.lame = -1, -1, 0, 0
	return d
}

// sector is the smallest part of a write that a loss of power leaves or loses as a whole; small, so that every frame has
// some.
const sector = 16

// cut is the disk after a loss of power: of what was not synced, some is there and some is not, in no order; what is not
// may be zeros, old bytes or noise.
func (d *disk) cut(r *rand.Rand) *disk {
	next := newDisk()
	names, likely := d.stable, []float64{0, 0.5, 1}[r.IntN(3)]
	for _, change := range d.moves {
		if r.Float64() < likely {
			change(names)
		}
	}
	keep := []float64{0, 0.5, 0.9, 1}[r.IntN(4)]
	noise := r.IntN(3) == 0
	for name, b := range names {
		data := slices.Clone(b.stable)
		for _, w := range b.writes {
			if w.data == nil {
				if r.Float64() < keep && w.at < int64(len(data)) {
					data = data[:w.at]
				}
				continue
			}
			for i := 0; i < len(w.data); i += sector {
				part := slices.Clone(w.data[i:min(i+sector, len(w.data))])
				if r.Float64() >= keep {
					if r.IntN(3) > 0 {
						continue
					}
					for k := range part {
						part[k] = 0
						if noise {
							part[k] = byte(r.Uint32())
						}
					}
				}
				at := int(w.at) + i
				data = slices.Grow(data, max(0, at+len(part)-len(data)))
				if at+len(part) > len(data) {
					end := len(data)
					data = data[:at+len(part)]
					clear(data[end:])
				}
				copy(data[at:], part)
			}
		}
		n := &blob{data: data, stable: slices.Clone(data)}
		next.names[name], next.stable[name] = n, n
	}
	return next
}

// handle is an open file.
type handle struct {
	d      *disk
	b      *blob
	write  bool
	closed bool
}

func (h *handle) ReadAt(p []byte, off int64) (int, error) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if off >= int64(len(h.b.data)) {
		return 0, io.EOF
	}
	n := copy(p, h.b.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (h *handle) WriteAt(p []byte, off int64) (n int, err error) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if !h.write || h.closed {
		return 0, os.ErrPermission
	}
	n, err = h.d.act(len(p))
	if grow := int(off) + n - len(h.b.data); h.d.room >= 0 && grow > h.d.room {
		n, err = n-(grow-h.d.room), syscall.ENOSPC
	}
	before := len(h.b.data)
	if end := int(off) + n; end > before {
		h.b.data = append(h.b.data, make([]byte, end-before)...)
	}
	copy(h.b.data[off:], p[:n])
	h.b.writes = append(h.b.writes, write{off, slices.Clone(p[:n])})
	h.grown(before)
	return n, err
}

func (h *handle) grown(before int) {
	if h.d.room >= 0 {
		h.d.room -= len(h.b.data) - before
	}
}

func (h *handle) Truncate(size int64) error {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if _, err := h.d.act(1); err != nil {
		return err
	}
	before := len(h.b.data)
	h.b.data = h.b.data[:min(int(size), before)]
	h.b.writes = append(h.b.writes, write{at: size})
	h.grown(before)
	return nil
}

func (h *handle) Sync() error {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if _, err := h.d.act(1); err != nil {
		return err
	}
	if h.d.sick > 0 {
		h.d.sick--
		return syscall.EIO
	}
	h.b.stable, h.b.writes = slices.Clone(h.b.data), nil
	return nil
}

func (h *handle) Close() error {
	h.closed = true
	return nil
}

func (h *handle) size() (int64, error) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	return int64(len(h.b.data)), nil
}
