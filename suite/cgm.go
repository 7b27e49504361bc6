package suite

import (
	"math"
	"slices"
	"sort"
	"time"

	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

var cgm = Task{
	Name: "cgm", Title: "Glucose in 30 and 60 minutes",
	Protocol: "19 people by id: test 3, 7, 11, 15, validation 1, 9, 17, training the other 12; windows of 24 rows without a gap above 900 s, stride 1, of which the " +
		"readings nearest to 1,800 and 3,600 s after the last one are known (within 150 s); inputs: reading, change and seconds since the row before; the changes from the " +
		"last reading are predicted; RMSE in mg/dL",
	Source: "H. Hall et al.: Glucotypes reveal new patterns of glucose dysregulation, PLOS Biology 2018, CC BY 4.0", Files: []string{"cgm.zip"},
	LastOnly: true, Batch: 64,
	Measures: []Measure{horizon("rmse30", "RMSE in 30 minutes", 0), horizon("rmse60", "RMSE in 60 minutes", 1)}, Goals: []Goal{{"rmse30", 13.8}, {"rmse60", 21.8}},
	read: readCGM,
}

// horizon is the RMSE of one output.
func horizon(name, title string, output int) Measure {
	return called(known("rmse"), name, title, func(_ *Data, e *metric.Evaluator) *metric.Evaluator { return e.Output(output) })
}

const (
	readings       = 24  // rows of a window
	gapMost        = 900 // seconds between its rows
	near           = 150 // seconds by which a target may miss its time
	glucose, rises = 25, 10
)

// ahead are the horizons in seconds.
var ahead = []float64{1800, 3600}

// reading is one measurement of a person.
type reading struct{ at, level float64 }

func readCGM(f Folder) (*Data, error) {
	t, err := f.table("cgm.zip", "example_data_hall.csv", table.Options{Text: []string{"id"}})
	if err != nil {
		return nil, err
	}
	people, err := peopleOf(t)
	if err != nil {
		return nil, err
	}
	d := &Data{Schema: series.Schema{
		Inputs: []series.Input{{Name: "glucose", Kind: series.Numeric, Mean: 110, SD: glucose}, unit("change", rises), unit("intervals", 1)},
		Target: series.Target{Name: "change", Task: series.Regress, SD: 1, Outputs: 2, Horizon: ahead[1],
			Each: []series.Output{{Name: "in 30 minutes", SD: glucose}, {Name: "in 60 minutes", SD: glucose}}},
		Clock: series.Clock{Kind: series.Calendar, Column: "time", Unit: 300, FirstDT: 1},
	}}
	for i, id := range sortedKeys(people) {
		part := &d.Train
		switch {
		case i%4 == 3:
			part = &d.Test
		case slices.Contains([]int{1, 9, 17}, i):
			part = &d.Valid
		}
		part.Series = append(part.Series, stretches(id, people[id])...)
	}
	d.Train, d.Valid, d.Test = whole(d.Train.Series), whole(d.Valid.Series), whole(d.Test.Series)
	return d, nil
}

func sortedKeys[V any](m map[string]V) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// peopleOf are the readings of every person in order of time.
func peopleOf(t *table.Table) (map[string][]reading, error) {
	var columns [3]*table.Column
	for k, name := range []string{"id", "time", "gl"} {
		c, ok := t.Column(name)
		if !ok {
			return nil, &table.DataError{Source: t.Source, Column: name, Msg: "is not there; get the file again"}
		}
		columns[k] = c
	}
	people := map[string][]reading{}
	for row := range t.Rows {
		at, err := time.Parse("2006-01-02 15:04:05", columns[1].Cell(row))
		if err != nil {
			return nil, &table.DataError{Source: t.Source, Column: "time", Msg: err.Error()}
		}
		id := columns[0].Cell(row)
		people[id] = append(people[id], reading{float64(at.Unix()), columns[2].Num[row]})
	}
	for _, list := range people {
		sort.SliceStable(list, func(i, j int) bool { return list[i].at < list[j].at })
	}
	return people, nil
}

// stretches are the windows of a person, each a series of its own: what the first row's change was is not known in it.
func stretches(id string, list []reading) (windows []series.Series) {
	steady := 0 // rows in a row without a gap, up to and with the present one
	for e := range list {
		if gap := list[e].at - list[max(e-1, 0)].at; e > 0 && gap > 0 && gap <= gapMost {
			steady++
		} else {
			steady = 1
		}
		if steady < readings {
			continue
		}
		var labels []float64
		for _, seconds := range ahead {
			if i := closest(list, list[e].at+seconds); i >= 0 {
				labels = append(labels, list[i].level-list[e].level)
			}
		}
		if len(labels) < len(ahead) {
			continue
		}
		s := series.Series{Name: id}
		for i := e - readings + 1; i <= e; i++ {
			change, since := 0.0, 1.0
			if i > e-readings+1 {
				change, since = list[i].level-list[i-1].level, (list[i].at-list[i-1].at)/300
			}
			s.X = append(s.X, float32(list[i].level), float32(change), float32(since))
			s.DT, s.Time = append(s.DT, float32(since)), append(s.Time, list[i].at)
		}
		s.Y = append(unlabelled((readings-1)*len(ahead)), labels...)
		windows = append(windows, s)
	}
	return windows
}

// closest is the reading nearest to a time, the earlier of two, within near seconds; -1 where there is none.
func closest(list []reading, at float64) int {
	j := sort.Search(len(list), func(i int) bool { return list[i].at >= at })
	best := -1
	for _, i := range []int{j - 1, j} {
		if i < 0 || i >= len(list) || math.Abs(list[i].at-at) > near {
			continue
		}
		if best < 0 || math.Abs(list[i].at-at) < math.Abs(list[best].at-at) {
			best = i
		}
	}
	return best
}
