package export

import "github.com/elegans-nn/elegans/step"

// goRules are the rules of Go, and of WebAssembly, which is compiled from what they print. A test demands one for every
// element-wise operation that a step can have.
var goRules = map[step.Op]rule{
	step.OpAdd:      {format: "%s + %s"},
	step.OpSub:      {format: "%s - %s"},
	step.OpMul:      {format: "float32(%s * %s)"},
	step.OpDiv:      {format: "%s / %s"},
	step.OpMin:      call("minimum"),
	step.OpMax:      call("maximum"),
	step.OpSelect:   call("pick"),
	step.OpRelax:    call("relax"),
	step.OpObserved: call("observed"),
	step.OpAbs:      call("abs"),
	step.OpSign:     call("sign"),
	step.OpStep:     call("above"),
	step.OpFloor:    call("floor"),
	step.OpExp:      call("exp"),
	step.OpExpm1:    call("expm1"),
	step.OpLog:      call("log"),
	step.OpSqrt:     call("sqrt"),
	step.OpRsqrt:    {format: "1 / sqrt(%s)", helper: "sqrt"},
	step.OpSin:      call("sin"),
	step.OpCos:      call("cos"),
	step.OpTanh:     call("tanh"),
	step.OpSigmoid:  call("sigmoid"),
	step.OpSoftplus: call("softplus"),
	step.OpErf:      call("erf"),
}
