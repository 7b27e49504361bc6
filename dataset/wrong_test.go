package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/series"
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

// Two columns of one name: the rename is said, and a target that could be either is refused.
func TestTwins(t *testing.T) {
	text := "x,y,x,y,z\n"
	for i := range 20 {
		text += fmt.Sprintf("%d,%d,%d,%d,%d\n", i*i%7, i%2, i*i%5, i%3%2, i*i%11)
	}
	renames := []string{
		`rooms.csv: two columns are named "x": column 1 is read as "x", column 3 as "x.1"`,
		`rooms.csv: two columns are named "y": column 2 is read as "y", column 4 as "y.1"`,
	}
	path := file(t, "rooms.csv", text)
	_, err := Open(path, Roles{Target: "y"})
	refused(t, err, &UsageError{}, "--target", renames[1][len("rooms.csv: "):], "--drop y.1", "--target y.1 --drop y")
	for _, r := range []Roles{{Target: "y", Drop: []string{"y.1"}}, {Target: "y.1", Drop: []string{"y"}}, {Target: "y", Inputs: []string{"x", "x.1"}}, {Target: "z"}} {
		d, err := Open(path, r)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(d.Warnings, renames) || !slices.Equal(d.Audit(nil).Warnings[:2], renames) {
			t.Errorf("%v: warnings %q", r, d.Warnings)
		}
	}
	s := schemaOf(t, open(t, "x,z\n1,5\n2,6\n4,5\n3,6\n1,5\n2,6\n", Roles{Target: "z"}))
	_, applied, err := Apply(s, path, Roles{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(applied.Warnings, renames[0]) || slices.Contains(applied.Warnings, renames[1]) {
		t.Errorf("only the column that is read has a twin: %q", applied.Warnings)
	}
}

// schemaOf fits a schema on all of a data set.
func schemaOf(t testing.TB, d *Dataset) series.Schema {
	t.Helper()
	s, err := d.Split(SplitOptions{Valid: -1, Test: -1})
	if err != nil {
		t.Fatal(err)
	}
	return s.Schema
}

// Of the data for a model only the columns are kept that it needs, with series, time and label where they are there.
func TestApplyReadsWhatItNeeds(t *testing.T) {
	s := schemaOf(t, open(t, "when,room,a,kind,spare,y\n1,n,1,u,7,5\n2,n,2,v,8,6\n3,n,4,u,7,5\n4,n,3,v,9,6\n",
		Roles{Target: "y", Time: "when", Series: "room", Inputs: []string{"a", "kind"}}))
	for text, want := range map[string][]string{
		"spare,y,kind,when,wide,a,room\n1,5,u,1,2,3,n\n2,6,v,2,2,4,n\n": {"a", "kind", "when", "room", "y"},
		"spare,kind,when,wide,a\n1,u,1,2,3\n2,v,2,2,4\n":                {"a", "kind", "when"},
	} {
		d, err := OpenFor(s, file(t, "today.csv", text), Roles{})
		if err != nil {
			t.Fatal(err)
		}
		if got := d.parts[0].table.Names(); !slices.Equal(got, want) {
			t.Errorf("columns %v are kept, want %v", got, want)
		}
		_, applied, err := d.Apply(s)
		if err != nil || !slices.Equal(applied.Ignored, []string{"spare", "wide"}) {
			t.Errorf("ignored %v, %v", applied.Ignored, err)
		}
	}
}
