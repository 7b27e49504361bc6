package conform

import (
	"maps"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/wiring"
)

// TestTablesNameCells: whoever is listed or exempt is registered and wired, and an exemption has its reason.
func TestTablesNameCells(t *testing.T) {
	wired := map[string]bool{}
	for _, e := range cell.Registry() {
		for _, v := range e.Variants {
			wired[e.Name] = wired[e.Name] || v.Wiring != nil
		}
	}
	names := slices.Concat(slices.Sorted(maps.Keys(graphs)), slices.Sorted(maps.Keys(weights)), slices.Sorted(maps.Keys(exempt)))
	for _, name := range names {
		if !wired[name] {
			t.Errorf("%s is listed, but no registered cell of that name has a variant with a wiring", name)
		}
	}
	for name, reason := range exempt {
		if reason == "" || graphs[name] != nil {
			t.Errorf("%s is exempt for the reason %q, and listed: %v", name, reason, graphs[name] != nil)
		}
		t.Logf("%s is exempt from AbsentSynapses: %s", name, reason)
	}
}

// TestReach: a chain x0 -> 2 -> 1 -> 0 by hand, one sub-step and three, and in layers.
func TestReach(t *testing.T) {
	inner := [][]int8{{0, 0, 0}, {1, 0, 0}, {0, -1, 0}}
	w, err := wiring.FromMatrixLayers(inner, [][]int8{{0, 0, 1}}, 1, [][]int{{2}, {1}, {0}})
	if err != nil {
		t.Fatal(err)
	}
	const T, F = true, false
	for name, c := range map[string]struct {
		got  reach
		want reach
	}{
		"one sub-step": {substeps(w, 1), reach{[][]bool{{T, T, F}, {F, T, T}, {F, F, T}}, [][]bool{{F}, {F}, {T}}}},
		"two":          {substeps(w, 2), reach{[][]bool{{T, T, T}, {F, T, T}, {F, F, T}}, [][]bool{{F}, {T}, {T}}}},
		"the default":  {substeps(w, 0), reach{[][]bool{{T, T, T}, {F, T, T}, {F, F, T}}, [][]bool{{T}, {T}, {T}}}},
		// In the order of the layers 2, 1, 0: all pass within one step.
		"layers": {layered(w), reach{[][]bool{{T, F, F}, {T, T, F}, {T, T, T}}, [][]bool{{T}, {T}, {T}}}},
	} {
		same := func(a, b [][]bool) bool { return slices.EqualFunc(a, b, slices.Equal) }
		if !same(c.got.state, c.want.state) || !same(c.got.input, c.want.input) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}
