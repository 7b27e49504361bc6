// Package kernel holds the inner loops of the float32 engine. Values are [component][lane], lanes contiguous; dst comes
// first and may be the same memory as an operand only where a function says so. Products are written float32(x*y), so
// that no compiler fuses them with a sum: results are the same bits on every machine.
//
// The loops are plain Go and define what a kernel computes; assembly registers itself beside them (see Fused) and is
// tested against them.
package kernel

import (
	"slices"

	"github.com/elegans-nn/elegans/step"
)

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

// A chain of element-wise operations is known by its text, which names its operations and the kinds of its operands: f
// [rows][lanes], u [rows], l [lanes], k [1], and h, the result of a head, whose slice is not looked at. Where a kernel is
// generated for it, that computes it as a whole, with its heads.

// Chain computes a chain as a whole; slices and heads are those of Bind.
type Chain func(out, in [][]float32, heads []Head, rows, lanes int)

// Chains are kernels of chains by their texts, before those in assembly.
var Chains = map[string]Chain{}

// Presets are the names of the presets whose chains all have kernels; one that came later has them after go generate.
func Presets() []string { return slices.Clone(presets) }

// Has reports whether there is a kernel for a chain that works on that number of lanes.
func Has(text string, lanes int) bool {
	return Chains[text] != nil || has(text, lanes) || !Accelerated && plain[text] != nil
}

// Bind finds the kernel of a chain and checks its operands: out are its stored values [rows][lanes]. The call that it
// returns reads the slices of out, in and heads anew each time; they must keep their lengths. It panics where there is no
// kernel.
func Bind(text string, out, in [][]float32, heads []Head, rows, lanes int) (call func()) {
	if f := Chains[text]; f != nil {
		return func() { f(out, in, heads, rows, lanes) }
	}
	if f := plain[text]; f != nil && !Accelerated {
		return func() { f(out, in, rows, lanes) }
	}
	return bind(text, out, in, heads, rows, lanes)
}

// Fused computes one operation on operands of some kinds as Bind does; it reports false, having done nothing, where it does
// not work on that number of lanes.
type Fused func(out, in [][]float32, rows, lanes int) bool

// FindOperation finds the fused kernel of one operation on operands of some kinds.
func FindOperation(op step.Op, kinds []byte) Fused { return single(op, kinds) }

// vector is how many numbers a vector register of the assembly holds.
const vector = 8

// Window is how much capacity must follow what one lane reads, see Head.Read.
const Window = ForSynapses*vector - 1

const noKernel = "kernel: a chain without a kernel"

// need checks the length of an operand.
func need(x []float32, n int) {
	if len(x) < n {
		panic("kernel: a short operand")
	}
}
