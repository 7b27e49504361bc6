package export

import "github.com/elegans-nn/elegans/step"

// goRule prints one operation in Go. An element-wise operation is an expression of its operands, %[1]s, %[2]s, …, or a call of
// the helper named; every other one is code.
type goRule struct {
	format string
	helper string
	code   func(w *goWriter, node int)
}

// goRules are the rules of Go, and of WebAssembly, which is compiled from what they print. A test demands one for every
// operation that a step can have. A product stands in a conversion, so that it is rounded on every machine.
var goRules map[step.Op]goRule

func init() { // not above: the code of a rule prints operands by other rules
	helped := func(name string) goRule { return goRule{helper: name} }
	goRules = map[step.Op]goRule{
		step.OpAdd:       {format: "%s + %s"},
		step.OpSub:       {format: "%s - %s"},
		step.OpMul:       {format: "float32(%s * %s)"},
		step.OpDiv:       {format: "%s / %s"},
		step.OpMin:       helped("minimum"),
		step.OpMax:       helped("maximum"),
		step.OpSelect:    helped("pick"),
		step.OpRelax:     helped("relax"),
		step.OpObserved:  helped("observed"),
		step.OpAbs:       helped("abs"),
		step.OpSign:      helped("sign"),
		step.OpStep:      helped("above"),
		step.OpFloor:     helped("floor"),
		step.OpExp:       helped("exp"),
		step.OpExpm1:     helped("expm1"),
		step.OpLog:       helped("log"),
		step.OpSqrt:      helped("sqrt"),
		step.OpRsqrt:     {format: "1 / sqrt(%s)", helper: "sqrt"},
		step.OpSin:       helped("sin"),
		step.OpCos:       helped("cos"),
		step.OpTanh:      helped("tanh"),
		step.OpSigmoid:   helped("sigmoid"),
		step.OpSoftplus:  helped("softplus"),
		step.OpErf:       helped("erf"),
		step.OpLinear:    {code: (*goWriter).linear},
		step.OpSynapses:  {code: (*goWriter).rows},
		step.OpSum:       {code: (*goWriter).sum},
		step.OpBroadcast: {code: (*goWriter).spread},
		step.OpSlice:     {code: (*goWriter).spread},
		step.OpSoftmax:   {code: (*goWriter).softmax},
		step.OpConcat:    {code: (*goWriter).concat},
		step.OpGather:    {code: (*goWriter).gather},
	}
}

// linear computes a product row by row; of a matrix, all rows for each of its own.
func (w *goWriter) linear(i int) {
	n := &w.pl.p.Nodes[i]
	if n.Shape.Outer == 1 {
		w.rows(i)
		return
	}
	o := w.loop(n.Shape.Outer)
	w.cursors([]int{i})
	r := w.loop(n.Shape.Inner)
	w.head(i, r, o)
	w.line("%s = %s", w.element(i, cross(o, n.Shape.Inner, r)), w.local(i))
	w.end(2)
}

// rows computes an operation row by row that no chain takes as its head.
func (w *goWriter) rows(i int) { w.fused(&chain{rows: w.pl.len(i), heads: []int{i}, out: w.pl.all(i)}) }

func (w *goWriter) sum(i int) {
	n := &w.pl.p.Nodes[i]
	s := w.pl.p.Nodes[n.In[0]].Shape
	outer, inner := s.Outer, s.Inner
	across := step.Axis(n.Index[0]) == step.Outer
	if across {
		outer, inner = inner, outer
	}
	o := w.loop(outer)
	w.open("{")
	w.line("a := float32(0)")
	k := w.loop(inner)
	at := cross(o, s.Inner, k)
	if across {
		at = cross(k, s.Inner, o)
	}
	w.line("a += %s", w.read(n.In[0], at, s.Len()))
	w.end(1)
	w.line("%s = a", w.element(i, o))
	w.end(2)
}

// spread copies a value that is read in a wider shape, or as a part.
func (w *goWriter) spread(i int) {
	k := w.loop(w.pl.len(i))
	w.line("%s = %s", w.element(i, k), w.through(&w.pl.p.Nodes[i], k))
	w.end(1)
}

func (w *goWriter) softmax(i int) {
	n := &w.pl.p.Nodes[i]
	s := n.Shape
	w.used["exp"] = true
	o := w.loop(s.Outer)
	w.open("{")
	each := func() (x, y string) {
		at := cross(o, s.Inner, w.loop(s.Inner))
		return w.read(n.In[0], at, s.Len()), w.element(i, at)
	}
	w.line("top := %s", w.read(n.In[0], cross(o, s.Inner, "0"), s.Len()))
	w.line("sum := float32(0)")
	x, _ := each()
	w.line("if %s > top {\n top = %s\n}", x, x)
	w.end(1)
	x, y := each()
	w.line("%s = exp(%s - top)\nsum += %s", y, x, y)
	w.end(1)
	_, y = each()
	w.line("%s /= sum", y)
	w.end(3)
}

func (w *goWriter) concat(i int) {
	at := 0
	for _, j := range w.pl.p.Nodes[i].In {
		from := at
		w.copy(func(k string) string { return w.element(i, plus(k, from)) }, j)
		at += w.pl.len(j)
	}
}

func (w *goWriter) gather(i int) {
	n := &w.pl.p.Nodes[i]
	k := w.loop(len(n.Index))
	w.line("%s = %s", w.element(i, k), w.read(n.In[0], w.integers(n.Index, k), w.pl.len(n.In[0])))
	w.end(1)
}
