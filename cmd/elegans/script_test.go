package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/elegans-nn/elegans/internal/require"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"elegans": main})
}

// TestScripts runs testdata/script/*.txtar: what a user types, and what comes back.
func TestScripts(t *testing.T) { testscript.Run(t, scripts(t)) }

func scripts(t *testing.T) testscript.Params {
	fixtures, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("FIXTURES", fixtures)
			return nil
		},
		Condition: func(name string) (bool, error) {
			var err error
			switch name {
			case "devfull":
				_, err = os.Stat("/dev/full")
			case "gcc":
				_, err = exec.LookPath("gcc")
			case "fifo":
				_, err = exec.LookPath("mkfifo")
			default:
				return false, fmt.Errorf("unknown condition %q", name)
			}
			return err == nil || require.All(), nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"fails":     fails,
			"signalled": signalled,
			"json":      isJSON,
			"cut":       cut,
			"patch":     patch,
		},
	}
}

// fails runs elegans and demands an exit code and, on standard error, exactly one line that begins with "error: ":
//
//	fails 4 data audit nosuch.csv
func fails(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: fails CODE ARGUMENTS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("elegans", args[1:]...)
	if err == nil {
		ts.Fatalf("elegans %s succeeded", strings.Join(args[1:], " "))
	}
	var exit interface{ ExitCode() int }
	if !errors.As(err, &exit) || exit.ExitCode() != want {
		ts.Fatalf("elegans %s: %v; want exit code %d", strings.Join(args[1:], " "), err, want)
	}
	text := ts.ReadFile("stderr")
	var last string
	n := 0
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if strings.HasPrefix(line, "error: ") {
			n++
		}
		last = line
	}
	if n != 1 || !strings.HasPrefix(last, "error: ") {
		ts.Fatalf("want one line of error at the end of standard error, got %q", text)
	}
}

// isJSON demands that a file is exactly one JSON document. With a path such as models.0.name it demands a value there, as
// text; a path that ends in len is the length of a list.
func isJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 && len(args) != 3 {
		ts.Fatalf("usage: json FILE [PATH VALUE]")
	}
	d := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	var document any
	ts.Check(d.Decode(&document))
	var more any
	if err := d.Decode(&more); err != io.EOF {
		ts.Fatalf("there is more than one document: %v", more)
	}
	if len(args) == 1 {
		return
	}
	for key := range strings.SplitSeq(args[1], ".") {
		switch v := document.(type) {
		case map[string]any:
			found, ok := v[key]
			if !ok {
				ts.Fatalf("%s: no key %q", args[1], key)
			}
			document = found
		case []any:
			if key == "len" {
				document = len(v)
				continue
			}
			i, err := strconv.Atoi(key)
			ts.Check(err)
			if i >= len(v) {
				ts.Fatalf("%s: the list has %d entries", args[1], len(v))
			}
			document = v[i]
		default:
			ts.Fatalf("%s: nothing below %v", args[1], v)
		}
	}
	if got := fmt.Sprint(document); got != args[2] {
		ts.Fatalf("%s is %s, want %s", args[1], got, args[2])
	}
}

// cut shortens a file to a number of bytes.
func cut(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

// patch replaces the one occurrence of a text in a file by another of the same length.
func patch(ts *testscript.TestScript, neg bool, args []string) {
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	if bytes.Count(data, []byte(args[1])) != 1 || len(args[1]) != len(args[2]) {
		ts.Fatalf("patch: %q does not occur once in %s, or the lengths differ", args[1], args[0])
	}
	ts.Check(os.WriteFile(path, bytes.Replace(data, []byte(args[1]), []byte(args[2]), 1), 0o644))
}
