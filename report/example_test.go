package report_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/elegans-nn/elegans/report"
	"github.com/elegans-nn/elegans/series"
)

// A report of what is there: two models and one series of predictions. Parts that are not given leave no trace.
func Example() {
	accuracy := func(seed int64, epoch int, v float64) report.SeedResult {
		return report.SeedResult{Seed: seed, BestEpoch: epoch, Values: map[string]float64{"accuracy": v}}
	}
	r := report.Report{
		Title:   "LTC on rooms.csv",
		Clock:   series.Calendar,
		Metrics: []report.Metric{report.Named("accuracy")},
		Models: []report.Entry{
			{Name: "LTC", Liquid: true, Parameters: 654, Seeds: []report.SeedResult{accuracy(1, 9, 0.990), accuracy(2, 12, 0.992)}},
			{Name: "majority", Baseline: true, Seeds: []report.SeedResult{accuracy(0, 0, 0.79)}},
		},
		Predictions: &report.Predictions{Target: "occupied", Classes: []string{"no", "yes"}, Series: []report.Trace{{
			Name:  "kitchen",
			Time:  []float64{1423665600, 1423665660, 1423665721},
			Truth: []float64{0, 1, 1},
			Value: []float64{0, 0, 1},
			Bands: [][]float64{{0.9, 0.6, 0.1}, {0.1, 0.4, 0.9}},
		}}},
		Command: "elegans train rooms.csv --target occupied --seeds 2",
	}
	var page bytes.Buffer
	if err := r.WriteHTML(&page); err != nil {
		fmt.Println(err)
		return
	}
	for _, line := range strings.Split(page.String(), "\n") {
		if strings.HasPrefix(line, "<h2") {
			fmt.Println(line[strings.Index(line, ">")+1 : strings.Index(line, "</h2>")])
		}
	}
	// Output:
	// Models and baselines
	// Predictions over time
	// Settings and reproduction
}

func ExampleNamed() {
	m := report.Named("balanced_accuracy")
	fmt.Println(m.Label, m.Percent, m.LowerIsBetter)
	// Output: balanced accuracy true false
}

func ExampleEntry_Spread() {
	e := report.Entry{Seeds: []report.SeedResult{
		{Values: map[string]float64{"rmse": 224}}, {Values: map[string]float64{"rmse": 226}}, {Diverged: true}}}
	mean, sd, n := e.Spread("rmse")
	fmt.Printf("%.1f ± %.2f over %d seeds\n", mean, sd, n)
	// Output: 225.0 ± 1.41 over 2 seeds
}
