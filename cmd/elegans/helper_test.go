package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// recorder is a test that may fail without failing the one that runs it.
type recorder struct {
	failed bool
	log    strings.Builder
}

func (r *recorder) Skip(args ...any)  { r.stop("skip", args) }
func (r *recorder) Fatal(args ...any) { r.failed = true; r.stop("", args) }
func (r *recorder) Parallel()         {}
func (r *recorder) Log(args ...any)   { fmt.Fprintln(&r.log, args...) }
func (r *recorder) FailNow()          { r.failed = true; r.stop("", nil) }
func (r *recorder) Verbose() bool     { return true }

func (r *recorder) Run(_ string, f func(t testscript.T)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
}

func (r *recorder) stop(why string, args []any) {
	r.Log(append([]any{why}, args...)...)
	runtime.Goexit()
}

// TestScriptCommandsBite plants a fault for every command that the scripts use beside those of testscript.
func TestScriptCommandsBite(t *testing.T) {
	for _, c := range []struct{ script, complaint string }{
		{"fails 2 models --nosuch", ""},
		{"fails 4 models --nosuch", "want exit code 4"},
		{"fails 2 models", "succeeded"},
		{"fails 1 version nosuch", "want exit code 1"},
		{"exec elegans wiring full:2 --inputs 1 --json\njson stdout counts.0.from sensory", ""},
		{"exec elegans wiring full:2 --inputs 1 --json\njson stdout counts.0.from motor", "want motor"},
		{"exec elegans wiring full:2 --inputs 1 --json\njson stdout counts.0.nosuch 1", `no key "nosuch"`},
		{"exec elegans wiring full:2 --inputs 1 --json\njson stdout counts.999.from x", "entries"},
		{"exec elegans models\njson stdout", "invalid character"},
		{"json two", "more than one document"},
		{"patch two 3 4\njson two", "does not occur once"},
		{"cut two 2\njson two", ""},
		{"signalled 130 INT nosuch version", "it ended before nosuch"},
		{"exec mkfifo pipe\nsignalled 130 INT <pipe inspect pipe", ""},
		{"exec mkfifo pipe\nsignalled 1 INT <pipe inspect pipe", "want exit code 1"},
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "planted.txtar")
		if err := os.WriteFile(file, []byte(c.script+"\n-- two --\n{}\n{}\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		r := &recorder{}
		p := scripts(t)
		p.Dir, p.Files = "", []string{file}
		r.Run("", func(inner testscript.T) { testscript.RunT(inner, p) })
		if r.failed != (c.complaint != "") || !strings.Contains(r.log.String(), c.complaint) {
			t.Errorf("%q: failed %v, want the complaint %q in:\n%s", c.script, r.failed, c.complaint, r.log.String())
		}
	}
}
