package require

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Program is the path of the first of the programs that is in PATH, or the test ends; where says where it comes from, such as
// "on Debian it is in the package nodejs".
func Program(t testing.TB, where string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Missing(t, "no %s; %s", strings.Join(names, " or "), where)
	return ""
}

// Python is an interpreter that has the given modules, or the test ends: the one that ELEGANS_PYTHON names, or python3.
func Python(t testing.TB, modules ...string) string {
	t.Helper()
	for _, name := range []string{os.Getenv("ELEGANS_PYTHON"), "python3"} {
		if path, err := exec.LookPath(name); err == nil && exec.Command(path, "-c", "import "+strings.Join(modules, ", ")).Run() == nil {
			return path
		}
	}
	Missing(t, "no python3 (nor ELEGANS_PYTHON) with %s; they are on PyPI", strings.Join(modules, ", "))
	return ""
}
