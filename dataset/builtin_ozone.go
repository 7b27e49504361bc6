package dataset

import (
	"fmt"

	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

// ozone: was the ozone limit exceeded that day? One row a day for seven years, some days absent, 72 weather features.
var ozone = Builtin{
	Name:        "ozone",
	Title:       "Ozone days from 72 weather features",
	Description: "Houston, one row a day from 1998 to 2004 with days absent and 8 % of the cells missing; was the 8-hour ozone limit exceeded? 160 of 2,534 days were; the features are of the same day, so this is no forecast",
	Source:      "K. Zhang, W. Fan, X. Yuan: Ozone Level Detection, UCI Machine Learning Repository, 2008, doi 10.24432/C5NG6W",
	Licence:     "CC BY 4.0",
	Roles:       Roles{Target: "ozone_day", Time: "date", Task: series.Classify, TimeFormat: "MM/DD/YYYY", Clip: 6},
	// Rows 0 to 1772, 1773 to 2026 and 2027 to 2533; a window of 32 may reach back over a border.
	Split: SplitOptions{Valid: 0.1, Test: 0.2, Context: 31},
	// One day in sixteen: never to warn is right on 96 % of the days.
	Metric: "auprc",
	Protocols: []Protocol{{
		Name:        "paper-leaky",
		Description: "Hasani et al. 2021: windows of 32, stride 4, divided at random into 75, 10 and 15 %; they overlap, so the score is too good",
		Window:      32, TrainStride: 4, TestStride: 4,
		ResetState: true, FullWindows: true,
		DrawValid: 0.1, DrawTest: 0.15, Seed: 1,
		Split: &SplitOptions{Valid: -1, Test: -1},
	}},
	archive: "ozone.zip",
	members: []string{"eighthr.data"},
	columns: ozoneColumns(),
	read:    table.Options{Header: table.HeaderAbsent},
}

// ozoneColumns are the names of the published description: wind speed and temperature by hour with peak and average,
// then temperature, humidity, wind and height at 850, 700 and 500 hPa, stability indices, pressure and rain.
func ozoneColumns() []string {
	names := []string{"date"}
	for _, quantity := range []string{"WSR", "T"} {
		for hour := range 24 {
			names = append(names, fmt.Sprintf("%s%d", quantity, hour))
		}
		names = append(names, quantity+"_PK", quantity+"_AV")
	}
	for _, level := range []string{"85", "70", "50"} {
		for _, quantity := range []string{"T", "RH", "U", "V", "HT"} {
			names = append(names, quantity+level)
		}
	}
	return append(names, "KI", "TT", "SLP", "SLP_", "Precp", "ozone_day")
}
