package wiring

import "fmt"

// FullyConnected joins every input and every unit to every unit. One synapse in three inhibits, by chance.
type FullyConnected struct {
	// Units is the number of neurons, 1 to 4096.
	Units int
	// Outputs is the number of motor neurons, 1 to Units; 0 means all units.
	Outputs int
	// NoSelf leaves out the synapse from a unit to itself.
	NoSelf bool
	// Seed of the polarities; default 1111.
	Seed Seed
}

// Full is the fully connected wiring of units neurons that are all outputs.
func Full(units int) FullyConnected { return FullyConnected{Units: units} }

// Build draws the wiring. It fails on sizes outside their range.
func (s FullyConnected) Build(inputs int) (*Wiring, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := checkInputs(s, inputs, s.Units); err != nil {
		return nil, err
	}
	rng := newPCG(s.Seed.number(defaultSeed))
	inner, sensory := newGrid(s.Units, s.Units), newGrid(inputs, s.Units)
	for from := range s.Units {
		for to := range s.Units {
			if from != to || !s.NoSelf {
				inner.set(from, to, rng.polarity())
			}
		}
	}
	for from := range inputs {
		for to := range s.Units {
			sensory.set(from, to, rng.polarity())
		}
	}
	return newWiring(s.title(), sensory, inner, orAll(s.Outputs, s.Units), nil), nil
}

// String is the specification as [Parse] reads it, such as "full:32,4".
func (s FullyConnected) String() string { return format("full", &s) }

func (s FullyConnected) title() string {
	self := ""
	if s.NoSelf {
		self = " without self-connections"
	}
	return fmt.Sprintf("FullyConnected(%s)%s seed %d", sizes(s.Units, s.Outputs), self, s.Seed.number(defaultSeed))
}

func (s FullyConnected) check() error {
	return check(s, s.Seed, []rule{unitsRule(s.Units, 1), outputsRule(s.Outputs, s.Units)})
}

func (s *FullyConnected) arguments() (places, options []argument) {
	return []argument{{"units", &s.Units}, {"outputs", &s.Outputs}}, []argument{{"noself", &s.NoSelf}, {"seed", &s.Seed}}
}

func (s *FullyConnected) spec() (Spec, error) { return *s, s.check() }

// orAll is outputs, or all units where none are given.
func orAll(outputs, units int) int {
	if outputs == 0 {
		return units
	}
	return outputs
}

// sizes is "32" when all units are outputs, "32, 4" otherwise.
func sizes(units, outputs int) string {
	if outputs == 0 {
		return fmt.Sprint(units)
	}
	return fmt.Sprintf("%d, %d", units, outputs)
}
