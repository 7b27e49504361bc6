// Command elegans trains liquid neural networks on irregular time series, compares them with baselines, and reads and runs
// what was trained. It uses the packages of this module as any other program would.
//
// Results go to standard output, progress and notes to standard error, and every error is one line with its fix. Exit
// codes are those of the table in exit.go.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// grace is how long a command may take to put things in order after an interruption, outside of sections that it
// guards: enough to remove a temporary file, not to be waited for.
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
	go func() { finished <- execute(ctx, c, args) }()
	var err error
	select {
	case err = <-finished:
	case <-ctx.Done():
		err = c.interrupted(finished)
	}
	if !errors.Is(err, context.Canceled) {
		err = errors.Join(err, c.flush())
	}
	return c.report(err)
}

// interrupted waits for a command that was told to stop: as long as it guards a section, else for the grace only, since
// not everything that takes time can be told.
func (c *console) interrupted(finished <-chan error) error {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case err := <-finished:
		return err
	case <-timer.C:
	}
	released := make(chan struct{})
	go func() {
		c.section.Lock()
		close(released)
	}()
	select {
	case err := <-finished:
		return err
	case <-released:
		return context.Canceled
	}
}
