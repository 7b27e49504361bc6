package step_test

import (
	"fmt"

	. "github.com/elegans-nn/elegans/step"
)

// A leaky integrator, h' = h + dt (w·x - h), written once; String shows it, Reverse derives its derivative.
func Example() {
	b := New()
	x, h := b.Input("x", 2), b.State("h", Vector(1))
	drive := b.Linear("in", 1, Between(-1, 1), nil, Term{Name: "w", X: x})
	next := Add(h, Mul(b.DT(), Sub(drive, h)))
	b.Next("h", next)
	b.Output("y", next)
	p := b.Build()
	fmt.Print(p)
	fmt.Println("differentiable:", p.Reverse(WRT{}).Adjoint != nil)
	// Output:
	// # 2 parameters, 1 state values, 7 FLOPs a step
	// input  x[2]
	// time   dt[1]
	// state  h[1]
	// param  in.w[2]  uniform(-1, 1)
	// step
	//   t3 = linear(in.w, x)
	//   t7 = h + (dt * (t3 - h))
	// next   h = t7
	// output y = t7
	// differentiable: true
}
