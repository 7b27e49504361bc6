// Package wiring says who is connected to whom in a liquid network.
//
// A wiring is first written as a specification, which does not know the number of inputs yet:
//
//	wiring.Auto(19, 1)                    sparse, in layers inter → command → motor, from two numbers
//	wiring.NCP{Inter: 12, Command: 6, …}  the same with every fan-out chosen
//	wiring.Full(32)                       everything to everything
//	wiring.Random{Units: 32, …}           a random share of all pairs
//	wiring.Parse("auto:19,1,seed=7")      any of them from the text of a command line
//
// Build, given the number of inputs, draws an immutable [Wiring] from the specification's own seed. The draws are those of the
// ncps library, bit for bit: the same seed gives the same synapses and polarities there and here.
//
// Units are numbered 0 to Units-1 and the motor neurons, whose potentials are the outputs, always come first. A synapse
// has a source (an input or a unit), a target (a unit) and a polarity: +1 excites, -1 inhibits. Matrices have one row
// per source and one column per target.
package wiring

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
)

// maxPairs bounds units × units and inputs × units, so that a mistyped size is an error and not an exhausted machine.
const maxPairs = 1 << 24

// maxUnits is the largest number of units: its square is maxPairs.
const maxUnits = 1 << 12

// Synapse is one directed connection.
type Synapse struct {
	// From is the source: an input in [Wiring.Sensory], a unit in [Wiring.Inner].
	From int
	// To is the target unit.
	To int
	// Polarity is +1 for an excitatory synapse and -1 for an inhibitory one; +1 where it is not known, see [Wiring.Signed].
	Polarity int8
}

// Role is the part a neuron plays.
type Role uint8

// The roles, in the order in which a signal passes them.
const (
	Sensory Role = iota // an input
	Inter               // reached by inputs
	Command             // between inter and motor neurons, and the only recurrent ones of an NCP
	Motor               // its potential is an output
)

var roleNames = [...]string{Sensory: "sensory", Inter: "inter", Command: "command", Motor: "motor"}

// String is the role in lower case, such as "inter".
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return fmt.Sprintf("role %d", uint8(r))
}

// Wiring is a drawn or imported graph of neurons. It never changes after it was built, so that it may be shared freely, and
// it is its own [Spec]. Wirings come from a Spec, from [FromMatrix] or from JSON; the zero Wiring has no neurons.
type Wiring struct {
	origin   string // how it was made, for String
	inputs   int
	units    int
	outputs  int
	unsigned bool      // nobody knows which synapses excite
	sensory  []Synapse // sorted by To, then From
	inner    []Synapse // sorted by To, then From
	layers   [][]int   // a partition of the units; ascending ids
	roles    []Role    // of each unit, follows from layers
}

// Inputs is the number of inputs.
func (w *Wiring) Inputs() int { return w.inputs }

// Units is the number of neurons, inputs not counted.
func (w *Wiring) Units() int { return w.units }

// Signed says that the polarities are known. They are not where a wiring was imported from masks of zeros and ones.
func (w *Wiring) Signed() bool { return !w.unsigned }

// Unsigned is the same graph with unknown polarities.
func (w *Wiring) Unsigned() *Wiring {
	u := *w // what it refers to never changes
	u.unsigned = true
	for _, list := range []*[]Synapse{&u.sensory, &u.inner} {
		*list = slices.Clone(*list)
		for i := range *list {
			(*list)[i].Polarity = 1
		}
	}
	return &u
}

// Outputs is the number of motor neurons; their ids are 0 to Outputs-1.
func (w *Wiring) Outputs() int { return w.outputs }

// Sensory returns a copy of the synapses from inputs to units, sorted by To, then From.
func (w *Wiring) Sensory() []Synapse { return slices.Clone(w.sensory) }

// Inner returns a copy of the synapses among units, sorted by To, then From.
func (w *Wiring) Inner() []Synapse { return slices.Clone(w.inner) }

// Synapses is the number of synapses from inputs and the number of those among units.
func (w *Wiring) Synapses() (sensory, inner int) { return len(w.sensory), len(w.inner) }

// Role is the role of a unit. In a wiring of one layer the outputs are motor neurons and all others inter neurons. It panics
// when unit is not in 0 to Units-1.
func (w *Wiring) Role(unit int) Role {
	if unit < 0 || unit >= w.units {
		panic("wiring: Role of a unit that does not exist")
	}
	return w.roles[unit]
}

// Layers returns a copy of the layers in the order in which a signal passes them, ids ascending in each: inter, command, motor
// for NCP and AutoNCP, one layer with all units for the others.
func (w *Wiring) Layers() [][]int {
	layers := make([][]int, len(w.layers))
	for i, layer := range w.layers {
		layers[i] = slices.Clone(layer)
	}
	return layers
}

// SensoryMatrix is the sensory adjacency, Inputs × Units, with the polarity where there is a synapse and 0 elsewhere.
func (w *Wiring) SensoryMatrix() [][]int8 { return matrix(w.inputs, w.units, w.sensory) }

// Matrix is the adjacency among units, Units × Units, with the polarity where there is a synapse and 0 elsewhere.
func (w *Wiring) Matrix() [][]int8 { return matrix(w.units, w.units, w.inner) }

func matrix(rows, columns int, synapses []Synapse) [][]int8 {
	cells := make([]int8, rows*columns)
	m := make([][]int8, rows)
	for i := range m {
		m[i] = cells[i*columns : (i+1)*columns : (i+1)*columns]
	}
	for _, s := range synapses {
		m[s.From][s.To] = s.Polarity
	}
	return m
}

// Count is the exact number of synapses from neurons of one role to neurons of another.
type Count struct {
	From, To   Role
	Excitatory int // polarity +1
	Inhibitory int // polarity -1
	Unknown    int // all of them in a wiring that is not [Wiring.Signed]
}

// Synapses is the number of synapses, whatever their polarity.
func (c Count) Synapses() int { return c.Excitatory + c.Inhibitory + c.Unknown }

// Counts lists the number of synapses for every pair of roles that has any, in the order of the roles: first by From, then by
// To. The totals are those of [Wiring.Synapses].
func (w *Wiring) Counts() []Count {
	var table [Motor + 1][Motor + 1]Count
	for _, s := range w.sensory {
		table[Sensory][w.roles[s.To]].add(s, w.unsigned)
	}
	for _, s := range w.inner {
		table[w.roles[s.From]][w.roles[s.To]].add(s, w.unsigned)
	}
	var counts []Count
	for from := range table {
		for to, c := range table[from] {
			if c.Synapses() > 0 {
				c.From, c.To = Role(from), Role(to)
				counts = append(counts, c)
			}
		}
	}
	return counts
}

func (c *Count) add(s Synapse, unsigned bool) {
	switch {
	case unsigned:
		c.Unknown++
	case s.Polarity < 0:
		c.Inhibitory++
	default:
		c.Excitatory++
	}
}

// String describes the wiring in one line, such as "AutoNCP(19, 1) sparsity 0.5 seed 22222: 21 sensory + 47 inner synapses".
// It is for reading; the String of the other specifications is what [Parse] reads.
func (w *Wiring) String() string {
	return fmt.Sprintf("%s: %d sensory + %d inner synapses", w.origin, len(w.sensory), len(w.inner))
}

// Build returns the wiring itself, which makes it a [Spec]. It fails when the wiring has another number of inputs.
func (w *Wiring) Build(inputs int) (*Wiring, error) {
	if inputs != w.inputs {
		return nil, fmt.Errorf("wiring %s has %d inputs, but %d are needed: build a wiring from a specification instead",
			w.origin, w.inputs, inputs)
	}
	return w, nil
}

// Hash is the SHA-256, in hexadecimal, of everything that a network computes with: sizes, layers and synapses with their
// polarities. How the wiring was made does not enter, so that a drawn wiring and its imported copy agree.
func (w *Wiring) Hash() string {
	var content []byte
	put := func(values ...int) {
		for _, v := range values {
			content = binary.LittleEndian.AppendUint64(content, uint64(v))
		}
	}
	put(w.inputs, w.units, w.outputs, len(w.layers))
	for _, layer := range w.layers {
		put(len(layer))
		put(layer...)
	}
	for _, synapses := range [][]Synapse{w.sensory, w.inner} {
		put(len(synapses))
		for _, s := range synapses {
			put(s.From, s.To, int(s.Polarity))
		}
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// byTarget is the order of synapses: by target, then by source.
func byTarget(a, b Synapse) int {
	return cmp.Or(cmp.Compare(a.To, b.To), cmp.Compare(a.From, b.From))
}

// assignRoles gives every unit its role: the first layer is inter, the last is motor, those between are command. In a single
// layer the outputs are motor and the rest is inter.
func (w *Wiring) assignRoles() {
	w.roles = make([]Role, w.units)
	for i, layer := range w.layers {
		role := Command
		if i == 0 {
			role = Inter
		}
		for _, unit := range layer {
			w.roles[unit] = role
		}
	}
	for unit := range w.outputs {
		w.roles[unit] = Motor
	}
}
