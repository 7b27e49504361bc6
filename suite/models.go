package suite

import (
	"slices"

	"github.com/elegans-nn/elegans/model"
)

// Which models are compared where. All of it was decided by the validation parts and by what two cores can do in the time that
// the page may take; test parts had no say. Several rates stand where validation is to choose one; a single one was chosen so
// before.

// ltcPaper are the models of the LTC paper and those beside them, all with 32 units.
var ltcPaper = sized(32, []Candidate{
	{Preset: "ltc-fc32", Rates: []float64{0.01}}, {Preset: "ctrnn32", Rates: []float64{0.005}}, {Preset: "ctgru32", Rates: []float64{0.003}},
	{Preset: "lstm32", Rates: []float64{0.005}}, {Preset: "gru32", Rates: []float64{0.005}, Plain: true}, {Name: "cfc32", Preset: "cfc-small", Rates: []float64{0.005}},
	{Preset: "lrc32", Rates: []float64{0.01}}, {Name: "linoss32", Preset: "linoss64", Rates: []float64{0.005}},
})

// xorPaper are the models of the paper, with its 64 units.
var xorPaper = sized(64, []Candidate{
	{Name: "cfc64", Preset: "cfc-small", Rates: []float64{0.005}}, {Name: "cfc-mm64", Preset: "cfc-mm", Rates: []float64{0.005}},
	{Name: "grud64", Preset: "grud32", Rates: []float64{0.005}}, {Name: "odelstm64", Preset: "odelstm32", Rates: []float64{0.005}},
	{Preset: "lstm64", Rates: []float64{0.005}, Plain: true}, {Name: "ltc64", Preset: "ltc-fc32", Rates: []float64{0.01}, Epochs: 3},
})

var icu = []Candidate{
	{Preset: "cfc-small", Rates: []float64{0.003}}, {Preset: "grud32", Rates: []float64{0.003}}, {Preset: "odernn32", Rates: []float64{0.003}},
	{Preset: "phasedlstm32", Rates: []float64{0.003}}, {Preset: "ltc-ncp19", Rates: []float64{0.01}}, {Preset: "gru32", Rates: []float64{0.003}, Plain: true},
}

var usual = presets("ltc-ncp19", "cfc-ncp19", "cfc-small", "cfc-mm", "lrc32", "linoss64", "gru32", "lstm32")

// beside are the networks that are not liquid.
var beside = []Candidate{{Preset: "gru32"}, {Preset: "lstm32"}}

// peerModels are the candidates on each of the nine tasks of the peers: single networks, and averages of a few small ones.
var peerModels = map[string][]Candidate{
	"vowels": slices.Concat([]Candidate{
		{Name: "cfc-mm × 5, mean", Preset: "cfc-mm", Pool: model.Mean, Block: model.Block{Dropout: 0.3}, Average: 5, Epochs: 40, Rates: []float64{0.004}},
	}, beside),
	"lidar": beside,
}
