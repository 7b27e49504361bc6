package cell_test

import (
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
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

// A diagonal state space needs no wiring; an oscillator has four state values. The schemes differ in how long a row may be: im takes
// any elapsed time in one step, which MaxStep tells by 0, and what is longer than 1.5 is split for imex.
func ExampleLinOSS() {
	c := cell.LinOSS{Units: 16, Activation: "gelu"}
	b := step.New()
	b.Output("y", c.Build(b, b.Input("x", 3), nil))
	p := b.Build()
	fmt.Println(p.ParamCount(), "parameters,", p.StateWidth(), "state values")
	for _, scheme := range []cell.Scheme{cell.IM, cell.IMEX} {
		fmt.Println(scheme, cell.MaxStep(cell.LinOSS{Units: 16, Scheme: scheme}))
	}
	// Output:
	// 227 parameters, 64 state values
	// im 0
	// imex 1.5
}

// A method is chosen by what it costs and how well it follows the flow. Here all weights are 0 and only the leak is left, so that the
// state falls from 1 to exp(-1) in one time unit.
func ExampleCTRNN() {
	for _, method := range []cell.Method{cell.Euler, cell.Heun, cell.RK4} {
		c := cell.CTRNN{Units: 8, Method: method, Unfolds: 2}
		b := step.New()
		b.Output("y", c.Build(b, b.Input("x", 1), nil))
		p := b.Build()
		o := engine.NewOracle(p, 1, make([]float64, p.ParamCount()))
		o.Value(p.States[0].Node)[0], o.Value(p.Time)[0] = 1, 1
		o.Step()
		fmt.Printf("%-5s %.4f, %.0f FLOPs\n", method, o.Value(p.States[0].Next)[0], p.FLOPs())
	}
	fmt.Printf("exact %.4f\n", math.Exp(-1))
	// Output:
	// euler 0.2500, 601 FLOPs
	// heun  0.3906, 1225 FLOPs
	// rk4   0.3682, 2473 FLOPs
	// exact 0.3679
}
