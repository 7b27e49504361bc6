package export

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/step"
)

// printer is how a writer prints numbers of one kind: what stands between loops and places, which are the same for all.
type printer interface {
	// kind is the type of a number within a row; value an element-wise operation at a component; stored a number as it is
	// assigned to where a value stands.
	kind() string
	value(i int, at string) string
	stored(root int, text string) string
	// constant is a component of what depends on parameters only.
	constant(root int, at string) string
	// single prints an operation that is no chain, head one row of a sum over edges or columns (see writer.head).
	single(i int)
	head(i int, row, o string)
	// move copies the components of a value to where another is kept.
	move(from int, to target, at place)
}

// writer prints the step of a plan. In C @ stands for the prefix in what it writes.
type writer struct {
	printer
	syntax *syntax
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

// do prints a statement.
func (w *writer) do(format string, args ...any) { w.line(format+w.syntax.end, args...) }

// newWriter prints in single precision.
func newWriter(pl *plan, s *syntax) *writer {
	w := &writer{syntax: s, pl: pl, at: newPlacer(pl), named: map[string]string{}, used: map[string]bool{}}
	w.printer = floats{w}
	return w
}

// loop opens one of n turns and gives its variable; a block, where there is one turn.
func (w *writer) loop(n int) string {
	if n == 1 {
		w.open("{")
		return w.whole(0)
	}
	w.count++
	k := fmt.Sprintf("i%d", w.count)
	w.open(w.syntax.loop, k, n)
	return k
}

// whole is a whole number that counts something.
func (w *writer) whole(k int) string { return strconv.Itoa(k) + w.syntax.count }

// let declares a name that stands for a number, variable one that changes.
func (w *writer) let(name, value string) { w.do(w.syntax.let, w.kind(), name, value) }

func (w *writer) variable(name, value string) { w.do(w.syntax.variable, w.kind(), name, value) }

// edges opens the loop over the edges of a row, which end at some place of a list.
func (w *writer) edges(end []int, row, cursor string) {
	w.open(w.syntax.edges, w.integers(end, row), cursor)
}

func (w *writer) local(i int) string { return fmt.Sprintf("t%d", i) }

// list prints a table, once for each content.
func (w *writer) list(kind, values string, n, width int) string {
	key := kind + values
	if name, ok := w.named[key]; ok {
		return name
	}
	name := fmt.Sprintf("%sk%d", w.syntax.prefix, len(w.named))
	w.named[key] = name
	w.constants += n * width
	fmt.Fprintf(&w.tables, w.syntax.table, kind, name, n, values)
	return name
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
	return fmt.Sprintf(w.syntax.entry, bits, w.list(fmt.Sprintf(w.syntax.unsigned, bits), b.String(), len(values), bits/8), at)
}

// read is component at of a value; rows is the length of what at counts, so that a single number is the same for all.
func (w *writer) read(i int, at string, rows int) string {
	if w.chain != nil && rows == w.chain.rows && (slices.Contains(w.chain.nodes, w.pl.root[i]) || w.chain.headed(w.pl, i)) && w.pl.len(i) == w.pl.len(w.pl.root[i]) {
		return w.local(w.pl.root[i])
	}
	r, n := w.pl.root[i], w.pl.len(i)
	if n == 1 && rows > 1 {
		at = w.whole(0)
	}
	if node := &w.pl.p.Nodes[r]; node.Op == step.OpBroadcast && w.at.at[r].kind == nowhere && !w.pl.phi[r] {
		return w.through(node, w.offset(at, w.pl.shift[i]))
	}
	return w.element(r, w.offset(at, w.pl.shift[i]))
}

// through reads what a node of one operand repeats or takes a part of.
func (w *writer) through(n *step.Node, at string) string {
	from := w.pl.p.Nodes[n.In[0]].Shape
	if n.Op == step.OpSlice {
		return w.read(n.In[0], w.offset(at, n.Index[0]), from.Len())
	}
	switch s := n.Shape; {
	case from.Len() == 1:
		at = w.whole(0)
	case from == s || from.Outer == 1 && s.Outer == 1:
	case from.Outer == 1:
		at = fmt.Sprintf("(%s) %% %s", at, w.whole(s.Inner))
	default:
		at = fmt.Sprintf("(%s) / %s", at, w.whole(s.Inner))
	}
	return w.read(n.In[0], at, from.Len())
}

// offset is an index further on.
func (w *writer) offset(at string, by int) string {
	if by == 0 {
		return at
	}
	sum := ""
	if k := strings.LastIndexByte(at, ' '); k >= 0 && at[k-1] == '+' {
		sum, at = at[:k+1], at[k+1:]
	}
	if k, err := strconv.Atoi(strings.TrimSuffix(at, w.syntax.count)); err == nil {
		return sum + w.whole(k+by)
	}
	return sum + at + " + " + w.whole(by)
}

// within is the index of column k of a row, where rows have some columns.
func (w *writer) within(row string, cols int, k string) string {
	switch {
	case row == w.whole(0):
		return k
	case cols > 1:
		row += " * " + w.whole(cols)
	}
	if k == w.whole(0) {
		return row
	}
	return row + " + " + k
}

// element is component at of a value that stands somewhere.
func (w *writer) element(root int, at string) string {
	switch p := w.at.find(root); p.kind {
	case table:
		return w.constant(root, at)
	case nowhere:
		panic(fmt.Sprintf("export: value %d has no place", root))
	case scratch:
		return w.stands(p, w.offset(at, p.k))
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
		return fmt.Sprintf(w.syntax.state, p.k, at)
	case output:
		return fmt.Sprintf("y[%s]", at)
	}
	return fmt.Sprintf("%s[%s]", pools[p.pool], at)
}

// pools are the names of scratch memory.
var pools = []string{"m", "w"}

// store is where component at of a value is written.
func (w *writer) store(i int, at string) string { return w.element(i, at) }

// items prints what is to be done, in order.
func (w *writer) items(items []item) {
	for _, it := range items {
		switch it.kind {
		case single:
			w.single(it.node)
		case chained:
			w.fused(it.fuse)
		case copied:
			w.moved(it)
		case looped:
			for _, p := range it.loop.phis {
				w.moved(item{from: p.first, to: target{toNode, p.node}})
			}
			w.loop(it.loop.n)
			w.items(it.loop.body)
			w.close()
		}
	}
}

// moved copies a value to where it is kept, unless it stands there already.
func (w *writer) moved(it item) {
	to := place{kind: output}
	switch it.to.kind {
	case toState:
		to = place{kind: state, k: it.to.k}
	case toNode:
		to = w.at.find(it.to.k)
	}
	if w.at.find(w.pl.root[it.from]) != to || w.pl.shift[it.from] != 0 {
		w.move(it.from, it.to, to)
	}
}

// into is component at of a place, which in scratch memory counts from the value's first.
func (w *writer) into(p place) func(at string) string {
	base := 0
	if p.kind == scratch {
		base = p.k
	}
	return func(at string) string { return w.stands(p, w.offset(at, base)) }
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
	w.scoped(c)
	at := w.loop(c.rows)
	for _, h := range c.heads {
		w.head(h, at, "")
	}
	for _, i := range c.nodes {
		w.let(w.local(i), w.value(i, at))
	}
	for _, i := range c.out {
		if i >= 0 {
			w.do("%s = %s", w.store(i, at), w.stored(i, w.local(i)))
		}
	}
	w.close()
	if w.cursor(c.heads) {
		w.close()
	}
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
				w.do(w.syntax.cursor, cursorOf(h, k))
			}
		}
	}
}

// cursorOf names the position in the edges of term k of a node.
func cursorOf(node, k int) string { return fmt.Sprintf("e%d_%d", node, k) }

// operand reads a value that a chain does not make.
func (w *writer) operand(i int, at string) string {
	c := w.chain
	w.chain = nil
	text := w.read(i, at, w.pl.len(i))
	w.chain = c
	return text
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
