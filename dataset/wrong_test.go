package dataset

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/elegans-nn/elegans/table"
)

// file writes a file for Open, which reads columns by the roles.
func file(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A column that the user calls numeric and that holds nothing but texts must not vanish from the inputs.
func TestNumericColumnOfTexts(t *testing.T) {
	path := file(t, "rooms.csv", "x,k,y\n1,?,0\n2,low,1\n4,high,0\n3,low,1\n")
	_, err := Open(path, Roles{Target: "y", Numeric: []string{"k"}})
	refused(t, err, &table.DataError{}, "rooms.csv line 3", `column "k"`, `"low"`, "3 such cells", "--category", "--drop")
}
