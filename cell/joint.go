package cell

import (
	. "github.com/elegans-nn/elegans/step"
)

// joint declares the map [x, h] W + bias, which papers write with one kernel for both, as NAME.x, NAME.h and NAME.bias with
// Glorot's initial values, and gives it as a function of h, so that sub-steps share it and compute what x gives once.
func joint(b *Builder, name string, width int, x Vec, units int, bias float64) func(h Vec) Vec {
	weight := Xavier(x.Len()+units, width)
	drive := b.Linear(name, width, weight, Values{bias}, Term{Name: "x", X: x})
	W := b.Param(name+".h", Shape{Outer: width, Inner: units}, weight)
	return func(h Vec) Vec { return Add(drive, MatVec(W, h)) }
}

// jointTensors are those of joint, the kernel [inputs + units][width] with the rows of x first.
func jointTensors(name, kernel, bias string, inputs, units, width int) []Tensor {
	rows := inputs + units
	return []Tensor{
		Turned(name+".x", kernel, rows, width, 0, inputs), Turned(name+".h", kernel, rows, width, inputs, rows),
		Whole(name+".bias", bias, width),
	}
}
