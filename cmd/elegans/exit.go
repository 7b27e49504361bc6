package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/elegans-nn/elegans/bench"
	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/internal/golden"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/table"
	"github.com/elegans-nn/elegans/train"
)

// Exit codes.
const (
	exitOK          = 0
	exitFailed      = 1   // whatever the others do not say: a full disk, a failed check
	exitUsage       = 2   // unknown flag, command, column or value; wrong number of arguments
	exitNotFound    = 4   // a file or a built-in name
	exitBadData     = 5   // a data or model file that cannot be read
	exitInterrupted = 130 // Ctrl-C or SIGTERM
)

// usageError is a command line that cannot be meant so.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// dataError is a file whose content is not what the command reads, where no package has a type for it.
type dataError struct{ text string }

func (e *dataError) Error() string { return e.text }

// failure is a check that was run and did not pass; its result has been printed.
type failure struct{ text string }

func (e *failure) Error() string { return e.text }

// codes is searched from the top: an error that fits several rows has the code of the first.
var codes = []struct {
	code int
	fits func(err error) bool
}{
	{exitInterrupted, is(context.Canceled)},
	{exitUsage, as[*usageError]},
	{exitUsage, as[*dataset.UsageError]},
	{exitUsage, as[*table.UnknownColumnError]},
	{exitUsage, as[*table.UnknownFormatError]},
	{exitUsage, as[*cell.UnknownError]},
	{exitUsage, as[*bench.UnknownError]},
	{exitUsage, as[*train.MemoryError]},
	{exitNotFound, as[*dataset.NotFoundError]},
	{exitNotFound, is(fs.ErrNotExist)},
	{exitUsage, as[*table.MemberError]}, // one that exists but was not chosen; a missing one is fs.ErrNotExist
	{exitBadData, as[*table.DataError]},
	{exitBadData, as[*model.FileError]},
	{exitBadData, as[*golden.FileError]},
	{exitBadData, as[*dataError]},
	{exitBadData, is(syscall.EISDIR)},
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func as[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

func exitCode(err error) int {
	if err == nil {
		return exitOK
	}
	for _, row := range codes {
		if row.fits(err) {
			return row.code
		}
	}
	return exitFailed
}

// report writes an error in one line and gives the exit code.
func (c *console) report(err error) int {
	if err != nil {
		fmt.Fprintln(c.err, "error: "+describe(err))
	}
	return exitCode(err)
}

// describe is the text of an error in one line, with a fix where the operating system's own text has none.
func describe(err error) string {
	var path *os.PathError
	text := strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.As(err, &path) && path.Path == "":
		return "the name of a file is empty; write a name, or - for standard input"
	case errors.As(err, &path) && errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("%s does not exist; check the name and the directory", path.Path)
	case errors.As(err, &path) && errors.Is(err, syscall.EISDIR):
		return fmt.Sprintf("%s is a directory; name a file in it", path.Path)
	case errors.As(err, &path) && errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("%s may not be read or written by this user; change its permissions, or name another file", path.Path)
	case errors.Is(err, fs.ErrNotExist) && !as[*dataset.NotFoundError](err) && !as[*table.MemberError](err):
		return text + " (check the name and the directory)"
	}
	return text
}
