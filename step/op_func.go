package step

import "math"

// SoftplusCut is where Softplus becomes the identity. The cut is part of the function (the reference has it): there is
// a jump of 2e-9.
const SoftplusCut = 20

// unary builds the row of a function of one operand; derivative gives dy/dx from x and y.
func unary(name string, cost float64, f func(x float64) float64, derivative func(x, y Vec) Vec) Row {
	return Row{Name: name, Arity: 1, Cost: cost,
		F: func(x []float64) float64 { return f(x[0]) },
		Reverse: func(v Adj) []Vec {
			if derivative == nil {
				return []Vec{{}} // flat wherever it is differentiable
			}
			return []Vec{Mul(v.DY[0], derivative(v.In[0], v.Y))}
		}}
}

func init() {
	table[OpObserved] = unary("observed", 1, observed, nil)
	table[OpAbs] = unary("abs", 1, math.Abs, func(x, _ Vec) Vec { return Sign(x) })
	table[OpSign] = unary("sign", 1, sign, nil)
	table[OpStep] = unary("step", 1, heaviside, nil)
	table[OpFloor] = unary("floor", 1, math.Floor, nil)
	table[OpExp] = unary("exp", 10, math.Exp, func(_, y Vec) Vec { return y })
	table[OpExpm1] = unary("expm1", 12, math.Expm1, func(_, y Vec) Vec { return Plus(y, 1) })
	table[OpLog] = unary("log", 12, math.Log, func(x, _ Vec) Vec { return Div(number(x, 1), x) })
	table[OpSqrt] = unary("sqrt", 4, math.Sqrt, func(_, y Vec) Vec { return Div(number(y, 0.5), y) })
	table[OpRsqrt] = unary("rsqrt", 8, func(x float64) float64 { return 1 / math.Sqrt(x) },
		func(x, y Vec) Vec { return Scale(-0.5, Div(y, x)) })
	table[OpSin] = unary("sin", 15, math.Sin, func(x, _ Vec) Vec { return Cos(x) })
	table[OpCos] = unary("cos", 15, math.Cos, func(x, _ Vec) Vec { return Neg(Sin(x)) })
	table[OpTanh] = unary("tanh", 15, math.Tanh, func(_, y Vec) Vec { return OneMinus(Mul(y, y)) })
	table[OpSigmoid] = unary("sigmoid", 15, Logistic, func(_, y Vec) Vec { return Mul(y, OneMinus(y)) })
	table[OpSoftplus] = unary("softplus", 20, softplus, func(x, _ Vec) Vec {
		return Select(Step(Plus(x, -SoftplusCut)), number(x, 1), Sigmoid(x))
	})
	table[OpErf] = unary("erf", 20, math.Erf, func(x, _ Vec) Vec {
		return Scale(2/math.Sqrt(math.Pi), Exp(Neg(Mul(x, x))))
	})
}

func observed(x float64) float64 {
	if x == x {
		return 1
	}
	return 0
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x // 0 and NaN
}

func heaviside(x float64) float64 {
	if x > 0 {
		return 1
	}
	return 0
}

// Logistic is 1 / (1 + exp(-x)), without overflow.
func Logistic(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}

func softplus(x float64) float64 {
	if x > SoftplusCut {
		return x
	}
	return math.Log1p(math.Exp(x))
}

// Observed is 1 where a is a number and 0 where it is NaN.
func Observed(a Vec) Vec { return elementwise(OpObserved, a) }

// Abs is |a|, with derivative 0 at 0.
func Abs(a Vec) Vec { return elementwise(OpAbs, a) }

// Sign is -1, 0 or 1.
func Sign(a Vec) Vec { return elementwise(OpSign, a) }

// Step is 1 where a > 0, else 0.
func Step(a Vec) Vec { return elementwise(OpStep, a) }

// Floor is the largest integer not above a.
func Floor(a Vec) Vec { return elementwise(OpFloor, a) }

// Exp is e^a.
func Exp(a Vec) Vec { return elementwise(OpExp, a) }

// Expm1 is e^a - 1, exact near 0.
func Expm1(a Vec) Vec { return elementwise(OpExpm1, a) }

// Log is the natural logarithm.
func Log(a Vec) Vec { return elementwise(OpLog, a) }

// Sqrt is the square root.
func Sqrt(a Vec) Vec { return elementwise(OpSqrt, a) }

// Rsqrt is 1 / sqrt(a).
func Rsqrt(a Vec) Vec { return elementwise(OpRsqrt, a) }

// Sin is the sine.
func Sin(a Vec) Vec { return elementwise(OpSin, a) }

// Cos is the cosine.
func Cos(a Vec) Vec { return elementwise(OpCos, a) }

// Tanh is the hyperbolic tangent.
func Tanh(a Vec) Vec { return elementwise(OpTanh, a) }

// Sigmoid is 1 / (1 + exp(-a)).
func Sigmoid(a Vec) Vec { return elementwise(OpSigmoid, a) }

// Softplus is log(1 + exp(a)), and a itself above SoftplusCut.
func Softplus(a Vec) Vec { return elementwise(OpSoftplus, a) }

// Erf is the error function.
func Erf(a Vec) Vec { return elementwise(OpErf, a) }

// Relu is max(a, 0), with derivative 0 at 0.
func Relu(a Vec) Vec { return Max(zero(a), a) }

// Silu is a · sigmoid(a).
func Silu(a Vec) Vec { return Mul(a, Sigmoid(a)) }

// Gelu is the exact form a/2 (1 + erf(a/√2)).
func Gelu(a Vec) Vec { return Mul(Scale(0.5, a), Plus(Erf(Scale(1/math.Sqrt2, a)), 1)) }

// GeluTanh is the older approximation a/2 (1 + tanh(√(2/π) (a + 0.044715 a³))) of Gelu, within 5e-4 of it; models that were
// trained with it need it.
func GeluTanh(a Vec) Vec {
	cube := Mul(Scale(0.044715, a), a, a)
	return Mul(Scale(0.5, a), Plus(Tanh(Scale(math.Sqrt(2/math.Pi), Add(a, cube))), 1))
}

// LecunTanh is 1.7159 tanh(0.666 a), with exactly these decimals.
func LecunTanh(a Vec) Vec { return Scale(1.7159, Tanh(Scale(0.666, a))) }
