package main

import (
	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// ends are models with all that stands between raw columns and a network, and between a network and what is read. A product parts
// them from most cells, so that their chains are the same for each of these; the map of LTC's inputs joins that of the columns.
func ends() (all []*model.Model) {
	for _, name := range []string{"gru-32", "ltc-ncp19"} {
		p, err := cell.LookupPreset(name)
		if err != nil {
			panic(err)
		}
		for i, inputs := range columns() {
			for j, target := range targets() {
				if i > 0 && j > 0 {
					continue // what comes in and what goes out never meet
				}
				schema := series.Schema{Inputs: inputs, Target: target, Clock: series.Plain(1).Clock}
				l := model.Layer{Cell: p.Cell}
				if p.Wiring != nil {
					l.Wiring = p.Wiring(2)
				}
				for _, a := range []model.Architecture{{}, {TimeInput: true, Summaries: model.Summaries()}} {
					a.Layers = []model.Layer{l}
					m, err := a.Model(schema)
					if err != nil {
						panic(err)
					}
					all = append(all, m)
				}
			}
		}
	}
	return all
}

// columns are inputs as data sets have them: numbers always there, clipped, within a range; then with gaps, held or not, with
// masks and ages; then with a category.
func columns() [][]series.Input {
	number := series.Input{Kind: series.Numeric, Mean: 3, SD: 2}
	clipped, ranged, gaps, held := number, number, number, number
	clipped.Clip, ranged.Range = 5, []float64{-1, 7}
	gaps.Missing, held.Missing, held.Hold = true, true, true
	masked, aged := held, gaps
	masked.Mask, aged.Mask, aged.Since = true, true, true
	category := series.Input{Kind: series.Category, Levels: []string{series.Other, "a", "b"}, SD: 1}
	sets := [][]series.Input{
		{number, number}, {clipped, number}, {ranged, number}, {ranged, clipped}, {gaps, number}, {held, gaps}, {masked, masked}, {aged, aged},
		{number, category}, {aged, category},
	}
	for _, set := range sets {
		for i := range set {
			set[i].Name = string(rune('a' + i))
		}
	}
	return sets
}

// targets are one of each decoding.
func targets() []series.Target {
	number := series.Target{Name: "y", Task: series.Regress, Mean: 3, SD: 2}
	gaussian, quantiles, several := number, number, number
	gaussian.Gaussian, quantiles.Quantiles = true, []float64{0.1, 0.5, 0.9}
	several.Outputs, several.Each = 2, []series.Output{{Name: "u", Mean: 3, SD: 2}, {Name: "v", Mean: 1, SD: 4}}
	return []series.Target{
		number, gaussian, quantiles, several,
		{Name: "y", Task: series.Classify, Classes: []string{"no", "yes"}}, {Name: "y", Task: series.Classify, Classes: []string{"a", "b", "c"}},
	}
}
