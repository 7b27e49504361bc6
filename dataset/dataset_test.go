package dataset

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

// csv reads a table from text.
func csv(t testing.TB, name, text string) *table.Table {
	t.Helper()
	got, err := table.Read(strings.NewReader(text), name, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// open makes a data set of text, or fails.
func open(t testing.TB, text string, r Roles) *Dataset {
	t.Helper()
	d, err := FromTable(csv(t, "rooms.csv", text), r)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// refused checks the error of opening text: its kind, one line, and that it holds every fragment.
func refused(t *testing.T, err error, kind any, fragments ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %T with %q", kind, fragments)
		return
	}
	text := err.Error()
	target := reflect.New(reflect.TypeOf(kind)).Interface()
	if !errors.As(err, target) {
		t.Errorf("error is %T, want %T: %s", err, kind, text)
	}
	if strings.Contains(text, "\n") {
		t.Errorf("more than one line: %q", text)
	}
	for _, f := range fragments {
		if !strings.Contains(text, f) {
			t.Errorf("%q does not say %q", text, f)
		}
	}
}

// near compares with a tolerance relative to 1 + |want|.
func near(got, want, tolerance float64) bool {
	return math.Abs(got-want) <= tolerance*(1+math.Abs(want)) || got != got && want != want
}

const rooms = `when,room,temp,door,busy
2021-03-01 10:00,a,20.5,open,0
2021-03-01 10:00,b,18,shut,1
2021-03-01 10:10,a,21.5,shut,1
2021-03-01 10:25,b,,shut,0
2021-03-01 10:20,a,NA,,1
2021-03-01 11:20,a,23,ajar,0
2021-03-01 10:35,b,17,open,NA
2021-03-01 10:45,b,19.25,open,1
`

func TestSeriesFromTable(t *testing.T) {
	d := open(t, rooms, Roles{Target: "busy", Series: "room", Calendar: []string{"hour"}})
	s, err := d.Split(SplitOptions{Valid: -1, Test: 0.25})
	if err != nil {
		t.Fatal(err)
	}
	if d.Rows() != 8 || d.Series() != 2 || len(s.Train) != 2 || len(s.Valid) != 0 || len(s.Test) != 2 {
		t.Fatalf("%d rows, %d series; %d, %d, %d", d.Rows(), d.Series(), len(s.Train), len(s.Valid), len(s.Test))
	}
	clock := s.Schema.Clock
	// Training steps are 600, 600 in a and 1500, 600 in b.
	if clock.Column != "when" || clock.Kind != series.Calendar || clock.Unit != 600 || clock.FirstDT != 1 || !slices.Equal(clock.Calendar, []string{"hour"}) {
		t.Errorf("clock %+v", clock)
	}
	b := s.Train[1]
	if b.Name != "b" || !slices.Equal(b.Row, []int{1, 3, 6}) || !slices.Equal(b.DT, []float32{1, 2.5, 1}) ||
		!slices.Equal(b.Time, []float64{1614592800, 1614594300, 1614594900}) {
		t.Errorf("series b: %+v", b)
	}
	if b.Y[0] != 1 || b.Y[1] != 0 || b.Y[2] == b.Y[2] || b.Scored() != 2 {
		t.Errorf("labels of b: %v", b.Y)
	}
	names := []string{"temp", "door", "hour_sin", "hour_cos"}
	for i, in := range s.Schema.Inputs {
		if in.Name != names[i] {
			t.Errorf("input %d is %q, want %q", i, in.Name, names[i])
		}
	}
	// Training temperatures: 20.5, 21.5, 18, 17: mean 19.25, population variance (1.5625+5.0625+1.5625+5.0625)/4.
	temp, door := s.Schema.Inputs[0], s.Schema.Inputs[1]
	if temp.Mean != 19.25 || !near(temp.SD, math.Sqrt(3.3125), 1e-12) || !temp.Missing || temp.Impute != 19.25 {
		t.Errorf("temp: %+v", temp)
	}
	if !slices.Equal(door.Levels, []string{"other", "open", "shut"}) || !door.Missing {
		t.Errorf("door: %+v (ajar is in the test part only)", door)
	}
	x := b.At(1)
	if x[0] == x[0] || x[1] != 2 {
		t.Errorf("row 1 of b: %v, want NaN and level 2", x)
	}
	sin, cos := math.Sincos(2 * math.Pi * (10 + 25.0/60) / 24)
	if !near(float64(x[2]), sin, 1e-7) || !near(float64(x[3]), cos, 1e-7) {
		t.Errorf("hour of row 1: %v %v, want %v %v", x[2], x[3], sin, cos)
	}
	last := s.Test[0]
	if last.Name != "a" || last.DT[0] != 6 || last.At(0)[1] != 0 || !slices.Equal(last.Row, []int{5}) {
		t.Errorf("test row of a: %+v", last)
	}
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], `"ajar"`) || !strings.Contains(s.Warnings[0], "test part") {
		t.Errorf("warnings: %q", s.Warnings)
	}
	if err := s.Schema.Check(); err != nil {
		t.Error(err)
	}
}

func TestBackwards(t *testing.T) {
	text := "when,room,temp,busy\n2021-03-01 10:00,a,1,0\n2021-03-01 11:30,a,2,1\n2021-03-01 10:10,b,3,0\n2021-03-01 10:20,b,4,1\n"
	_, err := FromTable(csv(t, "rooms.csv", text), Roles{Target: "busy", Drop: []string{}})
	refused(t, err, &table.DataError{}, "rooms.csv line 4", `column "when"`, "2021-03-01 10:10", "1h20m0s", "--sort", "--series", "perhaps room")
	d := open(t, text, Roles{Target: "busy", Sort: true})
	s, err := d.Split(SplitOptions{Valid: -1, Test: -1})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Train[0]; !slices.Equal(got.Row, []int{0, 2, 3, 1}) || !slices.Equal(got.DT, []float32{1, 1, 1, 7}) {
		t.Errorf("sorted: rows %v, dt %v", got.Row, got.DT)
	}
	if a := d.Audit(nil); a.OutOfOrder != 1 {
		t.Errorf("%d rows out of order, want 1", a.OutOfOrder)
	}
	if d := open(t, text, Roles{Target: "busy", Series: "room"}); d.Series() != 2 {
		t.Errorf("%d series", d.Series())
	}
}

func TestDuplicates(t *testing.T) {
	text := "t,x,y\n0,1,10\n5,2,20\n5,3,30\n5,4,40\n6,5,50\n7,6,65\n"
	for rule, want := range map[Duplicates][]int{"": {0, 1, 2, 3, 4, 5}, KeepAll: {0, 1, 2, 3, 4, 5}, KeepFirst: {0, 1, 4, 5}, KeepLast: {0, 3, 4, 5}} {
		d := open(t, text, Roles{Target: "y", Time: "t", Task: series.Regress, Duplicates: rule, TimeUnit: 2})
		s, err := d.Split(SplitOptions{Valid: -1, Test: -1})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(s.Train[0].Row, want) {
			t.Errorf("%q: rows %v, want %v", rule, s.Train[0].Row, want)
		}
		if rule == KeepAll && !slices.Equal(s.Train[0].DT, []float32{1, 2.5, 0, 0, 0.5, 0.5}) {
			t.Errorf("dt %v", s.Train[0].DT)
		}
		if a := d.Audit(nil); a.Duplicates != 2 {
			t.Errorf("%q: %d duplicates, want 2", rule, a.Duplicates)
		}
	}
}

func TestHorizon(t *testing.T) {
	text := "t,x,y\n0,1,10\n10,2,20\n20,3,30\n29,4,40\n41,5,50\n100,6,60\n110,7,\n120,8,80\n"
	n := math.NaN()
	for _, c := range []struct {
		name      string
		horizon   Horizon
		tolerance float64
		want      []float64
	}{
		{"now", Horizon{}, 0, []float64{10, 20, 30, 40, 50, 60, n, 80}},
		{"2 rows", Horizon{Rows: 2}, 0, []float64{30, 40, 50, 60, n, 80, n, n}},
		{"20 s, one unit late", Horizon{Seconds: 20}, 0, []float64{30, 50, 50, n, n, 80, n, n}},
		{"20 s, at most 1 s late", Horizon{Seconds: 20}, 1, []float64{30, n, 50, n, n, 80, n, n}},
		{"10 s", Horizon{Seconds: 10}, 2, []float64{20, 30, n, 50, n, n, 80, n}},
	} {
		d := open(t, text, Roles{Target: "y", Time: "t", Task: series.Regress, Horizon: c.horizon, HorizonTolerance: c.tolerance, TimeUnit: 11})
		s, err := d.Split(SplitOptions{Valid: -1, Test: -1})
		if err != nil {
			t.Fatal(err)
		}
		for i, y := range s.Train[0].Y {
			if !near(y, c.want[i], 0) {
				t.Errorf("%s: %v, want %v", c.name, s.Train[0].Y, c.want)
				break
			}
		}
		if names := s.Schema.Names(); !slices.Equal(names, []string{"x"}) {
			t.Errorf("%s: inputs %v hold the target", c.name, names)
		}
	}
	d := open(t, text, Roles{Target: "y", Time: "t", Task: series.Regress, Horizon: Horizon{Rows: 1}, TargetAsInput: true})
	s, err := d.Split(SplitOptions{Valid: -1, Test: -1})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Schema.Names(), []string{"x", "y"}) || s.Train[0].At(2)[1] != 30 || s.Train[0].Y[2] != 40 || !s.Schema.Target.AsInput {
		t.Errorf("target as input: %v %v %v", s.Schema.Names(), s.Train[0].At(2), s.Train[0].Y)
	}
	if !s.Schema.Target.HorizonRows || s.Schema.Target.Horizon != 1 {
		t.Errorf("target %+v", s.Schema.Target)
	}
}

func TestLastStep(t *testing.T) {
	text := "id,x,y\n"
	for i := range 12 {
		for row := range 3 {
			label := ""
			if row == 1 {
				label = []string{"up", "down", "up"}[i%3] // the last label need not stand in the last row
			}
			text += fmt.Sprintf("s%d,%d,%s\n", i, 10*i+row, label)
		}
	}
	d := open(t, text, Roles{Target: "y", Series: "id", LastStep: true})
	s, err := d.Split(SplitOptions{Valid: 0.25, Test: 0.25})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Train) != 6 || len(s.Valid) != 3 || len(s.Test) != 3 || !s.Schema.Target.LastStep {
		t.Fatalf("%d %d %d", len(s.Train), len(s.Valid), len(s.Test))
	}
	for _, part := range [][]series.Series{s.Train, s.Valid, s.Test} {
		down := 0
		for _, one := range part {
			i := int(one.At(0)[0]) / 10
			want := []float64{1, 0, 1}[i%3] // classes by letters: down, up
			if one.Scored() != 1 || one.Y[2] != want {
				t.Errorf("%s: %v, want %v at the end", one.Name, one.Y, want)
			}
			down += 1 - int(want)
		}
		if down*3 != len(part) {
			t.Errorf("%d of %d series are down: classes are not drawn evenly", down, len(part))
		}
	}
	_, err = d.Split(SplitOptions{By: ByTime})
	refused(t, err, &UsageError{}, "--split group")
}

func TestSummerTime(t *testing.T) {
	text := "when,x,y\n" +
		"2021-10-31 01:00,1,10\n2021-10-31 02:00,2,21\n2021-10-31 02:30,3,30\n2021-10-31 02:00,4,40\n2021-10-31 02:30,5,50\n2021-10-31 03:00,6,65\n"
	d := open(t, text, Roles{Target: "y", Task: series.Regress, Zone: "Europe/Berlin"})
	s, err := d.Split(SplitOptions{Valid: -1, Test: -1})
	if err != nil {
		t.Fatal(err)
	}
	if want := []float32{1, 2, 1, 1, 1, 1}; !slices.Equal(s.Train[0].DT, want) || s.Schema.Clock.Unit != 1800 || s.Schema.Clock.Zone != "Europe/Berlin" {
		t.Errorf("dt %v of %g s, want %v", s.Train[0].DT, s.Schema.Clock.Unit, want)
	}
	if s.Train[0].Time[5] != 1635645600 {
		t.Errorf("03:00 is %v, want 02:00 UTC", s.Train[0].Time[5])
	}
	_, err = FromTable(csv(t, "rooms.csv", text), Roles{Target: "y"}) // the same clock without a zone goes back
	refused(t, err, &table.DataError{}, "line 5", "backwards")
	spring := "when,x,y\n2021-03-28 01:30,1,1.5\n2021-03-28 02:30,2,2.5\n2021-03-28 04:00,3,3.5\n"
	d = open(t, spring, Roles{Target: "y", Zone: "Europe/Berlin"})
	if !strings.Contains(strings.Join(d.Notes, "\n"), "1 time stamps") || d.Audit(nil).Skipped != 1 {
		t.Errorf("an hour that was skipped is not noted: %q", d.Notes)
	}
}

func TestDayOrMonth(t *testing.T) {
	head := "when,x,y\n"
	d := open(t, head+"1/2/2021,1,1.5\n2/2/2021,2,2.5\n3/2/2021,3,4\n1/3/2021,5,6\n", Roles{Target: "y"})
	if d.format != "DD/MM/YYYY" {
		t.Errorf("read as %s: only DD/MM goes forward", d.format)
	}
	d = open(t, head+"2/1/2021,1,1.5\n2/3/2021,2,2.5\n3/2/2021,3,4\n", Roles{Target: "y"})
	if d.format != "MM/DD/YYYY" {
		t.Errorf("read as %s: only MM/DD goes forward", d.format)
	}
	_, err := FromTable(csv(t, "rooms.csv", head+"1/1/2021,1,1.5\n2/2/2021,2,2.5\n"), Roles{Target: "y"})
	refused(t, err, &table.DataError{}, "MM/DD/YYYY", "DD/MM/YYYY", "--time-format", `column "when"`)
	d = open(t, head+"1/1/2021,1,1.5\n2/2/2021,2,2.5\n", Roles{Target: "y", TimeFormat: "dd/mm/yyyy"})
	if d.format != "DD/MM/YYYY" {
		t.Errorf("read as %s", d.format)
	}
	_, err = FromTable(csv(t, "rooms.csv", head+"1/13/2021,1,1.5\n"), Roles{Target: "y", Time: "when", TimeFormat: "DD/MM/YYYY"})
	refused(t, err, &table.DataError{}, "line 2", "1/13/2021", "DD/MM/YYYY")
}

func TestFindClock(t *testing.T) {
	for _, c := range []struct {
		text, column string
		kind         series.TimeKind
	}{
		{"x,stamp,y\n1,2021-01-01,1.5\n2,2021-01-02,2\n", "stamp", series.Calendar},
		{"x,Timestamp,y\n1,1614592800000,1.5\n2,1614592801500,2\n", "Timestamp", series.Calendar},
		{"x,time,y\n1,0.5,1.5\n2,0.75,2\n", "time", series.Elapsed},
		{"x,t,y\n1,0.5,1.5\n2,0.75,2\n", NoTime, series.Index}, // t may be a temperature
		{"x,Time,y\n1,00:07,1.5\n2,36:30,2\n", "Time", series.Elapsed},
	} {
		d := open(t, c.text, Roles{Target: "y"})
		if d.Roles.Time != c.column || d.kind != c.kind || len(d.Notes) == 0 {
			t.Errorf("%q: time %q, %s, notes %q", c.text, d.Roles.Time, d.kind, d.Notes)
		}
	}
	d := open(t, "x,stamp,y\n1,2021-01-01,1.5\n2,2021-01-02,2\n", Roles{Target: "y", Time: NoTime, Drop: []string{"stamp"}})
	s, err := d.Split(SplitOptions{Valid: -1, Test: -1})
	if err != nil || s.Schema.Clock.Kind != series.Index || s.Schema.Clock.Column != "" || s.Schema.Clock.Unit != 1 {
		t.Errorf("%v %+v", err, s)
	}
}

// Each input is wrong in one way; the error must say what, where and how to fix it.
func TestRefused(t *testing.T) {
	data, usage, column := &table.DataError{}, &UsageError{}, &table.UnknownColumnError{}
	for _, c := range []struct {
		name, text string
		roles      Roles
		kind       any
		fragments  []string
	}{
		{"unknown target", rooms, Roles{Target: "buzy"}, column, []string{`"buzy"`, `did you mean "busy"`}},
		{"unknown time", rooms, Roles{Target: "busy", Time: "wen"}, column, []string{`did you mean "when"`}},
		{"unknown drop", rooms, Roles{Target: "busy", Drop: []string{"dor"}}, column, []string{`"door"`}},
		{"text among numbers", "t,x,y\n1,2,0\n2,abc,1\n3,4,0\n4,5,1\n", Roles{Target: "y"}, data, []string{"line 3", `column "x"`, `"abc"`, "--category", "--drop"}},
		{"infinite input", "x,y\n1,0\n-inf,1\n", Roles{Target: "y"}, data, []string{"line 3", `"x"`, "finite"}},
		{"too large for float32", "x,y\n1,0\n1e39,1\n", Roles{Target: "y"}, data, []string{"line 3", "3.4e38"}},
		{"NaN label", "x,y\n1,0\n2,NaN\n3,1\n", Roles{Target: "y"}, data, []string{"line 3", `"y"`, `"NaN"`, "leave the cell empty"}},
		{"Inf label", "x,y\n1,0.5\n2,Inf\n3,1\n", Roles{Target: "y"}, data, []string{"line 3", "Inf", "leave the cell empty"}},
		{"NaN among words", "x,y\n1,no\n2,nan\n3,yes\n", Roles{Target: "y"}, data, []string{"line 3", `"nan"`}},
		{"Inf among words", "x,y\n1,no\n2,yes\n3,-inf\n", Roles{Target: "y"}, data, []string{"line 4", `"-inf"`}},
		{"text among labels", "x,y\n1,0\n2,1\n3,0\n4,maybe\n5,1\n", Roles{Target: "y"}, data, []string{"line 5", `"maybe"`, "--category y"}},
		{"text for a regression", "x,y\n1,0.5\n2,low\n3,low\n4,low\n", Roles{Target: "y", Task: series.Regress}, data, []string{"line 3", `"low"`, "--task classify"}},
		{"no time in a row", "when,x,y\n2021-01-01,1,0\n,2,1\n", Roles{Target: "y", Time: "when"}, data, []string{"line 3", `"when"`, "no time"}},
		{"time of two forms", "when,x,y\n2021-01-01,1,0\nyesterday,2,1\n", Roles{Target: "y", Time: "when"}, data, []string{"line 3", `"yesterday"`, "YYYY-MM-DD"}},
		{"no form of time", "when,x,y\nmorning,1,0\nnoon,2,1\n", Roles{Target: "y", Time: "when"}, data, []string{"line 2", `"morning"`, "RFC 3339", "MM/DD/YYYY"}},
		{"infinite time", "t,x,y\n1,1,0\nInf,2,1\n", Roles{Target: "y", Time: "t"}, data, []string{"line 3", `"t"`}},
		{"no series in a row", "id,x,y\na,1,0\n,2,1\n", Roles{Target: "y", Series: "id"}, data, []string{"line 3", `"id"`, "no series"}},
		{"target is time", rooms, Roles{Target: "when", Time: "when"}, usage, []string{"--target", `"when"`}},
		{"target is series", rooms, Roles{Target: "room", Series: "room"}, usage, []string{"--target", `"room"`}},
		{"series is time", rooms, Roles{Target: "busy", Series: "when", Time: "when"}, usage, []string{"--series"}},
		{"target as its own input", rooms, Roles{Target: "busy", Inputs: []string{"busy"}}, usage, []string{"--target-as-input", "--horizon"}},
		{"input twice", rooms, Roles{Target: "busy", Inputs: []string{"temp", "temp"}}, usage, []string{"twice"}},
		{"both kinds", rooms, Roles{Target: "busy", Category: []string{"temp"}, Numeric: []string{"temp"}}, usage, []string{"--numeric"}},
		{"no input", "y,z\n0,\n1,\n", Roles{Target: "y"}, usage, []string{"--inputs", "y, z"}},
		{"horizon without a clock", "x,y\n1,0\n2,1\n", Roles{Target: "y", Horizon: Horizon{Seconds: 60}}, usage, []string{"1m0s", "--time"}},
		{"calendar without a clock", "x,y\n1,0\n2,1\n", Roles{Target: "y", Calendar: []string{"hour"}}, usage, []string{"--calendar"}},
		{"calendar of seconds", "time,x,y\n1,1,0\n2,2,1\n", Roles{Target: "y", Calendar: []string{"hour"}}, usage, []string{"elapsed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := FromTable(csv(t, "rooms.csv", c.text), c.roles)
			refused(t, err, c.kind, c.fragments...)
		})
	}
}

func TestRefusedBySplit(t *testing.T) {
	data, usage := &table.DataError{}, &UsageError{}
	for _, c := range []struct {
		name, text string
		roles      Roles
		split      SplitOptions
		kind       any
		fragments  []string
	}{
		{"no target", rooms, Roles{Series: "room"}, SplitOptions{}, usage, []string{"--target", "busy"}},
		{"one class", "x,y\n1,0\n2,0\n3,0\n4,0\n", Roles{Target: "y"}, SplitOptions{}, data, []string{`"y"`, `"0"`, "two classes"}},
		{"no label at all", "x,y\n1,\n2,NA\n3,\n", Roles{Target: "y"}, SplitOptions{}, data, []string{`"y"`, "no row with a label"}},
		{"no label in test", "x,y\n1,0\n2,1\n3,0\n4,1\n5,\n", Roles{Target: "y"}, SplitOptions{Valid: -1, Test: 0.2}, data, []string{"test part", "no row with a label"}},
		{"nothing to train on", "x,y\n1,0\n2,1\n", Roles{Target: "y"}, SplitOptions{Valid: 0.5, Test: 0.5}, usage, []string{"below 1"}},
		{"unknown kind", "x,y\n1,0\n2,1\n3,0\n", Roles{Target: "y"}, SplitOptions{By: "luck"}, usage, []string{"time, group, file"}},
		{"too few series", rooms, Roles{Target: "busy", Series: "room"}, SplitOptions{By: ByGroup}, usage, []string{"2 series", "3 parts"}},
		{"unknown file", "x,y\n1,0\n2,1\n", Roles{Target: "y"}, SplitOptions{TestFiles: []string{"b.csv"}}, usage, []string{`"b.csv"`, "rooms.csv"}},
		{"negative context", "x,y\n1,0\n2,1\n3,0\n", Roles{Target: "y"}, SplitOptions{Context: -1}, usage, []string{"at least 0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := FromTable(csv(t, "rooms.csv", c.text), c.roles)
			if err != nil {
				t.Fatal(err)
			}
			_, err = d.Split(c.split)
			refused(t, err, c.kind, c.fragments...)
		})
	}
}

func TestUsableColumns(t *testing.T) {
	text := "id,empty,remark,level,x,y\n"
	for i := range 100 {
		text += fmt.Sprintf("%d,,words %d,l%d,%d,%d\n", i, i, i%3, i*i, i%2)
	}
	d := open(t, text, Roles{Target: "y", Drop: []string{"id"}})
	if !slices.Equal(d.Roles.Inputs, []string{"level", "x"}) {
		t.Errorf("inputs %v", d.Roles.Inputs)
	}
	notes := strings.Join(d.Notes, "\n")
	if !strings.Contains(notes, `"empty" is no input`) || !strings.Contains(notes, `"remark" is no input: it holds 100 different texts`) {
		t.Errorf("notes: %s", notes)
	}
	d = open(t, text, Roles{Target: "y", Category: []string{"x", "remark"}, Inputs: []string{"x", "remark"}})
	if !slices.Equal(d.Roles.Category, []string{"x", "remark"}) || d.inputs[0].kind != series.Category {
		t.Errorf("%+v", d.Roles)
	}
}

func TestNumericOverride(t *testing.T) {
	text := "x,y\nlow,0\n2.5,1\nhigh,0\n"
	_, err := FromTable(csv(t, "rooms.csv", text), Roles{Target: "y", Numeric: []string{"x"}})
	refused(t, err, &table.DataError{}, "line 2", `"low"`)
	parsed := table.Column{Name: "x", Kind: table.Text, Codes: []int32{1, -1, 0}, Levels: []string{"2.5", " -4e1"}}
	y := table.Column{Name: "y", Kind: table.Number, Num: []float64{1, 0, 1}}
	d, err := FromTable(&table.Table{Source: "m", Rows: 3, Columns: []table.Column{parsed, y}}, Roles{Target: "y", Numeric: []string{"x"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := d.parts[0].inputs[0].num; got[0] != -40 || got[1] == got[1] || got[2] != 2.5 {
		t.Errorf("%v", got)
	}
}

func TestOpenNames(t *testing.T) {
	_, err := Open("ocupancy", Roles{})
	refused(t, err, &NotFoundError{}, `"ocupancy"`, `did you mean "occupancy"`, "traffic")
	_, err = Open("./no/such/file.csv", Roles{Target: "y"})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v is not os.ErrNotExist", err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "occupancy")
	if err := os.WriteFile(path, []byte("id,x,y\n007,1,0\n007,2,1\n08,3,0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Open(path, Roles{Target: "y", Series: "id", Inputs: []string{"x"}, Time: NoTime})
	if err != nil {
		t.Fatal(err)
	}
	if d.Name != "occupancy" || d.Builtin != nil || d.tracks[0].name != "007" {
		t.Errorf("%q, %v, series %q", d.Name, d.Builtin, d.tracks[0].name)
	}
	if len(d.parts[0].columns) != 3 {
		t.Errorf("columns %v", d.parts[0].columns)
	}
	_, err = Open(path, Roles{Target: "z"})
	refused(t, err, &table.UnknownColumnError{}, `"z"`)
}

func TestFiles(t *testing.T) {
	a := csv(t, "north/day.csv", "x,c,y\n1,u,0\n2,v,1\n3,u,0\n")
	b := csv(t, "south/day.csv", "x,c,y\n4,w,0\n5,v,1\n")
	c := csv(t, "south/night.csv", "x,c,y\n7,v,1\n6,w,1\n")
	d, err := FromTables(Roles{Target: "y"}, a, b, c)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Files(); !slices.Equal(got, []string{"day.csv", "south/day.csv", "night.csv"}) {
		t.Fatalf("files %v", got)
	}
	s, err := d.Split(SplitOptions{ValidFiles: []string{"night.csv"}, TestFiles: []string{"south/day.csv"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Train) != 1 || s.Train[0].Name != "day.csv" || s.Test[0].Name != "south/day.csv" || s.Valid[0].Row[0] != 0 {
		t.Errorf("%+v", s)
	}
	// The training file alone fits: levels u and v in the file's own codes, mean 2.
	if in := s.Schema.Inputs; in[0].Mean != 2 || !slices.Equal(in[1].Levels, []string{"other", "u", "v"}) {
		t.Errorf("%+v", in)
	}
	if got := []float32{s.Test[0].At(0)[1], s.Test[0].At(1)[1], s.Valid[0].At(0)[1]}; !slices.Equal(got, []float32{0, 2, 2}) {
		t.Errorf("levels in other files: %v", got)
	}
	if s.By != "by file" || len(s.Warnings) != 2 {
		t.Errorf("%s %q", s.By, s.Warnings)
	}
}

func TestHash(t *testing.T) {
	base := open(t, rooms, Roles{Target: "busy", Series: "room"}).Hash()
	if again := open(t, rooms, Roles{Target: "busy", Series: "room"}).Hash(); again != base {
		t.Error("the same data have two hashes")
	}
	respelled := strings.Replace(strings.Replace(rooms, "20.5", "2.05e1", 1), ",NA,", ",?,", 1)
	if got := open(t, respelled, Roles{Target: "busy", Series: "room"}).Hash(); got != base {
		t.Error("the spelling of a number changes the hash")
	}
	for _, change := range [][2]string{{"23,", "23.0000001,"}, {"ajar", "ajra"}, {"10:35", "10:36"}, {"19.25,open,1", "19.25,open,0"}, {",b,", ",c,"}} {
		if got := open(t, strings.ReplaceAll(rooms, change[0], change[1]), Roles{Target: "busy", Series: "room"}).Hash(); got == base {
			t.Errorf("%v leaves the hash", change)
		}
	}
}

func TestTooSmallUnit(t *testing.T) {
	d := open(t, "t,x,y\n0,1,0\n1,2,1\n", Roles{Target: "y", Time: "t", TimeUnit: 1e-200})
	_, err := d.Split(SplitOptions{Valid: -1, Test: -1})
	refused(t, err, &table.DataError{}, "line 3", "--time-unit")
}

func TestNoRows(t *testing.T) {
	_, err := FromTable(&table.Table{Source: "none.csv", Columns: []table.Column{{Name: "x"}, {Name: "y"}}}, Roles{Target: "y"})
	refused(t, err, &table.DataError{}, "none.csv", "no row")
}

// The helper that checks errors must itself be able to fail.
func TestRefusedBites(t *testing.T) {
	right := &table.DataError{Source: "a.csv", Line: 3, Msg: "is wrong; --sort"}
	for _, c := range []struct {
		err       error
		kind      any
		fragments []string
	}{
		{nil, &table.DataError{}, nil},
		{right, &UsageError{}, nil},
		{right, &table.DataError{}, []string{"line 4"}},
		{&table.DataError{Msg: "two\nlines"}, &table.DataError{}, nil},
	} {
		probe := &testing.T{}
		refused(probe, c.err, c.kind, c.fragments...)
		if !probe.Failed() {
			t.Errorf("%v passes as %T with %q", c.err, c.kind, c.fragments)
		}
	}
	probe := &testing.T{}
	refused(probe, fmt.Errorf("wrapped: %w", right), &table.DataError{}, "line 3", "--sort")
	if probe.Failed() {
		t.Error("a right error does not pass")
	}
}

// Whatever a table holds, opening, dividing and auditing it ends in a result without NaN in dt, or in an error of one line.
func FuzzOpen(f *testing.F) {
	f.Add(rooms, "busy", "room", "", 1.0)
	f.Add(training, "busy", "room", "when", 0.0)
	f.Add(noisy(30, nil), "y", "id", "t", 3.0)
	f.Add("when,x,y\n2021-10-31 02:30,1,0\n2021-10-31 02:00,2,1\n", "y", "", "when", 60.0)
	f.Add("t,x,y\n1e300,1,0\n-1e300,2,1\n", "y", "", "t", 0.0)
	f.Fuzz(func(t *testing.T, text, target, id, clock string, horizon float64) {
		read, err := table.Read(strings.NewReader(text), "fuzz.csv", table.Options{Format: "csv"})
		if err != nil {
			return
		}
		r := Roles{Target: target, Series: id, Time: clock, Sort: len(text)%2 == 0, Zone: "Europe/Berlin", Horizon: Horizon{Rows: int(min(math.Abs(horizon), 9))}}
		d, err := FromTable(read, r)
		if err == nil {
			var s *Split
			s, err = d.Split(SplitOptions{Valid: 0.2, Test: 0.2})
			if a := d.Audit(s).String(); a == "" {
				t.Error("empty audit")
			}
			if err == nil {
				checkSplit(t, s)
			}
		}
		if err != nil && strings.ContainsAny(err.Error(), "\n\r") {
			t.Errorf("more than one line: %q", err)
		}
	})
}

// checkSplit checks what every model relies on.
func checkSplit(t *testing.T, s *Split) {
	t.Helper()
	if err := s.Schema.Check(); err != nil {
		t.Error(err)
	}
	for _, one := range slices.Concat(s.Train, s.Valid, s.Test) {
		for i, dt := range one.DT {
			if !(dt >= 0) || math.IsInf(float64(dt), 0) {
				t.Errorf("dt %v", dt)
			}
			if y := one.Y[i]; s.Schema.Target.Task == series.Classify && y == y && !(y >= 0 && int(y) < len(s.Schema.Target.Classes)) {
				t.Errorf("class %v of %d", y, len(s.Schema.Target.Classes))
			}
		}
		for i, x := range one.X {
			in := s.Schema.Inputs[i%len(s.Schema.Inputs)]
			if math.IsInf(float64(x), 0) || x != x && !in.Missing || in.Kind == series.Category && int(x) >= len(in.Levels) {
				t.Errorf("value %v of %+v", x, in)
			}
		}
	}
}
