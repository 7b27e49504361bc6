package model

import (
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

func TestResized(t *testing.T) {
	a := Architecture{Layers: []Layer{Liquid(cell.LTC{}, wiring.Auto(20, 2)), Recurrent(cell.GRU{Units: 6})}, TimeInput: true}
	if a.Size() != 20 {
		t.Fatalf("size %d, want 20", a.Size())
	}
	b := a.Resized(30)
	if w := b.Layers[0].Wiring; w != wiring.Auto(30, 2) || b.Layers[1].Cell != (cell.GRU{Units: 9}) || !b.TimeInput {
		t.Errorf("resized to %v and %v", w, b.Layers[1].Cell)
	}
	if a.Size() != 20 || a.Layers[1].Cell != (cell.GRU{Units: 6}) {
		t.Error("the architecture itself was changed")
	}
	m, err := b.Model(series.Plain(3))
	if err != nil {
		t.Fatal(err)
	}
	if drawn := m.Architecture(); drawn.Size() != 9 { // a drawn wiring has no number to choose
		t.Errorf("size of the drawn architecture is %d, want 9", drawn.Size())
	}
	fixed := Architecture{Layers: []Layer{Liquid(cell.LTC{}, m.Wirings()[0])}}
	if fixed.Size() != 0 || fixed.Resized(7).Layers[0] != fixed.Layers[0] {
		t.Error("an architecture without a size was resized")
	}
}
