package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/baseline"
	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/suite"
)

// Models and simple baselines share one name space: no name stands for two, and every name is found.
func TestModelNames(t *testing.T) {
	for _, p := range cell.Presets() {
		if slices.Contains(baseline.Names(), p.Name) {
			t.Errorf("%s is a model and a simple baseline; rename one", p.Name)
		}
	}
	if _, _, err := lookUp(allModels); err == nil || !slices.Contains(compareNames(), allModels) {
		t.Errorf("%s is a model, or not among the names that are completed", allModels)
	}
	for _, s := range suite.Sections() {
		if slices.Contains(s.Names(), allModels) {
			t.Errorf("%s is a candidate of suite %s", allModels, s.Name)
		}
	}
	for _, name := range compareNames() {
		if name == allModels {
			continue
		}
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

// all is the first preset of every cell and the baselines that suit, but for what is named beside it.
func TestAllModels(t *testing.T) {
	simple := []string{"majority", "rule"}
	text := func(names ...string) (list []string) {
		f := compareFlags{models: names}
		for _, w := range f.wanted([]string{"usual"}, simple) {
			if w.optional {
				w.name += "?"
			}
			list = append(list, w.name)
		}
		return list
	}
	var cells []string
	for _, e := range cell.Registry() {
		if len(e.Presets) == 0 {
			t.Errorf("%s has no preset, so that all leaves it out", e.Name)
			continue
		}
		cells = append(cells, e.Presets[0].Name+"?")
	}
	without := func(names ...string) []string {
		return slices.DeleteFunc(slices.Clone(cells), func(name string) bool { return slices.Contains(names, strings.TrimSuffix(name, "?")) })
	}
	for _, k := range []struct{ got, want []string }{
		{text(), []string{"usual"}},
		{text("all"), slices.Concat(cells, simple)},
		{text("gru", "all", "rule"), slices.Concat([]string{"gru"}, without("gru-32"), []string{"majority", "rule"})},
		{text("all", "ltc-fc32", "lstm32"), slices.Concat(without("lstm-32"), simple, []string{"ltc-fc32", "lstm32"})},
	} {
		if !slices.Equal(k.got, k.want) {
			t.Errorf("got %v, want %v", k.got, k.want)
		}
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
