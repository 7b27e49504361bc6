package export

import (
	"fmt"

	"github.com/elegans-nn/elegans/step"
)

// cRule prints one operation in C. An element-wise operation is an expression of its operands, %[1]s, %[2]s, …, which calls
// the helper named; every other one is code.
type cRule struct {
	format string
	helper string
	code   func(w *writer, node int)
}

// cRules are the rules of C. A test demands one for every operation that a step can have.
var cRules map[step.Op]cRule

func init() { // not above: the code of a rule prints operands by other rules
	cRules = map[step.Op]cRule{
		step.OpAdd:       {format: "%s + %s"},
		step.OpSub:       {format: "%s - %s"},
		step.OpMul:       {format: "%s * %s"},
		step.OpDiv:       {format: "%s / %s"},
		step.OpMin:       call("min"),
		step.OpMax:       call("max"),
		step.OpSelect:    {format: "%[1]s != 0.0f ? %[2]s : %[3]s"},
		step.OpRelax:     call("relax"),
		step.OpObserved:  {format: "%[1]s == %[1]s ? 1.0f : 0.0f"},
		step.OpAbs:       call("abs"),
		step.OpSign:      call("sign"),
		step.OpStep:      {format: "%s > 0.0f ? 1.0f : 0.0f"},
		step.OpFloor:     call("floor"),
		step.OpExp:       call("exp"),
		step.OpExpm1:     call("expm1"),
		step.OpLog:       call("log"),
		step.OpSqrt:      call("sqrt"),
		step.OpRsqrt:     {format: "1.0f / @sqrt(%s)", helper: "sqrt"},
		step.OpSin:       call("sin"),
		step.OpCos:       call("cos"),
		step.OpTanh:      call("tanh"),
		step.OpSigmoid:   call("sigmoid"),
		step.OpSoftplus:  call("softplus"),
		step.OpErf:       call("erf"),
		step.OpLinear:    {code: (*writer).linear},
		step.OpSynapses:  {code: (*writer).rows},
		step.OpSum:       {code: (*writer).sum},
		step.OpBroadcast: {code: (*writer).spread},
		step.OpSlice:     {code: (*writer).spread},
		step.OpSoftmax:   {code: (*writer).softmax},
		step.OpConcat:    {code: (*writer).concat},
		step.OpGather:    {code: (*writer).gather},
	}
}

// call is the rule of an operation that is a helper.
func call(name string) cRule { return cRule{helper: name} }

// linear computes a product row by row; of a matrix, all rows for each of its own.
func (w *writer) linear(i int) {
	n := &w.pl.p.Nodes[i]
	if n.Shape.Outer == 1 {
		w.rows(i)
		return
	}
	o, r := w.index(), w.index()
	w.open("for (unsigned %s = 0; %s < %dU; %s++) {", o, o, n.Shape.Outer, o)
	w.cursors([]int{i})
	w.open("for (unsigned %s = 0; %s < %dU; %s++) {", r, r, n.Shape.Inner, r)
	w.head(i, r, o)
	w.line("%s = %s;", w.store(i, fmt.Sprintf("%s * %dU + %s", o, n.Shape.Inner, r)), w.stored(i, w.local(i)))
	w.close()
	w.close()
}

// rows computes an operation row by row that no chain takes as its head.
func (w *writer) rows(i int) { w.fused(&chain{rows: w.pl.len(i), heads: []int{i}, out: w.pl.all(i)}) }

func (w *writer) sum(i int) {
	n := &w.pl.p.Nodes[i]
	s := w.pl.p.Nodes[n.In[0]].Shape
	outer, inner, at := s.Outer, s.Inner, "%s * %dU + %s"
	if step.Axis(n.Index[0]) == step.Outer {
		outer, inner = s.Inner, s.Outer
	}
	o, k := w.index(), w.index()
	w.open("for (unsigned %s = 0; %s < %dU; %s++) {", o, o, outer, o)
	w.line("float a = 0.0f;")
	w.open("for (unsigned %s = 0; %s < %dU; %s++) {", k, k, inner, k)
	from := fmt.Sprintf(at, o, s.Inner, k)
	if step.Axis(n.Index[0]) == step.Outer {
		from = fmt.Sprintf(at, k, s.Inner, o)
	}
	w.line("a += %s;", w.read(n.In[0], from, s.Len()))
	w.close()
	w.line("%s = a;", w.store(i, o))
	w.close()
}

// spread copies a value that is read in a wider shape, or as a part.
func (w *writer) spread(i int) {
	n := &w.pl.p.Nodes[i]
	k := w.index()
	w.open("for (unsigned %s = 0; %s < %dU; %s++) {", k, k, w.pl.len(i), k)
	w.line("%s = %s;", w.store(i, k), w.through(n, k))
	w.close()
}

func (w *writer) softmax(i int) {
	n := &w.pl.p.Nodes[i]
	s := n.Shape
	w.used["exp"] = true
	o, k := w.index(), w.index()
	x := w.read(n.In[0], fmt.Sprintf("%s * %dU + %s", o, s.Inner, k), s.Len())
	y := w.store(i, fmt.Sprintf("%s * %dU + %s", o, s.Inner, k))
	w.open("for (unsigned %s = 0; %s < %dU; %s++) {", o, o, s.Outer, o)
	w.line("float top = %s, sum = 0.0f;", w.read(n.In[0], fmt.Sprintf("%s * %dU", o, s.Inner), s.Len()))
	each := func(format string, args ...any) {
		w.open("for (unsigned %s = 0; %s < %dU; %s++) {", k, k, s.Inner, k)
		w.line(format, args...)
		w.close()
	}
	each("if (%s > top) top = %s;", x, x)
	w.open("for (unsigned %s = 0; %s < %dU; %s++) {", k, k, s.Inner, k)
	w.line("%s = @exp(%s - top);", y, x)
	w.line("sum += %s;", y)
	w.close()
	each("%s /= sum;", y)
	w.close()
}

func (w *writer) concat(i int) {
	at := 0
	for _, j := range w.pl.p.Nodes[i].In {
		n, from := w.pl.len(j), at
		w.copy(func(k string) string { return w.store(i, offset(k, from)) }, j, n)
		at += n
	}
}

func (w *writer) gather(i int) {
	n := &w.pl.p.Nodes[i]
	k := w.index()
	list := w.integers(n.Index, k)
	w.open("for (unsigned %s = 0; %s < %dU; %s++) {", k, k, len(n.Index), k)
	w.line("%s = %s;", w.store(i, k), w.read(n.In[0], list, w.pl.len(n.In[0])))
	w.close()
}
