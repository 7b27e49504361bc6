package export

import (
	"fmt"
	"maps"
	"math/bits"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/step"
)

// word says how an operand or a result is held: its exponent and the largest word.
type word struct {
	f   int
	top int32
}

// fixedRule is one operation in fixed point. An element-wise one has numbers that follow from the words, mostly shifts; what it
// computes with them in Go; and the same as an expression in C, of the operands and of the numbers as they are read. Every
// other operation is code, with its twin in fixed_model.go.
type fixedRule struct {
	args  func(in []word, out word) ([]int, error)
	eval  func(x []int32, a []int, in []word, out word) int32
	text  func(x, a []string, in []word, out word) string
	code  func(w *fixedWriter, node int)
	model func(m *fixedModel, node int)
}

// fixedRules are the rules of fixed point. A test demands one for every operation that a step can have.
var fixedRules map[step.Op]fixedRule

func init() { // not above: the code of a rule prints operands by other rules
	fixedRules = map[step.Op]fixedRule{
		step.OpLinear:    {code: (*fixedWriter).linear, model: (*fixedModel).linear},
		step.OpSynapses:  {code: (*fixedWriter).rows, model: (*fixedModel).synapses},
		step.OpSum:       {code: (*fixedWriter).sum, model: (*fixedModel).sum},
		step.OpSoftmax:   {code: (*fixedWriter).softmax, model: (*fixedModel).softmax},
		step.OpBroadcast: {code: (*fixedWriter).place, model: (*fixedModel).place},
		step.OpSlice:     {code: (*fixedWriter).place, model: (*fixedModel).place},
		step.OpGather:    {code: (*fixedWriter).place, model: (*fixedModel).place},
		step.OpConcat:    {code: (*fixedWriter).concat, model: (*fixedModel).place},
	}
	maps.Copy(fixedRules, fixedArithmetic())
	maps.Copy(fixedRules, fixedCalls())
}

// fixedArithmetic are the rules of the operations that a few instructions do.
func fixedArithmetic() map[step.Op]fixedRule {
	return map[step.Op]fixedRule{
		step.OpAdd: sums("+", func(a, b int32) int32 { return a + b }),
		step.OpSub: sums("-", func(a, b int32) int32 { return a - b }),
		step.OpMul: {args: product,
			eval: func(x []int32, a []int, _ []word, out word) int32 {
				return fitWide(int64(x[0])*int64(x[1]), a[0], out.top)
			},
			text: func(x, a []string, in []word, out word) string {
				if in[0].top == top16 && in[1].top == top16 {
					return fmt.Sprintf("@fit((int32_t)%s * %s, %s, %d)", x[0], x[1], a[0], out.top)
				}
				return fmt.Sprintf("@fit64((int64_t)%s * %s, %s, %d)", x[0], x[1], a[0], out.top)
			}},
		step.OpDiv: {args: func(in []word, out word) ([]int, error) { return []int{in[0].f - in[1].f - out.f}, nil },
			eval: func(x []int32, a []int, _ []word, out word) int32 { return ratio(x[0], x[1], a[0], out.top) },
			text: func(x, a []string, _ []word, out word) string {
				return fmt.Sprintf("@ratio(%s, %s, %s, %d)", x[0], x[1], a[0], out.top)
			}},
		step.OpMin: either("min", func(a, b int32) int32 { return min(a, b) }),
		step.OpMax: either("max", func(a, b int32) int32 { return max(a, b) }),
		step.OpSelect: {args: func(in []word, out word) ([]int, error) { return []int{in[1].f - out.f, in[2].f - out.f}, nil },
			eval: func(x []int32, a []int, _ []word, out word) int32 {
				if x[0] != 0 {
					return fit(x[1], a[0], out.top)
				}
				return fit(x[2], a[1], out.top)
			},
			text: func(x, a []string, in []word, out word) string {
				return fmt.Sprintf("%s != 0 ? %s : %s", x[0], fitted(x[1], a[0], in[1], out), fitted(x[2], a[1], in[2], out))
			}},
		step.OpRelax: {args: relaxing,
			eval: func(x []int32, a []int, _ []word, out word) int32 {
				return relaxed(x[0], x[1], x[2], x[3], x[4], a[0], a[1], a[2], out.top)
			},
			text: func(x, a []string, _ []word, out word) string {
				return fmt.Sprintf("@relax(%s, %s, %d)", strings.Join(x, ", "), strings.Join(a, ", "), out.top)
			}},
		step.OpObserved: observing(),
		step.OpStep: ones("%s > 0 ? %s : 0", func(x, one int32) int32 {
			if x > 0 {
				return one
			}
			return 0
		}),
		step.OpSign: ones("%[1]s > 0 ? %[2]s : %[1]s < 0 ? -%[2]s : 0", func(x, one int32) int32 {
			switch {
			case x > 0:
				return one
			case x < 0:
				return -one
			}
			return 0
		}),
		step.OpAbs: {args: func(in []word, out word) ([]int, error) { return []int{in[0].f - out.f}, nil },
			eval: func(x []int32, a []int, _ []word, out word) int32 { return fit(max(x[0], -x[0]), a[0], out.top) },
			text: func(x, a []string, in []word, out word) string {
				return fmt.Sprintf("@fit(%[1]s < 0 ? -(int32_t)%[1]s : %[1]s, %[2]s, %[3]d)", x[0], a[0], out.top)
			}},
	}
}

// fixedCalls are the rules of the operations that call a function of their own.
func fixedCalls() map[step.Op]fixedRule {
	return map[step.Op]fixedRule{
		step.OpFloor:    scaled("floor", whole),
		step.OpExp:      scaled("exp", exponential),
		step.OpExpm1:    scaled("expm1", lessOne),
		step.OpLog:      scaled("log", logarithm),
		step.OpSqrt:     scaled("sqrt", squareRoot),
		step.OpRsqrt:    scaled("rsqrt", inverseRoot),
		step.OpSoftplus: scaled("softplus", softened),
		step.OpSin:      unit15("sin", func(x int32, fx int) int32 { return turn(x, fx, 0) }),
		step.OpCos:      unit15("cos", func(x int32, fx int) int32 { return turn(x, fx, 1) }),
		step.OpTanh:     unit15("tanh", tangent),
		step.OpSigmoid:  unit15("sigmoid", sigmoid),
		step.OpErf:      unit15("erf", errorFunction),
	}
}

// width is the number of bits of a word without its sign.
func (w word) width() int { return bits.Len32(uint32(w.top)) }

// aligned is the largest exponent, up to those of a and b, at which both fit 31 bits together.
func aligned(a, b word) int {
	g := max(a.f, b.f)
	for max(a.width()+g-a.f, b.width()+g-b.f) > 29 {
		g--
	}
	return g
}

// sums is the rule of + or -: both operands at one exponent, the result rounded once.
func sums(sign string, f func(a, b int32) int32) fixedRule {
	return fixedRule{
		args: func(in []word, out word) ([]int, error) {
			g := aligned(in[0], in[1])
			return []int{in[0].f - g, in[1].f - g, g - out.f}, nil
		},
		eval: func(x []int32, a []int, _ []word, out word) int32 {
			return fit(f(fit(x[0], a[0], top32), fit(x[1], a[1], top32)), a[2], out.top)
		},
		text: func(x, a []string, _ []word, out word) string {
			return fmt.Sprintf("@fit(%s %s %s, %s, %d)", moved(x[0], a[0]), sign, moved(x[1], a[1]), a[2], out.top)
		}}
}

// moved is a word shifted where nothing is clamped.
func moved(x, n string) string {
	wide := x
	if !strings.HasPrefix(x, "t") && !strings.HasPrefix(x, "@fit") && !strings.HasPrefix(x, "(int32_t)") {
		wide = "(int32_t)" + x
	}
	k, err := strconv.Atoi(strings.Trim(n, "()"))
	switch {
	case err == nil && k == 0:
		return wide
	case err == nil && k < 0 && k > -31:
		return fmt.Sprintf("%s * %d", wide, int32(1)<<-k)
	}
	return fmt.Sprintf("@fit(%s, %s, 2147483647)", x, n)
}

// fitted is an operand as a word like the result.
func fitted(x, n string, in, out word) string {
	if n == "0" && in.top <= out.top {
		return x
	}
	return fmt.Sprintf("@fit(%s, %s, %d)", x, n, out.top)
}

func product(in []word, out word) ([]int, error) { return []int{in[0].f + in[1].f - out.f}, nil }

func either(name string, f func(a, b int32) int32) fixedRule {
	return fixedRule{
		args: func(in []word, out word) ([]int, error) { return []int{in[0].f - out.f, in[1].f - out.f}, nil },
		eval: func(x []int32, a []int, _ []word, out word) int32 {
			return f(fit(x[0], a[0], out.top), fit(x[1], a[1], out.top))
		},
		text: func(x, a []string, in []word, out word) string {
			return fmt.Sprintf("@%s(%s, %s)", name, fitted(x[0], a[0], in[0], out), fitted(x[1], a[1], in[1], out))
		}}
}

// relaxing are the shifts of relax.
func relaxing(in []word, out word) ([]int, error) {
	v, h, c, G, I := in[0], in[1], in[2], in[3], in[4]
	i, k := G.f+v.f-I.f, h.f+G.f-c.f
	if I.width()+i > 61 || c.width()+k > 61 {
		return nil, refused("the currents, conductances and potentials of a cell are too far apart for fixed point")
	}
	return []int{i, k, v.f - out.f}, nil
}

// ones is the rule of an operation whose results are 0 and the word of 1.
func ones(format string, f func(x, one int32) int32) fixedRule {
	return fixedRule{
		args: func(_ []word, out word) ([]int, error) { return []int{int(fit(1, -out.f, out.top))}, nil },
		eval: func(x []int32, a []int, _ []word, _ word) int32 { return f(x[0], int32(a[0])) },
		text: func(x, a []string, _ []word, _ word) string { return fmt.Sprintf(format, x[0], a[0]) }}
}

// observing is the rule of whether a value is not missing, which no narrow word is.
func observing() fixedRule {
	rule := ones("%s != @MISSING ? %s : 0", func(x, one int32) int32 {
		if x != gone {
			return one
		}
		return 0
	})
	wide := rule.text
	rule.text = func(x, a []string, in []word, out word) string {
		if in[0].top == top16 {
			return a[0]
		}
		return wide(x, a, in, out)
	}
	return rule
}

// scaled is the rule of a function that is told the exponent of its result.
func scaled(name string, f func(x int32, fx, f int, top int32) int32) fixedRule {
	return fixedRule{
		args: func(in []word, out word) ([]int, error) { return []int{in[0].f, out.f}, nil },
		eval: func(x []int32, a []int, _ []word, out word) int32 { return f(x[0], a[0], a[1], out.top) },
		text: func(x, a []string, _ []word, out word) string {
			return fmt.Sprintf("@%s(%s, %s, %s, %d)", name, x[0], a[0], a[1], out.top)
		}}
}

// unit15 is the rule of a function whose result has the exponent 15.
func unit15(name string, f func(x int32, fx int) int32) fixedRule {
	return fixedRule{
		args: func(in []word, out word) ([]int, error) { return []int{in[0].f, 15 - out.f}, nil },
		eval: func(x []int32, a []int, _ []word, out word) int32 { return fit(f(x[0], a[0]), a[1], out.top) },
		text: func(x, a []string, _ []word, out word) string {
			return fmt.Sprintf("@fit(@%s(%s, %s), %s, %d)", name, x[0], a[0], a[1], out.top)
		}}
}
