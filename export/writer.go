package export

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/step"
)

// writer prints the step of a plan in C. In what it writes @ stands for the prefix.
type writer struct {
	pl     *plan
	at     *placer
	out    strings.Builder
	tables strings.Builder
	named  map[string]string // tables by content
	chain  *chain            // that is being printed: its values are locals
	used   map[string]bool
	count  int
	depth  int
	// constants is the size of all tables in bytes.
	constants int
}

func (w *writer) line(format string, args ...any) {
	w.out.WriteString(strings.Repeat("    ", w.depth+1))
	fmt.Fprintf(&w.out, format, args...)
	w.out.WriteByte('\n')
}

func (w *writer) open(format string, args ...any) {
	w.line(format, args...)
	w.depth++
}

func (w *writer) close() {
	w.depth--
	w.line("}")
}

// index is a fresh name of a loop's variable.
func (w *writer) index() string {
	w.count++
	return fmt.Sprintf("i%d", w.count)
}

func (w *writer) local(i int) string { return fmt.Sprintf("t%d", i) }

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

// list prints a table, once for each content.
func (w *writer) list(kind, values string, n, width int) string {
	key := kind + values
	if name, ok := w.named[key]; ok {
		return name
	}
	name := fmt.Sprintf("@k%d", len(w.named))
	w.named[key] = name
	w.constants += n * width
	fmt.Fprintf(&w.tables, "static const %s %s[%d] @ROM = {%s};\n", kind, name, n, values)
	return name
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

// integers is entry at of a table of whole numbers from 0 up, in the narrowest type.
func (w *writer) integers(values []int, at string) string {
	bits := 8
	switch top := slices.Max(values); {
	case top > 0xffff:
		bits = 32
	case top > 0xff:
		bits = 16
	}
	var b strings.Builder
	for k, v := range values {
		if k%24 == 0 {
			b.WriteString("\n   ")
		}
		fmt.Fprintf(&b, " %d,", v)
	}
	return fmt.Sprintf("@RD%d(&%s[%s])", bits, w.list(fmt.Sprintf("uint%d_t", bits), b.String(), len(values), bits/8), at)
}

// read is component at of a value; rows is the length of what at counts, so that a single number is the same for all.
func (w *writer) read(i int, at string, rows int) string {
	if w.chain != nil && rows == w.chain.rows && (slices.Contains(w.chain.nodes, w.pl.root[i]) || w.chain.headed(w.pl, i)) && w.pl.len(i) == w.pl.len(w.pl.root[i]) {
		return w.local(w.pl.root[i])
	}
	r, n := w.pl.root[i], w.pl.len(i)
	if n == 1 && rows > 1 {
		at = "0U"
	}
	if node := &w.pl.p.Nodes[r]; node.Op == step.OpBroadcast && w.at.at[r].kind == nowhere && !w.pl.phi[r] {
		return w.through(node, offset(at, w.pl.shift[i]))
	}
	return w.element(r, offset(at, w.pl.shift[i]))
}

// through reads what a node of one operand repeats or takes a part of.
func (w *writer) through(n *step.Node, at string) string {
	from := w.pl.p.Nodes[n.In[0]].Shape
	if n.Op == step.OpSlice {
		return w.read(n.In[0], offset(at, n.Index[0]), from.Len())
	}
	switch s := n.Shape; {
	case from.Len() == 1:
		at = "0U"
	case from == s || from.Outer == 1 && s.Outer == 1:
	case from.Outer == 1:
		at = fmt.Sprintf("(%s) %% %dU", at, s.Inner)
	default:
		at = fmt.Sprintf("(%s) / %dU", at, s.Inner)
	}
	return w.read(n.In[0], at, from.Len())
}

func offset(at string, by int) string {
	if by == 0 {
		return at
	}
	if k, err := strconv.Atoi(strings.TrimSuffix(at, "U")); err == nil {
		return fmt.Sprintf("%dU", k+by)
	}
	return fmt.Sprintf("%s + %dU", at, by)
}

// element is component at of a value that stands somewhere.
func (w *writer) element(root int, at string) string {
	switch p := w.at.find(root); p.kind {
	case table:
		values := w.pl.table(root)
		if !slices.ContainsFunc(values, func(v float32) bool { return v != values[0] }) {
			return number(values[0])
		}
		return fmt.Sprintf("@RD(&%s[%s])", w.floats(values), at)
	case nowhere:
		panic(fmt.Sprintf("export: value %d has no place", root))
	case scratch:
		return w.stands(p, offset(at, p.k))
	default:
		return w.stands(p, at)
	}
}

// stands is component at of a place, of scratch memory as a whole.
func (w *writer) stands(p place, at string) string {
	switch p.kind {
	case elapsed:
		return "dt"
	case input:
		return fmt.Sprintf("x[%s]", at)
	case part:
		return fmt.Sprintf("part[%s]", at)
	case state:
		return fmt.Sprintf("s->h%d[%s]", p.k, at)
	case output:
		return fmt.Sprintf("y[%s]", at)
	}
	return fmt.Sprintf("m[%s]", at)
}

// store is where component at of a value is written.
func (w *writer) store(i int, at string) string { return w.element(i, at) }

// items prints what is to be done, in order.
func (w *writer) items(items []item) {
	for _, it := range items {
		switch it.kind {
		case single:
			cRules[w.pl.p.Nodes[it.node].Op].code(w, it.node)
		case chained:
			w.fused(it.fuse)
		case copied:
			w.move(it)
		case looped:
			for _, p := range it.loop.phis {
				w.move(item{from: p.first, to: target{toNode, p.node}})
			}
			k := w.index()
			w.open("for (unsigned %s = 0; %s < %dU; %s++) {", k, k, it.loop.n, k)
			w.items(it.loop.body)
			w.close()
		}
	}
}

// move copies a value, unless it stands there already.
func (w *writer) move(it item) {
	to := place{kind: output}
	switch it.to.kind {
	case toState:
		to = place{kind: state, k: it.to.k}
	case toNode:
		to = w.at.find(it.to.k)
	}
	r := w.pl.root[it.from]
	if w.at.find(r) == to && w.pl.shift[it.from] == 0 {
		return
	}
	n, base := w.pl.len(it.from), 0
	if to.kind == scratch {
		base = to.k
	}
	w.copy(func(at string) string { return w.stands(to, offset(at, base)) }, it.from, n)
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

// memory tells whether the components of a value stand in memory side by side.
func (w *writer) memory(i int) bool {
	r := w.pl.root[i]
	switch w.at.find(r).kind {
	case scratch, state, output, input, part:
		return true
	}
	return false
}

// fused prints a chain and its heads as one loop.
func (w *writer) fused(c *chain) {
	w.chain = c
	defer func() { w.chain = nil }()
	k := w.index()
	at := k
	w.scoped(c)
	if c.rows == 1 {
		at = "0U"
		w.open("{")
	} else {
		w.open("for (unsigned %s = 0; %s < %dU; %s++) {", k, k, c.rows, k)
	}
	for _, h := range c.heads {
		w.head(h, at, "")
	}
	for _, i := range c.nodes {
		n := &w.pl.p.Nodes[i]
		args := make([]any, len(n.In))
		for q, j := range n.In {
			args[q] = w.read(j, at, c.rows)
		}
		w.line("const float %s = %s;", w.local(i), w.expression(n.Op, args))
	}
	for _, i := range c.out {
		if i >= 0 {
			w.line("%s = %s;", w.store(i, at), w.local(i))
		}
	}
	w.close()
	if w.cursor(c.heads) {
		w.close()
	}
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

// scoped opens a block with the positions in lists of edges that the heads of a chain run through.
func (w *writer) scoped(c *chain) {
	if w.cursor(c.heads) {
		w.open("{")
		w.cursors(c.heads)
	}
}

func (w *writer) cursor(heads []int) bool {
	return slices.ContainsFunc(heads, func(h int) bool {
		return slices.ContainsFunc(w.pl.p.Nodes[h].Edges, func(e *step.Edges) bool { return e != nil })
	})
}

func (w *writer) cursors(heads []int) {
	for _, h := range heads {
		for k, e := range w.pl.p.Nodes[h].Edges {
			if e != nil {
				w.line("unsigned e%d_%d = 0;", h, k)
			}
		}
	}
}

// head computes one row of a sum over edges or columns, into locals; o is the row of the operand, where it has several.
func (w *writer) head(i int, row, o string) {
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
			at := j
			switch {
			case row == "0U":
			case cols == 1:
				at = row
			default:
				at = fmt.Sprintf("%s * %dU + %s", row, cols, j)
			}
			w.line("%s += %s * %s;", w.local(i), w.operand(weight, at), in(j))
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

// operand reads a value that a chain does not make.
func (w *writer) operand(i int, at string) string {
	c := w.chain
	w.chain = nil
	text := w.read(i, at, w.pl.len(i))
	w.chain = c
	return text
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

// ends lists the sources of edges, and for each target where its edges end.
func ends(e *step.Edges) (from, end []int) {
	end = make([]int, e.Out)
	for k, edge := range e.List {
		from = append(from, edge.From)
		end[edge.To] = k + 1
	}
	for k := 1; k < len(end); k++ {
		end[k] = max(end[k], end[k-1])
	}
	return from, end
}
