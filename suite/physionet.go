package suite

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

var physionet = Task{
	Name: "physionet", Title: "PhysioNet 2012, death in hospital",
	Protocol: "sets a and b, 8,000 stays; RecordID % 5 == 0 is test, 1 validation, the others training; 48 hours, of each the last value of 37 variables, within the " +
		"0.1 and 99.9 percentile of the training stays and z-scored by them; what was not measured is held from its last value (the mean before the first) with a mask and " +
		"the time since; beside the sequence age, gender, height, first weight and type of the unit; one decision after 48 hours",
	Source: "I. Silva et al.: PhysioNet/Computing in Cardiology Challenge 2012, ODC-By", Files: []string{"physionet2012.zip"},
	LastOnly: true, Measures: []Measure{of("auroc"), of("auprc")}, Goals: []Goal{{"auroc", 0.885}}, Batch: 64,
	read: readPhysioNet,
}

var physionetEvents = Task{
	Name: "physionet-events", Title: "PhysioNet 2012, death in hospital, from the events as they came",
	Protocol: "stays, parts and scaling of task physionet; a row for each minute in which something was measured, with its true distance in hours from the row before; " +
		"nothing is held from before: what was not measured is a mask of 0, with the time since it was, beside a value of 0, the mean; GRU-D decays to that " +
		"by itself; one decision at the last row",
	Source: physionet.Source, Files: physionet.Files, LastOnly: true, Measures: physionet.Measures, Batch: 64,
	read: func(f Folder) (*Data, error) {
		stays, err := readStays(f)
		if err != nil {
			return nil, err
		}
		d := divided(stays, momentsOf)
		for i := range d.Schema.Inputs {
			d.Schema.Inputs[i].Hold = false
		}
		return d, nil
	},
}

const stayHours = 48

// statics are the values of a stay that stand beside its sequence, in the order of its inputs.
var statics = []string{"Age", "Gender", "Height", "Weight", "ICUType"}

// event is one measurement of a stay.
type event struct {
	minute float64
	name   string
	value  float64
}

// stay is a patient in intensive care.
type stay struct {
	id     int
	death  bool
	static [5]float64 // NaN where not known
	events []event
}

func readPhysioNet(f Folder) (*Data, error) {
	stays, err := readStays(f)
	if err != nil {
		return nil, err
	}
	return divided(stays, hoursOf), nil
}

// readStays reads sets a and b, in the order of the ids.
func readStays(f Folder) (stays []*stay, err error) {
	deaths := map[int]bool{}
	err = f.each("physionet2012.zip", func(member *zip.File) error {
		base, dir := path.Base(member.Name), path.Base(path.Dir(member.Name))
		outcomes := base == "Outcomes-a.txt" || base == "Outcomes-b.txt"
		if !outcomes && !(strings.HasSuffix(base, ".txt") && (dir == "set-a" || dir == "set-b")) {
			return nil
		}
		text, err := content(member)
		if err != nil {
			return err
		}
		if outcomes {
			readOutcomes(text, deaths)
			return nil
		}
		s, err := readStay(text)
		if s.id, _ = strconv.Atoi(strings.TrimSuffix(base, ".txt")); err == nil {
			stays = append(stays, s)
			return nil
		}
		return &table.DataError{Source: f.path("physionet2012.zip") + "/" + member.Name, Msg: err.Error()}
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(stays, func(a, b *stay) int { return a.id - b.id })
	for _, s := range stays {
		died, ok := deaths[s.id]
		if !ok {
			return nil, &table.DataError{Source: f.path("physionet2012.zip"), Msg: fmt.Sprintf("says of stay %d no outcome; get the file again", s.id)}
		}
		s.death = died
	}
	return stays, nil
}

// readOutcomes reads lines RecordID,SAPS-I,SOFA,Length_of_stay,Survival,In-hospital_death.
func readOutcomes(text []byte, deaths map[int]bool) {
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), ",")
		id, err := strconv.Atoi(cells[0])
		if err == nil && len(cells) == 6 {
			deaths[id] = cells[5] == "1"
		}
	}
}

// readStay reads lines Time,Parameter,Value. A value of -1 is missing, and so is a parameter without a name.
func readStay(text []byte) (*stay, error) {
	s := &stay{static: [5]float64{nan, nan, nan, nan, nan}}
	for line := range bytes.Lines(text) {
		cells := strings.Split(strings.TrimSpace(string(line)), ",")
		if len(cells) != 3 || cells[0] == "Time" {
			continue
		}
		hour, minute, ok := strings.Cut(cells[0], ":")
		h, err1 := strconv.Atoi(hour)
		m, err2 := strconv.Atoi(minute)
		value, err3 := strconv.ParseFloat(cells[2], 64)
		if !ok || err1 != nil || err2 != nil || err3 != nil {
			return s, fmt.Errorf("line %q is not HH:MM,PARAMETER,VALUE; get the file again", strings.TrimSpace(string(line)))
		}
		name := cells[1]
		if name == "" || name == "RecordID" || value == -1 {
			continue
		}
		if k := slices.Index(statics, name); k >= 0 {
			if name != "Weight" || math.IsNaN(s.static[k]) {
				s.static[k] = value
			}
			if name != "Weight" { // which is measured again and again
				continue
			}
		}
		s.events = append(s.events, event{float64(60*h + m), name, value})
	}
	return s, nil
}

// variables are the names of everything that is measured, by letters.
func variables(stays []*stay) (names []string) {
	seen := map[string]bool{}
	for _, s := range stays {
		for _, e := range s.events {
			seen[e.name] = true
		}
	}
	return sortedKeys(seen)
}

// divided are stays as series, in three parts by their ids.
func divided(stays []*stay, of func(s *stay, names []string) series.Series) *Data {
	d, names := &Data{}, variables(stays)
	var training []*stay
	for _, s := range stays {
		part := &d.Train
		switch s.id % 5 {
		case 0:
			part = &d.Test
		case 1:
			part = &d.Valid
		default:
			training = append(training, s)
		}
		part.Series = append(part.Series, of(s, names))
	}
	d.Schema = stayData(d.Train.Series, training, names)
	d.Train, d.Valid, d.Test = whole(d.Train.Series), whole(d.Valid.Series), whole(d.Test.Series)
	return d
}

// hoursOf is a stay by the hour: the last value of each variable in it.
func hoursOf(s *stay, names []string) series.Series {
	minutes := make([]float64, stayHours)
	for i := range minutes {
		minutes[i] = float64(60 * i)
	}
	return s.rows(names, minutes)
}

// momentsOf is a stay by its measurements: a row for each minute in which something was measured, at least one.
func momentsOf(s *stay, names []string) series.Series {
	minutes := []float64{0}
	for _, e := range s.events {
		minutes = append(minutes, e.minute)
	}
	slices.Sort(minutes)
	return s.rows(names, slices.Compact(minutes))
}

// rows are the stay as a series with a row for each of the minutes, which ascend from 0: what was measured from that minute
// on and before the next, the last value of each variable, and the statics.
func (s *stay) rows(names []string, minutes []float64) series.Series {
	width := len(names) + len(statics)
	out := series.Series{Name: strconv.Itoa(s.id), X: make([]float32, len(minutes)*width), DT: ones(len(minutes)), Y: unlabelled(len(minutes))}
	for row := range minutes {
		x := out.X[row*width : (row+1)*width]
		for k := range names {
			x[k] = float32(nan)
		}
		for k, v := range s.static {
			x[len(names)+k] = float32(v)
		}
		x[width-1] = float32(level(s.static[4]))
		if row > 0 {
			out.DT[row] = float32((minutes[row] - minutes[row-1]) / 60)
		}
	}
	for _, e := range s.events {
		k, _ := slices.BinarySearch(names, e.name)
		row, exact := slices.BinarySearch(minutes, e.minute)
		if !exact {
			row--
		}
		out.X[row*width+k] = float32(e.value)
	}
	out.Y[out.Len()-1] = 0
	if s.death {
		out.Y[out.Len()-1] = 1
	}
	return out
}

// level of the type of the unit; 0 where it is not known.
func level(v float64) float64 {
	if v >= 1 && v <= 4 {
		return v
	}
	return 0
}

// stayData fits the schema to the training stays.
func stayData(list []series.Series, training []*stay, names []string) series.Schema {
	s := series.Schema{Clock: series.Clock{Kind: series.Elapsed, Unit: 3600, FirstDT: 1},
		Target: series.Target{Name: "death in hospital", Task: series.Classify, Classes: []string{"no", "yes"}, LastStep: true}}
	for k, name := range names {
		s.Inputs = append(s.Inputs, measured(name, observedValues(list, k)))
	}
	for k, name := range statics {
		var values []float64
		for _, t := range training {
			values = append(values, t.static[k])
		}
		in := number(name+" on admission", values)
		in.Missing = true
		switch name {
		case "Gender":
			in.Mean, in.SD, in.Impute = 0, 1, 0
		case "ICUType":
			in = series.Input{Name: name, Kind: series.Category, Levels: []string{series.Other, "1", "2", "3", "4"}}
		default:
			in.Clip = 4
		}
		s.Inputs = append(s.Inputs, in)
	}
	return s
}

// observedValues are those of input k.
func observedValues(list []series.Series, k int) (values []float64) {
	for i := range list {
		for row := range list[i].Len() {
			if v := list[i].At(row)[k]; v == v {
				values = append(values, float64(v))
			}
		}
	}
	return values
}

// measured is an input that is held between its values, with a mask and the time since the last one.
func measured(name string, values []float64) series.Input {
	slices.Sort(values)
	lo, hi := series.Quantile(values, 0.001), series.Quantile(values, 0.999)
	for i, v := range values {
		values[i] = math.Max(lo, math.Min(hi, v))
	}
	in := number(name, values)
	in.Missing, in.Hold, in.Mask, in.Since = true, true, true, true
	if lo < hi {
		in.Range = []float64{lo, hi}
	}
	return in
}
