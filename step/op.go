package step

import "fmt"

// Op names a row of the table of operations.
type Op uint8

// The operations. Leaves come first; then element-wise operations; then those that mix components; last those that only
// the reverse of a program uses.
const (
	OpInput Op = iota
	OpTime
	OpPart
	OpState
	OpParam
	OpConst
	OpCotangent // leaf of the reverse: the cotangent of a state or an output
	OpAcc       // leaf of the reverse: the sum over lanes and times of what Accum nodes gave

	OpAdd
	OpSub
	OpMul
	OpDiv
	OpMin
	OpMax
	OpSelect
	OpRelax
	OpObserved
	OpAbs
	OpSign
	OpStep
	OpFloor
	OpExp
	OpExpm1
	OpLog
	OpSqrt
	OpRsqrt
	OpSin
	OpCos
	OpTanh
	OpSigmoid
	OpSoftplus
	OpErf

	OpLinear
	OpSynapses
	OpResult
	OpSum
	OpBroadcast
	OpSoftmax
	OpConcat
	OpSlice
	OpGather

	OpLinearT
	OpOuter
	OpSynapsesT
	OpPad
	OpScatter
	OpAccum
	numOps
)

// Ops is the number of operations.
const Ops = int(numOps)

// Row is everything that is known of one operation. A new operation is one row; other packages keep tables over Op for
// what they derive (kernels, printers), and a test fails where a row is incomplete.
type Row struct {
	Name string
	// Arity is the number of operands; any number where negative.
	Arity int
	// Leaf operations are fed by the executor and have no rule of their own.
	Leaf bool
	// Adjoint operations appear in the reverse of a program only and have no reverse.
	Adjoint bool
	// Shape checks the operands and gives the shape of each result. Nil for element-wise operations: all operands have
	// one shape, which is the result's.
	Shape func(n *Node, in []Shape) ([]Shape, error)
	// F computes one component of an element-wise operation; Eval computes any other operation, over values stored
	// [component][lane].
	F    func(x []float64) float64
	Eval func(n *Node, e Eval)
	// Reverse gives the cotangents of the operands from those of the results, written with the builder, so that the
	// derivative of a program is again a program. A zero Vec stands for no cotangent.
	Reverse func(v Adj) []Vec
	// Cost is the number of floating point operations per component of the result; CostOf, where set, that of the whole
	// node. Sums and products count 1, a division or root 4, exp 10, other functions 12 to 20.
	Cost   float64
	CostOf func(n *Node, in []Shape) float64
	// Format prints the operation, with the operands as %[1]s, %[2]s, …; NAME(operands) where empty.
	Format string
}

// Eval are the values of a node's operands and results, each [component][lane].
type Eval struct {
	In, Out [][]float64
	Shapes  []Shape // of the operands
	Lanes   int
}

// Adj is what a reverse rule sees: the node's operands, its results and their cotangents.
type Adj struct {
	Node *Node
	In   []Vec
	Y    Vec
	DY   []Vec // a zero Vec where a result has no cotangent
}

var table [numOps]Row

// Row gives the table's row of an operation.
func (op Op) Row() *Row { return &table[op] }

// Elementwise reports whether the operation works component by component.
func (op Op) Elementwise() bool { return table[op].F != nil }

// Leaf reports whether the operation is fed from outside.
func (op Op) Leaf() bool { return table[op].Leaf }

// String is the operation's name.
func (op Op) String() string {
	if op < numOps {
		return table[op].Name
	}
	return fmt.Sprintf("op %d", uint8(op))
}

func init() {
	for op, name := range map[Op]string{
		OpInput: "input", OpTime: "time", OpPart: "part", OpState: "state", OpParam: "param", OpConst: "const",
		OpCotangent: "cotangent", OpAcc: "acc",
	} {
		table[op] = Row{Name: name, Leaf: true}
	}
}
