package dataset

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/elegans-nn/elegans/series"
)

// Expected seconds were computed with Python's datetime and zoneinfo.
func TestStampReads(t *testing.T) {
	for _, c := range []struct {
		format, text string
		want         float64
	}{
		{"RFC 3339", "2015-02-04T17:51:59Z", 1423072319},
		{"RFC 3339", "2015-02-04 17:51:59 UTC", 1423072319},
		{"RFC 3339", "2015-02-04 17:51UTC", 1423072260},
		{"RFC 3339", "2015-02-04T19:21:59+01:30", 1423072319},
		{"RFC 3339", "2015-02-04 12:51:59.250-0500", 1423072319.25},
		{"RFC 3339", "2015-02-04t12:51:59-05", 1423072319},
		{"YYYY-MM-DD HH:MM[:SS[.fff]]", "2015-02-04 17:51:59", 1423072319},
		{"YYYY-MM-DD HH:MM[:SS[.fff]]", "2015-02-04T17:51", 1423072260},
		{"YYYY-MM-DD HH:MM[:SS[.fff]]", "2015-02-04 05:51:59,5 PM", 1423072319.5},
		{"YYYY-MM-DD HH:MM[:SS[.fff]]", "1912-04-15 2:20", -1821303600},
		{"YYYY-MM-DD HH:MM[:SS[.fff]]", "2400-02-29 12:00:00.000000000", 13574606400},
		{"YYYY-MM-DD HH:MM[:SS[.fff]]", "2015-02-04 12:03 AM", 1423008180},
		{"YYYY-MM-DD", "2015-02-04", 1423008000},
		{"YYYY/MM/DD HH:MM[:SS]", "2015/2/4 17:51:59", 1423072319},
		{"YYYY/MM/DD", "2015/02/04", 1423008000},
		{"MM/DD/YYYY HH:MM[:SS]", "2/4/2015 5:51:59 pm", 1423072319},
		{"DD/MM/YYYY HH:MM[:SS]", "04/02/2015 17:51:59", 1423072319},
		{"MM/DD/YYYY", "2/4/2015", 1423008000},
		{"DD/MM/YYYY", "4/2/2015", 1423008000},
		{"DD.MM.YYYY HH:MM[:SS]", "4.2.2015 17:51:59", 1423072319},
		{"DD.MM.YYYY", "04.02.2015", 1423008000},
		{"HH:MM[:SS] elapsed", "47:37", 171420},
		{"HH:MM[:SS] elapsed", "00:01:02.5", 62.5},
	} {
		f, ok := stampNamed(c.format)
		if !ok {
			t.Fatalf("no format %q", c.format)
		}
		at, ok := f.read(c.text)
		if !ok {
			t.Errorf("%s does not read %q", c.format, c.text)
			continue
		}
		if got, _, _ := at.instants(f, time.UTC); got != c.want {
			t.Errorf("%q as %s is %v, want %v", c.text, c.format, got, c.want)
		}
	}
}

func TestStampRefuses(t *testing.T) {
	for _, text := range []string{
		"", " ", "2015", "2015-02", "2015-02-30", "2015-13-01", "2015-00-10", "2015-02-00", "2015-2-4x", "15-02-04",
		"2015-02-04 24:00", "2015-02-04 17:60", "2015-02-04 17:5", "2015-02-04 17:51:61", "2015-02-04 17", "2015-02-04 17:51:59.",
		"2015-02-04 13:00 PM", "2015-02-04 0:30 AM", "2015-02-04T17:51+25:00", "2015-02-04T17:51Zulu", "2/4/15", "+2015-02-04",
		"2015-02-04  T17:51", "1/2/3/2015", "31.04.2015", "12:61", "1:00 PM", "2015-02-04-", "2015-02-04- 12:00", "12:30:00:00", "2015-02-04 12:00:00,5.5", "2015-02-04 PM", "04.02.2015.", "99999999:00", ":30", "29/02/2015",
	} {
		for _, f := range stampFormats {
			// An empty fraction ("59.") is a second like any other.
			if _, ok := f.read(text); ok && text != "2015-02-04 17:51:59." {
				t.Errorf("%q is read as %s", text, f.name)
			}
		}
	}
}

func TestStampZones(t *testing.T) {
	f, _ := stampNamed("YYYY-MM-DD HH:MM[:SS[.fff]]")
	for _, c := range []struct {
		zone, text    string
		first, second float64
		skipped       bool
	}{
		{"Europe/Berlin", "2015-07-04 17:51:59", 1436025119, 1436025119, false},
		{"Europe/Berlin", "2021-10-31 02:30", 1635640200, 1635643800, false},
		{"Europe/Berlin", "2021-03-28 02:30", 1616895000, 1616895000, true},
		{"America/New_York", "2021-11-07 01:15", 1636262100, 1636265700, false},
		{"Australia/Lord_Howe", "2021-04-04 01:45", 1617461100, 1617462900, false},
	} {
		zone, err := loadZone(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		at, ok := f.read(c.text)
		if !ok {
			t.Fatalf("%q", c.text)
		}
		first, second, skipped := at.instants(f, zone)
		if first != c.first || second != c.second || skipped != c.skipped {
			t.Errorf("%s %s: %v %v %v, want %v %v %v", c.zone, c.text, first, second, skipped, c.first, c.second, c.skipped)
		}
	}
	for _, name := range []string{"Local", "Europe/Bärlin", "../etc"} {
		if _, err := loadZone(name); err == nil || !strings.Contains(err.Error(), "--zone") {
			t.Errorf("zone %q: %v", name, err)
		}
	}
}

// Every moment must come back from its own local reading, as the first or the second of the instants.
func TestStampRoundTrip(t *testing.T) {
	f, _ := stampNamed("YYYY-MM-DD HH:MM[:SS[.fff]]")
	twice := 0
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"} {
		zone, _ := loadZone(name)
		for at := int64(1609459200); at < 1609459200+366*86400; at += 1217 { // 2021, every 20 minutes and 17 seconds
			text := time.Unix(at, 0).In(zone).Format("2006-01-02 15:04:05")
			c, ok := f.read(text)
			if !ok {
				t.Fatalf("%q not read", text)
			}
			first, second, skipped := c.instants(f, zone)
			if skipped || first != float64(at) && second != float64(at) || first > second {
				t.Fatalf("%s %q: %v %v %v, want %d", name, text, first, second, skipped, at)
			}
			if first != second {
				twice++
			}
		}
	}
	if twice < 3 {
		t.Errorf("only %d readings were ambiguous: the test does not reach the end of summer time", twice)
	}
}

func TestChooseStamp(t *testing.T) {
	for _, c := range []struct {
		texts []string
		want  string
	}{
		{[]string{"2015-02-04", "2015-12-31"}, "YYYY-MM-DD"},
		{[]string{"1/2/2015", "1/13/2015"}, "MM/DD/YYYY"},
		{[]string{"1/2/2015", "13/1/2015"}, "DD/MM/YYYY"},
		{[]string{"1/2/2015", "3/4/2015"}, "MM/DD/YYYY,DD/MM/YYYY"},
		{[]string{"2015-02-04", "2015-02-04 10:00"}, ""},
		{[]string{"2015-02-04 10:00Z", "2015-02-04 10:00"}, ""},
	} {
		fits, _, _ := chooseStamp(c.texts)
		var names []string
		for _, f := range fits {
			names = append(names, f.name)
		}
		if got := strings.Join(names, ","); got != c.want {
			t.Errorf("%v: %q, want %q", c.texts, got, c.want)
		}
	}
	if _, best, bad := chooseStamp([]string{"2015-02-04", "2015-02-05", "soon"}); best.name != "YYYY-MM-DD" || bad != "soon" {
		t.Errorf("best %s, bad %q", best.name, bad)
	}
}

func TestNumberScale(t *testing.T) {
	for _, c := range []struct {
		values    []float64
		kind      series.TimeKind
		perSecond float64
	}{
		{[]float64{0, 0.5, 1.25}, series.Elapsed, 1},
		{[]float64{1, 2, 99999999}, series.Elapsed, 1},
		{[]float64{1423072319, 1423072320}, series.Calendar, 1},
		{[]float64{1423072319000, math.NaN()}, series.Calendar, 1e3},
		{[]float64{1423072319000000}, series.Calendar, 1e6},
		{[]float64{1423072319e9, 1423072320e9, 0}, series.Calendar, 1e9},
		{nil, series.Elapsed, 1},
	} {
		kind, perSecond, name := numberScale(c.values)
		if kind != c.kind || perSecond != c.perSecond {
			t.Errorf("%v: %s, %g (%s)", c.values, kind, perSecond, name)
		}
	}
}

func TestCalendarTerms(t *testing.T) {
	at := time.Date(2021, 5, 19, 14, 45, 36, 0, time.UTC) // a Wednesday
	want := map[string][2]float64{
		"hour":    {-0.6613118653236517, -0.7501110696304597},
		"weekday": {0.7134251866166827, -0.7007314058189139},
		"month":   {0.6689423059885509, -0.7433143287053734},
		"yearday": {0.6856130051387394, -0.7279662129416632},
	}
	if len(calendarNames) != len(calendarTerms) {
		t.Fatalf("%d names for %d cycles", len(calendarNames), len(calendarTerms))
	}
	for _, name := range calendarNames {
		sin, cos := math.Sincos(2 * math.Pi * calendarTerms[name](at))
		if math.Abs(sin-want[name][0]) > 1e-12 || math.Abs(cos-want[name][1]) > 1e-12 {
			t.Errorf("%s: %v %v, want %v", name, sin, cos, want[name])
		}
	}
}

func TestFormatTime(t *testing.T) {
	for _, c := range []struct {
		clock series.Clock
		at    float64
		want  string
	}{
		{series.Clock{Kind: series.Calendar}, 1423072319.25, "2015-02-04T17:51:59.25Z"},
		{series.Clock{Kind: series.Calendar}, -0.5, "1969-12-31T23:59:59.5Z"},
		{series.Clock{Kind: series.Calendar, Zone: "Europe/Berlin"}, 1635643800, "2021-10-31T02:30:00+01:00"},
		{series.Clock{Kind: series.Elapsed}, 62.5, "62.5"},
		{series.Clock{Kind: series.Index}, 7, "7"},
	} {
		if got := FormatTime(c.clock, c.at); got != c.want {
			t.Errorf("%v: %s, want %s", c.at, got, c.want)
		}
	}
}

// What is read must come back when it is written in the same format: no text may be read as another moment.
func FuzzStamp(f *testing.F) {
	for _, seed := range []string{"2015-02-04T17:51:59Z", "1/2/2015 5:51 PM", "31.12.1999", "2015-02-04 17:51:59.123456789", "0001-01-01", "100:20:30"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range stampFormats {
			c, ok := format.read(text)
			if !ok {
				continue
			}
			var y, m, d, h, min int
			switch {
			case format.order == "ymd" && format.sep == '-' && !format.clock:
				if n, _ := fmt.Sscanf(text, "%d-%d-%d", &y, &m, &d); n != 3 || c.date != time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) {
					t.Errorf("%q is read as %v", text, c.date)
				}
			case format.elapsed:
				if n, _ := fmt.Sscanf(text, "%d:%d", &h, &min); n != 2 || c.date.Unix() < int64(h*3600+min*60) || c.date.Unix() > int64(h*3600+min*60+60) {
					t.Errorf("%q is read as %v", text, c.date)
				}
			}
			if c.date.Year() > 9999 && !format.elapsed || c.date.Year() < 0 || c.offset%60 != 0 || c.offset > 16*3600 || c.offset < -16*3600 {
				t.Errorf("%q is read as %v with offset %d", text, c.date, c.offset)
			}
		}
	})
}
