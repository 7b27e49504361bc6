package step

import (
	"fmt"
	"strings"
)

// String prints the program so that it can be read beside the paper: declarations, what is computed once from the
// parameters, the step with its loops, and the results.
func (p *Program) String() string {
	w := &printer{p: p, uses: make([]int, len(p.Nodes)), name: map[int]string{}, need: p.needed()}
	for _, q := range p.Probes {
		w.want(q.Node)
	}
	w.count()
	w.declare()
	w.body()
	for _, s := range p.States {
		fmt.Fprintf(&w.out, "next   %s = %s\n", s.Name, w.text(s.Next, false))
	}
	for _, o := range p.Outputs {
		fmt.Fprintf(&w.out, "output %s = %s\n", o.Name, w.text(o.Node, false))
	}
	return w.out.String()
}

type printer struct {
	p    *Program
	out  strings.Builder
	uses []int          // readers of a node; one reader of an element-wise node swallows its text
	name map[int]string // nodes that have been given a name
	need []bool
	skip map[int]bool // later iterations of a loop
}

func (w *printer) want(i int) {
	if w.need[i] {
		return
	}
	w.need[i] = true
	for _, j := range w.p.Nodes[i].In {
		w.want(j)
	}
}

func (w *printer) count() {
	for i := range w.p.Steps() {
		if !w.need[i] {
			continue
		}
		for _, j := range w.p.Nodes[i].In {
			w.uses[j]++
		}
	}
	for _, s := range w.p.States {
		w.uses[s.Next]++
	}
	for _, o := range w.p.Outputs {
		w.uses[o.Node]++
	}
	for _, q := range w.p.Probes { // a named value gets a line of its own
		w.name[q.Node], w.uses[q.Node] = q.Name, 2
	}
}

func (w *printer) declare() {
	p := w.p
	fmt.Fprintf(&w.out, "# %d parameters, %d state values, %.0f FLOPs a step\n", p.ParamCount(), p.StateWidth(), p.FLOPs())
	leaf := func(kind, name string, node int, note string) {
		w.name[node] = name
		fmt.Fprintf(&w.out, "%-6s %s[%v]%s\n", kind, name, p.Nodes[node].Shape, note)
	}
	for _, q := range p.Inputs {
		leaf("input", q.Name, q.Node, "")
	}
	if p.Time >= 0 {
		leaf("time", "dt", p.Time, "")
	}
	if p.Part >= 0 {
		leaf("part", "part", p.Part, "  time of the row before, after, turn")
	}
	for _, s := range p.States {
		leaf("state", s.Name, s.Node, "")
	}
	for _, q := range p.Params {
		note := "  " + q.Init.String()
		if q.Edges != nil {
			note += fmt.Sprintf(" on %d synapses %d -> %d", len(q.Edges.List), q.Edges.In, q.Edges.Out)
		}
		if q.Bounded() {
			note += fmt.Sprintf(" within [%.4g, %.4g]", q.Min, q.Max)
		}
		leaf("param", q.Name, q.Node, note)
	}
}

func (w *printer) body() {
	uniform := w.p.Uniform()
	section := func(title string, once bool) {
		start := w.out.Len()
		fmt.Fprintf(&w.out, "%s\n", title)
		head := w.out.Len()
		for i := range w.p.Steps() {
			if uniform[i] == once && !w.skip[i] {
				w.line(i, "  ")
			}
			if !once {
				w.loops(i + 1)
			}
		}
		if text := w.out.String(); w.out.Len() == head {
			w.out.Reset()
			w.out.WriteString(text[:start])
		}
	}
	w.skip = map[int]bool{}
	for _, r := range w.p.Repeats {
		w.fold(r)
	}
	section("once", true)
	section("step", false)
}

// fold prepares a loop: its carried values get a name with a prime, its first iteration is printed as far as it does not
// depend on them, the second as the body, and the others not at all.
func (w *printer) fold(r Region) {
	n := len(r.Start) - 1
	if n < 2 {
		return
	}
	for c, first := range r.Carried[0] {
		name := fmt.Sprintf("c%d", first)
		if s, ok := w.name[first]; ok {
			name = s + "'"
		}
		for k := 1; k <= n; k++ {
			w.name[r.Carried[k][c]] = name
			w.uses[r.Carried[k][c]] = 2
		}
	}
	depends := map[int]bool{}
	for _, c := range r.Carried[0] {
		depends[c] = true
	}
	for i := r.Start[0]; i < r.Start[1]; i++ {
		for _, j := range w.p.Nodes[i].In {
			depends[i] = depends[i] || depends[j]
		}
		w.skip[i] = depends[i]
		w.uses[i]++ // printed before the loop, as a line of its own
	}
	for i := r.Start[1]; i < r.Start[n]; i++ {
		w.skip[i] = true
	}
	for i := r.Start[1]; i < r.Start[2]; i++ {
		w.uses[i] = 0
	}
	for i := r.Start[1]; i < r.Start[2]; i++ {
		for _, j := range w.p.Nodes[i].In {
			w.uses[j]++
		}
	}
	for _, c := range r.Carried[2] {
		w.uses[c] = 2
	}
	for i := r.Start[n-1]; i < r.Start[n]; i++ { // a probe inside the loop shows its last iteration
		if name, ok := w.name[i]; ok {
			body := r.Start[1] + i - r.Start[n-1]
			w.name[body], w.uses[body] = name, 2
		}
	}
}

// loops prints the loops whose first iteration ends before node i.
func (w *printer) loops(i int) {
	for _, r := range w.p.Repeats {
		n := len(r.Start) - 1
		if n < 2 || r.Start[1] != i {
			continue
		}
		for c, first := range r.Carried[0] {
			fmt.Fprintf(&w.out, "  %s = %s\n", w.name[r.Carried[1][c]], w.text(first, false))
		}
		fmt.Fprintf(&w.out, "  repeat %d\n", n)
		for k := r.Start[1]; k < r.Start[2]; k++ {
			w.line(k, "    ")
		}
	}
}

// line prints a node that its single reader does not swallow.
func (w *printer) line(i int, indent string) {
	n := &w.p.Nodes[i]
	if !w.need[i] || n.Op.Leaf() || n.Op == OpResult || w.swallowed(i) {
		return
	}
	if _, ok := w.name[i]; !ok {
		w.name[i] = fmt.Sprintf("t%d", i)
	}
	names := w.name[i]
	for k, j := range w.p.results()[i] {
		if k == 0 || j < 0 {
			continue
		}
		if _, ok := w.name[j]; !ok {
			w.name[j] = fmt.Sprintf("t%d", j)
		}
		names += ", " + w.name[j]
	}
	name := w.name[i]
	delete(w.name, i)
	fmt.Fprintf(&w.out, "%s%s = %s\n", indent, names, w.text(i, false))
	w.name[i] = name
}

func (w *printer) swallowed(i int) bool {
	op := w.p.Nodes[i].Op
	return op == OpBroadcast || op.Elementwise() && w.uses[i] <= 1
}

// text is the expression of a node; nested says that it stands inside another one.
func (w *printer) text(i int, nested bool) string {
	n := &w.p.Nodes[i]
	if name, ok := w.name[i]; ok && (n.Op.Leaf() || n.Op == OpResult || !w.swallowed(i)) {
		return name
	}
	switch n.Op {
	case OpConst:
		if len(n.Data) == 1 {
			return fmt.Sprintf("%.6g", n.Data[0])
		}
		return fmt.Sprintf("const[%d]", len(n.Data))
	case OpBroadcast:
		return w.text(n.In[0], nested)
	}
	row := n.Op.Row()
	args := make([]any, len(n.In))
	list := make([]string, len(n.In))
	for k, j := range n.In {
		list[k] = w.text(j, row.Format != "")
		args[k] = list[k]
	}
	if row.Format != "" {
		s := fmt.Sprintf(row.Format, args...)
		if nested {
			s = "(" + s + ")"
		}
		return s
	}
	s := row.Name + "(" + strings.Join(list, ", ") + ")"
	return s + n.suffix()
}

// suffix says what the operands of an operation do not: which components, which axis.
func (n *Node) suffix() string {
	switch n.Op {
	case OpSlice:
		if n.Shape.Outer > 1 {
			return fmt.Sprintf("[%d:%d] as %v", n.Index[0], n.Index[0]+n.Shape.Len(), n.Shape)
		}
		return fmt.Sprintf("[%d:%d]", n.Index[0], n.Index[0]+n.Shape.Len())
	case OpGather:
		if n := len(n.Index); n > 16 {
			return fmt.Sprintf("[%d positions]", n)
		}
		return strings.ReplaceAll(fmt.Sprint(n.Index), " ", ",")
	case OpSum:
		return [...]string{Inner: " over inner", Outer: " over outer"}[n.Index[0]]
	}
	return ""
}
