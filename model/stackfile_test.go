package model

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// manifestOf is the manifest that a model is written with.
func manifestOf(t *testing.T, m *Model) string {
	t.Helper()
	_, meta, err := openTensors(written(t, m))
	if err != nil {
		t.Fatal(err)
	}
	return meta[manifestKey]
}

// TestPlainLayersKeepTheirFiles: what older builds could say is written as they did, and they read it.
func TestPlainLayersKeepTheirFiles(t *testing.T) {
	s := series.Plain(3)
	l := Recurrent(cell.CfC{Units: 4})
	plain := manifestOf(t, stacked(t, s, Architecture{Layers: []Layer{l}}))
	for _, word := range []string{`"block"`, `"pool"`, `"encoder"`} {
		if strings.Contains(plain, word) {
			t.Errorf("the manifest of a plain model holds %s", word)
		}
	}
	if !strings.HasPrefix(plain, `{"format":1,`) {
		t.Errorf("the file of a plain model is of another format than 1: %s", plain)
	}
	for name, a := range map[string]Architecture{
		"block": {Layers: []Layer{{Cell: l.Cell, Block: Block{Dropout: 0.5}}}}, "pool": {Layers: []Layer{l}, Pool: Mean},
		"encoder": {Layers: []Layer{l}, Encoder: 3},
	} {
		text := manifestOf(t, stacked(t, s, a))
		if !strings.HasPrefix(text, `{"format":2,`) || !strings.Contains(text, `"`+name+`":`) {
			t.Errorf("the file of a model with %s does not say so in format 2: %s", name, text)
		}
	}
}

// TestBlocksInFiles: options out of range and unknown ones are refused, absent ones have their defaults.
func TestBlocksInFiles(t *testing.T) {
	m := stacked(t, series.Plain(3), Architecture{Layers: []Layer{{Cell: cell.GRU{Units: 4}, Block: postMLP}}, Encoder: 5, Pool: Mean})
	data := written(t, m)
	const block = `"block":{"residual":true,"norm":"rms","norm_place":"after","dropout":0,"feed_forward":"mlp","bidirectional":false}`
	remake := func(old, new string) []byte {
		return remade(t, data, func(s string) string {
			if !strings.Contains(s, old) {
				t.Errorf("the manifest %s does not hold %s", s, old)
			}
			return strings.Replace(s, old, new, 1)
		}, nil)
	}
	short := `"block":{"residual":true,"norm":"rms","feed_forward":"mlp"}`
	if again, err := Read(bytes.NewReader(remake(block, short))); err != nil || again.program.String() != m.program.String() {
		t.Errorf("a block without its defaults is another one (%v)", err)
	}
	for _, c := range []struct {
		old, new string
		words    []string
	}{
		{`"dropout":0`, `"dropout":1`, []string{"layer 0", "dropout is 1", "below 1"}},
		{`"dropout":0`, `"dropout":0,"colour":1`, []string{"colour"}},
		{`"norm":"rms"`, `"norm":"batch"`, []string{`norm is "batch"`, "layer, rms"}},
		{`"after"`, `"beside"`, []string{`"beside"`, "after, before"}},
		{`"mlp"`, `"moe"`, []string{`"moe"`, "glu, mlp"}},
		{`"pool":"mean"`, `"pool":"max"`, []string{`"max"`, "last, mean, attention"}},
		{`"encoder":5`, `"encoder":-5`, []string{"encoder is -5", "0 (none) to"}},
		{`"encoder":5`, `"encoder":500000000`, []string{"encoder is 500000000"}},
		{`"encoder":5`, `"encoder":6`, []string{"F32"}},
	} {
		wrong(t, c.new, remake(c.old, c.new), c.words...)
	}
}

func TestWrongStacks(t *testing.T) {
	one, gru := series.Plain(1), cell.GRU{Units: 4}
	for _, c := range []struct {
		arch  Architecture
		words []string
	}{
		{Architecture{Layers: []Layer{{Cell: gru, Block: Block{Norm: LayerNorm, NormPlace: NormBefore}}}}, []string{"layer 0", "single value", "encoder"}},
		{Architecture{Layers: []Layer{{Cell: cell.LTC{}, Wiring: wiring.Auto(6, 1), Block: Block{Norm: RMSNorm}}}}, []string{"layer 0", "single value", "motor"}},
		{Architecture{Layers: []Layer{{Cell: gru}, {Cell: gru, Block: Block{Dropout: math.NaN()}}}}, []string{"layer 1", "dropout is NaN"}},
		{Architecture{Layers: []Layer{{Cell: gru, Block: Block{Norm: "batch"}}}}, []string{`"batch"`, `"" for none, layer, rms`}},
		{Architecture{Layers: []Layer{{Cell: gru}}, Pool: "max"}, []string{`"max"`, "last, mean, attention"}},
		{Architecture{Layers: []Layer{{Cell: gru}}, InputDropout: 1}, []string{"input dropout is 1"}},
		{Architecture{Layers: []Layer{{Cell: gru}}, Summaries: []Summary{"median"}}, []string{`"median"`, "mean, sd, min, max, count, trend, shape"}},
		{Architecture{Layers: []Layer{{Cell: gru}}, Summaries: []Summary{SummaryMean, SummaryMin, SummaryMean}}, []string{"mean is named twice"}},
		{Architecture{Layers: []Layer{{Cell: gru}}, Encoder: -1}, []string{"encoder is -1"}},
	} {
		_, err := c.arch.Model(one)
		oneLine(t, err, c.words...)
	}
}

// TestTrainingHasTheSameParameters: dropout adds inputs and nothing else.
func TestTrainingHasTheSameParameters(t *testing.T) {
	block := preGLU
	block.Dropout = 0.5
	m := stacked(t, series.Plain(3), Architecture{Layers: []Layer{{Cell: cell.GRU{Units: 4}, Block: block}, {Cell: cell.CfC{Units: 4}, Block: block}}, Pool: Attention})
	passes, masks := m.Training()
	p := passes[0].Program
	list := func(p *step.Program) (names []string) {
		for _, q := range p.Params {
			names = append(names, fmt.Sprint(shape(q), q.Offset, q.Init, q.Min, q.Max))
		}
		return names
	}
	if !slices.Equal(list(p), list(m.program)) || len(p.States) != len(m.program.States) {
		t.Errorf("training has parameters %v, prediction %v", list(p), list(m.program))
	}
	for i, mask := range masks {
		if in := p.Inputs[i+1]; in.Name != mask.Input || p.Nodes[in.Node].Shape != step.Vector(mask.Width) {
			t.Errorf("mask %d is %+v, input %d is %s", i, mask, i+1, in.Name)
		}
	}
	plain, none := stacked(t, series.Plain(3), Architecture{Layers: []Layer{{Cell: cell.GRU{Units: 4}}}}).Training()
	if len(none) != 0 || len(plain) != 1 || len(plain[0].Program.Inputs) != 1 {
		t.Errorf("without dropout there are masks %v", none)
	}
}

// TestBothWaysInPasses: the parameters of the passes follow each other as in the program that lists them all, with dropout
// and without; a file gives the same model.
func TestBothWaysInPasses(t *testing.T) {
	s := rich()
	w := walk(s, 11, 2)
	for name, a := range bothWays() {
		for _, rate := range []float64{0, 0.25} {
			a.Layers = slices.Clone(a.Layers)
			for i := range a.Layers {
				a.Layers[i].Block.Dropout = rate
			}
			m := stacked(t, s, a)
			var want []string
			for _, q := range m.program.Params {
				want = append(want, shape(q))
			}
			training, masks := m.Training()
			for _, list := range [][]engine.Pass{m.passes, training} {
				var got []string
				for _, pass := range list {
					for _, q := range pass.Program.Params {
						got = append(got, shape(q))
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: the passes have parameters %v, the program %v", name, got, want)
				}
			}
			if len(masks) > 0 != (rate > 0) {
				t.Errorf("%s: %d masks at rate %g", name, len(masks), rate)
			}
			again, err := Read(bytes.NewReader(written(t, m)))
			if err != nil {
				t.Fatal(err)
			}
			if row := differs(ran(t, again, &w, RunOptions{Workers: 2}), ran(t, m, &w, RunOptions{})); row != -1 {
				t.Errorf("%s: another model after loading, in row %d", name, row)
			}
		}
	}
}

// TestBothWaysAreOffline: what needs a state refuses, with the layer and the reason.
func TestBothWaysAreOffline(t *testing.T) {
	s := series.Plain(3)
	w := walk(s, 5, 2)
	m := stacked(t, s, bothWays()["second"])
	const reason = "layer 1 is bidirectional: it reads a series from its end"
	oneLine(t, m.Causal(), reason, "whole series", "--bidirectional")
	if err := stacked(t, s, stacks()["deep"]).Causal(); err != nil {
		t.Errorf("a stack without such layers is refused: %v", err)
	}
	err := m.Run([]series.Series{w}, RunOptions{State: [][]float32{make([]float32, m.program.StateWidth())}}, func(int, int, []float32) {
		t.Error("a row is shown")
	})
	oneLine(t, err, reason)
	for name, f := range map[string]func(){"Stream": func() { m.Stream() }, "Streams": func() { m.Streams(2) }} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.Contains(text, reason) {
					t.Errorf("%s panics with %q", name, text)
				}
			}()
			f()
		}()
	}
	seen, err := m.Observe(&w, "")
	if err != nil || len(seen.States) != 4 || len(seen.States[0]) != 5 {
		t.Errorf("the first layer shows %d states (%v)", len(seen.States), err)
	}
}

// TestEveryCellStacks: two layers of any registered cell with everything around them are one causal model, whose file and
// whose stream give its bits; from both ends it is finite and survives its file.
func TestEveryCellStacks(t *testing.T) {
	s := series.Plain(4)
	w := walk(s, 9, 3)
	block := preGLU
	block.Dropout = 0.1
	for name, layer := range known(3) {
		layer.Block = block
		a := Architecture{Layers: []Layer{layer, layer}, Encoder: 5, Pool: Mean}
		if cell.Adaptive(layer.Cell) {
			a.Pool = Last
		}
		m, err := a.Model(s)
		if err != nil && strings.Contains(err.Error(), "single value") {
			a.Layers[1].Block.NormPlace, a.Layers[1].Block.Norm = NormAfter, NoNorm // a wiring with one motor neuron
			m, err = a.Model(s)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		m = moved(m, 4)
		want := ran(t, m, &w, RunOptions{})
		if row := differs(stepped(t, m.Stream(), &w), want); row != -1 {
			t.Errorf("%s: the stream differs from the batch in row %d", name, row)
		}
		again, err := Read(bytes.NewReader(written(t, m)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if row := differs(ran(t, again, &w, RunOptions{}), want); row != -1 {
			t.Errorf("%s: another model after loading, in row %d", name, row)
		}
		if m.Adaptive() { // which cannot look from both ends
			continue
		}
		a.Layers = slices.Clone(a.Layers)
		a.Layers[0].Block.Bidirectional = true
		both := stacked(t, s, a)
		want = ran(t, both, &w, RunOptions{})
		if again, err = Read(bytes.NewReader(written(t, both))); err != nil {
			t.Errorf("%s from both ends: %v", name, err)
		} else if row := differs(ran(t, again, &w, RunOptions{Workers: 2}), want); row != -1 {
			t.Errorf("%s from both ends: another model after loading, in row %d", name, row)
		}
		for row, y := range want {
			if math.IsNaN(float64(y[0])) || math.IsInf(float64(y[0]), 0) {
				t.Errorf("%s from both ends: row %d is %v", name, row, y)
			}
		}
	}
}

// TestMissingValuesInStacks: a cell that takes missing values itself is given them, and what would spread them is refused.
func TestMissingValuesInStacks(t *testing.T) {
	s := series.Plain(2)
	s.Inputs[1].Missing = true
	grud := cell.GRUD{Units: 4}
	w := walk(s, 12, 4)
	ok := stacked(t, s, Architecture{Layers: []Layer{{Cell: grud, Block: Block{Norm: LayerNorm, FeedForward: GLU, Residual: true}}, {Cell: cell.GRU{Units: 4}, Block: preGLU}}})
	for row, y := range ran(t, ok, &w, RunOptions{}) {
		if y[0] != y[0] {
			t.Fatalf("row %d is %v", row, y)
		}
	}
	for word, a := range map[string]Architecture{
		"an encoder":    {Layers: []Layer{{Cell: grud}}, Encoder: 3},
		"a norm before": {Layers: []Layer{{Cell: grud, Block: Block{Norm: RMSNorm, NormPlace: NormBefore}}}},
	} {
		_, err := a.Model(s)
		oneLine(t, err, "layer 0", word, "takes missing values itself")
		if _, err := a.Model(series.Plain(2)); err != nil {
			t.Errorf("without missing values %s is refused: %v", word, err)
		}
	}
}
