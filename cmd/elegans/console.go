package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"text/tabwriter"

	"github.com/elegans-nn/elegans/internal/replace"
)

// console is what a command talks to: results on standard output, notes and progress on standard error.
type console struct {
	in    io.Reader
	out   *bufio.Writer
	err   io.Writer
	quiet bool

	live    atomic.Pointer[progress] // what is shown on standard error while work goes on
	section sync.Mutex               // held by what must not be cut short by an interruption
	closed  bool                     // nobody reads standard output any more
}

func newConsole(in io.Reader, out, err io.Writer) *console {
	c := &console{in: in, err: err}
	c.out = bufio.NewWriterSize(results{out, &c.closed}, 1<<16)
	return c
}

// results is standard output. A reader that has gone away is no error: nothing more is written and the command goes on,
// because it may be writing files too.
type results struct {
	w      io.Writer
	closed *bool
}

func (r results) Write(data []byte) (int, error) {
	if *r.closed {
		return len(data), nil
	}
	n, err := r.w.Write(data)
	if errors.Is(err, syscall.EPIPE) {
		*r.closed = true
		return len(data), nil
	}
	if err != nil {
		return n, fmt.Errorf("cannot write to standard output: %w; free space, or send it elsewhere", plainly(err))
	}
	return n, nil
}

// plainly is the reason of an error of the operating system, without the call and the path.
func plainly(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func (c *console) flush() error { return c.out.Flush() }

// flushed is an error together with that of the flush, unless that has been told: it stays with the buffer.
func (c *console) flushed(err error) error {
	failed := c.flush()
	if errors.Is(err, failed) {
		return err
	}
	return errors.Join(err, failed)
}

// guard begins a section that an interruption waits for, such as the epoch after which a checkpoint is written, and
// gives the function that ends it. Sections end by themselves (see grace) and do not lie within each other.
func (c *console) guard() func() {
	c.section.Lock()
	return c.section.Unlock
}

// note writes a line to standard error, unless --quiet. It may be called from many goroutines while a progress is shown.
func (c *console) note(format string, args ...any) {
	if !c.quiet {
		c.hint(format, args...)
	}
}

// hint is a note that belongs to an error: it stays with --quiet.
func (c *console) hint(format string, args ...any) {
	if p := c.live.Load(); p != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.erase()
	}
	fmt.Fprintf(c.err, format+"\n", args...)
}

// warn notes a warning. With --quiet it is in the results only: the document of --json, the report, the audit.
func (c *console) warn(format string, args ...any) { c.note("warning: "+format, args...) }

// print writes to standard output. Errors stay with the buffer and come out at its flush.
func (c *console) print(format string, args ...any) { fmt.Fprintf(c.out, format, args...) }

// json writes the one document of --json.
func (c *console) json(document any) error {
	e := jsonEncoder(c.out)
	e.SetIndent("", "  ")
	return e.Encode(document)
}

func jsonEncoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

// table writes rows in aligned columns; numeric columns are given as text.
func (c *console) table(rows [][]string) error {
	_, err := c.out.WriteString(columns(rows))
	return err
}

// columns are rows in aligned columns.
func columns(rows [][]string) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 8, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	w.Flush() // a strings.Builder cannot fail
	return text.String()
}

// save writes a file, or standard output for "-". A regular file is replaced as a whole or not at all; a device or a
// pipe is written to. An interruption cuts it short: a regular file stays as it was.
func (c *console) save(ctx context.Context, path string, write func(w io.Writer) error) error {
	var err error
	switch {
	case path == "-":
		return c.flushed(write(c.out)) // what is written after it may rely on it
	case replaced(path):
		err = c.replace(ctx, path, write)
	default:
		err = until(ctx, func() error { return replace.File(path, write) })
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, os.ErrNotExist):
		return usage("cannot write %s: its directory does not exist; create it, or name another file", path)
	case errors.Is(err, syscall.EISDIR):
		return usage("cannot write %s: it is a directory; name a file", path)
	}
	return &writeError{path, plainly(err), fixOf(err)}
}

// replaced says that writing to a path makes or replaces a regular file.
func replaced(path string) bool {
	info, err := os.Stat(path)
	return path != "-" && (err != nil || info.Mode().IsRegular() || info.IsDir())
}

// replace writes a regular file. The section is guarded, so that no temporary file is left.
func (c *console) replace(ctx context.Context, path string, write func(w io.Writer) error) error {
	defer c.guard()()
	err := replace.File(path, func(w io.Writer) error { return write(interruptible{ctx, w}) })
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // whatever became of it on its way
	}
	return err
}

// interruptible fails when its context has ended.
type interruptible struct {
	ctx context.Context
	w   io.Writer
}

func (i interruptible) Write(data []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.w.Write(data)
}

// until waits for f, or for the end of ctx: then f goes on by itself, and nobody may look at what it makes.
func until(ctx context.Context, f func() error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done: // both at once
		return err
	default:
		return ctx.Err()
	}
}

// writeError is a file that could not be written, with what the user can do about it.
type writeError struct {
	path   string
	reason error
	fix    string
}

func (e *writeError) Error() string {
	return fmt.Sprintf("cannot write %s: %v; %s", e.path, e.reason, e.fix)
}
func (e *writeError) Unwrap() error { return e.reason }

// fixOf is what helps against an error of writing.
func fixOf(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free space, or name another file"
	case errors.Is(err, os.ErrPermission):
		return "change the permissions of its directory, or name another file"
	}
	return "name another file"
}

// makeDir makes a directory with its parents.
func (c *console) makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("cannot make the directory %s: %w", dir, plainly(err))
	}
	return nil
}
