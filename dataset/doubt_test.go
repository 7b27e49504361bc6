package dataset

import (
	"fmt"
	"strings"
	"testing"
)

// interleaved is two rooms measured at the same times, with an id of each row.
func interleaved(rows int) string {
	var b strings.Builder
	b.WriteString("id,time,room,unit,x,y\n")
	for i := range rows {
		fmt.Fprintf(&b, "%d,2021-03-01 %02d:%02d:00,%s,%d,%d.5,%d\n", i, 10+i/2/60, i/2%60, [2]string{"a", "b"}[i%2], 7+i%2, i*i%11, i/3%2)
	}
	return b.String()
}

func TestDoubt(t *testing.T) {
	text := interleaved(80)
	one, two := "id,time,room,unit,x,y\n", "" // one room after the other
	for line := range strings.Lines(text) {
		switch {
		case strings.Contains(line, ",a,"):
			one += line
		case strings.Contains(line, ",b,"):
			two += line
		}
	}
	for _, c := range []struct {
		name  string
		text  string
		roles Roles
		want  []string // parts of the warnings, in order
	}{
		{"interleaved", text, Roles{Target: "y"}, []string{`column "room" or "unit" seems to name several series, which are read as one; --series room tells them apart`}},
		{"told apart", text, Roles{Target: "y", Series: "room"}, nil},
		{"sorted", one + two, Roles{Target: "y", Sort: true, Drop: []string{"unit"}}, []string{"seems to name several series"}},
		{"duplicates", "t,x,y\n1,2,0\n1,3,1\n2,5,1\n3,5,0\n4,2,1\n", Roles{Target: "y", Time: "t"}, []string{"1 of 5 rows repeat the time of the row before"}},
		{"duplicates as wanted", "t,x,y\n1,2,0\n1,3,1\n2,5,1\n3,5,0\n4,2,1\n", Roles{Target: "y", Time: "t", Duplicates: KeepAll}, nil},
		{"a clock", "time,x,y\n1,2,0\n2,3,1\n3,5,1\n4,2,0\n", Roles{Target: "y"}, nil},
	} {
		got := open(t, c.text, c.roles).Warnings
		if len(got) != len(c.want) {
			t.Errorf("%s: %q", c.name, got)
			continue
		}
		for i, part := range c.want {
			if !strings.Contains(got[i], part) {
				t.Errorf("%s: %q, want %q", c.name, got[i], part)
			}
		}
	}
}

// TestDoubtForModel: a model that counts rows, as imported ones do unless told otherwise, says which times it does not read.
func TestDoubtForModel(t *testing.T) {
	schema := fitted(t, Roles{Target: "busy", Time: NoTime, Inputs: []string{"full"}})
	for text, want := range map[string]string{
		training:                     `column "when" holds times, and the model was made without a time column`,
		"time,full\n0.5,1\n0.75,2\n": `column "time" holds times`,
		"full,note\n1,x\n2,y\n":      "",
	} {
		_, applied, err := ApplyTable(schema, csv(t, "a.csv", text), Roles{})
		if all := strings.Join(applied.Warnings, "\n"); err != nil || !strings.Contains(all, want) || want == "" && strings.Contains(all, "times") {
			t.Errorf("%s: %q, %v", text, applied.Warnings, err)
		}
	}
	_, applied, err := ApplyTable(schema, csv(t, "a.csv", training), Roles{})
	if err != nil || len(applied.Warnings) != 2 || !strings.Contains(applied.Warnings[1], `column "room" seems to name several series`) {
		t.Errorf("%q, %v", applied.Warnings, err)
	}
}

// TestRowNumberIsDoubted: what only counts on is nothing that a model can learn from.
func TestRowNumberIsDoubted(t *testing.T) {
	d := open(t, interleaved(80), Roles{Target: "y", Series: "room"})
	s, err := d.Split(SplitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(d.Audit(s).Warnings, "\n")
	if !strings.Contains(all, `100 % of the test values of "id" lie beyond all that training saw`) || strings.Contains(all, `"x"`) {
		t.Errorf("%s", all)
	}
}
