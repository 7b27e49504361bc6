package export

import (
	"math"
	"slices"

	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// form says how a value is held: the exponent of each component, and the largest word, top16 or top28.
type form struct {
	f   []int
	top int32
}

// Exponents that are chosen are at most these, so that products and shifts stay within 64 bits.
const most16, most28 = 24, 27

// Room above the range that was seen, as values that are too large are clamped: narrow words have little to give, and wide ones
// much.
const (
	room16   = 1.25
	room28   = 4
	roomTime = 8 // of inputs and the elapsed time, and of what follows from them alone
)

// evenly is the spread of exponents of one value that still share the least of them.
const evenly = 3

// exponent is the largest one, from -40 to most, at which a value of a size is a word of at most top; most where it is 0.
func exponent(size float64, top int32, most int) int {
	if size == 0 {
		return most
	}
	f := int(math.Floor(math.Log2(float64(top) / size)))
	return max(-40, min(f, most))
}

// formed chooses the forms of all values of a plan from their ranges:
//
//	narrow   what sums, synapses and other operations that mix components give and take, and functions of it
//	wide     inputs and the elapsed time, and what follows from them component by component, each with an exponent of its own;
//	         states that are added to, so that small steps are not lost; what is computed with the elapsed time; the output
type formed struct {
	pl     *plan
	seen   ranges
	schema series.Schema
	group  map[int]int // of roots that hold one value: a state, what it becomes, what a loop carries
	raw    map[int]bool
	timed  map[int]bool
	adds   map[int]bool // groups that are added to
	maybe  map[int]bool // values that may be missing
	forms  map[int]form
	read   map[int][]int // by root: the nodes that read it; -1 is a state or the output
}

func newForms(pl *plan, seen ranges, s series.Schema) *formed {
	f := &formed{pl: pl, seen: seen, schema: s, group: map[int]int{}, raw: map[int]bool{}, timed: map[int]bool{}, adds: map[int]bool{},
		maybe: map[int]bool{}, forms: map[int]form{}, read: map[int][]int{}}
	f.unite()
	f.readers()
	f.missing()
	f.follow()
	for _, i := range f.roots() {
		g := f.find(i)
		if _, ok := f.forms[g]; !ok {
			f.forms[g] = f.choose(g)
		}
	}
	return f
}

// roots are all values that are not parameters.
func (f *formed) roots() (list []int) {
	for i := range f.pl.p.Nodes {
		if n := &f.pl.p.Nodes[i]; f.pl.live[i] && !f.pl.uniform[i] && n.Op.Leaf() {
			list = append(list, i)
		}
	}
	return append(list, f.pl.made(f.pl.body)...)
}

func (f *formed) find(i int) int {
	for {
		g, ok := f.group[i]
		if !ok || g == i {
			return i
		}
		i = g
	}
}

func (f *formed) join(a, b int) { f.group[f.find(a)] = f.find(b) }

// same tells whether a value stands as it is, so that it can share a form.
func (f *formed) same(i int) bool {
	return f.pl.root[i] == i && (f.pl.computed[i] || f.pl.p.Nodes[i].Op == step.OpState)
}

// unite joins a state with what it becomes, and what a loop carries with what it begins with and becomes.
func (f *formed) unite() {
	for _, s := range f.pl.p.States {
		if f.same(s.Next) && f.pl.computed[s.Next] {
			f.join(s.Node, s.Next)
		}
	}
	for _, p := range phis(f.pl.body) {
		for _, i := range []int{p.first, p.next} {
			if f.same(i) {
				f.join(p.node, i)
			}
		}
	}
}

// members are the roots of a group.
func (f *formed) members(g int) (list []int) {
	for _, i := range f.roots() {
		if f.find(i) == g {
			list = append(list, i)
		}
	}
	return list
}

// operands are the roots that a node reads and that are not parameters.
func (f *formed) operands(i int) (list []int) {
	if f.pl.phi[i] || f.pl.p.Nodes[i].Op.Leaf() {
		return nil
	}
	n := &f.pl.p.Nodes[i]
	if n.Op == step.OpResult {
		n = &f.pl.p.Nodes[n.In[0]]
	}
	for _, j := range n.In {
		if r, _ := f.pl.origin(j, 0); !f.pl.uniform[r] || f.pl.phi[r] {
			list = append(list, r)
		}
	}
	return list
}

func (f *formed) readers() {
	note := func(i, by int) {
		r, _ := f.pl.origin(i, 0)
		f.read[r] = append(f.read[r], by)
	}
	for _, i := range f.pl.made(f.pl.body) {
		if n := &f.pl.p.Nodes[i]; n.Op != step.OpResult && !f.pl.phi[i] {
			for _, j := range n.In {
				note(j, i)
			}
		}
	}
	for _, s := range f.pl.p.States {
		note(s.Next, -1)
	}
	note(f.pl.p.Outputs[0].Node, -1)
	for _, p := range phis(f.pl.body) {
		note(p.first, -1)
		note(p.next, -1)
	}
}

// missing marks what is missing where an input is; a selection by whether something was observed takes the gap away.
func (f *formed) missing() {
	p := f.pl.p
	if !slices.ContainsFunc(f.schema.Inputs, func(in series.Input) bool { return in.Missing }) {
		return
	}
	for _, in := range p.Inputs {
		f.maybe[in.Node] = true
	}
	for changed := true; changed; {
		changed = false
		for _, i := range f.roots() {
			if !f.maybe[i] && f.gap(i) {
				f.maybe[i], changed = true, true
			}
		}
		for _, i := range f.roots() {
			if !f.maybe[i] && slices.ContainsFunc(f.members(f.find(i)), func(m int) bool { return f.maybe[m] }) {
				f.maybe[i], changed = true, true
			}
		}
	}
}

func (f *formed) gap(i int) bool {
	n := &f.pl.p.Nodes[i]
	if f.pl.phi[i] || n.Op.Leaf() {
		return false
	}
	gone := func(j int) bool { r, _ := f.pl.origin(j, 0); return f.maybe[r] }
	switch {
	case n.Op == step.OpObserved:
		return false
	case n.Op == step.OpSelect:
		c, _ := f.pl.origin(n.In[0], 0)
		if f.pl.p.Nodes[c].Op == step.OpObserved {
			return gone(n.In[2])
		}
		return gone(n.In[1]) || gone(n.In[2])
	case n.Op.Elementwise() || moves(n.Op):
		return slices.ContainsFunc(n.In, gone)
	}
	return false
}

// moves tells whether an operation only puts components elsewhere.
func moves(op step.Op) bool {
	switch op {
	case step.OpConcat, step.OpGather, step.OpSlice, step.OpBroadcast:
		return true
	}
	return false
}

// arithmetic tells whether an operation keeps the precision of wide operands.
func arithmetic(op step.Op) bool {
	switch op {
	case step.OpAdd, step.OpSub, step.OpMul, step.OpDiv, step.OpMin, step.OpMax, step.OpSelect, step.OpAbs, step.OpFloor:
		return true
	}
	return moves(op)
}

// follow finds what follows from inputs and time alone, what is computed with the elapsed time, and which states are added to.
func (f *formed) follow() {
	roots := f.roots()
	for _, i := range roots {
		f.raw[i] = true
	}
	for changed := true; changed; {
		changed = false
		for _, i := range roots {
			if op := f.pl.p.Nodes[i].Op; f.raw[i] && !f.rawly(i, op) {
				for _, m := range f.members(f.find(i)) {
					f.raw[m] = false
				}
				changed = true
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for _, i := range roots {
			op := f.pl.p.Nodes[i].Op
			if f.timed[i] || f.pl.phi[i] || op.Leaf() || !arithmetic(op) || moves(op) {
				continue
			}
			if slices.ContainsFunc(f.operands(i), func(j int) bool { return f.timed[j] || f.raw[j] && f.widened(j) }) {
				f.timed[i], changed = true, true
			}
		}
	}
	for _, s := range f.pl.p.States {
		g := f.find(s.Node)
		for _, m := range f.members(g) {
			f.adds[g] = f.adds[g] || f.accumulates(m, g, false, map[int]bool{})
		}
	}
}

func (f *formed) rawly(i int, op step.Op) bool {
	switch {
	case op == step.OpInput || op == step.OpTime || op == step.OpPart || op == step.OpState || f.pl.phi[i]:
		return true
	case !arithmetic(op) && op != step.OpLog && op != step.OpObserved:
		return false
	}
	return !slices.ContainsFunc(f.operands(i), func(j int) bool { return !f.raw[j] })
}

// accumulates tells whether a value of a group goes on from another one by sums.
func (f *formed) accumulates(i, g int, added bool, seen map[int]bool) bool {
	if f.pl.phi[i] || f.pl.p.Nodes[i].Op.Leaf() || seen[i] {
		return false
	}
	seen[i] = true
	n := &f.pl.p.Nodes[i]
	var through []int
	switch n.Op {
	case step.OpAdd, step.OpSub:
		through, added = n.In, true
	case step.OpRelax:
		through, added = n.In[:1], true
	case step.OpSelect:
		through = n.In[1:]
	case step.OpMin, step.OpMax, step.OpConcat, step.OpGather, step.OpSlice, step.OpBroadcast:
		through = n.In
	}
	for _, j := range through {
		if r, _ := f.pl.origin(j, 0); added && f.find(r) == g || f.accumulates(r, g, added, seen) {
			return true
		}
	}
	return false
}

// widened tells whether somebody reads a value in full, and does not only mix its components.
func (f *formed) widened(i int) bool {
	return slices.ContainsFunc(f.read[i], func(by int) bool {
		if by < 0 {
			return true
		}
		op := f.pl.p.Nodes[by].Op
		return op.Elementwise() || moves(op) && f.widened(by)
	})
}

// wide tells whether the values of a group are wide.
func (f *formed) wide(g int) bool {
	if f.adds[g] {
		return true
	}
	for _, i := range f.members(g) {
		n := &f.pl.p.Nodes[i]
		switch {
		case n.Op == step.OpInput || n.Op == step.OpTime || n.Op == step.OpPart || f.maybe[i] || i == f.output() && arithmetic(n.Op):
			return true
		case (f.raw[i] || f.timed[i]) && f.widened(i) && !f.carried(g):
			return true
		}
	}
	return false
}

// carried tells whether a group is a state, or carried by a loop.
func (f *formed) carried(g int) bool {
	return slices.ContainsFunc(f.members(g), func(i int) bool { return f.pl.phi[i] || f.pl.p.Nodes[i].Op == step.OpState })
}

func (f *formed) output() int { return f.pl.root[f.pl.p.Outputs[0].Node] }

// bounded operations give from -1 to 1, and are clamped a hair below 1.
func bounded(op step.Op) bool {
	switch op {
	case step.OpSigmoid, step.OpTanh, step.OpSin, step.OpCos, step.OpErf, step.OpSoftmax:
		return true
	}
	return false
}

// choose gives a group its form.
func (f *formed) choose(g int) form {
	list, wide := f.members(g), f.wide(g)
	raw := !slices.ContainsFunc(list, func(i int) bool { return !f.raw[i] && i != f.output() })
	sizes := make([]float64, f.pl.len(list[0]))
	limited, functions := true, 0 // by functions that are bounded
	for _, i := range list {
		n := &f.pl.p.Nodes[i]
		for k, v := range f.sizes(i) {
			sizes[k] = max(sizes[k], v)
		}
		if bounded(n.Op) {
			functions++
		}
		limited = limited && (bounded(n.Op) || n.Op == step.OpState)
	}
	limited = limited && functions > 0
	top, most, room := int32(top16), most16, room16
	switch {
	case wide && raw:
		top, most, room = top28, most28, roomTime
	case wide:
		top, most, room = top28, most28, room28
	}
	if limited {
		most, room = 15, float64(top16)/(top16+1)
	}
	out := form{f: make([]int, len(sizes)), top: top}
	least := math.MaxInt
	for k, v := range sizes {
		if limited {
			v = 1
		}
		out.f[k] = exponent(v*room, top, most)
		if v > 0 {
			least = min(least, out.f[k])
		}
	}
	if least == math.MaxInt { // nothing was seen
		least = exponent(1, top, most)
	}
	even := !raw || slices.Max(out.f)-least <= evenly
	for k, v := range sizes {
		if even || v == 0 && !limited {
			out.f[k] = least
		}
	}
	return out
}

// sizes are the ranges of a value, and what else is known of it.
func (f *formed) sizes(i int) []float64 {
	n := &f.pl.p.Nodes[i]
	list := slices.Clone(f.seen[i])
	if list == nil {
		list = make([]float64, f.pl.len(i))
	}
	for k := range list {
		switch n.Op {
		case step.OpInput:
			in := f.schema.Inputs[k]
			list[k] = max(list[k], math.Abs(in.Mean)+4*in.SD, math.Abs(in.Impute), float64(len(in.Levels)))
		case step.OpTime:
			list[k] = max(list[k], 1, f.schema.Clock.FirstDT)
		case step.OpPart:
			list[k] = max(list[k], 1)
		case step.OpObserved, step.OpStep, step.OpSign:
			list[k] = 1
		}
	}
	return list
}

// of is the form of a root.
func (f *formed) of(root int) form { return f.forms[f.find(root)] }
