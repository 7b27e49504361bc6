package export

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/step"
)

// goWriter prints the step of a plan in Go: as writer does in C, where what is done is explained. Its text is formatted at the
// end, as a file.
type goWriter struct {
	pl     *plan
	at     *placer
	out    strings.Builder
	tables strings.Builder
	named  map[string]string // tables by content
	chain  *chain            // that is being printed: its values are locals
	used   map[string]bool
	count  int
	blocks []bool // that are open; false where there are no braces
	// constants is the size of all tables in bytes.
	constants int
}

func (w *goWriter) line(format string, args ...any) { fmt.Fprintf(&w.out, format+"\n", args...) }

// loop opens one of n turns and gives its variable. What has a single turn is printed as it is.
func (w *goWriter) loop(n int) string {
	if n == 1 {
		w.blocks = append(w.blocks, false)
		return "0"
	}
	w.count++
	k := fmt.Sprintf("i%d", w.count)
	w.open("for %s := 0; %s < %d; %s++ {", k, k, n, k)
	return k
}

// open prints the line that begins a block.
func (w *goWriter) open(format string, args ...any) {
	w.line(format, args...)
	w.blocks = append(w.blocks, true)
}

// end closes what open and loop have begun last.
func (w *goWriter) end(blocks int) {
	for range blocks {
		last := len(w.blocks) - 1
		if w.blocks[last] {
			w.line("}")
		}
		w.blocks = w.blocks[:last]
	}
}

func (w *goWriter) local(i int) string { return fmt.Sprintf("t%d", i) }

// plus is an index further on.
func plus(at string, by int) string {
	if by == 0 {
		return at
	}
	sum := ""
	if k := strings.LastIndexByte(at, ' '); k >= 0 && at[k-1] == '+' {
		sum, at = at[:k+1], at[k+1:]
	}
	if k, err := strconv.Atoi(at); err == nil {
		return sum + strconv.Itoa(k+by)
	}
	return sum + at + " + " + strconv.Itoa(by)
}

// cross is the index of column k of row o, where rows have n columns.
func cross(o string, n int, k string) string {
	switch {
	case o == "0":
		return k
	case n > 1:
		o += " * " + strconv.Itoa(n)
	}
	if k == "0" {
		return o
	}
	return o + " + " + k
}

// goNumber is a constant that reads back to the same bits, but for the sign of zero, which Go's constants do not have.
func goNumber(v float32) string {
	if v-v != 0 {
		panic(refused("a weight, or what follows from weights, is %g", v))
	}
	return strconv.FormatFloat(float64(v+0), 'g', -1, 32) // -0 + 0 is 0
}

// list prints a table, once for each content.
func (w *goWriter) list(kind, values string, n, width int) string {
	key := kind + values
	if name, ok := w.named[key]; ok {
		return name
	}
	name := fmt.Sprintf("k%d", len(w.named))
	w.named[key] = name
	w.constants += n * width
	fmt.Fprintf(&w.tables, "var %s = [%d]%s{%s\n}\n\n", name, n, kind, values)
	return name
}

// rowsOf breaks the values of a table into lines.
func rowsOf(values []string, perLine int) string {
	var b strings.Builder
	for k, v := range values {
		if k%perLine == 0 {
			b.WriteString("\n\t")
		} else {
			b.WriteString(" ")
		}
		b.WriteString(v + ",")
	}
	return b.String()
}

// floats is the table of a value that depends on parameters only.
func (w *goWriter) floats(values []float32) string {
	text := make([]string, len(values))
	for k, v := range values {
		text[k] = goNumber(v)
	}
	return w.list("float32", rowsOf(text, 8), len(values), 4)
}

// integers is entry at of a table of whole numbers from 0 up, in the narrowest type.
func (w *goWriter) integers(values []int, at string) string {
	kind, width := "uint8", 1
	switch top := slices.Max(values); {
	case top > 0xffff:
		kind, width = "uint32", 4
	case top > 0xff:
		kind, width = "uint16", 2
	}
	text := make([]string, len(values))
	for k, v := range values {
		text[k] = strconv.Itoa(v)
	}
	return fmt.Sprintf("int(%s[%s])", w.list(kind, rowsOf(text, 24), len(values), width), at)
}

// read is component at of a value; rows is the length of what at counts, so that a single number is the same for all.
func (w *goWriter) read(i int, at string, rows int) string {
	r, n := w.pl.root[i], w.pl.len(i)
	if w.chain != nil && rows == w.chain.rows && n == w.pl.len(r) && (slices.Contains(w.chain.nodes, r) || w.chain.headed(w.pl, i)) {
		return w.local(r)
	}
	if n == 1 && rows > 1 {
		at = "0"
	}
	if node := &w.pl.p.Nodes[r]; node.Op == step.OpBroadcast && w.at.at[r].kind == nowhere && !w.pl.phi[r] {
		return w.through(node, plus(at, w.pl.shift[i]))
	}
	return w.element(r, plus(at, w.pl.shift[i]))
}

// through reads what a node of one operand repeats or takes a part of.
func (w *goWriter) through(n *step.Node, at string) string {
	from := w.pl.p.Nodes[n.In[0]].Shape
	if n.Op == step.OpSlice {
		return w.read(n.In[0], plus(at, n.Index[0]), from.Len())
	}
	switch s := n.Shape; {
	case from.Len() == 1:
		at = "0"
	case from == s || from.Outer == 1 && s.Outer == 1:
	case from.Outer == 1:
		at = fmt.Sprintf("(%s) %% %d", at, s.Inner)
	default:
		at = fmt.Sprintf("(%s) / %d", at, s.Inner)
	}
	return w.read(n.In[0], at, from.Len())
}

// element is component at of a value that stands somewhere.
func (w *goWriter) element(root int, at string) string {
	switch p := w.at.find(root); p.kind {
	case table:
		values := w.pl.table(root)
		if !slices.ContainsFunc(values, func(v float32) bool { return v != values[0] }) {
			return goNumber(values[0])
		}
		return fmt.Sprintf("%s[%s]", w.floats(values), at)
	case nowhere:
		panic(fmt.Sprintf("export: value %d has no place", root))
	case scratch:
		return w.stands(p, plus(at, p.k))
	default:
		return w.stands(p, at)
	}
}

// stands is component at of a place, of scratch memory as a whole.
func (w *goWriter) stands(p place, at string) string {
	switch p.kind {
	case elapsed:
		return "dt"
	case input:
		return fmt.Sprintf("x[%s]", at)
	case part:
		return fmt.Sprintf("part[%s]", at)
	case state:
		return fmt.Sprintf("s.H%d[%s]", p.k, at)
	case output:
		return fmt.Sprintf("y[%s]", at)
	}
	return fmt.Sprintf("m[%s]", at)
}

// space declares the scratch memory.
func (w *goWriter) space() string {
	if w.at.scratch == 0 {
		return ""
	}
	return fmt.Sprintf("var m [%d]float32\n", w.at.scratch)
}

// items prints what is to be done, in order.
func (w *goWriter) items(items []item) {
	for _, it := range items {
		switch it.kind {
		case single:
			goRules[w.pl.p.Nodes[it.node].Op].code(w, it.node)
		case chained:
			w.fused(it.fuse)
		case copied:
			w.move(it)
		case looped:
			for _, p := range it.loop.phis {
				w.move(item{from: p.first, to: target{toNode, p.node}})
			}
			w.loop(it.loop.n)
			w.items(it.loop.body)
			w.end(1)
		}
	}
}

// move copies a value, unless it stands there already.
func (w *goWriter) move(it item) {
	to := place{kind: output}
	switch it.to.kind {
	case toState:
		to = place{kind: state, k: it.to.k}
	case toNode:
		to = w.at.find(it.to.k)
	}
	if w.at.find(w.pl.root[it.from]) == to && w.pl.shift[it.from] == 0 {
		return
	}
	base := 0
	if to.kind == scratch {
		base = to.k
	}
	w.copy(func(at string) string { return w.stands(to, plus(at, base)) }, it.from)
}

// copy copies the components of a value, from the first on: where a ring moves on, one is read before it is written.
func (w *goWriter) copy(dst func(at string) string, from int) {
	n := w.pl.len(from)
	k := w.loop(n)
	w.line("%s = %s", dst(k), w.read(from, k, n))
	w.end(1)
}

// fused prints a chain and its heads as one loop.
func (w *goWriter) fused(c *chain) {
	w.chain = c
	defer func() { w.chain = nil }()
	w.cursors(c.heads)
	at := w.loop(c.rows)
	for _, h := range c.heads {
		w.head(h, at, "")
	}
	for _, i := range c.nodes {
		n := &w.pl.p.Nodes[i]
		args := make([]any, len(n.In))
		for q, j := range n.In {
			args[q] = w.read(j, at, c.rows)
		}
		w.line("%s := %s", w.local(i), w.expression(n.Op, args))
	}
	for _, i := range c.out {
		if i >= 0 {
			w.line("%s = %s", w.element(i, at), w.local(i))
		}
	}
	w.end(1)
}

// expression is an element-wise operation on operands.
func (w *goWriter) expression(op step.Op, args []any) string {
	rule := goRules[op]
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
	return fmt.Sprintf("%s(%s)", rule.helper, strings.Join(list, ", "))
}

// cursors declares the positions in lists of edges that heads run through.
func (w *goWriter) cursors(heads []int) {
	for _, h := range heads {
		for k, e := range w.pl.p.Nodes[h].Edges {
			if e != nil {
				w.line("e%d_%d := 0", h, k)
			}
		}
	}
}

// head computes one row of a sum over edges or columns, into locals; o is the row of the operand, where it has several.
func (w *goWriter) head(i int, row, o string) {
	n := &w.pl.p.Nodes[i]
	if n.Op == step.OpSynapses {
		w.synapses(i, row)
		return
	}
	w.line("%s := float32(0)", w.local(i))
	for k, e := range n.Edges {
		weight, x := n.In[2*k], n.In[2*k+1]
		cols := w.pl.p.Nodes[x].Shape.Inner
		in := func(j string) string {
			if o != "" {
				j = cross(o, cols, j)
			}
			return w.operand(x, j)
		}
		if e == nil {
			j := w.loop(cols)
			w.line("%s += float32(%s * %s)", w.local(i), w.operand(weight, cross(row, cols, j)), in(j))
			w.end(1)
			continue
		}
		at := fmt.Sprintf("e%d_%d", i, k)
		from, end := ends(e)
		w.open("for end := %s; %s < end; %s++ {", w.integers(end, row), at, at)
		w.line("%s += float32(%s * %s)", w.local(i), w.operand(weight, at), in(w.integers(from, at)))
		w.end(1)
	}
}

// operand reads a value that a chain does not make.
func (w *goWriter) operand(i int, at string) string {
	c := w.chain
	w.chain = nil
	text := w.read(i, at, w.pl.len(i))
	w.chain = c
	return text
}

func (w *goWriter) synapses(i int, row string) {
	n := &w.pl.p.Nodes[i]
	w.used["sigmoid"] = true
	at := fmt.Sprintf("e%d_0", i)
	from, end := ends(n.Edges[0])
	r := w.pl.all(i)
	current := len(r) > 1 && r[1] >= 0
	w.line("%s := float32(0)", w.local(i))
	if current {
		w.line("%s := float32(0)", w.local(r[1]))
	}
	w.open("for end := %s; %s < end; %s++ {", w.integers(end, row), at, at)
	w.line("a := float32(%s * sigmoid(float32(%s*(%s-%s))))", w.operand(n.In[1], at), w.operand(n.In[2], at),
		w.operand(n.In[0], w.integers(from, at)), w.operand(n.In[3], at))
	w.line("%s += a", w.local(i))
	if current {
		w.line("%s += float32(a * %s)", w.local(r[1]), w.operand(n.In[4], at))
	}
	w.end(1)
}
