// Command elegans trains liquid neural networks on irregular time series, compares them with baselines, and reads and runs
// what was trained. It uses the packages of this module as any other program would.
//
// Results go to standard output, progress and notes to standard error, and every error is one line with its fix. Exit
// codes are those of the table in exit.go.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// Interruptions. The first SIGINT or SIGTERM ends the context of the command, the second one the process. What follows the
// first depends on the command alone:
//
//   - It returns: its error decides. Without one it has done all its work, nothing was cut, and what it printed has reached
//     standard output, so the exit code is 0 even though a signal came; work that was cut is an error that wraps
//     context.Canceled, and the exit code is 130. What it printed until then is written in both cases.
//   - It is in a guarded section (console.guard): it is waited for. Such a section must end by itself, so it reads and
//     writes regular files only. The other end of a pipe may never come, and opening one would be waited for for ever.
//   - It does neither for as long as grace, for most work knows nothing of contexts: it is left behind, what it printed is
//     dropped, and the exit code is 130. It can leave nothing half done, since files are written in guarded sections.
//
// grace is enough to print what was computed, and not noticed by somebody who waits.
const grace = 500 * time.Millisecond

// Commands are listed in the order of their registry.
func init() { cobra.EnableCommandSorting = false }

func main() {
	// A reader that has seen enough (| head) is an error of one write, not the end of a training run.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the next one ends the program at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program but its process: it runs one command and gives its exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := newConsole(stdin, stdout, stderr)
	finished := make(chan error, 1)
	// A flush waits for who reads standard output, and so is a part of what an interruption may cut.
	go func() {
		err := unbroken(func() error { return execute(ctx, c, args) })
		finished <- c.flushed(err)
	}()
	select {
	case err := <-finished:
		return c.report(err)
	case <-ctx.Done():
		return c.report(c.interrupted(finished))
	}
}

// unbroken makes an error of a panic: a fault of the program ends in one line and exit code 1 as any failure does, and
// not in a trace and the code of a wrong command line.
func unbroken(run func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v at %s; this is a fault of elegans %s: please report it with the command line", p, panicked(), version)
		}
	}()
	return run()
}

// panicked is the place of a panic, seen from the function that recovers: the first frame below that of the runtime.
func panicked() string {
	var frames [32]uintptr
	below := false
	for list := runtime.CallersFrames(frames[:runtime.Callers(0, frames[:])]); ; {
		f, more := list.Next()
		inside := strings.HasPrefix(f.Function, "runtime.")
		if below && !inside {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
		below = below || strings.HasPrefix(f.Function, "runtime.gopanic")
		if !more {
			return "an unknown place"
		}
	}
}

// interrupted waits for a command that was told to stop, until it returns or is outside of guarded sections for as long as
// grace. When it is left behind no section can begin any more.
func (c *console) interrupted(finished <-chan error) error {
	for {
		select {
		case err := <-finished:
			return err
		case <-time.After(grace):
		}
		if c.section.TryLock() {
			return context.Canceled
		}
		released := make(chan struct{})
		go func() {
			c.section.Lock()
			defer c.section.Unlock()
			close(released)
		}()
		select {
		case err := <-finished:
			return err
		case <-released:
		}
	}
}
