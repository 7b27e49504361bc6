package suite

import (
	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/experiment"
)

// alike is the size of all networks of the family.
var alike = experiment.Goal{Quantity: "params", Value: 2000}

// family is a network of every cell, the first that its entry lists. Its rates are those of Rates. One that cannot be as large as the others,
// since its states alone take more or since it has no size at all, is left out.
func family() (list []Candidate) {
	for _, p := range cell.FirstPresets() {
		list = append(list, Candidate{Preset: p.Name, Optional: true})
	}
	return list
}
