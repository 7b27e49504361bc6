package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/suite"
)

// A flag that is given replaces what a candidate has, and only that; every flag that does is one of the command.
func TestFlagsReplaceWhatCandidatesHave(t *testing.T) {
	f := &compareFlags{}
	o, k := &f.options, &f.stack
	o.Epochs, o.Batch, o.LearningRate, o.WeightDecay, o.Optimiser, o.Clip, o.Last, o.Refit = 21, 5, 0.5, 0.7, "sgd", 3, true, true
	k.layers, k.summaries, k.inputDropout, k.pool = 2, []model.Summary{model.SummaryMax}, 0.25, model.Mean
	f.roles.Bins = 4
	k.block = model.Block{Residual: true, Norm: model.LayerNorm, NormPlace: model.NormPlaces()[1], FeedForward: model.GLU, Dropout: 0.4, Bidirectional: true}
	before := suite.Candidate{Preset: "gru-32", Epochs: 3, Batch: 8, Rates: []float64{0.1, 0.2}, WeightDecay: 0.1, Optimiser: "adam", Clip: 1, Layers: 1}
	cmd := newCompare(&console{})
	for name := range overrides {
		if cmd.Flags().Lookup(name) == nil {
			t.Errorf("--%s is no flag of compare", name)
		}
		x := &tournament{f: f, given: func(flag string) bool { return flag == name }}
		after, err := x.change(before)
		if err != nil {
			t.Fatal(err)
		}
		if n := differing(before, after); n != 1 {
			t.Errorf("--%s changes %d fields: %+v", name, n, after)
		}
	}
	none := &tournament{f: f, given: func(string) bool { return false }}
	if after, err := none.change(before); err != nil || differing(before, after) != 0 {
		t.Errorf("without a flag %+v, %v", after, err)
	}
	share := &tournament{f: f, given: func(flag string) bool { return flag == "epochs" }}
	if after, err := share.change(suite.Candidate{Share: 0.5}); err != nil || after.Share != 0 || after.Epochs != 21 {
		t.Errorf("a share of the epochs stays: %+v, %v", after, err)
	}
	for _, name := range ofOthers {
		x := &tournament{f: f, given: func(flag string) bool { return flag == name }}
		if _, err := x.change(before); err == nil || !strings.Contains(err.Error(), "--"+name) || cmd.Flags().Lookup(name) == nil {
			t.Errorf("--%s: %v", name, err)
		}
	}
}

// differing counts the fields of candidates that are not alike, those of a block one by one.
func differing(a, b suite.Candidate) (n int) {
	var count func(x, y reflect.Value)
	count = func(x, y reflect.Value) {
		for i := range x.NumField() {
			if p, q := x.Field(i), y.Field(i); p.Type() == reflect.TypeFor[model.Block]() {
				count(p, q)
			} else if fmt.Sprint(p) != fmt.Sprint(q) {
				n++
			}
		}
	}
	count(reflect.ValueOf(a), reflect.ValueOf(b))
	return n
}

func TestSharesFlag(t *testing.T) {
	var list []float64
	for text, want := range map[string][]float64{"0.25, 0.5,1": {0.25, 0.5, 1}, "1": {1}, "1,0.1": {1, 0.1}, "": nil, "0": nil, "1.1": nil, "0.5,0.5": nil, "a": nil, "NaN": nil} {
		if err := shares(&list).Set(text); (err == nil) != (want != nil) || want != nil && !slices.Equal(list, want) {
			t.Errorf("%q gives %v, %v", text, list, err)
		}
	}
	list = []float64{0.25, 1}
	if text := shares(&list).String(); text != "0.25,1" {
		t.Errorf("it is written %q", text)
	}
}
