package dataset

import "github.com/elegans-nn/elegans/series"

// occupancy: is someone in the room? One row a minute of five sensors in an office; three files from three weeks.
var occupancy = Builtin{
	Name:        "occupancy",
	Title:       "Room occupancy from five sensors",
	Description: "an office measured once a minute (59 to 61 s apart); is someone in? Light alone nearly says it, so a good score shows robustness to drift rather than memory",
	Source:      "L. Candanedo: Occupancy Detection, UCI Machine Learning Repository, 2016, doi 10.24432/C5X01N",
	Licence:     "CC BY 4.0",
	Roles: Roles{
		Target: "Occupancy", Time: "Date", Task: series.Classify,
		Inputs: []string{"Temperature", "Humidity", "Light", "CO2", "HumidityRatio"},
	},
	Split: SplitOptions{ValidFiles: []string{"datatest.txt"}, TestFiles: []string{"datatest2.txt"}},
	Protocols: []Protocol{{
		Name:        "paper",
		Description: "Hasani et al. 2021: windows of 16, every step scored, validation = a random tenth of the training windows, test = both test files (most test rows count twice)",
		Window:      16, TrainStride: 1, TestStride: 8,
		ResetState: true, FullWindows: true,
		DrawValid: 0.1, Seed: 1,
		Split: &SplitOptions{TestFiles: []string{"datatest.txt", "datatest2.txt"}},
	}},
	archive: "occupancy.zip",
	members: []string{"datatraining.txt", "datatest.txt", "datatest2.txt"},
}
