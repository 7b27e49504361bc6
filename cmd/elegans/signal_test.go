package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// bound is how long a test waits for a process or for an interrupted command: for ever, as far as a correct one goes.
const bound = time.Minute

// signals by the names that scripts give them.
var signals = map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "KILL": os.Kill}

// signalled runs elegans, sends it a signal when it has come so far, and demands an exit code, -1 for KILL:
//
//	signalled 130 INT k.elegans.ckpt train rooms.csv --target occupied
//
// It has come so far when a file, or one that fits a pattern such as *.trial, holds something, when it opens a named pipe to read it (<pipe), or when it opens one to
// write (>pipe); nothing is ever written to the pipe or read from it. Nothing is waited for longer than the bound.
func signalled(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 || signals[args[1]] == nil {
		ts.Fatalf("usage: signalled CODE INT|TERM|KILL FILE|<PIPE|>PIPE ARGUMENTS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	program, err := exec.LookPath("elegans")
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args[3:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	cmd.WaitDelay = time.Second
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	reached := make(chan error, 1)
	go func() { reached <- reach(ctx, ts.MkAbs, args[2]) }()
	select {
	case err = <-reached:
	case err = <-ended:
		ts.Fatalf("it ended before %s: %v", args[2], err)
	}
	if err != nil {
		ts.Fatalf("it does not come to %s: %v", args[2], err)
	}
	ts.Check(cmd.Process.Signal(signals[args[1]]))
	err = <-ended
	if ctx.Err() != nil {
		ts.Fatalf("it goes on for %v", bound)
	}
	if code := cmd.ProcessState.ExitCode(); code != want {
		ts.Fatalf("%v, want exit code %d", err, want)
	}
}

// reach waits until something has happened; see signalled. What it opens stays open until the context ends.
func reach(ctx context.Context, path func(string) string, what string) error {
	opened := make(chan error, 1)
	open := func(name string, flag int) {
		f, err := os.OpenFile(path(name), flag, 0)
		opened <- err
		if err == nil {
			<-ctx.Done()
			f.Close()
		}
	}
	switch {
	case strings.HasPrefix(what, "<"):
		go open(what[1:], os.O_WRONLY)
	case strings.HasPrefix(what, ">"):
		go open(what[1:], os.O_RDONLY)
	default:
		for ctx.Err() == nil {
			found, err := filepath.Glob(path(what))
			if err != nil {
				return err
			}
			for _, name := range found {
				if info, err := os.Stat(name); err == nil && info.Size() > 0 {
					return nil
				}
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	select {
	case err := <-opened:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// within gives what f gives, and fails where that takes longer than the bound.
func within[T any](t *testing.T, f func() T) (v T) {
	t.Helper()
	done := make(chan T, 1)
	go func() { done <- f() }()
	select {
	case v = <-done:
	case <-time.After(bound):
		t.Fatalf("nothing came within %v", bound)
	}
	return v
}

// endless reads standard input until it ends.
var endless = []string{"inspect", "-"}

// TestInterruptedWhileReading ends a command that knows nothing of interruptions.
func TestInterruptedWhileReading(t *testing.T) {
	in, hold := io.Pipe()
	defer hold.Close()
	ctx, cancel := context.WithCancel(context.Background())
	var out, notes bytes.Buffer
	go func() {
		hold.Write([]byte{1}) // returns when the command reads
		cancel()
	}()
	code := within(t, func() int { return run(ctx, endless, in, &out, &notes) })
	if code != exitInterrupted || notes.String() != "error: interrupted\n" || out.Len() > 0 {
		t.Errorf("exit code %d, %q, %q", code, notes.String(), out.String())
	}
}

// onWrite is standard output that calls a function before each write.
type onWrite struct {
	before func()
	bytes.Buffer
}

func (w *onWrite) Write(data []byte) (int, error) {
	w.before()
	return w.Buffer.Write(data)
}

// A command that ends within the grace has done all its work, and all of it is written: exit code 0. One whose output
// nobody takes is cut.
func TestInterruptedInTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	whole, _ := elegans(t, exitOK, "models")
	out, notes := &onWrite{before: cancel}, &bytes.Buffer{}
	code := within(t, func() int { return run(ctx, []string{"models"}, nil, out, notes) })
	if code != exitOK || out.String() != whole || notes.Len() > 0 {
		t.Errorf("exit code %d, %d bytes of %d, %q", code, out.Len(), len(whole), notes.String())
	}

	ctx, cancel = context.WithCancel(context.Background())
	taken := make(chan struct{})
	defer close(taken)
	stuck := &onWrite{before: func() { cancel(); <-taken }}
	code = within(t, func() int { return run(ctx, []string{"models"}, nil, stuck, notes) })
	if code != exitInterrupted || notes.String() != "error: interrupted\n" {
		t.Errorf("exit code %d, %q", code, notes.String())
	}
}

// TestGuardedSection is waited for, longer than the grace, and so is what the command does next, for the grace.
func TestGuardedSection(t *testing.T) {
	c := newConsole(nil, io.Discard, io.Discard)
	finished := make(chan error, 1)
	saved := false
	release := c.guard()
	go func() {
		time.Sleep(grace + 200*time.Millisecond)
		release()
		time.Sleep(grace / 5)
		release := c.guard() // the next section, after a moment
		time.Sleep(grace + 200*time.Millisecond)
		saved = true
		finished <- errors.New("done")
		release()
	}()
	if err := within(t, func() error { return c.interrupted(finished) }); err == nil || err.Error() != "done" || !saved {
		t.Errorf("error %v, saved %v", err, saved)
	}
}

// A file that is being written when the signal comes is cut, also where that is noticed later than the grace, and leaves
// nothing.
func TestInterruptedWhileWriting(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "rows.csv")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := newConsole(nil, io.Discard, io.Discard)
	ctx, cancel := context.WithCancel(context.Background())
	finished := make(chan error, 1)
	begun := make(chan struct{})
	go func() {
		finished <- c.save(ctx, path, func(w io.Writer) error {
			if _, err := io.WriteString(w, "new"); err != nil {
				return err
			}
			close(begun)
			time.Sleep(grace + 200*time.Millisecond) // computes
			if _, err := io.WriteString(w, "newer"); err != nil {
				return errors.New("a format that hides the reason")
			}
			return nil
		})
	}()
	<-begun
	cancel()
	if err := within(t, func() error { return c.interrupted(finished) }); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%v are left", entries)
	}
	if got, _ := os.ReadFile(path); string(got) != "old" {
		t.Errorf("the file holds %q", got)
	}
}

// TestSignals sends signals to a process.
func TestSignals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("windows has no signals to send")
	}
	self, err := exec.LookPath("elegans") // put on the path by testscript
	if err != nil {
		self = asCommand(t)
	}
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		ctx, cancel := context.WithTimeout(context.Background(), bound)
		defer cancel()
		cmd := exec.CommandContext(ctx, self, endless...)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		var notes bytes.Buffer
		cmd.Stderr = &notes
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// More than a pipe holds: when it is written, the command is reading and its signals are caught.
		if _, err := in.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || notes.String() != "error: interrupted\n" {
			t.Errorf("%v: exit code %d, %q", signal, code, notes.String())
		}
	}
}

// asCommand is a link to the test binary under the name by which it behaves as elegans.
func asCommand(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := t.TempDir() + "/elegans"
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	return link
}
