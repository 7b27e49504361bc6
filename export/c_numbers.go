package export

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/step"
)

// floats are numbers of single precision, printed by the rules of c_rules.go.
type floats struct{ w *writer }

func (f floats) kind() string { return "float" }

func (f floats) stored(_ int, text string) string { return text }

func (f floats) constant(root int, at string) string {
	values := f.w.pl.table(root)
	if !slices.ContainsFunc(values, func(v float32) bool { return v != values[0] }) {
		return number(values[0])
	}
	return fmt.Sprintf("@RD(&%s[%s])", f.w.floats(values), at)
}

func (f floats) single(i int) { cRules[f.w.pl.p.Nodes[i].Op].code(f.w, i) }

func (f floats) move(from int, _ target, at place) { f.w.copy(f.w.into(at), from, f.w.pl.len(from)) }

func (f floats) value(i int, at string) string {
	n := &f.w.pl.p.Nodes[i]
	args := make([]any, len(n.In))
	for k, j := range n.In {
		args[k] = f.w.read(j, at, f.w.pl.len(i))
	}
	return f.w.expression(n.Op, args)
}

// number is a constant that reads back to the same bits.
func number(v float32) string {
	text := strconv.FormatFloat(float64(v), 'g', -1, 32)
	if v-v != 0 {
		panic(refused("a weight, or what follows from weights, is %s", text))
	}
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	if v < 0 || text[0] == '-' {
		return "(" + text + "f)"
	}
	return text + "f"
}

// floats is the table of a value that depends on parameters only.
func (w *writer) floats(values []float32) string {
	var b strings.Builder
	for k, v := range values {
		if k%8 == 0 {
			b.WriteString("\n   ")
		}
		fmt.Fprintf(&b, " %s,", strings.Trim(number(v), "()"))
	}
	return w.list("float", b.String(), len(values), 4)
}

// expression is an element-wise operation on operands.
func (w *writer) expression(op step.Op, args []any) string {
	rule := cRules[op]
	if rule.helper != "" {
		w.used[rule.helper] = true
	}
	if rule.format != "" {
		return fmt.Sprintf(rule.format, args...)
	}
	list := make([]string, len(args))
	for k, a := range args {
		list[k] = a.(string)
	}
	return fmt.Sprintf("@%s(%s)", rule.helper, strings.Join(list, ", "))
}

// head computes one row of a sum over edges or columns, into locals; o is the row of the operand, where it has several.
func (f floats) head(i int, row, o string) {
	w := f.w
	n := &w.pl.p.Nodes[i]
	if n.Op == step.OpSynapses {
		w.synapses(i, row)
		return
	}
	w.line("float %s = 0.0f;", w.local(i))
	for k, e := range n.Edges {
		weight, x := n.In[2*k], n.In[2*k+1]
		cols := w.pl.p.Nodes[x].Shape.Inner
		in := func(j string) string {
			if o != "" {
				j = fmt.Sprintf("%s * %dU + %s", o, cols, j)
			}
			return w.operand(x, j)
		}
		if e == nil {
			j := w.index()
			w.open("for (unsigned %s = 0; %s < %dU; %s++) {", j, j, cols, j)
			w.line("%s += %s * %s;", w.local(i), w.operand(weight, within(row, cols, j)), in(j))
			w.close()
			continue
		}
		at := fmt.Sprintf("e%d_%d", i, k)
		from, end := ends(e)
		w.open("for (const unsigned end = %s; %s < end; %s++) {", w.integers(end, row), at, at)
		w.line("%s += %s * %s;", w.local(i), w.operand(weight, at), in(w.integers(from, at)))
		w.close()
	}
}

// within is entry j of a row of a matrix.
func within(row string, cols int, j string) string {
	switch {
	case row == "0U":
		return j
	case cols == 1:
		return row
	}
	return fmt.Sprintf("%s * %dU + %s", row, cols, j)
}

func (w *writer) synapses(i int, row string) {
	n := &w.pl.p.Nodes[i]
	w.used["sigmoid"] = true
	at := fmt.Sprintf("e%d_0", i)
	from, end := ends(n.Edges[0])
	r := w.pl.all(i)
	hasI := len(r) > 1 && r[1] >= 0
	w.line("float %s = 0.0f;", w.local(i))
	if hasI {
		w.line("float %s = 0.0f;", w.local(r[1]))
	}
	w.open("for (const unsigned end = %s; %s < end; %s++) {", w.integers(end, row), at, at)
	w.line("const float a = %s * @sigmoid(%s * (%s - %s));", w.operand(n.In[1], at), w.operand(n.In[2], at),
		w.operand(n.In[0], w.integers(from, at)), w.operand(n.In[3], at))
	w.line("%s += a;", w.local(i))
	if hasI {
		w.line("%s += a * %s;", w.local(r[1]), w.operand(n.In[4], at))
	}
	w.close()
}

// copy copies the n components of a value. A plain loop would do, and compilers would make a call of memcpy of it.
func (w *writer) copy(dst func(at string) string, from, n int) {
	if n == 1 {
		w.line("%s = %s;", dst("0U"), w.read(from, "0U", 1))
		return
	}
	if src := w.operand(from, "0U"); w.memory(from) {
		w.used["copy"] = true
		w.line("@copy(&%s, &%s, %dU);", dst("0U"), src, n)
		return
	}
	k := w.index()
	w.open("for (unsigned %s = 0; %s < %dU; %s++) {", k, k, n, k)
	w.line("%s = %s;", dst(k), w.read(from, k, n))
	w.close()
}
