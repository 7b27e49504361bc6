package cell

import (
	"strings"

	"github.com/elegans-nn/elegans/wiring"
)

// Preset is a named, ready configuration. The parts of its name are joined by dashes: the cell, what form of it, how many units;
// a size may be a word (small), and a wiring bears its own (ncp19, fc32): ltc-ncp19, linoss-imex-64, cfc-small.
type Preset struct {
	Name    string
	Summary string
	Cell    Cell
	// Wiring for a number of outputs that the readout will have; nil for cells without one.
	Wiring func(outputs int) wiring.Spec
}

// Presets lists the named configurations of all cells.
func Presets() (all []Preset) {
	for _, e := range registry {
		all = append(all, e.Presets...)
	}
	return all
}

// FirstPresets lists the first configuration of every cell that has any: one network of each.
func FirstPresets() (list []Preset) {
	for _, e := range registry {
		if len(e.Presets) > 0 {
			list = append(list, e.Presets[0])
		}
	}
	return list
}

// LookupPreset finds a preset by name, the first preset of a cell by the cell's name in lower case, or the first preset whose name
// goes on where the given one ends at a dash: ltc-ncp19, ltc, lrcu. Dashes may be left out or put in between (lstm64, gru-d). The
// error is an *UnknownError.
func LookupPreset(name string) (Preset, error) {
	var names []string
	bare := func(name string) string { return strings.ReplaceAll(name, "-", "") }
	same := func(e Entry, i int) bool { return e.Presets[i].Name == name }
	near := func(e Entry, i int) bool {
		return bare(e.Presets[i].Name) == bare(name) || i == 0 && strings.ToLower(e.Name) == bare(name)
	}
	begun := func(e Entry, i int) bool { return strings.HasPrefix(e.Presets[i].Name, name+"-") }
	for _, match := range []func(e Entry, i int) bool{same, near, begun} {
		for _, e := range registry {
			for i, p := range e.Presets {
				if match(e, i) {
					return p, nil
				}
			}
		}
	}
	for _, p := range Presets() {
		names = append(names, p.Name)
	}
	return Preset{}, &UnknownError{Kind: "model", Name: name, Known: names}
}
