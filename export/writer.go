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

// writer prints the step of a plan in C. In what it writes @ stands for the prefix.
type writer struct {
	printer
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

// newWriter prints in single precision.
func newWriter(pl *plan) *writer {
	w := &writer{pl: pl, at: newPlacer(pl), named: map[string]string{}, used: map[string]bool{}}
	w.printer = floats{w}
	return w
}

// index is a fresh name of a loop's variable.
func (w *writer) index() string {
	w.count++
	return fmt.Sprintf("i%d", w.count)
}

func (w *writer) local(i int) string { return fmt.Sprintf("t%d", i) }

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
		return w.constant(root, at)
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
			k := w.index()
			w.open("for (unsigned %s = 0; %s < %dU; %s++) {", k, k, it.loop.n, k)
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
	return func(at string) string { return w.stands(p, offset(at, base)) }
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
		w.line("const %s %s = %s;", w.kind(), w.local(i), w.value(i, at))
	}
	for _, i := range c.out {
		if i >= 0 {
			w.line("%s = %s;", w.store(i, at), w.stored(i, w.local(i)))
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
				w.line("unsigned e%d_%d = 0;", h, k)
			}
		}
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
