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

func compareGolden(t *testing.T, w *Wiring, g golden, adjacency, sensory [][]int8) {
	t.Helper()
	if !slices.EqualFunc(w.Matrix(), adjacency, slices.Equal) {
		t.Errorf("adjacency\n%v\nexpected\n%v", w.Matrix(), adjacency)
	}
	if !slices.EqualFunc(w.SensoryMatrix(), sensory, slices.Equal) {
		t.Errorf("sensory adjacency\n%v\nexpected\n%v", w.SensoryMatrix(), sensory)
	}
	if !slices.EqualFunc(w.Layers(), g.Layers, slices.Equal) {
		t.Errorf("layers %v, expected %v", w.Layers(), g.Layers)
	}
	s, i := w.Synapses()
	got := [5]int{w.Inputs(), w.Units(), w.Outputs(), s, i}
	if want := [5]int{g.In, g.Units, g.Out, g.Sensory, g.Inner}; got != want {
		t.Errorf("inputs, units, outputs, sensory and inner synapses: %v, expected %v", got, want)
	}
}
