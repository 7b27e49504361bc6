package suite

import (
	"github.com/elegans-nn/elegans/dataset"
)

var occupancyMeasures = []Measure{of("accuracy"), of("balanced_accuracy"), of("f1"), of("auroc")}

var occupancyChrono = Task{
	Name: "occupancy", Title: "Room occupancy, later weeks",
	Protocol: "windows of 16 rows, stride 1, the label of the last row; training: all windows of datatraining (4 to 10 February), " +
		"validation: of datatest (2 to 4 February), test: of datatest2 (11 to 18 February); z-scores of the rows of datatraining",
	Source: builtinSource("occupancy"), LastOnly: true, Measures: occupancyMeasures, Goals: []Goal{{"accuracy", 0.993}}, Batch: 32,
	read: func(Folder) (*Data, error) {
		return builtin("occupancy", nil, dataset.Protocol{Window: 16, TrainStride: 1, TestStride: 1, FullWindows: true, LastOnly: true})
	},
}

var occupancyPaper = Task{
	Name: "occupancy-paper", Title: "Room occupancy, split of the LTC paper without its leak",
	Protocol: "windows of 16 rows, every row scored; training: stride 1 in datatraining, starts 0 to 7300, validation: starts 7316 to " +
		"8127 instead of a random tenth, so that no row is shared; test: stride 8 in datatest and datatest2 (most rows count twice)",
	Source: builtinSource("occupancy"), Measures: occupancyMeasures, Batch: 32,
	read: func(Folder) (*Data, error) {
		p := dataset.Protocol{Window: 16, TrainStride: 1, TestStride: 8, FullWindows: true}
		d, err := builtin("occupancy", &dataset.SplitOptions{TestFiles: []string{"datatest.txt", "datatest2.txt"}}, p)
		if err != nil {
			return nil, err
		}
		const valid, gap = 812, 15 // windows, and those between the parts that share rows with both
		n := len(d.Train.Windows)
		d.Valid = dataset.Part{Series: d.Train.Series, Windows: d.Train.Windows[n-valid:]}
		d.Train.Windows = d.Train.Windows[:n-valid-gap]
		return d, nil
	},
}

// builtinSource says where the data of a built-in data set come from.
func builtinSource(name string) string {
	b, err := dataset.Lookup(name)
	if err != nil {
		panic(err.Error())
	}
	return b.Source
}

// builtin is a built-in data set, split and cut; split nil is its default.
func builtin(name string, split *dataset.SplitOptions, p dataset.Protocol) (*Data, error) {
	b, err := dataset.Lookup(name)
	if err != nil {
		return nil, err
	}
	set, err := b.OpenProtocol(p, dataset.Roles{})
	if err != nil {
		return nil, err
	}
	if split == nil {
		split = &b.Split
	}
	s, err := set.Split(*split)
	if err != nil {
		return nil, err
	}
	d := &Data{Schema: s.Schema}
	d.Train, d.Valid, d.Test, _ = p.Cut(s)
	return d, nil
}
