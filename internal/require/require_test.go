package require

import (
	"fmt"
	"strings"
	"testing"
)

// recorder is a test that notes how it ended.
type recorder struct {
	testing.TB
	fatal, skip string
}

func (r *recorder) Helper()           {}
func (r *recorder) Fatal(args ...any) { r.fatal = fmt.Sprint(args...); panic(r) }
func (r *recorder) Skip(args ...any)  { r.skip = fmt.Sprint(args...); panic(r) }

func TestMissing(t *testing.T) {
	for _, c := range []struct {
		env         string
		fatal, skip bool
	}{{"", false, true}, {"0", false, true}, {"1", true, false}} {
		t.Setenv("ELEGANS_REQUIRE_ALL", c.env)
		r := &recorder{TB: t}
		func() {
			defer func() {
				if recover() != r {
					t.Errorf("%q: the test goes on", c.env)
				}
			}()
			Missing(r, "no %s here", "device")
		}()
		if strings.HasPrefix(r.fatal, "no device here") != c.fatal || (r.skip == "no device here") != c.skip {
			t.Errorf("%q: fails with %q, is skipped with %q", c.env, r.fatal, r.skip)
		}
	}
}

func TestTools(t *testing.T) {
	t.Setenv("ELEGANS_REQUIRE_ALL", "0")
	if path := Program(t, "of the Go distribution", "no-such-program", "go"); !strings.Contains(path, "go") {
		t.Errorf("go is %q", path)
	}
	for name, f := range map[string]func(r *recorder){
		"no no-such-program or another-one; it is nowhere":    func(r *recorder) { Program(r, "it is nowhere", "no-such-program", "another-one") },
		"no python3 (nor ELEGANS_PYTHON) with no_such_module": func(r *recorder) { Python(r, "no_such_module") },
	} {
		r := &recorder{TB: t}
		func() {
			defer func() {
				if recover() != r {
					t.Errorf("%q: the test goes on", name)
				}
			}()
			f(r)
		}()
		if !strings.HasPrefix(r.skip, name) {
			t.Errorf("%q, not %q", r.skip, name)
		}
	}
}
