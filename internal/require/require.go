// Package require decides what a test does that needs something which the machine does not have: a device, a program, a
// file.
package require

import (
	"fmt"
	"os"
	"testing"
)

// All says that nothing may be missing: ELEGANS_REQUIRE_ALL is 1, as it is where a change is checked.
func All() bool { return os.Getenv("ELEGANS_REQUIRE_ALL") == "1" }

// Missing ends a test whose need is not met, with the reason: it is skipped, or fails where All is required.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	reason := fmt.Sprintf(format, args...)
	if All() {
		t.Fatal(reason + " (ELEGANS_REQUIRE_ALL=1 lets no test be skipped)")
	}
	t.Skip(reason)
}
