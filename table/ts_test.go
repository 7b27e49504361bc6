package table

import (
	"slices"
	"strings"
	"testing"
)

func TestTS(t *testing.T) {
	cases := []struct {
		name, content, want string
		o                   Options
	}{
		{"two dimensions, unequal length", "# note\n@problemName p\n@timeStamps false\n@dimensions 2\n@classLabel true up down\n@data\n1,2,?:4,5,6:up\n7:8:down\n",
			"series:number[0|0|0|1] step:number[0|1|2|0] dim0:number[1|2|_|7] dim1:number[4|5|6|8] label:text[up|up|up|down]", Options{}},
		{"number as class", "@classLabel true 1 2\n@data\n1.5,2:2\n", "series:number[0|0] step:number[0|1] dim0:number[1.5|2] label:text[2|2]", Options{}},
		{"regression", "@targetLabel true\n@data\n1,2:0.75\n3:?\n", "series:number[0|0|1] step:number[0|1|0] dim0:number[1|2|3] label:number[0.75|0.75|_]", Options{}},
		{"no label", "@univariate true\n@classLabel false\n@data\n1,2\n", "series:number[0|0] step:number[0|1] dim0:number[1|2]", Options{}},
		{"time stamps", "@timestamps true\n@classlabel true a b\n@data\n(0,1.5),(2.5,?):(0,3),(2.5,4):b\n",
			"series:number[0|0] time:number[0|2.5] dim0:number[1.5|_] dim1:number[3|4] label:text[b|b]", Options{}},
		{"time stamps that differ", "@timestamps true\n@data\n(10,1),(9,2):(9,3),(2,4)\n",
			"series:number[0|0|0] time:number[2|9|10] dim0:number[_|2|1] dim1:number[4|3|_]", Options{}},
		{"dates", "@timestamps true\n@data\n(2017-09-30 00:00:00,1),(2017-09-30 01:00:00,2)\n",
			"series:number[0|0] time:text[2017-09-30 00:00:00|2017-09-30 01:00:00] dim0:number[1|2]", Options{}},
		{"selection", "@dimensions 2\n@classLabel true a\n@data\n1:x:a\n", "label:text[a] dim0:number[1]", Options{Columns: []string{"label", "dim0"}}},
	}
	for _, c := range cases {
		if got := show(parse(t, "x", c.content, c.o)); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
	tab := parse(t, "x", cases[0].content, Options{})
	if !slices.Equal(tab.Groups, []string{"series"}) || tab.Time != "step" || tab.Label != "label" || tab.Format != "ts" {
		t.Errorf("hints %v %q %q %q", tab.Groups, tab.Time, tab.Label, tab.Format)
	}
	if tab.Line(0) != 7 || tab.Line(2) != 7 || tab.Line(3) != 8 {
		t.Errorf("lines %d %d %d, want 7 7 8", tab.Line(0), tab.Line(2), tab.Line(3))
	}
	tab = parse(t, "x", cases[0].content, Options{Columns: []string{"dim1"}})
	if tab.Groups != nil || tab.Time != "" || tab.Label != "" {
		t.Errorf("hints to columns that were not selected: %v %q %q", tab.Groups, tab.Time, tab.Label)
	}
}

func TestTSErrors(t *testing.T) {
	head := "@timestamps false\n@dimensions 2\n@classlabel true a b\n@data\n"
	cases := []struct {
		name, content string
		line          int
		words         []string
	}{
		{"text", head + "1,x:3,4:a\n", 5, []string{`"dim0"`, `"x"`, "no number"}},
		{"unknown label", head + "1:2:a\n1:2:c\n", 6, []string{`"label"`, `"c"`, "@classlabel"}},
		{"dimensions", head + "1:2:3:a\n", 5, []string{"3 dimensions", "2 expected"}},
		{"lengths", head + "1,2:3:a\n", 5, []string{"dimension 1 has 1", "dimension 0 has 2"}},
		{"no values", head + "::a\n", 5, []string{"no values"}},
		{"early data", "@dimensions 2\n1:2\n", 2, []string{"@data"}},
		{"no data", "@dimensions 2\n", 0, []string{"@data"}},
		{"bad count", "@dimensions many\n@data\n1\n", 1, []string{`"many"`}},
		{"no pair", "@timestamps true\n@data\n(0,1),2\n", 3, []string{`"2"`, "pair"}},
		{"time twice", "@timestamps true\n@data\n(0,1),(0,2):(1,1)\n", 3, []string{`"0"`, "twice"}},
		{"no series", head, 0, []string{"no rows"}},
	}
	for _, c := range cases {
		_, err := Read(strings.NewReader(c.content), "x.ts", Options{})
		t.Run(c.name, func(t *testing.T) { wantData(t, err, c.line, c.words...) })
	}
}

func FuzzTS(f *testing.F) {
	f.Add("@timestamps true\n@classlabel true a\n@data\n(0,1),(1,?):(0,2):a\n")
	f.Add("@dimensions 2\n@targetlabel true\n@data\n1,2:3,4:0.5\n")
	f.Add("@data\n?,,NaN\n:\n")
	f.Fuzz(func(t *testing.T, content string) {
		if tab, err := Read(strings.NewReader(content), "x", Options{Format: "ts"}); err == nil {
			checkTable(t, tab)
		}
	})
}
