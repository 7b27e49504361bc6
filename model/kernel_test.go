package model

import (
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// Every chain of every preset has a kernel: in a stream, in a batch, and trained. Where none does, go generate ./engine/...
// has not been run.
func TestPresetsHaveKernels(t *testing.T) {
	chains := 0
	for _, preset := range cell.Presets() {
		for _, outputs := range []int{1, 2} {
			l := Layer{Cell: preset.Cell}
			if preset.Wiring != nil {
				l.Wiring = preset.Wiring(outputs)
			}
			schema := series.Plain(3)
			schema.Target.Outputs = outputs
			m, err := New(schema, l)
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
							t.Fatalf("%s, %s of %d outputs: go generate ./engine/... has not been run since this chain came: %s", preset.Name, name, outputs, line)
						}
					}
				}
			}
		}
	}
	if want := 8 * len(cell.Presets()); chains < want {
		t.Errorf("%d chains, expected at least %d", chains, want)
	}
}
