package suite

import (
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/train"
)

// The splits of the LTC paper divide windows that overlap at random, so that a part of nearly every test window was trained
// on: they serve to compare with its figures, beside the same windows divided by time.

var occupancyLeaky = Task{
	Name: "occupancy-leaky", Title: "Room occupancy, split of the LTC paper (validation overlaps training)",
	Protocol: "windows of 16 rows, stride 1 in datatraining, a random tenth of them validation; test: stride 8 in datatest and datatest2; every row scored",
	Source:   builtinSource("occupancy"), Leaky: true, Measures: occupancyMeasures, Batch: 16,
	read: func(Folder) (*Data, error) { return published("occupancy", "paper", train.Options{}) },
}

var ozoneLeaky = Task{
	Name: "ozone-leaky", Title: "Ozone days, random split of the LTC paper (leaky)",
	Protocol: "windows of 32 rows, stride 4, divided at random into 75, 10 and 15 %: they overlap, so the score is too good; every row scored",
	Source:   builtinSource("ozone"), Leaky: true, Measures: []Measure{of("f1"), of("auprc"), of("auroc")}, Threshold: "f1", Batch: 16,
	read: func(Folder) (*Data, error) {
		return published("ozone", "paper-leaky", train.Options{ClassWeights: []float64{1, 5}})
	},
}

var ozonePaper = Task{
	Name: "ozone-paper", Title: "Ozone days, windows of the LTC paper divided by time",
	Protocol: "windows of 32 rows, stride 4, of the first 75 % of all rows for training, the next 10 % for validation and the last 15 % for the test, so that none " +
		"is shared; every row scored",
	Source: ozoneLeaky.Source, Measures: ozoneLeaky.Measures, Threshold: ozoneLeaky.Threshold, Batch: ozoneLeaky.Batch,
	read: func(Folder) (*Data, error) {
		return byTime("ozone", "paper-leaky", train.Options{ClassWeights: []float64{1, 5}})
	},
}

var trafficLeaky = Task{
	Name: "traffic-leaky", Title: "Traffic on the I-94, random split of the LTC paper (leaky)",
	Protocol: "the volume of the same hour from weather, holiday and calendar; windows of 32 rows, stride 4, divided at random into 75, 10 and 15 %: they overlap, " +
		"so the score is too good; every row scored; a gap counts for 24 hours at most; squared error in units of the variance of the volume",
	Source: builtinSource("traffic"), Leaky: true, Batch: 16,
	Measures: []Measure{called(known("mse"), "mse_std", "standardised MSE", standardised), of("rmse")},
	read: func(Folder) (*Data, error) {
		return shortened(longest)(published("traffic", "paper-leaky", train.Options{}))
	},
}

var trafficPaper = Task{
	Name: "traffic-paper", Title: "Traffic on the I-94, windows of the LTC paper divided by time",
	Protocol: "the volume of the same hour from weather, holiday and calendar; windows of 32 rows, stride 4, of the first 75 % of all rows for training, the next 10 % for " +
		"validation and the last 15 % for the test, so that none is shared; every row scored; a gap counts for 24 hours at most; squared error in units of the variance of the volume",
	Source: trafficLeaky.Source, Measures: trafficLeaky.Measures, Batch: trafficLeaky.Batch,
	read: func(Folder) (*Data, error) {
		return shortened(longest)(byTime("traffic", "paper-leaky", train.Options{}))
	},
}

// published is a built-in data set under one of its protocols.
func published(name, protocol string, o train.Options) (*Data, error) {
	return cut(name, protocol, o, func(*dataset.Protocol) {})
}

// byTime is the same with the windows of each part from a time of its own, in the shares that were drawn.
func byTime(name, protocol string, o train.Options) (*Data, error) {
	return cut(name, protocol, o, func(p *dataset.Protocol) {
		split := *p.Split
		split.Valid, split.Test = p.DrawValid, p.DrawTest
		p.Split, p.DrawValid, p.DrawTest = &split, 0, 0
	})
}

// shortened lets no gap count for more units of time than most: months are more steps than an explicit cell takes.
func shortened(most float32) func(*Data, error) (*Data, error) {
	return func(d *Data, err error) (*Data, error) {
		if err != nil {
			return nil, err
		}
		for _, part := range []dataset.Part{d.Train, d.Valid, d.Test} {
			for _, s := range part.Series {
				for row, dt := range s.DT {
					s.DT[row] = min(dt, most)
				}
			}
		}
		return d, nil
	}
}

func cut(name, protocol string, o train.Options, change func(*dataset.Protocol)) (*Data, error) {
	b, err := dataset.Lookup(name)
	if err != nil {
		return nil, err
	}
	p, err := b.Protocol(protocol)
	if err != nil {
		return nil, err
	}
	change(&p)
	d, err := builtin(name, p.Split, p)
	if err != nil {
		return nil, err
	}
	d.Options = o
	return d, nil
}
