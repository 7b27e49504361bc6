package export

import (
	"fmt"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/step"
)

// floats are numbers of single precision, of C and of Go: element-wise operations by the rules of their syntax, all others by
// those of structured.go.
type floats struct{ w *writer }

func (f floats) kind() string { return f.w.syntax.float }

func (f floats) stored(_ int, text string) string { return text }

func (f floats) constant(root int, at string) string {
	values := f.w.pl.table(root)
	if !slices.ContainsFunc(values, func(v float32) bool { return v != values[0] }) {
		return f.w.syntax.number(values[0])
	}
	return fmt.Sprintf(f.w.syntax.constant, f.w.floats(values), at)
}

func (f floats) single(i int) { structured[f.w.pl.p.Nodes[i].Op](f.w, i) }

func (f floats) move(from int, _ target, at place) { f.w.copy(f.w.into(at), from) }

func (f floats) value(i int, at string) string {
	w, n := f.w, &f.w.pl.p.Nodes[i]
	var args []any
	var list []string
	for _, j := range n.In {
		text := w.read(j, at, w.pl.len(i))
		args, list = append(args, text), append(list, text)
	}
	rule := w.syntax.rules[n.Op]
	if rule.helper != "" {
		w.used[rule.helper] = true
	}
	if rule.format != "" {
		return fmt.Sprintf(rule.format, args...)
	}
	return fmt.Sprintf("%s%s(%s)", w.syntax.prefix, rule.helper, strings.Join(list, ", "))
}

// floats is the table of a value that depends on parameters only.
func (w *writer) floats(values []float32) string {
	var b strings.Builder
	for k, v := range values {
		if k%8 == 0 {
			b.WriteString("\n   ")
		}
		fmt.Fprintf(&b, " %s,", strings.Trim(w.syntax.number(v), "()"))
	}
	return w.list(w.syntax.float, b.String(), len(values), 4)
}

func (w *writer) product(a, b string) string { return fmt.Sprintf(w.syntax.product, a, b) }

// head computes one row of a sum over edges or columns, into locals; o is the row of the operand, where it has several.
func (f floats) head(i int, row, o string) {
	w := f.w
	n := &w.pl.p.Nodes[i]
	if n.Op == step.OpSynapses {
		w.synapses(i, row)
		return
	}
	w.variable(w.local(i), w.syntax.zero)
	for k, e := range n.Edges {
		weight, x := n.In[2*k], n.In[2*k+1]
		cols := w.pl.p.Nodes[x].Shape.Inner
		in := func(j string) string {
			if o != "" {
				j = w.within(o, cols, j)
			}
			return w.operand(x, j)
		}
		if e == nil {
			j := w.loop(cols)
			w.do("%s += %s", w.local(i), w.product(w.operand(weight, w.within(row, cols, j)), in(j)))
			w.close()
			continue
		}
		at := cursorOf(i, k)
		from, end := ends(e)
		w.edges(end, row, at)
		w.do("%s += %s", w.local(i), w.product(w.operand(weight, at), in(w.integers(from, at))))
		w.close()
	}
}

func (w *writer) synapses(i int, row string) {
	n := &w.pl.p.Nodes[i]
	w.used["sigmoid"] = true
	at := cursorOf(i, 0)
	from, end := ends(n.Edges[0])
	r := w.pl.all(i)
	current := len(r) > 1 && r[1] >= 0
	w.variable(w.local(i), w.syntax.zero)
	if current {
		w.variable(w.local(r[1]), w.syntax.zero)
	}
	w.edges(end, row, at)
	difference := fmt.Sprintf("(%s - %s)", w.operand(n.In[0], w.integers(from, at)), w.operand(n.In[3], at))
	open := fmt.Sprintf("%ssigmoid(%s)", w.syntax.prefix, w.product(w.operand(n.In[2], at), difference))
	w.let("a", w.product(w.operand(n.In[1], at), open))
	w.do("%s += a", w.local(i))
	if current {
		w.do("%s += %s", w.local(r[1]), w.product("a", w.operand(n.In[4], at)))
	}
	w.close()
}

// copy copies the components of a value, from the first on: where a ring moves on, one is read before it is written. In C a plain
// loop would do, and compilers would make a call of memcpy of it.
func (w *writer) copy(dst func(at string) string, from int) {
	n, first := w.pl.len(from), w.whole(0)
	if n == 1 {
		w.do("%s = %s", dst(first), w.read(from, first, 1))
		return
	}
	if src := w.operand(from, first); w.syntax.copy != "" && w.memory(from) {
		w.used["copy"] = true
		w.do(w.syntax.copy, dst(first), src, w.whole(n))
		return
	}
	k := w.loop(n)
	w.do("%s = %s", dst(k), w.read(from, k, n))
	w.close()
}
