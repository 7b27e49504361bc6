package golden

import (
	"fmt"

	"github.com/elegans-nn/elegans/wiring"
)

// args are the arguments of the library's wirings, under its names.
type args struct {
	Units           int      `json:"units"`
	OutputDim       *int     `json:"output_dim"`
	OutputSize      int      `json:"output_size"`
	Sparsity        *float64 `json:"sparsity_level"`
	Seed            *uint32  `json:"seed"`
	RandomSeed      *uint32  `json:"random_seed"`
	ErevSeed        *uint32  `json:"erev_init_seed"`
	SelfConnections *bool    `json:"self_connections"`
	Inter           int      `json:"inter_neurons"`
	Command         int      `json:"command_neurons"`
	Motor           int      `json:"motor_neurons"`
	SensoryFanout   int      `json:"sensory_fanout"`
	InterFanout     int      `json:"inter_fanout"`
	Recurrent       int      `json:"recurrent_command_synapses"`
	MotorFanin      int      `json:"motor_fanin"`
}

func sparsity(s *float64) float64 {
	if s == nil {
		return 0
	}
	return *s
}

// spec is the specification of a wiring that the library drew with these arguments.
func (a args) spec(d drawing) (wiring.Spec, error) {
	name, given := "seed", a.Seed
	switch d.Wiring {
	case "FullyConnected":
		name, given = "erev_init_seed", a.ErevSeed
	case "Random":
		name, given = "random_seed", a.RandomSeed
	}
	if given == nil {
		return nil, fmt.Errorf("the arguments of wiring %s lack %s", d.Wiring, name)
	}
	seed := wiring.NewSeed(*given)
	units, outputs := a.Units, 0
	if units == 0 {
		units = d.Units
	}
	if a.OutputDim != nil {
		outputs = *a.OutputDim
	}
	switch d.Wiring {
	case "FullyConnected":
		return wiring.FullyConnected{Units: units, Outputs: outputs, Seed: seed, NoSelf: a.SelfConnections != nil && !*a.SelfConnections}, nil
	case "Random":
		return wiring.Random{Units: units, Outputs: outputs, Sparsity: sparsity(a.Sparsity), Seed: seed}, nil
	case "AutoNCP":
		return wiring.AutoNCP{Units: units, Outputs: a.OutputSize, Sparsity: sparsity(a.Sparsity), Seed: seed}, nil
	case "NCP":
		return wiring.NCP{Inter: a.Inter, Command: a.Command, Motor: a.Motor, SensoryFanout: a.SensoryFanout,
			InterFanout: a.InterFanout, Recurrent: a.Recurrent, MotorFanin: a.MotorFanin, Seed: seed}, nil
	}
	return nil, fmt.Errorf("wiring %q; known: FullyConnected, Random, NCP, AutoNCP", d.Wiring)
}
