package export

import "github.com/elegans-nn/elegans/step"

// cRules are the rules of C. A test demands one for every element-wise operation that a step can have.
var cRules = map[step.Op]rule{
	step.OpAdd:      {format: "%s + %s"},
	step.OpSub:      {format: "%s - %s"},
	step.OpMul:      {format: "%s * %s"},
	step.OpDiv:      {format: "%s / %s"},
	step.OpMin:      call("min"),
	step.OpMax:      call("max"),
	step.OpSelect:   {format: "%[1]s != 0.0f ? %[2]s : %[3]s"},
	step.OpRelax:    call("relax"),
	step.OpObserved: {format: "%[1]s == %[1]s ? 1.0f : 0.0f"},
	step.OpAbs:      call("abs"),
	step.OpSign:     call("sign"),
	step.OpStep:     {format: "%s > 0.0f ? 1.0f : 0.0f"},
	step.OpFloor:    call("floor"),
	step.OpExp:      call("exp"),
	step.OpExpm1:    call("expm1"),
	step.OpLog:      call("log"),
	step.OpSqrt:     call("sqrt"),
	step.OpRsqrt:    {format: "1.0f / @sqrt(%s)", helper: "sqrt"},
	step.OpSin:      call("sin"),
	step.OpCos:      call("cos"),
	step.OpTanh:     call("tanh"),
	step.OpSigmoid:  call("sigmoid"),
	step.OpSoftplus: call("softplus"),
	step.OpErf:      call("erf"),
}
