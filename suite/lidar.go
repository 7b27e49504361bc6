package suite

import (
	"math"
	"path"
	"slices"
	"strconv"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

var lidar = Task{
	Name: "lidar", Title: "Steering a rover by laser ranges",
	Protocol: "29 traces in the order of their names, counted from 0: test 6 7 9 18 22 24 26; of the 22 others in order, positions 4, 9, 14 and 19 are " +
		"validation; 541 ranges, min(range, 10 m) / 10 m and 1 where there was no echo; windows of 32 rows, stride 16, all steps scored, every window mirrored too",
	Source: "autonomous rover traces of the ncps documentation", Files: []string{"lidar.zip"},
	Crossed: true, Measures: []Measure{of("mse")}, Goals: []Goal{{"mse", 0.1}}, Batch: 16,
	read: readLidar,
}

var lidarNcps = Task{
	Name: "lidar-ncps", Title: "Steering a rover by laser ranges, protocol of the ncps documentation",
	Protocol: "as lidar, with its validation traces in the training part: 678 training and 250 test windows; nothing is chosen here, the last epoch counts",
	Source:   lidar.Source, Files: lidar.Files, Crossed: true, Measures: lidar.Measures, Batch: 16,
	read: func(f Folder) (*Data, error) {
		d, err := readLidar(f)
		if err != nil {
			return nil, err
		}
		d.Train = dataset.Join(d.Train, d.Valid)
		d.Valid = dataset.Part{}
		return d, nil
	},
}

const lidarRanges, lidarFirst, lidarSteering = 541, 3, 544

func readLidar(f Folder) (*Data, error) {
	names, err := f.members("lidar.zip", ".csv")
	if err != nil {
		return nil, err
	}
	if err := f.count("lidar.zip", names, 29); err != nil {
		return nil, err
	}
	d := &Data{Schema: series.Schema{Clock: counted(), Target: series.Target{Name: "steering", Task: series.Regress, SD: 1}}}
	for k := range lidarRanges {
		d.Schema.Inputs = append(d.Schema.Inputs, series.Input{Name: "range " + strconv.Itoa(k), Kind: series.Numeric, SD: 1})
	}
	others := 0
	for i, name := range names {
		part := &d.Train
		switch {
		case slices.Contains([]int{6, 18, 9, 26, 7, 24, 22}, i):
			part = &d.Test
		default:
			if slices.Contains([]int{4, 9, 14, 19}, others) {
				part = &d.Valid
			}
			others++
		}
		rows, err := f.numbers("lidar.zip", name, table.Options{Delimiter: ','})
		if err != nil {
			return nil, err
		}
		for _, mirrored := range []bool{false, true} {
			s := drive(path.Base(name), rows, mirrored)
			for from := 0; from+32 < s.Len(); from += 16 {
				part.Windows = append(part.Windows, dataset.Window{Series: len(part.Series), From: from, To: from + 32})
			}
			part.Series = append(part.Series, s)
		}
	}
	return d, nil
}

// drive is a trace: ranges and steering, or their mirror image.
func drive(name string, rows [][]float64, mirrored bool) series.Series {
	s := series.Series{Name: name, Group: name, DT: ones(len(rows)), X: make([]float32, 0, len(rows)*lidarRanges)}
	sign := 1.0
	if mirrored {
		s.Name += " mirrored"
		sign = -1
	}
	for _, row := range rows {
		for k := range lidarRanges {
			at := lidarFirst + k
			if mirrored {
				at = lidarFirst + lidarRanges - 1 - k
			}
			share := 1.0
			if r := row[at]; r != 0 {
				share = math.Min(r, 10) / 10
			}
			s.X = append(s.X, float32(share))
		}
		s.Y = append(s.Y, sign*row[lidarSteering])
	}
	return s
}
