package engine_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/engine/internal/kernel"
	"github.com/elegans-nn/elegans/internal/require"
	"github.com/elegans-nn/elegans/model"
	rows "github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// TestPresetsHaveKernels: every chain of every preset has a kernel: in a stream, in a batch, and trained. A preset that came
// after the last go generate runs, slower, and is not at fault; where a change is checked it must have them too.
func TestPresetsHaveKernels(t *testing.T) {
	known := kernel.Presets()
	for _, preset := range cell.Presets() {
		t.Run(preset.Name, func(t *testing.T) {
			if !slices.Contains(known, preset.Name) {
				require.Missing(t, "%s came after the last go generate ./engine/...", preset.Name)
			}
			chains := 0
			for _, outputs := range []int{1, 2} {
				chains += chainsOf(t, preset, outputs)
			}
			if chains < 8 {
				t.Errorf("%d chains, expected at least 8", chains)
			}
		})
	}
}

// chainsOf demands a kernel for every chain of a preset, and counts them.
func chainsOf(t *testing.T, preset cell.Preset, outputs int) (chains int) {
	l := model.Layer{Cell: preset.Cell}
	if preset.Wiring != nil {
		l.Wiring = preset.Wiring(outputs)
	}
	schema := rows.Plain(3)
	schema.Target.Outputs = outputs
	m, err := model.New(schema, l)
	if err != nil {
		t.Fatal(err)
	}
	return everyChain(t, preset.Name, map[string]*step.Program{
		"stream": m.Program(), "prediction": m.Program().Only("prediction"), "batch": m.Program().Only("y"),
		"training": m.Program().Only("y").Reverse(step.WRT{}),
	})
}

// everyChain demands a kernel for every chain of some programs, and counts them.
func everyChain(t *testing.T, of string, programs map[string]*step.Program) (chains int) {
	t.Helper()
	for name, p := range programs {
		for _, lanes := range []int{1, 32} {
			plan := engine.Compile(p, engine.Options{Lanes: lanes}).Plan()
			chains += strings.Count(plan, "chain")
			for line := range strings.Lines(plan) {
				if strings.Contains(line, "(no kernel)") {
					t.Fatalf("%s of %s: go generate ./engine/... has not been run since this chain came: %s", name, of, line)
				}
			}
		}
	}
	return chains
}

// TestColumnsHaveKernels: so have the chains from columns of a data set to the network and from it to what is read.
func TestColumnsHaveKernels(t *testing.T) {
	number := rows.Input{Kind: rows.Numeric, Mean: -2, SD: 7}
	gaps := number
	gaps.Missing, gaps.Hold, gaps.Mask = true, true, true
	for _, name := range []string{"ltc-ncp19", "cfc-small", "lstm-32"} {
		preset, err := cell.LookupPreset(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range []rows.Input{number, gaps} {
			for _, target := range []rows.Target{
				{Name: "y", Task: rows.Regress, Mean: 5, SD: 3},
				{Name: "y", Task: rows.Classify, Classes: []string{"no", "yes"}},
				{Name: "y", Task: rows.Classify, Classes: []string{"a", "b", "c", "d"}},
			} {
				schema := rows.Schema{Target: target, Clock: rows.Plain(1).Clock}
				for _, column := range []string{"a", "b", "c"} {
					in.Name = column
					schema.Inputs = append(schema.Inputs, in)
				}
				l := model.Layer{Cell: preset.Cell}
				if preset.Wiring != nil {
					l.Wiring = preset.Wiring(2)
				}
				for _, a := range []model.Architecture{{}, {Summaries: model.Summaries()}} {
					a.Layers = []model.Layer{l}
					m, err := a.Model(schema)
					if err != nil {
						t.Fatal(err)
					}
					passes, _ := m.Training()
					everyChain(t, name, map[string]*step.Program{"stream": m.Program(), "training": passes[0].Program.Reverse(step.WRT{})})
				}
			}
		}
	}
}
