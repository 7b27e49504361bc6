package cell_test

import (
	"fmt"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// A cell writes its step into a program; everything else is derived from that.
func Example() {
	w, err := wiring.Auto(8, 1).Build(2)
	if err != nil {
		fmt.Println(err)
		return
	}
	b := step.New()
	b.Output("y", cell.LTC{Unfolds: 4}.Build(b, b.Input("x", 2), w))
	p := b.Build()
	fmt.Println(w)
	fmt.Println(p.ParamCount(), "parameters,", p.StateWidth(), "state values")
	// Output:
	// AutoNCP(8, 1) sparsity 0.5 seed 22222: 6 sensory + 11 inner synapses
	// 96 parameters, 8 state values
}

func ExampleLookupPreset() {
	p, err := cell.LookupPreset("ltc-ncp19")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Summary)
	_, err = cell.LookupPreset("perceptron")
	fmt.Println(err != nil)
	// Output:
	// LTC on a neural circuit policy of 19 neurons
	// true
}
