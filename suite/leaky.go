package suite

import (
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/train"
)

// The splits of the LTC paper divide windows that overlap at random, so that a part of nearly every test window was trained
// on: they serve to compare with its figures, beside the splits without a leak.

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

var trafficLeaky = Task{
	Name: "traffic-leaky", Title: "Traffic on the I-94, random split of the LTC paper (leaky)",
	Protocol: "the volume of the same hour from weather, holiday and calendar; windows of 32 rows, stride 4, divided at random into 75, 10 and 15 %: they overlap, " +
		"so the score is too good; every row scored; squared error in units of the variance of the volume",
	Source: builtinSource("traffic"), Leaky: true, Batch: 16,
	Measures: []Measure{called(known("mse"), "mse_std", "standardised MSE", standardised), of("rmse")},
	read:     func(Folder) (*Data, error) { return published("traffic", "paper-leaky", train.Options{}) },
}

// published is a built-in data set under one of its protocols.
func published(name, protocol string, o train.Options) (*Data, error) {
	b, err := dataset.Lookup(name)
	if err != nil {
		return nil, err
	}
	p, err := b.Protocol(protocol)
	if err != nil {
		return nil, err
	}
	d, err := builtin(name, p.Split, p)
	if err != nil {
		return nil, err
	}
	d.Options = o
	return d, nil
}
