package wiring

import (
	"slices"
	"strings"
	"testing"
)

// specs are one of every kind, with options, and unlike sizes.
var specs = []Spec{
	Auto(19, 1), AutoNCP{Units: 13, Outputs: 3, Sparsity: 0.8, Seed: 5}, Full(7), FullyConnected{Units: 6, Outputs: 2, NoSelf: true},
	Random{Units: 11, Outputs: 3, Sparsity: 0.6, Seed: SeedZero}, Full(1),
	NCP{Inter: 7, Command: 4, Motor: 2, SensoryFanout: 3, InterFanout: 2, Recurrent: 9, MotorFanin: 3},
}

// TestAccessors checks that the views of a wiring agree with each other.
func TestAccessors(t *testing.T) {
	for _, s := range specs {
		w := build(t, s, 5)
		checkList(t, w.Sensory(), w.SensoryMatrix())
		checkList(t, w.Inner(), w.Matrix())
		recount(t, w)
		var all []int
		for _, layer := range w.Layers() {
			if !slices.IsSorted(layer) {
				t.Errorf("%s: layer %v does not ascend", s, layer)
			}
			all = append(all, layer...)
		}
		slices.Sort(all)
		if !slices.Equal(all, span{0, w.Units()}.ids()) {
			t.Errorf("%s: the layers hold %v", s, all)
		}
		for unit := range w.Units() {
			if isMotor := w.Role(unit) == Motor; isMotor != (unit < w.Outputs()) {
				t.Errorf("%s: unit %d of %d outputs is %s", s, unit, w.Outputs(), w.Role(unit))
			}
		}
	}
}

// checkList demands the nonzero cells of the matrix, column by column.
func checkList(t *testing.T, got []Synapse, m [][]int8) {
	t.Helper()
	var want []Synapse
	for to := range m[0] {
		for from := range m {
			if m[from][to] != 0 {
				want = append(want, Synapse{from, to, m[from][to]})
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("synapses %v, the matrix has %v", got, want)
	}
}

// recount counts again, from the matrices.
func recount(t *testing.T, w *Wiring) {
	t.Helper()
	want := map[Count]bool{}
	for from := Sensory; from <= Motor; from++ {
		for to := Inter; to <= Motor; to++ {
			c := Count{From: from, To: to}
			m := w.Matrix()
			if from == Sensory {
				m = w.SensoryMatrix()
			}
			for i, row := range m {
				for j, p := range row {
					if from != Sensory && w.Role(i) != from || w.Role(j) != to {
						continue
					}
					if p > 0 {
						c.Excitatory++
					} else if p < 0 {
						c.Inhibitory++
					}
				}
			}
			if c.Synapses() > 0 {
				want[c] = true
			}
		}
	}
	counts := w.Counts()
	for _, c := range counts {
		if !want[c] {
			t.Errorf("%s: count %+v, the matrices have %v", w, c, want)
		}
	}
	if len(counts) != len(want) {
		t.Errorf("%s: %d counts, expected %d", w, len(counts), len(want))
	}
	inOrder := slices.IsSortedFunc(counts, func(a, b Count) int {
		return int(a.From)*10 + int(a.To) - int(b.From)*10 - int(b.To)
	})
	if !inOrder {
		t.Errorf("%s: counts out of order: %v", w, counts)
	}
}

// TestImmutable changes everything that a wiring hands out.
func TestImmutable(t *testing.T) {
	w := build(t, Auto(12, 3), 4)
	before := w.Hash()
	w.Sensory()[0].Polarity *= -1
	w.Inner()[0].To++
	w.Layers()[1][0] = 99
	w.Matrix()[4][4] = 5
	w.SensoryMatrix()[0][0] = 5
	if w.Hash() != before || w.Matrix()[4][4] == 5 {
		t.Error("a copy is the wiring itself")
	}
}

// TestHash checks that every change of the content changes the hash, that the origin does not, and the value of one hash, which
// other versions of this package must give too: it is that of the encoding below, in little-endian 64-bit numbers.
func TestHash(t *testing.T) {
	adjacency := [][]int8{{0, 1, 0}, {0, 0, -1}, {1, 0, 0}}
	sensory := [][]int8{{0, 1, 1}, {-1, 0, 0}}
	base, err := FromMatrix(adjacency, sensory, 2)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{base.Hash(): "base"}
	add := func(name string, adjacency, sensory [][]int8, outputs int, layers [][]int) {
		w, err := FromMatrixLayers(adjacency, sensory, outputs, layers)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[w.Hash()]; ok {
			t.Errorf("%s has the hash of %s", name, other)
		}
		seen[w.Hash()] = name
	}
	one := [][]int{{0, 1, 2}}
	add("outputs", adjacency, sensory, 1, one)
	add("layers", adjacency, sensory, 2, [][]int{{2}, {0, 1}})
	add("polarity", [][]int8{{0, -1, 0}, {0, 0, -1}, {1, 0, 0}}, sensory, 2, one)
	add("absent", [][]int8{{0, 0, 0}, {0, 0, -1}, {1, 0, 0}}, sensory, 2, one)
	add("moved", [][]int8{{1, 0, 0}, {0, 0, -1}, {1, 0, 0}}, sensory, 2, one)
	add("sensory", adjacency, [][]int8{{0, 1, 1}, {1, 0, 0}}, 2, one)
	add("inputs", adjacency, [][]int8{{0, 1, 1}, {-1, 0, 0}, {0, 0, 0}}, 2, one)

	renamed := *base
	renamed.origin = "another origin"
	if renamed.Hash() != base.Hash() {
		t.Error("the origin enters the hash")
	}
	const want = "e5d1a76ddf064e71cb37c6f4dddaccf6ef9995337f05fd056401c0b059829c0d"
	if got := base.Hash(); got != want {
		t.Errorf("hash %s, expected %s", got, want)
	}
}

func TestString(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Auto(19, 1), "AutoNCP(19, 1) sparsity 0.5 seed 22222: 21 sensory + 47 inner synapses"},
		{Full(5), "FullyConnected(5) seed 1111: 20 sensory + 25 inner synapses"},
		{FullyConnected{Units: 5, Outputs: 2, NoSelf: true, Seed: SeedZero},
			"FullyConnected(5, 2) without self-connections seed 0: 20 sensory + 20 inner synapses"},
		{Random{Units: 10, Outputs: 2, Sparsity: 0.5, Seed: 31}, "Random(10, 2) sparsity 0.5 seed 31: 20 sensory + 50 inner synapses"},
		{NCP{Inter: 12, Command: 6, Motor: 1, SensoryFanout: 12, InterFanout: 6, MotorFanin: 6},
			"NCP(12, 6, 1) fan-out 12 and 6, recurrent 0, fan-in 6, seed 22222: 48 sensory + 78 inner synapses"},
	} {
		if got := build(t, c.spec, 4).String(); got != c.want {
			t.Errorf("%q, expected %q", got, c.want)
		}
	}
	for role, want := range map[Role]string{Sensory: "sensory", Inter: "inter", Command: "command", Motor: "motor", 9: "role 9"} {
		if role.String() != want {
			t.Errorf("%q, expected %q", role, want)
		}
	}
}

// TestWiringIsSpec builds a wiring again.
func TestWiringIsSpec(t *testing.T) {
	w := build(t, Auto(12, 3), 4)
	var s Spec = w
	if got, err := s.Build(4); err != nil || got != w {
		t.Errorf("%v, %v", got, err)
	}
	_, err := s.Build(5)
	checkLine(t, err, "AutoNCP(12, 3)", "has 4 inputs", "5 are needed")
}

// TestRolePanics checks the documented panic on a unit that does not exist.
func TestRolePanics(t *testing.T) {
	w := build(t, Full(3), 1)
	for _, unit := range []int{-1, 3} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, "unit that does not exist") {
					t.Errorf("Role(%d): %q", unit, text)
				}
			}()
			w.Role(unit)
		}()
	}
}
