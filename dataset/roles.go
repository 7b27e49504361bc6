package dataset

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/elegans-nn/elegans/series"
)

// Layout says how a table holds its values.
type Layout string

const (
	Wide Layout = "wide" // one row per time, one column per quantity: the default
	Long Layout = "long" // one row per event: series, time, parameter, value
)

// Duplicates says what happens to rows of one series that bear the same time.
type Duplicates string

const (
	KeepAll   Duplicates = "keep"  // all stay, the later ones with dt = 0: the default
	KeepFirst Duplicates = "first" // the first in the file stays
	KeepLast  Duplicates = "last"  // the last in the file stays
)

// NoTime as Roles.Time says that no column is a clock: rows are counted.
const NoTime = "none"

// Roles is what the user says about a file. Everything may be left out but Target, and Target too where no label is
// needed (an audit): what is left out is inferred, and Dataset.Notes says how.
type Roles struct {
	// Target is the column to be predicted.
	Target string
	// NeedTarget refuses data without a Target before anything else about them, where Split would be too late: a user who
	// has not said what to predict is told so, and not what is wrong with a clock.
	NeedTarget bool
	// Time is the column of time stamps. Empty: the first column of texts that are all time stamps, else a column of
	// numbers named time, timestamp, date, datetime, ts or epoch, else rows are counted. A column of texts half of which are
	// time stamps, or with one of those names and a text of its own on most rows, is an error and not skipped. NoTime: rows
	// are counted.
	Time string
	// Series is the column that tells apart the series (rooms, patients, machines) of one file. Empty: one series.
	Series string
	// Inputs are the columns that the model sees. Empty: every other column but those of Drop, columns without any
	// value, and columns of more than MaxLevels different texts.
	Inputs []string
	// Drop are columns that are not to be inputs.
	Drop []string
	// Category and Numeric override how columns are read. By default a column at least half numeric is numeric.
	Category, Numeric []string
	// Task is series.Classify or series.Regress. Empty: a target of texts is classified, and so is one of whole numbers
	// with at most 10 different values, each seen at least twice on average; every other target is a regression.
	Task series.Task
	// Horizon is how far ahead the label lies; its zero value is the row itself.
	Horizon Horizon
	// HorizonTolerance is how much later than Horizon the labelled row may lie, in seconds. 0: one time unit of the
	// schema. Ignored for a horizon in rows.
	HorizonTolerance float64
	// TargetAsInput makes the target's own past an input. It needs a Horizon.
	TargetAsInput bool
	// LastStep says that a series has one label: the last one it holds, asked for at its last row.
	LastStep bool
	// Calendar adds cycles of the time stamp as sine and cosine inputs: hour, weekday, month, yearday.
	Calendar []string
	// TimeUnit is the length of one model time unit in seconds (rows where rows are counted). 0: the median positive dt
	// of the training part.
	TimeUnit float64
	// TimeFormat names one of TimeFormats, for a column that fits two (day and month both below 13). Empty: found.
	TimeFormat string
	// Zone is the IANA name of the zone of time stamps that name none, and of the calendar cycles. Empty: UTC.
	Zone string
	// Sort puts the rows of each series in time order. Without it a row out of order is an error.
	Sort bool
	// Duplicates says what happens to rows of the same series and time. Empty: KeepAll.
	Duplicates Duplicates
	// Missing says how unobserved inputs reach the model.
	Missing Missing
	// Clip bounds every scaled numeric input to [-Clip, Clip]; 0: no bound.
	Clip float64
	// Bins is the number of bins that every numeric column is seen in too, of about as many training values each, 2 to
	// series.MaxBins; 0: none.
	Bins int
	// Layout of the table. Empty: Wide.
	Layout Layout
	// Parameter and Value are the columns of a Long table that hold the quantity's name and its value. Empty: the
	// columns named parameter and value, in any case.
	Parameter, Value string
}

// Missing is the policy for inputs that were not observed. It applies to columns that lack a value anywhere in the
// opened data; the others are declared complete, and a gap in later data is an error.
type Missing struct {
	// Mask feeds, beside the value, 1 where it was observed and 0 where not.
	Mask bool
	// Since feeds, beside the value, log(1 + time since it was last observed).
	Since bool
	// Impute is what stands in: "mean" of the training part (the default), "hold" the last observed value of the series
	// (the mean before there is one), "zero", or a number in raw units.
	Impute string
}

// fill gives the stand-in for a column with the given training mean.
func (m Missing) fill(mean float64) (value float64, hold bool, err error) {
	switch m.Impute {
	case "", "mean":
		return mean, false, nil
	case "hold":
		return mean, true, nil
	case "zero":
		return 0, false, nil
	}
	v, err := strconv.ParseFloat(m.Impute, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, false, &UsageError{Flag: "--impute", Text: fmt.Sprintf("%q is no way to impute; allowed: mean, hold, zero, or a number", m.Impute)}
	}
	return v, false, nil
}

// Horizon is a distance into the future, in seconds or in rows; the zero value is the row itself.
type Horizon struct {
	Seconds float64
	Rows    int
}

// ParseHorizon reads "0", "3rows", "30m", "1h30m", "250ms", "2d" or "1w"; a bare number other than 0 is refused, since it
// could mean either.
func ParseHorizon(text string) (Horizon, error) {
	fail := func(why string) (Horizon, error) {
		return Horizon{}, &UsageError{Flag: "--horizon", Text: fmt.Sprintf("%q %s; write 0, a time such as 30m, 2h or 1d, or rows such as 3rows", text, why)}
	}
	trimmed := strings.TrimSpace(strings.ToLower(text))
	if trimmed == "" || trimmed == "0" {
		return Horizon{}, nil
	}
	for _, suffix := range []string{"rows", "row"} {
		if number, ok := strings.CutSuffix(trimmed, suffix); ok {
			n, err := strconv.Atoi(strings.TrimSpace(number))
			if err != nil || n < 0 {
				return fail("is no number of rows from 0 up")
			}
			return Horizon{Rows: n}, nil
		}
	}
	for suffix, day := range map[string]float64{"d": 86400, "w": 7 * 86400} {
		if number, ok := strings.CutSuffix(trimmed, suffix); ok {
			v, err := strconv.ParseFloat(number, 64)
			if err != nil || !(v >= 0 && v < 1e9) {
				return fail("is no time from 0 up")
			}
			return Horizon{Seconds: v * day}, nil
		}
	}
	d, err := time.ParseDuration(trimmed)
	if err != nil || d < 0 {
		return fail("is no time from 0 up")
	}
	return Horizon{Seconds: d.Seconds()}, nil
}

// String writes the horizon as ParseHorizon reads it.
func (h Horizon) String() string {
	switch {
	case h.Rows > 0:
		return strconv.Itoa(h.Rows) + "rows"
	case h.Seconds == 0:
		return "0"
	case h.Seconds >= 86400 && math.Mod(h.Seconds, 86400) == 0:
		return strconv.FormatFloat(h.Seconds/86400, 'f', -1, 64) + "d"
	}
	return time.Duration(math.Round(h.Seconds * float64(time.Second))).String()
}

// IsZero says that the label is that of the row itself.
func (h Horizon) IsZero() bool { return h == Horizon{} }

// Merge gives the roles with every field that is not set taken from base, which is how a flag overrides what a built-in
// data set says about itself. A false cannot override a true.
func (r Roles) Merge(base Roles) Roles {
	merged := reflect.ValueOf(&r).Elem()
	from := reflect.ValueOf(base)
	for i := range merged.NumField() {
		if merged.Field(i).IsZero() {
			merged.Field(i).Set(from.Field(i))
		}
	}
	return r
}

// check reports the first role that contradicts another or lies outside its range; it needs no data.
func (r Roles) check() error {
	usage := func(flag, format string, args ...any) error {
		return &UsageError{Flag: flag, Text: fmt.Sprintf(format, args...)}
	}
	switch {
	case r.Task != "" && r.Task != series.Classify && r.Task != series.Regress:
		return usage("--task", "unknown task %q; allowed: %s, %s", r.Task, series.Classify, series.Regress)
	case r.Layout != "" && r.Layout != Wide && r.Layout != Long:
		return usage("--layout", "unknown layout %q; allowed: %s, %s", r.Layout, Wide, Long)
	case r.Duplicates != "" && r.Duplicates != KeepAll && r.Duplicates != KeepFirst && r.Duplicates != KeepLast:
		return usage("--duplicates", "unknown rule %q; allowed: %s, %s, %s", r.Duplicates, KeepAll, KeepFirst, KeepLast)
	case r.TargetAsInput && r.Horizon.IsZero():
		return usage("--target-as-input", "with horizon 0 the target of the row itself would be its input; add --horizon, such as --horizon 1rows")
	case r.LastStep && !r.Horizon.IsZero():
		return usage("--horizon", "a series with one label at its last row has no horizon; leave out --horizon or --last-step")
	case !(r.HorizonTolerance >= 0 && r.HorizonTolerance < math.Inf(1)):
		return usage("--horizon-tolerance", "%g s; it must be at least 0", r.HorizonTolerance)
	case !(r.TimeUnit >= 0 && r.TimeUnit < math.Inf(1)):
		return usage("--time-unit", "%g s; it must be greater than 0 (0: the median positive dt)", r.TimeUnit)
	case r.Bins != 0 && (r.Bins < 2 || r.Bins > series.MaxBins):
		return usage("--bins", "%d; allowed: 2 to %d, or 0 for none", r.Bins, series.MaxBins)
	case !(r.Clip >= 0 && r.Clip < math.Inf(1)):
		return usage("--clip", "%g; it must be at least 0 (0: no bound)", r.Clip)
	}
	if _, _, err := r.Missing.fill(0); err != nil {
		return err
	}
	for i, cycle := range r.Calendar {
		if calendarTerms[cycle] == nil {
			return usage("--calendar", "unknown cycle %q; allowed: %s", cycle, strings.Join(calendarNames, ", "))
		}
		for _, earlier := range r.Calendar[:i] {
			if earlier == cycle {
				return usage("--calendar", "%s is named twice", cycle)
			}
		}
	}
	if r.TimeFormat != "" {
		if _, ok := stampNamed(r.TimeFormat); !ok {
			return usage("--time-format", "unknown form %q; allowed: %s", r.TimeFormat, strings.Join(TimeFormats(), "; "))
		}
	}
	_, err := loadZone(r.Zone)
	return err
}

func stampNamed(name string) (stampFormat, bool) {
	for _, f := range stampFormats {
		if strings.EqualFold(f.name, name) {
			return f, true
		}
	}
	return stampFormat{}, false
}
