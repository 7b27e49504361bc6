package wiring

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// tensorFile is a safetensors file of int32 tensors.
type tensorFile struct {
	header   map[string]json.RawMessage
	metadata map[string]string
	data     []byte
}

func readTensors(t *testing.T, path string) tensorFile {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	size := binary.LittleEndian.Uint64(raw)
	f := tensorFile{data: raw[8+size:]}
	if err := json.Unmarshal(raw[8:8+size], &f.header); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(f.header["__metadata__"], &f.metadata); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f tensorFile) matrix(t *testing.T, name string) [][]int8 {
	t.Helper()
	var tensor struct {
		DType   string
		Shape   [2]int
		Offsets [2]int `json:"data_offsets"`
	}
	if err := json.Unmarshal(f.header[name], &tensor); err != nil || tensor.DType != "I32" {
		t.Fatalf("%s: %v, type %q", name, err, tensor.DType)
	}
	data := f.data[tensor.Offsets[0]:tensor.Offsets[1]]
	m := make([][]int8, tensor.Shape[0])
	for i := range m {
		for range tensor.Shape[1] {
			m[i] = append(m[i], int8(int32(binary.LittleEndian.Uint32(data))))
			data = data[4:]
		}
	}
	return m
}

// golden is one wiring of the reference library.
type golden struct {
	Wiring  string
	Args    map[string]json.RawMessage
	In      int
	Units   int
	Out     int
	Layers  [][]int
	Inner   int `json:"synapses"`
	Sensory int `json:"sensory_synapses"`
}

// arg is an argument of the library; null is 0.
func arg[T any](t *testing.T, g golden, name string) T {
	t.Helper()
	var v T
	raw, ok := g.Args[name]
	if !ok {
		t.Fatalf("no argument %s among %v", name, g.Args)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func (g golden) spec(t *testing.T) Spec {
	seed := func(name string) Seed { return NewSeed(arg[uint32](t, g, name)) }
	count := func(name string) int { return arg[int](t, g, name) }
	switch g.Wiring {
	case "FullyConnected":
		return FullyConnected{Units: count("units"), Outputs: count("output_dim"),
			NoSelf: !arg[bool](t, g, "self_connections"), Seed: seed("erev_init_seed")}
	case "Random":
		return Random{Units: count("units"), Outputs: count("output_dim"),
			Sparsity: arg[float64](t, g, "sparsity_level"), Seed: seed("random_seed")}
	case "NCP":
		return NCP{Inter: count("inter_neurons"), Command: count("command_neurons"), Motor: count("motor_neurons"),
			SensoryFanout: count("sensory_fanout"), InterFanout: count("inter_fanout"),
			Recurrent: count("recurrent_command_synapses"), MotorFanin: count("motor_fanin"), Seed: seed("seed")}
	case "AutoNCP":
		return AutoNCP{Units: count("units"), Outputs: count("output_size"),
			Sparsity: arg[float64](t, g, "sparsity_level"), Seed: seed("seed")}
	}
	t.Fatalf("unknown wiring %q", g.Wiring)
	return nil
}

// TestGolden rebuilds every wiring that the reference library drew, bit for bit, and imports its matrices.
func TestGolden(t *testing.T) {
	f := readTensors(t, "testdata/wirings.safetensors")
	const wirings = 12
	seen := 0
	for name, text := range f.metadata {
		if text[0] != '{' {
			continue
		}
		seen++
		t.Run(name, func(t *testing.T) {
			var g golden
			if err := json.Unmarshal([]byte(text), &g); err != nil {
				t.Fatal(err)
			}
			w, err := g.spec(t).Build(g.In)
			if err != nil {
				t.Fatal(err)
			}
			adjacency, sensory := f.matrix(t, name+".adjacency"), f.matrix(t, name+".sensory_adjacency")
			compareGolden(t, w, g, adjacency, sensory)

			imported, err := FromMatrix(adjacency, sensory, g.Out)
			if err != nil {
				t.Fatal(err)
			}
			compareGolden(t, imported, g, adjacency, sensory)
			if imported.Hash() != w.Hash() {
				t.Error("the imported wiring has another hash than the drawn one")
			}
		})
	}
	if seen != wirings {
		t.Errorf("%d wirings in the file, expected %d", seen, wirings)
	}
}

// compareGolden fails the test where a wiring differs from the reference's.
func compareGolden(t *testing.T, w *Wiring, g golden, adjacency, sensory [][]int8) {
	t.Helper()
	if difference := differs(w, g, adjacency, sensory); difference != "" {
		t.Errorf("%s of %s differs from the reference", difference, w)
	}
}

// differs names what differs first, or nothing.
func differs(w *Wiring, g golden, adjacency, sensory [][]int8) string {
	s, i := w.Synapses()
	switch {
	case !slices.EqualFunc(w.Matrix(), adjacency, slices.Equal):
		return "adjacency"
	case !slices.EqualFunc(w.SensoryMatrix(), sensory, slices.Equal):
		return "sensory adjacency"
	case !slices.EqualFunc(w.Layers(), g.Layers, slices.Equal):
		return "layers"
	case [3]int{w.Inputs(), w.Units(), w.Outputs()} != [3]int{g.In, g.Units, g.Out}:
		return "size"
	case [2]int{s, i} != [2]int{g.Sensory, g.Inner}:
		return "number of synapses"
	}
	return ""
}

// TestGoldenBites plants faults that the comparison must find.
func TestGoldenBites(t *testing.T) {
	f := readTensors(t, "testdata/wirings.safetensors")
	const name = "auto12_3_in4"
	var g golden
	if err := json.Unmarshal([]byte(f.metadata[name]), &g); err != nil {
		t.Fatal(err)
	}
	adjacency, sensory := f.matrix(t, name+".adjacency"), f.matrix(t, name+".sensory_adjacency")
	spec := g.spec(t).(AutoNCP)
	w, err := spec.Build(g.In)
	if err != nil {
		t.Fatal(err)
	}
	if got := differs(w, g, adjacency, sensory); got != "" {
		t.Fatalf("%s differs before any fault", got)
	}
	spec.Seed++
	if other, err := spec.Build(g.In); err != nil || differs(other, g, adjacency, sensory) == "" {
		t.Errorf("another seed passes, %v", err)
	}
	sensory[3][11] = 1 - sensory[3][11] // there or not, now otherwise
	if got := differs(w, g, adjacency, sensory); got != "sensory adjacency" {
		t.Errorf("a changed sensory synapse: %q", got)
	}
	adjacency[4][5] = -2
	if got := differs(w, g, adjacency, sensory); got != "adjacency" {
		t.Errorf("a changed synapse: %q", got)
	}
}
