package dataset

import (
	"bytes"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

// The figures are those of the published descriptions, and of an independent evaluation of the same splits.
func TestBuiltins(t *testing.T) {
	for _, c := range []struct {
		name                             string
		rows, inputs, train, valid, test int // scored rows of the parts
		ones                             [3]int
		mean, sd                         float64 // of the first input
		unit                             float64
	}{
		{"occupancy", 20560, 5, 8143, 2665, 9752, [3]int{1729, 972, 2049}, 20.6190836403, 1.0168539980, 60},
		{"ozone", 2534, 72, 1773, 254, 507, [3]int{131, 11, 18}, 1.7203467337, 1.3253846016, 86400},
		{"traffic", 40575, 11, 25837, 4051, 8096, [3]int{}, 3264.6042180128, 1989.3239510267, 3600},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Open(c.name, Roles{})
			if err != nil {
				t.Fatal(err)
			}
			s, err := d.Split(d.DefaultSplit())
			if err != nil {
				t.Fatal(err)
			}
			in := s.Schema.Inputs
			if d.Rows() != c.rows || len(in) != c.inputs || s.Schema.Clock.Unit != c.unit {
				t.Errorf("%d rows, %d inputs, unit %g", d.Rows(), len(in), s.Schema.Clock.Unit)
			}
			if !near(in[0].Mean, c.mean, 1e-10) || !near(in[0].SD, c.sd, 1e-10) {
				t.Errorf("%s: mean %.10f, sd %.10f", in[0].Name, in[0].Mean, in[0].SD)
			}
			for i, part := range [][]series.Series{s.Train, s.Valid, s.Test} {
				scored, ones := 0, 0
				for k := range part {
					scored += part[k].Scored()
					for _, y := range part[k].Y {
						if y == 1 && s.Schema.Target.Task == series.Classify {
							ones++
						}
					}
				}
				if want := []int{c.train, c.valid, c.test}[i]; scored != want || ones != c.ones[i] {
					t.Errorf("%s part: %d scored, %d ones; want %d, %d", partNames[i], scored, ones, want, c.ones[i])
				}
			}
			if err := s.Schema.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestBuiltinRolesYield: roles of the user take columns away from what a built-in data set says of itself.
func TestBuiltinRolesYield(t *testing.T) {
	for _, c := range []struct {
		name   string
		roles  Roles
		task   series.Task
		inputs string
	}{
		{"occupancy", Roles{Target: "Light"}, series.Regress, "Temperature Humidity CO2 HumidityRatio"},
		{"occupancy", Roles{Drop: []string{"Light", "CO2"}}, series.Classify, "Temperature Humidity HumidityRatio"},
		{"occupancy", Roles{Target: "Light", Inputs: []string{"CO2"}}, series.Regress, "CO2"},
		{"traffic", Roles{Target: "temp"}, series.Regress, "traffic_volume temp rain_1h snow_1h clouds_all holiday weather_main"},
		{"traffic", Roles{Target: "weather_main"}, series.Classify, "traffic_volume temp rain_1h snow_1h clouds_all holiday weather_main"},
	} {
		d, err := Open(c.name, c.roles)
		if err != nil {
			t.Errorf("%s %+v: %v", c.name, c.roles, err)
			continue
		}
		if got := strings.Join(d.Roles.Inputs, " "); got != c.inputs || d.Roles.Task != c.task {
			t.Errorf("%s %+v: %s from %s; want %s from %s", c.name, c.roles, d.Roles.Task, got, c.task, c.inputs)
		}
	}
	if b, _ := Lookup("occupancy"); len(b.Roles.Inputs) != 5 {
		t.Errorf("the built-in roles were changed: %q", b.Roles.Inputs)
	}
}

func TestOccupancyAudit(t *testing.T) {
	d, err := Open("occupancy", Roles{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Split(d.Builtin.Split)
	if err != nil {
		t.Fatal(err)
	}
	a := d.Audit(s)
	light := a.Rules[0]
	if light.Column != "Light" || light.Form != "1 where Light > 365.125" || !near(light.Test, 0.9931, 1e-4) {
		t.Errorf("%+v", light)
	}
	if len(a.Warnings) != 1 || !strings.HasPrefix(a.Warnings[0], "Light alone predicts the label with 98.8 % accuracy on the training part and 99.3 % on the test part") {
		t.Errorf("%q", a.Warnings)
	}
}

func TestProtocols(t *testing.T) {
	want := map[string][3]int{
		"occupancy paper":     {7316, 812, 1550}, // 8,128 windows, a tenth of them drawn
		"ozone paper-leaky":   {471, 62, 93},
		"traffic paper-leaky": {9034, 1204, 1806},
	}
	for _, b := range Builtins() {
		for _, p := range b.Protocols {
			d, err := b.OpenProtocol(p, Roles{})
			if err != nil {
				t.Fatal(err)
			}
			s, err := d.Split(*p.Split)
			if err != nil {
				t.Fatal(err)
			}
			train, valid, test, warnings := p.Cut(s)
			got := [3]int{len(train.Windows), len(valid.Windows), len(test.Windows)}
			if name := b.Name + " " + p.Name; got != want[name] {
				t.Errorf("%s: %v windows, want %v", name, got, want[name])
			}
			if len(warnings) == 0 {
				t.Errorf("%s %s draws windows that overlap and says nothing", b.Name, p.Name)
			}
			if again, err := b.Protocol(p.Name); err != nil || again.Name != p.Name {
				t.Errorf("%v %v", again, err)
			}
		}
	}
	_, err := Builtins()[0].Protocol("papper")
	refused(t, err, &UsageError{}, "--protocol", `"paper"`)
}

func TestTrafficAsDescribed(t *testing.T) {
	d, err := Open("traffic", Roles{Horizon: Horizon{Rows: 1}, Calendar: []string{"yearday"}})
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(d.Notes, "\n")
	if !strings.Contains(notes, `10 values of column "temp"`) || !strings.Contains(notes, `1 values of column "rain_1h"`) {
		t.Errorf("notes: %s", notes)
	}
	if d.Roles.Horizon.Rows != 1 || len(d.Roles.Calendar) != 1 || d.Roles.Target != "traffic_volume" || !d.Roles.TargetAsInput {
		t.Errorf("%+v", d.Roles)
	}
	a := d.Audit(nil)
	if a.Duplicates != 7629 || a.Clock.GapCount != 195 {
		t.Errorf("%d duplicates, %d gaps", a.Duplicates, a.Clock.GapCount)
	}
}

func TestLookup(t *testing.T) {
	if len(Builtins()) != len(builtins) || len(builtins) < 3 {
		t.Fatal("the registry is not complete")
	}
	for _, b := range Builtins() {
		got, err := Lookup(b.Name)
		if err != nil || got != b {
			t.Errorf("%s: %v %v", b.Name, got, err)
		}
		if b.Title == "" || b.Description == "" || !strings.Contains(b.Source, "doi") || b.Licence == "" || strings.Contains(b.Name, ".") {
			t.Errorf("%s lacks a description, a source, a licence, or has a name like a file", b.Name)
		}
	}
	_, err := Lookup("trafic")
	refused(t, err, &NotFoundError{}, `"traffic"`)
	_, err = Lookup("electricity")
	refused(t, err, &NotFoundError{}, "built in: occupancy, ozone, traffic")
}

// A built-in data set written to a file and read again under its roles is the same data.
func TestConvertBuiltin(t *testing.T) {
	tables, err := ReadTables("ozone", table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"csv", "jsonl", "parquet"} {
		var file bytes.Buffer
		if err := table.Write(&file, tables[0], format); err != nil {
			t.Fatal(err)
		}
		again, err := table.Read(&file, "eighthr.data", table.Options{Format: format})
		if err != nil {
			t.Fatal(err)
		}
		d, err := FromTable(again, ozone.Roles)
		if err != nil {
			t.Fatal(err)
		}
		want, err := ozone.Open(Roles{})
		if err != nil {
			t.Fatal(err)
		}
		if d.Hash() != want.Hash() {
			t.Errorf("%s: another hash", format)
		}
	}
	_, err = ReadTables("ozon", table.Options{})
	refused(t, err, &NotFoundError{}, `"ozone"`)
}
