package export

import (
	"math"
	"slices"

	"github.com/elegans-nn/elegans/step"
)

// fixedStep is a plan in fixed point: the forms of its values, and its parameters as words. The model in Go and the writer of C
// both read it.
type fixedStep struct {
	*formed
	weights, slopes int32 // the largest words of weights, and of the slopes of synapses
	constants       map[int]*words
	lists           map[int][]term
	edges           map[int]*synapses
	calls           map[int][]applied
	narrows         map[int]int
}

// words are numbers with their exponents, one or as many.
type words struct {
	form
	q []int32
}

// The largest words of weights: 8 bits, or 16. A slope is multiplied by a difference of two potentials, which takes 17 bits.
const (
	top8     = 1<<7 - 1
	topSlope = 1<<12 - 1
)

func newFixedStep(f *formed, weights int32) *fixedStep {
	return &fixedStep{formed: f, weights: weights, slopes: min(weights, topSlope), constants: map[int]*words{}, lists: map[int][]term{},
		edges: map[int]*synapses{}, calls: map[int][]applied{}, narrows: map[int]int{}}
}

// rounded are values as words.
func rounded(values []float64, f form) *words {
	w := &words{form: f}
	for k, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			panic(refused("a weight, or what follows from weights, is %g", v))
		}
		q := math.Round(math.Ldexp(v, f.f[k]))
		w.q = append(w.q, int32(max(-float64(f.top), min(q, float64(f.top)))))
	}
	return w
}

// evenForm has one exponent, which holds all values.
func evenForm(values []float64, top int32, most int) form {
	size := 0.0
	for _, v := range values {
		size = max(size, math.Abs(v))
	}
	return form{slices.Repeat([]int{exponent(size, top, most)}, len(values)), top}
}

// parameters are the components of a value that depends on parameters only.
func (x *fixedStep) parameters(i int) []float64 {
	list := make([]float64, x.pl.len(i))
	for k := range list {
		r, at := x.pl.origin(i, k)
		if !x.pl.uniform[r] || x.pl.phi[r] {
			panic(refused("the weights of a synapse are no parameters"))
		}
		list[k] = float64(x.pl.table(r)[at])
	}
	return list
}

// constantOf is a root of parameters as an operand of element-wise operations: wide where it is added to what is wide, and with
// an exponent for each component where its readers have that too.
func (x *fixedStep) constantOf(root int) *words {
	if c, ok := x.constants[root]; ok {
		return c
	}
	wide, apart := false, false
	for _, by := range x.read[root] {
		if by < 0 {
			wide = true
			continue
		}
		n := &x.pl.p.Nodes[by]
		if !n.Op.Elementwise() && !moves(n.Op) || x.pl.uniform[by] {
			continue
		}
		apart = apart || x.raw[by]
		if to := x.of(by); to.top == top28 && arithmetic(n.Op) && n.Op != step.OpMul && n.Op != step.OpDiv {
			wide = true
		}
	}
	values := x.parameters(root)
	top, most := int32(top16), most16
	if wide {
		top, most = top28, most28
	}
	f := evenForm(values, top, most)
	if apart {
		least := f.f[0]
		for k, v := range values {
			f.f[k] = exponent(math.Abs(v), top, most)
		}
		if slices.Max(f.f)-least <= evenly {
			f = evenForm(values, top, most)
		}
	}
	x.constants[root] = rounded(values, f)
	return x.constants[root]
}

// word is how component k of a root is held.
func (x *fixedStep) word(root, k int) word {
	if x.pl.uniform[root] && !x.pl.phi[root] {
		f := x.constantOf(root).form
		return word{f.f[k], f.top}
	}
	f := x.of(root)
	return word{f.f[k], f.top}
}

// narrow is the exponent at which an operation that mixes components reads a value, in narrow words.
func (x *fixedStep) narrow(i int) int {
	if f, ok := x.narrows[i]; ok {
		return f
	}
	f := x.narrowest(i)
	x.narrows[i] = f
	return f
}

func (x *fixedStep) narrowest(i int) int {
	size, even := 0.0, true
	sizes := map[int][]float64{}
	first := x.wordAt(i, 0)
	for k := range x.pl.len(i) {
		r, at := x.pl.origin(i, k)
		even = even && x.word(r, at) == first
		if x.pl.uniform[r] && !x.pl.phi[r] {
			size = max(size, math.Abs(float64(x.pl.table(r)[at])))
		} else {
			if sizes[r] == nil {
				sizes[r] = x.sizes(r)
			}
			size = max(size, room16*sizes[r][at])
		}
	}
	if even && first.top == top16 {
		return first.f
	}
	if size == 0 {
		size = 1
	}
	return exponent(size, top16, most16)
}

func (x *fixedStep) wordAt(i, k int) word {
	r, at := x.pl.origin(i, k)
	return x.word(r, at)
}

// applied is an element-wise operation at one component: its operands and the numbers of its rule.
type applied struct {
	in   []word
	args []int
	out  word
}

// callsOf are those of all components.
func (x *fixedStep) callsOf(i int) []applied {
	if list, ok := x.calls[i]; ok {
		return list
	}
	n := &x.pl.p.Nodes[i]
	rule := fixedRules[n.Op]
	list := make([]applied, x.pl.len(i))
	for k := range list {
		c := applied{out: x.word(i, k)}
		for _, j := range n.In {
			r, at := x.pl.operand(j, k)
			c.in = append(c.in, x.word(r, at))
		}
		var err error
		if c.args, err = rule.args(c.in, c.out); err != nil {
			panic(err)
		}
		list[k] = c
	}
	x.calls[i] = list
	return list
}

// term is one product of a linear map: weights, as words or, where they are computed, as a value; and what they are multiplied
// by, in narrow words. Each product is shifted by down, so that no sum of a row leaves 31 bits.
type term struct {
	table *words // nil where the weights are computed
	w, x  int
	wf    []int // the exponent of the weights of each row
	xf    int
	down  int
	out   []int // the shift of the sum of a row to the result
}

// spare are the bits that sums of several terms keep until they are added.
const spare = 3

// terms are those of a linear map.
func (x *fixedStep) terms(i int) []term {
	if list, ok := x.lists[i]; ok {
		return list
	}
	n := &x.pl.p.Nodes[i]
	if len(n.Edges) > 1<<spare-1 {
		panic(refused("a linear map has %d operands; fixed point adds at most %d", len(n.Edges), 1<<spare-1))
	}
	var list []term
	for k, e := range n.Edges {
		t := term{w: n.In[2*k], x: n.In[2*k+1], xf: x.narrow(n.In[2*k+1])}
		rows, cols := n.Shape.Inner, x.pl.p.Nodes[n.In[2*k+1]].Shape.Inner
		var l1 float64
		if r, _ := x.pl.origin(t.w, 0); x.pl.uniform[r] && !x.pl.phi[r] {
			l1 = x.weigh(&t, e, rows, cols)
		} else {
			if e != nil {
				panic(refused("the weights of a masked map are no parameters"))
			}
			t.wf = slices.Repeat([]int{x.narrow(t.w)}, rows)
			l1 = top16 * float64(cols)
		}
		for l1*(top16+1)/math.Ldexp(1, t.down)+float64(cols) > math.MaxInt32 {
			t.down++
		}
		for r, wf := range t.wf {
			t.out = append(t.out, wf+t.xf-t.down-x.word(i, r).f)
			if len(n.Edges) > 1 {
				t.out[r] -= spare
			}
		}
		list = append(list, t)
	}
	x.lists[i] = list
	return list
}

// weigh rounds the weights of a term, in 8 bits with an exponent for each row, and gives the largest sum of sizes of a row.
func (x *fixedStep) weigh(t *term, e *step.Edges, rows, cols int) (l1 float64) {
	values := x.parameters(t.w)
	f := evenForm(values, x.weights, most16)
	t.wf = slices.Repeat([]int{exponent(0, x.weights, most16)}, rows)
	each := func(visit func(k, row int)) { e.Each(cols, rows, func(k, _, to int) { visit(k, to) }) }
	each(func(k, row int) { t.wf[row] = min(t.wf[row], exponent(math.Abs(values[k]), x.weights, most16)) })
	for r := range t.wf {
		if x.weights > top8 {
			t.wf[r] = f.f[0]
		}
		t.wf[r] = min(t.wf[r], f.f[0]+4)
	}
	each(func(k, row int) { f.f[k] = t.wf[row] })
	t.table = rounded(values, f)
	sums := make([]float64, rows)
	each(func(k, row int) { sums[row] += math.Abs(float64(t.table.q[k])) })
	return slices.Max(sums)
}

// synapses are those of one operation: weights, slopes, midpoints, and the products of weights and reversal potentials. The
// difference of a potential, whose exponent is vf, and a midpoint has the exponent g.
type synapses struct {
	w, s, m, we *words
	vf, g       int
	down, downI int // the shifts of the terms of G and I
	G, I        int // the shifts of their sums, where something reads them
}

func (x *fixedStep) synapsesOf(i int) *synapses {
	if s, ok := x.edges[i]; ok {
		return s
	}
	n := &x.pl.p.Nodes[i]
	w, slope, m, E := x.parameters(n.In[1]), x.parameters(n.In[2]), x.parameters(n.In[3]), x.parameters(n.In[4])
	we := slices.Clone(w)
	for k := range we {
		we[k] *= E[k]
	}
	even := func(values []float64, top int32) *words { return rounded(values, evenForm(values, top, most16)) }
	s := &synapses{w: even(w, x.weights), s: even(slope, x.slopes), m: even(m, x.weights), we: even(we, x.weights), vf: x.narrow(n.In[0])}
	mf := s.m.f[0]
	for s.g = max(s.vf, mf); math.Ldexp(top16+1, s.g-s.vf)+math.Ldexp(float64(x.weights)+1, s.g-mf) > 1<<17; {
		s.g--
	}
	s.down, s.downI = x.room(n.Edges[0], s.w), x.room(n.Edges[0], s.we)
	s.G = s.w.f[0] + 15 - s.down - x.word(i, 0).f
	if all := x.pl.all(i); len(all) > 1 && all[1] >= 0 {
		s.I = s.we.f[0] + 15 - s.downI - x.word(all[1], 0).f
	}
	x.edges[i] = s
	return s
}

// room is by how much products of weights and sigmoids are shifted.
func (x *fixedStep) room(e *step.Edges, w *words) (down int) {
	sums, count := make([]float64, e.Out), make([]float64, e.Out)
	for k, edge := range e.List {
		sums[edge.To] += math.Abs(float64(w.q[k]))
		count[edge.To]++
	}
	for slices.Max(sums)*(top16+1)/math.Ldexp(1, down)+slices.Max(count) > math.MaxInt32 {
		down++
	}
	return down
}
