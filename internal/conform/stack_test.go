package conform

import (
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

// stacks hold, between them, everything that can stand around a cell.
func stacks() map[string]model.Architecture {
	ltc := func(k model.Block) model.Layer {
		return model.Layer{Cell: cell.LTC{Unfolds: 2}, Wiring: wiring.Full(5), Block: k}
	}
	cfc := func(k model.Block) model.Layer {
		return model.Layer{Cell: cell.CfC{Units: 5, Backbone: []int{4}}, Block: k}
	}
	deep := model.Block{Residual: true, Norm: model.LayerNorm, NormPlace: model.NormBefore, FeedForward: model.GLU, Dropout: 0.1}
	post := model.Block{Residual: true, Norm: model.RMSNorm, FeedForward: model.MLP}
	return map[string]model.Architecture{
		"mean":      {Layers: []model.Layer{cfc(model.Block{})}, Pool: model.Mean},
		"attention": {Layers: []model.Layer{cfc(model.Block{})}, Pool: model.Attention},
		"deep":      {Layers: []model.Layer{ltc(deep), cfc(deep)}, Encoder: 5, Pool: model.Attention},
		"after":     {Layers: []model.Layer{cfc(post), ltc(post)}, TimeInput: true},
		"front": {Layers: []model.Layer{cfc(post)}, TimeInput: true,
			Front: model.Front{Conv: []model.Conv{{Channels: 3, Kernel: 2, Activation: model.Tanh}, {Channels: 4, Activation: model.Gelu}}}},
		"average": {Members: []model.Architecture{
			{Layers: []model.Layer{ltc(model.Block{})}},
			{Layers: []model.Layer{cfc(post)}, TimeInput: true, Pool: model.Mean},
		}},
		"units": {Layers: []model.Layer{ltc(model.Block{FeedForward: model.GLU}), cfc(model.Block{Norm: model.LayerNorm})}, Pool: model.Mean},
	}
}

// TestStacks: what holds for one cell holds for layers with everything around them, as one program.
func TestStacks(t *testing.T) {
	var subjects []Subject
	for name, a := range stacks() {
		schema := series.Plain(inputs)
		schema.Target.Outputs = 2
		m, err := a.Model(schema)
		if err != nil {
			t.Fatal(err)
		}
		subjects = append(subjects, Subject{Entry: cell.Entry{Name: "stack"}, Variant: cell.Variant{Name: name}, Program: m.Program().Only("y"), Model: m})
	}
	slices.SortFunc(subjects, func(a, b Subject) int { return slices.Compare([]byte(a.Variant.Name), []byte(b.Variant.Name)) })
	suite(t, subjects)
}
