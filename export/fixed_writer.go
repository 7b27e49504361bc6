package export

import (
	"fmt"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/step"
)

// fixedWriter prints a step in fixed point, by the rules of fixed_rules.go.
type fixedWriter struct {
	*writer
	x *fixedStep
}

func newFixedWriter(x *fixedStep) *fixedWriter {
	w := &writer{syntax: syntaxOfC, pl: x.pl, named: map[string]string{}, used: map[string]bool{}}
	w.at = newPlacerIn(x.pl, func(root int) int {
		if x.of(root).top == top28 {
			return 1
		}
		return 0
	})
	f := &fixedWriter{w, x}
	w.printer = f
	return f
}

func (w *fixedWriter) kind() string { return "int32_t" }

// narrowAt tells whether numbers take 16 bits at a place.
func (w *fixedWriter) narrowAt(p place) bool {
	switch p.kind {
	case scratch:
		return p.pool == 0
	case state:
		return w.x.of(w.pl.p.States[p.k].Node).top == top16
	}
	return false
}

func (w *fixedWriter) stored(root int, text string) string { return w.cast(w.at.find(root), text) }

func (w *fixedWriter) cast(p place, text string) string {
	if w.narrowAt(p) {
		return "(int16_t)" + bracketed(text)
	}
	return text
}

// bracketed is an expression as an operand of a cast.
func bracketed(text string) string {
	if strings.Contains(text, " ") {
		return "(" + text + ")"
	}
	return text
}

// entry is a number of a list at an index; itself where all are the same.
func (w *fixedWriter) entry(values []int, at string) string {
	if slices.Min(values) == slices.Max(values) {
		if values[0] < 0 {
			return fmt.Sprintf("(%d)", values[0])
		}
		return fmt.Sprint(values[0])
	}
	bits := 8
	for _, v := range values {
		switch {
		case v != int(int16(v)):
			bits = 32
		case v != int(int8(v)):
			bits = max(bits, 16)
		}
	}
	var b strings.Builder
	for k, v := range values {
		if k%24 == 0 {
			b.WriteString("\n   ")
		}
		fmt.Fprintf(&b, " %d,", v)
	}
	return fmt.Sprintf("(int%d_t)@RD%d(&%s[%s])", bits, bits, w.list(fmt.Sprintf("int%d_t", bits), b.String(), len(values), bits/8), at)
}

func (w *fixedWriter) packed(list *words, at string) string {
	values := make([]int, len(list.q))
	for k, q := range list.q {
		values[k] = int(q)
	}
	return w.entry(values, at)
}

func (w *fixedWriter) constant(root int, at string) string { return w.packed(w.x.constantOf(root), at) }

func (w *fixedWriter) use(names ...string) {
	for _, n := range names {
		w.used[n] = true
	}
}

func (w *fixedWriter) value(i int, at string) string {
	n, calls := &w.pl.p.Nodes[i], w.x.callsOf(i)
	rule := fixedRules[n.Op]
	var x, a, missing []string
	for q, j := range n.In {
		text := w.read(j, at, w.pl.len(i))
		if r, _ := w.pl.operand(j, 0); w.x.maybe[r] && n.Op != step.OpSelect && w.x.maybe[i] {
			missing = append(missing, text+" == @MISSING")
		} else if w.x.maybe[r] && n.Op == step.OpSelect && w.x.maybe[i] && q > 0 {
			missing = append(missing, fmt.Sprintf("(%s %s 0) && %s == @MISSING", w.read(n.In[0], at, w.pl.len(i)), []string{"!=", "=="}[q-1], text))
		}
		x = append(x, text)
	}
	for q := range calls[0].args {
		list := make([]int, len(calls))
		for k, c := range calls {
			list[k] = c.args[q]
		}
		a = append(a, w.entry(list, at))
	}
	text := rule.text(x, a, calls[0].in, calls[0].out)
	for _, h := range fixedHelpers {
		if strings.Contains(text, "@"+h.name+"(") {
			w.use(h.name)
		}
	}
	if missing != nil {
		for k := range missing {
			if len(missing) > 1 && strings.Contains(missing[k], "&&") {
				missing[k] = "(" + missing[k] + ")"
			}
		}
		return fmt.Sprintf("%s ? @MISSING : (%s)", strings.Join(missing, " || "), text)
	}
	return text
}

func (w *fixedWriter) single(i int) { fixedRules[w.pl.p.Nodes[i].Op].code(w, i) }

// narrowed reads component at of a value as a narrow word at an exponent.
func (w *fixedWriter) narrowed(i, f int, at string) string {
	list, plain := make([]int, w.pl.len(i)), true
	for k := range list {
		q := w.x.wordAt(i, k)
		list[k] = q.f - f
		plain = plain && list[k] == 0 && q.top == top16
	}
	if text := w.operand(i, at); plain {
		return text
	} else {
		w.use("fit")
		return fmt.Sprintf("@fit(%s, %s, %d)", text, w.entry(list, at), top16)
	}
}

// down is a product shifted to the right.
func (w *fixedWriter) down(product string, n int) string {
	if n == 0 {
		return product
	}
	w.use("asr")
	return fmt.Sprintf("@asr(%s, %d)", product, n)
}

func (w *fixedWriter) head(i int, row, o string) {
	n := &w.pl.p.Nodes[i]
	if n.Op == step.OpSynapses {
		w.synapses(i, row)
		return
	}
	w.use("fit")
	top := w.x.word(i, 0).top
	var parts []string
	for k, t := range w.x.terms(i) {
		sum := fmt.Sprintf("a%d_%d", i, k)
		w.line("int32_t %s = 0;", sum)
		w.products(i, k, row, o, func(weight, x string) {
			w.line("%s += %s;", sum, w.down(fmt.Sprintf("(int32_t)%s * %s", weight, x), t.down))
		})
		limit := int32(1<<28 - 1)
		if len(n.Edges) == 1 {
			limit = top
		}
		parts = append(parts, fmt.Sprintf("@fit(%s, %s, %d)", sum, w.entry(t.out, row), limit))
	}
	text := strings.Join(parts, " + ")
	if len(parts) > 1 {
		text = fmt.Sprintf("@fit(%s, %d, %d)", text, spare, top)
	}
	w.line("const int32_t %s = %s;", w.local(i), text)
}

// products visits the products of term k of a row.
func (w *fixedWriter) products(i, k int, row, o string, visit func(weight, x string)) {
	n, t := &w.pl.p.Nodes[i], w.x.terms(i)[k]
	cols, e := w.pl.p.Nodes[t.x].Shape.Inner, n.Edges[k]
	weight := func(at string) string {
		if t.table != nil {
			return w.packed(t.table, at)
		}
		return w.narrowed(t.w, t.wf[0], at)
	}
	in := func(j string) string {
		if o != "" {
			j = w.within(o, cols, j)
		}
		return w.narrowed(t.x, t.xf, j)
	}
	if e == nil {
		j := w.loop(cols)
		visit(weight(w.within(row, cols, j)), in(j))
		w.close()
		return
	}
	at := cursorOf(i, k)
	from, end := ends(e)
	w.edges(end, row, at)
	visit(weight(at), in(w.integers(from, at)))
	w.close()
}

func (w *fixedWriter) synapses(i int, row string) {
	n, s := &w.pl.p.Nodes[i], w.x.synapsesOf(i)
	w.use("sigmoid", "fit") // fit in any case, for what moved shifts
	at := cursorOf(i, 0)
	from, end := ends(n.Edges[0])
	r := w.pl.all(i)
	hasI := len(r) > 1 && r[1] >= 0
	w.line("int32_t a%d = 0;", i)
	if hasI {
		w.line("int32_t b%d = 0;", i)
	}
	w.edges(end, row, at)
	v := moved(w.narrowed(n.In[0], s.vf, w.integers(from, at)), fmt.Sprint(s.vf-s.g))
	w.line("const int32_t d = %s - %s;", v, moved(w.packed(s.m, at), fmt.Sprint(s.m.f[0]-s.g)))
	w.line("const int32_t z = @sigmoid(%s * d, %d);", w.packed(s.s, at), s.s.f[0]+s.g)
	w.line("a%d += %s;", i, w.down(fmt.Sprintf("%s * z", w.packed(s.w, at)), s.down))
	if hasI {
		w.line("b%d += %s;", i, w.down(fmt.Sprintf("%s * z", w.packed(s.we, at)), s.downI))
	}
	w.close()
	w.line("const int32_t %s = @fit(a%d, %d, %d);", w.local(i), i, s.G, top16)
	if hasI {
		w.line("const int32_t %s = @fit(b%d, %d, %d);", w.local(r[1]), i, s.I, top16)
	}
}

func (w *fixedWriter) sum(i int) {
	n := &w.pl.p.Nodes[i]
	f := w.x.narrow(n.In[0])
	outer, inner, at := w.summed(i)
	w.use("fit")
	o := w.loop(outer)
	w.line("int32_t a = 0;")
	k := w.loop(inner)
	w.line("a += %s;", w.narrowed(n.In[0], f, at(o, k)))
	w.close()
	shifts := make([]int, w.pl.len(i))
	for q := range shifts {
		shifts[q] = f - w.x.word(i, q).f
	}
	w.line("%s = %s;", w.store(i, o), w.stored(i, fmt.Sprintf("@fit(a, %s, %d)", w.entry(shifts, o), w.x.word(i, 0).top)))
	w.close()
}

func (w *fixedWriter) softmax(i int) {
	n := &w.pl.p.Nodes[i]
	s, f := n.Shape, w.x.narrow(n.In[0])
	w.use("exp", "ratio")
	o := w.loop(s.Outer)
	w.line("int32_t top = %s, sum = 0;", w.narrowed(n.In[0], f, w.within(o, s.Inner, w.whole(0))))
	each := func() (x, y string) {
		at := w.within(o, s.Inner, w.loop(s.Inner))
		return w.narrowed(n.In[0], f, at), w.store(i, at)
	}
	x, _ := each()
	w.line("if (%s > top) top = %s;", x, x)
	w.close()
	x, y := each()
	w.line("%s = %s;", y, w.stored(i, fmt.Sprintf("@exp(%s - top, %d, %d, %d)", x, f, expBits, top16)))
	w.line("sum += %s;", y)
	w.close()
	q := w.x.word(i, 0)
	_, y = each()
	w.line("%s = %s;", y, w.stored(i, fmt.Sprintf("@ratio(%s, sum, %d, %d)", y, -q.f, q.top)))
	w.close()
	w.close()
}

// like is component at of a value as a word of others, which are those of the components at.
func (w *fixedWriter) like(i int, at, text string, to []word) (converted string, plain bool) {
	shifts, plain := make([]int, len(to)), true
	for k := range to {
		q := w.x.wordAt(i, k)
		shifts[k] = q.f - to[k].f
		plain = plain && shifts[k] == 0 && q.top <= to[k].top
	}
	if plain {
		return text, true
	}
	w.use("fit")
	converted = fmt.Sprintf("@fit(%s, %s, %d)", text, w.entry(shifts, at), to[0].top)
	if r, _ := w.pl.origin(i, 0); w.x.maybe[r] {
		converted = fmt.Sprintf("%s == @MISSING ? @MISSING : %s", text, converted)
	}
	return converted, false
}

// put copies the n components of a value to a place.
func (w *fixedWriter) put(dst func(at string) string, p place, from int, to []word) {
	n := len(to)
	if n == 1 {
		text, _ := w.like(from, "0U", w.read(from, "0U", 1), to)
		w.line("%s = %s;", dst("0U"), w.cast(p, text))
		return
	}
	_, plain := w.like(from, "0U", "", to)
	if r := w.pl.root[from]; plain && w.memory(from) && w.narrowAt(w.at.find(r)) == w.narrowAt(p) {
		copy := "copy32"
		if w.narrowAt(p) {
			copy = "copy16"
		}
		w.use(copy)
		w.line("@%s(&%s, &%s, %dU);", copy, dst("0U"), w.operand(from, "0U"), n)
		return
	}
	k := w.loop(n)
	text, _ := w.like(from, k, w.read(from, k, n), to)
	w.line("%s = %s;", dst(k), w.cast(p, text))
	w.close()
}

func (w *fixedWriter) move(from int, to target, at place) {
	list := make([]word, w.pl.len(from))
	for k := range list {
		switch to.kind {
		case toNode:
			list[k] = w.x.word(to.k, k)
		case toState:
			list[k] = w.x.word(w.pl.p.States[to.k].Node, k)
		default:
			list[k] = w.x.wordAt(from, k)
		}
	}
	w.put(w.into(at), at, from, list)
}

func (w *fixedWriter) concat(i int) {
	at, p := 0, w.at.find(i)
	for _, j := range w.pl.p.Nodes[i].In {
		list := make([]word, w.pl.len(j))
		for k := range list {
			list[k] = w.x.word(i, at+k)
		}
		from := at
		w.put(func(k string) string { return w.store(i, w.offset(k, from)) }, p, j, list)
		at += len(list)
	}
}

// place prints an operation that only puts components elsewhere, and is not joined with others.
func (w *fixedWriter) place(i int) {
	n := &w.pl.p.Nodes[i]
	k, text := w.loop(w.pl.len(i)), ""
	if n.Op == step.OpGather {
		text = w.read(n.In[0], w.integers(n.Index, k), w.pl.len(n.In[0]))
	} else {
		text = w.through(n, k)
	}
	shifts, plain, maybe := make([]int, w.pl.len(i)), true, false
	for q, s := range w.x.sources(i) {
		r, at := w.pl.origin(s[0], s[1])
		from, to := w.x.word(r, at), w.x.word(i, q)
		shifts[q], maybe = from.f-to.f, w.x.maybe[r]
		plain = plain && shifts[q] == 0 && from.top <= to.top
	}
	if !plain {
		w.use("fit")
		whole := text
		text = fmt.Sprintf("@fit(%s, %s, %d)", text, w.entry(shifts, k), w.x.word(i, 0).top)
		if maybe {
			text = fmt.Sprintf("%s == @MISSING ? @MISSING : %s", whole, text)
		}
	}
	w.line("%s = %s;", w.store(i, k), w.stored(i, text))
	w.close()
}
