package wiring

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func build(t *testing.T, s Spec, inputs int) *Wiring {
	t.Helper()
	w, err := s.Build(inputs)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// checkLine demands an error of one line that holds every part.
func checkLine(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, expected one with %q", parts)
		return
	}
	text := err.Error()
	if strings.ContainsAny(text, "\n\r") || len(text) > 400 {
		t.Errorf("not one short line: %q", text)
	}
	if !strings.HasPrefix(text, "wiring") {
		t.Errorf("does not begin with its place: %q", text)
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not hold %q", text, part)
		}
	}
}

func TestBuildErrors(t *testing.T) {
	lane := NCP{Inter: 12, Command: 6, Motor: 1, SensoryFanout: 6, InterFanout: 4, Recurrent: 6, MotorFanin: 6}
	vary := func(change func(*NCP)) NCP {
		s := lane
		change(&s)
		return s
	}
	for _, c := range []struct {
		spec   Spec
		inputs int
		parts  []string
	}{
		{Full(0), 3, []string{"full:0", "units is 0", "1 to 4096"}},
		{Full(4097), 3, []string{"units is 4097", "1 to 4096"}},
		{Full(5), 0, []string{"full:5", "number of inputs is 0", "1 to 3355443"}},
		{Full(5), -1, []string{"number of inputs is -1"}},
		{Full(4096), 4097, []string{"number of inputs is 4097", "1 to 4096"}},
		{FullyConnected{Units: 5, Outputs: 6}, 3, []string{"full:5,6", "outputs is 6", "0 to 5"}},
		{FullyConnected{Units: 5, Outputs: -1}, 3, []string{"outputs is -1", "0 to 5"}},
		{FullyConnected{Units: 5, Seed: -2}, 3, []string{"seed is -2", "1 to 4294967295"}},
		{FullyConnected{Units: 5, Seed: 1 << 32}, 3, []string{"seed is 4294967296", "1 to 4294967295"}},
		{Random{}, 3, []string{"units is 0", "1 to 4096"}},
		{Random{Units: 5, Outputs: 7}, 3, []string{"outputs is 7", "0 to 5"}},
		{Random{Units: 5, Sparsity: 1}, 3, []string{"random:5,sparsity=1", "sparsity is 1", "0 to below 1"}},
		{Random{Units: 5, Sparsity: -0.1}, 3, []string{"sparsity is -0.1", "0 to below 1"}},
		{Random{Units: 5, Sparsity: math.NaN()}, 3, []string{"sparsity is NaN", "0 to below 1"}},
		{Random{Units: 5}, 0, []string{"number of inputs is 0"}},
		{vary(func(s *NCP) { s.Inter = 0 }), 3, []string{"inter is 0", "1 to 4096"}},
		{vary(func(s *NCP) { s.Command = -1 }), 3, []string{"command is -1", "1 to 4096"}},
		{vary(func(s *NCP) { s.Motor = 0 }), 3, []string{"motor is 0", "1 to 4096"}},
		{vary(func(s *NCP) { s.Inter = math.MaxInt }), 3, []string{"inter is ", "1 to 4096"}},
		{vary(func(s *NCP) { s.Inter = 4090 }), 3, []string{"inter + command + motor is 4097", "3 to 4096"}},
		{vary(func(s *NCP) { s.SensoryFanout = 13 }), 3, []string{"sensory fan-out is 13", "1 to 12", "inter neurons"}},
		{vary(func(s *NCP) { s.SensoryFanout = 0 }), 3, []string{"sensory fan-out is 0", "1 to 12"}},
		{vary(func(s *NCP) { s.InterFanout = 7 }), 3, []string{"inter fan-out is 7", "1 to 6", "command neurons"}},
		{vary(func(s *NCP) { s.InterFanout = 0 }), 3, []string{"inter fan-out is 0", "1 to 6"}},
		{vary(func(s *NCP) { s.Recurrent = -1 }), 3, []string{"recurrent is -1", "0 to 1048576"}},
		{vary(func(s *NCP) { s.Recurrent = math.MaxInt }), 3, []string{"recurrent is ", "0 to 1048576"}},
		{vary(func(s *NCP) { s.MotorFanin = 7 }), 3, []string{"motor fan-in is 7", "1 to 6"}},
		{vary(func(s *NCP) { s.MotorFanin = 0 }), 3, []string{"motor fan-in is 0", "1 to 6"}},
		{vary(func(s *NCP) { s.Seed = -5 }), 3, []string{"seed is -5"}},
		{lane, 0, []string{"ncp:12,6,1,", "number of inputs is 0"}},
		{Auto(3, 1), 3, []string{"auto:3,1", "units is 3", "4 to 4096"}},
		{Auto(19, 0), 3, []string{"outputs is 0", "1 to 16", "units - 3"}},
		{Auto(19, 17), 3, []string{"outputs is 17", "1 to 16"}},
		{Auto(math.MinInt, 1), 3, []string{"units is -"}},
		{AutoNCP{Units: 19, Outputs: 1, Sparsity: 0.09}, 3, []string{"sparsity is 0.09", "0.1 to 1"}},
		{AutoNCP{Units: 19, Outputs: 1, Sparsity: 1.01}, 3, []string{"sparsity is 1.01", "0.1 to 1"}},
		{AutoNCP{Units: 19, Outputs: 1, Sparsity: math.NaN()}, 3, []string{"sparsity is NaN", "0.1 to 1"}},
		{AutoNCP{Units: 19, Outputs: 1, Seed: -7}, 3, []string{"seed is -7"}},
		{Auto(19, 1), 0, []string{"auto:19,1", "number of inputs is 0"}},
	} {
		t.Run(fmt.Sprint(c.spec, c.inputs), func(t *testing.T) {
			w, err := c.spec.Build(c.inputs)
			checkLine(t, err, c.parts...)
			if w != nil {
				t.Error("a wiring beside the error")
			}
		})
	}
}

// TestLimits builds at the bounds that the errors name.
func TestLimits(t *testing.T) {
	lane := NCP{Inter: 2, Command: 3, Motor: 1, SensoryFanout: 2, InterFanout: 3, MotorFanin: 3}
	for _, s := range []Spec{Full(1), Random{Units: 1, Sparsity: 0.999}, Auto(4, 1), Auto(19, 16), lane,
		AutoNCP{Units: 19, Outputs: 1, Sparsity: 0.1}, AutoNCP{Units: 19, Outputs: 1, Sparsity: 1},
		FullyConnected{Units: 3, Outputs: 3, Seed: math.MaxUint32}} {
		w := build(t, s, 1)
		if w.Inputs() != 1 {
			t.Errorf("%s: %d inputs", s, w.Inputs())
		}
	}
	// Nothing but the sensory synapse is left when every pair is left out but a half, which rounds to even: to none.
	if s, i := build(t, Random{Units: 1, Sparsity: 0.5}, 3).Synapses(); s != 2 || i != 0 {
		t.Errorf("round(3·0.5) and round(0.5) half to even are 2 and 0, got %d and %d", s, i)
	}
}

func TestSeeds(t *testing.T) {
	if NewSeed(0) != SeedZero || NewSeed(7) != 7 || NewSeed(math.MaxUint32) != math.MaxUint32 {
		t.Error("NewSeed")
	}
	hash := func(s Spec) string { return build(t, s, 4).Hash() }
	for _, c := range []struct{ defaulted, written, zero, other Spec }{
		{Full(9), FullyConnected{Units: 9, Seed: 1111}, FullyConnected{Units: 9, Seed: SeedZero}, FullyConnected{Units: 9, Seed: 1}},
		{Random{Units: 9}, Random{Units: 9, Seed: 1111}, Random{Units: 9, Seed: SeedZero}, Random{Units: 9, Seed: 1}},
		{Auto(12, 2), AutoNCP{12, 2, 0.5, 22222}, AutoNCP{12, 2, 0, SeedZero}, AutoNCP{12, 2, 0, 1}},
	} {
		if hash(c.defaulted) != hash(c.written) {
			t.Errorf("%s and %s differ", c.defaulted, c.written)
		}
		three := []string{hash(c.defaulted), hash(c.zero), hash(c.other)}
		slices.Sort(three)
		if len(slices.Compact(three)) != 3 {
			t.Errorf("%s: three seeds do not give three wirings", c.defaulted)
		}
		if again := hash(c.zero); again != three[0] && again != three[1] && again != three[2] {
			t.Errorf("%s: two draws differ", c.zero)
		}
	}
}

// TestAutoNCP compares the derived sizes with the examples of the reference, and a sweep over 152019 specifications with the hash
// of the same sweep computed in Python.
func TestAutoNCP(t *testing.T) {
	for s, want := range map[AutoNCP]NCP{
		Auto(12, 3): {Inter: 6, Command: 3, Motor: 3, SensoryFanout: 3, InterFanout: 1, Recurrent: 3, MotorFanin: 1},
		Auto(19, 1): {Inter: 11, Command: 7, Motor: 1, SensoryFanout: 5, InterFanout: 3, Recurrent: 7, MotorFanin: 3},
	} {
		if got, err := s.NCP(); err != nil || got != want {
			t.Errorf("%s: %+v, %v, expected %+v", s, got, err, want)
		}
	}
	h := sha256.New()
	for units := 4; units < 130; units++ {
		for outputs := 1; outputs < units-2; outputs++ {
			for k := 2; k <= 20; k++ {
				n, err := AutoNCP{Units: units, Outputs: outputs, Sparsity: float64(k) / 20}.NCP()
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(h, "%d,%d,%d,%d,%d,%d,%d\n", n.Inter, n.Command, n.Motor, n.SensoryFanout, n.InterFanout, n.Recurrent, n.MotorFanin)
			}
		}
	}
	const want = "b4fbc0501557c1b57d6a769e61f0ce37a5722a3d7610b6d365bba65507a8118d"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("sweep %s, expected %s", got, want)
	}
	w := build(t, Auto(19, 1), 4)
	n, err := Auto(19, 1).NCP()
	if err != nil || build(t, n, 4).Hash() != w.Hash() {
		t.Errorf("the NCP of an AutoNCP draws another wiring, %v", err)
	}
}

// TestNCPSweep compares 192 wirings, many of them with neurons that nobody chose, with the hash of the same wirings drawn by
// an independent program that follows the reference's description.
func TestNCPSweep(t *testing.T) {
	h := sha256.New()
	n := 0
	for _, inputs := range []int{1, 2, 5, 11} {
		for _, inter := range []int{1, 3, 6, 20} {
			for _, command := range []int{1, 2, 4, 7} {
				for _, motor := range []int{1, 3, 8} {
					n++
					w := build(t, NCP{Inter: inter, Command: command, Motor: motor, SensoryFanout: 1 + n%inter,
						InterFanout: 1 + n*5%command, Recurrent: n % 6, MotorFanin: 1 + n*3%command, Seed: Seed(n * 7919)}, inputs)
					writeMatrix(h, w.Matrix())
					writeMatrix(h, w.SensoryMatrix())
				}
			}
		}
	}
	const want = "b257bba96d8fcd2653221ffec4ffd2e78cb35d0ec8296bbaabda20a51b413495"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("sweep %s, expected %s", got, want)
	}
}

// TestRepairIsClipped draws a wiring in which all six inter neurons choose the first of two command neurons. The second then gets
// floor(6·1/2) = 3 sources, cut to the number of command neurons, 2. Drawn by the same independent program.
func TestRepairIsClipped(t *testing.T) {
	w := build(t, NCP{Inter: 6, Command: 2, Motor: 1, SensoryFanout: 1, InterFanout: 1, MotorFanin: 1, Seed: 19}, 2)
	want := []Synapse{{1, 0, -1}, {2, 0, 1},
		{3, 1, 1}, {4, 1, 1}, {5, 1, -1}, {6, 1, 1}, {7, 1, -1}, {8, 1, 1}, {7, 2, 1}, {8, 2, 1}}
	if got := w.Inner(); !slices.Equal(got, want) {
		t.Errorf("synapses %v, expected %v", got, want)
	}
}

// randomNCP is a legal specification of small, uneven sizes.
func randomNCP(r *rand.Rand) NCP {
	s := NCP{Inter: 1 + r.IntN(20), Command: 1 + r.IntN(12), Motor: 1 + r.IntN(6), Recurrent: r.IntN(15), Seed: NewSeed(r.Uint32())}
	s.SensoryFanout, s.InterFanout, s.MotorFanin = 1+r.IntN(s.Inter), 1+r.IntN(s.Command), 1+r.IntN(s.Command)
	return s
}

// TestNCPInvariants checks what holds for every NCP, whatever was drawn, over many sizes and seeds.
func TestNCPInvariants(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		s, inputs := randomNCP(r), 1+r.IntN(25)
		w := build(t, s, inputs)
		if broken := brokenNCP(s, w); broken != "" {
			t.Fatalf("%s with %d inputs: %s", s, inputs, broken)
		}
	}
}

// brokenNCP names an invariant that does not hold.
func brokenNCP(s NCP, w *Wiring) string {
	out, in := make([]int, w.Inputs()), make([]int, w.Units())
	for _, x := range w.Sensory() {
		out[x.From]++
		in[x.To]++
		if w.Role(x.To) != Inter {
			return "a sensory synapse leads past the inter neurons"
		}
	}
	pairs := map[[2]Role]int{}
	toMotor, fromInter := make([]int, w.Units()), make([]int, w.Units())
	for _, x := range w.Inner() {
		pair := [2]Role{w.Role(x.From), w.Role(x.To)}
		pairs[pair]++
		switch pair {
		case [2]Role{Inter, Command}:
			fromInter[x.To]++
			toMotor[x.From]++ // an inter neuron's targets
		case [2]Role{Command, Motor}:
			toMotor[x.From]++
			in[x.To]++
		case [2]Role{Command, Command}:
		default:
			return fmt.Sprintf("a synapse %v", pair)
		}
	}
	if slices.Min(out) < s.SensoryFanout {
		return "an input has too few targets"
	}
	for unit := range w.Units() {
		switch role := w.Role(unit); {
		case role == Inter && in[unit] == 0:
			return "an inter neuron without input"
		case role == Inter && toMotor[unit] < s.InterFanout:
			return "an inter neuron with too few targets"
		case role == Command && (fromInter[unit] == 0 || toMotor[unit] == 0):
			return "a command neuron left out"
		case role == Motor && in[unit] < s.MotorFanin:
			return "a motor neuron with too few sources"
		}
	}
	if pairs[[2]Role{Command, Command}] > s.Recurrent {
		return "too many recurrent synapses"
	}
	return countsNCP(s, w, pairs)
}

// countsNCP checks the numbers of synapses where nobody was left out, which fixes them.
func countsNCP(s NCP, w *Wiring, pairs map[[2]Role]int) string {
	sensory, _ := w.Synapses()
	leastInter, leastMotor := s.Inter*s.InterFanout, s.Motor*s.MotorFanin
	switch {
	case sensory < w.Inputs()*s.SensoryFanout, s.SensoryFanout == s.Inter && sensory != w.Inputs()*s.Inter:
		return "number of sensory synapses"
	case pairs[[2]Role{Inter, Command}] < leastInter, s.InterFanout == s.Command && pairs[[2]Role{Inter, Command}] != leastInter:
		return "number of synapses from inter to command neurons"
	case pairs[[2]Role{Command, Motor}] < leastMotor, s.MotorFanin == s.Command && pairs[[2]Role{Command, Motor}] != leastMotor:
		return "number of synapses from command to motor neurons"
	}
	return ""
}

// TestInvariantsBite takes single synapses away, or adds one, and expects the check to see it.
func TestInvariantsBite(t *testing.T) {
	s := NCP{Inter: 5, Command: 4, Motor: 2, SensoryFanout: 1, InterFanout: 2, Recurrent: 0, MotorFanin: 2, Seed: 3}
	w := build(t, s, 7)
	if broken := brokenNCP(s, w); broken != "" {
		t.Fatal(broken)
	}
	missed := 0
	for i := range w.sensory {
		v := *w
		v.sensory = slices.Delete(w.Sensory(), i, i+1)
		if brokenNCP(s, &v) == "" {
			missed++
		}
	}
	// Inputs with a second target, from the repair, may lose one.
	if spare := len(w.sensory) - w.inputs; missed > 2*spare {
		t.Errorf("%d of %d missing sensory synapses are not seen, %d are spare", missed, len(w.sensory), spare)
	}
	for _, extra := range []Synapse{{0, 1, 1}, {2, 3, 1}, {6, 7, 1}, {6, 0, 1}, {2, 6, 1}} {
		v := *w
		v.inner = append(w.Inner(), extra)
		if brokenNCP(s, &v) == "" {
			t.Errorf("synapse %+v is not seen", extra)
		}
	}
}

// TestFullAndRandomCounts checks the numbers of synapses and the share of inhibitory ones.
func TestFullAndRandomCounts(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	inhibitory, all := 0, 0
	for range 300 {
		units, inputs, sparsity, seed := 1+r.IntN(25), 1+r.IntN(12), r.Float64(), NewSeed(r.Uint32())
		left := func(pairs int) int { return int(math.RoundToEven(float64(pairs) * (1 - sparsity))) }
		for _, c := range []struct {
			spec           Spec
			sensory, inner int
		}{
			{FullyConnected{Units: units, Seed: seed}, inputs * units, units * units},
			{FullyConnected{Units: units, Seed: seed, NoSelf: true}, inputs * units, units*units - units},
			{Random{Units: units, Seed: seed, Sparsity: sparsity}, left(inputs * units), left(units * units)},
		} {
			w := build(t, c.spec, inputs)
			if s, i := w.Synapses(); s != c.sensory || i != c.inner {
				t.Fatalf("%s with %d inputs: %d + %d synapses, expected %d + %d", c.spec, inputs, s, i, c.sensory, c.inner)
			}
			for _, x := range w.Counts() {
				inhibitory += x.Inhibitory
				all += x.Synapses()
			}
		}
	}
	// Six standard deviations of a share of one third.
	if d := float64(inhibitory)/float64(all) - 1.0/3; math.Abs(d) > 6*math.Sqrt(2.0/9/float64(all)) {
		t.Errorf("%d of %d synapses inhibit, expected a third", inhibitory, all)
	}
}
