package step_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/elegans-nn/elegans/internal/conform/trial"
	. "github.com/elegans-nn/elegans/step"
)

// incomplete says what a row of the table lacks.
func incomplete(r Row) (lacks []string) {
	miss := func(bad bool, what string) {
		if bad {
			lacks = append(lacks, what)
		}
	}
	miss(r.Name == "", "name")
	if r.Leaf {
		return lacks
	}
	miss(r.Arity == 0, "arity")
	miss(r.Shape == nil && r.F == nil, "shape rule")
	miss(r.F == nil && r.Eval == nil, "forward")
	miss(r.F != nil && r.Eval != nil, "single forward (it has two)")
	miss(r.F != nil && r.Arity < 1, "number of operands of an element-wise function")
	miss(r.Reverse == nil && !r.Adjoint, "reverse")
	miss(r.Reverse != nil && r.Adjoint, "single role (an adjoint operation has no reverse)")
	miss(r.Cost <= 0 && r.CostOf == nil, "cost")
	return lacks
}

func TestTableIsComplete(t *testing.T) {
	names := map[string]Op{}
	for i := range Ops {
		op := Op(i)
		r := op.Row()
		if lacks := incomplete(*r); len(lacks) > 0 {
			t.Errorf("row %d %q lacks %v", i, r.Name, lacks)
		}
		if other, ok := names[r.Name]; ok {
			t.Errorf("rows %d and %d are both called %q", other, i, r.Name)
		}
		names[r.Name] = op
		if op.String() != r.Name || op.Leaf() != r.Leaf || op.Elementwise() != (r.F != nil) {
			t.Errorf("methods of %v contradict its row", op)
		}
	}
	if got := Op(Ops).String(); got != fmt.Sprintf("op %d", Ops) {
		t.Errorf("an operation out of the table is called %q", got)
	}
}

// TestIncompleteBites takes a column out of a full row, one after the other.
func TestIncompleteBites(t *testing.T) {
	full := *OpLinear.Row()
	if lacks := incomplete(full); lacks != nil {
		t.Fatal(lacks)
	}
	for what, damage := range map[string]func(r *Row){
		"name":        func(r *Row) { r.Name = "" },
		"arity":       func(r *Row) { r.Arity = 0 },
		"shape rule":  func(r *Row) { r.Shape = nil },
		"forward":     func(r *Row) { r.Eval = nil },
		"reverse":     func(r *Row) { r.Reverse = nil },
		"cost":        func(r *Row) { r.CostOf = nil },
		"single role": func(r *Row) { r.Adjoint = true },
	} {
		r := full
		damage(&r)
		if len(incomplete(r)) == 0 {
			t.Errorf("a row without %s passes", what)
		}
	}
}

// known are values of the element-wise operations, computed with Python's math module from the definitions.
var known = map[Op][]struct {
	x    []float64
	want float64
}{
	OpAdd: {{[]float64{1.5, -0.4}, 1.1}}, OpSub: {{[]float64{1.5, -0.4}, 1.9}}, OpMul: {{[]float64{1.5, -0.4}, -0.6}},
	OpDiv: {{[]float64{1.5, -0.4}, -3.75}},
	OpMin: {{[]float64{1.5, -0.4}, -0.4}, {[]float64{-2, 3}, -2}}, OpMax: {{[]float64{1.5, -0.4}, 1.5}, {[]float64{-2, 3}, 3}},
	OpSelect:   {{[]float64{1, 7, -3}, 7}, {[]float64{0, 7, -3}, -3}, {[]float64{-0.5, 7, -3}, 7}},
	OpRelax:    {{[]float64{0.31, 0.7, 0.55, 1.7, -0.42}, -0.07097701149425285}},
	OpObserved: {{[]float64{math.NaN()}, 0}, {[]float64{-3}, 1}, {[]float64{math.Inf(1)}, 1}},
	OpAbs:      {{[]float64{-1.3}, 1.3}, {[]float64{2.2}, 2.2}},
	OpSign:     {{[]float64{-1.3}, -1}, {[]float64{2.2}, 1}, {[]float64{0}, 0}},
	OpStep:     {{[]float64{-1.3}, 0}, {[]float64{2.2}, 1}, {[]float64{0}, 0}},
	OpFloor:    {{[]float64{-1.3}, -2}, {[]float64{2.2}, 2}},
	OpExp:      {{[]float64{-1.3}, 0.2725317930340126}, {[]float64{2.2}, 9.025013499434122}},
	OpExpm1:    {{[]float64{-1.3}, -0.7274682069659875}, {[]float64{1e-12}, 1.0000000000005e-12}},
	OpLog:      {{[]float64{0.37}, -0.9942522733438669}, {[]float64{8.25}, 2.1102132003465894}},
	OpSqrt:     {{[]float64{0.37}, 0.6082762530298219}, {[]float64{8.25}, 2.872281323269014}},
	OpRsqrt:    {{[]float64{0.37}, 1.643989873053573}, {[]float64{8.25}, 0.3481553119113957}},
	OpSin:      {{[]float64{-1.3}, -0.963558185417193}, {[]float64{2.2}, 0.8084964038195901}},
	OpCos:      {{[]float64{-1.3}, 0.26749882862458735}, {[]float64{2.2}, -0.5885011172553458}},
	OpTanh:     {{[]float64{-1.3}, -0.8617231593133063}, {[]float64{0.45}, 0.4218990052500079}},
	OpSigmoid:  {{[]float64{-1.3}, 0.2141650169574414}, {[]float64{2.2}, 0.9002495108803148}, {[]float64{-745}, 5e-324}, {[]float64{800}, 1}},
	OpSoftplus: {{[]float64{-1.3}, 0.2410084538329922}, {[]float64{2.2}, 2.305083319768696}, {[]float64{20.5}, 20.5}},
	OpErf:      {{[]float64{-1.3}, -0.9340079449406524}, {[]float64{0.45}, 0.4754817197869237}},
}

func TestElementwiseKnownAnswers(t *testing.T) {
	for i := range Ops {
		op := Op(i)
		if !op.Elementwise() {
			continue
		}
		if len(known[op]) == 0 {
			t.Errorf("operation %v has no known answer in this test: add one", op)
		}
		for _, c := range known[op] {
			if got := op.Row().F(c.x); !(math.Abs(got-c.want) <= 4e-16*(1+math.Abs(c.want))) {
				t.Errorf("%v(%v) = %.17g, want %.17g", op, c.x, got, c.want)
			}
		}
	}
}

// leaves gives operands of every kind: a state and an input (a value per lane and time) and a parameter (one for all).
type leaves struct {
	*Builder
	next int
}

// operand gives the next leaf of a shape, by turns a state, a parameter and an input.
func (l *leaves) operand(s Shape) Vec {
	l.next++
	switch name := fmt.Sprintf("v%d", l.next); {
	case l.next%3 == 1:
		v := l.State(name, s)
		l.Next(name, Scale(0.9, v))
		return v
	case l.next%3 == 2 || s.Outer > 1:
		return l.Param(name, s, Between(-1.1, 1.2))
	default:
		return l.Input(name, s.Len())
	}
}

// inside keeps the operands of operations with a smaller domain within it.
var inside = map[Op]func(k int, v Vec) Vec{
	OpLog: positive, OpSqrt: positive, OpRsqrt: positive,
	OpDiv: func(k int, v Vec) Vec { return choose(k == 1, positive(k, v), v) },
	OpSelect: func(k int, v Vec) Vec {
		return choose(k == 0, Step(v), v)
	},
	OpRelax: func(k int, v Vec) Vec { return choose(k >= 1 && k <= 3, positive(k, v), v) },
}

func positive(_ int, v Vec) Vec { return Plus(Mul(v, v), 0.3) }

func choose(yes bool, a, b Vec) Vec {
	if yes {
		return a
	}
	return b
}

var sparse = &Edges{In: 3, Out: 4, List: []Edge{{2, 0}, {0, 1}, {1, 1}, {0, 3}, {2, 3}}}

// samples are programs of the operations that are not element-wise, several where there are several cases.
var samples = map[Op][]func(l *leaves) []Vec{
	OpLinear: {
		func(l *leaves) []Vec { // dense, of two operands, one of them used twice
			a, c := l.operand(Vector(3)), l.operand(Vector(2))
			return []Vec{l.Linear("m", 4, Between(-1, 1), Between(-1, 1), Term{"a", a, nil}, Term{"c", c, nil}, Term{"again", a, nil})}
		},
		func(l *leaves) []Vec { // masked and dense, of a matrix
			x := l.operand(Shape{2, 3})
			return []Vec{l.Linear("m", 4, Between(-1, 1), nil, Term{"x", x, sparse}, Term{"d", Tanh(x), nil})}
		},
	},
	OpSynapses: {func(l *leaves) []Vec {
		v := l.operand(Vector(3))
		p := func(name string) Vec { return l.Param(name, Vector(5), Between(0.2, 1.4), Along(sparse)) }
		G, I := Synapses(v, p("w"), p("s"), p("m"), p("E"), sparse)
		return []Vec{G, I}
	}, func(l *leaves) []Vec { // the current alone is read
		v := l.operand(Vector(3))
		p := func(name string) Vec { return l.Param(name, Vector(5), Between(0.2, 1.4)) }
		_, I := Synapses(v, p("w"), p("s"), p("m"), p("E"), sparse)
		return []Vec{I}
	}},
	OpResult: {func(l *leaves) []Vec { // the second result of Synapses, read twice
		v := l.operand(Vector(3))
		p := func(name string) Vec { return l.Param(name, Vector(5), Between(0.2, 1.4)) }
		G, I := Synapses(v, p("w"), p("s"), p("m"), p("E"), sparse)
		return []Vec{Mul(I, I), Mul(G, I)}
	}},
	OpSum: {
		func(l *leaves) []Vec { return []Vec{Sum(l.operand(Shape{2, 3}), Inner)} },
		func(l *leaves) []Vec { return []Vec{Sum(l.operand(Shape{2, 3}), Outer)} },
		func(l *leaves) []Vec {
			return []Vec{Sum(l.operand(Vector(4)), Inner), Sum(l.operand(Vector(4)), Outer)}
		},
	},
	OpBroadcast: {
		func(l *leaves) []Vec { return []Vec{Broadcast(l.operand(Vector(1)), Shape{2, 3})} },
		func(l *leaves) []Vec { return []Vec{Broadcast(l.operand(Vector(3)), Shape{2, 3})} },
		func(l *leaves) []Vec { return []Vec{Broadcast(l.operand(Shape{2, 1}), Shape{2, 3})} },
		func(l *leaves) []Vec { // spread by an element-wise operation, all three kinds of leaves
			return []Vec{Mul(l.operand(Shape{2, 1}), l.operand(Vector(3)), l.operand(Vector(1)), l.DT())}
		},
	},
	OpSoftmax: {
		func(l *leaves) []Vec { return []Vec{Softmax(l.operand(Vector(4)))} },
		func(l *leaves) []Vec { return []Vec{Softmax(l.operand(Shape{2, 3}))} },
	},
	OpConcat: {func(l *leaves) []Vec {
		return []Vec{Concat(l.operand(Vector(3)), l.operand(Vector(1)), l.operand(Vector(2)))}
	}},
	OpSlice: {func(l *leaves) []Vec {
		v := l.operand(Vector(5))
		return []Vec{Slice(v, 1, 3), Slice(v, 2, 5), Slice(l.operand(Shape{2, 3}), 2, 5)}
	}, func(l *leaves) []Vec { // in another shape, there and back, beside a slice of the same value
		v := Tanh(l.operand(Vector(6)))
		m := Mul(Reshape(v, Shape{2, 3}), l.operand(Vector(3)), l.operand(Vector(3)))
		return []Vec{m, Reshape(Mul(m, m), Vector(6)), Reshape(m, Shape{3, 2}), Slice(v, 1, 3)}
	}},
	OpGather: {func(l *leaves) []Vec { // positions repeat
		return []Vec{Gather(l.operand(Vector(4)), 3, 0, 3, 1), Gather(l.operand(Shape{2, 2}), 2, 1)}
	}},
}

// programs makes the test programs of an operation: every output is squared or so, so that cotangents are not constant.
func programs(op Op) (list []*Program) {
	builds := samples[op]
	if op.Elementwise() {
		builds = nil
		for first := range 3 { // each operand is once a state, once a parameter, once an input
			builds = append(builds, func(l *leaves) []Vec {
				l.next = first
				return []Vec{generic(l, op)}
			})
		}
	}
	for _, build := range builds {
		l := &leaves{Builder: New()}
		for k, y := range build(l) {
			l.Output(fmt.Sprintf("y%d", k), Mul(y, Plus(y, 0.7)))
		}
		list = append(list, l.Build())
	}
	return list
}

// byOp are the functions that write the element-wise operations.
var byOp = map[Op]func(x []Vec) Vec{
	OpAdd: two(pair(Add)), OpSub: two(Sub), OpMul: two(pair(Mul)), OpDiv: two(Div), OpMin: two(Min), OpMax: two(Max),
	OpSelect:   func(x []Vec) Vec { return Select(x[0], x[1], x[2]) },
	OpRelax:    func(x []Vec) Vec { return Relax(x[0], x[1], x[2], x[3], x[4]) },
	OpObserved: one(Observed), OpAbs: one(Abs), OpSign: one(Sign), OpStep: one(Step), OpFloor: one(Floor), OpExp: one(Exp),
	OpExpm1: one(Expm1), OpLog: one(Log), OpSqrt: one(Sqrt), OpRsqrt: one(Rsqrt), OpSin: one(Sin), OpCos: one(Cos),
	OpTanh: one(Tanh), OpSigmoid: one(Sigmoid), OpSoftplus: one(Softplus), OpErf: one(Erf),
}

func one(f func(Vec) Vec) func([]Vec) Vec { return func(x []Vec) Vec { return f(x[0]) } }

func two(f func(a, c Vec) Vec) func([]Vec) Vec { return func(x []Vec) Vec { return f(x[0], x[1]) } }

// pair takes a function of any number of operands as one of two.
func pair(f func(Vec, ...Vec) Vec) func(a, c Vec) Vec {
	return func(a, c Vec) Vec { return f(a, c) }
}

// generic applies an element-wise operation to leaves within its domain.
func generic(l *leaves, op Op) Vec {
	x := make([]Vec, op.Row().Arity)
	for k := range x {
		x[k] = l.operand(Vector(3))
		if f := inside[op]; f != nil {
			x[k] = f(k, x[k])
		}
	}
	return byOp[op](x)
}

// TestReverse walks the table: every operation with a reverse must agree with central differences.
func TestReverse(t *testing.T) {
	checked := 0
	for i := range Ops {
		op := Op(i)
		if row := op.Row(); row.Leaf || row.Adjoint {
			continue
		}
		if op.Elementwise() && byOp[op] == nil || !op.Elementwise() && len(samples[op]) == 0 {
			t.Errorf("operation %v has no sample program in this test: add one", op)
			continue
		}
		for k, p := range programs(op) {
			if !uses(p, op) {
				t.Errorf("sample %d of %v does not use it", k, op)
			}
			worst, n, err := trial.New(p, 3, 2, uint64(40+k)).Differences()
			if err != nil || n == 0 {
				t.Errorf("sample %d of %v, %d derivatives: %v", k, op, n, err)
			}
			checked += n
			t.Logf("%-10v sample %d: %3d derivatives, worst %.1e", op, k, n, worst)
		}
	}
	if checked < 1000 {
		t.Errorf("only %d derivatives were compared", checked)
	}
}

func uses(p *Program, op Op) bool {
	for _, n := range p.Nodes {
		if n.Op == op {
			return true
		}
	}
	return false
}

// TestReverseBites checks a program against the derivative of another one: each wrong in one place only.
func TestReverseBites(t *testing.T) {
	right := *OpTanh.Row()
	defer func() { *OpTanh.Row() = right }()
	for name, wrong := range map[string]func(v Adj) []Vec{
		"a factor of 1.0001": func(v Adj) []Vec { return []Vec{Scale(1.0001, right.Reverse(v)[0])} },
		"the sign":           func(v Adj) []Vec { return []Vec{Neg(right.Reverse(v)[0])} },
		"no cotangent":       func(Adj) []Vec { return []Vec{{}} },
	} {
		OpTanh.Row().Reverse = wrong
		if _, _, err := trial.New(programs(OpTanh)[0], 3, 2, 1).Differences(); err == nil {
			t.Errorf("%s passes the comparison", name)
		}
	}
}
