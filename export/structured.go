package export

import "github.com/elegans-nn/elegans/step"

// structured prints the operations that mix components, in single precision and any language.
var structured map[step.Op]func(w *writer, node int)

func init() { // not above: what is printed reads operands that others print
	structured = map[step.Op]func(w *writer, node int){
		step.OpLinear:    (*writer).linear,
		step.OpSynapses:  (*writer).rows,
		step.OpSum:       (*writer).sum,
		step.OpBroadcast: (*writer).spread,
		step.OpSlice:     (*writer).spread,
		step.OpSoftmax:   (*writer).softmax,
		step.OpConcat:    (*writer).concat,
		step.OpGather:    (*writer).gather,
	}
}

// linear computes a product row by row; of a matrix, all rows for each of its own.
func (w *writer) linear(i int) {
	n := &w.pl.p.Nodes[i]
	if n.Shape.Outer == 1 {
		w.rows(i)
		return
	}
	o := w.loop(n.Shape.Outer)
	w.cursors([]int{i})
	r := w.loop(n.Shape.Inner)
	w.head(i, r, o)
	w.do("%s = %s", w.store(i, w.within(o, n.Shape.Inner, r)), w.stored(i, w.local(i)))
	w.close()
	w.close()
}

// rows computes an operation row by row that no chain takes as its head.
func (w *writer) rows(i int) { w.fused(&chain{rows: w.pl.len(i), heads: []int{i}, out: w.pl.all(i)}) }

// summed are the turns of the loops of a sum over an axis, and where the inner one reads.
func (w *writer) summed(i int) (outer, inner int, at func(o, k string) string) {
	n := &w.pl.p.Nodes[i]
	s := w.pl.p.Nodes[n.In[0]].Shape
	if step.Axis(n.Index[0]) == step.Outer {
		return s.Inner, s.Outer, func(o, k string) string { return w.within(k, s.Inner, o) }
	}
	return s.Outer, s.Inner, func(o, k string) string { return w.within(o, s.Inner, k) }
}

func (w *writer) sum(i int) {
	n := &w.pl.p.Nodes[i]
	outer, inner, at := w.summed(i)
	o := w.loop(outer)
	w.variable("a", w.syntax.zero)
	k := w.loop(inner)
	w.do("a += %s", w.read(n.In[0], at(o, k), w.pl.len(n.In[0])))
	w.close()
	w.do("%s = a", w.store(i, o))
	w.close()
}

// spread copies a value that is read in a wider shape, or as a part.
func (w *writer) spread(i int) {
	k := w.loop(w.pl.len(i))
	w.do("%s = %s", w.store(i, k), w.through(&w.pl.p.Nodes[i], k))
	w.close()
}

func (w *writer) softmax(i int) {
	n := &w.pl.p.Nodes[i]
	s := n.Shape
	w.used["exp"] = true
	o := w.loop(s.Outer)
	each := func() (x, y string) {
		at := w.within(o, s.Inner, w.loop(s.Inner))
		return w.read(n.In[0], at, s.Len()), w.store(i, at)
	}
	w.variable("top", w.read(n.In[0], w.within(o, s.Inner, w.whole(0)), s.Len()))
	w.variable("sum", w.syntax.zero)
	x, _ := each()
	w.open(w.syntax.test, x, "top")
	w.do("top = %s", x)
	w.close()
	w.close()
	x, y := each()
	w.do("%s = %sexp(%s - top)", y, w.syntax.prefix, x)
	w.do("sum += %s", y)
	w.close()
	_, y = each()
	w.do("%s /= sum", y)
	w.close()
	w.close()
}

func (w *writer) concat(i int) {
	at := 0
	for _, j := range w.pl.p.Nodes[i].In {
		from := at
		w.copy(func(k string) string { return w.store(i, w.offset(k, from)) }, j)
		at += w.pl.len(j)
	}
}

func (w *writer) gather(i int) {
	n := &w.pl.p.Nodes[i]
	k := w.loop(len(n.Index))
	w.do("%s = %s", w.store(i, k), w.read(n.In[0], w.integers(n.Index, k), w.pl.len(n.In[0])))
	w.close()
}
