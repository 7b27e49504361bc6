package wiring

import "fmt"

// AutoNCP is an [NCP] whose layers and fan-outs follow from three numbers. Of the units that are not outputs 40 % are command
// neurons and the rest inter neurons; fan-outs and fan-in are the share 1-Sparsity of the layer they lead to (the fan-in: of
// the layer it comes from), and twice that share of the command neurons is the number of recurrent draws.
type AutoNCP struct {
	// Units is the number of neurons, 4 to 4096.
	Units int
	// Outputs is the number of motor neurons, 1 to Units-3.
	Outputs int
	// Sparsity is the share of synapses left out, 0.1 to 1 (at 1 every fan-out is 1); default 0.5.
	Sparsity float64
	// Seed of synapses and polarities; default 22222.
	Seed Seed
}

// Auto is the AutoNCP of units neurons, the first outputs of which are motor neurons.
func Auto(units, outputs int) AutoNCP { return AutoNCP{Units: units, Outputs: outputs} }

const defaultSparsity = 0.5

func (s AutoNCP) sparsity() float64 {
	if s.Sparsity == 0 {
		return defaultSparsity
	}
	return s.Sparsity
}

// NCP is the specification that s stands for. It fails on arguments outside their range.
func (s AutoNCP) NCP() (NCP, error) {
	if err := s.check(); err != nil {
		return NCP{}, err
	}
	// Cut towards zero in double precision in exactly this order: any other rounding gives other wirings than the reference.
	density := 1.0 - s.sparsity()
	rest := s.Units - s.Outputs
	command := max(int(0.4*float64(rest)), 1)
	inter := rest - command
	return NCP{
		Inter: inter, Command: command, Motor: s.Outputs,
		SensoryFanout: max(int(float64(inter)*density), 1),
		InterFanout:   max(int(float64(command)*density), 1),
		Recurrent:     max(int(float64(command)*density*2), 1),
		MotorFanin:    max(int(float64(command)*density), 1),
		Seed:          s.Seed,
	}, nil
}

// Build draws the wiring. It fails on arguments outside their range.
func (s AutoNCP) Build(inputs int) (*Wiring, error) {
	ncp, err := s.NCP()
	if err != nil {
		return nil, err
	}
	if err := checkInputs(s, inputs, s.Units); err != nil {
		return nil, err
	}
	return ncp.draw(inputs, s.title()), nil
}

// String is the specification as [Parse] reads it, such as "auto:19,1,sparsity=0.4".
func (s AutoNCP) String() string { return format("auto", &s) }

func (s AutoNCP) title() string {
	return fmt.Sprintf("AutoNCP(%d, %d) sparsity %v seed %d", s.Units, s.Outputs, s.sparsity(), s.Seed.number(defaultNCPSeed))
}

func (s AutoNCP) check() error {
	err := check(s, s.Seed, []rule{
		unitsRule(s.Units, 4),
		{"outputs", s.Outputs, 1, s.Units - 3, "units - 3", "choose fewer outputs or more units"},
	})
	if err != nil {
		return err
	}
	if !(s.sparsity() >= 0.1 && s.sparsity() <= 1) { // also refuses NaN
		return sparsityError(s, s.Sparsity, "0.1 to 1")
	}
	return nil
}

func (s *AutoNCP) arguments() (places, options []argument) {
	return []argument{{"units", &s.Units}, {"outputs", &s.Outputs}},
		[]argument{{"sparsity", (*defaulted)(&s.Sparsity)}, {"seed", &s.Seed}}
}

func (s *AutoNCP) spec() (Spec, error) { return *s, s.check() }
