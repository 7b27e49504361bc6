package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/internal/golden"
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
		{&golden.FileError{Path: "v", Problem: "cut off"}, 5, "v: cut off"},
		{&golden.FileError{Path: "v", Problem: "w is not there", Err: fs.ErrNotExist}, 4, "v: w is not there"},
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

// TestPanic: a fault of the program is one line that names its place, and no code that means something else.
func TestPanic(t *testing.T) {
	was := commands
	defer func() { commands = was }()
	commands = append(slices.Clone(was), func(c *console) *cobra.Command {
		return &cobra.Command{Use: "break", RunE: func(*cobra.Command, []string) error {
			c.print("printed before\n")
			var none []int
			return fmt.Errorf("%d", none[len(was)])
		}}
	})
	var out, notes bytes.Buffer
	code := run(context.Background(), []string{"break"}, strings.NewReader(""), &out, &notes)
	line := notes.String()
	if code != exitFailed || strings.Count(line, "\n") != 1 || !strings.Contains(line, "out of range") || !strings.Contains(line, "at exit_test.go:") {
		t.Errorf("exit code %d and %q; want %d and one line that names the place", code, line, exitFailed)
	}
	if out.String() != "printed before\n" {
		t.Errorf("what was printed before is %q", out.String())
	}
}
