package wiring

import (
	"fmt"
	"slices"
)

// FromMatrix imports a wiring from its adjacency among units (Units × Units) and from inputs (inputs × Units), row = source,
// column = target, entries -1, 0 and +1. The first outputs units are the motor neurons.
//
// The layers are recovered where the graph is that of an NCP: every other unit is an inter neuron when it has inputs but no
// inner source, else a command neuron; all synapses lead from inputs to inter, from inter to command, and from command to
// command or motor neurons; each layer has a neuron; each command neuron has a source among the inter and a target among
// the motor neurons, and each motor neuron has a source. Otherwise all units are one layer. To say what the layers are, use
// [FromMatrixLayers].
//
// The error names the matrix, row and column at fault.
func FromMatrix(adjacency, sensory [][]int8, outputs int) (*Wiring, error) {
	w, err := importMatrices(adjacency, sensory, outputs)
	if err != nil {
		return nil, err
	}
	w.layers = recoverLayers(w)
	w.assignRoles()
	return w, nil
}

// FromMatrixLayers imports a wiring as [FromMatrix] does, with the layers as given: every unit in exactly one of them, ids
// ascending, in the order in which a signal passes. The last of several layers is the motor layer, units 0 to outputs-1, the
// first is the inter layer and those between are command layers. Any unit may have synapses to any other.
func FromMatrixLayers(adjacency, sensory [][]int8, outputs int, layers [][]int) (*Wiring, error) {
	w, err := importMatrices(adjacency, sensory, outputs)
	if err != nil {
		return nil, err
	}
	for _, layer := range layers {
		w.layers = append(w.layers, slices.Clone(layer))
	}
	if err := w.checkLayers(); err != nil {
		return nil, err
	}
	w.assignRoles()
	return w, nil
}

// importMatrices makes a wiring without layers.
func importMatrices(adjacency, sensory [][]int8, outputs int) (*Wiring, error) {
	w := &Wiring{inputs: len(sensory), units: len(adjacency), outputs: outputs}
	w.origin = fmt.Sprintf("Matrix(%d, %d)", w.units, outputs)
	if err := w.checkSizes(); err != nil {
		return nil, err
	}
	var err error
	if w.inner, err = importMatrix("adjacency", adjacency, w.units); err != nil {
		return nil, err
	}
	w.sensory, err = importMatrix("sensory adjacency", sensory, w.units)
	return w, err
}

func importMatrix(name string, m [][]int8, columns int) ([]Synapse, error) {
	for i, row := range m {
		if len(row) != columns {
			return nil, fmt.Errorf("wiring: row %d of the %s has %d columns, it needs %d: one for each unit", i, name, len(row), columns)
		}
	}
	var list []Synapse
	for to := range columns {
		for from := range m {
			p := m[from][to]
			if p < -1 || p > 1 {
				return nil, fmt.Errorf("wiring: %s at row %d, column %d is %d, allowed are -1, 0 and 1: use the sign", name, from, to, p)
			}
			if p != 0 {
				list = append(list, Synapse{from, to, p})
			}
		}
	}
	return list, nil
}

// recoverLayers is inter, command and motor where the graph is that of an NCP, else one layer with all units.
func recoverLayers(w *Wiring) [][]int {
	role := recoverRoles(w)
	if !isNCP(w, role) {
		return [][]int{span{0, w.units}.ids()}
	}
	layers := make([][]int, 3)
	for unit, r := range role {
		layers[r-Inter] = append(layers[r-Inter], unit)
	}
	return layers
}

// recoverRoles guesses the role of every unit from what reaches it.
func recoverRoles(w *Wiring) []Role {
	hasInput, hasSource := make([]bool, w.units), make([]bool, w.units)
	for _, s := range w.sensory {
		hasInput[s.To] = true
	}
	for _, s := range w.inner {
		hasSource[s.To] = true
	}
	role := make([]Role, w.units)
	for unit := range role {
		switch {
		case unit < w.outputs:
			role[unit] = Motor
		case hasInput[unit] && !hasSource[unit]:
			role[unit] = Inter
		default:
			role[unit] = Command
		}
	}
	return role
}

// isNCP says whether every synapse joins roles that an NCP joins and nobody lacks a neighbour that an NCP gives it.
func isNCP(w *Wiring, role []Role) bool {
	if slices.ContainsFunc(w.sensory, func(s Synapse) bool { return role[s.To] != Inter }) {
		return false
	}
	fed, heard := make([]bool, w.units), make([]bool, w.units)
	for _, s := range w.inner {
		switch from, to := role[s.From], role[s.To]; {
		case from == Inter && to == Command:
			fed[s.To] = true
		case from == Command && to == Motor:
			fed[s.To], heard[s.From] = true, true
		case from != Command || to != Command:
			return false
		}
	}
	// A layer without neurons needs no check: there is a motor neuron, only commands feed it, and only inter neurons feed them.
	for unit, r := range role {
		if r != Inter && !fed[unit] || r == Command && !heard[unit] {
			return false
		}
	}
	return true
}

// checkSizes refuses sizes outside their range, before anything of these sizes is made.
func (w *Wiring) checkSizes() error {
	if w.units < 1 || w.units > maxUnits {
		return fmt.Errorf("wiring: the number of units is %d, allowed are 1 to %d", w.units, maxUnits)
	}
	if w.inputs < 1 || w.inputs > maxPairs/w.units {
		return fmt.Errorf("wiring: the number of inputs is %d, allowed are 1 to %d with %d units", w.inputs, maxPairs/w.units, w.units)
	}
	if w.outputs < 1 || w.outputs > w.units {
		return fmt.Errorf("wiring: the number of outputs is %d, allowed are 1 to %d, the number of units", w.outputs, w.units)
	}
	return nil
}

// checkLayers refuses layers that are no partition of the units or whose last is not the motor layer.
func (w *Wiring) checkLayers() error {
	in := make([]int, w.units) // layer of each unit, counted from 1
	for i, layer := range w.layers {
		if len(layer) == 0 {
			return fmt.Errorf("wiring: layer %d is empty: leave it out", i)
		}
		for k, unit := range layer {
			switch {
			case unit < 0 || unit >= w.units:
				return fmt.Errorf("wiring: layer %d has unit %d, allowed are 0 to %d", i, unit, w.units-1)
			case in[unit] != 0:
				return fmt.Errorf("wiring: unit %d stands in layer %d and again in layer %d: each unit has one place", unit, in[unit]-1, i)
			case k > 0 && layer[k-1] > unit:
				return fmt.Errorf("wiring: layer %d has unit %d after unit %d: ids ascend in a layer", i, unit, layer[k-1])
			}
			in[unit] = i + 1
		}
	}
	if unit := slices.Index(in, 0); unit >= 0 {
		return fmt.Errorf("wiring: unit %d is in none of the %d layers: each unit has one place", unit, len(w.layers))
	}
	if last := w.layers[len(w.layers)-1]; len(w.layers) > 1 && (len(last) != w.outputs || last[len(last)-1] != w.outputs-1) {
		return fmt.Errorf("wiring: the last of %d layers does not hold the outputs, units 0 to %d, alone: number the motor neurons first",
			len(w.layers), w.outputs-1)
	}
	return nil
}
