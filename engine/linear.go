package engine

import (
	"fmt"
	"slices"

	"github.com/elegans-nn/elegans/step"
)

// The reverse of a step is linear in its cotangents: every value of it is a sum of coefficients times rows, where a row
// is one component of a cotangent in all lanes and a coefficient is one number that follows from the step itself. So a
// reverse of many cotangents of one and the same step needs no lanes but in the rows: coefficients are computed once, by
// a program of one lane, and what is left are sparse sums of rows, one after the other.

// form is a value of the reverse: component k is the sum over its terms of coefficient times row.
type form []term

// term is coef[at[k]] · row[base + index[k]] for component k.
type term struct {
	coef  int   // a node of the primal program; unit: 1
	at    []int // component of coef; nil: k, or 0 where coef has one component
	base  int
	index []int // -1: nothing; nil: k
}

const unit = -1

// row is a sum of rows before it.
type row []entry

// entry is one component of a node of the primal program, or 1, times a row.
type entry struct{ coef, at, row int }

// linear is the reverse of a step in rows. The first rows are the leaves, one for each component of the next state and
// then of the outputs asked for.
type linear struct {
	primal *step.Program // the step, followed by what coefficients need
	one    int           // a constant of it
	leaves int
	rows   []row
	state  []int // rows of the cotangents of the previous state's components
	params []int // rows of the gradients of the parameters
	cuts   []int // rows of the cotangents of the next state's components, where they are apart; see cut
	own    []int // as state, along paths without a matrix or a synapse; see separate
}

// lineariser turns the reverse of a step into rows.
type lineariser struct {
	linear
	p       *step.Program // with its reverse
	seen    map[string]int
	to      []int  // of nodes that depend on no cotangent: their number in the primal program
	wide    []bool // depends on a cotangent
	uses    []int
	forms   map[int]form
	results map[int][]form // of operations with several results
	aliases map[int]int    // leaves that stand for a node of the step, see cut
	ports   []int          // the inputs of the program that these leaves are, of each state; nil where there are none
	alone   bool           // no way through a matrix or a synapse
}

// linearise writes the reverse of p in rows, for the cotangents of its states and of some outputs. The error names an
// operation whose reverse is not linear in the cotangents.
func linearise(p *step.Program, outputs []int) (l *linear, err error) {
	return (&lineariser{p: p.Reverse(step.WRT{})}).run(p, outputs)
}

// separate is linearise for rules that keep a part of J only. The outputs read the next state from leaves of their own, so that
// their rows end there and what they read beside it is told apart; and J comes a second time, along paths within a unit: those
// that go through no matrix and no synapse.
func separate(p *step.Program, outputs []int) (l *linear, err error) {
	apart, next, aliases := cut(p, outputs)
	z := &lineariser{p: apart.Reverse(step.WRT{Inputs: true}), aliases: aliases}
	z.ports = next
	return z.run(p, outputs)
}

// run makes the rows; p is the step whose values the coefficients read.
func (z *lineariser) run(p *step.Program, outputs []int) (l *linear, err error) {
	z.seen, z.forms, z.results = map[string]int{}, map[int]form{}, map[int][]form{}
	defer func() {
		if r, ok := recover().(refusal); ok {
			l, err = nil, r
		}
	}()
	q := *p
	q.Nodes, q.Adjoint = nil, nil
	z.primal = &q
	z.classify()
	z.leavesOf(outputs)
	for i := range z.p.Nodes {
		z.node(i)
	}
	z.ends()
	if z.ports != nil {
		z.within()
	}
	z.sweep()
	z.inline()
	z.sweep()
	z.one = z.number(1)
	return &z.linear, nil
}

// refusal is why a program is not linearised.
type refusal string

// Error implements error.
func (r refusal) Error() string { return string(r) }

// classify finds what depends on cotangents, and how often each such value is read.
func (z *lineariser) classify() {
	nodes := z.p.Nodes
	z.to, z.wide, z.uses = make([]int, len(nodes)), make([]bool, len(nodes)), make([]int, len(nodes))
	for i := range nodes {
		n := &nodes[i]
		z.wide[i] = n.Op == step.OpCotangent || n.Op == step.OpAcc
		for _, j := range n.In {
			z.wide[i] = z.wide[i] || z.wide[j]
			z.uses[j]++
		}
	}
	for _, list := range [][]int{z.p.Adjoint.DState, z.p.Adjoint.Grad} {
		for _, i := range list {
			if i >= 0 {
				z.uses[i]++
			}
		}
	}
}

func (z *lineariser) len(i int) int { return z.p.Nodes[i].Shape.Len() }

// leavesOf makes the rows of the cotangents that go in.
func (z *lineariser) leavesOf(outputs []int) {
	leaf := func(i int) {
		z.forms[i] = form{{coef: unit, base: len(z.rows)}}
		z.rows = append(z.rows, make([]row, z.len(i))...)
	}
	for _, i := range z.p.Adjoint.DNext {
		leaf(i)
	}
	for _, k := range outputs {
		leaf(z.p.Adjoint.DOutput[k])
	}
	z.leaves = len(z.rows)
}

// node takes one node of the reverse program: into the primal program, or into a form.
func (z *lineariser) node(i int) {
	n := z.p.Nodes[i]
	if of, ok := z.aliases[i]; ok {
		z.to[i] = z.to[of]
		return
	}
	if !z.wide[i] {
		n.In = slices.Clone(n.In)
		for k, j := range n.In {
			n.In[k] = z.to[j]
		}
		z.to[i] = z.add(n)
		return
	}
	if n.Op.Leaf() {
		return
	}
	rule := linearRules[n.Op]
	if rule == nil {
		panic(refusal(fmt.Sprintf("engine: real-time learning knows no rule for the reverse of %v", n.Op)))
	}
	f := rule(z, i)
	switch {
	case n.Op == step.OpAccum:
		z.forms[n.In[0]] = append(z.forms[n.In[0]], f...)
	case z.uses[i] > 1 && len(f) > 1:
		z.forms[i] = form{z.settle(f, z.len(i))}
	default:
		z.forms[i] = f
	}
}

// add appends a node to the primal program; the same operation on the same operands is written once. Leaves stay apart.
func (z *lineariser) add(n step.Node) int {
	key := fmt.Sprint(n.Op, n.In, n.Shape, n.Data, n.Index, n.Edges)
	if i, ok := z.seen[key]; ok && (!n.Op.Leaf() || n.Op == step.OpConst) {
		return i
	}
	z.primal.Nodes = append(z.primal.Nodes, n)
	z.seen[key] = len(z.primal.Nodes) - 1
	return len(z.primal.Nodes) - 1
}

// apply appends an element-wise operation to the primal program.
func (z *lineariser) apply(op step.Op, in ...int) int {
	shape := step.Vector(1)
	for _, j := range in {
		if s := z.primal.Nodes[j].Shape; s.Len() > shape.Len() {
			shape = s
		}
	}
	return z.add(step.Node{Op: op, In: in, Shape: shape})
}

// number is a constant of the primal program.
func (z *lineariser) number(v float64) int {
	return z.add(step.Node{Op: step.OpConst, Shape: step.Vector(1), Data: []float64{v}})
}

// pick is x[index[k]] in the primal program.
func (z *lineariser) pick(x int, index []int) int {
	if z.primal.Nodes[x].Shape.Len() == 1 {
		return x
	}
	index = slices.Clone(index)
	for k, i := range index {
		index[k] = max(0, i)
	}
	return z.add(step.Node{Op: step.OpGather, In: []int{x}, Index: index, Shape: step.Vector(len(index))})
}

// dense is the coefficient of a term as a node that has it at its own component.
func (z *lineariser) dense(t term) int {
	switch {
	case t.coef == unit:
		return z.number(1)
	case t.at == nil:
		return t.coef
	}
	return z.pick(t.coef, t.at)
}

// get is the form of node i. What depends on no cotangent can only be zero here.
func (z *lineariser) get(i int) form {
	if z.wide[i] {
		return z.forms[i]
	}
	n := &z.p.Nodes[i]
	for n.Op == step.OpBroadcast {
		n = &z.p.Nodes[n.In[0]]
	}
	for _, v := range n.Data {
		if v != 0 {
			panic(refusal("engine: the reverse of the step is not linear in its cotangents"))
		}
	}
	if n.Op != step.OpConst {
		panic(refusal("engine: the reverse of the step is not linear in its cotangents"))
	}
	return nil
}

// scale multiplies a form by a node of the primal program.
func (z *lineariser) scale(f form, by int) form {
	g := slices.Clone(f)
	for k, t := range f {
		g[k].at = nil
		if g[k].coef = by; t.coef != unit {
			g[k].coef = z.apply(step.OpMul, z.dense(t), by)
		}
	}
	return g
}

// each replaces every coefficient by a function of it.
func (z *lineariser) each(f form, of func(coef int) int) form {
	g := slices.Clone(f)
	for k, t := range f {
		g[k].coef, g[k].at = of(z.dense(t)), nil
	}
	return g
}

// sum adds forms; terms of the same rows become one.
func (z *lineariser) sum(forms ...form) (f form) {
	for _, g := range forms {
		for _, t := range g {
			k := slices.IndexFunc(f, func(u term) bool { return u.base == t.base && slices.Equal(u.index, t.index) })
			if k < 0 {
				f = append(f, t)
				continue
			}
			f[k].coef, f[k].at = z.apply(step.OpAdd, z.dense(f[k]), z.dense(t)), nil
		}
	}
	return f
}

// remap is the form whose component k is component index[k] of f, or nothing where that is -1.
func (z *lineariser) remap(f form, index []int) form {
	g := slices.Clone(f)
	compose := func(inner []int, none int) []int {
		out := make([]int, len(index))
		for k, i := range index {
			switch {
			case i < 0:
				out[k] = none
			case inner == nil:
				out[k] = i
			default:
				out[k] = inner[i]
			}
		}
		return out
	}
	for k, t := range f {
		g[k].index = compose(t.index, -1)
		if t.coef != unit && (t.at != nil || z.primal.Nodes[t.coef].Shape.Len() > 1) {
			g[k].at = compose(t.at, 0)
		}
	}
	return g
}

// entries are the summands of component k of a form.
func (z *lineariser) entries(f form, k int) (list row) {
	for _, t := range f {
		at := t.base + k
		if t.index != nil {
			if t.index[k] < 0 {
				continue
			}
			at = t.base + t.index[k]
		}
		e := entry{coef: t.coef, row: at}
		switch {
		case t.coef == unit:
		case t.at != nil:
			e.at = t.at[k]
		case z.primal.Nodes[t.coef].Shape.Len() > 1:
			e.at = k
		}
		list = append(list, e)
	}
	return list
}

// settle gives a form of n components rows of its own, unless it is rows already.
func (z *lineariser) settle(f form, n int) term {
	if len(f) == 1 && f[0].coef == unit {
		return f[0]
	}
	t := term{coef: unit, base: len(z.rows)}
	for k := range n {
		z.rows = append(z.rows, z.entries(f, k))
	}
	return t
}

// fresh gives each of the n components of a form a row of its own.
func (z *lineariser) fresh(f form, n int) (rows []int) {
	for k := range n {
		rows = append(rows, len(z.rows))
		z.rows = append(z.rows, z.entries(f, k))
	}
	return rows
}

// ends makes the rows that are asked for.
func (z *lineariser) ends() {
	for _, i := range z.p.Adjoint.DState {
		z.state = append(z.state, z.fresh(z.get(i), z.len(i))...)
	}
	z.params = make([]int, z.p.ParamCount())
	for q, i := range z.p.Adjoint.Grad {
		var f form
		if i >= 0 {
			f = z.get(i)
		}
		copy(z.params[z.p.Params[q].Offset:], z.fresh(f, z.p.Params[q].Shape.Len()))
	}
	for _, k := range z.ports {
		var f form
		if i := z.p.Adjoint.DInput[k]; i >= 0 {
			f = z.get(i)
		}
		z.cuts = append(z.cuts, z.fresh(f, z.len(z.p.Inputs[k].Node))...)
	}
}

// within makes the rows of the previous state again, without the ways through matrices and synapses. The nodes that depend on
// no cotangent are in the primal program already.
func (z *lineariser) within() {
	forms := map[int]form{}
	for i, f := range z.forms {
		if z.p.Nodes[i].Op == step.OpCotangent {
			forms[i] = f
		}
	}
	z.forms, z.results, z.alone = forms, map[int][]form{}, true
	for i := range z.p.Nodes {
		if z.wide[i] {
			z.node(i)
		}
	}
	for _, i := range z.p.Adjoint.DState {
		z.own = append(z.own, z.fresh(z.get(i), z.len(i))...)
	}
}

// inline puts rows that are read once, and as they are, where they are read.
func (z *lineariser) inline() {
	uses := make([]int, len(z.rows))
	for _, r := range z.rows {
		for _, e := range r {
			uses[e.row]++
		}
	}
	for i, r := range z.rows {
		var out row
		for _, e := range r {
			if e.coef == unit && uses[e.row] == 1 && e.row >= z.leaves {
				out = append(out, z.rows[e.row]...)
				continue
			}
			out = append(out, e)
		}
		z.rows[i] = out
	}
}

// sweep drops the rows that nothing needs.
func (z *linear) sweep() {
	live, to := make([]bool, len(z.rows)), make([]int, len(z.rows))
	for i := range z.leaves {
		live[i] = true
	}
	ends := [][]int{z.state, z.params, z.cuts, z.own}
	for _, i := range slices.Concat(ends...) {
		live[i] = true
	}
	for i := len(z.rows) - 1; i >= 0; i-- {
		for _, e := range z.rows[i] {
			live[e.row] = live[e.row] || live[i]
		}
	}
	var rows []row
	for i, r := range z.rows {
		if !live[i] {
			continue
		}
		for k := range r {
			r[k].row = to[r[k].row]
		}
		to[i] = len(rows)
		rows = append(rows, r)
	}
	z.rows = rows
	for _, list := range ends {
		for k, i := range list {
			list[k] = to[i]
		}
	}
}
