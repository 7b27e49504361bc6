package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/baseline"
	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/metric"
)

// Models and simple baselines share one name space: no name stands for two, and every name is found.
func TestModelNames(t *testing.T) {
	for _, p := range cell.Presets() {
		if slices.Contains(baseline.Names(), p.Name) {
			t.Errorf("%s is a model and a simple baseline; rename one", p.Name)
		}
	}
	for _, name := range compareNames() {
		simple, _, err := lookUp(name)
		if err != nil || simple != slices.Contains(baseline.Names(), name) {
			t.Errorf("%s: simple %v, %v", name, simple, err)
		}
	}
	for _, e := range cell.Registry() { // a cell in lower case is its first preset, unless a baseline has that name
		if len(e.Presets) == 0 {
			continue
		}
		name := strings.ToLower(e.Name)
		if simple, preset, err := lookUp(name); err != nil || simple != slices.Contains(baseline.Names(), name) || !simple && preset.Name != e.Presets[0].Name {
			t.Errorf("%s: %+v, simple %v, %v", name, preset, simple, err)
		}
	}
	if _, _, err := lookUp("grue"); err == nil || !strings.Contains(err.Error(), `unknown model "grue"`) || !strings.Contains(err.Error(), "majority") {
		t.Errorf("%v", err)
	}
}

func TestDifferenceText(t *testing.T) {
	accuracy, _ := metric.ByName("accuracy")
	rmse, _ := metric.ByName("rmse")
	for _, c := range []struct {
		metric metric.Metric
		d      metric.Difference
		want   string
	}{
		{accuracy, metric.Difference{Mean: -0.0123, Lower: -0.03, Upper: 0.005}, "-1.23 [-3.00, +0.50]"},
		{accuracy, metric.Difference{}, "0"},
		{rmse, metric.Difference{Mean: 0.51234, Lower: nan, Upper: nan}, "+0.5123"},
		{rmse, metric.Difference{Mean: 0, Lower: nan, Upper: nan}, "0"},
		{rmse, metric.Difference{Mean: 0, Lower: -1, Upper: 1}, "0 [-1, +1]"},
	} {
		if got := differenceText(c.metric, c.d); got != c.want {
			t.Errorf("%+v is written %q, want %q", c.d, got, c.want)
		}
	}
}

func TestSpan(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0.1 s", 2.34: "2 s", 42: "42 s", 300: "5 min", 9000: "2.5 h"} {
		if got := span(seconds); got != want {
			t.Errorf("%g s are written %q, want %q", seconds, got, want)
		}
	}
}
