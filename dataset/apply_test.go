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

const training = `when,room,temp,door,full,busy
2021-03-01 10:00,a,20.5,open,1,0
2021-03-01 10:10,a,21.5,shut,2,1
2021-03-01 10:20,a,,shut,3,1
2021-03-01 10:00,b,18,shut,4,1
2021-03-01 10:15,b,19,open,5,0
2021-03-01 10:30,b,17,open,6,0
`

func fitted(t *testing.T, r Roles) series.Schema {
	t.Helper()
	s, err := open(t, training, r).Split(SplitOptions{Valid: -1, Test: -1})
	if err != nil {
		t.Fatal(err)
	}
	return s.Schema
}

func TestApply(t *testing.T) {
	schema := fitted(t, Roles{Target: "busy", Series: "room", Calendar: []string{"weekday"}})
	// Other columns, another order, no label, an unknown door.
	text := "extra,full,door,temp,room,when\n9,7,ajar,,c,2021-04-01 00:00\n9,8,open,30,c,2021-04-01 00:25\n9,8,gone,31,c,2021-04-01 00:25\n"
	list, applied, err := ApplyTable(schema, csv(t, "new.csv", text), Roles{})
	if err != nil {
		t.Fatal(err)
	}
	c := list[0]
	if len(list) != 1 || c.Name != "c" || !slices.Equal(c.DT, []float32{1, 2, 0}) || c.Scored() != 0 || len(c.Y) != 3 { // unit: median of 600 600 900 900
		t.Errorf("%+v", c)
	}
	if x := c.At(0); x[0] == x[0] || x[1] != 0 || x[2] != 7 || c.At(1)[1] != 1 {
		t.Errorf("rows %v %v", x, c.At(1))
	}
	if len(applied.Unseen) != 1 || applied.Unseen[0].Rows != 2 || !slices.Equal(applied.Unseen[0].Values, []string{"ajar", "gone"}) || applied.Unseen[0].Label {
		t.Errorf("%+v", applied.Unseen)
	}
	if !slices.Equal(applied.Ignored, []string{"extra"}) || applied.Rows != 3 || applied.Labelled != 0 || applied.Series != 1 {
		t.Errorf("%+v", applied)
	}
	if w := applied.Warnings; len(w) != 2 || !strings.Contains(w[0], "1 of 3 rows repeat the time") || !strings.Contains(w[1], `"ajar", "gone"`) || !strings.Contains(w[1], `"other"`) {
		t.Errorf("%q", applied.Warnings)
	}
}

// The training data, read again by their own schema, must be the training series.
func TestApplyEqualsSplit(t *testing.T) {
	for _, r := range []Roles{
		{Target: "busy", Series: "room", Calendar: []string{"hour", "yearday"}},
		{Target: "full", Series: "room", Task: series.Regress, Horizon: Horizon{Seconds: 600}, TargetAsInput: true},
		{Target: "busy", Series: "room", Horizon: Horizon{Rows: 1}, TargetAsInput: true},
		{Target: "busy", Series: "room", LastStep: true},
	} {
		o := SplitOptions{Valid: -1, Test: -1}
		s, err := open(t, training, r).Split(o)
		if err != nil {
			t.Fatal(err)
		}
		list, applied, err := ApplyTable(s.Schema, csv(t, "rooms.csv", training), Roles{})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(list), fmt.Sprint(s.Train); got != want || len(applied.Warnings) != 0 {
			t.Errorf("%+v:\n%s\n%s\n%q", r, got, want, applied.Warnings)
		}
		path := filepath.Join(t.TempDir(), "again.csv")
		if err := os.WriteFile(path, []byte(training), 0o600); err != nil {
			t.Fatal(err)
		}
		list, _, err = Apply(s.Schema, path, Roles{})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(list), fmt.Sprint(s.Train); got != want {
			t.Errorf("from a file: %s\n%s", got, want)
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	data := &table.DataError{}
	base := Roles{Target: "busy", Series: "room"}
	ahead := Roles{Target: "busy", Series: "room", Horizon: Horizon{Rows: 1}, TargetAsInput: true}
	for _, c := range []struct {
		name      string
		roles     Roles
		from, to  string
		fragments []string
	}{
		{"missing column", base, "temp", "temperature", []string{`"temp"`, "the model reads this column"}},
		{"nearly named column", base, "door", "Door", []string{`"door"`, `rename "Door"`}},
		{"missing time", base, "when", "then", []string{`"when"`}},
		{"missing target as input", ahead, "busy", "state", []string{`"busy"`, "the model reads"}},
		{"text among numbers", base, "19,open", "19°,open", []string{"line 6", `"temp"`, `"19°"`}},
		{"gap in a complete column", base, "open,5,0", "open,,0", []string{"line 6", `"full"`, `series "b"`, "row 5", "lacks a value"}},
		{"infinite input", base, "19,open", "inf,open", []string{"line 6", `"temp"`}},
		{"NaN label", base, "open,5,0", "open,5,NaN", []string{"line 6", `"NaN"`}},
		{"back in time", base, "10:30,b", "10:05,b", []string{"line 7", "--sort"}},
		{"other clock", base, "2021-03-01 ", "", []string{"elapsed time", "calendar time"}},
		{"foreign labels", base, "", "", []string{`"busy"`, `"yes"`, `"0", "1"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			schema := fitted(t, c.roles)
			text := strings.ReplaceAll(training, c.from, c.to)
			if c.name == "foreign labels" {
				text = "when,room,temp,door,full,busy\n2021-03-01 10:00,a,20.5,open,1,yes\n2021-03-01 10:10,a,21.5,shut,2,no\n"
			}
			_, _, err := ApplyTable(schema, csv(t, "new.csv", text), Roles{})
			refused(t, err, data, c.fragments...)
			path := filepath.Join(t.TempDir(), "new.csv")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, _, err = Apply(schema, path, Roles{})
			refused(t, err, data, c.fragments...)
		})
	}
}

func TestApplyWithoutSeries(t *testing.T) {
	schema := fitted(t, Roles{Target: "busy", Series: "room"})
	text := "when,temp,door,full\n2021-03-01 10:00,1,open,2\n2021-03-01 10:05,1,open,2\n"
	list, applied, err := ApplyTable(schema, csv(t, "new.csv", text), Roles{})
	if err != nil || len(list) != 1 || list[0].Name != "" || !strings.Contains(strings.Join(applied.Warnings, "\n"), `"room"`) {
		t.Errorf("%v %v %q", list, err, applied.Warnings)
	}
	path := filepath.Join(t.TempDir(), "new.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if list, _, err = Apply(schema, path, Roles{}); err != nil || len(list) != 1 {
		t.Errorf("from a file: %v %v", list, err)
	}
	_, _, err = Apply(schema, "ozne", Roles{})
	refused(t, err, &NotFoundError{}, `did you mean "ozone"`)
}

// Categories that look like numbers keep their spelling from training to use.
func TestApplyKeepsSpelling(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	train := write("train.csv", "code,x,y\n007,1,0\n12,2,1\n007,3,0\n12,4,1\n")
	d, err := Open(train, Roles{Target: "y", Category: []string{"code"}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Split(SplitOptions{Valid: -1, Test: -1})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Schema.Inputs[0].Levels; !slices.Equal(got, []string{"other", "007", "12"}) {
		t.Fatalf("levels %v", got)
	}
	list, applied, err := Apply(s.Schema, write("new.csv", "code,x\n007,1\n7,2\n"), Roles{})
	if err != nil || list[0].At(0)[0] != 1 || list[0].At(1)[0] != 0 || len(applied.Unseen) != 1 {
		t.Errorf("%v %+v %v", list, applied, err)
	}
}

func TestApplyBuiltin(t *testing.T) {
	for _, b := range Builtins() {
		d, err := b.Open(Roles{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := d.Split(b.Split)
		if err != nil {
			t.Fatal(err)
		}
		again, err := OpenFor(s.Schema, b.Name, Roles{})
		if err != nil {
			t.Fatal(err)
		}
		if again.Builtin != b || again.Hash() != d.Hash() {
			t.Errorf("%s is not the same data when it is opened for its own schema", b.Name)
		}
		parts, err := again.SplitWith(s.Schema, b.Split)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(parts.Test) != fmt.Sprint(s.Test) {
			t.Errorf("%s: the test part differs", b.Name)
		}
	}
}
