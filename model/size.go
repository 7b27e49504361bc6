package model

import (
	"math"
	"slices"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/wiring"
)

// units of a layer: those of its cell, else those of its wiring; 0 where neither has a number to choose.
func (l Layer) units() int {
	if n := cell.Units(l.Cell); n > 0 || l.Wiring == nil {
		return n
	}
	return wiring.Units(l.Wiring)
}

// Size is the number by which the architecture is made larger or smaller: the units of its first layer that has any, 0
// where no layer has.
func (a Architecture) Size() int {
	for _, l := range a.Layers {
		if n := l.units(); n > 0 {
			return n
		}
	}
	return 0
}

// Resized is the architecture with another Size; all layers grow or shrink in proportion. It is a itself where Size is 0.
// Not every size can be built; see Count.
func (a Architecture) Resized(units int) Architecture {
	size := a.Size()
	if size == 0 {
		return a
	}
	a.Layers = slices.Clone(a.Layers)
	for i, l := range a.Layers {
		n := max(1, int(math.Round(float64(l.units())*float64(units)/float64(size))))
		switch {
		case l.units() == 0:
		case cell.Units(l.Cell) > 0:
			a.Layers[i].Cell = cell.WithUnits(l.Cell, n)
		default:
			a.Layers[i].Wiring = wiring.WithUnits(l.Wiring, n)
		}
	}
	return a
}
