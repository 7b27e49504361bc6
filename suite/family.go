package suite

import (
	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/experiment"
)

// alike is the size of all networks of the family.
var alike = experiment.Goal{Quantity: "params", Value: 2000}

// family is a network of every cell that has a size, the first that its entry lists. Its rates are those of Rates. One that cannot be as
// large as the others, since its states alone take more, is left out.
func family() (list []Candidate) {
	for _, e := range cell.Registry() {
		if _, ok := e.Cell.(cell.Linear); !ok && len(e.Presets) > 0 {
			list = append(list, Candidate{Preset: e.Presets[0].Name, Optional: true})
		}
	}
	return list
}
