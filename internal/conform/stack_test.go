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
		// Cells that take long rows in parts, with what happens once a row below, above and around them.
		"parts below": {Layers: []model.Layer{{Cell: cell.ODERNN{Units: 4, Hidden: 3}}, cfc(deep), {Cell: cell.Linear{Window: 2}}}, Encoder: 4, Pool: model.Mean},
		"parts above": {Layers: []model.Layer{{Cell: cell.GRU{Units: 3}}, ltc(post), {Cell: cell.CTRNN{Units: 4}, Block: post}}, TimeInput: true, Pool: model.Attention},
		"two in parts": {Layers: []model.Layer{
			{Cell: cell.ODELSTM{Units: 3, Form: cell.FlowOfState, Method: cell.Euler, Unfolds: 4}},
			{Cell: cell.Mixed{Cell: cell.CTRNN{Units: 4, Method: cell.Heun, Unfolds: 4, Tau: 1.2}}, Block: post}, {Cell: cell.GRU{Units: 3}},
		}},
		"units": {Layers: []model.Layer{ltc(model.Block{FeedForward: model.GLU}), cfc(model.Block{Norm: model.LayerNorm})}, Pool: model.Mean},
	}
}

// TestPartsOfStacks: rows that are longer than layers can step, where layers look at a series from both ends, and where the head
// knows what was observed and when.
func TestPartsOfStacks(t *testing.T) {
	ctrnn := model.Layer{Cell: cell.CTRNN{Units: 4, Method: cell.Euler, Unfolds: 4}}
	both := func(l model.Layer) model.Layer {
		l.Block.Bidirectional = true
		return l
	}
	gru := model.Layer{Cell: cell.GRU{Units: 3}}
	for name, a := range map[string]model.Architecture{
		"both ends":            {Layers: []model.Layer{both(ctrnn)}, Pool: model.Mean, TimeInput: true},
		"both ends, updates":   {Layers: []model.Layer{gru, both(model.Layer{Cell: cell.ODERNN{Units: 3}}), ctrnn, both(gru)}},
		"window and attention": {Layers: []model.Layer{ctrnn, {Cell: cell.Transformer{Units: 4, Heads: 2, Window: 3}}, {Cell: cell.TCN{Units: 3}}}},
	} {
		for _, gappy := range []bool{false, true} {
			schema := series.Plain(inputs)
			schema.Target.Outputs = 2
			for i := range schema.Inputs {
				in := &schema.Inputs[i]
				in.Missing, in.Mask, in.Since, in.Hold = gappy, gappy, gappy, gappy && i%2 == 0
			}
			m, err := a.Model(schema)
			if err != nil {
				t.Fatal(err)
			}
			s := Subject{Entry: cell.Entry{Name: "stack", Missing: gappy}, Variant: cell.Variant{Name: name}, Program: m.Program().Only("y"), Model: m}
			if err := s.modelInParts(); err != nil {
				t.Errorf("%s, missing values %v: %v", name, gappy, err)
			}
		}
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
		subjects = append(subjects, Subject{Entry: cell.Entry{Name: "stack", Clocks: []string{"layer0.h", "layer2.x", "pool.sum"}}, Variant: cell.Variant{Name: name}, Program: m.Program().Only("y"), Model: m})
	}
	slices.SortFunc(subjects, func(a, b Subject) int { return slices.Compare([]byte(a.Variant.Name), []byte(b.Variant.Name)) })
	suite(t, subjects)
}
