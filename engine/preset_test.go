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

// TestPresetsHaveKernels: every chain of every preset that is promised kernels (cell.Preset.Fused says which and why) has one: in
// a stream, in a batch, and trained. A preset that came after the last go generate runs, slower, and is not at fault; where a
// change is checked it must have them too. No kernels are kept for presets that are promised none.
func TestPresetsHaveKernels(t *testing.T) {
	known := kernel.Presets()
	promised := map[string]bool{}
	for _, preset := range cell.Presets() {
		if promised[preset.Name] = preset.Fused(); !preset.Fused() {
			continue
		}
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
	for _, name := range known {
		if !promised[name] {
			t.Errorf("kernels are generated for %s, which is promised none", name)
		}
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
	for name, p := range map[string]*step.Program{
		"stream": m.Program(), "prediction": m.Program().Only("prediction"), "batch": m.Program().Only("y"),
		"training": m.Program().Only("y").Reverse(step.WRT{}),
	} {
		for _, lanes := range []int{1, 32} {
			plan := engine.Compile(p, engine.Options{Lanes: lanes}).Plan()
			chains += strings.Count(plan, "chain")
			for line := range strings.Lines(plan) {
				if strings.Contains(line, "(no kernel)") {
					t.Fatalf("%s of %d outputs: go generate ./engine/... has not been run since this chain came: %s", name, outputs, line)
				}
			}
		}
	}
	return chains
}
