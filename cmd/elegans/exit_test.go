package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/table"
)

func TestExitCodes(t *testing.T) {
	missing := &fs.PathError{Op: "open", Path: "a.csv", Err: syscall.ENOENT}
	for _, c := range []struct {
		err  error
		code int
		text string // part of the line
	}{
		{nil, 0, ""},
		{errors.New("two\nlines"), 1, "two; lines"},
		{&fs.PathError{Op: "write", Path: "b", Err: syscall.ENOSPC}, 1, "no space"},
		{&fs.PathError{Op: "open", Path: "b.csv", Err: syscall.EACCES}, 1, "b.csv may not be read"},
		{&failure{"3 of 7 failed"}, 1, "3 of 7"},
		{usage("--x %d", 3), 2, "--x 3"},
		{&dataset.UsageError{Flag: "--clip", Text: "-1"}, 2, "--clip: -1"},
		{&table.UnknownColumnError{Name: "lite"}, 2, "lite"},
		{&table.UnknownColumnError{Source: "a.csv", Name: "Lihgt", Suggest: "Light", Known: []string{"CO2", "Light"}}, 2, "Light"},
		{&table.UnknownFormatError{Name: "xyz"}, 2, "xyz"},
		{&cell.UnknownError{Kind: "model", Name: "ltd"}, 2, "ltd"},
		{&table.MemberError{Source: "a.zip", Members: []string{"x", "y"}}, 2, "a.zip"},
		{&table.MemberError{Source: "a.zip", Member: "z", Members: []string{"x", "y"}}, 4, "a.zip"},
		{missing, 4, "a.csv does not exist; check the name"},
		{&fs.PathError{Op: "open", Err: syscall.ENOENT}, 4, "the name of a file is empty"},
		{fmt.Errorf("model: %w", missing), 4, "a.csv does not exist"},
		{&dataset.NotFoundError{Name: "ozon", Suggest: "ozone"}, 4, `did you mean "ozone"?`},
		{&table.DataError{Source: "a.csv", Msg: "is empty"}, 5, "a.csv"},
		{&model.FileError{Path: "m.elegans", Problem: "damaged"}, 5, "m.elegans"},
		{&dataError{"w: foreign"}, 5, "w: foreign"},
		{fmt.Errorf("train: %w", context.Canceled), 130, "interrupted"},
		{errors.Join(context.Canceled, missing), 130, "interrupted"},
	} {
		var line bytes.Buffer
		code := newConsole(nil, io.Discard, &line).report(c.err)
		text := line.String()
		if code != c.code || !strings.Contains(text, c.text) || strings.Count(text, "\n") != min(1, len(text)) {
			t.Errorf("%v: exit code %d and %q; want %d and one line with %q", c.err, code, text, c.code, c.text)
		}
	}
}

// endless is a command line that waits for standard input.
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
	if code := run(ctx, endless, in, &out, &notes); code != exitInterrupted || notes.String() != "error: interrupted\n" || out.Len() > 0 {
		t.Errorf("exit code %d, %q, %q", code, notes.String(), out.String())
	}
}

// TestGuardedSection is waited for, longer than the grace.
func TestGuardedSection(t *testing.T) {
	c := newConsole(nil, io.Discard, io.Discard)
	finished := make(chan error, 1)
	saved := false
	release := c.guard()
	go func() {
		time.Sleep(grace + 200*time.Millisecond)
		saved = true
		finished <- fmt.Errorf("stopped: %w", context.Canceled)
		release()
	}()
	if err := c.interrupted(finished); !errors.Is(err, context.Canceled) || !saved {
		t.Errorf("error %v, saved %v", err, saved)
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
		cmd := exec.Command(self, endless...)
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

func TestSuggestion(t *testing.T) {
	known := []string{"target", "time", "time-unit", "sort", "series"}
	for word, want := range map[string]string{"tagret": "target", "tim": "time", "Time": "time", "timeunit": "time-unit", "zorro": "", "x": "", "sorted": "sort"} {
		if want != "" {
			want = "; did you mean --" + want + "?"
		}
		if got := suggestion(word, "--", known); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
