package wiring

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// chain is the smallest NCP with a skip-free path: two inputs, inter 3, command 1 and 2, motor 0.
func chain() (adjacency, sensory [][]int8) {
	return [][]int8{
			{0, 0, 0, 0},
			{-1, 0, 1, 0},
			{1, 0, 0, 0},
			{0, 1, -1, 0},
		}, [][]int8{
			{0, 0, 0, 1},
			{0, 0, 0, -1},
		}
}

func TestFromMatrixRecoversLayers(t *testing.T) {
	adjacency, sensory := chain()
	w, err := FromMatrix(adjacency, sensory, 1)
	if err != nil {
		t.Fatal(err)
	}
	if want := [][]int{{3}, {1, 2}, {0}}; !slices.EqualFunc(w.Layers(), want, slices.Equal) {
		t.Errorf("layers %v, expected %v", w.Layers(), want)
	}
	// Each of these makes the graph no NCP, so that all units are one layer.
	for name, spoil := range map[string]func(a, s [][]int8){
		"an input reaches a command neuron": func(a, s [][]int8) { s[0][1] = 1 },
		"an input reaches the motor neuron": func(a, s [][]int8) { s[1][0] = 1 },
		"a synapse within the inter layer":  func(a, s [][]int8) { a[3][3] = 1 },
		"a synapse from inter to motor":     func(a, s [][]int8) { a[3][0] = 1 },
		"a synapse back to the inter layer": func(a, s [][]int8) { a[1][3] = 1 },
		"a synapse from motor":              func(a, s [][]int8) { a[0][1] = 1 },
		"a command neuron without motor":    func(a, s [][]int8) { a[2][0] = 0 },
		"a command neuron without inter":    func(a, s [][]int8) { a[3][2] = 0 },
		"no inter neuron":                   func(a, s [][]int8) { s[0][3], s[1][3] = 0, 0 },
		"a motor neuron without source":     func(a, s [][]int8) { a[1][0], a[2][0] = 0, 0 },
	} {
		adjacency, sensory := chain()
		spoil(adjacency, sensory)
		w, err := FromMatrix(adjacency, sensory, 1)
		if err != nil {
			t.Fatal(err)
		}
		if want := [][]int{{0, 1, 2, 3}}; !slices.EqualFunc(w.Layers(), want, slices.Equal) {
			t.Errorf("%s: layers %v, expected one", name, w.Layers())
		}
	}
}

// TestFromMatrixReturnsDrawn imports every drawn NCP with its layers, and every full wiring as one layer.
func TestFromMatrixReturnsDrawn(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 1000 {
		s := randomSpec(r)
		w := build(t, s, 1+r.IntN(9))
		if _, random := s.(Random); random {
			continue // a small random graph may be that of an NCP
		}
		got, err := FromMatrix(w.Matrix(), w.SensoryMatrix(), w.Outputs())
		if err != nil || got.Hash() != w.Hash() {
			t.Fatalf("%s: imported as %v, %v", w, got, err)
		}
	}
}

func TestFromMatrixLayers(t *testing.T) {
	adjacency, sensory := chain()
	layers := [][]int{{2}, {1}, {3}, {0}}
	w, err := FromMatrixLayers(adjacency, sensory, 1, layers)
	if err != nil {
		t.Fatal(err)
	}
	layers[0][0] = 9
	if want := [][]int{{2}, {1}, {3}, {0}}; !slices.EqualFunc(w.Layers(), want, slices.Equal) {
		t.Errorf("layers %v, expected %v", w.Layers(), want)
	}
	if got := [4]Role{w.Role(0), w.Role(1), w.Role(2), w.Role(3)}; got != [4]Role{Motor, Command, Inter, Command} {
		t.Errorf("roles %v", got)
	}
	if w.String() != "Matrix(4, 1): 2 sensory + 5 inner synapses" {
		t.Error(w)
	}
}

func TestFromMatrixErrors(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(a, s *[][]int8)
		outputs int
		parts   []string
	}{
		{"no units", func(a, _ *[][]int8) { *a = nil }, 1, []string{"number of units is 0", "1 to 4096"}},
		{"too many units", func(a, _ *[][]int8) { *a = make([][]int8, 5000) }, 1, []string{"number of units is 5000", "1 to 4096"}},
		{"no inputs", func(_, s *[][]int8) { *s = nil }, 1, []string{"number of inputs is 0", "1 to 4194304 with 4 units"}},
		{"no outputs", nil, 0, []string{"number of outputs is 0", "1 to 4"}},
		{"too many outputs", nil, 5, []string{"number of outputs is 5", "1 to 4"}},
		{"not square", func(a, _ *[][]int8) { (*a)[2] = []int8{1, 0, 0} }, 1, []string{"row 2 of the adjacency has 3 columns", "needs 4"}},
		{"ragged", func(_, s *[][]int8) { (*s)[1] = make([]int8, 5) }, 1, []string{"row 1 of the sensory adjacency has 5 columns", "needs 4"}},
		{"value", func(a, _ *[][]int8) { (*a)[3][1] = 2 }, 1, []string{"adjacency at row 3, column 1 is 2", "-1, 0 and 1"}},
		{"negative", func(_, s *[][]int8) { (*s)[0][2] = -128 }, 1, []string{"sensory adjacency at row 0, column 2 is -128"}},
	} {
		adjacency, sensory := chain()
		if c.change != nil {
			c.change(&adjacency, &sensory)
		}
		w, err := FromMatrix(adjacency, sensory, c.outputs)
		checkLine(t, err, c.parts...)
		if w != nil {
			t.Errorf("%s: a wiring beside the error", c.name)
		}
	}
}

func TestLayerErrors(t *testing.T) {
	for _, c := range []struct {
		layers [][]int
		parts  []string
	}{
		{nil, []string{"unit 0 is in none of the 0 layers"}},
		{[][]int{{3}, {1, 2}, {}, {0}}, []string{"layer 2 is empty"}},
		{[][]int{{3}, {2}, {0}}, []string{"unit 1 is in none of the 3 layers"}},
		{[][]int{{3}, {1, 2, 3}, {0}}, []string{"unit 3 stands in layer 0 and again in layer 1"}},
		{[][]int{{3}, {1, 1, 2}, {0}}, []string{"unit 1 stands in layer 1 and again in layer 1"}},
		{[][]int{{3}, {2, 1}, {0}}, []string{"layer 1 has unit 1 after unit 2"}},
		{[][]int{{4}, {1, 2}, {0}}, []string{"layer 0 has unit 4", "0 to 3"}},
		{[][]int{{-1}, {1, 2}, {0}}, []string{"layer 0 has unit -1", "0 to 3"}},
		{[][]int{{0}, {1, 2}, {3}}, []string{"last of 3 layers", "units 0 to 0", "motor neurons first"}},
		{[][]int{{3}, {2}, {0, 1}}, []string{"last of 3 layers", "units 0 to 0"}},
	} {
		adjacency, sensory := chain()
		w, err := FromMatrixLayers(adjacency, sensory, 1, c.layers)
		checkLine(t, err, c.parts...)
		if w != nil {
			t.Errorf("%v: a wiring beside the error", c.layers)
		}
	}
}
