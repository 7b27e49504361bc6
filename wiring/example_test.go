package wiring_test

import (
	"fmt"
	"strings"

	"github.com/elegans-nn/elegans/wiring"
)

func Example() {
	w, err := wiring.Auto(19, 1).Build(4)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(w)
	for _, c := range w.Counts() {
		fmt.Printf("%s → %s: %d, of them %d inhibitory\n", c.From, c.To, c.Synapses(), c.Inhibitory)
	}
	fmt.Println("motor neurons:", w.Layers()[2])
	// Output:
	// AutoNCP(19, 1) sparsity 0.5 seed 22222: 21 sensory + 47 inner synapses
	// sensory → inter: 21, of them 11 inhibitory
	// inter → command: 33, of them 15 inhibitory
	// command → command: 7, of them 1 inhibitory
	// command → motor: 7, of them 3 inhibitory
	// motor neurons: [0]
}

func ExampleParse() {
	spec, err := wiring.Parse("random:8,2,sparsity=0.5,seed=0")
	if err != nil {
		fmt.Println(err)
		return
	}
	w, err := spec.Build(3)
	fmt.Println(spec, "is", w, err)

	_, err = wiring.Parse("auto:19")
	fmt.Println(err)
	_, err = wiring.Parse("auto:19,18")
	fmt.Println(err)
	// Output:
	// random:8,2,sparsity=0.5,seed=0 is Random(8, 2) sparsity 0.5 seed 0: 12 sensory + 32 inner synapses <nil>
	// wiring "auto:19": the number of outputs is missing: write auto:UNITS,OUTPUTS[,sparsity=0.5][,seed=22222]
	// wiring auto:19,18: outputs is 18, allowed are 1 to 16 (units - 3): choose fewer outputs or more units
}

func ExampleFromMatrix() {
	adjacency := [][]int8{ // row = source, column = target
		{0, 0, 0, 0},  // 0, a motor neuron, reaches nobody
		{1, -1, 0, 0}, // 1, a command neuron, excites 0 and inhibits itself
		{0, 1, 0, 0},  // 2 and 3, inter neurons, reach 1
		{0, -1, 0, 0},
	}
	sensory := [][]int8{{0, 0, 1, 1}, {0, 0, 0, -1}}
	w, err := wiring.FromMatrix(adjacency, sensory, 1)
	fmt.Println(w, err)
	fmt.Println(w.Layers(), w.Role(1))
	// Output:
	// Matrix(4, 1): 3 sensory + 4 inner synapses <nil>
	// [[2 3] [1] [0]] command
}

func ExampleWiring_SVG() {
	w, err := wiring.Full(2).Build(1)
	if err != nil {
		fmt.Println(err)
		return
	}
	var page strings.Builder
	err = w.SVG(&page, wiring.DrawOptions{Inputs: []string{"light"}, Outputs: []string{"left", "right"}})
	fmt.Println(strings.Count(page.String(), "<path"), "synapses", err)
	// Output:
	// 6 synapses <nil>
}
