package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "write the help texts to testdata/help")

// each calls f for every command that is this program's own.
func each(cmd *cobra.Command, f func(*cobra.Command)) {
	f(cmd)
	for _, below := range cmd.Commands() {
		each(below, f)
	}
}

func testRoot() *cobra.Command {
	return newRoot(newConsole(strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}))
}

// TestExamples runs every example as far as its flags and arguments: what help shows can be typed.
func TestExamples(t *testing.T) {
	lines := 0
	each(testRoot(), func(cmd *cobra.Command) {
		if cmd.Short == "" || cmd.Long == "" || cmd.Example == "" || cmd.RunE == nil {
			t.Errorf("%s lacks a short or long description, an example or a function", cmd.CommandPath())
		}
		own := false
		for line := range strings.SplitSeq(cmd.Example, "\n") {
			if !strings.HasPrefix(line, "  ") {
				t.Errorf("%s: example %q is not indented by two", cmd.CommandPath(), line)
			}
			words, ok := exampleWords(line)
			if !ok {
				continue
			}
			lines++
			if err := typeable(words); err != nil {
				t.Errorf("%s: example %q: %v", cmd.CommandPath(), line, err)
			}
			own = own || strings.HasPrefix(strings.TrimSpace(line)+" ", cmd.CommandPath()+" ") || strings.Contains(line, "("+cmd.CommandPath()+" ")
		}
		if !own {
			t.Errorf("%s: no example shows the command itself", cmd.CommandPath())
		}
	})
	if lines < 20 {
		t.Errorf("only %d examples were tried", lines)
	}
	for _, wrong := range []string{"models --nosuch", "nosuch", "wiring", "data audit a b", "data audit a --task x"} {
		if typeable(strings.Fields(wrong)) == nil {
			t.Errorf("%q passes as an example", wrong)
		}
	}
}

// exampleWords are the arguments of elegans in a line of shell; false where the line does not run it.
func exampleWords(line string) ([]string, bool) {
	line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "source <("), ")")
	rest, ok := strings.CutPrefix(line, "elegans ")
	if !ok {
		return nil, false
	}
	for _, end := range []string{" > ", " | ", " #"} {
		rest, _, _ = strings.Cut(rest, end)
	}
	return strings.Fields(rest), true
}

// typeable parses flags and arguments, and runs nothing.
func typeable(words []string) error {
	root := testRoot()
	cmd, rest, err := root.Find(words)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if cmd.HasSubCommands() && len(cmd.Flags().Args()) > 0 {
		return unknownCommand(cmd, cmd.Flags().Args()[0])
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		return err
	}
	return nil
}

// TestHelpTexts compares all help texts with testdata/help; go test -update writes them.
func TestHelpTexts(t *testing.T) {
	seen := map[string]bool{}
	each(testRoot(), func(cmd *cobra.Command) {
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".txt"
		seen[name] = true
		path := filepath.Join("testdata", "help", name)
		args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
		var out, notes bytes.Buffer
		if code := run(context.Background(), args, strings.NewReader(""), &out, &notes); code != exitOK || notes.Len() > 0 {
			t.Fatalf("%v: exit code %d, %s", args, code, notes.String())
		}
		if *update {
			if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("%v; go test -update writes it", err)
		}
		if out.String() != string(want) {
			t.Errorf("help of %q differs from %s; go test -update writes it:\n%s", cmd.CommandPath(), path, out.String())
		}
		for line := range strings.SplitSeq(cmd.Long, "\n") {
			if len([]rune(line)) > 124 {
				t.Errorf("%s: a line of the description has %d characters, at most 124 fit: %q", cmd.CommandPath(), len([]rune(line)), line)
			}
		}
	})
	entries, err := os.ReadDir(filepath.Join("testdata", "help"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !seen[e.Name()] {
			t.Errorf("testdata/help/%s belongs to no command; remove it", e.Name())
		}
	}
}

// TestFlagUsage demands that every flag is explained in the same manner.
func TestFlagUsage(t *testing.T) {
	each(testRoot(), func(cmd *cobra.Command) {
		for _, name := range flagNames(cmd) {
			f := cmd.Flags().Lookup(name)
			if f.Usage == "" || strings.HasSuffix(f.Usage, ".") {
				t.Errorf("%s --%s: usage %q is empty or ends in a stop", cmd.CommandPath(), name, f.Usage)
			}
			if f.Value.Type() != "bool" && !strings.Contains(f.Usage, "`") {
				t.Errorf("%s --%s: the usage names no value in backquotes", cmd.CommandPath(), name)
			}
		}
	})
}
