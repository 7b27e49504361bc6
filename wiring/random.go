package wiring

import (
	"fmt"
	"math"
)

// Random joins a random share of all pairs: round(Units·Units·(1-Sparsity)) synapses among units, those from a unit to itself
// included, and round(inputs·Units·(1-Sparsity)) from inputs, halves rounded to even. One synapse in three inhibits, by chance.
type Random struct {
	// Units is the number of neurons, 1 to 4096.
	Units int
	// Outputs is the number of motor neurons, 1 to Units; 0 means all units.
	Outputs int
	// Sparsity is the share of pairs left out, 0 to below 1; default 0.
	Sparsity float64
	// Seed of pairs and polarities; default 1111.
	Seed Seed
}

// Build draws the wiring. It fails on arguments outside their range.
func (s Random) Build(inputs int) (*Wiring, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := checkInputs(s, inputs, s.Units); err != nil {
		return nil, err
	}
	rng := newPCG(s.Seed.number(defaultSeed))
	inner, sensory := newGrid(s.Units, s.Units), newGrid(inputs, s.Units)
	for _, pair := range rng.some(s.share(s.Units)) {
		inner.cells[pair] = rng.polarity()
	}
	for _, pair := range rng.some(s.share(inputs)) {
		rng.polarity() // the reference draws sensory polarities twice and keeps the second
		sensory.cells[pair] = rng.polarity()
	}
	return newWiring(s.title(), sensory, inner, orAll(s.Outputs, s.Units), nil), nil
}

// share is the number of pairs between sources and units, and how many of them become synapses.
func (s Random) share(sources int) (pairs, synapses int) {
	pairs = sources * s.Units
	return pairs, int(math.RoundToEven(float64(pairs) * (1 - s.Sparsity)))
}

// String is the specification as [Parse] reads it, such as "random:32,4,sparsity=0.5".
func (s Random) String() string { return format("random", &s) }

func (s Random) title() string {
	return fmt.Sprintf("Random(%s) sparsity %v seed %d", sizes(s.Units, s.Outputs), s.Sparsity, s.Seed.number(defaultSeed))
}

func (s Random) check() error {
	if err := check(s, s.Seed, []rule{unitsRule(s.Units, 1), outputsRule(s.Outputs, s.Units)}); err != nil {
		return err
	}
	if !(s.Sparsity >= 0 && s.Sparsity < 1) { // also refuses NaN
		return sparsityError(s, s.Sparsity, "0 to below 1")
	}
	return nil
}

func (s *Random) arguments() (places, options []argument) {
	return []argument{{"units", &s.Units}, {"outputs", &s.Outputs}},
		[]argument{{"sparsity", &s.Sparsity}, {"seed", &s.Seed}}
}

func (s *Random) spec() (Spec, error) { return *s, s.check() }
