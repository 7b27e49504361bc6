package dataset

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // one static binary knows every zone, also where the machine holds no zone files

	"github.com/elegans-nn/elegans/series"
)

// A stampFormat is one way to write a time stamp. A column has one format, found once: a column that mixes two is
// refused, because a mixture is where day and month get swapped unnoticed.
type stampFormat struct {
	name  string
	order string // of year, month and day: "ymd", "mdy" or "dmy"
	sep   byte   // between them
	clock bool   // hours and minutes follow the date
	zoned bool   // Z or an offset follows the clock
	// elapsed is hours, minutes and perhaps seconds since the start of a recording, with no date: hours may exceed 23.
	elapsed bool
}

// stampFormats in the order in which they are tried. The two slashed forms that differ only in the order of day and
// month stand side by side; chooseStamp decides between them by the data.
var stampFormats = []stampFormat{
	{name: "RFC 3339", order: "ymd", sep: '-', clock: true, zoned: true},
	{name: "YYYY-MM-DD HH:MM[:SS[.fff]]", order: "ymd", sep: '-', clock: true},
	{name: "YYYY-MM-DD", order: "ymd", sep: '-'},
	{name: "YYYY/MM/DD HH:MM[:SS]", order: "ymd", sep: '/', clock: true},
	{name: "YYYY/MM/DD", order: "ymd", sep: '/'},
	{name: "MM/DD/YYYY HH:MM[:SS]", order: "mdy", sep: '/', clock: true},
	{name: "DD/MM/YYYY HH:MM[:SS]", order: "dmy", sep: '/', clock: true},
	{name: "MM/DD/YYYY", order: "mdy", sep: '/'},
	{name: "DD/MM/YYYY", order: "dmy", sep: '/'},
	{name: "DD.MM.YYYY HH:MM[:SS]", order: "dmy", sep: '.', clock: true},
	{name: "DD.MM.YYYY", order: "dmy", sep: '.'},
	{name: "HH:MM[:SS] elapsed", elapsed: true},
}

// TimeFormats lists the forms of a time stamp in text that are understood, in the order in which they are tried. The
// blank between date and clock may be a T, a clock may end in AM or PM, and Z may be written UTC. Besides them a number is
// seconds, or an epoch in seconds, milliseconds, microseconds or nanoseconds, told by its size.
func TimeFormats() []string {
	names := make([]string, len(stampFormats))
	for i, f := range stampFormats {
		names[i] = f.name
	}
	return names
}

// civil is a time stamp as written: a reading of calendar and clock, with the offset from UTC where one was given.
type civil struct {
	date   time.Time // calendar and clock as if in UTC, to the nanosecond
	offset int       // seconds east of UTC, for a zoned format
}

// read parses text; ok is false unless all of it has this format and names a day that exists.
func (f stampFormat) read(text string) (c civil, ok bool) {
	if f.elapsed {
		since, ok := readElapsed(text)
		return civil{date: time.Unix(0, 0).UTC().Add(since)}, ok
	}
	date, clock, zone := text, "", ""
	if f.clock {
		cut := strings.IndexByte(text, ' ')
		if cut < 0 {
			cut = strings.IndexAny(text, "Tt")
		}
		if cut < 0 {
			return c, false
		}
		date, clock = text[:cut], strings.TrimSpace(text[cut+1:])
	}
	if f.zoned {
		clock = strings.Replace(clock, "UTC", "Z", 1)
		cut := strings.IndexAny(clock, "Zz+-")
		if cut < 0 {
			return c, false
		}
		clock, zone = strings.TrimSpace(clock[:cut]), clock[cut:]
	}
	year, month, day, ok := f.readDate(date)
	if !ok {
		return c, false
	}
	var since time.Duration
	if f.clock {
		if since, ok = readClock(clock); !ok {
			return c, false
		}
	}
	if f.zoned {
		if c.offset, ok = readOffset(zone); !ok {
			return c, false
		}
	}
	c.date = time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if c.date.Day() != day {
		return c, false // 30 February
	}
	c.date = c.date.Add(since)
	return c, true
}

func (f stampFormat) readDate(text string) (year, month, day int, ok bool) {
	for i, part := range []byte(f.order) {
		width := 2
		if part == 'y' {
			width = 4
		}
		field, rest, more := strings.Cut(text, string(f.sep))
		n, fine := digits(field, width)
		if !fine || part == 'y' && len(field) != 4 || more != (i < 2) {
			return 0, 0, 0, false
		}
		text = rest
		switch part {
		case 'y':
			year = n
		case 'm':
			month = n
		case 'd':
			day = n
		}
	}
	return year, month, day, month >= 1 && month <= 12 && day >= 1 && day <= 31
}

// readClock reads HH:MM, HH:MM:SS or HH:MM:SS.fff, with AM or PM where the hour goes to 12. A leap second (:60) counts
// as the first second of the next minute, as in POSIX time.
func readClock(text string) (time.Duration, bool) {
	half := ""
	if n := len(text); n > 2 && (text[n-1] == 'M' || text[n-1] == 'm') {
		switch half = strings.ToUpper(text[n-2:]); half {
		case "AM", "PM":
			text = strings.TrimSpace(text[:n-2])
		default:
			return 0, false
		}
	}
	hours, rest, _ := strings.Cut(text, ":")
	minutes, seconds, more := strings.Cut(rest, ":")
	hour, okHour := digits(hours, 2)
	minute, okMinute := digits(minutes, 2)
	if !okHour || !okMinute || len(minutes) != 2 || hour > 23 || minute > 59 {
		return 0, false
	}
	if half != "" {
		if hour < 1 || hour > 12 {
			return 0, false
		}
		hour %= 12
		if half == "PM" {
			hour += 12
		}
	}
	since := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	if !more {
		return since, true
	}
	whole, fraction := seconds, ""
	if mark := strings.IndexAny(seconds, ".,"); mark >= 0 {
		whole, fraction = seconds[:mark], seconds[mark+1:]
	}
	second, ok := digits(whole, 2)
	if !ok || len(whole) != 2 || second > 60 {
		return 0, false
	}
	nano := 0
	if fraction != "" {
		if nano, ok = digits((fraction + "000000000")[:max(9, len(fraction))], max(9, len(fraction))); !ok {
			return 0, false
		}
		for n := len(fraction); n > 9; n-- {
			nano /= 10
		}
	}
	return since + time.Duration(second)*time.Second + time.Duration(nano), true
}

// readElapsed reads H:MM or H:MM:SS[.fff] with any number of hours.
func readElapsed(text string) (time.Duration, bool) {
	hours, rest, ok := strings.Cut(text, ":")
	n, fine := digits(hours, 6)
	if !ok || !fine {
		return 0, false
	}
	since, ok := readClock("00:" + rest)
	if strings.HasSuffix(strings.ToUpper(rest), "M") {
		return 0, false // AM and PM belong to a time of day
	}
	return time.Duration(n)*time.Hour + since, ok
}

// readOffset reads Z, +HH:MM, +HHMM or +HH.
func readOffset(text string) (seconds int, ok bool) {
	if text == "Z" || text == "z" {
		return 0, true
	}
	sign := 1
	if text[0] == '-' {
		sign = -1
	}
	body := strings.Replace(text[1:], ":", "", 1)
	if len(body) == 2 {
		body += "00"
	}
	n, ok := digits(body, 4)
	if !ok || len(body) != 4 || n/100 > 15 || n%100 > 59 {
		return 0, false
	}
	return sign * (n/100*3600 + n%100*60), true
}

// digits reads 1 to most decimal digits and nothing else; 18 digits at most fit.
func digits(text string, most int) (n int, ok bool) {
	if len(text) == 0 || len(text) > min(most, 18) {
		return 0, false
	}
	for _, r := range []byte(text) {
		if r < '0' || r > '9' {
			return 0, false
		}
		n = 10*n + int(r-'0')
	}
	return n, true
}

// chooseStamp finds the formats that read every one of the texts: none, one, or the two orders of day and month where
// no text has a day above 12. Where none does, best is the format that reads the most and bad the first text it cannot
// read.
func chooseStamp(texts []string) (fits []stampFormat, best stampFormat, bad string) {
	for _, f := range stampFormats {
		if !slices.ContainsFunc(texts, func(text string) bool { _, ok := f.read(text); return !ok }) {
			fits = append(fits, f)
		}
	}
	if len(fits) > 0 {
		return fits, fits[0], ""
	}
	most := -1
	for _, f := range stampFormats {
		count, first := 0, ""
		for _, text := range texts {
			if _, ok := f.read(text); ok {
				count++
			} else if first == "" {
				first = text
			}
		}
		if count > most {
			most, best, bad = count, f, first
		}
	}
	return nil, best, bad
}

// instants gives the moments, in seconds since 1970-01-01 UTC, that a reading of the clock can mean in a zone: one; two,
// the earlier first, in the hour that is repeated when summer time ends; skipped where the clock never showed it, then
// the moment is the one that the old offset gives.
func (c civil) instants(f stampFormat, zone *time.Location) (first, second float64, skipped bool) {
	if f.zoned || f.elapsed {
		at := seconds(c.date.Add(-time.Duration(c.offset) * time.Second))
		return at, at, false
	}
	// The offsets in force a day before and a day after are the only candidates: no zone changes twice in two days.
	_, before := c.date.Add(-24 * time.Hour).In(zone).Zone()
	_, after := c.date.Add(24 * time.Hour).In(zone).Zone()
	var hits []float64
	for _, offset := range []int{before, after} {
		at := c.date.Add(-time.Duration(offset) * time.Second)
		if _, real := at.In(zone).Zone(); real == offset {
			hits = append(hits, seconds(at))
		}
	}
	if len(hits) == 0 {
		at := seconds(c.date.Add(-time.Duration(before) * time.Second))
		return at, at, true
	}
	return slices.Min(hits), slices.Max(hits), false
}

// seconds keeps whole seconds exact: UnixNano would overflow outside 1678 to 2262.
func seconds(t time.Time) float64 { return float64(t.Unix()) + float64(t.Nanosecond())*1e-9 }

// epochScales maps the size of a number to the unit of an epoch. Below the first bound a number is elapsed seconds: as
// an epoch in seconds it would lie before March 1973.
var epochScales = []struct {
	least  float64
	name   string
	second float64 // units in a second
}{
	{1e17, "epoch in nanoseconds", 1e9},
	{1e14, "epoch in microseconds", 1e6},
	{1e11, "epoch in milliseconds", 1e3},
	{1e8, "epoch in seconds", 1},
}

// dayNumbers is the form of days written as one number, such as 20260131.
const dayNumbers = "YYYYMMDD"

// dayNumber reads a number as a day of the years 1900 to 2099.
func dayNumber(v float64) (c civil, ok bool) {
	if v != math.Trunc(v) || v < 19000101 || v > 20991231 {
		return c, false
	}
	n := int(v)
	c.date = time.Date(n/10000, time.Month(n/100%100), n%100, 0, 0, 0, 0, time.UTC)
	return c, c.date.Year() == n/10000 && int(c.date.Month()) == n/100%100 && c.date.Day() == n%100
}

// allDays says that every number is a day. As elapsed seconds they would make every month end a gap.
func allDays(values []float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool {
		_, ok := dayNumber(v)
		return !ok
	})
}

// readDays gives the beginnings of the days in a zone.
func readDays(values []float64, zone *time.Location) stamps {
	s := stamps{first: make([]float64, len(values)), skipped: map[int]bool{}}
	for row, v := range values {
		c, _ := dayNumber(v)
		first, _, skipped := c.instants(stampFormat{}, zone)
		if s.first[row] = first; skipped {
			s.skipped[row] = true
		}
	}
	return s
}

// numberScale tells what a column of numbers counts, by the median size of its values: one wild value cannot change the
// unit of all others.
func numberScale(values []float64) (kind series.TimeKind, perSecond float64, name string) {
	sizes := make([]float64, 0, len(values))
	for _, v := range values {
		if !math.IsNaN(v) {
			sizes = append(sizes, math.Abs(v))
		}
	}
	if len(sizes) > 0 {
		slices.Sort(sizes)
		middle := sizes[len(sizes)/2]
		for _, s := range epochScales {
			if middle >= s.least {
				return series.Calendar, s.second, s.name
			}
		}
	}
	return series.Elapsed, 1, "elapsed seconds"
}

// FormatTime writes a time of Series.Time as its clock reads it: RFC 3339 in the clock's zone (UTC where it has none),
// or the number of seconds or rows.
func FormatTime(clock series.Clock, t float64) string {
	if clock.Kind != series.Calendar {
		return strconv.FormatFloat(t, 'g', -1, 64)
	}
	zone, err := loadZone(clock.Zone)
	if err != nil {
		zone = time.UTC
	}
	whole := math.Floor(t)
	// A float64 of today's epoch resolves a quarter of a microsecond: more digits would be noise.
	micro := math.Round((t - whole) * 1e6)
	return time.Unix(int64(whole), int64(micro)*1000).In(zone).Format(time.RFC3339Nano)
}

// loadZone finds a zone by its IANA name; empty is UTC. "Local" is refused: it means another zone on each machine.
func loadZone(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, &UsageError{Flag: "--zone", Text: fmt.Sprintf("unknown time zone %q; write an IANA name such as Europe/Berlin, or UTC", name)}
	}
	return zone, nil
}

// calendarTerms are the cycles that --calendar adds, each as a sine and a cosine input. phase is in [0, 1).
var calendarTerms = map[string]func(t time.Time) (phase float64){
	"hour":    dayShare,
	"weekday": func(t time.Time) float64 { return (float64((t.Weekday()+6)%7) + dayShare(t)) / 7 }, // Monday 0
	"month": func(t time.Time) float64 {
		days := time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
		return (float64(t.Month()-1) + (float64(t.Day()-1)+dayShare(t))/float64(days)) / 12
	},
	"yearday": func(t time.Time) float64 {
		days := time.Date(t.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
		return (float64(t.YearDay()-1) + dayShare(t)) / float64(days)
	},
}

// calendarNames in the order in which messages list them.
var calendarNames = []string{"hour", "weekday", "month", "yearday"}

func dayShare(t time.Time) float64 {
	return (float64(t.Hour()*3600+t.Minute()*60+t.Second()) + float64(t.Nanosecond())*1e-9) / 86400
}

// calendarInputs names the inputs that the cycles add, in the schema's order.
func calendarInputs(cycles []string) (names []string) {
	for _, cycle := range cycles {
		names = append(names, cycle+"_sin", cycle+"_cos")
	}
	return names
}
