package step

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Builder writes a program. Building is done by code, not by users' data, so a misuse (shapes that do not fit, a name
// used twice) panics with a text that names the operation; checks of user options belong before.
type Builder struct {
	p     Program
	seen  map[string]int
	scope []string
	hook  func(State Vec) Vec // see Intercept
	turns int                 // see Divide; 0 where rows are not divided
	turn  int                 // see InParts; 0 outside
}

// Vec is a value of a program that is being built.
type Vec struct {
	b  *Builder
	id int
}

// New starts an empty program.
func New() *Builder { return &Builder{p: Program{Time: -1, Part: -1}, seen: map[string]int{}} }

// Shape of the value.
func (v Vec) Shape() Shape { return v.node().Shape }

// Len is the number of components.
func (v Vec) Len() int { return v.Shape().Len() }

// OK tells a value from the zero Vec, which stands for an absent one.
func (v Vec) OK() bool { return v.b != nil }

func (v Vec) node() *Node { return &v.b.p.Nodes[v.id] }

// Scope runs build with a prefix before the names of all parameters, states and probes that it declares.
func (b *Builder) Scope(name string, build func()) {
	b.scope = append(b.scope, name)
	build()
	b.scope = b.scope[:len(b.scope)-1]
}

func (b *Builder) name(s string) string { return strings.Join(append(slices.Clone(b.scope), s), ".") }

// Input declares a named input vector.
func (b *Builder) Input(name string, width int) Vec {
	v := b.add(Node{Op: OpInput, Shape: Vector(width), Index: []int{len(b.p.Inputs)}})
	b.p.Inputs = append(b.p.Inputs, Port{name, v.id})
	return v
}

// State declares a carried value, zero at first. It must be given its next value with Next.
func (b *Builder) State(name string, shape Shape) Vec {
	v := b.add(Node{Op: OpState, Shape: shape, Index: []int{len(b.p.States)}})
	b.p.States = append(b.p.States, State{Name: b.name(name), Node: v.id, Next: -1})
	if b.hook != nil {
		return b.hook(v)
	}
	return v
}

// Intercept runs build so that a state declared in it is read through f: the inner cell sees f(h) in place of h, and
// still decides its next value. Mixed memory is made of this.
func (b *Builder) Intercept(f func(h Vec) Vec, build func()) {
	old := b.hook
	b.hook = func(h Vec) Vec {
		b.hook = old
		defer func() { b.hook = func(Vec) Vec { panic("step: Intercept needs a cell with exactly one state") } }()
		return f(h)
	}
	build()
	b.hook = old
}

// Next sets the value of a declared state after the step; where rows are divided, see Divide.
func (b *Builder) Next(name string, next Vec) {
	full := b.name(name)
	for i := range b.p.States {
		s := &b.p.States[i]
		if s.Name != full {
			continue
		}
		if got, want := next.Shape(), b.p.Nodes[s.Node].Shape; got != want {
			panic(fmt.Sprintf("step: state %s has shape %v, its next value %v", full, want, got))
		}
		s.Next = b.commit(Vec{b, s.Node}, next).id
		return
	}
	panic("step: no state " + full)
}

// Output names a result of the program.
func (b *Builder) Output(name string, v Vec) {
	b.p.Outputs = append(b.p.Outputs, Port{name, v.id})
}

// Probe names an intermediate value, so that it can be read later. It costs nothing where nobody asks for it.
func (b *Builder) Probe(name string, v Vec) {
	b.p.Probes = append(b.p.Probes, Port{b.name(name), v.id})
}

// Const is a fixed vector.
func (b *Builder) Const(values ...float64) Vec {
	return b.add(Node{Op: OpConst, Shape: Vector(len(values)), Data: values})
}

// An Option adjusts the declaration of a parameter.
type Option func(*Param)

// AtLeast keeps the parameter's values at or above lo: the optimiser projects after every step.
func AtLeast(lo float64) Option { return func(q *Param) { q.Min = lo } }

// AtMost keeps the parameter's values at or below hi, likewise.
func AtMost(hi float64) Option { return func(q *Param) { q.Max = hi } }

// Along declares one value per edge of an adjacency.
func Along(e *Edges) Option { return func(q *Param) { q.Edges = e } }

// Param declares a trained value of the given shape.
func (b *Builder) Param(name string, shape Shape, init Init, options ...Option) Vec {
	full := b.name(name)
	for _, q := range b.p.Params {
		if q.Name == full {
			panic("step: two parameters named " + full)
		}
	}
	q := Param{Name: full, Shape: shape, Init: init, Offset: b.p.ParamCount(), Min: math.Inf(-1), Max: math.Inf(1)}
	for _, set := range options {
		set(&q)
	}
	v := b.add(Node{Op: OpParam, Shape: shape, Index: []int{len(b.p.Params)}})
	q.Node = v.id
	b.p.Params = append(b.p.Params, q)
	return v
}

// Together draws the first values of a parameter from a stream of random numbers that it shares with every other parameter
// whose Init is declared together with it, in the same scope under the same name. Parameters that stand for one random
// object, such as the two parts of a complex matrix, each draw all of it and keep their own part.
func (b *Builder) Together(name string, init Init) Init {
	return together{Init: init, stream: b.name(name)}
}

// Repeat runs body n times, feeding it its own results: the sub-steps of a solver. The program holds the iterations one
// after the other (an executor wants them so) and remembers where they begin (a printer emits a loop).
func (b *Builder) Repeat(n int, carried []Vec, body func(carried []Vec) []Vec) []Vec {
	if n < 1 {
		panic("step: Repeat needs at least one iteration")
	}
	var r Region
	note := func() {
		r.Start = append(r.Start, len(b.p.Nodes))
		ids := make([]int, len(carried))
		for i, v := range carried {
			ids[i] = v.id
		}
		r.Carried = append(r.Carried, ids)
	}
	for range n {
		note()
		carried = body(carried)
	}
	note()
	b.p.Repeats = append(b.p.Repeats, r)
	return carried
}

// Build closes the program.
func (b *Builder) Build() *Program {
	for _, s := range b.p.States {
		if s.Next < 0 {
			panic("step: state " + s.Name + " has no next value")
		}
	}
	p := b.p
	b.p = Program{}
	return &p
}

// add appends a node; a pure operation on the same operands is written once.
func (b *Builder) add(n Node) Vec {
	if n.pure() {
		key := n.key()
		if i, ok := b.seen[key]; ok {
			return Vec{b, i}
		}
		b.seen[key] = len(b.p.Nodes)
	}
	b.p.Nodes = append(b.p.Nodes, n)
	return Vec{b, len(b.p.Nodes) - 1}
}

// pure tells whether the node's value follows from what its key says.
func (n *Node) pure() bool { return n.Op == OpConst || !n.Op.Leaf() && n.Op != OpAccum }

func (n *Node) key() string { return fmt.Sprint(n.Op, n.In, n.Shape, n.Data, n.Index, n.Edges) }

// apply adds an operation after checking its operands against the table.
func (b *Builder) apply(n Node, in ...Vec) []Vec {
	row := n.Op.Row()
	if row.Arity >= 0 && row.Arity != len(in) {
		panic(fmt.Sprintf("step: %s takes %d operands, not %d", row.Name, row.Arity, len(in)))
	}
	shapes := make([]Shape, len(in))
	n.In = make([]int, len(in))
	for i, v := range in {
		if v.b != b {
			panic("step: " + row.Name + " mixes the values of two programs")
		}
		shapes[i], n.In[i] = v.Shape(), v.id
	}
	results, err := n.shapes(shapes)
	if err != nil {
		panic(fmt.Sprintf("step: %s: %v", row.Name, err))
	}
	n.Shape = results[0]
	y := b.add(n)
	out := []Vec{y}
	for k := 1; k < len(results); k++ {
		out = append(out, b.add(Node{Op: OpResult, In: []int{y.id}, Index: []int{k}, Shape: results[k]}))
	}
	return out
}

func (n *Node) shapes(in []Shape) ([]Shape, error) {
	if row := n.Op.Row(); row.Shape != nil {
		return row.Shape(n, in)
	}
	s := Vector(1)
	for _, t := range in {
		if s = t; s.Len() > 1 {
			break
		}
	}
	for _, t := range in {
		if t != s && t.Len() != 1 {
			return nil, fmt.Errorf("shapes %v do not agree", in)
		}
	}
	return []Shape{s}, nil
}
