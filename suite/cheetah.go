package suite

import (
	"fmt"
	"path"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

const cheetahProtocol = "files in the order of their names: validation 0 to 4, test 5 to 14, training 15 to 24; windows of 32 rows, starts 0, 10, …, " +
	"960, each row scored against the 17 values of the next one; z-scores of the rows of files 15 to 24; squared error in raw units, mean over windows, " +
	"steps and columns, and so is the loss"

var cheetah = Task{
	Name: "cheetah", Title: "Half-cheetah, the next observation",
	Protocol: cheetahProtocol, Source: "MuJoCo half-cheetah rollouts of Hasani et al. 2021, Apache-2.0",
	Files: []string{"cheetah.zip"}, Measures: cheetahMeasures, Batch: 16,
	read: func(f Folder) (*Data, error) { return readCheetah(f, 0) },
}

var cheetahClip = Task{
	Name: "cheetah-clip", Title: "Half-cheetah, the next observation, inputs clipped",
	Protocol: cheetahProtocol + "; scaled inputs are clipped to ±5", Source: cheetah.Source,
	Files: cheetah.Files, Measures: cheetahMeasures, Goals: []Goal{{"mse", 2.05}}, Batch: 16,
	read: func(f Folder) (*Data, error) { return readCheetah(f, 5) },
}

var cheetahMeasures = []Measure{of("mse")}

// readCheetah reads rollouts as series: the inputs are a row's 17 values, the labels those of the next row.
func readCheetah(f Folder, clip float64) (*Data, error) {
	names, err := f.members("cheetah.zip", ".npy")
	if err != nil {
		return nil, err
	}
	if err := f.count("cheetah.zip", names, 31); err != nil {
		return nil, err
	}
	var list []series.Series
	var training [][]float64
	for i, name := range names[:25] {
		rows, err := f.numbers("cheetah.zip", name, table.Options{})
		if err != nil {
			return nil, err
		}
		list = append(list, nextRow(path.Base(name), rows))
		if i >= 15 {
			training = append(training, rows...)
		}
	}
	d := &Data{Schema: cheetahSchema(training, clip)}
	for _, o := range d.Schema.Target.Each {
		d.Options.OutputWeights = append(d.Options.OutputWeights, o.SD*o.SD)
	}
	normalise(d.Options.OutputWeights)
	for _, part := range []struct {
		into     *dataset.Part
		from, to int
	}{{&d.Valid, 0, 5}, {&d.Test, 5, 15}, {&d.Train, 15, 25}} {
		own := list[part.from:part.to]
		*part.into = dataset.Part{Series: own}
		for i := range own {
			for from := 0; from+32 < own[i].Len(); from += 10 {
				part.into.Windows = append(part.into.Windows, dataset.Window{Series: i, From: from, To: from + 32})
			}
		}
	}
	return d, nil
}

// nextRow is a series whose labels are the values of the next row.
func nextRow(name string, rows [][]float64) series.Series {
	s := series.Series{Name: name, X: float32s(rows), DT: ones(len(rows))}
	for _, row := range rows[1:] {
		s.Y = append(s.Y, row...)
	}
	s.Y = append(s.Y, unlabelled(len(rows[0]))...)
	return s
}

func cheetahSchema(training [][]float64, clip float64) series.Schema {
	s := series.Schema{Clock: counted(), Target: series.Target{Name: "next", Task: series.Regress, SD: 1, Horizon: 1, HorizonRows: true}}
	for k := range training[0] {
		in := number(fmt.Sprintf("o%d", k), column(training, k))
		in.Clip = clip
		s.Inputs = append(s.Inputs, in)
		s.Target.Each = append(s.Target.Each, series.Output{Name: in.Name, Mean: in.Mean, SD: in.SD})
	}
	s.Target.Outputs = len(s.Target.Each)
	return s
}

// normalise divides weights by their mean.
func normalise(weights []float64) {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	for i := range weights {
		weights[i] *= float64(len(weights)) / sum
	}
}
