package wiring

import "fmt"

// NCP is a neural circuit policy: a sparse wiring in four layers, sensory → inter → command → motor, modelled on the tap
// circuit of the worm C. elegans. Half of the synapses inhibit, on average.
//
//   - every input reaches SensoryFanout inter neurons;
//   - every inter neuron reaches InterFanout command neurons;
//   - Recurrent times a synapse is drawn from a command neuron to a command neuron, itself allowed; a repetition replaces;
//   - every motor neuron is reached by MotorFanin command neurons.
//
// A neuron that would be left out is then joined: an inter neuron without input and a command neuron without source or
// without motor neuron get about as many synapses as the others have on average. Nothing else is connected.
//
// Source: Lechner, Hasani et al., Neural circuit policies enabling auditable autonomy, Nature Machine Intelligence 2 (2020).
type NCP struct {
	// Inter, Command and Motor are the numbers of neurons, each at least 1, together at most 4096.
	Inter, Command, Motor int
	// SensoryFanout is 1 to Inter.
	SensoryFanout int
	// InterFanout is 1 to Command.
	InterFanout int
	// Recurrent is 0 to 1048576.
	Recurrent int
	// MotorFanin is 1 to Command.
	MotorFanin int
	// Seed of synapses and polarities; default 22222.
	Seed Seed
}

// maxRecurrent bounds the draws between command neurons, of which most would repeat each other anyway.
const maxRecurrent = 1 << 20

// Build draws the wiring. It fails on arguments outside their range.
func (s NCP) Build(inputs int) (*Wiring, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := checkInputs(s, inputs, s.units()); err != nil {
		return nil, err
	}
	return s.draw(inputs, s.title()), nil
}

// draw makes the wiring of a checked specification. The order of the draws is the reference's.
func (s NCP) draw(inputs int, title string) *Wiring {
	rng := newTwister(s.Seed.number(defaultNCPSeed))
	sources := span{0, inputs}
	motor := span{0, s.Motor}
	command := span{motor.hi, motor.hi + s.Command}
	inter := span{command.hi, command.hi + s.Inter}
	inner, sensory := newGrid(s.units(), s.units()), newGrid(inputs, s.units())

	bundle{sources, inter, s.SensoryFanout, average(inputs*s.SensoryFanout, s.Inter, inputs)}.draw(rng, sensory.set)
	bundle{inter, command, s.InterFanout, average(s.Inter*s.InterFanout, s.Command, s.Command)}.draw(rng, inner.set)
	for range s.Recurrent {
		from, to := command.lo+rng.upTo(s.Command-1), command.lo+rng.upTo(s.Command-1)
		inner.set(from, to, rng.sign())
	}
	backwards := func(target, source int, polarity int8) { inner.set(source, target, polarity) }
	bundle{motor, command, s.MotorFanin, average(s.Motor*s.MotorFanin, s.Command, s.Motor)}.draw(rng, backwards)

	return newWiring(title, sensory, inner, s.Motor, [][]int{inter.ids(), command.ids(), motor.ids()})
}

// bundle is the synapses between two layers: each of the first gets count partners, and then each partner that nobody chose
// gets repair of the first.
type bundle struct {
	first, partners span
	count, repair   int
}

func (b bundle) draw(rng *twister, set func(first, partner int, polarity int8)) {
	chosen := make([]bool, b.partners.size())
	for _, first := range b.first.ids() {
		for _, k := range rng.some(b.partners.size(), b.count) {
			chosen[k] = true
			set(first, b.partners.lo+k, rng.sign())
		}
	}
	for k, was := range chosen {
		if was {
			continue
		}
		for _, first := range rng.some(b.first.size(), b.repair) {
			set(b.first.lo+first, b.partners.lo+k, rng.sign())
		}
	}
}

// average is total synapses spread over n neurons, rounded down, but 1 to most.
func average(total, n, most int) int { return min(max(total/n, 1), most) }

func (s NCP) units() int { return s.Inter + s.Command + s.Motor }

// String is the specification as [Parse] reads it, such as "ncp:12,6,1,sensory=6,inter=4,recurrent=6,motor=6".
func (s NCP) String() string { return format("ncp", &s) }

func (s NCP) title() string {
	return fmt.Sprintf("NCP(%d, %d, %d) fan-out %d and %d, recurrent %d, fan-in %d, seed %d", s.Inter, s.Command, s.Motor,
		s.SensoryFanout, s.InterFanout, s.Recurrent, s.MotorFanin, s.Seed.number(defaultNCPSeed))
}

func (s NCP) check() error {
	const size = "every layer needs a neuron, and all together have at most 4096"
	const fewer = "choose fewer synapses or more neurons"
	return check(s, s.Seed, []rule{
		{"inter", s.Inter, 1, maxUnits, "neurons", size},
		{"command", s.Command, 1, maxUnits, "neurons", size},
		{"motor", s.Motor, 1, maxUnits, "neurons", size},
		{"inter + command + motor", s.units(), 3, maxUnits, "neurons", size},
		{"sensory fan-out", s.SensoryFanout, 1, s.Inter, "the number of inter neurons", fewer},
		{"inter fan-out", s.InterFanout, 1, s.Command, "the number of command neurons", fewer},
		{"recurrent", s.Recurrent, 0, maxRecurrent, "draws", fewer},
		{"motor fan-in", s.MotorFanin, 1, s.Command, "the number of command neurons", fewer},
	})
}

func (s *NCP) arguments() (places, options []argument) {
	return []argument{{"inter neurons", &s.Inter}, {"command neurons", &s.Command}, {"motor neurons", &s.Motor}},
		[]argument{{"sensory", &s.SensoryFanout}, {"inter", &s.InterFanout}, {"recurrent", &s.Recurrent},
			{"motor", &s.MotorFanin}, {"seed", &s.Seed}}
}

func (s *NCP) spec() (Spec, error) { return *s, s.check() }
