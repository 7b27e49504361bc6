package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// What is wrong with data for a model cannot be mended by the roles, which its schema fixes: no fix may name a flag of theirs.
func TestFixesForAModel(t *testing.T) {
	roles := Roles{Target: "busy", Series: "room", Calendar: []string{"hour"}}
	schema := fitted(t, roles)
	flags := []string{"--category", "--drop", "--task", "--series", "--time ", "--time-unit", "--calendar"}
	for _, c := range []struct{ from, to, want string }{
		{"20.5", "warm", "leave the cell empty"},
		{"open,5,0", "open,5,away", "leave the cell empty"},
		{"10:30,b", "10:05,b", "--sort"},
		{"2021-03-01 10:10,", ",", "correct the row or remove it"},
		{"2021-03-01 10:10,", "soon,", "correct it"},
		{"2021-03-01 ", "", "write the time as in the training data"},
		{"temp", "t", "rename one of the columns"},
	} {
		text := strings.ReplaceAll(training, c.from, c.to)
		_, _, err := ApplyTable(schema, csv(t, "new.csv", text), Roles{})
		refused(t, err, &table.DataError{}, c.want)
		for _, flag := range flags {
			if strings.Contains(fmt.Sprint(err)+" ", flag) {
				t.Errorf("%q names %s, which nobody can give", err, flag)
			}
		}
		if c.to == "t" || c.to == "" {
			continue // right without a model
		}
		_, err = FromTable(csv(t, "new.csv", text), Roles{Target: "busy", Time: "when", Numeric: []string{"temp"}})
		refused(t, err, &table.DataError{}, "--")
	}
}

// A column that is meant to be the time must not become an input, with rows counted, because some cells cannot be read.
func TestDamagedClock(t *testing.T) {
	days := func(name, odd string) string {
		return name + ",x,y\n2021-01-29,1,5\n2021-01-30,2,6\n" + odd + ",3,8\n2021-02-01,4,9\n"
	}
	for _, c := range []struct{ text, value string }{
		{days("when", "2021-02-30"), "2021-02-30"},
		{days("when", "soon"), "soon"},
		{"Date,x,y\nMay 1,1,5\nMay 2,2,6\nMay 3,3,8\n", "May 1"},
	} {
		_, err := FromTable(csv(t, "rooms.csv", c.text), Roles{Target: "y"})
		refused(t, err, &table.DataError{}, "rooms.csv line ", fmt.Sprintf("%q", c.value), "--time none")
		name, _, _ := strings.Cut(c.text, ",")
		for _, r := range []Roles{{Target: "y", Time: NoTime}, {Target: "y", Category: []string{name}}, {Target: "y", Drop: []string{name}}} {
			if d := open(t, c.text, r); d.kind != series.Index {
				t.Errorf("%v: %s time", r, d.kind)
			}
		}
	}
	for _, text := range []string{ // categories, one of them with a name of time
		"time,x,y\nday,1,5\nnight,2,6\nday,1,7\nnight,2,8\nday,3,8\n", "k,x,y\n2021-01-01,1,5\nu,2,6\nv,4,6\n",
	} {
		if d := open(t, text, Roles{Target: "y"}); d.kind != series.Index || len(d.inputs) != 2 {
			t.Errorf("%q: %s time", text, d.kind)
		}
	}
}

func TestDayNumbers(t *testing.T) {
	text := "date,x,y\n20240228,1,5\n20240229,2,6\n20240301,4,6\n20241231,4,6\n20250101,4,6\n"
	d := open(t, text, Roles{Target: "y"})
	var got []float64
	for _, at := range d.tracks[0].time {
		got = append(got, (at-d.tracks[0].time[0])/86400)
	}
	if d.kind != series.Calendar || FormatTime(series.Clock{Kind: d.kind}, d.tracks[0].time[0]) != "2024-02-28T00:00:00Z" || !slices.Equal(got, []float64{0, 1, 2, 307, 308}) {
		t.Errorf("%s time, days %v", d.kind, got)
	}
	for _, other := range []string{"20240230", "20240228.5", "20241301", "18991231", "21000101"} { // one that is no day: all are seconds
		if d := open(t, strings.Replace(text, "20250101", other, 1), Roles{Target: "y", Sort: true}); d.kind != series.Elapsed {
			t.Errorf("%s is read as a day", other)
		}
	}
	zoned := open(t, text, Roles{Target: "y", Zone: "Europe/Vienna"})
	if zoned.tracks[0].time[0] != d.tracks[0].time[0]-3600 {
		t.Errorf("a day begins at %v in Vienna", zoned.tracks[0].time[0])
	}
}

// The label that a .ts file names is that of a whole series, whether the user names it too or not.
func TestLabelOfFormat(t *testing.T) {
	path := file(t, "a.ts", "@timestamps false\n@univariate true\n@equallength false\n@classlabel true a b\n@data\n1,2,3:a\n4,5:b\n2,3,1,2:a\n5,4,4:b\n")
	unasked, err := Open(path, Roles{})
	if err != nil {
		t.Fatal(err)
	}
	asked, err := Open(path, Roles{Target: "label"})
	if err != nil {
		t.Fatal(err)
	}
	if !asked.Roles.LastStep || asked.Roles.Target != unasked.Roles.Target || asked.Hash() != unasked.Hash() {
		t.Errorf("%+v, want %+v", asked.Roles, unasked.Roles)
	}
	ahead, err := Open(path, Roles{Target: "label", Horizon: Horizon{Rows: 1}})
	if err != nil || ahead.Roles.LastStep {
		t.Errorf("with a horizon: %v", err)
	}
}
