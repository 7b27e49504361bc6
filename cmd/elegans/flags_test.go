package main

import (
	"reflect"
	"testing"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/series"
)

// TestRoleFlags sets every flag of the roles: each reaches a field of its own, and no field is without a flag.
func TestRoleFlags(t *testing.T) {
	values := map[string]string{"task": "regress", "horizon": "90m", "duplicates": "last", "layout": "long", "inputs": "a,b", "zone": "UTC", "bins": "7"}
	var all dataset.Roles
	count := 0
	for _, f := range roleFlags {
		var r dataset.Roles
		cmd := &cobra.Command{}
		addRoles(cmd, &r)
		value := values[f.name]
		switch kind := cmd.Flags().Lookup(f.name).Value.Type(); {
		case value != "":
		case kind == "bool":
			value = "true"
		default:
			value = "2.5"
		}
		if err := cmd.Flags().Parse([]string{"--" + f.name + "=" + value}); err != nil {
			t.Fatalf("--%s=%s: %v", f.name, value, err)
		}
		changed := leaves(reflect.ValueOf(r))
		if changed != 1 && f.name != "horizon" || changed == 0 {
			t.Errorf("--%s=%s sets %d fields: %+v", f.name, value, changed, r)
		}
		count += changed
		gaps := mergeMissing(all.Missing, r.Missing) // Merge takes the policy as a whole
		all = r.Merge(all)
		all.Missing = gaps
	}
	// Horizon has two fields, seconds and rows, behind one flag. NeedTarget is of the command, not of the user.
	if got := leaves(reflect.ValueOf(all)); got != count || got != fields(reflect.TypeOf(all))-2 {
		t.Errorf("the flags reach %d fields one by one, %d together, of %d", count, got, fields(reflect.TypeOf(all)))
	}
	if all.Horizon.Seconds != 5400 || all.Task != series.Regress || all.TimeUnit != 2.5 || !reflect.DeepEqual(all.Inputs, []string{"a", "b"}) {
		t.Errorf("the flags set %+v", all)
	}
}

func mergeMissing(a, b dataset.Missing) dataset.Missing {
	a.Mask, a.Since = a.Mask || b.Mask, a.Since || b.Since
	if b.Impute != "" {
		a.Impute = b.Impute
	}
	return a
}

// leaves counts the fields that are set, fields of fields one by one.
func leaves(v reflect.Value) (n int) {
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case f.Kind() == reflect.Struct:
			n += leaves(f)
		case !f.IsZero():
			n++
		}
	}
	return n
}

func fields(t reflect.Type) (n int) {
	for i := range t.NumField() {
		if f := t.Field(i).Type; f.Kind() == reflect.Struct {
			n += fields(f)
		} else {
			n++
		}
	}
	return n
}

func TestReadingFlags(t *testing.T) {
	var r dataset.Roles
	cmd := &cobra.Command{}
	addReading(cmd, &r)
	got := flagNames(cmd)
	want := []string{"duplicates", "horizon-tolerance", "layout", "parameter", "sort", "time-format", "value"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("flags for data of a trained model: %v, want %v", got, want)
	}
}

func TestSplitFlags(t *testing.T) {
	var o dataset.SplitOptions
	cmd := &cobra.Command{}
	addSplit(cmd, &o)
	args := []string{"--by", "group", "--valid", "0", "--test", ".25", "--global", "--valid-files", "a,b", "--test-files", "c", "--split-seed", "7"}
	if err := cmd.Flags().Parse(args); err != nil {
		t.Fatal(err)
	}
	want := dataset.SplitOptions{By: dataset.ByGroup, Valid: -1, Test: 0.25, Global: true, ValidFiles: []string{"a", "b"}, TestFiles: []string{"c"}, Seed: 7}
	if !reflect.DeepEqual(o, want) {
		t.Errorf("flags give %+v, want %+v", o, want)
	}
	for _, bad := range []string{"1", "-0.1", "NaN", "half", "1e9", ""} {
		if cmd.Flags().Set("valid", bad) == nil {
			t.Errorf("--valid %q is accepted", bad)
		}
	}
}

// TestSplitOf keeps the split that a built-in data set was published with, unless a flag asks for another.
func TestSplitOf(t *testing.T) {
	b, err := dataset.Lookup("occupancy")
	if err != nil {
		t.Fatal(err)
	}
	d := &dataset.Dataset{Builtin: b}
	var o dataset.SplitOptions
	cmd := &cobra.Command{}
	addSplit(cmd, &o)
	if got := splitOf(cmd, d, o); !reflect.DeepEqual(got, b.Split) {
		t.Errorf("without a flag the split is %+v, want that of the data set, %+v", got, b.Split)
	}
	if err := cmd.Flags().Parse([]string{"--test=.3"}); err != nil {
		t.Fatal(err)
	}
	if got := splitOf(cmd, d, o); got.Test != 0.3 || got.TestFiles != nil {
		t.Errorf("with --test .3 the split is %+v", got)
	}
}

func TestHorizonFlag(t *testing.T) {
	var h dataset.Horizon
	f := horizon{&h}
	if err := f.Set("3rows"); err != nil || h.Rows != 3 || f.String() != "3rows" {
		t.Errorf("3rows gives %+v, %q, %v", h, f.String(), err)
	}
	if err := f.Set("30"); err == nil {
		t.Error("a bare number is accepted, which could be rows or seconds")
	}
}

func TestAmountFlag(t *testing.T) {
	var n int
	f := amount{&n}
	for text, want := range map[string]int{"64MB": 64e6, "1.5 GiB": 3 << 29, "12kb": 12e3, "7B": 7, "2MiB": 2 << 20, "1KIB": 1024} {
		if err := f.Set(text); err != nil || n != want {
			t.Errorf("%s gives %d, %v", text, n, err)
		}
		before := n
		if err := f.Set(f.String()); err != nil || n != before {
			t.Errorf("%s reads back as %d", f, n)
		}
	}
	for _, text := range []string{"", "64", "MB", "0MB", "-1MB", "0.1B", "NaNB", "1e30GB", "64 apples"} {
		if err := f.Set(text); err == nil {
			t.Errorf("%q is accepted as %d bytes", text, n)
		}
	}
}
