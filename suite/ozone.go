package suite

import (
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/train"
)

var ozoneChrono = Task{
	Name: "ozone", Title: "Ozone days, later years",
	Protocol: "rows in time order, divided by the labelled row: training 31 to 1772, validation 1773 to 2026, test 2027 to 2533; a window " +
		"is that row and the 31 before it (past inputs reach back over a border); z-scores of the observed values of rows 0 to 1772, missing " +
		"values become the mean, clipped to ±6; dt in days; a positive day weighs 5 in training",
	Source: builtinSource("ozone"), LastOnly: true, Measures: []Measure{of("auprc"), of("f1"), of("auroc")}, Goals: []Goal{{"auprc", 0.5}}, Threshold: "f1", Batch: 32,
	read: func(Folder) (*Data, error) {
		d, err := builtin("ozone", nil, dataset.Protocol{Window: 32, TrainStride: 1, TestStride: 1, FullWindows: true, LastOnly: true})
		if err != nil {
			return nil, err
		}
		d.Options = train.Options{ClassWeights: []float64{1, 5}}
		return d, nil
	},
}
