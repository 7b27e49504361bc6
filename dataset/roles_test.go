package dataset

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

func TestParseHorizon(t *testing.T) {
	for text, want := range map[string]Horizon{
		"": {}, "0": {}, "3rows": {Rows: 3}, "1 row": {Rows: 1}, "30m": {Seconds: 1800}, "2h": {Seconds: 7200},
		"1h30m": {Seconds: 5400}, "250ms": {Seconds: 0.25}, "2d": {Seconds: 172800}, "1w": {Seconds: 604800}, "0s": {}, "1.5d": {Seconds: 129600},
	} {
		got, err := ParseHorizon(text)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
		if again, err := ParseHorizon(got.String()); err != nil || again != got {
			t.Errorf("%q is written as %q, which reads as %v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"30", "-1rows", "-5m", "x", "rows", "1.5rows", "d", "NaNd", "1e300d", "h"} {
		if got, err := ParseHorizon(text); err == nil || !strings.Contains(err.Error(), "such as 30m") {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestRolesCheck(t *testing.T) {
	for _, c := range []struct {
		roles Roles
		flag  string
	}{
		{Roles{Task: "cluster"}, "--task"},
		{Roles{Layout: "tall"}, "--layout"},
		{Roles{Duplicates: "mean"}, "--duplicates"},
		{Roles{TargetAsInput: true}, "--target-as-input"},
		{Roles{LastStep: true, Horizon: Horizon{Rows: 2}}, "--horizon"},
		{Roles{HorizonTolerance: -1}, "--horizon-tolerance"},
		{Roles{TimeUnit: math.NaN()}, "--time-unit"},
		{Roles{Clip: math.Inf(1)}, "--clip"},
		{Roles{Missing: Missing{Impute: "guess"}}, "--impute"},
		{Roles{Missing: Missing{Impute: "NaN"}}, "--impute"},
		{Roles{Calendar: []string{"minute"}}, "--calendar"},
		{Roles{Calendar: []string{"hour", "hour"}}, "--calendar"},
		{Roles{TimeFormat: "YY"}, "--time-format"},
		{Roles{Zone: "Mars/Base"}, "--zone"},
	} {
		var usage *UsageError
		if err := c.roles.check(); !errors.As(err, &usage) || usage.Flag != c.flag || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v, want an error about %s", c.roles, err, c.flag)
		}
	}
	if err := (Roles{}).check(); err != nil {
		t.Error(err)
	}
}

func TestRolesMerge(t *testing.T) {
	base := Roles{Target: "a", Time: "t", Clip: 6, Missing: Missing{Impute: "hold"}, Sort: true}
	got := Roles{Target: "b", Calendar: []string{"hour"}}.Merge(base)
	if got.Target != "b" || got.Time != "t" || got.Clip != 6 || got.Missing.Impute != "hold" || !got.Sort || len(got.Calendar) != 1 {
		t.Errorf("%+v", got)
	}
	if base.Target != "a" || base.Calendar != nil {
		t.Errorf("the base was changed: %+v", base)
	}
}

func TestMissingFill(t *testing.T) {
	for text, want := range map[string]struct {
		value float64
		hold  bool
	}{"": {2.5, false}, "mean": {2.5, false}, "hold": {2.5, true}, "zero": {0, false}, "-7.25": {-7.25, false}} {
		value, hold, err := Missing{Impute: text}.fill(2.5)
		if err != nil || value != want.value || hold != want.hold {
			t.Errorf("%q: %v %v %v", text, value, hold, err)
		}
	}
}

func TestInferTask(t *testing.T) {
	for _, c := range []struct {
		y    string
		want series.Task
	}{
		{"0,1,0,1,1", series.Classify},
		{"no,yes,no,yes,no", series.Classify},
		{"1,2,3,4,5", series.Regress},                                     // no value twice
		{"1.5,2,1.5,2,2", series.Regress},                                 // not whole
		{"1,1,2,2,,NA,3,3", series.Classify},                              // missing ones do not count
		{"0,1,2,3,4,5,6,7,8,9,10,0,1,2,3,4,5,6,7,8,9,10", series.Regress}, // 11 values
	} {
		text := "x,y\n"
		for i, y := range strings.Split(c.y, ",") {
			text += string(rune('0'+i%10)) + "," + y + "\n"
		}
		d, err := FromTable(csv(t, "a.csv", text), Roles{Target: "y"})
		if err != nil {
			t.Errorf("%s: %v", c.y, err)
			continue
		}
		if d.Roles.Task != c.want {
			t.Errorf("%s: %s, want %s", c.y, d.Roles.Task, c.want)
		}
	}
}
