// Package kernel holds the inner loops of the float32 engine. Values are [component][lane], lanes contiguous; dst comes
// first and may be the same memory as an operand only where a function says so. Products are written float32(x*y), so
// that no compiler fuses them with a sum: results are the same bits on every machine.
//
// The loops are plain Go and define what a kernel computes; assembly registers itself beside them (see Fused) and is
// tested against them.
package kernel

import (
	"slices"
	"strings"

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

// Wide says whether assembly for AVX-512 is in use where there is some: where the processor has it. Results are the bits of
// AVX2.
var Wide = detectWide()

// Widen switches it on, as far as it can run here, or off, and tells how it was, as Accelerate does.
func Widen(on bool) (was bool) {
	was, Wide = Wide, on && detectWide()
	return was
}

// Elementwise is an element-wise operation in Go: a number as an expression of numbers, with a %s for each operand, or the
// name of a function of this package that computes a whole line of them. The chains in Go are made of these, see gen/chains;
// gen/vec has the same operations for AVX2.
type Elementwise struct {
	Number, Line string
	// Scalar says that an operand may be one number for all, or one for each row or lane.
	Scalar bool
}

// Elementwises has a row for every element-wise operation, and for OpAccum, which adds its second operand to the first.
var Elementwises = [step.Ops]Elementwise{
	step.OpAdd:      {Number: "%s + %s", Scalar: true},
	step.OpSub:      {Number: "%s - %s", Scalar: true},
	step.OpMul:      {Number: "float32(%s * %s)", Scalar: true},
	step.OpDiv:      {Number: "%s / %s", Scalar: true},
	step.OpMin:      {Number: "min(%s, %s)"}, // NaN where an operand is, and -0 before 0
	step.OpMax:      {Number: "max(%s, %s)"},
	step.OpSelect:   {Number: "chosen(%s, %s, %s)"},
	step.OpRelax:    {Number: "relaxed(%s, %s, %s, %s, %s)"},
	step.OpObserved: {Number: "isObserved(%s)"},
	step.OpAbs:      {Number: "magnitude(%s)"},
	step.OpSign:     {Number: "signOf(%s)"},
	step.OpStep:     {Number: "stepOf(%s)"},
	step.OpFloor:    {Number: "floorOf(%s)"},
	step.OpSqrt:     {Number: "rootOf(%s)"},
	step.OpRsqrt:    {Number: "inverseRootOf(%s)"},
	step.OpExp:      {Line: "Exp"},
	step.OpExpm1:    {Line: "Expm1"},
	step.OpLog:      {Line: "Log"},
	step.OpSin:      {Line: "Sin"},
	step.OpCos:      {Line: "Cos"},
	step.OpTanh:     {Line: "Tanh"},
	step.OpSigmoid:  {Line: "Sigmoid"},
	step.OpSoftplus: {Line: "Softplus"},
	step.OpErf:      {Line: "Erf"},
	step.OpAccum:    {Number: "%s + %s", Scalar: true},
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

// FindOperation finds what computes one operation on operands of some kinds; nil where nothing does.
func FindOperation(op step.Op, kinds []byte) Fused {
	text := Alone(op, kinds)
	if f := fused(text); f != nil {
		return f
	}
	if f := plain[text]; f != nil {
		return f
	}
	return absent
}

// Alone is the text of a chain of one operation on operands of some kinds.
func Alone(op step.Op, kinds []byte) string {
	if op == step.OpAccum {
		op = step.OpAdd
	}
	var b strings.Builder
	b.WriteString(op.String())
	for k, kind := range kinds {
		b.WriteByte(' ')
		b.WriteByte(kind)
		b.WriteByte('0' + byte(k))
	}
	b.WriteString(" > [0]")
	return b.String()
}

// Fill repeats its operand: one number over all of out, or a line as it is.
func Fill(out, in [][]float32, _, _ int) bool {
	dst, a := out[0], in[0]
	if len(a) == len(dst) {
		copy(dst, a)
		return true
	}
	s := a[0]
	for i := range dst {
		dst[i] = s
	}
	return true
}

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
