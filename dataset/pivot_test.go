package dataset

import (
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/table"
)

const events = `stay,Time,Parameter,Value,died
7,00:00,HR,80,1
7,00:00,Temp,36.5,1
7,00:30,HR,85,1
9,00:00,HR,60,0
7,02:00,Temp,38,1
7,02:00,Temp,39,1
9,01:00,,-1,0
9,49:15,Temp,,0
9,49:15,BUN,12,0
`

func TestPivot(t *testing.T) {
	d := open(t, events, Roles{Target: "died", Time: "Time", Series: "stay", Layout: Long, LastStep: true})
	if !slices.Equal(d.Roles.Inputs, []string{"BUN", "HR", "Temp"}) || d.Rows() != 5 || d.Series() != 2 {
		t.Fatalf("inputs %v, %d rows, %d series", d.Roles.Inputs, d.Rows(), d.Series())
	}
	all := strings.Join(d.Notes, "\n")
	if !strings.Contains(all, "9 events of 3 parameters make 5 rows") || !strings.Contains(all, "1 events repeat") {
		t.Errorf("notes: %s", all)
	}
	s, err := d.Split(SplitOptions{Valid: -1, Test: -1})
	if err != nil {
		t.Fatal(err)
	}
	n := float32(nan)
	want := [][]float32{{n, 80, 36.5}, {n, 85, n}, {n, n, 39}, {n, 60, n}, {12, n, n}}
	var got [][]float32
	for _, one := range s.Train {
		for row := range one.Len() {
			got = append(got, one.At(row))
		}
	}
	for i := range want {
		for k := range want[i] {
			if got[i][k] != want[i][k] && want[i][k] == want[i][k] || (got[i][k] != got[i][k]) != (want[i][k] != want[i][k]) {
				t.Fatalf("rows %v, want %v", got, want)
			}
		}
	}
	// Steps: 1800, 5400; 177300 s.
	if s.Schema.Clock.Unit != 5400 || s.Train[1].DT[1] != 177300.0/5400 || s.Train[0].Y[2] != 1 || s.Train[1].Y[1] != 0 {
		t.Errorf("unit %v, %v, %v", s.Schema.Clock.Unit, s.Train[1].DT, s.Train[0].Y)
	}
	unasked := open(t, events, Roles{Target: "died", Series: "stay", Layout: Long, LastStep: true})
	if unasked.Roles.Time != "Time" || unasked.Hash() != d.Hash() {
		t.Errorf("time column %q is found, want Time and the same data", unasked.Roles.Time)
	}
	list, _, err := ApplyTable(s.Schema, csv(t, "new.csv", events), Roles{Layout: Long})
	if err != nil || len(list) != 2 || list[0].Scored() != 1 {
		t.Errorf("%v %v", list, err)
	}
}

func TestPivotRefuses(t *testing.T) {
	long := Roles{Time: "Time", Series: "stay", Layout: Long}
	for _, c := range []struct {
		name, from, to string
		roles          Roles
		kind           any
		fragments      []string
	}{
		{"no parameter column", "Parameter", "what", long, &UsageError{}, []string{"--parameter", "what"}},
		{"no value column", "Value", "how", long, &UsageError{}, []string{"--value"}},
		{"no time", "Time", "when", Roles{Series: "stay", Layout: Long}, &UsageError{}, []string{"--time", "columns: stay, when"}},
		{"rows counted", "", "", Roles{Time: NoTime, Series: "stay", Layout: Long}, &UsageError{}, []string{"--time"}},
		{"unknown series", "", "", Roles{Time: "Time", Series: "sty", Layout: Long}, &table.UnknownColumnError{}, []string{`did you mean "stay"`}},
		{"text as value", "36.5", "warm", long, &table.DataError{}, []string{"line 3", `"Value"`, `"warm"`}},
		{"parameter named as a column", "BUN", "died", long, &table.DataError{}, []string{`"died"`, "rename"}},
		{"backwards", "02:00,Temp,38", "00:10,Temp,38", long, &table.DataError{}, []string{"line 6", "00:10"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := FromTable(csv(t, "icu.csv", strings.Replace(events, c.from, c.to, 1)), c.roles)
			refused(t, err, c.kind, c.fragments...)
		})
	}
}
