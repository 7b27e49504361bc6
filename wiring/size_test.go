package wiring

import "testing"

func TestUnits(t *testing.T) {
	drawn := build(t, Full(4), 2)
	ncp := NCP{Inter: 5, Command: 3, Motor: 2, SensoryFanout: 3, InterFanout: 2, Recurrent: 4, MotorFanin: 2}
	for _, c := range []struct {
		spec  Spec
		units int
		want  Spec // with 11 units
	}{
		{AutoNCP{Units: 19, Outputs: 2, Seed: 5}, 19, AutoNCP{Units: 11, Outputs: 2, Seed: 5}},
		{FullyConnected{Units: 7, NoSelf: true}, 7, FullyConnected{Units: 11, NoSelf: true}},
		{Random{Units: 6, Outputs: 3, Sparsity: 0.4}, 6, Random{Units: 11, Outputs: 3, Sparsity: 0.4}},
		{ncp, 0, ncp},
		{drawn, 0, drawn},
	} {
		if got := Units(c.spec); got != c.units {
			t.Errorf("%v has %d units, want %d", c.spec, got, c.units)
		}
		if got := WithUnits(c.spec, 11); got != c.want {
			t.Errorf("%v with 11 units is %v, want %v", c.spec, got, c.want)
		}
	}
}
