package wiring

import (
	"fmt"
	"math"
)

// Spec is a wiring before the number of inputs is known.
type Spec interface {
	// Build draws the wiring for a number of inputs. Equal specifications and inputs give equal wirings.
	Build(inputs int) (*Wiring, error)
	// String describes the specification; for the specifications of this package, but not for a [Wiring], it is a text that
	// [Parse] turns into the same specification again.
	String() string
}

// Seed chooses one of the possible draws: 1 to 4294967295 are the seeds of those numbers, the zero value is the default of the
// specification, and the number 0 itself is written [SeedZero].
type Seed int64

// SeedZero is the seed of number 0, because the zero value of a Seed means the default.
const SeedZero Seed = -1

// NewSeed is the seed of the number n, 0 included: for a number that comes from elsewhere.
func NewSeed(n uint32) Seed {
	if n == 0 {
		return SeedZero
	}
	return Seed(n)
}

// Default seeds, those of the ncps library.
const (
	defaultSeed    = 1111  // FullyConnected and Random
	defaultNCPSeed = 22222 // NCP and AutoNCP
)

// number is the number to seed a generator with. The seed was checked before.
func (s Seed) number(otherwise uint32) uint32 {
	switch s {
	case 0:
		return otherwise
	case SeedZero:
		return 0
	}
	return uint32(s)
}

// grid is a wiring's adjacency while it is drawn; setting a synapse again overwrites it.
type grid struct {
	rows, columns int
	cells         []int8
}

func newGrid(rows, columns int) *grid {
	return &grid{rows, columns, make([]int8, rows*columns)}
}

func (g *grid) set(from, to int, polarity int8) { g.cells[from*g.columns+to] = polarity }

// synapses lists the nonzero cells by target, then source.
func (g *grid) synapses() []Synapse {
	var list []Synapse
	for to := range g.columns {
		for from := range g.rows {
			if p := g.cells[from*g.columns+to]; p != 0 {
				list = append(list, Synapse{from, to, p})
			}
		}
	}
	return list
}

// newWiring completes a drawn wiring. Without layers all units are one layer.
func newWiring(origin string, sensory, inner *grid, outputs int, layers [][]int) *Wiring {
	w := &Wiring{
		origin: origin, inputs: sensory.rows, units: inner.rows, outputs: outputs,
		sensory: sensory.synapses(), inner: inner.synapses(), layers: layers,
	}
	if layers == nil {
		w.layers = [][]int{span{0, w.units}.ids()}
	}
	w.assignRoles()
	return w
}

// span is the ids from lo to hi-1.
type span struct{ lo, hi int }

func (s span) size() int { return s.hi - s.lo }

func (s span) ids() []int {
	ids := make([]int, 0, s.size())
	for id := s.lo; id < s.hi; id++ {
		ids = append(ids, id)
	}
	return ids
}

// rule is one condition on an argument of a specification: a whole number within low to high, or the remedy.
type rule struct {
	name      string
	value     int
	low, high int
	why       string // where the bounds come from; empty when they are plain
	fix       string
}

// check returns an error for a seed out of range or the first rule that is broken.
func check(spec Spec, seed Seed, rules []rule) error {
	if seed < SeedZero || seed > math.MaxUint32 {
		return fmt.Errorf("wiring: seed is %d, allowed are 1 to %d, 0 for the default and SeedZero for number 0: choose another seed",
			int64(seed), uint32(math.MaxUint32))
	}
	for _, r := range rules {
		if r.value >= r.low && r.value <= r.high {
			continue
		}
		why := ""
		if r.why != "" {
			why = " (" + r.why + ")"
		}
		return fmt.Errorf("wiring %s: %s is %d, allowed are %d to %d%s: %s", spec, r.name, r.value, r.low, r.high, why, r.fix)
	}
	return nil
}

func unitsRule(units, least int) rule {
	return rule{"units", units, least, maxUnits, "", fmt.Sprintf("choose at least %d and at most %d units", least, maxUnits)}
}

// outputsRule allows 0, which stands for all units.
func outputsRule(outputs, units int) rule {
	return rule{"outputs", outputs, 0, units, "the number of units; 0 means all", "choose fewer outputs or more units"}
}

// checkInputs refuses a number of inputs that is not positive or gives too many pairs with the checked number of units.
func checkInputs(spec Spec, inputs, units int) error {
	return check(spec, 0, []rule{{"the number of inputs", inputs, 1, maxPairs / units, "inputs × units stay within 2^24",
		"select at least one input column and not too many"}})
}

// sparsityError names a share of synapses that is out of its range.
func sparsityError(spec Spec, value float64, allowed string) error {
	return fmt.Errorf("wiring %s: sparsity is %v, allowed are %s: it is the share of synapses left out", spec, value, allowed)
}
