package main

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/series"
)

// roleFlag ties a flag to a field of dataset.Roles, so that every command that reads data takes the same flags.
type roleFlag struct {
	name  string
	usage string // the word in backquotes stands for the value
	// reading says that the flag also applies to data for a model that fixes the other roles.
	reading bool
	field   func(r *dataset.Roles) any
}

var roleFlags = []roleFlag{
	{"target", "`COLUMN` to be predicted", false, func(r *dataset.Roles) any { return &r.Target }},
	{"time", "`COLUMN` of time stamps, or none to count rows; found by its content if not given", false, func(r *dataset.Roles) any { return &r.Time }},
	{"series", "`COLUMN` that tells apart the series of one file", false, func(r *dataset.Roles) any { return &r.Series }},
	{"inputs", "`COLUMNS` that the model sees, by comma; every other column if not given", false, func(r *dataset.Roles) any { return &r.Inputs }},
	{"drop", "`COLUMNS` that are not to be inputs", false, func(r *dataset.Roles) any { return &r.Drop }},
	{"category", "`COLUMNS` read as categories", false, func(r *dataset.Roles) any { return &r.Category }},
	{"numeric", "`COLUMNS` read as numbers", false, func(r *dataset.Roles) any { return &r.Numeric }},
	{"task", "`TASK` of classify or regress; by the target's values if not given", false, func(r *dataset.Roles) any {
		return oneOf[series.Task]{&r.Task, []series.Task{series.Classify, series.Regress}}
	}},
	{"horizon", "`SPAN` from a row to its label: a time such as 30m, 2h or 1d, or rows such as 3rows", false, func(r *dataset.Roles) any { return horizon{&r.Horizon} }},
	{"horizon-tolerance", "`SECONDS` by which the labelled row may lie beyond the horizon; one time unit if not given", true, func(r *dataset.Roles) any { return &r.HorizonTolerance }},
	{"target-as-input", "feed the target's own past; needs --horizon", false, func(r *dataset.Roles) any { return &r.TargetAsInput }},
	{"last-step", "a series has one label, at its last row", false, func(r *dataset.Roles) any { return &r.LastStep }},
	{"calendar", "`CYCLES` of the time stamp as inputs, by comma: hour, weekday, month, yearday", false, func(r *dataset.Roles) any { return &r.Calendar }},
	{"time-unit", "`SECONDS` in one time unit of the model; the median step if not given", false, func(r *dataset.Roles) any { return &r.TimeUnit }},
	{"time-format", "`FORM` of the time stamps, such as \"DD/MM/YYYY HH:MM\", for a column that fits two", true, func(r *dataset.Roles) any { return &r.TimeFormat }},
	{"zone", "`ZONE` of time stamps that name none, such as Europe/Vienna; UTC if not given", false, func(r *dataset.Roles) any { return &r.Zone }},
	{"sort", "put the rows of each series in time order", true, func(r *dataset.Roles) any { return &r.Sort }},
	{"duplicates", "`RULE` for rows of one series and time: keep, first or last; keep if not given", true, func(r *dataset.Roles) any {
		return oneOf[dataset.Duplicates]{&r.Duplicates, []dataset.Duplicates{dataset.KeepAll, dataset.KeepFirst, dataset.KeepLast}}
	}},
	{"mask", "feed, beside a column with gaps, whether it was observed", false, func(r *dataset.Roles) any { return &r.Missing.Mask }},
	{"since", "feed, beside a column with gaps, the time since it was observed", false, func(r *dataset.Roles) any { return &r.Missing.Since }},
	{"impute", "`WAY` to fill a missing value: mean, hold, zero, or a number; mean if not given", false, func(r *dataset.Roles) any { return &r.Missing.Impute }},
	{"clip", "`BOUND` on scaled inputs, in standard deviations; none if not given", false, func(r *dataset.Roles) any { return &r.Clip }},
	{"bins", "`NUMBER` of bins, of about as many training values each, that numbers are seen in too, with their mean, min and max of --summaries; none if not given", false, func(r *dataset.Roles) any { return &r.Bins }},
	{"layout", "`LAYOUT` of the table: wide, or long with one row per event; wide if not given", true, func(r *dataset.Roles) any {
		return oneOf[dataset.Layout]{&r.Layout, []dataset.Layout{dataset.Wide, dataset.Long}}
	}},
	{"parameter", "`COLUMN` of a long table that names the quantity", true, func(r *dataset.Roles) any { return &r.Parameter }},
	{"value", "`COLUMN` of a long table that holds the value", true, func(r *dataset.Roles) any { return &r.Value }},
}

// addRoles adds all flags of the roles.
func addRoles(cmd *cobra.Command, r *dataset.Roles) {
	for _, f := range roleFlags {
		addFlag(cmd.Flags(), f.name, f.usage, f.field(r))
	}
}

// addReading adds the flags that apply to data for a trained model, but for those that have no say in the command.
func addReading(cmd *cobra.Command, r *dataset.Roles, but ...string) {
	for _, f := range roleFlags {
		if f.reading && !slices.Contains(but, f.name) {
			addFlag(cmd.Flags(), f.name, f.usage, f.field(r))
		}
	}
}

// addFlag adds a flag of the type of the field that it sets. It panics on a type that no options struct has.
func addFlag(flags *pflag.FlagSet, name, usage string, field any) {
	switch v := field.(type) {
	case *string:
		flags.StringVar(v, name, *v, usage)
	case *[]string:
		flags.StringSliceVar(v, name, *v, usage)
	case *bool:
		flags.BoolVar(v, name, *v, usage)
	case *float64:
		flags.Float64Var(v, name, *v, usage)
	case *int:
		flags.IntVar(v, name, *v, usage)
	case *uint64:
		flags.Uint64Var(v, name, *v, usage)
	case pflag.Value:
		flags.Var(v, name, usage)
	default:
		panic("elegans: flag of an unknown type")
	}
}

// addJSON adds --json.
func addJSON(cmd *cobra.Command, on *bool) {
	cmd.Flags().BoolVar(on, "json", false, "print one JSON document")
}

// horizon is a flag that ParseHorizon reads.
type horizon struct{ value *dataset.Horizon }

func (f horizon) String() string {
	if f.value == nil || f.value.IsZero() {
		return ""
	}
	return f.value.String()
}

func (f horizon) Type() string { return "SPAN" }

func (f horizon) Set(text string) (err error) {
	*f.value, err = dataset.ParseHorizon(text)
	var wrong *dataset.UsageError
	if errors.As(err, &wrong) { // the flag and its value are named by whoever reports the error
		return errors.New(strings.TrimPrefix(wrong.Text, strconv.Quote(text)+" "))
	}
	return err
}

func builtinNames() (names []string) {
	for _, b := range dataset.Builtins() {
		names = append(names, b.Name)
	}
	return names
}

// splitFlags tie flags to the fields of dataset.SplitOptions, as roleFlags do.
var splitFlags = []struct {
	name, usage string
	field       func(o *dataset.SplitOptions) any
}{
	{"split", "`WAY` to split: time cuts each series, group and file keep a series or a file in one part; --by is the same flag",
		func(o *dataset.SplitOptions) any {
			return oneOf[dataset.SplitBy]{&o.By, []dataset.SplitBy{dataset.ByTime, dataset.ByGroup, dataset.ByFile}}
		}},
	{"valid", "`SHARE` for validation, 0 to below 1; 0.15 if not given", func(o *dataset.SplitOptions) any { return share{&o.Valid} }},
	{"test", "`SHARE` for the test, 0 to below 1; 0.15 if not given", func(o *dataset.SplitOptions) any { return share{&o.Test} }},
	{"global", "cut all series at the same moments", func(o *dataset.SplitOptions) any { return &o.Global }},
	{"valid-files", "`FILES` of the data for validation, by comma", func(o *dataset.SplitOptions) any { return &o.ValidFiles }},
	{"test-files", "`FILES` of the data for the test, by comma", func(o *dataset.SplitOptions) any { return &o.TestFiles }},
	{"split-seed", "`SEED` that draws the series of --split group", func(o *dataset.SplitOptions) any { return &o.Seed }},
}

// addSplit adds the flags of a split.
func addSplit(cmd *cobra.Command, o *dataset.SplitOptions) {
	for _, f := range splitFlags {
		addFlag(cmd.Flags(), f.name, f.usage, f.field(o))
	}
	cmd.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "by" {
			name = "split"
		}
		return pflag.NormalizedName(name)
	})
}

// splitOf gives the options of a split: those of the flags, and those of a built-in data set where no flag was given.
func splitOf(cmd *cobra.Command, d *dataset.Dataset, o dataset.SplitOptions) dataset.SplitOptions {
	for _, f := range splitFlags {
		if cmd.Flags().Changed(f.name) {
			return o
		}
	}
	if d.Builtin != nil {
		return d.Builtin.Split
	}
	return o
}

// share is a flag for a part of the data: 0 is none of it, which the options write as a negative number.
type share struct{ value *float64 }

func (f share) String() string {
	if f.value == nil || *f.value == 0 {
		return ""
	}
	return strconv.FormatFloat(max(0, *f.value), 'g', -1, 64)
}

func (f share) Type() string { return "SHARE" }

func (f share) Set(text string) error {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0 && v < 1) {
		return errors.New("is no share; allowed: 0 (none) to below 1, such as 0.15")
	}
	*f.value = v
	if v == 0 {
		*f.value = -1
	}
	return nil
}

// amount is a flag for a number of bytes.
type amount struct{ bytes *int }

// units of amounts, the largest first.
var units = []struct {
	name  string
	bytes int
}{{"GiB", 1 << 30}, {"GB", 1e9}, {"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"kB", 1e3}, {"B", 1}}

func (f amount) String() string {
	if f.bytes == nil || *f.bytes == 0 {
		return ""
	}
	return strconv.Itoa(*f.bytes) + "B"
}

func (f amount) Type() string { return "SIZE" }

func (f amount) Set(text string) error {
	for _, u := range units {
		number, ok := cutUnit(text, u.name)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(number, 64)
		if v *= float64(u.bytes); err != nil || !(v >= 1 && v < math.MaxInt) {
			break
		}
		*f.bytes = int(v)
		return nil
	}
	return errors.New("is no amount of memory; write a number above 0 with its unit, such as 64MB")
}

// cutUnit takes a unit off the end of a text, in whatever case.
func cutUnit(text, unit string) (number string, ok bool) {
	at := len(text) - len(unit)
	if at < 0 || !strings.EqualFold(text[at:], unit) {
		return text, false
	}
	return strings.TrimSpace(text[:at]), true
}
