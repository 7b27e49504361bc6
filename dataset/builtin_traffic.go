package dataset

import "github.com/elegans-nn/elegans/series"

// traffic: how many vehicles will pass in the next hour? Hourly counts over six years, with gaps of up to months.
var traffic = Builtin{
	Name:        "traffic",
	Title:       "Traffic on the I-94, one hour ahead",
	Description: "westbound vehicles an hour between Minneapolis and St Paul, 2012 to 2018, with weather and holidays; hours are missing and hours appear twice (once per weather report; the first is kept); the volume of the next hour is to be predicted",
	Source:      "J. Hogue: Metro Interstate Traffic Volume, UCI Machine Learning Repository, 2019, doi 10.24432/C5X60B",
	Licence:     "CC BY 4.0",
	Roles: Roles{
		Target: "traffic_volume", Time: "date_time", Task: series.Regress,
		Inputs: []string{"traffic_volume", "temp", "rain_1h", "snow_1h", "clouds_all", "holiday", "weather_main"},
		// Half an hour of tolerance: the next hour, or no label where it is absent.
		Horizon: Horizon{Seconds: 3600}, HorizonTolerance: 1800, TargetAsInput: true,
		Calendar: []string{"hour", "weekday"}, Duplicates: KeepFirst,
		Missing: Missing{Impute: "hold"}, Clip: 6,
	},
	Faults: []Fault{
		{Column: "temp", Least: 200, Most: 340, Why: "0 K stands where no temperature was known"},
		{Column: "rain_1h", Least: 0, Most: 60, Why: "9,831 mm of rain in an hour cannot be"},
	},
	// Distinct hours 0 to 28401, 28402 to 32459 and 32460 to 40574; the past of a later part reaches back one week.
	Split: SplitOptions{Valid: 0.1, Test: 0.2, Context: 168},
	Protocols: []Protocol{{
		Name:        "paper-leaky",
		Description: "Hasani et al. 2021: the volume of the same hour from weather and calendar, windows of 32, stride 4, divided at random into 75, 10 and 15 %; they overlap, so the score is too good",
		Window:      32, TrainStride: 4, TestStride: 4,
		ResetState: true, FullWindows: true,
		DrawValid: 0.1, DrawTest: 0.15, Seed: 1,
		Split: &SplitOptions{Valid: -1, Test: -1},
		Roles: &Roles{
			Target: "traffic_volume", Time: "date_time", Task: series.Regress,
			Inputs:   []string{"temp", "rain_1h", "snow_1h", "clouds_all", "holiday"},
			Calendar: []string{"hour", "weekday"}, Missing: Missing{Impute: "hold"}, Clip: 6,
		},
	}},
	archive: "traffic.zip",
	members: []string{"Metro_Interstate_Traffic_Volume.csv"},
}
