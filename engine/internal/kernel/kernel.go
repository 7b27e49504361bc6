// Package kernel holds the inner loops of the float32 engine. Values are [component][lane], lanes contiguous; dst comes
// first and may be the same memory as an operand only where a function says so. Products are written float32(x*y), so
// that no compiler fuses them with a sum: results are the same bits on every machine.
//
// The loops are plain Go and define what a kernel computes; assembly registers itself beside them (see Fused) and is
// tested against them.
package kernel

import "github.com/elegans-nn/elegans/step"

// Accelerated says whether assembly is in use: where it was compiled in and the processor has AVX2 and FMA.
var Accelerated = detect()

// Accelerate switches the assembly on, as far as it can run here, or off, and tells how it was. It is for tests: results of
// the two paths differ in the last bits. Engines keep the chains that they were compiled with.
func Accelerate(on bool) (was bool) {
	was, Accelerated = Accelerated, on && detect()
	return was
}

// Map computes an element-wise operation, dst[i] = f(in[0][i], in[1][i], …); dst may be one of the operands.
type Map func(dst []float32, in [][]float32)

// Elementwise is what is known of an element-wise operation. Where Scalar is set, an operand of length 1 stands for all
// components; otherwise all operands are as long as dst.
type Elementwise struct {
	Map    Map
	Scalar bool
}

// Elementwises has a row for every element-wise operation, and for OpAccum, which adds operand 1 to operand 0 and so is
// OpAdd with dst = operand 0.
var Elementwises = [step.Ops]Elementwise{
	step.OpAdd:      {add, true},
	step.OpSub:      {sub, true},
	step.OpMul:      {mul, true},
	step.OpDiv:      {div, true},
	step.OpMin:      {Map: minimum},
	step.OpMax:      {Map: maximum},
	step.OpSelect:   {Map: choose},
	step.OpRelax:    {Map: relax},
	step.OpObserved: {Map: observed},
	step.OpAbs:      {Map: abs},
	step.OpSign:     {Map: sign},
	step.OpStep:     {Map: heaviside},
	step.OpFloor:    {Map: floor},
	step.OpExp:      {Map: unary(Exp)},
	step.OpExpm1:    {Map: unary(Expm1)},
	step.OpLog:      {Map: unary(Log)},
	step.OpSqrt:     {Map: sqrt},
	step.OpRsqrt:    {Map: rsqrt},
	step.OpSin:      {Map: unary(Sin)},
	step.OpCos:      {Map: unary(Cos)},
	step.OpTanh:     {Map: unary(Tanh)},
	step.OpSigmoid:  {Map: unary(Sigmoid)},
	step.OpSoftplus: {Map: unary(Softplus)},
	step.OpErf:      {Map: unary(Erf)},
	step.OpAccum:    {add, true},
}

// unary adapts a function of slices; the call is per slice, not per element.
func unary(f func(dst, x []float32)) Map {
	return func(dst []float32, in [][]float32) { f(dst, in[0]) }
}

// Fused computes a whole chain of element-wise operations at once: out are its stored values [rows][lanes]; in are its
// operands by the kinds in the chain's text: f [rows][lanes], u [rows], l [lanes], k [1]. It reports false, having done
// nothing, where it does not work on that number of lanes.
type Fused func(out, in [][]float32, rows, lanes int) bool

// Chains has fused kernels of chains by their texts, before those that are generated.
var Chains = map[string]Fused{}

// FindChain finds the fused kernel of a chain by its text, in assembly or in plain Go; nil where there is none, so that the
// chain runs operation by operation, with the same results to the bit.
func FindChain(text string) Fused {
	if f := Chains[text]; f != nil {
		return f
	}
	if f := assembled(text); f != nil {
		return f
	}
	return plain[text]
}

// FindOperation finds the fused kernel of one operation on operands of some kinds.
func FindOperation(op step.Op, kinds []byte) Fused { return single(op, kinds) }

// vector is how many numbers a vector register of the assembly holds.
const vector = 8
