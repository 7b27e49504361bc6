package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/elegans-nn/elegans/series"
)

const none = "–" // stands where there is no number

// minus turns the hyphen of a printed number into a minus sign, which is as wide as a digit.
func minus(s string) string { return strings.Replace(s, "-", "−", 1) }

// count writes a whole number with commas between thousands.
func count(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "−", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// fixed writes v with the given number of decimals, and never "−0".
func fixed(v float64, decimals int) string {
	if !finite(v) {
		return none
	}
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Trim(s, "-0.") == "" {
		s = strings.TrimPrefix(s, "-")
	}
	return minus(s)
}

// number writes v with about four significant digits, without an exponent where a reader can do without.
func number(v float64) string {
	a := math.Abs(v)
	switch {
	case !finite(v):
		return none
	case v == 0:
		return "0"
	case v == math.Trunc(v) && a < 1e9:
		return count(int(v))
	case a >= 1e9 || a < 1e-4:
		return minus(strconv.FormatFloat(v, 'e', 2, 64))
	}
	return fixed(v, digits(a))
}

// digits is the number of decimals that gives a positive number four significant digits.
func digits(a float64) int {
	return min(max(3-int(math.Floor(math.Log10(a))), 0), 7)
}

// large writes a count such as FLOPs with a metric prefix.
func large(v float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e4, " k"}} {
		if v >= u.size {
			size := u.size
			if u.name == " k" {
				size = 1e3
			}
			return fixed(v/size, 1) + u.name
		}
	}
	return count(int(math.Round(v)))
}

// percent writes a share of 0 to 1; a share that is small but not zero does not become 0.
func percent(share float64) string {
	switch {
	case !finite(share):
		return none
	case share == 0:
		return "0"
	case share > 0 && share < 0.0005:
		return "< 0.1 %"
	}
	return fixed(100*share, 1) + " %"
}

// timeUnit is a unit of durations and its length in seconds.
type timeUnit struct {
	Name  string
	Sized float64
}

// timeUnits ascend; one is chosen when a duration reaches 1.5 of it.
var timeUnits = []timeUnit{{"µs", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}}

// unitFor chooses the unit in which durations about as long as typical are easy to read.
func unitFor(clock series.TimeKind, typical float64) timeUnit {
	if clock == series.Index {
		return timeUnit{"rows", 1}
	}
	unit := timeUnits[0]
	for _, u := range timeUnits {
		if typical >= 1.5*u.Sized || u.Sized <= 1 && typical >= u.Sized {
			unit = u
		}
	}
	if typical == 0 || !finite(typical) {
		return timeUnit{"s", 1}
	}
	return unit
}

// duration writes a length of time in a unit of its size.
func (r *Report) duration(v float64) string { return duration(r.Clock, v) }

func duration(clock series.TimeKind, v float64) string {
	if !finite(v) {
		return none
	}
	u := unitFor(clock, math.Abs(v))
	return significant(v/u.Sized) + " " + u.Name
}

// Duration writes a length of time as a report does: 3600 s are "1 h", 90 s "90 s", 1800 s "30 min". A whole number of a
// unit is written in it; other lengths in the unit of which they are at least one and a half.
func Duration(seconds float64) string {
	for i := len(timeUnits) - 1; i > 0; i-- {
		if u := timeUnits[i]; u.Sized > 1 && seconds > 0 && math.Mod(seconds, u.Sized) == 0 {
			return significant(seconds/u.Sized) + " " + u.Name
		}
	}
	return duration(series.Elapsed, seconds)
}

// significant writes three significant digits without trailing zeros.
func significant(v float64) string {
	a := math.Abs(v)
	if v == math.Trunc(v) && a < 1e6 || a >= 1000 {
		return count(int(math.Round(v)))
	}
	decimals := min(max(2-int(math.Floor(math.Log10(a))), 0), 9)
	s := fixed(v, decimals)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// moment writes a point in time: a date in UTC, a length since the start, or a row number.
func (r *Report) moment(t float64) string {
	switch {
	case !finite(t):
		return none
	case r.Clock == series.Calendar && math.Abs(t) < 2e11:
		return time.Unix(int64(math.Floor(t)), 0).UTC().Format("2006-01-02 15:04")
	case r.Clock == series.Index:
		return "row " + count(int(t))
	}
	return r.duration(t)
}

// plural joins a count and its noun.
func plural(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case noun == "series":
		return count(n) + " series"
	}
	return count(n) + " " + noun + "s"
}

// list joins names as a sentence does.
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return fmt.Sprintf("%s and %s", strings.Join(names[:last], ", "), names[last])
}
