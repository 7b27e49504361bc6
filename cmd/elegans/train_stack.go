package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

// stackFlags are what stands around the cell of a preset. All layers are alike.
type stackFlags struct {
	layers  int
	front   model.Front
	encoder int
	block   model.Block
	pool    model.Pool
	// summaries of the inputs, and the share of features that training drops.
	summaries    []model.Summary
	inputDropout float64
}

// register adds the flags.
func (f *stackFlags) register(cmd *cobra.Command) {
	k := &f.block
	for _, flag := range []struct {
		name, usage string
		field       any
	}{
		{"layers", "`NUMBER` of layers of the model, one on the other; 1 if not given; in a stack an NCP hands on a third of its neurons unless --wiring says how many", &f.layers},
		{"conv", "`LIST` of convolutions over the inputs of a row, before all else, such as 8x7/4,16x5/3/max2,32xall: channels x width of the window (or all), then after slashes the stride, max and a number of places that become their maximum, and relu (if not given), gelu, silu, tanh or identity; scan is " + model.ScanConv, convolutions{&f.front.Conv}},
		{"conv-grid", "`SHAPE` of the first inputs for --conv, as rows x columns, or rows x columns x channels, such as 1x541 or 28x28x3; all inputs as one row if not given; others pass by", grid{&f.front}},
		{"encoder", "`WIDTH` of a linear map of the inputs before the first layer; none if not given", &f.encoder},
		{"summaries", "`LIST` of statistics of the inputs so far that the model sees too: mean, sd, min, max, count, trend, shape; none if not given", summaries{&f.summaries}},
		{"input-dropout", "`SHARE` of the inputs of each row, with all that was made of them, that training drops, 0 to below 1; 0 if not given", &f.inputDropout},
		{"residual", "add the input of each layer to its output", &k.Residual},
		{"norm", "`NAME` of a normalisation in each layer: layer, rms; none if not given", oneOf[model.Norm]{&k.Norm, model.Norms()}},
		{"norm-place", "`PLACE` of the normalisation: after the layer, or before its cell; after if not given", oneOf[model.NormPlace]{&k.NormPlace, model.NormPlaces()}},
		{"feed-forward", "`NAME` of a map after each cell: glu (gelu and a gated linear unit), mlp; none if not given", oneOf[model.FeedForward]{&k.FeedForward, model.FeedForwards()}},
		{"dropout", "`SHARE` of the values of each layer that training drops, 0 to below 1; 0 if not given", &k.Dropout},
		{"bidirectional", "give each layer a second cell that reads a series from its last row; the model predicts whole series only, and one decision for a series needs --pool", &k.Bidirectional},
		{"pool", "`NAME` of what the output sees of the rows so far: last, mean, attention; last if not given", oneOf[model.Pool]{&f.pool, model.Pools()}},
	} {
		addFlag(cmd.Flags(), flag.name, flag.usage, flag.field)
	}
}

// check refuses what no data could make right.
func (f *stackFlags) check() error {
	if f.layers == 0 {
		f.layers = 1
	}
	switch k := f.block; {
	case f.front.None() && f.front.Rows > 0:
		return usage("--conv-grid %s: there is no convolution on it; add --conv, such as --conv 16x5/2, or leave it out", grid{&f.front})
	case f.layers > model.MaxLayers:
		return usage("--layers %d: allowed: 1 to %d", f.layers, model.MaxLayers)
	case !(k.Dropout >= 0 && k.Dropout < 1):
		return usage("--dropout %g: is no share of values to drop; allowed: 0 (none) to below 1, such as 0.1", k.Dropout)
	case !(f.inputDropout >= 0 && f.inputDropout < 1):
		return usage("--input-dropout %g: is no share of values to drop; allowed: 0 (none) to below 1, such as 0.1", f.inputDropout)
	case k.NormPlace != "" && k.Norm == model.NoNorm:
		return usage("--norm-place %s: there is no normalisation to place; add --norm layer, or leave it out", k.NormPlace)
	}
	return nil
}

// fits refuses what the data contradict: a cell that reads later rows has read the answer where that lies ahead, and at the
// last row of a series it has read no other.
func (f *stackFlags) fits(r dataset.Roles) error {
	switch {
	case !f.block.Bidirectional:
	case !r.Horizon.IsZero():
		return usage("--bidirectional: reads the rows after the one that is predicted from, and with --horizon %s they hold the answer; leave out one of the two", r.Horizon)
	case r.LastStep && (f.pool == "" || f.pool == model.Last):
		return usage("--bidirectional: at the last row, which has the label, the second cell has seen one row only; add --pool mean or --pool attention")
	}
	return nil
}

// architecture stacks layers of a preset, on another wiring where one is given.
func (f *stackFlags) architecture(p cell.Preset, on string, s series.Schema) (a model.Architecture, summary string, err error) {
	layer := model.Layer{Cell: p.Cell, Block: f.block}
	if p.Wiring != nil {
		if layer.Wiring, err = f.wiring(p, s); err != nil {
			return a, "", usage("%v", err)
		}
	}
	if on != "" {
		if layer.Wiring == nil {
			return a, "", usage("--wiring %s: model %s has no wiring", on, p.Name)
		}
		if layer.Wiring, err = wiring.Parse(on); err != nil {
			return a, "", usage("--wiring: %v", err)
		}
	}
	a.Front, a.Encoder, a.Pool, a.Summaries, a.InputDropout = f.front, f.encoder, f.pool, f.summaries, f.inputDropout
	for range f.layers {
		a.Layers = append(a.Layers, layer)
	}
	if _, err := a.Count(s); err != nil {
		return a, "", usage("%v", err)
	}
	return a, p.Summary + f.summary(), nil
}

// third of the neurons of an NCP are motor neurons in a stack. One for each output of the model, as in a single layer, would
// often leave the next layer a single value.
const third = 3

// wiring is that of a preset.
func (f *stackFlags) wiring(p cell.Preset, s series.Schema) (wiring.Spec, error) {
	outputs := s.Target.Width()
	if f.layers == 1 && f.block.Norm == model.NoNorm {
		return p.Wiring(outputs), nil
	}
	drawn, err := p.Wiring(outputs).Build(s.Features())
	if err != nil {
		return nil, err
	}
	return p.Wiring(max(outputs, drawn.Units()/third)), nil
}

// summary says in words what was added to the preset.
func (f *stackFlags) summary() (text string) {
	if f.layers > 1 {
		text += fmt.Sprintf("; %d layers", f.layers)
	}
	if words := f.block.String(); words != "" {
		text += "; " + words
	}
	if !f.front.None() {
		text += fmt.Sprintf("; convolutions %s", f.front)
	}
	if len(f.summaries) > 0 {
		text += fmt.Sprintf("; summaries %s", summaries{&f.summaries})
	}
	if f.inputDropout > 0 {
		text += fmt.Sprintf("; input dropout %g", f.inputDropout)
	}
	if f.encoder > 0 {
		text += fmt.Sprintf("; encoder of %d", f.encoder)
	}
	if f.pool != "" && f.pool != model.Last {
		text += fmt.Sprintf("; %s pool", f.pool)
	}
	return text
}

// summaries is a flag for statistics of the inputs.
type summaries struct{ value *[]model.Summary }

func (f summaries) String() string {
	if f.value == nil {
		return ""
	}
	var names []string
	for _, one := range *f.value {
		names = append(names, string(one))
	}
	return strings.Join(names, ",")
}

func (f summaries) Type() string { return "LIST" }

func (f summaries) Set(text string) (err error) {
	*f.value, err = model.ParseSummaries(text)
	return err
}
